"""What does the API take and give? OpenAPI 3.1, made from the definitions: one operation per (kind, trigger)."""

from datetime import date
from typing import Any

from app.audit.exports.inputs import ExportInput
from app.cases.inputs import Input
from app.cases.kinds import differs_by_class, input_of
from app.cases.options import example_for
from app.doors.case_json import schema_json
from app.doors.schemas import json_schema
from app.language import localized
from workflows.definition import Definition, Transition
from workflows.loader import library

KEY = {
    "name": "Idempotency-Key", "in": "header", "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "A fresh random value per request; the same key with the same request gets the same answer.",
}
NUMBER = {"name": "number", "in": "path", "required": True, "schema": {"type": "string"}}
AFTER = {"name": "after", "in": "query", "schema": {"type": "string"}}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200}}
PROBLEMS = {
    "400": "Not a JSON object (not_json), no Idempotency-Key (key_missing), a session's write without its token "
    "(foreign_request), or nothing that can be read (bad_request)",
    "401": "Nobody is signed in (not_signed_in)",
    "403": "Refused, with all reasons (refused), or not for any of the caller's roles (not_for_you)",
    "404": "Not there, or out of reach: the answer is the same (not_found)",
    "409": "The case has moved meanwhile (stale_revision), the account does not hold the amount (not_enough), too many "
    "downloads are in the making (too_many_exports), or a file is not there (export_not_there)",
    "422": "Fields to mend (invalid_input), or a key used for another request (key_reused)",
    "503": "Nothing was changed; send the same request again (try_again)",
}


def openapi(today: date) -> dict[str, Any]:
    """Return the whole description for the definitions in force on that day."""
    paths: dict[str, Any] = dict(_fixed_paths())
    found = _in_force(today)
    for definition in found:
        for transition in definition.transitions:
            if transition.by_person:
                path, operation = _operation(definition, transition, found)
                paths.setdefault(path, {"post": operation})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Shuniu 枢纽", "version": "1",
            "description": "Cases of social organizations. Every accepted move returns a receipt; "
            "errors are application/problem+json with a stable `code`.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "sid"},
            },
            "schemas": {"Answer": _answer_schema(), "Problem": _problem_schema()},
        },
    }


def _in_force(today: date) -> list[Definition]:
    """Return the definitions by kind, base first, then by legal class, the newest version first."""
    found = [d for d in library().definitions if d.effective_from <= today]
    first: dict[tuple[str, str, str | None], int] = {}
    for d in sorted(found, key=lambda d: d.version):
        first.setdefault((d.kind, d.place, d.legal_class), d.version)
    return sorted(found, key=lambda d: (
        d.kind, d.place != "base", d.place, first[d.kind, d.place, d.legal_class], -d.version
    ))


def _operation(
    definition: Definition, transition: Transition, found: list[Definition]
) -> tuple[str, dict[str, Any]]:
    body: dict[str, Any] = {
        "type": "object", "required": ["data"], "properties": {"data": _data_of(definition, transition, found)},
    }
    sample: dict[str, Any] = {
        "data": example_for(None, _schema_of(definition, transition), None),  # type: ignore[arg-type]
    }
    path, status, parameters = f"/api/v1/cases/{definition.kind}", "201", [KEY]
    if not transition.opens:
        path += f"/{{number}}/{transition.trigger}"
        status, parameters = "200", [NUMBER, KEY]
        body["properties"] = {"revision": {"type": "integer", "minimum": 1}, **body["properties"]}
        body["required"] = ["revision", "data"]
        sample = {"revision": 1, **sample}
    return path, {
        "operationId": f"{definition.kind}_{transition.trigger}",
        "tags": [definition.kind],
        "summary": localized(transition.title),
        "description": localized(transition.consequence) if transition.consequence else "",
        "x-roles": list(transition.roles),
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body, "example": sample}}},
        "responses": {status: _content("The case moved", {"$ref": "#/components/schemas/Answer"}), **_problems()},
    }


def _data_of(definition: Definition, transition: Transition, found: list[Definition]) -> dict[str, Any]:
    """Return what the operation takes as `data`: one schema, or one for each legal class with its example."""
    if not differs_by_class(definition.kind, transition.trigger):
        return schema_json(_schema_of(definition, transition))
    classes: dict[str | None, Definition] = {}
    for other in found:
        if (other.kind, other.place) == (definition.kind, definition.place):
            classes.setdefault(other.legal_class, other)
    ways: list[dict[str, Any]] = [
        {"title": localized(each.title), **schema_json(schema := _schema_of(each, transition)),
         "examples": [example_for(None, schema, None)]}  # type: ignore[arg-type]
        for each in classes.values()
    ]
    return {"type": "object", "properties": _in_any(ways), "anyOf": ways}


