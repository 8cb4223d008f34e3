"""From a decision to the closing statement: waits, clocks, notices, the history row and the answer."""

from datetime import datetime
from typing import NamedTuple

from marshmallow import Schema
from psycopg.types.json import Jsonb

from app.access.nodes import AnySession
from app.access.reach import bound_person
from app.access.roles import ROLES
from app.cases.chain import hide_personal, link, receipt
from app.cases.clocks import earliest_due, merged, next_clocks
from app.cases.closing import Beside, Closing, close
from app.cases.move import Move
from app.cases.sealed import keep_sealed
from app.cases.snapshot import CaseRow
from app.cases.withheld import keep_withheld
from app.clock import SHANGHAI
from app.errors import Answer
from workflows.definition import Definition
from workflows.engine import Decision
from workflows.loader import library


class Request(NamedTuple):
    """Who asked for the move, under which key, and when; `drafted` is False if no draft of it can be there."""

    trigger: str
    person_id: int | None
    on_behalf_of: int | None
    account_id: int | None
    key: str | None
    fingerprint: bytes | None
    now: datetime
    request_id: str
    drafted: bool = True
    decided_at: datetime | None = None


def write_move(
    session: AnySession, move: Move, definition: Definition, decision: Decision,
    request: Request, schema: Schema | None, *, commit: bool,
) -> Answer:
    """Write the move in one statement and return its answer; raise StaleRevision if the case moved meanwhile.

    With `commit` it is durable when the answer is returned.
    """
    case, transition = move.case, decision.transition
    state = definition.states[decision.to_state]
    at = max(request.now, case.last_at) if case.last_at else request.now
    policy = library().policy_pinned(case.policy)
    clocks = next_clocks(
        definition, policy, to_state=decision.to_state, runs=case.clocks, extends=transition.extends, now=at,
        ends={**move.data, **move.ends}, lengths=move.lengths,
    )
    sealed = definition.sealed_after(case.state, decision.to_state, sealed=case.sealed)
    shown, personal = (keep_sealed(session, move), []) if sealed else hide_personal(schema, move.data)
    keep_withheld(session, case.id, move.sequence, [one for one in personal if one.withheld])
    link_ = link(
        number=case.number, kind=case.kind, sequence=move.sequence, prev=case.head, at=at,
        person_id=request.person_id, on_behalf_of=request.on_behalf_of, role=decision.role,
        trigger=request.trigger, from_state=case.state, to_state=decision.to_state, data=shown,
        changes=move.changes, definition=definition.name, policy=case.policy,
        files=[] if sealed else move.file_hashes, reasons=[], request_id=request.request_id,
    )
    answer = Answer(
        number=case.number, state=decision.to_state, revision=case.revision + 1,
        receipt=receipt(case.number, move.sequence, link_.hash),
    )
    final = state.outcome is not None
    closing = Closing(
        case_id=case.id, revision=case.revision, subject=case.subject, kind=case.kind, sequence=move.sequence, at=at,
        trigger=request.trigger, from_state=case.state, to_state=decision.to_state,
        person_id=request.person_id, on_behalf_of=request.on_behalf_of, role=decision.role,
        request_id=request.request_id, prev=case.head, hash=link_.hash, body=link_.body,
        waits_role=None if final else state.waits_for,
        waits_node=None if final or state.waits_for is None else node_for(state.waits_for, case),
        waits_person=None if final else _person_for(session, state.waits_for, case, at),
        due_at=None if final else earliest_due(merged(case.clocks, clocks)),
        closed_at=at if final else None, sealed=sealed, draft_holder=case.organization_node_id,
        account_id=request.account_id, key=request.key, fingerprint=request.fingerprint,
        answer=Jsonb(answer.as_json()),
    )
    beside = Beside(
        clocks=clocks, notices=[(n.to, node_for(n.to, case), n.template) for n in transition.notices],
        personal=[one for one in personal if not one.withheld], documents=[] if sealed else move.attachments,
        drafted=request.drafted, unsealed=case.sealed and not sealed,
    )
    session.flush()  # what is not sent yet would miss a COMMIT
    close(session, closing, beside, commit=commit)
    return answer


def node_for(role: str, case: CaseRow) -> int:
    """Return the node where a role acts on the case: its organization for their own people, else the case's place."""
    if ROLES[role].reach == "organization" and case.organization_node_id is not None:
        return case.organization_node_id
    return case.node_id


def _person_for(session: AnySession, role: str | None, case: CaseRow, at: datetime) -> int | None:
    """Return for whom alone the case waits: a role that is held on one case only names its person."""
    if role is None or ROLES[role].reach != "case":
        return None
    return bound_person(session, role, case_id=case.id, on=at.astimezone(SHANGHAI).date())
