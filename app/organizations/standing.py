"""What do the published decisions about an organization say of its registration? Pure, in any order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.organizations.printed import is_registrar


@dataclass(frozen=True)
class Published:
    """One published decision, as far as the register cares."""

    category: str
    decided_on: date
    authority: str
    name: str


@dataclass(frozen=True)
class Standing:
    """The registration that decisions prove: since when at the latest, from when if known, until when."""

    source: str
    known_since: date
    registered_on: date | None
    ended_on: date | None
    authority: str
    name: str
    former_names: tuple[str, ...] = ()


def standing_from(decisions: Iterable[Published]) -> Standing | None:
    """Return the registration, or None: only a registrar's establishment or change decision proves one.

    A change decision shows that the organization was registered on that day, not since when. A permit of
    another authority, a penalty or a recognition shows nothing about the register.
    """
    ours = [decision for decision in decisions if is_registrar(decision.authority)]
    ours.sort(key=lambda each: each.decided_on)
    established = [decision for decision in ours if decision.category == "establishment"]
    changed = [decision for decision in ours if decision.category == "change"]
    proof = established or changed
    if not proof:
        return None
    first = proof[0]
    newest = max([*established, *changed], key=lambda each: each.decided_on)
    ends = [each.decided_on for each in ours if each.category == "cancellation"]
    return Standing(
        source="establishment_decision" if established else "change_decision",
        known_since=first.decided_on,
        registered_on=first.decided_on if established else None,
        ended_on=max(ends) if ends and max(ends) >= newest.decided_on else None,
        authority=first.authority,
        name=newest.name,
        # As printed: of a decision that merely spells the name in another way, the spelling is found too.
        former_names=tuple(dict.fromkeys(each.name for each in sorted([*established, *changed], key=_decided_on)
                                         if each.name != newest.name)),
    )


def _decided_on(decision: Published) -> date:
    return decision.decided_on
