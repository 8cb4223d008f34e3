"""Who must not judge whom? A tie between a person and an organization is a wall, and for some years after."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from workflows.definition import Text
from workflows.rules.working_days import months_on

# What a person declares or an office records; what follows from a role elsewhere stands below.
TIES = {
    "employment": Text("受雇于该单位", "employed by the organization"),
    "directorship": Text("担任该单位负责人", "in charge of the organization"),
    "kinship": Text("与该单位负责人有近亲属关系", "a close relative of somebody in charge of it"),
    "mentoring": Text("辅导过该单位", "a mentor of the organization"),
}
BY_OFFICE = {
    "hub": Text("在该单位所属的枢纽型社会组织任职", "an officer of the hub that it is a member of"),
    "incubator": Text("在孵化该单位的基地任职", "an operator of the incubator that it is in"),
}
WORDS = TIES | BY_OFFICE
FOR_LIFE = frozenset({"kinship"})


@dataclass(frozen=True)
class Tie:
    """What binds a person to an organization, from `from_on` until, and not on, `to_on` (None: still)."""

    kind: str
    from_on: date
    to_on: date | None = None


@dataclass(frozen=True)
class Wall:
    """Why somebody must not judge; `until` is the first day on which they may again (None: no such day yet)."""

    tie: Tie
    until: date | None

    def reason(self) -> Text:
        """Return the tie in words, with the day on which its wall ends."""
        words = WORDS[self.tie.kind]
        if self.until is None:
            return words
        return Text(f"{words.zh}（回避至{self.until}前）", f"{words.en} (recused until {self.until})")


def wall(ties: Iterable[Tie], *, on: date, months: int) -> Wall | None:
    """Return the wall that stands on this day and for longest, or None.

    A tie counts from its first day and until `months` after its end; kinship does not end by the calendar.
    """
    standing = [found for tie in ties if (found := _wall_of(tie, on, months)) is not None]
    return max(standing, key=lambda found: (found.until is None, found.until or date.max), default=None)


def _wall_of(tie: Tie, on: date, months: int) -> Wall | None:
    if tie.kind not in WORDS:
        raise ValueError(f"no such tie: {tie.kind}")
    if on < tie.from_on:
        return None
    if tie.to_on is None or tie.kind in FOR_LIFE:
        return Wall(tie, None)
    until = months_on(tie.to_on, months)
    return Wall(tie, until) if on < until else None
