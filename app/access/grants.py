"""How does a person get a role, and lose it? By dated rows that say who did it; nobody changes their own."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from app.access.models import Node, Person, RoleGrant
from app.access.nodes import AnySession
from app.access.roles import may_be_held_together, role_of
from app.clock import business_now
from app.errors import Problem
from workflows.rules.working_days import local_day


class GrantRefused(Problem):
    """The role cannot be given or taken in this way; the detail says why."""

    status = 422
    code = "grant_refused"
    title: Any = _l("The role was not changed")


def grant(
    session: AnySession,
    *,
    person_id: int,
    role: str,
    node: Node,
    on: date,
    by: int | None,
    now: datetime,
    until: date | None = None,
    case_id: int | None = None,
) -> RoleGrant:
    """Give the role from the day `on` and return the grant, flushed; or raise GrantRefused.

    `by` is None for the operator at the command line. The caller commits.
    """
    role_of(role)
    if by == person_id:
        raise GrantRefused(_l("Ask another administrator: nobody changes their own roles."))
    if until is not None and until <= on:
        raise GrantRefused(_l("Choose an end after the first day."))
    # Two grants at once could together be what neither is alone.
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True)).one()
    held = set(
        session.scalars(
            select(RoleGrant.role).where(
                RoleGrant.person_id == person_id, or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > on)
            )
        )
    )
    if not may_be_held_together(held | {role}):
        raise GrantRefused(
            _l("An administrator holds no other role: choose another person, or end their other roles first.")
        )
    given = RoleGrant(
        person_id=person_id,
        role=role,
        node_id=node.id,
        case_id=case_id,
        valid_from=on,
        valid_to=until,
        granted_by=by,
        granted_at=now,
    )
    session.add(given)
    session.flush()
    return given


def revoke(session: AnySession, given: RoleGrant, *, on: date, by: int | None, now: datetime) -> None:
    """End the grant with the day `on`, which no longer counts; or raise GrantRefused. The caller commits.

    What somebody did in the role stays done in the role: it ends no earlier than the day of `now`, which for a move
    that a clock makes late is the day it was due, or the day of the business clock.
    """
    if by == given.person_id:
        raise GrantRefused(_l("Ask another administrator: nobody changes their own roles."))
    if on < min(local_day(now), local_day(business_now(session))):
        raise GrantRefused(_l("A role ends today or later: what was done in it stays as it was."))
    if given.valid_to is not None and given.valid_to <= on:
        raise GrantRefused(_l("This role has ended already."))
    given.valid_to = max(on, given.valid_from)
    given.revoked_by = by
    given.revoked_at = now
    session.flush()


def grant_on_cases(
    session: AnySession, *, person_id: int, role: str, node_id: int, case_ids: Iterable[int], on: date, now: datetime
) -> None:
    """Give the role on these very cases from the day `on`: whoever is asked to judge sees them, and no more."""
    node = session.get_one(Node, node_id)
    for case_id in case_ids:
        grant(session, person_id=person_id, role=role, node=node, on=on, by=None, now=now, case_id=case_id)


def end_on_case(
    session: AnySession, *, person_id: int, role: str, case_ids: Iterable[int], on: date, now: datetime
) -> None:
    """End what the person holds in this role on these cases: from the day `on` they find no trace of them."""
    query = select(RoleGrant).where(
        RoleGrant.person_id == person_id, RoleGrant.role == role, RoleGrant.case_id.in_(list(case_ids)),
        or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > on),
    )
    for given in session.scalars(query):
        # By the case's own move, not by an administrator: an expert who steps out ends their part themselves.
        revoke(session, given, on=on, by=None, now=now)
