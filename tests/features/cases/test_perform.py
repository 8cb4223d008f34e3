"""One way for every move: what perform() promises, shown on a throw-away kind."""

import json
from datetime import date, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.cases import numbers
from app.cases.due import fire_due
from app.cases.kinds import opening_node
from app.cases.move import FollowOn
from app.cases.perform import perform
from app.errors import CaseNotFound, InvalidInput, KeyReused, MoveRefused, StaleRevision
from tests.builders import make_actor, make_district, make_organization
from tests.fourth_kind import loan_kind

ASK = {"purpose": "居民议事会", "day": "2026-03-20", "phone": "13800001234", "deposit_fen": 10000, "documents": []}


@pytest.fixture
def kind():
    with loan_kind():
        yield


@pytest.fixture
def district(session, kind):
    return make_district(session)


def opened(session, district, now, key="k1", **data):
    return perform(
        session, kind="loan", trigger="ask", actor=district.actors["staff"], data={**ASK, **data}, key=key, now=now
    )


def lend(session, district, number, now, revision=1, key="k2", actor=None):
    return perform(
        session, kind="loan", number=number, trigger="lend", actor=actor or district.actors["registrar"],
        data={}, revision=revision, key=key, now=now,
    )


def rows(session, table):
    return session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_opening_returns_number_state_revision_and_a_receipt_that_is_the_hash_of_the_body(session, district, now):
    answer = opened(session, district, now)

    history = session.execute(text("SELECT body, hash, prev FROM history")).one()
    assert (answer.state, answer.revision, answer.replayed) == ("asked", 1, False)
    assert answer.receipt == f"{answer.number}:1:{sha256(bytes([0]) + bytes(history.body)).hexdigest()}"
    assert bytes(history.prev) == b""
    assert json.loads(history.body)["trigger"] == "ask"


def test_a_case_takes_its_place_its_wait_and_its_clock_from_the_definition(session, district, now):
    answer = opened(session, district, now)

    case = session.execute(text("SELECT * FROM cases WHERE number = :n"), {"n": answer.number}).mappings().one()
    assert (case["waits_role"], case["waits_node"]) == ("registrar", district.district.id)
    assert case["subject"] == "借用会议室：居民议事会"
    assert case["due_at"].isoformat() == "2026-03-09T16:00:00+00:00"  # five working days, 24:00 in Shanghai


def test_personal_values_enter_history_only_as_commitments(session, district, now):
    opened(session, district, now)

    body = bytes(session.execute(text("SELECT body FROM history")).scalar_one())
    kept = session.execute(text("SELECT path, salt, value FROM personal_values")).one()
    assert b"13800001234" not in body
    assert (kept.path, kept.value) == ("phone", "13800001234")
    assert json.loads(body)["data"]["phone"] == {
        "$c": sha256(bytes(kept.salt) + b'"13800001234"').hexdigest()
    }


def test_the_same_key_gets_the_same_answer_and_one_effect(session, district, now):
    first = opened(session, district, now)
    again = opened(session, district, now)

    assert (again.receipt, again.replayed) == (first.receipt, True)
    assert rows(session, "cases") == 1


def test_the_same_key_with_other_content_is_refused(session, district, now):
    opened(session, district, now)

    with pytest.raises(KeyReused):
        opened(session, district, now, purpose="别的用途")
    assert rows(session, "cases") == 1


def test_a_stale_revision_is_answered_before_rights_and_input(session, district, now):
    number = opened(session, district, now).number

    with pytest.raises(StaleRevision) as stale:
        perform(session, kind="loan", number=number, trigger="lend", actor=district.actors["auditor"],
                data={"nonsense": 1}, revision=7, key="k9", now=now)
    assert stale.value.revision == 1
    assert rows(session, "history") == 1


