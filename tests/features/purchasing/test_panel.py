"""The panel of a package: who can be drawn, who replaces whom, that nobody reads a score early, what is ranked."""

import io
import json
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import select, text

from app.access.models import Node
from app.cases.due import fire_due
from app.cases.models import Case, History, WithheldValue
from app.errors import CaseNotFound, InvalidInput, MoveRefused
from app.organizations.ties import record_tie
from app.purchasing.commands import group
from app.purchasing.experts import BidReview, BidScore, DrawnExpert, PoolEntry, PoolPublication
from app.purchasing.panel.checking import review_mistakes
from app.purchasing.sealed import Bid
from app.purchasing.tendering import BidRanking
from tests.builders import grant_role, make_actor
from tests.builders_audit import client_of
from tests.builders_purchasing import (
    CRITERION,
    REVIEW,
    Panel,
    a_panel,
    a_qualified_package,
    a_ranked_package,
    a_scored_package,
    an_expert,
    moved,
    opened,
    package_number,
    sign_log,
    state_of,
)
from tests.seeded import signing
from workflows.rules.working_days import local_day

CANARY = "此处理由绝不外泄7361"


def codes(refused) -> list[str]:
    return [reason["code"] for reason in refused.value.reasons]


def seats(session) -> list[tuple[int, str | None]]:
    query = select(BidReview.person_id, BidReview.left_how).order_by(BidReview.position)
    return [(row.person_id, row.left_how) for row in session.execute(query)]


def test_a_pool_leaves_out_everybody_with_a_tie_to_any_bidder_and_everybody_of_the_office(session):
    tender, _bids = a_qualified_package(session)
    office, number = tender.office, package_number(session, tender)
    bidder = session.scalars(select(Bid.organization_id).order_by(Bid.case_id)).all()[2]
    uscc, node, name = session.execute(
        text("SELECT uscc, node_id, name FROM organizations WHERE id = :id"), {"id": bidder}).one()
    fit = [an_expert(session, office) for _ in range(5)]
    by_code = an_expert(session, office, employer_uscc=uscc)
    by_name = an_expert(session, office, employer=name)
    staff, related, officer = (an_expert(session, office) for _ in range(3))
    grant_role(session, staff.person_id, "staff", node)
    record_tie(session, person_id=related.person_id, organization_id=bidder, kind="kinship",
               from_on=local_day(REVIEW) - timedelta(days=4000))
    grant_role(session, officer.person_id, "finance_officer", session.get_one(Node, office.node_id).parent_id)
    session.commit()
    panel = Panel(tender, number, [], {})

    panel.move(session, number, "publish_pool", panel.officer, at=REVIEW)
    sign_log(session)
    panel.move(session, number, "draw_experts", panel.officer, at=REVIEW)

    drawn = set(session.scalars(select(DrawnExpert.person_id)))
    assert drawn == {each.person_id for each in fit}
    left_out = session.scalars(select(PoolPublication.left_out)).one()
    assert len(left_out) == len({by_code, by_name, staff, related, officer})
    bound = text("SELECT count(*) FROM role_grants WHERE person_id = ANY(:people) AND case_id IS NOT NULL")
    people = [each.person_id for each in (by_code, by_name, staff, related, officer)]
    assert session.execute(bound, {"people": people}).scalar_one() == 0


def test_nobody_is_drawn_before_the_checkpoint_after_the_publication(session):
    tender, bids = a_qualified_package(session)
    for _ in range(6):
        an_expert(session, tender.office)
    panel = Panel(tender, package_number(session, tender), bids, {})
    sign_log(session)
    panel.move(session, panel.package, "publish_pool", panel.officer, at=REVIEW)

    with pytest.raises(MoveRefused) as refused:
        panel.move(session, panel.package, "draw_experts", panel.officer, at=REVIEW)
    assert codes(refused) == ["wait_for_checkpoint"]
    with pytest.raises(MoveRefused) as refused:
        panel.move(session, panel.package, "publish_pool", panel.officer, at=REVIEW)
    assert codes(refused) == ["pool_published"]
    assert session.scalars(select(BidReview)).all() == []

    sign_log(session)
    panel.move(session, panel.package, "draw_experts", panel.officer, at=REVIEW)
    assert len(seats(session)) == 5
    assert review_mistakes(session, tender.packages[0].id)[0] == []


