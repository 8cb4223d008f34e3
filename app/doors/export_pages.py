"""Records taken away by an auditor: what to take is asked on one page, small files leave at once, others are made.

What leaves is recorded before its first byte does. The list of one's own downloads is looked at again by the
script while something is in the making; without script by loading the page again.
"""

import secrets
from collections.abc import Generator
from datetime import date
from typing import Any

from flask import Blueprint, Flask, Response, current_app, flash, redirect, render_template, request, send_file
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form

from app.access.declare import allow
from app.access.reads import record_read
from app.audit.bundles import frozen
from app.audit.exports.asked import AUDITOR, places_of, scope_asked
from app.audit.exports.asking import cancel_export
from app.audit.exports.folder import kept
from app.audit.exports.inputs import LARGEST_ID, ExportInput
from app.audit.exports.queries import Standing, own_export, own_exports, subject_of
from app.audit.exports.writing import EXTENSIONS, MEDIA_TYPES, Order, at_once, count_rows
from app.audit.queries import organization_name
from app.clock import real_now
from app.doors.caller import actor, held, request_id
from app.doors.export_asking import auditing, export_asked, known_log
from app.doors.forms import as_input, form_for, merged, put_errors
from app.errors import CaseNotFound, Problem
from app.extensions import db
from app.language import current_locale

blueprint = Blueprint("exports", __name__)
HERE = "/audit/exports"
TONES = {"waiting": "blue", "running": "blue", "ready": "green", "failed": "red", "cancelled": "", "expired": ""}
DAYS = ("from_day", "to_day")
Page = str | AnyResponse | tuple[str, int]


class ExportGone(Problem):
    """The file is not made, was taken away after its time, or the person reaches something else by now."""

    status = 409
    code = "export_not_there"

    def __init__(self) -> None:
        super().__init__(_("Look at the list of your downloads; ask for it again if its time is over."))
        self.title = _("This file is not there")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.get(HERE)
@allow("role:auditor")
def list_page() -> str:
    """Ask what to take, from where one came, and list one's own downloads."""
    return _page(_form(None))


@blueprint.post(HERE)
@allow("role:auditor")
def take() -> Page:
    """Send a small file at once; ask the worker for any other."""
    form = _form(request.form)
    typed, unreadable = as_input(ExportInput(), form)
    try:
        asked: dict[str, Any] = ExportInput().load(typed)
    except ValidationError as invalid:
        messages = invalid.messages if isinstance(invalid.messages, dict) else {"_schema": invalid.messages}
        return _page(form, put_errors(form, merged(messages, unreadable))), 422
    order = _order(asked)
    if _is_small(order):
        return _sent(order)
    key = request.form.get("_key", "")[:200] or secrets.token_hex(16)
    export_asked(asked, order.scope.title, key)
    flash(_("This takes a while. It is being made; this page says when it is ready."), "blue")
    return redirect(HERE, 303)


@blueprint.post(f"{HERE}/<int:export_id>/cancel")
@allow("role:auditor")
def cancel(export_id: int) -> AnyResponse:
    """Call off what is not ready yet."""
    mine(export_id)
    cancel_export(db.session, export_id, actor().person_id or 0, real_now())
    db.session.commit()
    return redirect(HERE, 303)


@blueprint.get(f"{HERE}/<int:export_id>/file")
@allow("role:auditor", writes="reads")
def file(export_id: int) -> AnyResponse:
    """Send a file that is ready."""
    return file_of(export_id)


def mine(export_id: int) -> Standing:
    """Return one of the caller's downloads, or raise CaseNotFound: somebody else's is not there."""
    found = own_export(db.session, actor().person_id or 0, export_id, real_now())
    if found is None:
        raise CaseNotFound
    return found


def file_of(export_id: int) -> AnyResponse:
    """Return the answer with the file, after it was written down who takes it and what for."""
    found = mine(export_id)
    export = found.export
    # What the caller reaches by now, not what was reached when it was made.
    path = kept(export.sha256 or "", export.size or 0) if found.word == "ready" and auditing(export) else None
    if path is None:
        raise ExportGone
    what = f"{export.format}: {export.title_zh}" + (f" ({export.purpose})" if export.purpose else "")
    remember(subject_of(export.id), what)
    if export.asked["scope"] == "project":
        remember(f"case {export.asked['number']}", told_of(export.format, export.purpose))
    db.session.commit()
    ending = "csv" if export.asked.get("table") else EXTENSIONS[export.format]
    answer = send_file(
        path, mimetype=MEDIA_TYPES[ending], as_attachment=True, download_name=f"export-{export.id}.{ending}",
        etag=export.sha256 or False, conditional=True,
    )
    return _private(answer)


def _is_small(order: Order) -> bool:
    most = current_app.config["EXPORT_ROWS_AT_ONCE"]
    if most is None:
        return True
    with frozen(db.engine) as connection:
        return sum(count_rows(connection, order, most)) <= most


