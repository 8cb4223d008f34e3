"""One answer tells everything that is to be mended: the fields and the papers; nothing typed or uploaded is lost."""

import io
import json

import pytest

from app.demo.building import one_page_pdf
from tests.features.doors.conftest import JSON

PAPERS = ["Application for registration", "Proof of premises", "Capital verification report"]


def apply(desk, kind, data, role="staff"):
    """Open a case of a kind through the API."""
    return desk.app.test_client().post(
        f"/api/v1/cases/{kind}", data=json.dumps({"data": data}), content_type=JSON, headers=desk.headers(role),
    )


def asked_papers(answer):
    """Return the titles of the papers that an answer of the API asks for."""
    return [words.removeprefix("Add the document: ") for words in answer.json["errors"].get("documents", [])]


def test_the_api_tells_fields_and_papers_in_one_answer(desk):
    answer = apply(desk, "registration", {"route": "direct", "scope": "社区服务。"})

    assert answer.status_code == 422
    assert {"domicile", "legal_representative", "documents"} <= set(answer.json["errors"])
    assert "scope" not in answer.json["errors"] and "route" not in answer.json["errors"]
    assert asked_papers(answer) == asked_papers(apply(desk, "registration", {}))
    assert len(asked_papers(answer)) == 5


def test_a_paper_that_is_needed_because_of_what_was_chosen_is_asked_for_at_once(desk):
    direct = asked_papers(apply(desk, "registration", {"route": "direct"}))
    sponsored = asked_papers(apply(desk, "registration", {"route": "sponsor"}))

    assert len(set(sponsored) - set(direct)) == 1 and set(direct) < set(sponsored)


def test_a_paper_that_is_there_is_not_asked_for(desk):
    paper = desk.app.test_client().post(
        "/api/v1/documents", data={"file": (io.BytesIO(one_page_pdf("application")), "application.pdf")},
        headers=desk.headers("staff"),
    ).json["id"]
    given = [{"slot": "application", "document_id": paper}]

    without = asked_papers(apply(desk, "registration", {"route": "direct"}))
    with_it = asked_papers(apply(desk, "registration", {"route": "direct", "documents": given}))

    assert len(with_it) == len(without) - 1 and set(with_it) < set(without)


def test_who_may_not_make_the_move_learns_nothing_of_its_papers(desk):
    answer = apply(desk, "registration", {"route": "direct"}, role="registrar")

    assert answer.status_code in (403, 422)
    assert "documents" not in answer.json.get("errors", {})


def test_papers_of_the_wrong_form_are_told_as_such(desk):
    answer = apply(desk, "registration", {"documents": [{"slot": "application", "document_id": "x"}]})

    assert answer.status_code == 422
    assert "Add the document" not in json.dumps(answer.json)


@pytest.mark.parametrize("kind", ["affiliation", "incubation", "bid", "milestone_report", "acceptance", "payment"])
def test_an_empty_application_of_any_kind_is_answered_at_once_and_opens_nothing(desk, kind):
    answer = apply(desk, kind, {})

    assert answer.status_code == 422 and len(answer.json["errors"]) >= 1
    assert desk.session.connection().exec_driver_sql("SELECT count(*) FROM cases").scalar() == 0


def test_the_page_names_the_missing_papers_with_the_wrong_fields_and_keeps_what_was_typed_and_uploaded(desk, staff):
    answer = staff.post("/apply/registration", data={
        "scope": "社区服务。", "route": "direct", "_key": "page-1",
        "documents-application-file": (io.BytesIO(one_page_pdf("application")), "申请书.pdf"),
    }, content_type="multipart/form-data")

    assert answer.status_code == 422
    assert "社区服务。" in answer.text and "申请书.pdf" in answer.text
    assert answer.text.count("Add the document:") >= 4
    assert "Domicile: Fill in this field." in answer.text
