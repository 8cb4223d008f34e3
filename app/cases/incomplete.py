"""What is missing of a move whose fields are wrong already? All that is to be mended is told at once, papers too."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.access.actor import Actor
from app.access.nodes import AnySession
from app.cases.applying import case_to_be, taken
from app.cases.facts import definition_of, facts_for, reaching_roles
from app.cases.kinds import schema_of
from app.cases.named import Asker, within_reach
from app.cases.numbers import class_of_opening, class_of_reading, own_organizations
from app.cases.snapshot import CaseRow
from app.documents.queries import filled_slots
from app.documents.required import missing_documents
from app.errors import InvalidInput
from app.language import localized
from workflows.definition import Definition, Transition
from workflows.engine import Acting, Refused, demand_possible, titled
from workflows.guards import guard_named, papers_missing
from workflows.loader import library

COMPLETE = "documents_complete"


def with_papers(
    session: AnySession, invalid: InvalidInput, case: CaseRow | None, *, kind: str, trigger: str, actor: Actor,
    data: dict[str, Any], now: datetime, refused: Collection[str] = (),
) -> InvalidInput:
    """Return what is wrong with the fields together with the required papers that are not there.

    `case` is None for an opening. `refused` are slots of whose papers the reader is told already. Who may not make the
    move learns nothing of its papers; where the documents themselves have the wrong form there is no telling.
    """
    if "documents" in invalid.errors or not _takes_papers(kind, trigger):
        return invalid
    number = case.number if case is not None else None
    legal_class = class_of_reading(session, kind, number, trigger, actor, data, now)
    schema = schema_of(kind, trigger, legal_class)
    given = taken(schema, data)
    if case is None:
        organization_id = _own(session, given, actor, now)
        given = within_reach(session, schema, given, Asker(actor.person_id, organization_id, None))
        case = _to_be(session, kind, given, organization_id, now)
    if case is None:
        return invalid
    definition = definition_of(case)
    acting = Acting(person_id=actor.person_id, roles=reaching_roles(session, case, actor, now))
    try:
        demand_possible(definition, state=case.state, trigger=trigger, acting=acting)
    except Refused:
        return invalid
    transition = definition.transition(case.state, trigger)
    missing = missing_papers(session, case, definition, transition, given, acting, now) if transition else []
    told = {slot: paper_asked(definition, slot) for slot in missing if slot not in refused}
    return InvalidInput({**invalid.errors, "documents": list(told.values())}, papers=told) if told else invalid


def with_papers_lacking(
    session: AnySession, refused: Refused, case: CaseRow, trigger: str, data: dict[str, Any], acting: Acting,
    now: datetime,
) -> Refused:
    """Return the refusal of a move with the papers that it lacks besides, so that nobody is sent back twice.

    Where a guard asks for the papers they are among its reasons; the system hands in none.
    """
    definition = definition_of(case)
    transition = definition.transition(case.state, trigger)
    if acting.system or transition is None or COMPLETE in transition.guards:
        return refused
    missing = missing_papers(session, case, definition, transition, data, acting, now)
    return Refused(*refused.reasons, titled(definition, papers_missing(tuple(missing)))) if missing else refused


def missing_papers(
    session: AnySession, case: CaseRow, definition: Definition, transition: Transition, given: dict[str, Any],
    acting: Acting, now: datetime,
) -> list[str]:
    """Return the required slots of a move that are empty, in the order of the definition; `given` may be half a form.

    What a guard of the move knows of papers counts too: one that is needed only because of what was chosen.
    """
    if not transition.documents:
        return []
    there = {item["slot"] for item in given.get("documents") or () if "slot" in item}
    if case.state is not None:
        there |= filled_slots(session, case.id)
    missing = set(missing_documents(definition, transition, there, given))
    if COMPLETE in transition.guards:
        facts = facts_for(session, case, {**given, "documents": [{"slot": slot} for slot in there]})
        reason = guard_named(COMPLETE).ask(facts, acting, given, now)
        missing |= set(reason.documents if reason else ())
    return [slot for slot in definition.documents if slot in missing]


def _takes_papers(kind: str, trigger: str) -> bool:
    return any(
        transition.documents for definition in library().definitions if definition.kind == kind
        for transition in definition.transitions if transition.trigger == trigger
    )


def paper_asked(definition: Definition, slot: str) -> str:
    """Return the sentence that asks for a paper."""
    return str(_l("Add the document: %(title)s", title=localized(definition.documents[slot].title)))


def _own(session: AnySession, given: dict[str, Any], actor: Actor, now: datetime) -> int | None:
    """Return the sender's organization that the case is opened for, if it can be told which one."""
    own = own_organizations(session, actor.person_id, now)
    wanted = given.get("organization") or (own[0] if len(own) == 1 else None)
    return wanted if wanted in own else None


def _to_be(
    session: AnySession, kind: str, given: dict[str, Any], organization_id: int | None, now: datetime
) -> CaseRow | None:
    """Return the case that is being opened, if it can be told where it goes."""
    legal_class = class_of_opening(session, kind, organization_id, given)
    try:
        return case_to_be(session, kind, given, now, organization_id=organization_id, legal_class=legal_class)
    except InvalidInput:
        return None
