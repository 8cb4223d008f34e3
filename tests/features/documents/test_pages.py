"""How do papers come in and leave over HTTP?"""

import io
from pathlib import Path

import pytest
from sqlalchemy import select

from app.access.models import Read
from app.documents.models import CaseDocument, Document
from tests.builders_access import a_bare_case, a_bare_organization, a_person, a_place, browser_of, somebody
from tests.builders_papers import a_move, a_pdf


@pytest.fixture
def scene(app, session, now):
    district = a_place(session, "110102", "甲区")
    node = a_place(session, "ORG1", "甲机构", parent=district, kind="organization")
    organization = a_bare_organization(session, node)
    case = a_bare_case(session, "FK-2026-0001", district, organization)
    staff, auditor = somebody(session, "staff", node), somebody(session, "auditor", district)
    return {
        "organization": organization,
        "case": case,
        "staff": browser_of(app, session, staff),
        "auditor": browser_of(app, session, auditor),
        "outsider": browser_of(app, session, a_person(session)),
        "staff_id": staff.id,
        "auditor_id": auditor.id,
    }


def uploaded(client, organization, content=None, name="验资报告.pdf"):
    file = (io.BytesIO(a_pdf() if content is None else content), name)
    return client.post("/documents", data={"file": file, "organization": organization, "next": "/cases/x"})


def test_staff_upload_for_their_organization_and_come_back(session, scene):
    answer = uploaded(scene["staff"], scene["organization"])

    assert (answer.status_code, answer.headers["Location"]) == (303, "/cases/x")
    document = session.execute(select(Document)).scalar_one()
    assert (document.name, document.organization_id, document.uploaded_by) == (
        "验资报告.pdf",
        scene["organization"],
        scene["staff_id"],
    )


def test_who_does_not_act_for_the_organization_may_not_upload_for_it(app, session, scene):
    for who in ("auditor", "outsider"):
        assert uploaded(scene[who], scene["organization"]).status_code == 404
    assert uploaded(app.test_client(), scene["organization"]).status_code == 303
    assert session.scalars(select(Document)).all() == []
    assert [path for path in Path(app.config["DOCUMENTS"]).rglob("*") if path.is_file()] == []


def test_a_refused_upload_says_why(session, scene):
    answer = uploaded(scene["staff"], scene["organization"], b"MZ", "a.pdf")

    assert answer.status_code == 422
    assert session.scalars(select(Document)).all() == []


def test_a_way_back_leads_nowhere_else(scene):
    file = (io.BytesIO(a_pdf()), "a.pdf")
    answer = scene["staff"].post(
        "/documents", data={"file": file, "organization": scene["organization"], "next": "//evil.example/"}
    )

    assert answer.headers["Location"] == "/"


def test_a_download_is_only_a_download_and_is_remembered(session, scene, now):
    uploaded(scene["staff"], scene["organization"])
    document = session.execute(select(Document)).scalar_one()
    a_move(session, scene["case"], "FK-2026-0001", at=now, person_id=scene["staff_id"])
    session.add(CaseDocument(case_id=scene["case"], slot="report", document_id=document.id, sequence=1))
    session.commit()

    answer = scene["auditor"].get(f"/documents/{document.id}")

    assert (answer.status_code, answer.data) == (200, a_pdf())
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"document.pdf\"; filename*=UTF-8''%E9%AA%8C%E8%B5%84%E6%8A%A5%E5%91%8A.pdf"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-store"
    read = session.execute(select(Read)).scalar_one()
    assert (read.person_id, read.subject, read.what) == (
        scene["auditor_id"],
        f"document {document.id}",
        "document",
    )


def test_an_outsider_gets_the_answer_of_a_paper_that_does_not_exist(app, session, scene):
    uploaded(scene["staff"], scene["organization"])
    document = session.execute(select(Document)).scalar_one()

    there = scene["outsider"].get(f"/documents/{document.id}")
    not_there = scene["outsider"].get(f"/documents/{document.id + 1}")

    assert (there.status_code, not_there.status_code) == (404, 404)
    assert len(there.data) == len(not_there.data)
    assert scene["auditor"].get(f"/documents/{document.id}").status_code == 404
    assert app.test_client().get(f"/documents/{document.id}").status_code == 303
    assert session.scalars(select(Read)).all() == []


def test_anybody_may_ask_whether_a_paper_is_genuine(client, session, now):
    session.add(
        Document(
            sha256="c" * 64,
            size=1,
            media_type="application/pdf",
            name="登记证书.pdf",
            uploaded_at=now,
            issued=True,
            verification_code="7XZ9-AQZ0-5QYR",
        )
    )
    session.commit()

    genuine, false = client.get("/verify/7XZ9-AQZ0-5QYR"), client.get("/verify/?code=7XZ9-AQZ0-5QY0")

    assert "登记证书.pdf" in genuine.text
    assert "c" * 64 in genuine.text
    assert "登记证书.pdf" not in false.text
    assert (genuine.status_code, false.status_code, client.get("/verify/").status_code) == (200, 200, 200)
