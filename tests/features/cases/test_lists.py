"""The lists of a city find, place by place, what plain conditions find in one go: the same rows in the same order."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import func, or_, select, text, update
from sqlalchemy.exc import ProgrammingError

from app.access.models import Account
from app.access.reach import holdings, visible_by
from app.cases import queries
from app.cases.models import Case
from app.cases.queries import FAR, find_cases, waiting_for, worklist, worklist_counts
from app.extensions import db
from benchmarks.filling import fill

LOGINS = ("registrar", "hub", "project", "finance", "auditor", "staff", "staff-0000001", "admin")
NOW = datetime.now(UTC)


@pytest.fixture
def held(app, common_database):
    """An invented city; returns what somebody holds, by login, with places by name or by path."""
    fill(common_database[1], 160, seed=1, deep=20)
    db.session.execute(update(Case).where(Case.id % 7 == 0, Case.closed_at.is_(None)).values(due_at=None))
    db.session.execute(update(Case).where(Case.id % 11 == 0).values(sealed=True))
    db.session.commit()

    def of(login, by_path):
        person = db.session.scalars(select(Account.person_id).where(Account.login == login)).one()
        found = holdings(db.session, person, NOW.date())
        if not by_path:
            return person, found
        return person, tuple(type(one)(**{**vars(one), "place_ids": None}) for one in found)

    return of


def test_lists_page_through_the_very_rows_that_plain_conditions_find(held) -> None:
    for login, by_path in product(LOGINS, (False, True)):
        person, mine = held(login, by_path)
        free = or_(Case.waits_person.is_(None), Case.waits_person == person)
        waiting = select(Case.id).where(Case.closed_at.is_(None), waiting_for(mine), free)
        expected = db.session.scalars(waiting.order_by(func.coalesce(Case.due_at, FAR), Case.id)).all()
        assert _all(lambda after, m=mine, p=person: worklist(db.session, m, p, after=after, limit=7)) == expected
        assert sum(worklist_counts(db.session, mine, person, NOW).values()) == len(expected)
        for open_only in (None, True, False):
            seen = select(Case.id).where(visible_by(mine, Case)).order_by(Case.id.desc())
            if open_only is not None:
                seen = seen.where(Case.closed_at.is_(None) if open_only else Case.closed_at.is_not(None))
            def find(after, m=mine, o=open_only):
                return find_cases(db.session, m, open_only=o, after=after)

            assert _all(find) == db.session.scalars(seen).all()
    _a_window_holds_what_is_due_in_it(*held("project", by_path=False))


def _a_window_holds_what_is_due_in_it(person, mine) -> None:
    """The open end of a window also holds what has no date."""
    middle = NOW + timedelta(days=10)
    whole = _all(lambda after: worklist(db.session, mine, person, after=after))
    early = _all(lambda after: worklist(db.session, mine, person, window=(None, middle), after=after, limit=5))
    late = _all(lambda after: worklist(db.session, mine, person, window=(middle, None), after=after, limit=5))
    assert early + late == whole
    assert early and late


def test_cases_are_found_by_any_piece_of_a_name_sign_by_sign_and_by_number(held, monkeypatch) -> None:
    """Whether they are named one by one from the index or filtered where the list reads them."""
    _person, mine = held("auditor", by_path=False)
    db.session.execute(text("UPDATE cases SET subject = '百%分_之\\百' WHERE id = (SELECT max(id) FROM cases)"))
    db.session.commit()
    lines = db.session.execute(text(
        "SELECT c.id, c.number, c.subject, coalesce(o.name, '') FROM cases c"
        " LEFT JOIN organizations o ON o.id = c.organization_id WHERE NOT c.sealed ORDER BY c.id DESC"
    )).all()
    names = [row[3] for row in lines if row[3]]
    wanted = {name[start:start + length] for name in names[:9] for start in (0, 4, 7) for length in range(1, 7)}
    finance, waits = held("finance", by_path=False)
    waiting = set(_all(lambda after: worklist(db.session, waits, finance, after=after)))
    pieces = [*sorted(wanted), "%", "_", "\\", "百%", "分_", "未见", "鲸"]
    for few, piece in product((queries.FEW, 3), pieces):
        monkeypatch.setattr(queries, "FEW", few)
        expected = [row[0] for row in lines if piece in row[2] or piece in row[3]]
        assert _all(lambda after, p=piece: find_cases(db.session, mine, search=p, after=after)) == expected, piece
        found = _all(lambda after, p=piece: worklist(db.session, waits, finance, search=p, after=after))
        assert set(found) == waiting & set(expected), piece

    number = db.session.scalars(select(Case.number).where(Case.sealed.is_(False)).limit(1)).one()
    for typed in (number, number.lower(), number.replace("-", ""), f" {number} "):
        assert [line.number for line in find_cases(db.session, mine, search=typed).rows] == [number]


def test_what_is_searched_is_always_the_case_s_own_subject(held) -> None:
    differing = text(
        "SELECT count(*) FROM cases c LEFT JOIN case_subjects s ON s.case_id = c.id"
        " WHERE coalesce(s.subject, '') <> c.subject"
    )
    newest = select(func.max(Case.id)).scalar_subquery()
    for subject in ("改过的名称", "", "又一名称"):
        db.session.execute(update(Case).where(Case.id == newest).values(subject=subject))
        db.session.commit()
        assert db.session.scalar(differing) == 0
    db.session.execute(update(Case).where(Case.id == newest).values(subject="没有写下"))
    db.session.rollback()
    assert db.session.scalar(differing) == 0
    assert db.session.scalar(text("SELECT count(*) FROM case_subjects")) > 0


def test_nobody_writes_what_is_searched_past_the_case(held) -> None:
    for statement in ("UPDATE case_subjects SET subject = '别名'", "DELETE FROM case_subjects",
                      "INSERT INTO case_subjects (case_id, subject) SELECT max(id), 'x' FROM cases"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            db.session.execute(text(statement))
        db.session.rollback()


def _all(page) -> list[int]:
    """Turn page after page and return the ids in the order shown."""
    ids: list[int] = []
    after = None
    while True:
        found: queries.Page = page(after)
        ids += [line.id for line in found.rows]
        after = found.after
        if after is None:
            return ids
