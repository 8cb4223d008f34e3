"""Bad luck between review and contract: who reads what when an expert leaves, bids tie or an objection holds."""

from datetime import timedelta
from typing import Any

import pytest
from nacl import pwhash
from sqlalchemy import select, text

from app.access.actor import Actor
from app.cases.models import Case
from app.purchasing import sealing
from app.purchasing.experts import DrawnExpert
from app.purchasing.tendering import BidRanking
from tests.builders import make_actor
from tests.builders_award import LOT_FEN, Ranked, a_ranked_package, objection_data
from tests.builders_purchasing import CRITERION, Office, Panel, a_panel
from tests.journeys.story import Caller, Story

BOTH_LOTS, BUDGET = 190_000_01, 500_000_00
RESERVED = {"available": BUDGET - BOTH_LOTS, "reserved": BOTH_LOTS}
STAFF = text("""
SELECT h.person_id, a.id, p.name FROM cases c JOIN history h ON h.case_id = c.id AND h.sequence = 1
  JOIN people p ON p.id = h.person_id JOIN accounts a ON a.person_id = p.id WHERE c.number = :number
""")
AGREED = {"documents": [], "declaration": True}
SIGNED = {"declaration": True}


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys from passphrases at the quickest cost."""
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))


def a_story(client: Any, session: Any, office: Office) -> tuple[Story, Caller, Caller, Caller]:
    """Return the story of an office with its finance officer, an auditor, and a buyer who checked no bidder."""
    auditor = make_actor(session, "审计", ("auditor", office.place.city.id))
    buyer = make_actor(session, "负责人丁", ("buyer", office.node_id))
    session.commit()
    story = Story(client, session, office.line_id)
    finance = story.who(office.place.actors["finance_officer"])
    return story, finance, story.who(auditor), story.who(buyer)


def staff_of(session: Any, story: Story, bids: list[str]) -> list[Caller]:
    """Return who hands in for each bid."""
    rows = [session.execute(STAFF, {"number": number}).one() for number in bids]
    session.rollback()
    return [story.who(Actor(person_id=row.person_id, account_id=row.id, name=row.name)) for row in rows]


def test_experts_who_leave_half_way_are_replaced_and_nobody_is_left_without_a_word(client, session):
    panel = a_panel(session)
    story, finance, auditor, _buyer = a_story(client, session, panel.tender.office)
    officer, seated = story.who(panel.officer), panel.seated(session)
    bidders = staff_of(session, story, panel.bids)
    resigns, silent, *others = seated
    review, silent_review = panel.review_of(session, resigns), panel.review_of(session, silent)
    upside_down = {bid: 10 + 40 * place for place, bid in enumerate(panel.bids)}
    panel.scored(session, resigns, upside_down)
    panel.declared(session, silent)
    for expert in others:
        panel.scored(session, expert)

    said = {"ground": "other", "bid": None, "reason": "突发疾病，不能继续评审。"}
    assert story.who(resigns).moves(review, "recuse", **said) == "recused"
    assert not any(story.who(resigns).sees(number) for number in (review, panel.package, *panel.bids))
    assert officer.told()[0] == f"task_waiting {panel.package}"
    relieved = {"expert": silent.person_id, "reason": "多次联系不上，逾期未评分。"}
    assert officer.moves(panel.package, "relieve_expert", **relieved) == "reviewing"
    assert story.who(silent).told()[0] == f"case_ended {silent_review}"
    assert story.who(silent).last(silent_review)[:2] == ("relieved", "relieve")
    page = story.who(silent).reads(f"/cases/{silent_review}")
    assert "Relieved" in page and relieved["reason"] in page
    assert not any(story.who(silent).sees(number) for number in (panel.package, *panel.bids))
    assert [bidder.last(bid)[0] for bidder, bid in zip(bidders, panel.bids, strict=True)] == ["qualified"] * 3

    assert officer.moves(panel.package, "replace_expert") == "reviewing"
    assert "no_vacant_seat" in officer.may_not(panel.package, "replace_expert")
    reserve = session.scalars(
        select(DrawnExpert.person_id).where(DrawnExpert.position > 5).order_by(DrawnExpert.position)
    ).all()
    assert [each.person_id for each in panel.seated(session)[-2:]] == list(reserve)
    for expert in panel.seated(session)[-2:]:
        number = panel.review_of(session, expert)
        assert story.who(expert).told() == [f"task_waiting {number}"]
        scores(story.who(expert), number, panel)
    assert officer.case(panel.package)["state"] == "scored"
    for expert in panel.seated(session):
        assert story.who(expert).moves(panel.review_of(session, expert), "agree", signature=True) == "agreed"
    assert officer.moves(panel.package, "finish_review") == "ranked"

    ranking = select(Case.number).join(BidRanking, BidRanking.bid_id == Case.id).order_by(BidRanking.position)
    assert session.scalars(ranking).all() == panel.bids, "a void sheet counted"
    for bidder, bid in zip(bidders, panel.bids, strict=True):
        assert not any(expert.name in bidder.reads(f"/api/v1/cases/{bid}") for expert in seated)
        assert bidder.told()[0] == f"case_moved {bid}"
    steps = [step["trigger"] for step in auditor.case(panel.package)["history"]]
    assert steps[-5:] == ["seat_vacated", "relieve_expert", "replace_expert", "complete_scoring", "finish_review"]
    assert auditor.last(review)[:2] == ("recused", "recuse")
    assert auditor.last(review)[2]["reason"] == said["reason"]
    assert story.money(finance, auditor) == RESERVED


def scores(expert: Caller, number: str, panel: Panel) -> None:
    """Let an expert declare and hand in 80, 70 and 60 points."""
    rows = [{"bid": bid, "relation": "none"} for bid in panel.bids]
    assert expert.moves(number, "declare", bidders=rows, secrecy=True) == "scoring"
    sheet = [
        {"bid": bid, "criterion": CRITERION, "points": 80 - 10 * place, "remark": "理由充分"}
        for place, bid in enumerate(panel.bids)
    ]
    assert expert.moves(number, "submit_scores", scores=sheet, opinion=None) == "submitted"


def test_a_package_that_fails_under_review_says_so_to_experts_bidders_buyer_and_gives_the_money_back(client, session):
    panel = a_panel(session)
    story, finance, auditor, buyer = a_story(client, session, panel.tender.office)
    officer, bidders = story.who(panel.officer), staff_of(session, story, panel.bids)
    done, waiting = panel.seated(session)[:2]
    panel.scored(session, done)
    reviews = {expert: panel.review_of(session, expert) for expert in (done, waiting)}
    reason = "评审现场泄露信息，予以废标。"

    assert officer.moves(panel.package, "fail", ground="unlawful", reason=reason) == "failed"

    for expert, number in reviews.items():
        assert story.who(expert).told()[0] == f"case_ended {number}"
        assert story.who(expert).last(number) == ("cancelled", "cancel", {"reason": reason})
        assert not story.who(expert).sees(panel.bids[0])
    for bidder, bid in zip(bidders, panel.bids, strict=True):
        assert bidder.last(bid) == ("lapsed", "lapse", {"reason": reason})
        assert bidder.told()[0] == f"case_ended {bid}"
    assert buyer.told()[0] == f"case_ended {panel.package}"
    assert auditor.last(panel.package)[2]["reason"] == reason
    assert f"This package has ended: {reason}" in bidders[0].reads(f"/openings/{panel.package}")
    assert story.money(finance, auditor) == {"available": BUDGET - (BOTH_LOTS - LOT_FEN),
                                             "reserved": BOTH_LOTS - LOT_FEN}


def test_bidders_who_tie_each_read_what_set_one_before_the_other(client, session):
    panel, points = a_panel(session, prices=(90_000_00, 90_000_00, 95_000_00)), (80, 80, 60)
    words = "the lot of the published seed decided"
    story, finance, auditor, buyer = a_story(client, session, panel.tender.office)
    officer, bidders = story.who(panel.officer), staff_of(session, story, panel.bids)
    for expert in panel.seated(session):
        panel.scored(session, expert, dict(zip(panel.bids, points, strict=True)))
    for expert in panel.seated(session):
        panel.move(session, panel.review_of(session, expert), "agree", expert)
    assert officer.moves(panel.package, "finish_review") == "ranked"
    rows = session.execute(
        select(Case.number, Case.id, BidRanking.points).join(BidRanking, BidRanking.bid_id == Case.id)
        .order_by(BidRanking.position)
    ).all()
    session.rollback()
    assert rows[0].points == rows[1].points > rows[2].points

    told = buyer.may_not(panel.package, "confirm_candidate", candidate=rows[1].id, reason="更熟悉该单位。")
    assert list(told) == ["not_the_first"]
    assert buyer.moves(panel.package, "confirm_candidate", candidate=rows[0].id, reason="排名第一。") == "publicized"

    by_number = dict(zip(panel.bids, bidders, strict=True))
    for position, row in enumerate(rows, start=1):
        state, trigger, data = by_number[row.number].last(row.number)
        assert (state, trigger, data["position"], data["points"]) == ("qualified", "tell_result", position, row.points)
        assert (words in (data["tie"] or "")) is (position < 3)
        assert words in by_number[row.number].reads(f"/cases/{row.number}") or position == 3
        assert auditor.last(row.number)[2] == data
    assert all("lot of the draw" in reader.reads(f"/cases/{panel.package}") for reader in (auditor, buyer, officer))
    assert story.money(finance, auditor) == RESERVED


@pytest.mark.parametrize("remedy", ["exclude", "void"])
def test_an_objection_upheld_after_the_award_revokes_it_and_each_reads_what_follows(client, session, remedy):
    ranked = a_ranked_package(session)
    office = ranked.tender.office
    story, finance, auditor, buyer = a_story(client, session, office)
    officer, supervisor = story.who(office.project_officer), story.who(ranked.supervisor)
    winner, second, third = (story.who(bidder.staff) for bidder in ranked.bidders)
    contract = an_award_by(story, buyer, officer, ranked)
    assert officer.moves(contract, "send", **a_draft(story)) == "sent"
    assert winner.moves(contract, "agree", **AGREED) == "agreed"

    number = second.opens("objection", objection_data(session, ranked, ranked.bidders[1]))
    assert officer.told()[0] == f"task_waiting {number}"
    assert officer.moves(number, "accept") == "accepted"
    assert list(buyer.may_not(contract, "sign", **SIGNED)) == ["objection_open"]
    assert list(buyer.may_not(number, "uphold", answer="成立。成立。", remedy=remedy)) == ["prepared_the_award"]
    answer = "经核实，成交人业绩证明不实，异议成立。"
    assert supervisor.moves(number, "uphold", answer=answer, remedy=remedy) == "upheld"

    assert second.last(number)[0] == "upheld" and second.last(number)[2]["answer"] == answer
    assert f"case_moved {number}" in second.told()
    ended = ("excluded", "exclude") if remedy == "exclude" else ("lapsed", "lapse")
    assert winner.last(ranked.bids[0]) == (*ended, {"reason": answer})
    assert winner.last(contract) == ("cancelled", "cancel", {"reason": answer})
    assert {f"case_ended {contract}", f"{'application_refused' if remedy == 'exclude' else 'case_ended'} "
            f"{ranked.bids[0]}"} <= set(winner.told())
    assert f"case_ended {contract}" in officer.told()
    assert not winner.sees(number) and not third.sees(number)
    assert auditor.last(ranked.package)[2] == {"reason": answer}
    if remedy == "void":
        for bidder, bid in ((second, ranked.bids[1]), (third, ranked.bids[2])):
            assert bidder.last(bid) == ("lapsed", "lapse", {"reason": answer})
        assert f"case_ended {ranked.bids[2]}" in third.told()
        assert buyer.told()[0] == f"case_moved {ranked.package}"
        assert story.money(finance, auditor) == {"available": BUDGET - (BOTH_LOTS - LOT_FEN),
                                                 "reserved": BOTH_LOTS - LOT_FEN}
        return
    assert buyer.told()[0] == f"task_waiting {ranked.package}" and ranked.package in buyer.waiting()
    assert [third.last(ranked.bids[2])[0], second.last(ranked.bids[1])[0]] == ["qualified"] * 2
    assert story.money(finance, auditor) == RESERVED
    next_contract = an_award_by(story, buyer, officer, ranked, place=1)
    assert officer.moves(next_contract, "send", **a_draft(story)) == "sent"
    assert second.moves(next_contract, "agree", **AGREED) == "agreed"
    assert buyer.moves(next_contract, "sign", **SIGNED) == "signed"
    assert [who.last(bid)[0] for who, bid in zip((winner, second, third), ranked.bids, strict=True)] == [
        "excluded", "won", "not_awarded"
    ]
    price = 90_000_00
    assert story.money(finance, auditor) == {"available": BUDGET - BOTH_LOTS + LOT_FEN - price,
                                             "reserved": BOTH_LOTS - LOT_FEN, "committed": price}


def a_draft(story: Story) -> dict[str, Any]:
    """Return a contract of 200 days and one instalment."""
    unstable = dict.fromkeys(("content_fixed", "continuous", "funding_stable", "price_stable"), False)
    parts = [{"share_bp": 10_000, "condition": "合同签订后", "waits_for": "none"}]
    ends_on = (story.now() + timedelta(days=200)).date().isoformat()
    return {"title": "社区为老服务合同", "ends_on": ends_on, "instalments": parts, **unstable}


def an_award_by(story: Story, buyer: Caller, officer: Caller, ranked: Ranked, place: int = 0) -> str:
    """Let a buyer publish the bidder of this place and another award; return the number of the contract's case."""
    said = {"candidate": ranked.bid_ids[place], "reason": "综合得分最高，按排名确定。"}
    assert buyer.moves(ranked.package, "confirm_candidate", **said) == "publicized"
    story.wait_out(ranked.package)
    another = story.who(ranked.second_buyer)
    assert another.moves(ranked.package, "award", reason="公示期满无异议。", announced=True) == "awarded"
    assert f"task_waiting {ranked.package}" in officer.told()
    query = select(Case.number).where(Case.parent_id == ranked.package_id, Case.kind == "contract")
    found = story.session.scalars(query.order_by(Case.id.desc())).first()
    story.session.rollback()
    return str(found)
