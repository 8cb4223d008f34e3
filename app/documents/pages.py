"""Hand a paper in, fetch one, and ask whether a printed one is genuine."""

from flask import Blueprint, Flask, Response, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from app.access.api_auth import current_holdings
from app.access.declare import allow
from app.access.local_paths import local_path
from app.access.reads import record_read
from app.clock import business_now, real_now
from app.documents.folder import documents_folder
from app.documents.queries import genuine, may_upload_for, readable_document
from app.documents.refusals import UploadRefused
from app.documents.serving import download_headers, in_blocks
from app.documents.store import open_content, receive
from app.errors import Problem
from app.extensions import db

pages = Blueprint("documents", __name__)


class DocumentNotFound(Problem):
    """There is no such paper, or the person may not know of it: the answer is the same."""

    status = 404
    code = "not_found"
    title = _l("Not found")

    def __init__(self) -> None:
        super().__init__(_l("Check the address, or ask whoever gave it to you."))


def register(app: Flask) -> None:
    """Add the routes of papers."""
    app.register_blueprint(pages)


@pages.post("/documents")
@allow("signed_in")
def upload() -> AnyResponse:
    """Take one file in (fields `file`, `organization`, `next`) and go back to where it was chosen."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise UploadRefused("no_file", _l("Choose a file and send it again."))
    organization_id = request.form.get("organization", type=int)
    if organization_id is not None and not may_upload_for(current_holdings(), organization_id):
        raise DocumentNotFound
    document = receive(
        db.session,
        file.stream,
        folder=documents_folder(),
        filename=file.filename,
        organization_id=organization_id,
        person_id=g.actor.person_id,
        now=business_now(db.session),
        declared_size=request.content_length,
    )
    name = document.name
    db.session.commit()
    flash(_("Received: %(name)s", name=name), "green")
    return redirect(local_path(request.form.get("next")), 303)


@pages.get("/documents/<int:document_id>")
@allow("signed_in", writes="reads")
def download(document_id: int) -> Response:
    """Send the paper as a download and remember who fetched it."""
    document = readable_document(db.session, current_holdings(), g.actor.person_id, document_id)
    if document is None:
        raise DocumentNotFound
    content = open_content(documents_folder(), document)
    headers = download_headers(document)
    record_read(
        db.session,
        person_id=g.actor.person_id,
        subject=f"document {document.id}",
        what="document",
        now=real_now(),
        request_id=getattr(g, "request_id", ""),
    )
    db.session.commit()
    return Response(in_blocks(content), headers=headers)


@pages.get("/verify/")
@allow("public")
def verify_form() -> str | AnyResponse:
    """Ask for the code that stands on a printed paper."""
    code = request.args.get("code", "").strip()
    return _verification(code) if code else render_template("pages/verify.html", code="", document=None)


@pages.get("/verify/<code>")
@allow("public")
def verify(code: str) -> str:
    """Say whether a paper with this code was issued here, and what its file must hash to."""
    return _verification(code)


def _verification(code: str) -> str:
    return render_template("pages/verify.html", code=code[:40], document=genuine(db.session, code))
