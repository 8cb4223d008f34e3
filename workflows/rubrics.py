"""By which criteria is something scored? Rubric files, read and proved like every other file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from workflows.reading import Table
from workflows.rules.scoring import Criterion, Level, Rubric


class NoRubric(LookupError):
    """No place of the chain has a rubric of this name, or the pin names none."""


@dataclass(frozen=True)
class RubricFile:
    """All rubrics that one version of one place's rubric file gives."""

    place: str
    version: int
    effective_from: date
    rubrics: Mapping[str, Rubric]


def read_rubrics(table: Table, place: str, version: int) -> RubricFile:
    """Return the rubrics of a rubric file."""
    effective_from = table.need("effective_from", date, date.max)
    rubrics = {}
    for name in list(table.values):
        row = table.within(name, table.values.pop(name))
        rubrics[name] = Rubric(
            name=name,
            title=row.text("title"),
            max=row.need("max", int, 0),
            criteria=tuple(_criterion(part) for part in row.rows("criteria")),
            levels=tuple(_level(part) for part in row.rows("levels")),
            cite=row.text("cite"),
            verified=row.need("verified", bool, False),
            place=place,
            version=version,
            cap=row.take("cap", str, ""),
        )
        row.nothing_left()
    return RubricFile(place, version, effective_from, rubrics)


def _criterion(row: Table) -> Criterion:
    criterion = Criterion(
        name=row.need("name", str, ""),
        title=row.text("title"),
        max=row.need("max", int, 0),
        weight=row.take("weight", int, 1),
        help=row.text("help"),
        parts=tuple(_criterion(part) for part in row.rows("parts")),
        from_ratings=row.take("from_ratings", bool, False),
    )
    row.nothing_left()
    return criterion


def _level(row: Table) -> Level:
    level = Level(name=row.need("name", str, ""), title=row.text("title"), low=row.need("from", int, 0))
    row.nothing_left()
    return level