def test_someone_out_of_reach_gets_the_answer_of_a_case_that_does_not_exist(session, district, now):
    number = opened(session, district, now).number
    stranger = make_actor(session, "外人")
    session.commit()

    with pytest.raises(CaseNotFound):
        lend(session, district, number, now, actor=stranger)
    with pytest.raises(CaseNotFound):
        lend(session, district, "JY26-0000-0000", now, actor=stranger)
    assert rows(session, "attempts") == 0


def test_a_refused_attempt_is_recorded_with_its_reasons_and_changes_nothing_else(session, district, now):
    number = opened(session, district, now).number
    before = session.execute(text("SELECT state, revision, head FROM cases")).one()

    with pytest.raises(MoveRefused) as refused:
        lend(session, district, number, now, actor=district.actors["auditor"])

    attempt = session.execute(text("SELECT trigger, state, code, reasons FROM attempts")).one()
    assert refused.value.reasons[0]["code"] == "role_missing"
    assert (attempt.trigger, attempt.state, attempt.code) == ("lend", "asked", "role_missing")
    assert session.execute(text("SELECT state, revision, head FROM cases")).one() == before
    assert rows(session, "history") == 1


def test_bad_input_names_the_field_and_leaves_nothing(session, district, now):
    with pytest.raises(InvalidInput) as invalid:
        opened(session, district, now, deposit_fen=0, day="20 March")

    assert set(invalid.value.errors) == {"deposit_fen", "day"}
    assert (rows(session, "cases"), rows(session, "attempts"), rows(session, "idempotency_keys")) == (0, 0, 0)


def test_a_failure_in_the_effect_leaves_nothing(session, now):
    def fail(move):
        move.session.execute(text("INSERT INTO reads (at, person_id, subject, what) VALUES (now(), 1, 'x', 'y')"))
        raise RuntimeError("half-way")

    with loan_kind({"lend": fail}):
        district = make_district(session)
        number = opened(session, district, now).number

        with pytest.raises((RuntimeError, DBAPIError)):
            lend(session, district, number, now)

        assert (rows(session, "history"), rows(session, "idempotency_keys"), rows(session, "reads")) == (1, 1, 0)
        assert session.execute(text("SELECT state FROM cases")).scalar_one() == "asked"


def test_each_move_links_to_the_one_before(session, district, now):
    number = opened(session, district, now).number
    lend(session, district, number, now)

    first, second = session.execute(text("SELECT hash, prev, body FROM history ORDER BY sequence")).all()
    assert bytes(second.prev) == bytes(first.hash)
    assert session.execute(text("SELECT head FROM cases")).scalar_one() == second.hash


def test_a_clock_that_is_due_moves_the_case_as_of_its_due_time_however_late(session, district, now):
    number = opened(session, district, now).number

    fired = fire_due(session, now + timedelta(days=30))

    step = session.execute(text("SELECT trigger, at, person_id, role FROM history WHERE sequence = 2")).one()
    assert fired == 1
    assert (step.trigger, step.person_id, step.role) == ("lend_by_silence", None, "system")
    assert step.at.isoformat() == "2026-03-09T16:00:00+00:00"
    assert fire_due(session, now + timedelta(days=30)) == 0
    assert session.execute(text("SELECT state FROM cases WHERE number = :n"), {"n": number}).scalar() == "lent"


def test_a_move_that_comes_after_the_due_time_finds_the_case_already_moved(session, district, now):
    number = opened(session, district, now).number

    with pytest.raises(StaleRevision) as stale:
        lend(session, district, number, now + timedelta(days=30))

    assert stale.value.revision == 2
    assert session.execute(text("SELECT trigger FROM history WHERE sequence = 2")).scalar() == "lend_by_silence"


def test_a_draft_is_removed_by_the_move_that_takes_it(session, district, now):
    session.execute(
        text("INSERT INTO drafts (holder_node_id, kind, trigger, data, revision, updated_at, updated_by)"
             " VALUES (:node, 'loan', 'ask', '{}', 1, :now, :person)"),
        {"node": district.organization.node_id, "now": now, "person": district.actors["staff"].person_id},
    )
    session.commit()

    opened(session, district, now)

    assert rows(session, "drafts") == 0