def _sent(order: Order) -> Response:
    db.session.rollback()
    pieces: Generator[bytes] = at_once(db.engine, order)
    told = order.scope.told
    try:
        subject = f"case {told['number']}" if told["kind"] == "project" else order.scope.title.zh
        remember(subject, told_of(order.format, order.purpose))
        db.session.commit()
    except BaseException:
        pieces.close()
        raise
    answer = Response(pieces, mimetype=MEDIA_TYPES[order.extension])
    answer.headers["Content-Disposition"] = f'attachment; filename="{order.name}"'
    _private(answer)
    return answer


def _private(answer: AnyResponse) -> AnyResponse:
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def told_of(format: str, purpose: str | None) -> str:
    """Return what `reads` says of a file in this format."""
    return f"{format} with personal values: {purpose}" if purpose else format


def remember(subject: str, what: str) -> None:
    """Write down that the caller takes it; the caller commits."""
    record_read(
        db.session, person_id=actor().person_id or 0, subject=subject, what=what, now=real_now(),
        request_id=request_id(),
    )


def _order(asked: dict[str, Any]) -> Order:
    own = [one for one in held() if one.role == AUDITOR]
    return Order(
        scope=scope_asked(db.session, asked, own), format=asked["format"], locale=current_locale(), who=actor().name,
        table=asked["table"], bom=asked["bom"], purpose=asked["purpose"] or None, known=known_log(),
    )


def _form(posted: MultiDict[str, str] | None) -> Form:
    form = form_for(ExportInput(), rows_of=_rows_of, formdata=posted, data=_preset())
    form["bom"].data = form["bom"].data if posted is not None else True
    for name in {"organization": ("organization",), "project": ("number",)}.get(form["scope"].data, DAYS):
        form[name].flags.required = True
    return form


def _preset() -> dict[str, Any]:
    """What the address says: of an organization, of a case, or of a period."""
    preset: dict[str, Any] = {"scope": "period", "format": "bundle"}
    organization = request.args.get("organization", type=int)
    number = request.args.get("case", "").strip()[:60]
    for name, given in (("from_day", "from"), ("to_day", "to")):
        try:
            preset[name] = date.fromisoformat(request.args.get(given, ""))
        except ValueError:
            continue
    if organization is not None and 0 < organization <= LARGEST_ID:
        return {**preset, "scope": "organization", "organization": organization}
    return {**preset, "scope": "project", "number": number} if number else preset


def _rows_of(_name: str) -> list[tuple[Any, str]]:
    english = current_locale() == "en"
    own = [one for one in held() if one.role == AUDITOR]
    return [
        (node.id, (node.name_en or node.name_zh) if english else node.name_zh) for node in places_of(db.session, own)
    ]


def _page(form: Form, errors: Any = ()) -> str:
    scope = form["scope"].data
    organization = str(form["organization"].data or "")
    name = organization_name(db.session, int(organization)) if organization.isascii() and organization.isdecimal() and (
        0 < int(organization) <= LARGEST_ID) else None
    rows = own_exports(db.session, actor().person_id or 0, real_now())
    running = sum(row.word in ("waiting", "running") for row in rows)
    ready = sum(row.word == "ready" for row in rows)
    return render_template(
        "pages/exports.html", form=form, errors=list(errors), key=secrets.token_hex(16), scope=scope,
        organization_name=name, rows=[_row(row) for row in rows], running=running,
        count=", ".join([
            ngettext("%(num)d in the making", "%(num)d in the making", running),
            ngettext("%(num)d ready", "%(num)d ready", ready),
        ]),
        days=current_app.config["EXPORT_DAYS"],
    )


def _row(row: Standing) -> dict[str, Any]:
    export = row.export
    words = {
        "waiting": _("waiting"), "running": _("being made"), "ready": _("ready"), "failed": _("failed"),
        "cancelled": _("cancelled"), "expired": _("removed after its time"),
    }
    formats = {"bundle": _("Evidence bundle"), "xlsx": "XLSX", "csv": "CSV"}
    total = export.rows_total
    return {
        "id": export.id, "title": export.title_en if current_locale() == "en" else export.title_zh,
        "format": formats[export.format], "purpose": export.purpose, "asked_at": export.asked_at,
        "word": row.word, "words": words[row.word], "tone": TONES[row.word], "failure": _failure(export.failure),
        "done": min(export.rows_done, total or 0), "total": total, "size": export.size, "sha256": export.sha256,
        "expires_at": export.expires_at, "taken": row.taken,
        "file_href": f"{HERE}/{export.id}/file" if row.word == "ready" else None,
        "cancel_action": f"{HERE}/{export.id}/cancel" if row.word in ("waiting", "running") else None,
    }


def _failure(code: str | None) -> str | None:
    if code is None:
        return None
    return {
        "not_found": _("What you may see has changed, or what you asked for is not there any more."),
        "nothing_recorded": _("Nobody has made a move yet."),
        "gave_up": _("It was tried several times and never came to its end. Ask your administrator."),
    }.get(code, code)
