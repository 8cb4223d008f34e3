"""What is a case of this kind about, in a few words? Each kind says it; the case page shows it first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One labelled value; `big` for the one that matters most, such as an amount."""

    label: str
    value: str
    note: str | None = None
    big: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Link:
    """Something that the case belongs to or follows from."""

    title: str
    href: str
    note: str | None = None


@dataclass(frozen=True)
class Overview:
    """What a case is about, and what belongs to it."""

    facts: tuple[Fact, ...] = ()
    related: tuple[Link, ...] = ()
