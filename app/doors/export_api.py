"""Records taken away by programs: asked for, looked at until ready, then fetched. An auditor's token opens it."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from app.access.declare import allow
from app.audit.exports.asked import AUDITOR, scope_asked
from app.audit.exports.asking import cancel_export
from app.audit.exports.inputs import ExportInput
from app.audit.exports.queries import Standing, own_exports
from app.clock import real_now
from app.doors.api import NotJson
from app.doors.caller import actor, held
from app.doors.export_asking import export_asked
from app.doors.export_pages import file_of, mine
from app.doors.keys import key_of_request, once
from app.errors import InvalidInput
from app.extensions import db

blueprint = Blueprint("export_api", __name__, url_prefix="/api/v1/exports")


def register(app: Flask) -> None:
    """Add the operations."""
    app.register_blueprint(blueprint)


@blueprint.post("")
@allow("role:auditor")
def ask() -> tuple[Response, int]:
    """Ask for a download: 201 with its id and where it stands. However small, a worker makes it."""
    key = key_of_request()
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise NotJson(_l("Send a JSON object with Content-Type: application/json."))
    try:
        asked: dict[str, Any] = ExportInput().load(body)
    except ValidationError as invalid:
        raise InvalidInput(dict(invalid.normalized_messages())) from None
    own = [one for one in held() if one.role == AUDITOR]
    export_id, replayed = export_asked(asked, scope_asked(db.session, asked, own).title, key)
    answer = jsonify(export_json(mine(export_id)))
    if replayed:
        answer.headers["Idempotent-Replay"] = "true"
    return answer, 201


@blueprint.get("")
@allow("role:auditor")
def listed() -> Response:
    """Return the caller's downloads, the newest first."""
    rows = own_exports(db.session, actor().person_id or 0, real_now())
    return jsonify({"exports": [export_json(row) for row in rows]})


@blueprint.get("/<int:export_id>")
@allow("role:auditor")
def show(export_id: int) -> Response:
    """Return where a download stands."""
    return jsonify(export_json(mine(export_id)))


@blueprint.get("/<int:export_id>/file")
@allow("role:auditor", writes="reads")
def file(export_id: int) -> AnyResponse:
    """Send the file of a download that is ready."""
    return file_of(export_id)


@blueprint.post("/<int:export_id>/cancel")
@allow("role:auditor")
def cancel(export_id: int) -> Response:
    """Call off a download that is not ready; what is over stays as it is."""
    key = key_of_request()
    mine(export_id)
    person = actor().person_id or 0

    def write() -> dict[str, Any]:
        return {"cancelled": cancel_export(db.session, export_id, person, real_now())}

    once(actor(), key, f"cancel export {export_id}".encode(), write)
    return jsonify(export_json(mine(export_id)))


def export_json(row: Standing) -> dict[str, Any]:
    """Return a download as the API tells of it."""
    export = row.export
    return {
        "id": export.id, "status": row.word, "title": {"zh": export.title_zh, "en": export.title_en},
        "asked": export.asked, "asked_at": _moment(export.asked_at), "rows_done": export.rows_done,
        "rows_total": export.rows_total, "finished_at": _moment(export.finished_at), "size": export.size,
        "sha256": export.sha256, "expires_at": _moment(export.expires_at), "failure": export.failure,
        "taken": row.taken, "file": f"/api/v1/exports/{export.id}/file" if row.word == "ready" else None,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