def _in_any(ways: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the fields of all classes by name; what the classes say of one differently, each says for itself."""
    told: dict[str, Any] = {}
    for way in ways:
        for name, field in way["properties"].items():
            told[name] = field if told.get(name, field) == field else {}
    return told


def _schema_of(definition: Definition, transition: Transition) -> Input | None:
    schema_type: type[Input] | None = input_of(definition.kind, transition.trigger, definition.legal_class)
    return schema_type() if schema_type else None


def _content(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problems(*codes: str) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {c: {"description": PROBLEMS[c], "content": problem} for c in codes or tuple(PROBLEMS)}


def _get(
    summary: str, *parameters: dict[str, Any], public: bool = False, media: str = "application/json"
) -> dict[str, Any]:
    schema = {"type": "object"} if media == "application/json" else {}
    answer = {"description": summary, "content": {media: {"schema": schema}}}
    operation: dict[str, Any] = {
        "summary": summary, "parameters": list(parameters),
        "responses": {"200": answer, **({} if public else _problems("401", "404"))},
    }
    if public:
        operation["security"] = []
    return {"get": operation}


def _fixed_paths() -> dict[str, Any]:
    upload = {"type": "object", "required": ["file"],
              "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"},
                             "organization": {"type": "integer"},
                             "kind": {"type": "string", "description": "for a sealed kind the file is sealed"}}}
    document = {"type": "object", "properties": {
        "id": {"type": "integer"}, "sha256": {"type": "string"}, "sealed": {"type": "boolean"},
    }}
    return {
        "/api/v1/cases/{number}": _get(
            "A case, what the caller may do with it and why not", NUMBER,
            {"name": "history_after", "in": "query", "schema": {"type": "integer"}},
        ),
        "/api/v1/cases/{number}/bundle": _get(
            "The verifiable history of a case", NUMBER,
            {"name": "older", "in": "query", "schema": {"type": "array", "maxItems": 10,
             "items": {"type": "integer", "minimum": 1}},
             "description": "sizes of checkpoints in hand: with the proof that the log goes on from each"},
            media="application/zip",
        ),
        "/api/v1/worklist": _get("What waits for the caller", AFTER, LIMIT),
        "/api/v1/organizations": _get(
            "The register", {"name": "q", "in": "query", "schema": {"type": "string"}}, AFTER, LIMIT
        ),
        **_export_paths(),
        "/api/v1/budget-lines/{id}": _get(
            "Where the money of a budget line stands",
            {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}, AFTER,
            {"name": "before", "in": "query", "schema": {"type": "integer"}}, LIMIT,
        ),
        "/api/v1/checkpoints/latest": _get("The newest signed checkpoint", public=True),
        "/api/v1/openapi.json": _get("This description", public=True),
        "/healthz": _get("The process answers", public=True),
        "/readyz": _get("The database takes writes", public=True),
        "/api/v1/documents": {"post": {
            "operationId": "upload_document", "summary": "Hand in a file", "parameters": [KEY],
            "requestBody": {"required": True, "content": {"multipart/form-data": {
                "schema": upload, "example": {"file": "%PDF-1.7 ..."},
            }}},
            "responses": {"201": _content("The document", document), **_problems("400", "401", "422")},
        }},
    }


def _export_paths() -> dict[str, Any]:
    export_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    export = {"type": "object", "properties": {
        "id": {"type": "integer"}, "file": {"type": ["string", "null"]}, "rows_done": {"type": "integer"},
        "rows_total": {"type": ["integer", "null"]},
        "status": {"enum": ["waiting", "running", "ready", "failed", "cancelled", "expired"]},
    }, "required": ["id", "status"]}
    schema = ExportInput()
    asked = {
        "operationId": "ask_for_export", "summary": "Ask for records to take away; a worker makes the file",
        "x-roles": ["auditor"], "parameters": [KEY],
        "requestBody": {"required": True, "content": {"application/json": {
            "schema": json_schema(schema),
            "example": {"scope": "period", "from_day": "2026-03-01", "to_day": "2026-03-31", "format": "csv"},
        }}},
        "responses": {"201": _content("Where the download stands", export),
                      **_problems("400", "401", "403", "404", "409", "422")},
    }
    cancelled = {
        "operationId": "cancel_export", "summary": "Call off a download that is not ready", "x-roles": ["auditor"],
        "parameters": [export_id, KEY],
        "requestBody": {"content": {"application/json": {"schema": {"type": "object"}, "example": {}}}},
        "responses": {"200": _content("Where the download stands", export), **_problems("400", "401", "403", "404")},
    }
    return {
        "/api/v1/exports": {"post": asked, **_get("The caller's downloads, the newest first")},
        "/api/v1/exports/{id}": _get("Where a download stands", export_id),
        "/api/v1/exports/{id}/file": _get("The file of a download that is ready", export_id,
                                          media="application/octet-stream"),
        "/api/v1/exports/{id}/cancel": {"post": cancelled},
    }


def _answer_schema() -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in ("number", "state", "receipt")}
    return {"type": "object", "properties": {**texts, "revision": {"type": "integer"}},
            "required": ["number", "state", "revision", "receipt"]}


def _problem_schema() -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in ("type", "title", "code", "detail", "request_id")}
    reason = {"type": "object", "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}
    return {
        "type": "object",
        "properties": {**texts, "status": {"type": "integer"}, "reasons": {"type": "array", "items": reason}},
        "required": ["type", "title", "status", "code", "detail", "reasons", "request_id"],
    }
