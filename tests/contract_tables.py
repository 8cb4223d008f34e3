"""Published tables of signed contracts, package by package, read as they are printed."""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from workflows.rules.money import MoneyError, parse_yuan

COLUMNS = ("project_no", "package_group", "package_no", "project_name", "buyer", "supplier", "amount_cny")


class BadTable(ValueError):
    """The table cannot be taken; the message names every bad line with its reason."""


@dataclass(frozen=True)
class SoldPackage:
    """One package: its number, who got it, and for how many fen."""

    number: int
    supplier: str
    amount_fen: int


@dataclass(frozen=True)
class SoldProject:
    """A project and its packages in the order of their numbers: 10 comes after 9, however it is printed."""

    number: str
    name: str
    buyer: str
    packages: tuple[SoldPackage, ...]

    @property
    def total_fen(self) -> int:
        """The sum of all its contracts."""
        return sum(package.amount_fen for package in self.packages)

    @property
    def suppliers(self) -> dict[str, int]:
        """How many packages each supplier got, in the order of their first."""
        won: dict[str, int] = {}
        for package in self.packages:
            won[package.supplier] = won.get(package.supplier, 0) + 1
        return won


def sold_projects(path: Path) -> list[SoldProject]:
    """Return the projects of a table in the order of the file. Raises BadTable with every mistake."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = sorted(set(COLUMNS) - set(rows.fieldnames or ()))
        if missing:
            raise BadTable(f"columns are missing: {', '.join(missing)}")
        found: dict[str, list[SoldPackage]] = defaultdict(list)
        told: dict[str, tuple[str, str]] = {}
        mistakes: list[str] = []
        for row in rows:
            said = {name: (row[name] or "").strip() for name in COLUMNS}
            key = f"{said['project_no']}-{said['package_group']}"
            try:
                found[key].append(_package(said, found[key]))
                told.setdefault(key, (said["project_name"], said["buyer"]))
            except (ValueError, MoneyError) as error:
                mistakes.append(f"line {rows.line_num}: {error}")
    if mistakes:
        raise BadTable("; ".join(mistakes))
    return [
        SoldProject(key, *told[key], tuple(sorted(packages, key=lambda package: package.number)))
        for key, packages in found.items()
    ]


def _package(said: dict[str, str], before: list[SoldPackage]) -> SoldPackage:
    if not re.fullmatch("[0-9]{1,6}", said["package_no"]):
        raise ValueError(f"{said['package_no']!r} is no package number")
    number = int(said["package_no"])
    if number in [package.number for package in before]:
        raise ValueError(f"package {number} stands in the table twice")
    if not said["supplier"]:
        raise ValueError("the supplier is missing")
    amount = parse_yuan(said["amount_cny"])
    if not amount:
        raise ValueError("the amount is zero")
    return SoldPackage(number, said["supplier"], amount)
