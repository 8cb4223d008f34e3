"""Contracts over a simulated year: every month each budget page equals two recounts.

They know nothing of the ledger: one reads the transfers alone, the other contracts, payments, deductions and closures.
"""

import random
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from nacl import pwhash

from app.access.models import Person
from app.access.sign_in import open_session
from app.clock import real_now
from app.ledger.queries import ledger_mistakes
from app.purchasing import sealing
from tests.builders_access import apart, token_of
from tests.journeys.year import MONTHS, Year
from tests.journeys.year_tenders import Tenders

PARTS = ("available", "reserved", "committed", "payable", "transit", "paid")
UNDECIDED = """
SELECT c.number, p.budget_line_id, k.amount_fen FROM packages k JOIN cases c ON c.id = k.case_id
  JOIN calls g ON g.case_id = k.call_id JOIN plans p ON p.case_id = g.plan_id
 WHERE c.state NOT IN ('contracted', 'failed', 'cancelled')
"""
PAYABLE, TRANSIT, PAID = ("approved", "suspended"), ("in_transit",), ("paid",)


class Page(HTMLParser):
    """The tables of a page as rows of cells, and the steps of its road of money."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.flow: list[list[str]] = []
        self._table, self._cell, self._step = "", False, False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a table, a row, a cell or a step begins."""
        given = dict(attrs)
        if tag == "table":
            self._table = given.get("aria-label") or ""
            self.tables[self._table] = []
        elif tag == "tr" and "data-row" in given:
            self.tables[self._table].append([])
        elif tag == "td" or given.get("role") == "rowheader":
            self.tables[self._table][-1].append("")
            self._cell = True
        elif tag == "ol" and given.get("class") == "c-flow":
            self._step = True
        elif tag == "li" and self._step:
            self.flow.append([])

    def handle_endtag(self, tag: str) -> None:
        """Note where one ends."""
        if tag in ("td", "th"):
            self._cell = False
        elif tag == "ol":
            self._step = False

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        if self._cell:
            self.tables[self._table][-1][-1] += f" {data.strip()}"
        elif self._step and self.flow and data.strip():
            self.flow[-1].append(data.strip())


def fen(words: str) -> int:
    """Return the fen of an amount as a page prints it: 1,234.56."""
    whole, _point, cents = words.strip().partition(".")
    assert len(cents) == 2, words
    return int(whole.replace(",", "")) * 100 + int(cents)


def by_transfers(year: Year) -> dict[int, dict[str, int]]:
    """Return where the money of each line stands, from its transfers alone."""
    there: dict[int, Counter[str]] = {line: Counter() for line in year.given}
    names = {row.id: row.name for row in year.rows("SELECT id, name FROM ledger_accounts")}
    for row in year.rows("SELECT budget_line_id, debit_id, credit_id, amount FROM transfers"):
        there[row.budget_line_id][names[row.debit_id]] -= row.amount
        there[row.budget_line_id][names[row.credit_id]] += row.amount
    return {line: {"appropriated": -sums["source"], **{part: sums[part] for part in PARTS}}
            for line, sums in there.items()}


def by_business(year: Year) -> tuple[dict[int, dict[str, int]], dict[str, dict[str, int]]]:
    """Return the same from contracts, payments, deductions and closures alone; of lines, and of contracts."""
    lines = {line: dict.fromkeys(("appropriated", *PARTS), 0) | {"appropriated": given, "available": given}
             for line, given in year.given.items()}
    contracts: dict[str, dict[str, int]] = {}
    back: Counter[int] = Counter()
    for statement in (
        "SELECT contract_id, coalesce(deduction_fen, 0) FROM acceptances WHERE accepted_on IS NOT NULL",
        "SELECT contract_id, returned_fen FROM contract_closures",
    ):
        for contract_id, amount in year.rows(statement):
            back[contract_id] += amount
    moved: dict[int, Counter[str]] = {}
    for contract_id, state, amount in year.rows(
        "SELECT i.contract_id, c.state, p.amount_fen FROM payments p JOIN cases c ON c.id = p.case_id"
        " JOIN instalments i ON i.id = p.instalment_id"
    ):
        part = next((name for name, states in (("payable", PAYABLE), ("transit", TRANSIT), ("paid", PAID))
                     if state in states), None)
        if part is not None:
            moved.setdefault(contract_id, Counter())[part] += amount
    claimed: Counter[int] = Counter()
    for contract_id, amount in year.rows(
        "SELECT i.contract_id, p.amount_fen FROM payments p JOIN instalments i ON i.id = p.instalment_id"
        " WHERE p.released_at IS NULL"
    ):
        claimed[contract_id] += amount
    ended = {contract_id for (contract_id,) in year.rows("SELECT contract_id FROM contract_terminations")}
    for row in year.rows("SELECT id, number, amount_fen, budget_line_id FROM contracts"):
        parts = moved.get(row.id, Counter())
        # What nobody has applied for is gone with the termination, and what is refused later as well.
        bound = claimed[row.id] if row.id in ended else row.amount_fen - back[row.id]
        contracts[row.number] = {
            "reserved": 0, "committed": bound - sum(parts.values()), "payable": parts["payable"],
            "transit": parts["transit"], "paid": parts["paid"],
        }
        line = lines[row.budget_line_id]
        line["available"] -= bound
        for name, amount in contracts[row.number].items():
            line[name] += amount
    for number, line_id, amount in year.rows(UNDECIDED):
        contracts[number] = dict.fromkeys(PARTS[1:], 0) | {"reserved": amount}
        lines[line_id]["reserved"] += amount
        lines[line_id]["available"] -= amount
    return lines, contracts


