"""Papers over the API: uploaded once, put into a case by their ids, and only into one's own."""

import io

import pytest

from app.demo.building import one_page_pdf
from tests.problems import PROBLEM, is_problem
from tests.queries import rows_in


def pdf(title="plan"):
    return one_page_pdf(title)


def upload(desk, content=None, name="plan.pdf", key=None, **form):
    return desk.app.test_client().post(
        "/api/v1/documents", data={"file": (io.BytesIO(content or pdf()), name), **form},
        headers=desk.headers("staff", key),
    )


def test_a_document_is_uploaded_with_201_and_put_into_a_case_by_its_id(desk):
    answer = upload(desk)
    number = desk.ask(documents=[{"slot": "plan", "document_id": answer.json["id"]}]).json["number"]

    assert answer.status_code == 201
    assert set(answer.json) >= {"id", "sha256", "size", "name", "media_type"}
    assert [(d["slot"], d["sha256"]) for d in desk.case(number)["documents"]] == [("plan", answer.json["sha256"])]


def test_an_upload_with_the_same_key_is_kept_once(desk):
    first, again = upload(desk, key="once"), upload(desk, key="once")

    assert again.json == first.json
    assert again.headers["Idempotent-Replay"] == "true"
    assert rows_in(desk.session, "documents") == 1


def test_another_file_under_the_same_key_is_key_reused(desk):
    upload(desk, key="once")

    assert is_problem(upload(desk, pdf("another"), key="once"), 422, "key_reused")
    assert rows_in(desk.session, "documents") == 1


@pytest.mark.parametrize(("content", "name"), [
    (b"MZ\x90\x00", "plan.pdf"), (b"<script>alert(1)</script>", "plan.pdf"), (b"x", "virus.exe"), (pdf(), ""),
])
def test_what_is_no_document_is_refused_with_a_reason(desk, content, name):
    answer = upload(desk, content, name)

    assert answer.status_code in (415, 422), answer.text
    assert set(answer.json) >= PROBLEM
    assert all(reason["message"] for reason in answer.json["reasons"])


def test_an_upload_without_a_file_or_for_a_foreign_organization_is_told_so(desk):
    nothing = desk.app.test_client().post("/api/v1/documents", headers=desk.headers("staff"))

    assert is_problem(nothing, 422, "invalid_input")
    assert is_problem(upload(desk, organization="999999"), 404, "not_found")
    assert is_problem(upload(desk, organization="99999999999999999999999"), 404, "not_found")


def test_a_document_of_others_cannot_be_put_into_ones_case(seeded):
    theirs = seeded.rows("SELECT d.id FROM documents d JOIN organizations o ON o.id = d.organization_id"
                         " WHERE o.name LIKE '贵阳%' ORDER BY 1 LIMIT 1")[0][0]
    user = seeded.user("bj-staff9")
    program = seeded.program(user)
    program.environ_base["HTTP_IDEMPOTENCY_KEY"] = "foreign"
    hub = seeded.rows("SELECT min(node_id) FROM hubs h WHERE NOT EXISTS (SELECT FROM affiliations a"
                      f" WHERE a.hub_node_id = h.node_id AND a.organization_id = {user.organization})")[0][0]

    answer = program.post("/api/v1/cases/affiliation", json={"data": {
        "hub": hub, "wants_primary": False, "documents": [{"slot": "application", "document_id": theirs}],
    }})

    assert is_problem(answer, 422, "invalid_input")
    assert set(answer.json["errors"]) == {"documents"}
