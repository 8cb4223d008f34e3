"""May this person represent an organization, and who signs in as its representative from the decision on?"""

from sqlalchemy import or_, select

from app.access.grants import grant, revoke
from app.access.models import Node, RoleGrant
from app.access.nodes import AnySession
from app.access.reach import people_holding
from app.access.telling import tell_role_ended, tell_role_given, tell_to_invite
from app.cases.move import Move
from app.organizations.models import Organization
from app.organizations.steps import represented_by
from app.registration.models import RegistrationChange
from workflows.engine import Refused
from workflows.kinds.registration import representative_barred
from workflows.rules.working_days import local_day

ROLE = "legal_representative"


def demand_free_representative(
    session: AnySession, key: bytes | None, *, legal_class: str, organization_id: int
) -> None:
    """Raise Refused if who stands behind the key represents what they may not represent beside this organization.

    Asked one after the other: of two cases that are decided at once no guard sees the other one registered.
    """
    if key is None:
        return
    reason = representative_barred(legal_class, represented_by(session, key, except_id=organization_id))
    if reason is not None:
        raise Refused(reason)


def hand_over_role(move: Move, organization: Organization) -> None:
    """End the role of whoever represented the organization today, and give it to the successor, each told.

    The successor is who was named in the application among those who sign in for it. Of anybody else the register
    knows no account: then the administrators of the place are told to invite them, as they invite everybody.
    """
    session, today = move.session, local_day(move.now)
    node = session.get_one(Node, organization.node_id)
    successor = session.get_one(RegistrationChange, move.case.id).successor_id
    query = select(RoleGrant).where(
        RoleGrant.role == ROLE, RoleGrant.node_id == node.id, RoleGrant.case_id.is_(None),
        or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > today),
    )
    holds_it = False
    for given in session.scalars(query.order_by(RoleGrant.id).with_for_update()).all():
        if given.person_id == successor:
            holds_it = True
            continue
        revoke(session, given, on=today, by=move.person_id, now=move.now)
        tell_role_ended(session, given, now=move.now)
    if successor is None:
        for person in people_holding(session, "system_admin", node_path=node.path, on=today):
            tell_to_invite(
                session, person.id, role=ROLE, node=node, code=organization.uscc, by=move.person_id, now=move.now
            )
    elif not holds_it:
        given = grant(
            session, person_id=successor, role=ROLE, node=node, on=today, by=move.person_id, now=move.now
        )
        tell_role_given(session, given, now=move.now)
