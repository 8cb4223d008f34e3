"""A review through the API: experts listed, drawn, one steps out half-way, all score sealed, the bids are ranked."""

from typing import Any

import pytest
from nacl import pwhash
from sqlalchemy import select

from app.cases.models import Case
from app.purchasing import sealing
from app.purchasing.experts import BidReview, DrawnExpert
from app.purchasing.tendering import BidRanking
from tests.builders import make_actor
from tests.builders_purchasing import CRITERION, a_qualified_package, package_number, sign_log
from tests.journeys.test_tender import Caller


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))


def test_a_review_from_the_pool_to_the_ranking_with_an_expert_who_resigns_half_way(client, session):
    tender, bids = a_qualified_package(session)
    office, package = tender.office, package_number(session, tender)
    officer, buyer = (Caller(client, session, actor) for actor in (office.project_officer, office.buyer))
    people = [make_actor(session, f"评委{n}", ("expert", office.place.district.id)) for n in range(7)]
    session.commit()
    experts = {actor.person_id: Caller(client, session, actor) for actor in people}
    for person in experts:
        entry = officer.open("pool_entry", {
            "office": office.node_id, "person": person, "specialties": "社区养老", "employer": "某大学",
        })
        assert officer.move(entry, "confirm").status_code == 403
        assert buyer.move(entry, "confirm").json["state"] == "listed"

    assert officer.move(package, "publish_pool").json["state"] == "qualified"
    early = officer.move(package, "draw_experts")
    assert [reason["code"] for reason in early.json["reasons"]] == ["wait_for_checkpoint"]
    sign_log(session)
    assert officer.move(package, "draw_experts").json["state"] == "reviewing"

    reviews = dict(session.execute(
        select(BidReview.person_id, Case.number).join(Case, Case.id == BidReview.case_id).order_by(BidReview.position)
    ).all())
    assert len(reviews) == 5
    leaver, *others = reviews
    assert experts[leaver].get(f"/api/v1/cases/{package}").status_code == 404  # before the declaration: the task alone
    declared(experts[leaver], reviews[leaver], bids)
    assert experts[leaver].get(f"/api/v1/cases/{bids[0]}").status_code == 200
    handed_in(experts[others[0]], reviews[others[0]], bids)
    said = {"ground": "kinship", "bid": bids[1], "reason": "亲属任职。"}
    left = experts[leaver].move(reviews[leaver], "recuse", said)
    assert left.json["state"] == "recused"
    for number in (package, reviews[leaver], *bids):
        assert experts[leaver].get(f"/api/v1/cases/{number}").status_code == 404

    assert officer.move(package, "replace_expert").json["state"] == "reviewing"
    next_one = session.execute(select(DrawnExpert.person_id).where(DrawnExpert.position == 6)).scalar_one()
    reviews[next_one] = session.execute(
        select(Case.number).join(BidReview, BidReview.case_id == Case.id).where(BidReview.person_id == next_one)
    ).scalar_one()
    for person in (*others[1:], next_one):
        sealed = officer.get(f"/api/v1/cases/{reviews[others[0]]}").json
        assert list(sealed["history"][-1]["data"]["scores"]) == ["$c"]
        handed_in(experts[person], reviews[person], bids)

    assert officer.get(f"/api/v1/cases/{package}").json["state"] == "scored"
    told = officer.get(f"/api/v1/cases/{reviews[others[0]]}").json["history"][-1]
    assert (told["trigger"], [row["points"] for row in told["data"]["scores"]]) == ("reveal", [80, 70, 60])
    for person in (*others, next_one):
        assert experts[person].move(reviews[person], "agree", {"signature": True}).json["state"] == "agreed"
    assert officer.move(package, "finish_review").json["state"] == "ranked"
    ranked = session.scalars(select(Case.number).join(BidRanking, BidRanking.bid_id == Case.id)
                             .order_by(BidRanking.position)).all()
    assert ranked == bids


def declared(expert: Any, review: str, bids: list[str]) -> None:
    """Let the expert declare towards every bidder."""
    rows = [{"bid": bid, "relation": "none"} for bid in bids]
    assert expert.move(review, "declare", {"bidders": rows, "secrecy": True}).json["state"] == "scoring"


def handed_in(expert: Any, review: str, bids: list[str]) -> None:
    """Let the expert declare and hand in 80, 70 and 60 points."""
    declared(expert, review, bids)
    rows = [
        {"bid": bid, "criterion": CRITERION, "points": 80 - 10 * place, "remark": ""} for place, bid in enumerate(bids)
    ]
    answer = expert.move(review, "submit_scores", {"scores": rows, "opinion": None})
    assert answer.status_code == 200, answer.text
