"""What does a unified social credit code (统一社会信用代码, GB 32100-2015) say, and is it well formed?

A code that passes is well formed, no more: that the organization exists only a register can say.
"""

import unicodedata
from dataclasses import dataclass

from stdnum.cn import uscc as standard

from workflows.definition import Text

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
LEGAL_TYPES = {"51": "association", "52": "social_service", "53": "foundation"}

# GB 11714-1997: weights of the eight characters before the subject's own check character.
_SUBJECT_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_SUBJECT_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}

_REASONS = {
    "length": Text(zh="统一社会信用代码应为 18 位。", en="A unified social credit code has 18 characters."),
    "alphabet": Text(
        zh="统一社会信用代码只含数字和大写字母，不含 I、O、S、V、Z，登记机关代码为六位数字。",
        en="A code has digits and capital letters without I, O, S, V, Z; its division has digits only.",
    ),
    "subject_check_digit": Text(
        zh="主体标识码（第 9 至 17 位）的校验位不符。",
        en="The check character of the subject (9 to 17) is wrong.",
    ),
    "check_digit": Text(zh="代码末位校验码不符。", en="The last check character is wrong."),
}


class UsccError(ValueError):
    """The text is no well-formed code; `code` is length, alphabet, check_digit or subject_check_digit."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.text: Text = _REASONS[code]
        super().__init__(self.text.en)


@dataclass(frozen=True)
class Uscc:
    """A well-formed code and its parts: registrar and category, registering division, subject."""

    code: str
    type_code: str
    division: str
    subject: str

    @property
    def legal_type(self) -> str:
        """association, social_service or foundation by the code itself, never by the name; else other."""
        return LEGAL_TYPES.get(self.type_code, "other")


def normalize(text: str) -> str:
    """Return the text as codes are written: half-width capitals without spaces and hyphens."""
    return "".join(unicodedata.normalize("NFKC", text).replace("-", " ").split()).upper()


def parse(text: str) -> Uscc:
    """Return the code and its parts, or raise UsccError for the first thing that is wrong."""
    code = normalize(text)
    if len(code) != LENGTH:
        raise UsccError("length")
    if not set(code) <= set(ALPHABET) or not (code[2:8].isdigit() and code[2:8].isascii()):
        raise UsccError("alphabet")
    if subject_check_character(code[8:16]) != code[16]:
        raise UsccError("subject_check_digit")
    if standard.calc_check_digit(code[:-1]) != code[-1]:
        raise UsccError("check_digit")
    return Uscc(code=code, type_code=code[:2], division=code[2:8], subject=code[8:17])


def issue(type_code: str, division: str, subject_body: str) -> str:
    """Return the full code for a new subject of eight characters, with both check characters."""
    if len(type_code) != 2 or len(division) != 6 or len(subject_body) != 8:
        raise UsccError("length")
    if not set(type_code + division + subject_body) <= set(ALPHABET):
        raise UsccError("alphabet")
    front = type_code + division + subject_body + subject_check_character(subject_body)
    return parse(front + standard.calc_check_digit(front)).code


def subject_check_character(body: str) -> str:
    """Return the check character of eight subject characters (GB 11714)."""
    total = sum(weight * _SUBJECT_VALUES[c] for weight, c in zip(_SUBJECT_WEIGHTS, body, strict=True))
    return "0123456789X0"[11 - total % 11]
