"""The JSON door: generic operations over every kind of case. No kind is named here."""

from hashlib import sha256
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from flask_babel import lazy_gettext as _l

from app.access.declare import allow
from app.cases.hidden import is_sealed_kind
from app.cases.log import LAST
from app.cases.perform import perform
from app.cases.queries import worklist
from app.documents.blocks import blocks
from app.documents.folder import documents_folder
from app.documents.sealed import receive_sealed
from app.documents.store import receive
from app.doors.caller import actor, began, held, now, request_id, today
from app.doors.case_json import case_json, line_json
from app.doors.keys import key_of_request, once
from app.doors.openapi import openapi
from app.doors.seeing import spelled, visible_case
from app.errors import Answer, CaseNotFound, InvalidInput, Problem
from app.extensions import db
from app.ledger.queries import budget_line_json, visible_budget_line
from app.organizations.queries import organization_json, organizations_page
from workflows.loader import library

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
MOST_ROWS = 200
LAST_SEQUENCE = 2**31 - 1


class NotJson(Problem):
    """The body of the request is not a JSON object."""

    status = 400
    code = "not_json"
    title = _l("The body is not a JSON object")


def register(app: Flask) -> None:
    """Add the API; a bearer token needs no CSRF token, a session does (app.access decides)."""
    app.register_blueprint(blueprint)


@blueprint.post("/cases/<kind>")
@allow("moves")
def open_case(kind: str) -> tuple[Response, int]:
    """Open a case: `{data}` -> 201 with its number, state, revision and receipt."""
    key = key_of_request()
    trigger, data = opening_trigger(kind), _body().get("data", {})
    answer = perform(
        db.session, kind=kind, trigger=trigger, actor=actor(), data=data, key=key, now=now(), request_id=request_id(),
        began=began(),
    )
    return _answered(answer, 201)


@blueprint.post("/cases/<kind>/<number>/<trigger>")
@allow("moves")
def move_case(kind: str, number: str, trigger: str) -> tuple[Response, int]:
    """Move a case: `{revision, data}` -> 200 with state, revision and receipt."""
    key = key_of_request()
    body = _body()
    revision = body.get("revision")
    if not isinstance(revision, int) or isinstance(revision, bool):
        raise InvalidInput({"revision": [str(_l("Send the revision that you looked at, as a whole number."))]})
    answer = perform(
        db.session, kind=kind, number=spelled(number), trigger=trigger, actor=actor(), data=body.get("data", {}),
        revision=revision, key=key, now=now(), request_id=request_id(), began=began(),
    )
    return _answered(answer, 200)


@blueprint.get("/cases/<number>")
@allow("signed_in")
def show_case(number: str) -> Response:
    """Return the case with what the caller may do, and why not."""
    # Nothing moves so often that a sequence does not fit; a key beyond it is as good as none behind it.
    after = min(request.args.get("history_after", 0, type=int), LAST_SEQUENCE)
    return jsonify(case_json(visible_case(number), after))


@blueprint.get("/worklist")
@allow("signed_in")
def show_worklist() -> Response:
    """Return what waits for the caller, earliest due first."""
    page = worklist(
        db.session, held(), actor().person_id or 0, kind=request.args.get("kind"),
        after=request.args.get("after"), limit=_limit(),
    )
    return jsonify({"cases": [line_json(line) for line in page.rows], "after": page.after})


@blueprint.get("/organizations")
@allow("signed_in")
def list_organizations() -> Response:
    """Return organizations of the register, by name or code."""
    page = organizations_page(
        db.session, search=request.args.get("q"), after=request.args.get("after"), limit=_limit()
    )
    return jsonify({"organizations": [organization_json(row) for row in page.rows], "after": page.after})


