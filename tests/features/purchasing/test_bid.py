"""A bid is sealed at once, may be replaced or withdrawn until the second of the deadline, and is opened by two."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.access.models import Person
from app.access.reach import holdings
from app.audit.checking import check_everything
from app.cases.drafts import find_draft, save_draft
from app.cases.due import fire_due
from app.cases.models import Attempt, Case, History, LogQueue, SealedInput
from app.cases.perform import perform
from app.cases.queries import find_cases, worklist
from app.clock import business_now, real_now
from app.doors import caller
from app.errors import CaseNotFound, InvalidInput, MoveRefused
from app.ledger.accounts import package_balances
from app.purchasing.sealed import Bid, PackageShare
from tests.builders import make_actor
from tests.builders_access import apart, token_of
from tests.builders_purchasing import (
    A_BID,
    DUE,
    a_bid,
    a_bidder,
    a_plan,
    a_programme,
    a_tender,
    an_office,
    call_data,
    moved,
    open_data,
    opened,
    opened_package,
    some_officers,
    state_of,
)

SECOND = timedelta(seconds=1)
CANARY = 88_888_31


def codes(refused) -> list[str]:
    return [reason["code"] for reason in refused.value.reasons]


def everything(session) -> dict[str, str]:
    """Return all text and bytes of the database, by table and column."""
    columns = session.execute(text(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )).all()
    found = {}
    for table, column in columns:
        rows = session.execute(text(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')).scalars()
        found[f"{table}.{column}"] = " ".join(
            bytes(row).decode("utf-8", "replace") if isinstance(row, memoryview | bytes) else str(row)
            for row in rows
        )
    return found


def places_of(session, canary: str) -> list[str]:
    return sorted(name for name, words in everything(session).items() if canary in words)


def test_no_table_holds_a_sealed_price_nor_the_words_of_a_bid(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    number = a_bid(session, tender, bidder, approach="独有的服务思路")
    moved(session, tender.office, number, "replace", bidder.staff, **{**A_BID, "team": "独有的团队"})

    assert [places_of(session, canary) for canary in (str(CANARY), "独有的服务思路", "独有的团队")] == [[], [], []]
    assert len(session.scalars(select(SealedInput)).all()) == 2


def test_history_holds_only_the_digest_of_what_was_handed_in(session):
    tender = a_tender(session)
    number = a_bid(session, tender, a_bidder(session, tender.office))
    body = session.execute(
        select(History.body).join(Case, Case.id == History.case_id).where(Case.number == number)
    ).scalar_one()
    sealed = session.scalars(select(SealedInput)).one()

    assert json.loads(bytes(body))["data"] == {"sealed": sealed.digest.hex()}


def test_the_length_of_a_sealed_bid_says_nothing(session):
    tender = a_tender(session)
    for words in ("短", "长" * 900):
        a_bid(session, tender, a_bidder(session, tender.office), approach=words)

    assert len({len(row.ciphertext) for row in session.scalars(select(SealedInput))}) == 1


def test_a_refused_or_wrong_bid_leaves_no_trace_of_its_price(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    over = {"price_fen": 111_111_77, "budget": [{"name": "一", "amount_fen": 111_111_77}]}
    with pytest.raises(InvalidInput) as invalid:
        a_bid(session, tender, bidder, **over)
    assert set(invalid.value.errors) == {"price_fen"}
    with pytest.raises(MoveRefused):
        a_bid(session, tender, bidder, at=DUE)

    assert places_of(session, "11111177") == places_of(session, str(CANARY)) == []
    assert [row.code for row in session.scalars(select(Attempt))] == ["too_late"]
    assert session.scalars(select(Bid)).all() == []


def test_a_draft_of_a_bid_is_ciphertext_and_reads_as_typed(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    holder = session.execute(text("SELECT node_id FROM organizations WHERE id = :id"), {
        "id": bidder.organization_id}).scalar_one()
    place = {"holder_node_id": holder, "kind": "bid", "trigger": "hand_in", "case_id": None}
    for revision in (0, 1):
        save_draft(session, **place, data={"price_fen": CANARY}, revision=revision,
                   person_id=bidder.staff.person_id, now=tender.office.now)

    assert places_of(session, str(CANARY)) == []
    found = find_draft(session, **place)
    assert (found.data, found.revision) == ({"price_fen": CANARY}, 2)
    session.rollback()
    a_bid(session, tender, bidder)
    assert find_draft(session, **place) is None


def test_a_bid_is_taken_a_second_before_the_deadline_and_not_at_it(session):
    tender = a_tender(session)
    late, in_time = a_bidder(session, tender.office), a_bidder(session, tender.office)

    with pytest.raises(MoveRefused) as refused:
        a_bid(session, tender, late, at=DUE)
    assert codes(refused) == ["too_late"]

    assert state_of(session, a_bid(session, tender, in_time, at=DUE - 5 * SECOND)) == "handed_in"


def test_what_passed_since_the_request_began_counts_for_the_deadline(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    data = {"organization": bidder.organization_id, "package": tender.packages[0].id, **A_BID}

    with pytest.raises(MoveRefused) as refused:
        perform(session, kind="bid", trigger="hand_in", actor=bidder.staff, data=data, now=DUE - 5 * SECOND,
                began=real_now() - 5 * SECOND)

    assert codes(refused) == ["too_late"]


def test_an_upload_that_began_in_time_and_took_too_long_is_late(app, session, monkeypatch):
    office = an_office(session)
    office.now = business_now(session)
    session.commit()
    plan = a_plan(session, office, a_programme(session, office))
    officers, due = some_officers(session, office), (office.now + timedelta(days=25)).replace(microsecond=0)
    said = {"bids_due_at": due.isoformat(), "documents_until": due.date().isoformat()}
    call = opened(session, office, "call", "draft", officers[0], **call_data(session, plan, officers, **said))
    moved(session, office, call.number, "publish", office.buyer)
    bidder = a_bidder(session, office)
    headers = token_of(session, session.get_one(Person, bidder.staff.person_id)) | {"Idempotency-Key": "late"}
    package = session.scalars(select(Case.id).where(Case.kind == "package").order_by(Case.id)).first()
    body = {"data": {"organization": bidder.organization_id, "package": package, **A_BID}}
    session.commit()

    # The door read both clocks an hour ago, a second before the deadline; then the content came.
    monkeypatch.setattr(caller, "business_now", lambda session: due - SECOND)
    monkeypatch.setattr(caller, "real_now", lambda: real_now() - timedelta(hours=1))
    answer = apart(app.test_client().post, "/api/v1/cases/bid", json=body, headers=headers)

    assert (answer.status_code, answer.json["reasons"][0]["code"]) == (403, "too_late")


def test_after_the_deadline_a_bid_is_neither_replaced_nor_withdrawn(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    number = a_bid(session, tender, bidder)

    for trigger, data in (("replace", A_BID), ("withdraw", {})):
        with pytest.raises(MoveRefused) as refused:
            moved(session, tender.office, number, trigger, bidder.staff, at=DUE, **data)
        assert codes(refused) == ["too_late"]


def test_a_withdrawn_bid_makes_room_for_another_and_a_second_one_is_refused(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    first = a_bid(session, tender, bidder)
    with pytest.raises(MoveRefused) as refused:
        a_bid(session, tender, bidder)
    assert codes(refused) == ["bid_already"]

    moved(session, tender.office, first, "withdraw", bidder.staff, at=tender.office.now + timedelta(hours=2))

    assert state_of(session, a_bid(session, tender, bidder)) == "handed_in"


def test_who_is_not_registered_or_was_punished_is_told_before_anything_else(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    session.execute(text("UPDATE registrations SET ended_on = '2026-02-01' WHERE organization_id = :id"), {
        "id": bidder.organization_id})
    session.commit()

    with pytest.raises(MoveRefused) as refused:
        a_bid(session, tender, bidder)

    assert codes(refused) == ["organization_not_registered"]


def test_before_the_opening_nobody_but_the_bidder_learns_that_there_is_a_bid(session):
    tender = a_tender(session)
    office = tender.office
    bidder = a_bidder(session, office)
    auditor = make_actor(session, "审计", ("auditor", office.place.city.id))
    session.commit()
    number = a_bid(session, tender, bidder)
    on = office.now.date()

    for actor in (office.project_officer, office.buyer, auditor, a_bidder(session, office).staff):
        held = holdings(session, actor.person_id, on)
        assert [line.number for line in find_cases(session, held, kind="bid").rows] == []
        assert [line.number for line in worklist(session, held, actor.person_id, kind="bid").rows] == []
        with pytest.raises(CaseNotFound):
            moved(session, office, number, "qualify", actor)
    own = holdings(session, bidder.staff.person_id, on)
    assert [line.number for line in find_cases(session, own, kind="bid").rows] == [number]
    in_log = select(LogQueue).join(Case, Case.id == LogQueue.case_id).where(Case.kind == "bid")
    assert session.scalars(in_log).all() == []


def three_bids(session, tender, **last) -> list[str]:
    bids = [a_bid(session, tender, a_bidder(session, tender.office)) for _ in range(2)]
    return [*bids, a_bid(session, tender, a_bidder(session, tender.office), **last)]


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 0), (1, 2)])
def test_any_two_of_three_officers_open_all_bids_at_once(session, first: int, second: int):
    tender = a_tender(session)
    bids = three_bids(session, tender)

    answer = opened_package(session, tender, **open_data(tender, first, second))

    assert answer.state == "opened"
    assert [state_of(session, number) for number in bids] == ["opened"] * 3
    assert session.scalars(select(Bid.price_fen)).all() == [CANARY] * 3
    waiting = {(row.case_id, row.sequence) for row in session.scalars(select(LogQueue))}
    rows = session.execute(
        select(History.case_id, History.sequence).join(Case, Case.id == History.case_id).where(Case.kind == "bid")
    ).all()
    assert len(rows) == 6 and {tuple(row) for row in rows} <= waiting
    shares = session.scalars(select(PackageShare.package_id).distinct()).all()
    assert shares == [tender.packages[1].id]


def refusal(session, tender, **changes) -> object:
    with pytest.raises((MoveRefused, InvalidInput)) as refused:
        opened_package(session, tender, **changes)
    return refused.value


def test_one_officer_a_stranger_or_a_wrong_passphrase_opens_nothing(session):
    tender = a_tender(session)
    bids = three_bids(session, tender)
    same = {"second_officer": tender.officers[0].person_id}
    stranger = {"second_officer": a_bidder(session, tender.office).staff.person_id}

    assert set(refusal(session, tender, **same).errors) == {"second_officer"}
    assert [r["code"] for r in refusal(session, tender, **stranger).reasons] == ["not_an_opening_officer"]
    assert set(refusal(session, tender, second_passphrase="three lanterns by the sea").errors) == {"second_passphrase"}

    assert [state_of(session, number) for number in bids] == ["handed_in"] * 3
    assert places_of(session, str(CANARY)) == places_of(session, "three lanterns") == []


def test_before_the_deadline_and_with_two_bids_nothing_is_opened(session):
    tender = a_tender(session)
    for _ in range(2):
        a_bid(session, tender, a_bidder(session, tender.office))
    number = tender.packages[0].number
    with pytest.raises(MoveRefused) as early:
        moved(session, tender.office, number, "open_bids", tender.officers[0], at=DUE - 5 * SECOND, **open_data(tender))
    assert codes(early) == ["wrong_state"]

    assert [r["code"] for r in refusal(session, tender).reasons] == ["too_few_bids"]


def test_too_few_bids_fail_the_package_give_the_money_back_and_tell_every_bidder_why(session):
    tender = a_tender(session)
    bids = [a_bid(session, tender, a_bidder(session, tender.office)) for _ in range(2)]
    number = tender.packages[0].number
    fire_due(session, DUE)
    moved(session, tender.office, number, "fail", tender.office.project_officer, at=DUE, reason="不足三家，予以废标。")

    assert [state_of(session, bid) for bid in bids] == ["lapsed", "lapsed"]
    assert package_balances(session, tender.office.line_id, number)["reserved"] == 0
    bodies = [bytes(body).decode() for body in session.scalars(
        select(History.body).where(History.trigger == "lapse"))]
    assert len(bodies) == 2 and all("不足三家，予以废标。" in body for body in bodies)
    assert places_of(session, str(CANARY)) == []


def test_one_damaged_bid_is_set_aside_and_stops_no_other(session):
    tender = a_tender(session)
    bids = three_bids(session, tender)
    session.execute(text(
        "UPDATE sealed_inputs SET ciphertext = overlay(ciphertext placing '\\x00'::bytea from 100) WHERE case_id ="
        " (SELECT id FROM cases WHERE number = :number)"), {"number": bids[1]})
    session.commit()

    opened_package(session, tender)

    assert [state_of(session, number) for number in bids] == ["opened", "unreadable", "opened"]


def test_a_bid_copied_under_another_bidder_does_not_open(session):
    tender = a_tender(session)
    bids = three_bids(session, tender)
    session.execute(text(
        "UPDATE sealed_inputs s SET ciphertext = t.ciphertext FROM sealed_inputs t"
        " WHERE s.case_id = (SELECT id FROM cases WHERE number = :copy)"
        " AND t.case_id = (SELECT id FROM cases WHERE number = :original)"), {"copy": bids[2], "original": bids[0]})
    session.commit()

    opened_package(session, tender)

    assert [state_of(session, number) for number in bids] == ["opened", "opened", "unreadable"]


def test_the_last_replacement_is_what_is_opened(session):
    tender = a_tender(session)
    three_bids(session, tender)
    bidder = a_bidder(session, tender.office)
    number = a_bid(session, tender, bidder)
    new = {**A_BID, "price_fen": 70_000_07, "budget": [{"name": "一", "amount_fen": 70_000_07}]}
    moved(session, tender.office, number, "replace", bidder.staff, **new)

    opened_package(session, tender)

    bid = select(Bid.price_fen).where(Bid.organization_id == bidder.organization_id)
    assert session.execute(bid).scalar_one() == 70_000_07


def test_a_member_of_two_bids_is_found_at_the_opening_and_not_qualified(session):
    tender = a_tender(session)
    alone = a_bidder(session, tender.office)
    first = a_bid(session, tender, alone)
    joint = a_bid(session, tender, a_bidder(session, tender.office),
                  partners=[{"uscc": alone.uscc, "share_bp": 3000}])
    third = a_bid(session, tender, a_bidder(session, tender.office))
    opened_package(session, tender)
    officer = tender.office.project_officer

    for number in (first, joint):
        with pytest.raises(MoveRefused) as refused:
            moved(session, tender.office, number, "qualify", officer, at=DUE + timedelta(days=1))
        assert codes(refused) == ["member_bids_twice"]
        moved(session, tender.office, number, "disqualify", officer, at=DUE + timedelta(days=1))
    moved(session, tender.office, third, "qualify", officer, at=DUE + timedelta(days=1))

    with pytest.raises(MoveRefused) as refused:
        moved(session, tender.office, tender.packages[0].number, "finish_qualification", officer,
              at=DUE + timedelta(days=1))
    assert codes(refused) == ["too_few_qualified"]
    moved(session, tender.office, tender.packages[0].number, "fail", officer, at=DUE + timedelta(days=1))
    assert package_balances(session, tender.office.line_id, tender.packages[0].number)["reserved"] == 0


def test_a_withdrawn_bid_becomes_known_at_the_opening_and_stays_sealed(session):
    tender = a_tender(session)
    three_bids(session, tender)
    bidder = a_bidder(session, tender.office)
    number = a_bid(session, tender, bidder, approach="撤回的思路")
    moved(session, tender.office, number, "withdraw", bidder.staff, at=tender.office.now + timedelta(hours=2))

    opened_package(session, tender)

    row = session.scalars(select(Case).where(Case.number == number)).one()
    assert (row.state, row.sealed) == ("withdrawn", False)
    assert places_of(session, "撤回的思路") == []
    queued = select(LogQueue.sequence).where(LogQueue.case_id == row.id).order_by(LogQueue.sequence)
    assert session.scalars(queued).all() == [1, 2]


def test_the_verification_of_everything_knows_that_a_sealed_bid_waits_outside_the_log(session, tmp_path):
    tender = a_tender(session)
    three_bids(session, tender)
    session.commit()

    found = check_everything(session.connection(), public_key=None, store=tmp_path)

    assert found.problems == []
