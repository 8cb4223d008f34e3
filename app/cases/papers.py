"""Are the documents of a move there? Checks references and required slots; says all that is missing at once."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from app.cases.move import Move
from app.cases.snapshot import CaseRow
from app.errors import InvalidInput
from app.language import localized
from workflows.definition import Definition, Transition

REACHABLE = text("""
SELECT d.id, d.sha256 FROM documents d
 WHERE d.id = ANY(:ids)
   AND (d.organization_id = :organization OR d.uploaded_by = :person
        OR EXISTS (SELECT 1 FROM case_documents c WHERE c.document_id = d.id AND c.case_id = :case))
""")
FILLED = text("SELECT DISTINCT slot FROM case_documents WHERE case_id = :case")


def attach_documents(move: Move, definition: Definition, transition: Transition) -> None:
    """Attach what the data refers to; raise InvalidInput naming unknown slots, foreign documents, missing slots."""
    given: list[Mapping[str, Any]] = move.data.get("documents") or []
    mistakes = [
        str(_l("There is no place for a document called %(slot)s here.", slot=item["slot"]))
        for item in given
        if item["slot"] not in definition.documents
    ]
    hashes = _reachable_hashes(move.session, move.case, move.person_id, [item["document_id"] for item in given])
    mistakes += [
        str(_l("Document %(id)s is not one of yours; upload it again.", id=item["document_id"]))
        for item in given
        if item["document_id"] not in hashes
    ]
    missing = _missing_slots(move, transition, {item["slot"] for item in given})
    mistakes += [
        str(_l("Add the document: %(title)s", title=localized(definition.documents[slot].title)))
        for slot in missing
    ]
    if mistakes:
        raise InvalidInput({"documents": mistakes})
    for item in given:
        move.attach(item["slot"], item["document_id"], hashes[item["document_id"]])


def _reachable_hashes(
    session: "Session | scoped_session[Session]", case: CaseRow, person_id: int | None, ids: list[int]
) -> dict[int, str]:
    if not ids:
        return {}
    values = {"ids": ids, "organization": case.organization_id, "person": person_id, "case": case.id}
    return {row.id: row.sha256 for row in session.execute(REACHABLE, values)}


def _missing_slots(move: Move, transition: Transition, given: set[str]) -> list[str]:
    wanted = [slot for slot in transition.documents if slot not in given]
    if not wanted:
        return []
    filled = set(move.session.execute(FILLED, {"case": move.case.id}).scalars())
    return [slot for slot in wanted if slot not in filled]
