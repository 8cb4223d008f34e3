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
class Board:
    """A table of what stands where: a title, columns of (title, whether numbers), and rows of words.

    `instead_of` names the field of an input whose rows it tells better: the page leaves out what was typed there.
    A `folded` one is closed at first: it says how something came about that another table tells.
    """

    title: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]
    instead_of: str | None = None
    folded: bool = False


@dataclass(frozen=True)
class Overview:
    """What a case is about, what belongs to it, and where its parts stand."""

    facts: tuple[Fact, ...] = ()
    related: tuple[Link, ...] = ()
    boards: tuple[Board, ...] = ()


@dataclass(frozen=True)
class Material:
    """What is read beside one part of a sheet; `key` is the value of the rows that it belongs to."""

    key: str
    title: str
    facts: tuple[Fact, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    boards: tuple[Board, ...] = ()
    papers: tuple[Link, ...] = ()
