"""Recusal: who steps out finds no trace, the seat is filled again, and the applicant never sees the panel."""

import pytest
from sqlalchemy import select, text

from app.access.models import Person
from app.access.reach import holdings, visible_cases
from app.cases.models import Case
from app.cases.queries import worklist
from app.cases.reading import read_case
from app.clock import SHANGHAI
from app.errors import CaseNotFound, MoveRefused
from app.organizations.ties import ties_to
from tests.builders_access import apart, browser_of, token_of
from tests.builders_incubation import a_base, a_panel, apply, move, named, review_of, score


@pytest.fixture
def base(session, now):
    return a_base(session, now)


@pytest.fixture
def number(session, base):
    number = apply(session, base).number
    a_panel(session, base, number)
    return number


def seen_by(session, base, actor):
    """Return the kinds of the cases that the person may see, in order."""
    on = base.now.astimezone(SHANGHAI).date()
    query = select(Case.kind).where(visible_cases(session, actor.person_id, on, Case)).order_by(Case.id)
    return session.scalars(query).all()


def test_an_expert_sees_the_own_review_first_and_the_application_after_declaring(session, base, number):
    expert = base.experts[0]
    assert seen_by(session, base, expert) == ["incubation_review"]

    move(session, base, review_of(session, number, expert), "declare", expert)

    assert seen_by(session, base, expert) == ["incubation", "incubation_review"]


@pytest.mark.parametrize("declared", [False, True])
def test_who_recuses_finds_no_trace_of_either_case(session, base, number, declared):
    expert = base.experts[0]
    review = review_of(session, number, expert)
    if declared:
        move(session, base, review, "declare", expert)
    move(session, base, review, "recuse", expert)

    assert seen_by(session, base, expert) == []
    on = base.now.astimezone(SHANGHAI).date()
    held = holdings(session, expert.person_id, on)
    assert worklist(session, held, expert.person_id).rows == []
    for hidden in (review, number):
        with pytest.raises(CaseNotFound):
            move(session, base, hidden, "recuse" if hidden == review else "withdraw", expert)


def test_the_seat_is_open_until_the_operator_names_another(session, base, number):
    expert, other = base.experts[0], base.experts[3]
    move(session, base, review_of(session, number, expert), "recuse", expert)
    case = read_case(session.connection(), number)
    assert case.state == "seat_open"
    assert session.scalar(select(Case.waits_role).where(Case.number == number)) == "incubator_operator"

    for again in (expert, base.experts[1]):
        with pytest.raises(MoveRefused) as refused:
            move(session, base, number, "name_expert", base.operator, experts=named(again))
        assert refused.value.reasons[0]["code"] == "seated_before"
    move(session, base, number, "name_expert", base.operator, experts=named(other))
    for judge in (*base.experts[1:3], other):
        score(session, base, number, judge)

    assert read_case(session.connection(), number).state == "scored"


def test_scores_may_come_in_while_a_seat_is_open(session, base, number):
    move(session, base, review_of(session, number, base.experts[0]), "recuse", base.experts[0])
    for judge in base.experts[1:3]:
        score(session, base, number, judge)
    assert read_case(session.connection(), number).state == "seat_open"

    move(session, base, number, "name_expert", base.operator, experts=named(base.experts[4]))
    score(session, base, number, base.experts[4])

    assert read_case(session.connection(), number).state == "scored"


def test_a_declared_ground_is_a_tie_from_then_on_and_another_reason_is_none(session, base, number):
    first, second = base.experts[:2]
    move(session, base, review_of(session, number, first), "recuse", first, ground="kinship")
    move(session, base, review_of(session, number, second), "recuse", second, ground="other")

    known = ties_to(session, base.organization_id, [first.person_id, second.person_id])
    assert [tie.kind for tie in known[first.person_id]] == ["kinship"]
    assert known[second.person_id] == ()


def test_an_expert_who_is_relieved_sees_nothing_any_more(session, base, number):
    expert = base.experts[1]
    move(session, base, number, "relieve_expert", base.operator, expert=expert.person_id)

    assert read_case(session.connection(), number).state == "seat_open"
    assert seen_by(session, base, expert) == []


def test_the_applicant_never_sees_a_review_nor_who_sits(session, base, number):
    assert seen_by(session, base, base.staff) == ["incubation"]
    body = session.execute(text(
        "SELECT convert_from(h.body, 'UTF8') FROM history h JOIN cases c ON c.id = h.case_id"
        " WHERE c.number = :number AND h.trigger = 'pass_preliminary'"
    ), {"number": number}).scalar_one()
    assert '"person":{"$c":' in body


def person_of(session, actor):
    return session.get(Person, actor.person_id)


def test_over_http_a_recusal_leads_away_and_the_review_is_then_not_there(app, session, base, number):
    expert = base.experts[0]
    review = review_of(session, number, expert)
    client = browser_of(app, session, person_of(session, expert))
    page = apart(client.get, f"/cases/{review}?lang=en")
    assert page.status_code == 200 and "Recuse yourself" in page.text
    assert apart(client.get, f"/cases/{number}").status_code == 404

    answer = apart(client.post, f"/cases/{review}", data={
        "trigger": "recuse", "recuse-ground": "mentoring", "recuse-reason": "曾辅导该单位。", "_revision": "1",
        "_key": "recuse-1",
    })

    assert answer.status_code == 303
    assert apart(client.get, answer.headers["Location"]).status_code == 200
    for path in (f"/cases/{review}", f"/cases/{number}", f"/api/v1/cases/{review}"):
        assert apart(client.get, path).status_code == 404
    assert review not in apart(client.get, "/worklist").text


def test_over_json_the_sheet_comes_with_its_criteria_and_is_scored(app, session, base, number):
    expert = base.experts[0]
    review = review_of(session, number, expert)
    headers = token_of(session, person_of(session, expert))
    client = app.test_client()
    for trigger in ("declare", "submit_scores"):
        case = apart(client.get, f"/api/v1/cases/{review}", headers=headers).json
        assert case["waits_for"]["person"] == expert.person_id
        (move_,) = [move_ for move_ in case["allowed"] if move_["trigger"] == trigger]
        answer = apart(
            client.post, f"/api/v1/cases/incubation_review/{review}/{trigger}",
            headers={**headers, "Idempotency-Key": trigger},
            json={"data": move_["example"], "revision": case["revision"]},
        )
        assert answer.status_code == 200, answer.text

    assert answer.json["state"] == "submitted"


def test_the_page_of_the_sheet_has_every_criterion_on_it(app, session, base, number):
    expert = base.experts[0]
    review = review_of(session, number, expert)
    move(session, base, review, "declare", expert)

    page = apart(browser_of(app, session, person_of(session, expert)).get, f"/cases/{review}/do/submit_scores?lang=en")

    assert page.status_code == 200
    assert page.text.count('selected value="') >= 7
