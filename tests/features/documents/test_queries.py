"""Who may read which paper, and which papers can be used again?"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from app.access.models import Person
from app.access.reach import holdings
from app.documents.models import CaseDocument, Document
from app.documents.queries import (
    documents_of_case,
    filled_slots,
    genuine,
    may_read,
    may_upload_for,
    readable_document,
    reusable_documents,
)
from tests.builders_access import a_bare_case, a_bare_organization, a_person, a_place, holds, somebody
from tests.builders_papers import a_move

TODAY = date(2026, 3, 2)


@dataclass
class Scene:
    """Two organizations in a district; a case of the first with an invoice, and loose papers."""

    people: dict[str, Person]
    organization: int
    other_organization: int
    case: int
    invoice: int
    loose: int
    nobodys: int
    issued: int


def a_paper(
    session: Any, now, name: str, *, organization: int | None, by: Person | None, **more: Any
) -> Document:
    values = {"sha256": f"{abs(hash(name)):064x}"[:64], "size": 10, "media_type": "application/pdf", **more}
    paper = Document(
        name=name, organization_id=organization, uploaded_by=by.id if by else None, uploaded_at=now, **values
    )
    session.add(paper)
    session.flush()
    return paper


@pytest.fixture
def scene(session, now) -> Scene:
    city = a_place(session, "110100", "某市")
    district = a_place(session, "110102", "甲区", parent=city)
    next_district = a_place(session, "110105", "乙区", parent=city)
    node = a_place(session, "ORG1", "甲机构", parent=district, kind="organization")
    other_node = a_place(session, "ORG2", "乙机构", parent=district, kind="organization")
    organization, other = a_bare_organization(session, node), a_bare_organization(session, other_node)
    case = a_bare_case(session, "FK-2026-0001", district, organization)
    people = {
        "staff": somebody(session, "staff", node),
        "other_staff": somebody(session, "staff", other_node),
        "finance": somebody(session, "finance_officer", district),
        "auditor": somebody(session, "auditor", city),
        "next_finance": somebody(session, "finance_officer", next_district),
        "administrator": somebody(session, "system_admin", city),
        "outsider": a_person(session),
        "expert": a_person(session),
        "former": a_person(session),
        "uploader": a_person(session),
    }
    holds(session, people["expert"], "expert", district, case_id=case)
    holds(session, people["former"], "staff", node, until=TODAY)
    digest = a_move(session, case, "FK-2026-0001", at=now, person_id=people["staff"].id)
    invoice = a_paper(session, now, "发票.pdf", organization=organization, by=people["staff"])
    session.add(CaseDocument(case_id=case, slot="invoice", document_id=invoice.id, sequence=1))
    a_move(
        session,
        case,
        "FK-2026-0001",
        at=now + timedelta(hours=1),
        person_id=None,
        sequence=2,
        prev=digest,
        trigger="settle",
        from_state="applied",
        to_state="paid",
    )
    issued = a_paper(
        session,
        now,
        "拨付凭证.pdf",
        organization=None,
        by=None,
        issued=True,
        verification_code="7XZ9-AQZ0-5QYR",
    )
    session.add(CaseDocument(case_id=case, slot="voucher", document_id=issued.id, sequence=2))
    loose = a_paper(session, now, "草稿.pdf", organization=organization, by=people["former"])
    nobodys = a_paper(session, now, "个人.pdf", organization=None, by=people["uploader"])
    session.commit()
    return Scene(people, organization, other, case, invoice.id, loose.id, nobodys.id, issued.id)


@pytest.mark.parametrize(
    ("who", "readable"),
    [
        ("staff", {"invoice", "loose", "issued"}),
        ("finance", {"invoice", "issued"}),
        ("auditor", {"invoice", "issued"}),
        ("expert", {"invoice", "issued"}),
        ("uploader", {"nobodys"}),
        ("other_staff", set()),
        ("next_finance", set()),
        ("administrator", set()),
        ("outsider", set()),
        ("former", set()),
    ],
)
def test_who_may_read_what(session, scene, who, readable):
    papers = {name: getattr(scene, name) for name in ("invoice", "loose", "nobodys", "issued")}
    person_id = scene.people[who].id

    assert {name for name, paper in papers.items() if may_read(session, person_id, paper, TODAY)} == readable


def test_a_paper_that_does_not_exist_is_not_readable(session, scene):
    person_id = scene.people["auditor"].id

    assert may_read(session, person_id, 987654, TODAY) is False
    assert readable_document(session, holdings(session, person_id, TODAY), person_id, 987654) is None


def test_a_right_ends_with_the_role(session, scene):
    former = scene.people["former"].id

    assert may_read(session, former, scene.invoice, TODAY - timedelta(days=1)) is True
    assert may_read(session, former, scene.invoice, TODAY) is False


def test_only_who_acts_for_an_organization_uploads_for_it(session, scene):
    def may(who: str, organization: int) -> bool:
        return may_upload_for(holdings(session, scene.people[who].id, TODAY), organization)

    assert may("staff", scene.organization) is True
    assert may("staff", scene.other_organization) is False
    assert may("finance", scene.organization) is False
    assert may("former", scene.organization) is False


def test_the_papers_of_a_case_come_with_slot_move_and_person(session, scene, now):
    standing = documents_of_case(session, scene.case)

    assert [(s.slot, s.sequence, s.at, s.by, s.current, s.document.id) for s in standing] == [
        ("invoice", 1, now, "林小溪", True, scene.invoice),
        ("voucher", 2, now + timedelta(hours=1), None, True, scene.issued),
    ]
    assert filled_slots(session, scene.case) == {"invoice", "voucher"}


def test_a_later_paper_in_a_slot_is_the_current_one(session, scene, now):
    mended = a_paper(
        session, now, "发票（改）.pdf", organization=scene.organization, by=scene.people["staff"]
    )
    session.add(CaseDocument(case_id=scene.case, slot="invoice", document_id=mended.id, sequence=2))
    session.commit()

    invoices = [s for s in documents_of_case(session, scene.case) if s.slot == "invoice"]

    assert [(s.document.id, s.current) for s in invoices] == [(scene.invoice, False), (mended.id, True)]


def test_papers_to_use_again_begin_with_those_of_the_same_slot(session, scene, now):
    staff = scene.people["staff"]
    photo = a_paper(
        session,
        now,
        "照片.png",
        organization=scene.organization,
        by=staff,
        media_type="image/png",
        sha256="a" * 64,
    )
    a_paper(session, now, "别家.pdf", organization=scene.other_organization, by=scene.people["other_staff"])

    again = reusable_documents(session, scene.organization, slot="invoice")

    assert [(r.document.id, r.same_slot) for r in again] == [
        (scene.invoice, True),
        (photo.id, False),
        (scene.loose, False),
    ]


def test_papers_to_use_again_can_be_narrowed(session, scene, now):
    staff = scene.people["staff"]
    a_paper(session, now, "100%_合格.pdf", organization=scene.organization, by=staff)
    a_paper(session, now, "照片.png", organization=scene.organization, by=staff, media_type="image/png")

    def names(**by: Any) -> list[str]:
        return [r.document.name for r in reusable_documents(session, scene.organization, **by)]

    assert names(media=["image/png"]) == ["照片.png"]
    assert names(name_contains="%_") == ["100%_合格.pdf"]
    assert names(limit=1) == ["照片.png"]


def test_the_same_bytes_are_offered_once(session, scene, now):
    staff = scene.people["staff"]
    for name in ("a.pdf", "b.pdf"):
        last = a_paper(session, now, name, organization=scene.organization, by=staff, sha256="b" * 64)

    offered = [r.document.id for r in reusable_documents(session, scene.organization)]

    assert offered == [last.id, scene.loose, scene.invoice]


def test_a_code_is_found_however_it_is_typed(session, scene):
    for typed in ("7XZ9-AQZ0-5QYR", "7xz9 aqzo 5qyr", " 7XZ9AQZ05QYR "):
        found = genuine(session, typed)
        assert found is not None
        assert found.id == scene.issued
    for typed in ("", "7XZ9-AQZ0-5QYS", "7XZ9", "７XZ9-AQZ0-5QYR", "' OR 1=1 --"):
        assert genuine(session, typed) is None
