"""Which moves can be searched for, and what does one name stand for? Several kinds call different moves the same.

Without a kind only the moves stand to be chosen that more than one kind knows, each title once; a kind has its own.
"""

from app.language import localized
from workflows.loader import library

Pairs = tuple[tuple[str, str], ...]
"""Moves as (kind, trigger)."""


def titles_of_moves(kind: str | None = None) -> dict[str, list[tuple[str, str]]]:
    """Return every title in the reader's language with the (kind, trigger) that have it, all or those of one kind."""
    found: dict[str, list[tuple[str, str]]] = {}
    for definition in sorted(library().definitions, key=lambda known: (known.place != "base", known.kind)):
        for transition in definition.transitions if kind in (None, definition.kind) else ():
            pairs = found.setdefault(localized(transition.title), [])
            if (definition.kind, transition.trigger) not in pairs:
                pairs.append((definition.kind, transition.trigger))
    return found


def moves_to_choose(kind: str | None, chosen: str | None) -> dict[str, str]:
    """Return the list of the filter as {value: title}; what is chosen stands in it, wherever it came from."""
    listed = {
        (trigger if kind else f"{its}.{trigger}"): title
        for title, pairs in titles_of_moves(kind).items()
        for its, trigger in pairs[:1]
        if kind or len({each for each, _trigger in pairs}) > 1
    }
    if chosen and chosen not in listed:
        listed[chosen] = title_of_moves(kind, chosen)
    return listed


def title_of_moves(kind: str | None, chosen: str) -> str:
    """Return what is chosen in words: all its titles, where kinds call one trigger differently."""
    meant = set(moves_meant(kind, chosen))
    found = [title for title, pairs in titles_of_moves(kind).items() if meant & set(pairs)]
    return " / ".join(found) or chosen


def moves_meant(kind: str | None, chosen: str) -> Pairs:
    """Return what a value of the list stands for: `kind.trigger` and all that have its title, or one bare trigger.

    Of a kind that is chosen too, only its own moves; what nobody knows stands for itself and finds nothing.
    """
    named, _dot, trigger = chosen.rpartition(".")
    every = [pair for pairs in titles_of_moves().values() for pair in pairs]
    if named:
        same = next((pairs for pairs in titles_of_moves().values() if (named, trigger) in pairs), [])
    else:
        same = [pair for pair in every if pair[1] == trigger]
    return tuple(pair for pair in same if kind in (None, pair[0])) or ((kind or named, trigger),)