def test_true_names_no_organization_though_it_equals_one(session, district, now, monkeypatch):
    monkeypatch.setattr(numbers, "own_organizations", lambda *_: [1])

    with pytest.raises(InvalidInput) as invalid:
        opened(session, district, now, organization=True)
    assert set(invalid.value.errors) == {"organization"}


def placed_at(district):
    """Register where loans happen; return the list of what was known when it was asked."""
    asked = []

    @opening_node("loan")
    def place(session, organization_id, data):
        asked.append(data)
        return district.district.id

    return asked


def test_the_input_of_an_opening_is_read_before_anybody_looks_where_it_belongs(session, district, now):
    asked = placed_at(district)
    foreign = make_organization(session, district.district, "邻居社区服务中心（示例）")
    session.commit()

    answers = []
    for organization in (foreign.id, 10**9, None):
        with pytest.raises(InvalidInput) as invalid:
            opened(session, district, now, deposit_fen=0, organization=organization)
        answers.append(set(invalid.value.errors))

    # A bad deposit is told to everybody alike, and nothing of an organization that is another's or nobody's.
    assert (answers, asked) == ([{"deposit_fen"}] * 3, [])
    with pytest.raises(CaseNotFound):
        opened(session, district, now, organization=foreign.id)
    assert (rows(session, "cases"), rows(session, "attempts")) == (0, 0)


def test_what_places_an_opening_gets_what_the_schema_took(session, district, now):
    asked = placed_at(district)

    opened(session, district, now, purpose="  居民议事会 ")

    assert [(data["purpose"], data["day"]) for data in asked] == [("居民议事会", date(2026, 3, 20))]


def test_an_opening_by_somebody_without_the_role_is_an_attempt_once_its_input_is_good(session, district, now):
    placed_at(district)
    ask = {"kind": "loan", "trigger": "ask", "actor": district.actors["auditor"], "key": "k1", "now": now}

    with pytest.raises(InvalidInput):
        perform(session, **ask, data={**ASK, "deposit_fen": 0})
    assert rows(session, "attempts") == 0
    with pytest.raises(MoveRefused) as refused:
        perform(session, **ask, data=ASK)

    attempt = session.execute(text("SELECT case_id, kind, trigger, state, code FROM attempts")).one()
    assert refused.value.reasons[0]["code"] == "role_missing"
    assert attempt == (None, "loan", "ask", None, "role_missing")
    assert rows(session, "cases") == 0


def test_a_move_whose_follow_on_move_is_refused_is_refused_with_its_reasons_and_nothing_of_either_stays(session, now):
    def also_bring_back(move):
        return [FollowOn("loan", "bring_back", number=move.case.number)]

    with loan_kind({"lend": also_bring_back}):
        district = make_district(session)
        number = opened(session, district, now).number

        with pytest.raises(MoveRefused) as refused:
            lend(session, district, number, now)

        [reason] = refused.value.reasons
        attempt = session.execute(text("SELECT trigger, code, state FROM attempts")).one()
        assert tuple(attempt) == ("lend", reason["code"], "asked")
        assert session.execute(text("SELECT state, revision FROM cases")).one() == ("asked", 1)
        assert rows(session, "history") == 1


def test_the_input_of_a_case_that_a_move_opens_is_read_before_it_is_placed(session, now):
    odd = FollowOn("loan", "ask", data={**ASK, "deposit_fen": 0})
    with loan_kind({"lend": lambda move: [odd]}):
        district = make_district(session)
        number = opened(session, district, now).number
        asked = placed_at(district)

        with pytest.raises(InvalidInput):
            lend(session, district, number, now)

    assert (asked, rows(session, "cases"), rows(session, "history")) == ([], 1, 1)
