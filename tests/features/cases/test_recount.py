"""A due date counted without a published calendar is provisional, and is counted anew when the calendar comes."""

from datetime import UTC, datetime

from sqlalchemy import text

from app.cases.perform import perform
from app.cases.recount import recount_provisional
from tests.builders import make_district
from tests.features.cases.test_perform import ASK
from tests.fourth_kind import loan_kind


def test_a_provisional_due_date_is_counted_anew_and_the_case_follows(session, now):
    with loan_kind():
        district = make_district(session)
        answer = perform(
            session, kind="loan", trigger="ask", actor=district.actors["staff"], data=ASK, key="k", now=now
        )
        # As it would stand if the holidays of this year had been unknown when it was counted.
        wrong = datetime(2026, 3, 20, 16, tzinfo=UTC)
        session.execute(text("UPDATE clocks SET provisional = true, due_at = :due"), {"due": wrong})
        session.execute(text("UPDATE cases SET due_at = :due"), {"due": wrong})
        session.commit()

        changed = recount_provisional(session)

        clock = session.execute(text("SELECT due_at, provisional FROM clocks")).one()
        case = session.execute(text("SELECT due_at, revision FROM cases WHERE number = :n"), {"n": answer.number}).one()
        assert changed == 1
        assert (clock.due_at.isoformat(), clock.provisional) == ("2026-03-09T16:00:00+00:00", False)
        assert (case.due_at, case.revision) == (clock.due_at, 1)


def test_a_year_without_a_calendar_stays_provisional(session):
    later = datetime(2031, 3, 3, 1, tzinfo=UTC)
    with loan_kind():
        district = make_district(session)
        perform(session, kind="loan", trigger="ask", actor=district.actors["staff"],
                data={**ASK, "day": "2031-03-20"}, key="k", now=later)

        assert recount_provisional(session) == 0
        assert session.execute(text("SELECT provisional FROM clocks")).scalar_one() is True