def test_who_steps_out_half_way_is_replaced_by_the_next_of_the_draw_and_finds_no_trace(app, session):
    panel = a_panel(session)
    leaver, stayer = panel.seated(session)[:2]
    panel.scored(session, leaver)
    panel.scored(session, stayer)
    review = panel.review_of(session, leaver)

    panel.move(session, review, "recuse", leaver, ground="mentoring", bid=panel.bids[0])

    next_one = session.execute(select(DrawnExpert.person_id).where(DrawnExpert.position == 6)).scalar_one()
    assert session.scalars(select(WithheldValue.case_id).distinct()).all() == [
        session.execute(select(Case.id).where(Case.number == panel.review_of(session, stayer))).scalar_one()
    ]
    panel.move(session, panel.package, "replace_expert", panel.officer)
    assert seats(session)[-1] == (next_one, None) and seats(session)[0] == (leaver.person_id, "recused")
    reader = client_of(app, session, leaver)
    for number in (panel.package, review, *panel.bids):
        assert reader.get(f"/cases/{number}").status_code == 404
        assert number not in reader.get("/worklist").text + reader.get("/cases").text
    tie = session.execute(text("SELECT kind FROM person_ties WHERE person_id = :p"), {"p": leaver.person_id}).scalar()
    assert tie == "mentoring"
    with pytest.raises(CaseNotFound):
        panel.move(session, review, "submit_scores", leaver)


def test_a_reserve_that_is_used_up_is_supplemented_and_drawn_anew(session):
    panel = a_panel(session, pool=5)
    first = panel.seated(session)[0]
    panel.move(session, panel.package, "relieve_expert", panel.officer, expert=first.person_id)
    with pytest.raises(MoveRefused) as refused:
        panel.move(session, panel.package, "replace_expert", panel.officer)
    assert codes(refused) == ["reserve_used_up"]
    with pytest.raises(MoveRefused) as refused:
        panel.move(session, panel.package, "supplement_pool", panel.officer)
    assert codes(refused) == ["pool_too_small"]

    late = an_expert(session, panel.tender.office)
    panel.move(session, panel.package, "supplement_pool", panel.officer)
    sign_log(session)
    panel.move(session, panel.package, "replace_expert", panel.officer)

    assert seats(session)[-1] == (late.person_id, None)
    assert review_mistakes(session, panel.tender.packages[0].id)[0] == []


def test_whoever_was_drawn_and_is_listed_anew_is_not_drawn_a_second_time(session):
    panel = a_panel(session, pool=5)
    office, first = panel.tender.office, panel.seated(session)[0]
    panel.move(session, panel.package, "relieve_expert", panel.officer, expert=first.person_id)
    query = select(Case.number).join(PoolEntry, PoolEntry.case_id == Case.id)
    listing = session.scalars(query.where(PoolEntry.person_id == first.person_id)).one()
    moved(session, office, listing, "end", office.buyer)
    said = {"office": office.node_id, "person": first.person_id, "employer_uscc": None}
    again = opened(session, office, "pool_entry", "enter", office.project_officer, **said)
    moved(session, office, again.number, "confirm", office.buyer)

    with pytest.raises(MoveRefused) as refused:
        panel.move(session, panel.package, "supplement_pool", panel.officer)
    assert codes(refused) == ["pool_too_small"]
    late = an_expert(session, office)
    panel.move(session, panel.package, "supplement_pool", panel.officer)
    sign_log(session)
    panel.move(session, panel.package, "replace_expert", panel.officer)
    assert seats(session)[-1] == (late.person_id, None)


def _told(answer: Any) -> str:
    """Return all that an answer says; of a zip what is in it."""
    if answer.mimetype != "application/zip":
        return str(answer.text)
    with ZipFile(io.BytesIO(answer.data)) as bundle:
        return "\n".join(bundle.read(name).decode(errors="replace") for name in bundle.namelist())


