"""What does this text say in fen, and how is an amount written for people? Integers of fen throughout."""

import re
import unicodedata
from decimal import Decimal

from workflows.definition import Text

LARGEST_FEN = 10**15

_SCALES = {"": 0, "元": 0, "万": 4, "万元": 4, "亿": 8, "亿元": 8}
_NUMBER = re.compile(r"(?P<whole>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.(?P<fraction>[0-9]+))?")
_AMOUNT = re.compile(r"¥? ?(?P<number>[0-9.,]*) ?(?P<unit>[万亿]?元?)")
# No amount below the limit needs more characters; longer text is refused before any work is done on it.
_LONGEST_TEXT = 40

_REASONS = {
    "money_empty": Text(zh="请填写金额。", en="Enter an amount."),
    "money_not_a_number": Text(
        zh="金额无法识别，请写成 1286500.00 或 1,286,500.00。",
        en="This is not an amount. Write 1286500.00 or 1,286,500.00.",
    ),
    "money_sign": Text(zh="金额不带正负号。", en="An amount has no sign."),
    "money_exponent": Text(zh="金额不能用科学计数法。", en="An amount cannot be written with an exponent."),
    "money_decimals": Text(
        zh="金额最小到分，元以下最多两位小数。",
        en="The smallest unit is the fen: at most two decimals of a yuan.",
    ),
    "money_too_large": Text(
        zh="金额过大，最多十万亿元。", en="The amount is too large: at most ten trillion yuan."
    ),
}


class MoneyError(ValueError):
    """The text is no amount; `code` is for programs, `text` tells a person what to write instead."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.text: Text = _REASONS[code]
        super().__init__(self.text.en)


def parse_yuan(text: str) -> int:
    """Return the exact amount in fen, or raise MoneyError; nothing is ever rounded.

    Full-width digits, thousands separators in their places, a leading ¥ and 元, 万元, 亿元 are read.
    """
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        raise MoneyError("money_not_a_number")
    plain = "".join(_half_width(character) for character in text).strip()
    if not plain:
        raise MoneyError("money_empty")
    _refuse_other_spellings(plain)
    amount = _AMOUNT.fullmatch(plain)
    number = _NUMBER.fullmatch(amount["number"]) if amount else None
    if amount is None or number is None:
        raise MoneyError("money_not_a_number")
    fen = Decimal(number[0].replace(",", "")).scaleb(2 + _SCALES[amount["unit"]])
    if fen > LARGEST_FEN:
        raise MoneyError("money_too_large")
    if fen != int(fen) or len(number["fraction"] or "") > 2 + _SCALES[amount["unit"]]:
        raise MoneyError("money_decimals")
    return int(fen)


def _half_width(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    # Full-width digits are what is typed on a Chinese keyboard; but 10² must not become 102, nor ① become 1.
    if plain != character and re.search("[0-9]", plain) and not "０" <= character <= "９":
        raise MoneyError("money_not_a_number")
    return plain


def _refuse_other_spellings(plain: str) -> None:
    if re.match(r"[¥ ]*[+\-−‐–—]", plain) or plain.endswith(("-", "+")) or plain.startswith("("):
        raise MoneyError("money_sign")
    if re.match(r"[¥ ]*[0-9.,]+[eE]", plain):
        raise MoneyError("money_exponent")


def format_yuan(fen: int) -> str:
    """Return yuan with thousands separators and two decimals: 128650000 is '1,286,500.00'."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d}"


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万")


def in_words(fen: int) -> str:
    """Return the amount as vouchers spell it (大写), closed by 整 unless it ends in 分.

    支付结算办法 annex 1 leaves 整 after 角 open; the house rule is to write it, so that nothing can be added.
    """
    if not 0 <= fen <= LARGEST_FEN:
        raise MoneyError("money_sign" if fen < 0 else "money_too_large")
    yuan, rest = divmod(fen, 100)
    jiao, last = divmod(rest, 10)
    words = _whole_in_words(yuan) + "元" if yuan or not rest else ""
    if jiao:
        words += _DIGITS[jiao] + "角"
    elif last and yuan:
        words += "零"
    return words + (_DIGITS[last] + "分" if last else "整")


def _whole_in_words(number: int) -> str:
    """Spell a whole number in groups of four digits; any run of zeros inside is one 零."""
    if number == 0:
        return _DIGITS[0]
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    words, skipped = "", False
    for position in reversed(range(len(groups))):
        group = groups[position]
        if group:
            # 壹拾万柒仟, but 壹拾万零柒佰 and 壹亿零柒仟: a zero is spoken where a place in between is empty.
            if words and (skipped or group < 1000):
                words += "零"
            words += _group_in_words(group) + _GROUPS[position]
        elif position == 2:
            words += "亿"
        skipped = not group
    return words


def _group_in_words(group: int) -> str:
    words = ""
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit:
            words += _DIGITS[digit] + _PLACES[place]
        elif words and group % 10**place and not words.endswith("零"):
            words += "零"
    return words
