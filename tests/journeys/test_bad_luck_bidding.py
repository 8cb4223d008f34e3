"""Bad luck while a package takes bids: what bidder, officer, finance and auditor each read, and every fen counted."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from nacl import pwhash
from sqlalchemy import func, select, text

from app import logs
from app.access.actor import Actor
from app.cases.models import Attempt, Case, SealedInput
from app.clock import real_now
from app.doors import caller
from app.purchasing import sealing
from app.purchasing.sealed import Bid, PackageShare
from tests.builders import make_actor
from tests.builders_purchasing import A_BID, Bidder, Tender, a_bidder, open_data
from tests.features.purchasing.test_applying import a_published_call
from tests.features.purchasing.test_bid import places_of
from tests.journeys.story import Caller, Story

SECOND = timedelta(seconds=1)
FIRST_LOT, BOTH_LOTS, BUDGET = 100_000_00, 190_000_01, 500_000_00
RESERVED = {"available": BUDGET - BOTH_LOTS, "reserved": BOTH_LOTS}


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys from passphrases at the quickest cost."""
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))


@dataclass
class Bidding:
    """A published call with two packages; the story is about the first."""

    story: Story
    tender: Tender
    auditor: Caller
    finance: Caller
    officer: Caller
    buyer: Caller

    @property
    def package(self) -> str:
        """The number of the package."""
        return self.tender.packages[0].number

    def bidder(self, name: str = "") -> tuple[Bidder, Caller]:
        """Return one more organization that may bid, and its staff at the doors."""
        bidder = a_bidder(self.story.session, self.tender.office, name)
        return bidder, self.story.who(bidder.staff)

    def data(self, bidder: Bidder, price: int = 88_888_31, **changes: Any) -> dict[str, Any]:
        """Return what a bid says."""
        said = {"price_fen": price, "budget": [{"name": "社工服务", "amount_fen": price}]}
        package = self.tender.packages[0].id
        return {"organization": bidder.organization_id, "package": package, **A_BID, **said, **changes}

    def bids(self, price: int = 88_888_31, **changes: Any) -> tuple[Caller, str]:
        """Let one more organization hand in a bid; return its staff and the number."""
        bidder, staff = self.bidder()
        return staff, staff.opens("bid", self.data(bidder, price, **changes))

    def open_bids(self) -> None:
        """Let the deadline pass, and two officers open."""
        self.story.wait_until(self.due() + timedelta(hours=1))
        assert self.officer.moves(self.package, "open_bids", **open_data(self.tender)) == "opened"

    def due(self) -> Any:
        """Return the second of the deadline, as the call says it."""
        found = self.story.session.execute(
            text("SELECT due_at FROM clocks WHERE case_id = :id AND name = 'bidding'"),
            {"id": self.tender.packages[0].id},
        ).scalar_one()
        self.story.session.rollback()
        return found


@pytest.fixture
def bidding(client: Any, session: Any) -> Bidding:
    """The call, published this morning."""
    tender = a_published_call(session)
    for package in tender.packages:
        session.expunge(package)
    office = tender.office
    line, place = office.line_id, office.place
    auditor = make_actor(session, "审计", ("auditor", place.city.id))
    session.commit()
    story = Story(client, session, line)
    people: list[Actor] = [auditor, place.actors["finance_officer"], office.project_officer, office.buyer]
    return Bidding(story, tender, *(story.who(actor) for actor in people))


