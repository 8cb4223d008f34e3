"""Files that come with a form: each is kept at once, so that a form with a mistake loses nothing."""

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict

from app.cases.inputs import labels_of
from app.cases.kinds import input_of
from app.cases.snapshot import CaseRow
from app.documents.folder import documents_folder
from app.documents.models import Document
from app.documents.queries import reusable_documents
from app.documents.refusals import UploadRefused
from app.documents.sealed import Drafted, drafted_papers, receive_sealed
from app.documents.store import receive
from app.doors.caller import actor, now
from app.doors.markup import text as in_words
from app.extensions import db
from app.language import localized
from workflows.definition import Definition, DocumentSlot, Transition

ENDINGS = {
    "application/pdf": ".pdf", "image/jpeg": ".jpg,.jpeg", "image/png": ".png", "text/csv": ".csv",
    "text/plain": ".txt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
MOST = "20 MB"


def keep_uploads(
    formdata: MultiDict[str, Any], name: str, organization_id: int | None, *, sealed: bool = False
) -> dict[str, list[str]]:
    """Keep every file posted under `<name>-<slot>-file` and add its id to the form data; return refusals by slot.

    For a `sealed` kind of case they are kept as ciphertext from the first byte on.
    """
    refusals: dict[str, list[str]] = {}
    for key in request.files:
        if not (key.startswith(f"{name}-") and key.endswith("-file")):
            continue
        slot = key[len(name) + 1:-len("-file")]
        for upload in request.files.getlist(key):
            if not upload.filename:
                continue
            try:
                kept = (_sealed if sealed else _plain)(upload, organization_id)
            except UploadRefused as refusal:
                db.session.rollback()
                refusals.setdefault(slot, []).append(f"{upload.filename}: {refusal.detail}")
                continue
            formdata.add(f"{name}-{slot}", str(kept))
    return refusals


def _plain(upload: FileStorage, organization_id: int | None) -> int:
    return _kept_once(receive(
        db.session, upload.stream, folder=documents_folder(), filename=upload.filename or "",
        organization_id=organization_id, person_id=actor().person_id or 0, now=now(),
    ))


def _sealed(upload: FileStorage, organization_id: int | None) -> int:
    if organization_id is None:
        raise UploadRefused("no_organization", _l("Choose for which organization you apply."))
    kept = receive_sealed(
        db.session, upload.stream, folder=documents_folder(), filename=upload.filename or "",
        organization_id=organization_id, person_id=actor().person_id or 0, now=now(),
        form=request.form.get("_key", ""),
    )
    db.session.commit()
    return kept


def _kept_once(document: Document) -> int:
    """Commit a paper; return the earlier one if the same person sent the very same: a form may be sent twice."""
    earlier = db.session.scalars(
        select(Document.id).where(
            Document.sha256 == document.sha256, Document.name == document.name, Document.id < document.id,
            Document.uploaded_by == document.uploaded_by, Document.issued.is_(False),
            Document.organization_id.is_not_distinct_from(document.organization_id),
        ).order_by(Document.id).limit(1)
    ).first()
    kept = earlier or document.id
    if earlier is None:
        db.session.commit()
    else:
        db.session.rollback()
    return kept


def slots_for(
    definition: Definition, transition: Transition, case: CaseRow | None, organization_id: int | None,
    chosen: list[dict[str, Any]], refusals: Mapping[str, list[str]],
) -> list[dict[str, Any]]:
    """Return the slots of a documents field as the macro shows them: attached, reusable, limits and mistakes."""
    ids = {item["document_id"] for item in chosen}
    known: dict[int, Document | Drafted] = {**_documents(ids), **drafted_papers(db.session, organization_id, ids)}
    schema = input_of(definition.kind, transition.trigger)
    names = transition.documents or tuple(n for n, slot in definition.documents.items() if not slot.issued)
    return [
        _slot(definition.documents[name], organization_id, chosen, known, refusals.get(name, []))
        | {"needed_with": _(", ").join(labels_of(schema, definition.documents[name].needed_with)) or None}
        for name in names
        if not definition.documents[name].issued
    ]


def _slot(
    slot: DocumentSlot, organization_id: int | None, chosen: list[dict[str, Any]],
    known: Mapping[int, Document | Drafted], errors: list[str],
) -> dict[str, Any]:
    attached = [known[i["document_id"]] for i in chosen if i["slot"] == slot.name and i["document_id"] in known]
    reusable = (
        reusable_documents(db.session, organization_id, slot=slot.name, media=slot.media, limit=12)
        if organization_id is not None else []
    )
    here = {document.id for document in attached}
    accept = ",".join(ENDINGS[media] for media in slot.media if media in ENDINGS)
    return {
        "name": slot.name, "title": localized(slot.title), "help": in_words(slot.help) or None,
        "required": slot.required, "accept": accept,
        "limit": f"{accept.replace('.', '').upper().replace(',', ' / ')} ≤ {MOST}" if accept else f"≤ {MOST}",
        "errors": errors,
        "attached": [
            {"document_id": d.id, "name": d.name, "size": d.size, "at": d.uploaded_at} for d in attached
        ],
        "reusable": [
            {"document_id": r.document.id, "name": r.document.name, "at": r.document.uploaded_at}
            for r in reusable if r.document.id not in here
        ],
    }


def _documents(ids: set[int]) -> dict[int, Document]:
    if not ids:
        return {}
    return {d.id: d for d in db.session.scalars(select(Document).where(Document.id.in_(ids)))}
