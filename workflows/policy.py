"""Which number holds here? Numbers by name, each with its source and its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from workflows.definition import Text

UNITS = ("working_days", "days", "months", "count", "basis_points", "fen")
TIME_UNITS = ("working_days", "days", "months")
DOUBT = re.compile(r"^(?:未核实(?:：|$)|默认值，无来源(?:：|$)|(?:Unverified|Default, no source)(?:: |$))")
"""How the cite of a number begins that nobody has verified; `checks` ask for such words."""


class UnknownNumber(KeyError):
    """No place of the chain has a number of this name."""


@dataclass(frozen=True, slots=True)
class PolicyNumber:
    """One number of law or policy. `verified` is False until a person has read it in its source."""

    name: str
    title: Text
    value: int
    unit: str
    cite: Text
    verified: bool
    place: str
    version: int

    @property
    def source(self) -> Text:
        """Return where the number comes from, for readers who see `verified` beside it: `cite` without its doubt.

        Empty where doubt is all there is.
        """
        if self.verified:
            return self.cite
        zh, en = (DOUBT.sub("", words, count=1) for words in (self.cite.zh, self.cite.en))
        return Text(zh, en[:1].upper() + en[1:])


@dataclass(frozen=True)
class PolicyFile:
    """All numbers that one version of one place's policy file gives."""

    place: str
    version: int
    effective_from: date
    numbers: Mapping[str, PolicyNumber]


@dataclass(frozen=True)
class Policy:
    """The numbers of one case: each from the most specific place that has it, pinned by `pins`."""

    pins: str
    numbers: Mapping[str, PolicyNumber]

    def number(self, name: str) -> PolicyNumber:
        """Return the number called `name`, or raise UnknownNumber."""
        try:
            return self.numbers[name]
        except KeyError:
            raise UnknownNumber(name) from None


def combine(files: tuple[PolicyFile, ...]) -> Policy:
    """Return the policy of these files, given from general to specific: later files win."""
    numbers: dict[str, PolicyNumber] = {}
    for file in files:
        numbers |= file.numbers
    return Policy(pins=",".join(f"{file.place}:{file.version}" for file in files), numbers=numbers)
