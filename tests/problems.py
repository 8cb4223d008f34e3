"""How a refusal reads: the one shape of every error of the API, and the reasons of a refused move."""

import pytest

from app.errors import MoveRefused

PROBLEM = {"type", "title", "status", "code", "detail", "reasons", "request_id"}


def is_problem(answer, status, code):
    """Hold an answer against the shape of every error."""
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.mimetype == "application/problem+json"
    assert set(answer.json) >= PROBLEM
    assert answer.json["status"] == status
    assert answer.json["type"] == f"urn:shuniu:problem:{code}"
    assert answer.json["title"] and answer.json["detail"] and answer.json["request_id"]
    assert all(set(reason) == {"code", "message"} and reason["message"] for reason in answer.json["reasons"])
    return True


def codes_of(refused: pytest.ExceptionInfo[MoveRefused]) -> list[str]:
    """Return the codes of the reasons."""
    return [reason["code"] for reason in refused.value.reasons]
