"""Which definition, roles and facts hold for a case at this moment? Read after the lock, before deciding."""

from datetime import datetime
from typing import Any, NamedTuple

from app.access.actor import Actor
from app.access.nodes import AnySession
from app.access.reach import roles_reaching_case
from app.cases.kinds import facts_asked_of, facts_of
from app.cases.reading import let_in
from app.cases.snapshot import CaseRow
from app.clock import SHANGHAI
from app.database.connections import Row, rows
from workflows.definition import Definition
from workflows.engine import Acting
from workflows.kinds.case import CaseFacts
from workflows.loader import library


class Seen(NamedTuple):
    """A case under the lock together with who acts on it."""

    case: CaseRow
    acting: Acting
    roles: frozenset[str]


def definition_of(case: CaseRow) -> Definition:
    """Return the definition that the case pinned when it was opened."""
    return library().exact(case.kind, case.place, case.version, case.legal_class)


def case_facts(case: CaseRow) -> CaseFacts:
    """Return what every kind's guards may know of the case itself."""
    return CaseFacts(
        number=case.number, state=case.state, revision=case.revision, opened_at=case.opened_at,
        organization_id=case.organization_id, steps=case.steps, policy=library().policy_pinned(case.policy),
    )


def facts_for(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, read: list[Row] | None = None
) -> Any:
    """Return the kind's facts for this case; `data` is what is being handed in, or None when only asking.

    `read` is what the kind's one statement answered under the lock, if it was sent already.
    """
    asked = facts_asked_of(case.kind)
    if asked is None:
        return facts_of(case.kind)(session, case, data, case_facts(case))
    if read is None:
        read = rows(session, asked(case.number, case, data or {}))
    return facts_of(case.kind)(read, case, data, case_facts(case))


def reaching_roles(
    session: AnySession, case: CaseRow, actor: Actor, now: datetime
) -> frozenset[str]:
    """Return the roles with which the actor reaches the case as it is now."""
    if actor.person_id is None:
        return frozenset()
    roles = roles_reaching_case(
        session, actor.person_id, case_id=case.id, case_node_path=case.node_path,
        organization_node_id=case.organization_node_id, on=now.astimezone(SHANGHAI).date(),
    )
    return let_in(roles, sealed=case.sealed)