def test_no_score_is_readable_by_anybody_until_the_last_expert_has_handed_in(app, session):
    panel = a_panel(session)
    seated = panel.seated(session)
    for expert in seated[:-1]:
        rows = [{"bid": bid, "criterion": CRITERION, "points": 73, "remark": CANARY} for bid in panel.bids]
        panel.scored(session, expert, scores=rows, opinion=CANARY)
    auditor = make_actor(session, "审计员", ("auditor", panel.tender.office.place.city.id))
    office = panel.tender.office
    session.commit()
    reviews = [panel.review_of(session, expert) for expert in seated]
    readers = [office.project_officer, office.buyer, auditor, seated[0], seated[-1]]
    addresses = [f"{at}/{number}" for number in (panel.package, *reviews) for at in ("/cases", "/api/v1/cases")]
    addresses += ["/worklist", "/cases", "/notices", f"/cases/{reviews[0]}/personal", f"/audit/cases/{reviews[0]}",
                  f"/cases/{reviews[0]}/do/submit_scores", f"/cases/{panel.package}/bundle"]

    with signing(app):
        for reader in readers:
            client = client_of(app, session, reader)
            for address in addresses:
                assert CANARY not in _told(client.get(address)), (reader, address)
    tables = session.scalars(text(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
        " AND c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT')")).all()
    for table in tables:
        found = session.execute(text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE :what OR t::text LIKE :hex"),
                                {"what": f"%{CANARY}%", "hex": f"%{CANARY.encode().hex()}%"}).scalar_one()
        assert found == 0, table
    assert session.scalars(select(BidScore)).all() == []

    panel.scored(session, seated[-1])
    assert state_of(session, panel.package) == "scored"
    assert len(session.scalars(select(BidScore)).all()) == 15
    assert session.scalars(select(WithheldValue)).all() == []
    assert CANARY in client_of(app, session, auditor).get(f"/cases/{reviews[0]}").text
    assert review_mistakes(session, panel.tender.packages[0].id)[0] == []


def test_a_draft_of_scores_is_kept_as_ciphertext_and_is_its_experts_alone(app, session):
    panel = a_panel(session)
    expert, other = panel.seated(session)[:2]
    panel.declared(session, expert)
    number = panel.review_of(session, expert)
    client = client_of(app, session, expert)
    page = client.get(f"/cases/{number}/do/submit_scores")
    assert page.status_code == 200 and all(bid in page.text for bid in panel.bids)

    form = {"scores-0-bid": panel.bids[0], "scores-0-criterion": CRITERION, "scores-0-points": "77",
            "scores-0-remark": CANARY, "_draft_revision": "0"}
    holder = session.execute(select(Case.node_id).where(Case.number == number)).scalar_one()
    kept = client.post(f"/drafts/bid_review/submit_scores?holder={holder}&case={number}", data=form)

    assert kept.status_code == 200, kept.text
    assert CANARY not in str(session.execute(text("SELECT t::text FROM drafts t")).all())
    assert CANARY in client.get(f"/cases/{number}/do/submit_scores").text
    for reader in (other, panel.officer):
        answer = client_of(app, session, reader).get(f"/cases/{number}/do/submit_scores")
        assert answer.status_code in (403, 404) and CANARY not in answer.text


@pytest.mark.parametrize(("change", "field"), [
    ({"points": 0, "remark": ""}, "remark"), ({"points": 100, "remark": None}, "remark"),
    ({"criterion": "别的"}, None), ({"bid": "TB26-0000-0000"}, None),
])
def test_a_sheet_is_complete_and_says_why_points_are_extreme(session, change, field):
    panel = a_panel(session)
    expert = panel.seated(session)[0]
    rows = [{"bid": bid, "criterion": CRITERION, "points": 50, "remark": None} for bid in panel.bids]
    rows[1] |= change

    with pytest.raises(InvalidInput) as wrong:
        panel.scored(session, expert, scores=rows)

    errors = wrong.value.errors["scores"]
    assert list(errors[1]) == [field] if field else isinstance(errors, list)
    assert state_of(session, panel.review_of(session, expert)) == "scoring"
    assert session.scalars(select(WithheldValue)).all() == []


