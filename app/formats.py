"""How are values written for a reader? Money, days and times, in the reader's language and in China's time."""

from datetime import UTC, date, datetime
from typing import Any

from app.clock import SHANGHAI
from app.language import ENGLISH, current_locale
from workflows.rules.money import format_yuan
from workflows.rules.percent import format_percent

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def language() -> str:
    """Return 'en' for English readers and 'zh' for all others: Chinese is the default."""
    return "en" if current_locale() == ENGLISH else "zh"


def text(value: Any) -> str:
    """Return a definition's text (`zh`, `en`) in the reader's language; other values as they are."""
    if value is None:
        return ""
    chinese = getattr(value, "zh", None)
    if chinese is None:
        return str(value)
    english = getattr(value, "en", None)
    return str(english if language() == "en" and english else chinese)


def amount(fen: int | None) -> str:
    """Return the yuan of an amount without its unit, as in table columns: 1,286,500.00."""
    return "—" if fen is None else format_yuan(fen)


def money(fen: int | None) -> str:
    """Return an amount with its unit: '1,286,500.00 元', or 'CNY 1,286,500.00' in English."""
    if fen is None:
        return "—"
    return f"CNY {format_yuan(fen)}" if language() == "en" else f"{format_yuan(fen)} 元"


def percent(share_bp: int | None) -> str:
    """Return basis points as people read them: '30.00 %'."""
    return "—" if share_bp is None else f"{format_percent(share_bp)} %"


def day(value: date | datetime | None, form: str = "full") -> str:
    """Return a day as written in Asia/Shanghai; form 'full' has the year, 'short' has not."""
    if value is None:
        return "—"
    local = value.astimezone(SHANGHAI).date() if isinstance(value, datetime) else value
    if language() == "en":
        short = f"{local.day} {MONTHS[local.month - 1]}"
        return short if form == "short" else f"{short} {local.year}"
    short = f"{local.month} 月 {local.day} 日"
    return short if form == "short" else f"{local.year} 年 {short}"


def clock_time(value: datetime | None) -> str:
    """Return the time of day in Asia/Shanghai: 09:05."""
    return "—" if value is None else value.astimezone(SHANGHAI).strftime("%H:%M")


def day_and_time(value: datetime | None, form: str = "full") -> str:
    """Return day and time of day in Asia/Shanghai."""
    return "—" if value is None else f"{day(value, form)} {clock_time(value)}"


def iso(value: date | datetime | None) -> str:
    """Return the machine-readable form for <time datetime>."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat()
