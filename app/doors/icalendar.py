"""Deadlines as an iCalendar file (RFC 5545): one all-day event each, the same bytes for the same deadlines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

WIDEST = 75
ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": ""})


@dataclass(frozen=True)
class Event:
    """One deadline: `uid` names it for ever, so that a later file changes the entry instead of adding one."""

    uid: str
    day: date
    title: str
    words: str
    url: str


def calendar_file(name: str, events: Iterable[Event], made_at: datetime) -> Iterator[bytes]:
    """Yield the file's lines in UTF-8, folded at 75 octets; text values are escaped, so no value can add a line."""
    stamp = made_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    yield from _lines(
        ("BEGIN", "VCALENDAR"), ("VERSION", "2.0"), ("PRODID", "-//Shuniu//Deadlines//ZH"), ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"), ("X-WR-CALNAME", _text(name)), ("X-WR-TIMEZONE", "Asia/Shanghai"),
    )
    for event in events:
        yield from _lines(
            ("BEGIN", "VEVENT"), ("UID", _text(event.uid)), ("DTSTAMP", stamp),
            ("DTSTART;VALUE=DATE", f"{event.day:%Y%m%d}"),
            ("DTEND;VALUE=DATE", f"{event.day + timedelta(days=1):%Y%m%d}"),
            ("SUMMARY", _text(event.title)), ("DESCRIPTION", _text(event.words)), ("URL", event.url),
            ("TRANSP", "TRANSPARENT"), ("END", "VEVENT"),
        )
    yield from _lines(("END", "VCALENDAR"))


def _text(value: str) -> str:
    return "".join(c for c in value if c in "\n\t" or ord(c) >= 32).translate(ESCAPED)


def _lines(*properties: tuple[str, str]) -> Iterator[bytes]:
    for name, value in properties:
        yield _folded(f"{name}:{value}")


def _folded(line: str) -> bytes:
    """Fold at 75 octets, never inside a character (RFC 5545, 3.1)."""
    parts, width = [bytearray()], 0
    for character in line:
        octets = character.encode()
        if width + len(octets) > WIDEST:
            parts.append(bytearray(b" "))
            width = 1
        parts[-1] += octets
        width += len(octets)
    return b"\r\n".join(bytes(part) for part in parts) + b"\r\n"
