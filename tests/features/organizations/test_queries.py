"""The register is searched sign by sign and read page by page, one query for one row as for many."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.database.patterns import grams
from app.errors import InvalidInput
from app.extensions import db
from app.organizations.importing import import_register
from app.organizations.models import Organization
from app.organizations.queries import (
    count_organizations,
    name_contains,
    organization_json,
    organizations_page,
    profile_of,
)
from tests.builders_register import a_code, a_file, a_preparation
from tests.queries import counted

SIGNS = "北京市社会工作服务中心%_\\aA '会"
NAMES = st.text(alphabet=SIGNS, min_size=1, max_size=12).filter(lambda name: name.strip() == name and name)


@pytest.fixture
def register(session, now, tmp_path):
    """A register of organizations with these names."""

    def of(*names):
        rows = [f'"{name}",{a_code(number)}' for number, name in enumerate(names, start=1)]
        import_register(session, a_file(tmp_path, *rows, header="name,uscc"), now=now)

    return of


@pytest.fixture
def statements(app):
    """The statements that went to the database."""
    with counted() as seen:
        yield seen


def test_search_answers_as_like_would(session, now):
    names = ["北京市示例服务中心", "北京50%会", "北京_会", "a\\b会", "会", "AA会", "北京 会", "服务务服"]
    for name in names:
        a_preparation(session, now, name)
    session.commit()

    @settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(alphabet=SIGNS, min_size=1, max_size=6))
    def check(pattern):
        found = set(session.scalars(select(Organization.name).where(name_contains(pattern))))
        assert found == {name for name in names if pattern in name}

    check()


@given(NAMES, st.integers(0, 11), st.integers(1, 6))
def test_every_piece_of_a_name_is_among_the_pieces_of_the_name(name, start, length):
    pattern = name[start:start + length]
    if pattern:
        assert set(grams(pattern)) <= set(name) | {name[i:i + 2] for i in range(len(name) - 1)}


def test_search_uses_the_index(session, register):
    register(*(f"示例组织{number}" for number in range(50)))
    session.execute(text("SET LOCAL enable_seqscan = off"))
    query = select(Organization.id).where(name_contains("睿鲸"))
    compiled = query.compile(db.engine, compile_kwargs={"literal_binds": True})

    plan = "\n".join(session.scalars(text(f"EXPLAIN {compiled}".replace(":", "\\:"))))

    assert re.search(r"Bitmap Index Scan on ix_organizations_search", plan)


def test_the_list_is_read_page_by_page_and_every_row_once(session, register):
    register(*(f"示例组织{number}" for number in range(23)))

    seen, after, pages = [], None, 0
    while True:
        page = organizations_page(session, search="示例", after=after, limit=10)
        seen += [row.name for row in page.rows]
        pages += 1
        after = page.after
        if after is None:
            break

    assert (pages, len(seen), len(set(seen))) == (3, 23, 23)
    assert count_organizations(session, search="示例") == 23


@pytest.mark.parametrize("key", ["x", "-1", "1.5", "٣", "9" * 40])
def test_a_key_that_no_page_gave_is_refused(session, key):
    with pytest.raises(InvalidInput):
        organizations_page(session, after=key)


@pytest.mark.parametrize("rows", [1, 3, 30])
def test_a_page_is_one_query_however_many_rows(session, register, statements, rows):
    register(*(f"示例组织{number}" for number in range(rows)))
    statements.clear()

    assert len(organizations_page(session).rows) == rows
    assert len(statements) == 1


def test_an_organization_is_found_by_its_code_in_any_spelling(session, register):
    register("甲会", "乙会")

    found = organizations_page(session, search=f" {a_code(2).lower()[:8]} {a_code(2).lower()[8:]} ")

    assert [row.name for row in found.rows] == ["乙会"]


def test_who_only_prepares_is_not_in_the_register(session, now, register):
    register("甲会")
    organization = a_preparation(session, now, "筹备会")
    session.commit()

    assert [row.name for row in organizations_page(session).rows] == ["甲会"]
    assert profile_of(session, organization.id).row.standing == "in_preparation"


def test_an_organization_as_the_api_sends_it(session, register):
    register("甲会")
    row = organizations_page(session).rows[0]

    assert organization_json(row) == {
        "id": row.id, "name": "甲会", "name_en": None, "former_names": [], "uscc": a_code(1),
        "legal_type": "social_service",
        "standing": "known_from_list", "registered": False, "registered_on": None, "grade": None,
        "division": {"code": "110102", "zh": "西城区", "en": "Xicheng"},
    }
