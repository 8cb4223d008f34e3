"""What does a value printed in a register mean? Dates, document numbers, grades, authorities."""

import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache

from workflows.definition import Text

OLDEST = date(1949, 10, 1)
EXCEL_DAY_0 = date(1899, 12, 30)
_EXCEL_SERIALS = range(18_172, 80_000)  # OLDEST to the year 2119: no year and no yyyymmdd looks like one

_TIME = r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?"
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?" + _TIME)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + _TIME)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{6})?")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_NUMERAL = "([一二三四五六七八九十]{1,3})"
_CHINESE = re.compile(rf"([〇零○一二三四五六七八九]{{4}})年{_NUMERAL}月{_NUMERAL}日")
_DIGITS = {"〇": 0, "零": 0, "○": 0} | {digit: n for n, digit in enumerate("一二三四五六七八九", start=1)}


class Unclear(ValueError):
    """A printed value that we cannot take; `text` says why and how to write it."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


_HOW = Text(zh="请写成 2017-10-13 的样子。", en="Write it as 2017-10-13.")


def _unclear(zh: str, en: str) -> Unclear:
    return Unclear(Text(zh=zh + _HOW.zh, en=f"{en} {_HOW.en}"))


@lru_cache(maxsize=4096)
def date_of(printed: str, *, today: date) -> date:
    """Return the day, or raise Unclear: no guess between day and month, nothing before 1949 or to come."""
    day = _day(unicodedata.normalize("NFKC", printed).strip())
    if day > today:
        raise _unclear("日期在未来。", "The date lies in the future.")
    if day < OLDEST:
        raise _unclear("日期早于 1949 年 10 月 1 日。", "The date lies before 1 October 1949.")
    return day


def _day(value: str) -> date:
    if match := _YEAR_FIRST.fullmatch(value) or _COMPACT.fullmatch(value):
        return _date(*(int(part) for part in match.groups()))
    if match := _CHINESE.fullmatch(value):
        year, month, day = match.groups()
        return _date(int("".join(str(_DIGITS[digit]) for digit in year)), _below_100(month), _below_100(day))
    if match := _YEAR_LAST.fullmatch(value):
        return _year_last(*(int(part) for part in match.groups()))
    if (match := _SERIAL.fullmatch(value)) and int(match[1]) in _EXCEL_SERIALS:
        return EXCEL_DAY_0 + timedelta(days=int(match[1]))
    raise _unclear("看不懂这个日期。", "This is no date that we can read.")


def _year_last(first: int, second: int, year: int) -> date:
    if first <= 12 and second <= 12 and first != second:
        raise _unclear(
            "分不清哪个是日、哪个是月。", "Which is the day and which the month cannot be told."
        )
    day, month = (first, second) if second <= 12 else (second, first)
    return _date(year, month, day)


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _unclear("没有这一天。", "There is no such day.") from None


def _below_100(numeral: str) -> int:
    tens, ten, ones = numeral.rpartition("十")
    return ((_DIGITS.get(tens, 1) if ten else 0) * 10) + _DIGITS.get(ones, 0)


_HALF_WIDTH_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_BRACKETED_YEAR = re.compile(r"[〔﹝\[［【(（]((?:19|20)\d{2})年?[〕﹞\]］】)）]")


def document_number(printed: str) -> str:
    """Return the 文号 in one spelling: no spaces, half-width digits, the year in 〔〕."""
    compact = "".join(unicodedata.normalize("NFC", printed).split())
    return _BRACKETED_YEAR.sub(r"〔\1〕", compact.translate(_HALF_WIDTH_DIGITS))


# The order matters: "变更登记" is a change, and a penalty may name the registration that it revokes.
_FAMILIES = (
    ("penalty", re.compile(r"罚")),
    ("cancellation", re.compile(r"注字|撤字|注销|撤销")),
    ("change", re.compile(r"变字|变更")),
    ("establishment", re.compile(r"成字|登字|成立登记|成立|登记许可|准予登记")),
    ("recognition", re.compile(r"认字|认定")),
)


def category_of(doc_no: str) -> str:
    """Return what the decision does, told by the family of its document number."""
    family = doc_no.partition("〔")[0]
    return next((category for category, pattern in _FAMILIES if pattern.search(family)), "other")


_REGISTRAR = re.compile(r"民政[部厅局]|社会组织(?:服务)?管理(?:总)?局|社会团体管理办公室")


@lru_cache(maxsize=4096)
def is_registrar(authority: str) -> bool:
    """Say whether the authority registers social organizations: a civil affairs department of any level."""
    return _REGISTRAR.search(authority) is not None


_GRADE = re.compile(r"([1-5])A级?(?:社会组织)?|(A{1,5})级?(?:社会组织)?")


def grade_of(printed: str) -> str:
    """Return 1A to 5A or `none`, or raise Unclear."""
    value = re.sub(r"\s+", "", unicodedata.normalize("NFKC", printed)).upper()
    if match := _GRADE.fullmatch(value):
        return f"{match[1] or len(match[2])}A"
    if value in ("无等级", "无等级社会组织", "未评级", "无", "NONE"):
        return "none"
    raise Unclear(Text(
        zh="不是评估等级。请写 1A 至 5A 或“无等级”。", en="This is no grade. Write 1A to 5A, or none."
    ))


INVISIBLE = ("Cc", "Cf", "Cs", "Co")
_SPACE_BESIDE_CHINESE = re.compile(r"(?<=[^ -~])\s+|\s+(?=[^ -~])")


def readable(printed: str) -> str:
    """Return the text, or raise Unclear: bytes that are no text, line breaks, invisible characters."""
    value = printed.strip("\ufeff\u200b \t\u3000")
    if "\ufffd" in value:
        raise Unclear(Text(
            zh="有无法识别的字节。请核对文件编码（--encoding）或重新导出。",
            en="Some bytes are no text. Check the file's encoding (--encoding) or export it again.",
        ))
    # isprintable() is quick and strict; what it doubts (such as a wide space) is looked at one by one.
    if not value.isprintable() and any(unicodedata.category(sign) in INVISIBLE for sign in value):
        raise Unclear(Text(
            zh="含有换行或不可见字符。请删除。", en="Remove the line break or invisible character."
        ))
    if len(value) > 200:
        raise Unclear(Text(zh="超过 200 字。请缩短。", en="This is longer than 200 characters. Shorten it."))
    return value


@lru_cache(maxsize=4096)
def organization_name(printed: str) -> str:
    """Return the name without the spaces that a table adds beside Chinese characters, or raise Unclear."""
    name = _SPACE_BESIDE_CHINESE.sub("", readable(printed))
    if not any(map(str.isalpha, name)):
        raise Unclear(Text(
            zh="不像名称：没有文字。请补充。", en="This is no name: it has no letters. Fill it in."
        ))
    return " ".join(name.split())
