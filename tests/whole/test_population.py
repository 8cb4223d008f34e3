"""What the benchmarks measure on is what the product would have written: a small one verifies whole."""

from datetime import UTC, datetime

from sqlalchemy import text

from app.audit.checking import check_everything
from app.extensions import db
from benchmarks.filling import fill
from benchmarks.invented import District, Ids, Invention, Rules

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PEOPLE = {"registrar": 1, "hub_officer": 2, "project_officer": 3, "finance_officer": 4}
# Of the kinds that are invented; in the demo beside them a contract may wait for nobody but the calendar.
OPEN = """SELECT count(*) FILTER (WHERE closed_at IS NULL), count(waits_role) FROM cases
           WHERE kind IN ('registration', 'affiliation', 'payment')"""


def test_an_invented_population_links_balances_and_waits_for_somebody(app, common_database) -> None:
    fill(common_database[1], 60, seed=1, deep=20)
    with db.engine.connect() as connection:
        found = check_everything(connection, public_key=None, store=None)
    assert found.problems == []
    assert db.session.execute(text("SELECT count(*) > 60 FROM organizations")).scalar_one()
    still_open, waiting = db.session.execute(text(OPEN)).one()
    assert still_open == waiting > 180


def test_the_same_seed_invents_the_same_rows_and_another_seed_others() -> None:
    assert _invented(seed=1) == _invented(seed=1)
    assert _invented(seed=1) != _invented(seed=2)


def _invented(seed: int) -> dict[str, list[tuple[object, ...]]]:
    district = District("110102", "西城区", 2, "/1/2/", 3, 4, 5, PEOPLE)
    waits = dict.fromkeys(("submitted", "correcting", "accepted", "expert_review", "approved", "applied", "returned",
                           "business_checked", "finance_checked"), "registrar")
    rules = Rules("d.v1", "base", 1, None, "p", waits, {}, frozenset({"registered", "withdrawn", "refused"}))
    kinds = dict.fromkeys(("registration", "affiliation", "payment"), rules)
    invention = Invention([district], kinds, Ids(), seed, NOW)
    for number in range(5):
        invention.organization(number)
    return dict(invention.rows)
