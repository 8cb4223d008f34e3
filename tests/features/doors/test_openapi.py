"""The description of the API: valid, complete, and true."""

import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import errors, features
from app.cases.kinds import input_of
from app.cases.options import example_for
from app.doors.schemas import json_schema
from app.errors import Problem
from workflows.loader import library


@pytest.fixture(scope="module")
def document(seeded):
    """The description as anybody gets it."""
    return seeded.app.test_client().get("/api/v1/openapi.json").json


def operations(document):
    return {
        (path, method): operation
        for path, item in document["paths"].items() for method, operation in item.items()
    }


def test_it_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_there_is_one_operation_for_every_kind_and_trigger_that_a_person_can_fire(document):
    wanted = {
        f"/api/v1/cases/{d.kind}" if t.opens else f"/api/v1/cases/{d.kind}/{{number}}/{t.trigger}"
        for d in library().definitions for t in d.transitions if t.by_person
    }
    move = re.compile(r"/api/v1/cases/[a-z_]+(/\{number\}/[a-z_]+)?")
    described = {path for path in document["paths"] if move.fullmatch(path)}

    assert described == wanted
    ids = [operation["operationId"] for operation in operations(document).values() if "operationId" in operation]
    assert len(ids) == len(set(ids))


def test_no_operation_stands_for_a_move_that_only_a_clock_makes(document):
    every = [(d.kind, t) for d in library().definitions for t in d.transitions]
    # What a clock does in one kind, people may do in another.
    people = {(kind, t.trigger) for kind, t in every if t.by_person}
    clocks_own = {(kind, t.trigger) for kind, t in every} - people
    moves = re.compile(r"/api/v1/cases/([a-z_]+)/\{number\}/([a-z_]+)")
    described = {found.groups() for path in document["paths"] if (found := moves.fullmatch(path))}

    assert clocks_own
    assert described
    assert described & clocks_own == set()


def test_an_example_stands_inside_every_post_operation_and_is_valid_by_its_schema(document):
    posts = {path: op for (path, method), op in operations(document).items() if method == "post"}

    assert len(posts) > 25
    for path, operation in posts.items():
        for media in operation["requestBody"]["content"].values():
            mistakes = [e.message for e in Draft202012Validator(media["schema"]).iter_errors(media["example"])]
            assert mistakes == [], path


def test_every_example_is_taken_by_the_schema_that_the_product_itself_uses(app):
    with app.test_request_context():
        for definition in library().definitions:
            for transition in definition.transitions:
                if transition.by_person:
                    schema = input_of(definition.kind, transition.trigger, definition.legal_class)()
                    example = example_for(None, schema, None)
                    assert schema.validate(example) == {}, (definition.kind, transition.trigger)


def test_unknown_fields_are_refused_by_the_schema_as_they_are_by_the_product(document):
    for (path, method), operation in operations(document).items():
        if method == "post" and path.startswith("/api/v1/cases"):
            data = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]["data"]
            assert {each["additionalProperties"] for each in data.get("anyOf", [data])} == {False}, path


def test_every_post_asks_for_its_key_and_every_move_for_its_revision(document):
    for (path, method), operation in operations(document).items():
        if method != "post":
            continue
        assert "Idempotency-Key" in [p["name"] for p in operation["parameters"] if p.get("required")], path
        if "{number}" in path:
            body = operation["requestBody"]["content"]["application/json"]["schema"]
            assert set(body["required"]) >= {"revision"}, path


def test_everything_it_describes_is_there_and_everything_there_is_described(seeded, document):
    described = {re.sub(r"\{[a-z_]+\}", "{}", path) for path in document["paths"]}
    generic = {"/api/v1/cases/{}/{}/{}", "/api/v1/cases/{}"}
    there = {
        re.sub(r"<(?:int:)?[a-z_]+>", "{}", rule.rule) for rule in seeded.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") or rule.rule in ("/healthz", "/readyz")
    }
    fixed = {path for path in described if not re.match(r"/api/v1/cases/[a-z_]+(/\{\}/[a-z_]+)?$", path)}

    assert fixed <= there
    assert there - generic <= described


def test_problems_have_one_schema_with_the_fields_of_the_contract(document):
    problem = document["components"]["schemas"]["Problem"]

    assert set(problem["required"]) == {"type", "title", "status", "code", "detail", "reasons", "request_id"}
    for (path, method), operation in operations(document).items():
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert set(answer["content"]) == {"application/problem+json"}, (path, method, status)


def test_an_error_is_valid_by_the_schema_of_problems(seeded, document):
    problem = Draft202012Validator(document["components"]["schemas"]["Problem"])
    program = seeded.program(seeded.user("bj-registrar"))
    number = seeded.cases("registration", "accepted")[0]
    answers = [
        program.post("/api/v1/cases/registration", json={}), program.get("/api/v1/cases/none"),
        program.post(f"/api/v1/cases/registration/{number}/approve", json={"revision": 1, "data": {}},
                     headers={"Idempotency-Key": "a"}),
        program.post(f"/api/v1/cases/registration/{number}/approve", json={"data": {}},
                     headers={"Idempotency-Key": "b"}),
        seeded.app.test_client().get("/api/v1/worklist"),
    ]

    assert [answer.status_code for answer in answers] == [400, 404, 409, 422, 401]
    for answer in answers:
        assert [e.message for e in problem.iter_errors(answer.json)] == [], answer.json["code"]


def _codes(problem=Problem):
    """Return every code with its status, of all problems there are."""
    found = set()
    for kind in problem.__subclasses__():
        found |= {(kind.status, kind.code)} | _codes(kind)
    return found


def test_every_code_that_the_api_answers_is_documented(document):
    features.load_models()
    told = {
        status: answer["description"]
        for operation in operations(document).values() for status, answer in operation["responses"].items()
        if status.startswith(("4", "5"))
    }
    answered = {
        (400, "key_missing"), (400, "not_json"), (400, "bad_request"), (400, "foreign_request"),
        (401, "not_signed_in"), (403, "refused"), (404, "not_found"), (409, "stale_revision"), (409, "not_enough"),
        (422, "invalid_input"), (422, "key_reused"), (503, "try_again"),
    }

    assert {(status, code) for status, code in answered if code not in told[str(status)]} == set()
    assert errors.StaleRevision.code in told["409"]
    assert answered - {(400, "bad_request")} <= _codes()


def test_an_answer_is_valid_by_the_schema_of_answers(desk):
    document = desk.app.test_client().get("/api/v1/openapi.json").json
    answer = Draft202012Validator(document["components"]["schemas"]["Answer"])

    assert [e.message for e in answer.iter_errors(desk.ask().json)] == []


def test_titles_are_said_in_the_readers_language(seeded):
    chinese = seeded.app.test_client().get("/api/v1/openapi.json?lang=zh-CN").text
    english = seeded.app.test_client().get("/api/v1/openapi.json?lang=en").text

    assert "核准" in chinese or "批准" in chinese
    assert "Approve" in english or "Register" in english


def test_the_schema_says_what_the_field_checks(app):
    with app.test_request_context():
        schema = json_schema(input_of("payment", "approve")())

    amount = schema["properties"]["amount_fen"]
    assert (amount["type"], amount["minimum"]) == ("integer", 1)
    assert schema["properties"]["account_end"]["x-personal"] is True
    assert set(schema["required"]) == {"amount_fen", "account_end"}