def test_a_declaration_names_every_bidder_and_a_tie_learnt_later_stops_the_scoring(session):
    panel = a_panel(session)
    expert = panel.seated(session)[0]
    number = panel.review_of(session, expert)
    with pytest.raises(InvalidInput):
        panel.move(session, number, "declare", expert, bidders=[{"bid": panel.bids[0], "relation": "none"}])
    panel.declared(session, expert)
    bidder = session.scalars(select(Bid.organization_id).order_by(Bid.case_id)).first()
    record_tie(session, person_id=expert.person_id, organization_id=bidder, kind="employment",
               from_on=local_day(REVIEW) - timedelta(days=100))
    session.commit()

    rows = [{"bid": bid, "criterion": CRITERION, "points": 50, "remark": None} for bid in panel.bids]
    with pytest.raises(MoveRefused) as refused:
        panel.move(session, number, "submit_scores", expert, scores=rows, opinion=None)
    assert codes(refused) == ["conflict"]


def test_silence_counts_as_agreement_and_dissent_stands_in_writing(session):
    panel = a_panel(session)
    seated = panel.seated(session)
    for expert in seated:
        panel.scored(session, expert)
    with pytest.raises(MoveRefused) as refused:
        panel.move(session, panel.package, "finish_review", panel.officer)
    assert codes(refused) == ["report_unsigned"]
    panel.move(session, panel.review_of(session, seated[0]), "dissent", seated[0], dissent="对第二名有不同意见。")

    later = REVIEW + timedelta(days=5)
    fire_due(session, later)
    panel.move(session, panel.package, "finish_review", panel.officer, at=later)

    stances = session.scalars(select(BidReview.stance).order_by(BidReview.position)).all()
    assert stances == ["dissented", "deemed", "deemed", "deemed", "deemed"]


def test_the_ranking_says_how_it_came_about(session):
    panel = a_ranked_package(session, prices=(90_000_00, 90_000_00, 45_000_00))
    rows = session.scalars(select(BidRanking).order_by(BidRanking.position)).all()

    # 80, 70, 60 of 100 count 90 %; the lowest price gets 10 points, twice the price 5.
    assert [(row.points, row.price_points) for row in rows] == [(7700, 500), (6800, 500), (6400, 1000)]
    assert rows[0].details == {
        "criteria": [{"title": CRITERION, "max": 100, "mean": 8000}], "experts": 5, "highest": 80, "lowest": 80,
        "price": {"fen": 90_000_00, "lowest_fen": 45_000_00, "weight_bp": 1000}, "exact": "77/1", "tie": None,
        "decisive": CRITERION,
    }
    assert review_mistakes(session, panel.tender.packages[0].id)[0] == []


@pytest.mark.parametrize("scored", [False, True])
def test_a_package_that_fails_under_review_cancels_the_reviews_and_tells_no_score(session, scored: bool):
    panel = a_panel(session)
    expert = panel.seated(session)[0]
    if scored:
        panel.scored(session, expert)

    panel.move(session, panel.package, "fail", panel.officer, ground="unlawful", reason="评审现场泄露信息。")

    assert {how for _person, how in seats(session)} == {"cancelled"}
    assert session.scalars(select(WithheldValue)).all() == []
    assert session.scalars(select(BidScore)).all() == []
    assert {state_of(session, bid) for bid in panel.bids} == {"lapsed"}


def test_a_changed_score_is_found_by_whoever_repeats_the_review(app, session):
    panel = a_scored_package(session)
    panel.move(session, panel.package, "finish_review", panel.officer)
    runner = app.test_cli_runner()
    fine = runner.invoke(group, ["draw", "verify", panel.package])
    assert fine.exit_code == 0 and "the ranking of 3 bids" in fine.output

    nothing = runner.invoke(group, ["draw", "verify", "CB26-0000-0000"])
    assert nothing.exit_code == 1


def test_history_of_a_review_holds_commitments_first_and_values_with_salts_later(session):
    panel = a_scored_package(session)
    review = panel.review_of(session, panel.seated(session)[0])
    query = select(History.trigger, History.body).join(Case, Case.id == History.case_id).where(Case.number == review)
    told = {row.trigger: json.loads(bytes(row.body))["data"] for row in session.execute(query)}

    assert list(told["submit_scores"]["scores"]) == ["$c"]
    assert [row["points"] for row in told["reveal"]["scores"]] == [80, 70, 60]
    assert {row["path"] for row in told["reveal"]["salts"]} == {"scores"}
