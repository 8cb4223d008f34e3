"""Contracts of the year that come by the real kinds: plan, call, bids, award, signature; some end early.

The ranking alone is given (`builders_award.rank`): the panel's way to it is walked elsewhere.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from app.access.actor import Actor
from app.cases.models import Case
from app.organizations.models import Organization
from tests.builders_award import HALVES, rank
from tests.builders_purchasing import (
    Bidder,
    Tender,
    a_bid,
    a_bidder,
    a_plan,
    a_programme,
    an_office,
    call_data,
    data_of,
    moved,
    open_data,
    opened,
    some_officers,
)
from tests.journeys.year import Contracted, Year

LOT_FEN = 2_000_000
GIVEN_FEN = 400_000_000


@dataclass
class Lot:
    """One package: its bids, the best first, and the case of its contract once there is one."""

    package: str
    bids: list[str]
    winner: Bidder
    contract: str = ""


class Tenders:
    """One call of the year, from its publication in the first month to contracts that are signed and ended."""

    def __init__(self, year: Year, lots: int) -> None:
        self.year, self.session, self.lots = year, year.session, list[Lot]()
        self.office = an_office(self.session, budget_fen=GIVEN_FEN, place=year.place)
        self.office.now = year.now
        year.given[self.office.line_id] = GIVEN_FEN
        self.tender = self._published(lots)
        for case in self.tender.packages:
            bidders = [a_bidder(self.session, self.office) for _ in range(3)]
            prices = [LOT_FEN - year.chance.randint(1, 500_000) for _ in bidders]
            bids = [
                a_bid(self.session, self.tender, bidder, package=case.id, price_fen=price,
                      budget=[{"name": "社工服务", "amount_fen": price}])
                for bidder, price in zip(bidders, prices, strict=True)
            ]
            self.lots.append(Lot(case.number, bids, bidders[0]))
        self.steps = {1: self._ranked, 2: self._awarded, 6: self._ended}

    def month(self, month: int) -> None:
        """Take the packages as far as they come in this month of the year (0: the first)."""
        if month in self.steps:
            self.steps[month]()

    def _published(self, lots: int) -> Tender:
        office, due = self.office, self.year.now + timedelta(days=25)
        plan = a_plan(self.session, office, a_programme(self.session, office), amount_fen=LOT_FEN * lots)
        officers = some_officers(self.session, office)
        call = opened(self.session, office, "call", "draft", office.project_officer, **call_data(
            self.session, plan, officers, bids_due_at=due.isoformat(), documents_until=due.date().isoformat(),
            packages=[{"title": f"第{n}包", "amount_fen": LOT_FEN} for n in range(1, lots + 1)],
        ))
        moved(self.session, office, call.number, "publish", office.buyer)
        found = list(self.session.scalars(select(Case).where(Case.kind == "package").order_by(Case.id)))
        return Tender(office, call.number, found, officers)

    def _move(self, number: str, trigger: str, by: Actor, **changes: object) -> None:
        kind, _revision = self.year.one("SELECT kind, revision FROM cases WHERE number = :n", n=number)
        self.year.move(number, trigger, by, data_of(kind, trigger, **changes))

    def _ranked(self) -> None:
        """Open, qualify, rank and publish the candidate; the last package finds none and is not decided."""
        officer = self.office.project_officer
        for lot in self.lots:
            self._move(lot.package, "open_bids", self.tender.officers[0], **open_data(self.tender))
            for bid in lot.bids:
                self._move(bid, "qualify", officer)
            self._move(lot.package, "finish_qualification", officer)
            (package_id,) = self.year.one("SELECT id FROM cases WHERE number = :n", n=lot.package)
            (best,) = self.year.one("SELECT id FROM cases WHERE number = :n", n=lot.bids[0])
            rank(self.session, package_id, lot.bids)
            self._move(lot.package, "confirm_candidate", self.office.buyer, candidate=best)

    def _awarded(self) -> None:
        """Award every package but one, which keeps its reservation; prepare, send, agree and sign the contracts."""
        for lot in self.lots[1:]:
            self._move(lot.package, "award", self.office.second_buyer)
            (lot.contract,) = self.year.one(
                "SELECT c.number FROM cases c JOIN cases p ON p.id = c.parent_id"
                " WHERE c.kind = 'contract' AND p.number = :n", n=lot.package,
            )
            ends = (self.year.now + timedelta(days=200)).date().isoformat()
            self._move(lot.contract, "send", self.office.project_officer, instalments=HALVES, ends_on=ends)
            self._move(lot.contract, "agree", lot.winner.staff)
            self._move(lot.contract, "sign", self.office.second_buyer)
            contract_id, number = self.year.one(
                "SELECT t.id, t.number FROM contracts t JOIN cases c ON c.id = t.case_id WHERE c.number = :n",
                n=lot.contract,
            )
            name = self.session.get_one(Organization, lot.winner.organization_id).name
            self.session.rollback()
            # What is to end early is never closed before: every year has such contracts, whatever its seed.
            fate = "ended_early" if lot in self.lots[1::2] else "good"
            self.year.contracts.append(Contracted(
                contract_id, number, lot.winner.organization_id, name, lot.winner.staff, fate, deducts=False
            ))

    def _ended(self) -> None:
        """End every second contract early."""
        for lot in self.lots[1::2]:
            contracted = next(each for each in self.year.contracts if each.number == lot.package)
            self._move(lot.contract, "terminate", self.office.second_buyer, ground="agreed")
            contracted.closed = True
