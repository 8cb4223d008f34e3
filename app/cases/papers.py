"""Are the documents of a move there? Checks references, types and required slots; says all that is wrong at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.incomplete import paper_asked
from app.cases.move import Move
from app.documents.queries import filled_slots
from app.documents.required import missing_documents, takes
from app.documents.sealed import Drafted, drafted_papers, forget_keys, open_paper
from app.errors import InvalidInput
from app.language import localized
from workflows.definition import Definition, Transition

REACHABLE = text("""
SELECT d.id, d.sha256, d.media_type, d.name FROM documents d
 WHERE d.id = ANY(:ids)
   AND (d.organization_id = :organization OR (d.uploaded_by = :person AND d.organization_id IS NULL)
        OR EXISTS (SELECT 1 FROM case_documents c WHERE c.document_id = d.id AND c.case_id = :case))
""")


def attach_documents(move: Move, definition: Definition, transition: Transition) -> None:
    """Attach what the data refers to; raise InvalidInput naming unknown slots, foreign papers, missing slots."""
    given: list[Mapping[str, Any]] = move.data.get("documents") or []
    ids = [item["document_id"] for item in given]
    sealed = drafted_papers(move.session, move.case.organization_id, ids) if move.case.sealed else {}
    found = _reachable(move, ids) | sealed
    mistakes = [mistake for item in given for mistake in _mistakes(definition, item, found)]
    papers: dict[str, str] = {}
    if transition.documents:
        there = {item["slot"] for item in given} | filled_slots(move.session, move.case.id)
        missing = missing_documents(definition, transition, there, move.data)
        papers = {slot: paper_asked(definition, slot) for slot in missing}
    if mistakes or papers:
        raise InvalidInput({"documents": [*mistakes, *papers.values()]}, papers=papers)
    if sealed:
        _hand_over(move, given, sealed)
    for item in given:
        if item["document_id"] not in sealed:
            move.attach(item["slot"], item["document_id"], found[item["document_id"]].sha256)


def _hand_over(move: Move, given: list[Mapping[str, Any]], sealed: Mapping[int, Drafted]) -> None:
    """Put the keys of sealed papers into the data, which is about to be sealed, and destroy them where they were."""
    keys = {id_: {"key": paper.key.hex()} for id_, paper in sealed.items()}
    move.data["documents"] = [{**item, **keys.get(item["document_id"], {})} for item in given]
    forget_keys(move.session, sealed)


def opened_documents(
    session: AnySession, data: Mapping[str, Any], *, folder: Path, organization_id: int
) -> dict[str, Any]:
    """Return what was unsealed with its sealed papers made documents; raise PaperDamaged and keep none of them."""
    with session.begin_nested():
        return {**data, "documents": [
            {"slot": item["slot"], "document_id": open_paper(
                session, item["document_id"], bytes.fromhex(item["key"]), folder=folder,
                organization_id=organization_id,
            ).id} if "key" in item else item
            for item in data.get("documents") or []
        ]}


def _mistakes(definition: Definition, item: Mapping[str, Any], found: Mapping[int, Any]) -> list[str]:
    slot = definition.documents.get(item["slot"])
    if slot is None or slot.issued:
        return [str(_l("There is no place for a document called %(slot)s here.", slot=item["slot"]))]
    document = found.get(item["document_id"])
    if document is None:
        return [str(_l("Document %(id)s is not one of yours; upload it again.", id=item["document_id"]))]
    if not takes(slot, document.media_type):
        return [str(_l("%(name)s has a type that is not taken for: %(title)s",
                       name=document.name, title=localized(slot.title)))]
    return []


def _reachable(move: Move, ids: list[int]) -> dict[int, Any]:
    if not ids:
        return {}
    values = {
        "ids": ids, "organization": move.case.organization_id, "person": move.person_id, "case": move.case.id,
    }
    return {row.id: row for row in move.session.execute(REACHABLE, values)}
