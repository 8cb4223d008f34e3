"""Drafts: kept as typed, shared within an organization, never lost to a colleague and seen by nobody else."""

import io
import re
from html import unescape

import pytest
from sqlalchemy import text

from app.access.models import Person
from app.demo.building import one_page_pdf
from tests.builders import make_actor
from tests.builders_access import browser_of
from tests.queries import rows_in
from tests.typed import TYPED, fields_of, hand_in


def save(browser, page, **typed):
    return browser.post("/apply/loan", data={**fields_of(page), **TYPED, **typed, "_save": "1"})


@pytest.fixture
def colleague(desk):
    """The browser of somebody else of the same organization."""
    actor = make_actor(desk.session, "同事", ("staff", desk.district.organization.node_id))
    desk.session.commit()
    browser = browser_of(desk.app, desk.session, desk.session.get(Person, actor.person_id))
    browser.set_cookie("lang", "en")
    return browser


def test_a_draft_is_kept_as_typed_and_shared_within_the_organization(desk, staff, colleague):
    saved = save(staff, staff.get("/apply/loan").text, deposit_fen="hundred", day="")

    there = fields_of(colleague.get("/apply/loan").text)

    assert saved.status_code == 303
    assert (there["purpose"], there["deposit_fen"], there["day"]) == (TYPED["purpose"], "hundred", "")
    assert rows_in(desk.session, "cases") == 0
    assert "Draft saved" in colleague.get("/apply/loan").text
    assert 'href="/apply/loan' in colleague.get("/").text


def test_the_second_of_two_editors_gets_a_conflict_that_shows_both_versions(desk, staff, colleague):
    mine, theirs = staff.get("/apply/loan").text, colleague.get("/apply/loan").text
    save(colleague, theirs, purpose="同事写的用途")

    conflict = save(staff, mine, purpose="我写的用途")

    assert conflict.status_code == 409
    assert "我写的用途" in conflict.text and "同事写的用途" in conflict.text and "同事" in conflict.text
    assert fields_of(conflict.text)["purpose"] == "我写的用途"
    kept = desk.session.execute(text("SELECT data->>'purpose' FROM drafts")).scalar_one()
    assert kept == "同事写的用途"


def test_after_a_conflict_saving_again_replaces_the_other_version_knowingly(desk, staff, colleague):
    mine, theirs = staff.get("/apply/loan").text, colleague.get("/apply/loan").text
    save(colleague, theirs, purpose="同事写的用途")
    conflict = save(staff, mine, purpose="我写的用途")

    again = save(staff, conflict.text, purpose="我写的用途")

    assert again.status_code == 303
    desk.session.rollback()
    assert desk.session.execute(text("SELECT data->>'purpose' FROM drafts")).scalar_one() == "我写的用途"


def test_a_mistake_in_between_does_not_hide_what_a_colleague_saved(staff, colleague):
    mine = staff.get("/apply/loan").text
    save(colleague, colleague.get("/apply/loan").text, purpose="同事写的用途")
    with_mistake = staff.post("/apply/loan", data={**fields_of(mine), **TYPED, "day": ""})

    assert save(staff, with_mistake.text, purpose="我写的用途").status_code == 409


def test_a_script_saves_a_draft_and_is_told_of_a_conflict(staff, colleague):
    page = staff.get("/apply/loan").text
    href = unescape(re.search(r'data-draft="([^"]*)"', page).group(1))

    first = staff.post(href, data={**TYPED, "_draft_revision": "0"})
    second = staff.post(href, data={**TYPED, "_draft_revision": str(first.json["revision"])})
    late = colleague.post(href, data={**TYPED, "_draft_revision": "0"})

    assert (first.status_code, second.json["revision"], late.status_code) == (200, 2, 409)
    assert first.json["words"].startswith("Draft saved")


def test_handing_in_takes_the_draft_away(desk, staff):
    save(staff, staff.get("/apply/loan").text)
    assert rows_in(desk.session, "drafts") == 1

    hand_in(staff)

    assert rows_in(desk.session, "drafts") == 0


def test_nobody_else_sees_or_changes_a_draft_of_the_organization(desk, staff):
    page = staff.get("/apply/loan").text
    save(staff, page)
    href = unescape(re.search(r'data-draft="([^"]*)"', page).group(1))

    for role in ("registrar", "auditor", "cashier"):
        browser = desk.browser(role)
        assert TYPED["purpose"] not in browser.get("/apply/loan").text
        assert browser.post(href, data={**TYPED, "purpose": "fremd", "_draft_revision": "1"}).status_code == 404
    desk.session.rollback()
    assert desk.session.execute(text("SELECT data->>'purpose' FROM drafts")).scalar_one() == TYPED["purpose"]


def test_a_draft_of_a_move_belongs_to_those_who_may_make_it(seeded):
    number = seeded.cases("registration", "correcting")[0]
    staff = seeded.browser(seeded.user("bj-staff1"))
    address = f"/cases/{number}/do/answer_correction"
    typed = {"answers": "尚未写完的答复"}
    saved = staff.post(address, data={**fields_of(staff.get(address).text), **typed, "_save": "1"})

    assert saved.status_code == 303
    assert "尚未写完的答复" in staff.get(address).text
    for name in ("bj-registrar", "bj-auditor", "all-auditor"):
        browser = seeded.browser(seeded.user(name))
        looked = browser.get(address)
        posted = browser.post(address, data={})
        written = browser.post(f"/drafts/registration/answer_correction?case={number}", data={"answers": "fremd"})
        kept = browser.post(address, data={"answers": "fremd", "_save": "1"})
        assert [a.status_code for a in (looked, written, kept)] == [403, 403, 403], name
        assert posted.status_code in (403, 409, 422), name
        assert all("尚未写完的答复" not in a.text for a in (looked, posted, written, kept)), name
    assert "尚未写完的答复" in staff.get(address).text


def test_who_may_not_make_a_move_leaves_no_file_in_the_organizations_store(seeded):
    number = seeded.cases("registration", "correcting")[0]
    auditor = seeded.browser(seeded.user("bj-auditor"))
    before = seeded.rows("SELECT count(*) FROM documents")

    auditor.post(f"/cases/{number}/do/answer_correction", data={
        "_revision": "2", "documents-application-file": (io.BytesIO(one_page_pdf("x")), "x.pdf"),
    })

    assert seeded.rows("SELECT count(*) FROM documents") == before
