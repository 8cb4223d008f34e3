"""The file of an organization: every part from its feature, each reader only what is theirs."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app.access.models import Person
from app.access.reach import holdings
from app.cases.timeline import happened_to
from app.ledger.models import BudgetLine
from app.organizations.file import Entry, Part, Reader, chapters, file_part, forget_part
from app.organizations.models import RegisterDecision
from tests.builders import make_actor, make_district, make_organization
from tests.builders_access import apart, browser_of
from tests.builders_payments import MORNING, a_contract, a_payment, a_project, move
from tests.fourth_kind import loan_kind
from tests.queries import counted
from tests.whole.test_query_counts import loans


@pytest.fixture
def look(app, session):
    def looking(actor, address, language="en", status=200):
        browser = browser_of(app, session, session.get(Person, actor.person_id))
        browser.set_cookie("lang", language)
        answer = apart(browser.get, address)
        assert answer.status_code == status, address
        return answer.text

    return looking


def test_a_feature_adds_a_part_without_a_line_of_door_code(session, look):
    place = make_district(session)

    @file_part("gardens", "projects", 99)
    def gardens(_session, organization_id, reader):
        return Part("Gardens", "no garden", (Entry(f"Garden of {organization_id}", amount_fen=12_34),)) if reader.own \
            else None

    try:
        own = look(place.actors["staff"], f"/organizations/{place.organization.id}")
        others = look(place.actors["registrar"], f"/organizations/{place.organization.id}")
    finally:
        forget_part("gardens")

    assert f"Garden of {place.organization.id}" in own and "12.34" in own
    assert "Gardens" not in others


def test_its_own_people_are_told_what_is_not_there_and_what_to_do_next(session, look):
    place = make_district(session)

    page = look(place.actors["staff"], f"/organizations/{place.organization.id}")

    for words, address in (
        ("No registration is known to us", f"/apply/registration?organization={place.organization.id}"),
        ("It belongs to no hub organization", "/hubs"), ("It has applied to no incubator", "/incubators"),
    ):
        assert words in page and f'href="{address}"' in page
    for words in ("It has bid for no package", "It has signed no contract", "No payment has reached it yet",
                  "It was ordered to put nothing right", "Nothing was handed in yet"):
        assert words in page


def test_others_are_not_told_that_they_may_not_see_something(session, look):
    project = a_project(session)
    a_payment(session, project)
    registrar = look(project.actors["registrar"], f"/organizations/{project.place.organization.id}")

    for words in ("Contracts", "Money received", "Bids", "Papers that can be used again", project.contract_number):
        assert words not in registrar


@pytest.mark.parametrize("role", ["staff", "finance_officer", "auditor"])
def test_contracts_instalments_and_money_stand_for_who_pays_and_who_is_paid(session, look, role):
    project = a_project(session)
    number = a_payment(session, project)

    page = look(project.actors[role], f"/organizations/{project.place.organization.id}")

    assert f'href="/contracts/{project.contract_id}"' in page and "100,000.00" in page
    assert f'href="/cases/{number}"' in page
    assert ("/apply/payment?" in page) == (role == "staff")


def test_what_its_people_may_open_is_offered_and_no_offices_work(session, look):
    project = a_project(session)

    address = f"/organizations/{project.place.organization.id}"
    named = set(re.findall(r'href="/(?:guide|apply)/(\w+)', look(project.actors["staff"], "/")))

    assert 'href="/#services"' in look(project.actors["staff"], address)
    assert 'href="/#services"' not in look(project.actors["auditor"], address)
    assert "payment" in named
    assert not named & {"call", "plan", "programme", "opening_key", "package", "evaluation", "rectification"}


def sealed_bid(session, place):
    """Make the one case of the organization a sealed one with a bid row, as a bid before its opening is."""
    number = loans(session, place, 1)[0]
    session.execute(text("UPDATE cases SET sealed = true WHERE number = :number"), {"number": number})
    session.commit()
    return number


def test_a_sealed_case_is_in_the_file_of_its_own_people_only(session, look):
    with loan_kind():
        place = make_district(session)
        number = sealed_bid(session, place)
        pages = {
            role: look(place.actors[role], f"/organizations/{place.organization.id}{end}")
            for role in ("staff", "registrar", "auditor") for end in ("", "/timeline")
        }

    assert {role: number in page for role, page in pages.items()} == {
        "staff": True, "registrar": False, "auditor": False,
    }


def test_the_timeline_pages_by_key_over_all_cases_and_holds_every_move_once(session, look):
    project = a_project(session)
    number = a_payment(session, project, until="approved")
    for _n in range(3):
        move(session, project, number, "suspend")
        move(session, project, number, "resume")
    held = holdings(session, project.actors["auditor"].person_id, MORNING.date())
    seen, before = [], None
    while True:
        page = happened_to(session, held, project.place.organization.id, before=before, limit=4)
        seen += [(one.case_id, one.sequence) for one in page.rows]
        before = page.after
        if before is None:
            break

    moves = session.execute(text("SELECT count(*) FROM history")).scalar_one()
    assert len(seen) == len(set(seen)) == moves == 10
    text_ = look(project.actors["auditor"], f"/organizations/{project.place.organization.id}/timeline")
    assert f'href="/cases/{number}#move-10"' in text_


def test_a_link_to_a_move_leads_to_the_page_of_the_case_that_holds_it(session, look, monkeypatch):
    project = a_project(session)
    number = a_payment(session, project, until="approved")
    for _n in range(3):
        move(session, project, number, "suspend")
        move(session, project, number, "resume")
    monkeypatch.setattr("app.doors.case_view.MOST_MOVES", 4)
    auditor = project.actors["auditor"]
    timeline = look(auditor, f"/organizations/{project.place.organization.id}/timeline")

    for n in range(1, 11):
        address, _hash, anchor = next(
            each for each in re.findall(r'href="(/cases/[^"#]+)(#)(move-\d+)"', timeline) if each[2] == f"move-{n}"
        )
        assert f'id="{anchor}"' in look(auditor, address)


def test_a_stranger_finds_no_move_of_it(session, look):
    project = a_project(session)
    number = a_payment(session, project)
    other = make_organization(session, project.place.district, "别的中心（示例）")
    stranger = make_actor(session, "示例外人", ("staff", other.node_id))
    session.commit()

    for end in ("", "/timeline"):
        page = look(stranger, f"/organizations/{project.place.organization.id}{end}", status=200)
        assert number not in page and project.contract_number not in page


def test_the_timeline_of_one_that_only_prepares_is_not_there_for_strangers(session, look):
    place = make_district(session)
    other = make_organization(session, place.district, "别的中心（示例）")
    stranger = make_actor(session, "示例外人", ("staff", other.node_id))
    session.execute(text("UPDATE organizations SET known_from = 'self'"))
    session.commit()

    for end in ("", "/timeline", "/timeline?before=x,y,z"):
        look(stranger, f"/organizations/{place.organization.id}{end}", status=404)


def test_a_penalty_stands_among_what_is_against_it(session, look):
    place = make_district(session)
    session.add(RegisterDecision(
        organization_id=place.organization.id, doc_no="示民罚〔2025〕1号", doc_no_printed="示民罚〔2025〕1号",
        decided_on=datetime(2025, 5, 1, tzinfo=UTC).date(), authority="示例民政局", category="penalty",
        name_printed="晨光社区服务中心（示例）",
    ))
    session.commit()

    page = look(place.actors["registrar"], f"/organizations/{place.organization.id}")

    assert page.count("示民罚〔2025〕1号") == 2  # among the decisions, and against it
    assert "No published decision stands against it" not in page


def test_three_entries_of_a_part_stand_open_and_the_others_are_one_press_away(session, look):
    place = make_district(session)

    @file_part("gardens", "projects", 99)
    def gardens(_session, _organization_id, _reader):
        return Part("Gardens", "no garden", tuple(Entry(f"Garden {n}") for n in range(1, 6)))

    try:
        page = look(place.actors["registrar"], f"/organizations/{place.organization.id}")
    finally:
        forget_part("gardens")

    shown, _summary, folded = page.partition("2 more")
    assert [f"Garden {n}" in shown for n in range(1, 6)] == [True, True, True, False, False]
    assert [f"Garden {n}" in folded for n in range(1, 6)] == [False, False, False, True, True]
    assert "<details" in shown.rpartition("Garden 3")[2]


def test_what_is_under_way_stands_first_and_what_is_closed_is_folded(session, look):
    with loan_kind():
        place = make_district(session)
        first, second = loans(session, place, 2)
        session.execute(
            text("UPDATE cases SET closed_at = opened_at, waits_role = NULL, waits_node = NULL, due_at = NULL"
                 " WHERE number = :number"), {"number": first},
        )
        session.commit()
        page = look(place.actors["registrar"], f"/organizations/{place.organization.id}")

    under_way, _heading, history = page.partition('id="history"')
    assert second in under_way and first not in under_way
    assert first in history.partition("Closed cases 1")[2]


def test_nobodys_telephone_account_or_identity_number_stands_in_the_file(session, look):
    with loan_kind():
        place = make_district(session)
        loans(session, place, 1)
        for role in ("staff", "registrar", "auditor"):
            for end in ("", "/timeline"):
                page = look(place.actors[role], f"/organizations/{place.organization.id}{end}")
                assert "13800001234" not in page


def test_a_long_life_takes_as_many_questions_as_a_short_one(session, look):
    project = a_project(session)
    number = a_payment(session, project, until="approved")
    line = session.get(BudgetLine, project.line_id)
    address = f"/organizations/{project.place.organization.id}"

    def asked(role):
        look(project.actors[role], address)
        with counted() as sent:
            look(project.actors[role], address)
        return len(sent)

    short = {role: asked(role) for role in ("staff", "auditor")}
    for _n in range(9):
        a_contract(session, project.place, line, 1_000_00)
        move(session, project, number, "suspend")
        move(session, project, number, "resume")
    session.commit()

    assert {role: asked(role) for role in ("staff", "auditor")} == short
    assert max(short.values()) <= 45


def test_every_part_is_told_in_chinese_without_a_word_of_english(app, session):
    place = make_district(session)
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        reader = Reader(holdings(session, place.actors["staff"].person_id, MORNING.date()), True, MORNING.date())
        told = chapters(session, place.organization.id, reader)

    words = [chapter["title"] for chapter in told]
    words += [each for chapter in told for part in chapter["parts"] for each in (part.title, part.empty)]
    assert len(told) == 6 and not [each for each in words if re.search(r"[A-Za-z]", each)]


def test_who_types_a_code_reads_whose_it_is_before_anything_is_handed_in(session, look):
    place = make_district(session)
    code = "52110102MJ00000018"
    session.execute(text("UPDATE organizations SET uscc = :code"), {"code": code})
    session.commit()
    name = place.organization.name

    known = look(place.actors["registrar"], f"/apply/restriction?organization_code={code}")
    unknown = look(place.actors["registrar"], "/apply/restriction?organization_code=52110102MJ00000099")

    assert f'<a href="/organizations/{place.organization.id}">{name}</a>' in known
    assert name not in unknown
