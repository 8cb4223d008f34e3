"""What does this text say in basis points, and how is a share written for people? Integers throughout."""

import re
import unicodedata
from decimal import Decimal

from workflows.definition import Text

WHOLE_BP = 10_000
"""A hundred percent in basis points."""

_PERCENT = re.compile(r"(?P<number>[0-9]{1,9}(?:\.(?P<decimals>[0-9]+))?) ?%?")
_LONGEST_TEXT = 20

_REASONS = {
    "percent_not_a_number": Text(
        zh="百分比无法识别，请写成 30 或 30.00。", en="This is not a percentage. Write 30 or 30.00."
    ),
    "percent_decimals": Text(zh="百分比最多两位小数。", en="A percentage has at most two decimals."),
}


class PercentError(ValueError):
    """The text is no percentage; `code` is for programs, `text` tells a person what to write instead."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.text: Text = _REASONS[code]
        super().__init__(self.text.en)


def parse_percent(text: str) -> int:
    """Return the exact share in basis points ('30.5' is 3050), or raise PercentError; nothing is ever rounded.

    Full-width digits and a percent sign behind the number are read. How much is possible says who asks.
    """
    plain = text.strip() if isinstance(text, str) else ""
    if not plain or len(plain) > _LONGEST_TEXT or any(_misleading(character) for character in plain):
        raise PercentError("percent_not_a_number")
    found = _PERCENT.fullmatch(unicodedata.normalize("NFKC", plain))
    if found is None:
        raise PercentError("percent_not_a_number")
    if len(found["decimals"] or "") > 2:
        raise PercentError("percent_decimals")
    return int(Decimal(found["number"]).scaleb(2))


def _misleading(character: str) -> bool:
    """Tell whether a character would turn into digits that nobody typed: 10² is not 102."""
    plain = unicodedata.normalize("NFKC", character)
    return plain != character and re.search("[0-9]", plain) is not None and not "０" <= character <= "９"


def format_percent(share_bp: int) -> str:
    """Return a share with two decimals and no sign: 3050 is '30.50'."""
    whole, rest = divmod(abs(share_bp), 100)
    return f"{'-' if share_bp < 0 else ''}{whole}.{rest:02d}"