def test_a_second_late_is_late_and_each_learns_what_is_theirs_to_know(bidding, session, monkeypatch):
    due, third = bidding.due(), bidding.bidder("差一秒的单位")
    (first, first_bid), _second = bidding.bids(), bidding.bids()
    late, late_staff = bidding.bidder("迟到的单位")
    body = bidding.data(late)

    def it_is(moment: Any, began_ago: timedelta = timedelta()) -> None:
        monkeypatch.setattr(caller, "business_now", lambda session: moment)
        # A door that read the clock in the future counts no time of a slow machine.
        shift = -began_ago if began_ago else timedelta(hours=1)
        monkeypatch.setattr(caller, "real_now", lambda: real_now() + shift)

    for moment, began_ago in ((due, timedelta()), (due + SECOND, timedelta()), (due - SECOND, timedelta(minutes=2))):
        it_is(moment, began_ago)
        told = late_staff.may_not_open("bid", body)
        assert list(told) == ["too_late"]
        assert "by the server's clock" in told["too_late"]
    it_is(due - SECOND)
    last = third[1].opens("bid", bidding.data(third[0]))
    it_is(due)
    assert list(first.may_not(first_bid, "replace", **A_BID)) == ["too_late"]
    assert list(first.may_not(first_bid, "withdraw")) == ["too_late"]
    monkeypatch.undo()
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))

    assert (first.last(first_bid)[0], third[1].last(last)[0]) == ("handed_in", "handed_in")
    bidding.open_bids()
    assert late_staff.told() == []
    page = late_staff.reads(f"/apply/bid?package={bidding.tender.packages[0].id}")
    assert "The time for bids is over by the server" in page
    assert (first.told(), third[1].told()) == ([f"case_moved {first_bid}"], [f"case_moved {last}"])
    room = bidding.officer.reads(f"/openings/{bidding.package}")
    assert "差一秒的单位" in room and "迟到的单位" not in room
    assert bidding.package in bidding.officer.waiting()
    assert "迟到的单位" not in bidding.auditor.reads(f"/audit/cases/{bidding.package}")
    assert session.execute(select(func.count()).select_from(Bid)).scalar_one() == 3
    assert bidding.story.money(bidding.finance, bidding.auditor) == RESERVED


def test_a_bid_withdrawn_and_handed_in_anew_counts_once_and_what_was_withdrawn_stays_sealed(bidding, session):
    bidder, staff = bidding.bidder()
    gone = staff.opens("bid", bidding.data(bidder, 71_111_17))
    told = staff.may_not_open("bid", bidding.data(bidder))
    assert told == {
        "bid_already": "Your organization has a bid for this package; replace its content, or withdraw it first."
    }
    assert staff.moves(gone, "withdraw", reason="报价有误。") == "withdrawn"
    anew = staff.opens("bid", bidding.data(bidder, 72_222_27))
    for_good, left = bidding.bids(73_333_37)
    assert for_good.moves(left, "withdraw") == "withdrawn"
    others = [bidding.bids() for _ in range(2)]
    assert not any(who.sees(number) for who in (bidding.officer, bidding.buyer, bidding.auditor)
                   for number in (gone, anew, left))

    bidding.open_bids()

    assert [staff.last(gone)[:2], staff.last(anew)[:2]] == [("withdrawn", "withdraw"), ("opened", "open")]
    assert (for_good.last(left)[0], for_good.told()) == ("withdrawn", [])
    assert staff.told() == [f"case_moved {anew}"]
    assert [who.last(number)[0] for who, number in others] == ["opened"] * 2
    for reader in (bidding.officer, bidding.auditor):
        assert [reader.case(number)["state"] for number in (gone, left, anew)] == ["withdrawn", "withdrawn", "opened"]
        assert reader.last(anew)[2]["price_fen"] == 72_222_27
        assert all("7111117" not in reader.reads(f"/api/v1/cases/{number}") for number in (gone, left))
        room = reader.reads(f"/openings/{bidding.package}")
        assert "72,222.27" in room and "71,111.17" not in room and "73,333.37" not in room
    session.rollback()
    assert places_of(session, "7111117") == places_of(session, "7333337") == []
    assert bidding.story.money(bidding.finance, bidding.auditor) == RESERVED


def test_one_member_in_two_joint_bids_is_found_at_the_opening_and_both_bidders_read_why(bidding):
    shared, shared_staff = bidding.bidder()
    alone = [bidding.bids() for _ in range(3)]
    partners = [{"uscc": shared.uscc, "share_bp": 3000}]
    joint = [bidding.bids(partners=partners) for _ in range(2)]
    for staff, number in joint:
        other = alone[0][0].case(alone[0][1])
        case = staff.case(number)
        hidden = {"number", "opened_at", "history", "organization"}
        assert {k: v for k, v in case.items() if k not in hidden} == {
            k: v for k, v in other.items() if k not in hidden
        }, "something told of the shared member"

    bidding.open_bids()

    for staff, number in joint:
        told = bidding.officer.may_not(number, "qualify")
        assert list(told) == ["member_bids_twice"] and "art. 22" in told["member_bids_twice"]
        reason = "联合体成员在本包另一份投标中出现。"
        assert bidding.officer.moves(number, "disqualify", reason=reason) == "disqualified"
        assert staff.last(number) == ("disqualified", "disqualify", {"reason": reason})
        assert staff.told()[0] == f"application_refused {number}"
        assert bidding.auditor.last(number)[2] == {"reason": reason}
    assert not any(shared_staff.sees(number) for _staff, number in joint)
    for staff, number in alone:
        assert bidding.officer.moves(number, "qualify") == "qualified"
        assert staff.last(number)[0] == "qualified"
    assert bidding.officer.moves(bidding.package, "finish_qualification") == "qualified"
    for _staff, number in joint:
        assert "A member stands in another bid" in bidding.auditor.reads(f"/audit/cases/{number}")
    assert bidding.story.money(bidding.finance, bidding.auditor) == RESERVED