class Reader:
    """The finance officer before the pages, and a program of theirs."""

    def __init__(self, client: Any, session: Any, year: Year) -> None:
        officer = year.actors["finance_officer"]
        self.client = client
        self.headers = token_of(session, session.get_one(Person, officer.person_id))
        token = open_session(session, account_id=officer.account_id, user_agent="test", now=real_now())
        session.commit()
        client.set_cookie("sid", token)
        client.set_cookie("lang", "en")

    def page(self, path: str) -> Page:
        """Return a page."""
        response = apart(self.client.get, path)
        assert response.status_code == 200, response.text
        return Page(response.text)

    def json(self, path: str) -> Any:
        """Return an answer of the API."""
        response = apart(self.client.get, path, headers=self.headers)
        assert response.status_code == 200, response.text
        return response.json


def compare(reader: Reader, year: Year) -> None:
    """Every budget page says what both recounts say."""
    lines, contracts = by_business(year)
    assert by_transfers(year) == lines
    names = {line_id: (name, code) for line_id, name, code in year.rows("SELECT id, name, code FROM budget_lines")}
    line_of = dict(year.rows("SELECT number, budget_line_id FROM contracts"))
    line_of |= {number: line_id for number, line_id, _fen in year.rows(UNDECIDED)}

    listed = reader.page("/budget-lines").tables["Budget lines"]
    shown = {row[0].split()[0]: [fen(cell) for cell in row[1:]] for row in listed}
    wanted = {name: [lines[line][part] for part in ("appropriated", *PARTS)] for line, (name, _c) in names.items()}
    total = [sum(column) for column in zip(*wanted.values(), strict=True)]
    assert shown == wanted | {"Total": total}

    funds = reader.page("/funds").tables["By budget line"]
    # What is furthest on its way stands first there; last, what came back to finance: nothing did.
    assert {row[0].split()[0]: [fen(cell) for cell in row[1:]] for row in funds} == {
        name: [*(lines[line][part] for part in reversed(PARTS)), 0] for line, (name, _code) in names.items()
    }

    for line_id, sums in lines.items():
        page = reader.page(f"/budget-lines/{line_id}")
        assert [fen(step[1]) for step in page.flow] == [sums[part] for part in ("appropriated", *PARTS)]
        own = {number: parts for number, parts in contracts.items() if line_of[number] == line_id}
        packages = {row[0].strip(): [fen(cell) for cell in row[1:]] for row in page.tables.get("Packages", [])}
        assert packages == {number: list(parts.values()) for number, parts in own.items()}
        paid = {row[0].split()[-1]: fen(row[3]) for row in page.tables.get("Contracts", [])}
        assert paid == {number: parts["paid"] for number, parts in own.items() if not parts["reserved"]}
        told = reader.json(f"/api/v1/budget-lines/{line_id}")
        assert {part: told[f"{part}_fen"] for part in ("appropriated", *PARTS)} == sums
        assert (told["returned_fen"], told["balanced"]) == (0, True)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", [10, pytest.param(100, marks=pytest.mark.long)])
def test_each_month_of_a_year_every_budget_page_equals_an_independent_recount(
    client: Any, session: Any, seed: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))
    year = Year(session, random.Random(seed))
    reader = Reader(client, session, year)
    spread = [number * (month + 1) // 8 - number * month // 8 if month < 8 else 0 for month in range(MONTHS)]

    tenders = Tenders(year, lots=3 if number == 10 else 10)
    session.commit()
    compare(reader, year)
    for month, new in enumerate(spread):
        tenders.month(month)
        year.month(new)
        compare(reader, year)

    assert ledger_mistakes(session) == []
    states = Counter(state for (state,) in year.rows("SELECT state FROM cases WHERE kind = 'payment'"))
    closed = year.rows("SELECT returned_fen FROM contract_closures")
    print(f"{len(year.contracts)} contracts, payments {dict(states)}, {len(closed)} closed")
    ended = year.rows("SELECT released_fen FROM contract_terminations")
    print(f"{len(tenders.lots) - 1} of them by a tender, {len(ended)} ended early")
    assert len(year.contracts) == number + len(tenders.lots) - 1
    assert len(ended) == len(tenders.lots) // 2
    assert states["paid"] > 0
