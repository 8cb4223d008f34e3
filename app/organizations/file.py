"""The file of an organization: its whole life, told in parts by the features that own them.

A feature registers its part when it is imported; the page shows what there is and knows none of them. A part asks a
fixed number of questions and shows each reader what their roles reach, by `visible_by`; None where it is not theirs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from app.access.nodes import AnySession
from app.access.reach import Holding

CHAPTERS = {
    "register": _l("Registration and grades"),
    "ties": _l("Hubs and incubation"),
    "projects": _l("Projects"),
    "money": _l("Money"),
    "standing": _l("Standing and rectification"),
    "papers": _l("Papers"),
}
"""The chapters in the order in which they are read."""


@dataclass(frozen=True)
class Reader:
    """Who reads: what they hold today, and whether the organization is their own."""

    held: tuple[Holding, ...]
    own: bool
    on: date


@dataclass(frozen=True)
class Step:
    """Something that the reader may do next."""

    title: str
    href: str


@dataclass(frozen=True)
class Entry:
    """One line of a part: what it is, where it leads, how it stands, since when, and about how much."""

    title: str
    href: str | None = None
    number: str | None = None
    note: str | None = None
    state: str | None = None
    tone: str = ""
    from_on: date | None = None
    to_on: date | None = None
    lasts: bool = False
    amount_fen: int | None = None
    step: Step | None = None
    below: tuple["Entry", ...] = ()


@dataclass(frozen=True)
class Part:
    """What one feature knows of the organization. `empty` says what is not there and `step` what could be done.

    `again`: the step is offered beside entries too.
    """

    title: str
    empty: str
    entries: tuple[Entry, ...] = ()
    note: str | None = None
    step: Step | None = None
    again: bool = False


Told = Callable[[AnySession, int, Reader], Part | None]


@dataclass(frozen=True)
class _Registered:
    chapter: str
    place: int
    name: str
    told: Told = field(compare=False)


_PARTS: dict[str, _Registered] = {}


def file_part(name: str, chapter: str, place: int) -> Callable[[Told], Told]:
    """Register told(session, organization_id, reader) -> Part, or None where the reader may not know of it.

    Within its chapter a part stands by its `place`.
    """
    assert chapter in CHAPTERS, chapter

    def register(told: Told) -> Told:
        _PARTS[name] = _Registered(chapter, place, name, told)
        return told

    return register


def forget_part(name: str) -> None:
    """Remove a part: for tests that add one for a moment."""
    _PARTS.pop(name, None)


def chapters(session: AnySession, organization_id: int, reader: Reader) -> list[dict[str, Any]]:
    """Return the chapters that have something for the reader: [{name, title, parts: [Part]}]."""
    found: dict[str, list[Part]] = {}
    order = list(CHAPTERS)
    for each in sorted(_PARTS.values(), key=lambda one: (order.index(one.chapter), one.place, one.name)):
        part = each.told(session, organization_id, reader)
        if part is not None:
            found.setdefault(each.chapter, []).append(part)
    return [{"name": name, "title": str(CHAPTERS[name]), "parts": parts} for name, parts in found.items()]