def test_a_bid_over_the_budget_is_told_at_its_field_and_nowhere_is_its_price(bidding, session, monkeypatch):
    logged: list[str] = []
    monkeypatch.setattr(logs.log, "info", lambda event, **told: logged.append(f"{event} {told}"))
    bidder, staff = bidding.bidder()
    over = 100_000_01 + 23_456_00
    answer = staff.post("/api/v1/cases/bid", json={"data": bidding.data(bidder, over)})
    assert answer.status_code == 422
    assert answer.json["errors"] == {"price_fen": ["The package has at most 100,000.00 yuan."]}
    number = staff.opens("bid", bidding.data(bidder, FIRST_LOT))
    again = staff.tries(number, "replace", **{
        **A_BID, "price_fen": over, "budget": [{"name": "一", "amount_fen": over}],
    })
    assert (again.status_code, list(again.json["errors"])) == (422, ["price_fen"])
    assert staff.last(number)[1] == "hand_in"

    session.rollback()
    assert places_of(session, str(over)) == []
    assert any("422" in line for line in logged)
    assert not any(str(over) in line or "123,456.01" in line for line in logged)
    assert session.scalars(select(Attempt)).all() == []
    assert session.execute(select(func.count()).select_from(SealedInput)).scalar_one() == 1
    session.rollback()
    for reader in (bidding.officer, bidding.buyer, bidding.auditor):
        assert not reader.sees(number)
        assert not any(number in line for line in reader.told())
    assert bidding.story.money(bidding.finance, bidding.auditor) == RESERVED


def test_a_call_cancelled_with_bids_inside_opens_none_and_gives_all_money_back(bidding, session):
    bids = [bidding.bids() for _ in range(3)]
    other = bidding.tender.packages[1]
    bids.append(bidding.bids(package=other.id))
    assert bidding.story.money(bidding.finance) == RESERVED
    reason = "年度任务取消，不再购买。"

    assert bidding.buyer.moves(bidding.tender.call, "cancel", reason=reason) == "cancelled"

    for staff, number in bids:
        assert staff.last(number) == ("lapsed", "lapse", {"reason": reason})
        assert "price_fen" not in staff.reads(f"/api/v1/cases/{number}")
        assert staff.told() == [f"case_ended {number}"]
        assert list(staff.may_not(number, "withdraw")) == ["wrong_state"]
    assert f"case_ended {bidding.tender.call}" in bidding.officer.told()
    for number in (bidding.package, other.number):
        assert bidding.officer.last(number) == ("cancelled", "cancel", {"reason": reason})
        assert list(bidding.officer.may_not(number, "open_bids", **open_data(bidding.tender))) == ["wrong_state"]
        assert bidding.auditor.last(number)[2] == {"reason": reason}
    bidder, late = bidding.bidder()
    assert list(late.may_not_open("bid", bidding.data(bidder))) == ["too_late"]
    session.rollback()
    assert places_of(session, "8888831") == []
    assert session.scalars(select(PackageShare)).all() == []
    states = session.scalars(select(Case.state).where(Case.kind == "bid")).all()
    assert states == ["lapsed"] * 4
    assert bidding.story.money(bidding.finance, bidding.auditor) == {"available": BUDGET}
    page = bidding.officer.reads(f"/openings/{bidding.package}")
    assert "88,888.31" not in page and "once it is opened" not in page
    assert f"This package has ended: {reason}" in page and "No bid was opened" in page
