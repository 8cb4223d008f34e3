"""How does a guide catalogue of services become a tree? Read from a table, parents found by code prefix."""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from app.access.nodes import AnySession
from app.purchasing.tendering import Catalogue, CatalogueItem

COLUMNS = ("code", "name", "level")
DEEPEST = 3


class BadCatalogue(ValueError):
    """The file is no catalogue; the message lists every mistake with its line."""


@dataclass(frozen=True)
class Item:
    """One row of the file; `parent` is the code above it, None for a root."""

    code: str
    name: str
    level: int
    parent: str | None


def read_catalogue(path: Path) -> list[Item]:
    """Return the items of a CSV file with columns code, name and level, parents before children."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadCatalogue("the file is not UTF-8") from None
    rows = csv.DictReader(text.splitlines())
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        raise BadCatalogue(f"the file needs the columns {', '.join(COLUMNS)}")
    levels: dict[str, int] = {}
    items, wrong = [], []
    for line, row in enumerate(sorted(rows, key=lambda row: len(row["code"] or "")), start=2):
        code, name, level = (str(row[column] or "").strip() for column in COLUMNS)
        parent = _parent(code, levels)
        if mistake := _mistake(code, name, level, parent, levels):
            wrong.append(f"{code or f'row {line}'}: {mistake}")
            continue
        levels[code] = int(level)
        items.append(Item(code, name, int(level), parent))
    if wrong or not items:
        raise BadCatalogue("; ".join(wrong) or "the file has no items")
    return items


def _parent(code: str, levels: dict[str, int]) -> str | None:
    return next((code[:end] for end in range(len(code) - 1, 0, -1) if code[:end] in levels), None)


def _mistake(code: str, name: str, level: str, parent: str | None, levels: dict[str, int]) -> str | None:
    if not code or not name:
        return "code or name is empty"
    if code in levels:
        return "stands twice"
    if level not in {str(number) for number in range(1, DEEPEST + 1)}:
        return f"level {level} is not 1 to {DEEPEST}"
    expected = levels[parent] + 1 if parent is not None else 1
    return None if int(level) == expected else f"level {level}, but its code stands at level {expected}"


def import_catalogue(session: AnySession, path: Path, *, division: str, source: str, now: datetime) -> int:
    """Add the catalogue of a place and return how many items it has; 0 when this edition is there already."""
    known = select(Catalogue.id).where(Catalogue.division == division, Catalogue.source == source)
    if session.execute(known).scalar() is not None:
        return 0
    items = read_catalogue(path)
    catalogue = Catalogue(division=division, source=source, imported_at=now)
    session.add(catalogue)
    session.flush()
    ids: dict[str, int] = {}
    for level in range(1, DEEPEST + 1):
        rows = [
            CatalogueItem(
                catalogue_id=catalogue.id, code=item.code, name=item.name, level=item.level,
                parent_id=ids[item.parent] if item.parent else None,
            )
            for item in items if item.level == level
        ]
        session.add_all(rows)
        session.flush()
        ids |= {row.code: row.id for row in rows}
    return len(items)