@blueprint.get("/budget-lines/<int:line_id>")
@allow("signed_in")
def show_budget_line(line_id: int) -> Response:
    """Return where the money of a budget line stands, for whoever reaches its office; packages page by `after`."""
    line = visible_budget_line(db.session, line_id, held())
    if line is None:
        raise CaseNotFound
    return jsonify(budget_line_json(
        db.session, line, after=request.args.get("after"), before=request.args.get("before", type=int), limit=_limit(),
    ))


@blueprint.get("/checkpoints/latest")
@allow("public")
def latest_checkpoint() -> Response:
    """Return the newest signed checkpoint of the log, exactly as it was signed."""
    row = db.session.execute(LAST).one_or_none()
    if row is None:
        raise CaseNotFound
    if request.accept_mimetypes.best == "text/plain":
        return Response(row.note, mimetype="text/plain")
    return jsonify({
        "size": row.size, "root": bytes(row.root).hex(), "note": row.note, "signed_at": row.signed_at.isoformat(),
    })


@blueprint.get("/openapi.json")
@allow("public")
def show_openapi() -> Response:
    """Return the OpenAPI 3.1 description, made from the definitions in force."""
    return jsonify(openapi(today()))


@blueprint.post("/documents")
@allow("signed_in")
def upload_document() -> tuple[Response, int]:
    """Take one file (multipart field `file`) for one of the caller's organizations or, for an office, the caller.

    `kind` says for which kind of case: a paper for a sealed one is kept as ciphertext only.
    """
    key = key_of_request()
    who = actor()
    upload = request.files.get("file")
    if upload is None:
        raise InvalidInput({"file": [str(_l("Send one file in the field 'file'."))]})
    organization = _own_organization(request.form.get("organization", type=int))

    sealed = is_sealed_kind(request.form.get("kind", ""))

    def write() -> dict[str, Any]:
        if sealed:
            if organization is None:
                raise InvalidInput({"organization": [str(_l("Choose for which organization you apply."))]})
            paper = receive_sealed(
                db.session, upload.stream, folder=documents_folder(), filename=upload.filename or "",
                organization_id=organization, person_id=who.person_id or 0, now=now(),
            )
            # The answer is kept beside the key, and so says nothing of the paper.
            return {"id": paper, "sealed": True}
        document = receive(
            db.session, upload.stream, folder=documents_folder(), filename=upload.filename or "",
            organization_id=organization, person_id=who.person_id or 0, now=now(),
        )
        db.session.flush()
        return {"id": document.id, "sha256": document.sha256, "size": document.size, "name": document.name,
                "media_type": document.media_type}

    told = sha256(f"{upload.filename}|{organization}|{sealed}|".encode())
    for block in blocks(upload.stream):  # type: ignore[arg-type]
        told.update(block)
    upload.stream.seek(0)
    answer, replayed = once(who, key, told.digest(), write)
    return _replayable(jsonify(answer), replayed), 201


def _own_organization(wanted: int | None) -> int | None:
    own = [h.organization_id for h in held() if h.organization_id is not None and h.case_id is None]
    if wanted is not None and wanted not in own:
        raise CaseNotFound
    return wanted if wanted is not None else (own[0] if own else None)


def opening_trigger(kind: str) -> str:
    """Return the trigger that opens cases of this kind; raise CaseNotFound for an unknown kind."""
    for definition in library().definitions:
        if definition.kind == kind:
            return definition.opening_transitions()[0].trigger
    raise CaseNotFound


def _body() -> dict[str, Any]:
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # brackets in brackets without end
        body = None
    if not isinstance(body, dict):
        raise NotJson(_l("Send a JSON object with Content-Type: application/json."))
    return body


def _answered(answer: Answer, status: int) -> tuple[Response, int]:
    return _replayable(jsonify(answer.as_json()), answer.replayed), status


def _replayable(response: Response, replayed: bool) -> Response:
    if replayed:
        response.headers["Idempotent-Replay"] = "true"
    return response


def _limit() -> int:
    return max(1, min(request.args.get("limit", 50, type=int), MOST_ROWS))


