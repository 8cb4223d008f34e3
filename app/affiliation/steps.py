"""What may be done to hubs and memberships? Recognize a hub, end one, end a membership; in the caller's transaction."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from app.access.models import Node
from app.access.nodes import AnySession, CannotEnd, create_node
from app.affiliation.models import Affiliation, Hub
from app.cases.move import Move
from app.organizations.models import Organization
from workflows.rules.working_days import local_day


def recognize_hub(
    session: AnySession, *, parent: Node, name_zh: str, name_en: str | None = None, level: str,
    recognized_on: date, organization_id: int | None = None, fields: Sequence[str] = (), code: str | None = None,
) -> Hub:
    """Add a hub with its node below `parent`, recognized from that day; flushed."""
    node = create_node(
        session, parent=parent, kind="hub", code=code, name_zh=name_zh, name_en=name_en, valid_from=recognized_on
    )
    hub = Hub(
        node_id=node.id, organization_id=organization_id, level=level, fields=list(fields),
        recognized_on=recognized_on,
    )
    session.add(hub)
    session.flush()
    return hub


def end_hub(session: AnySession, node_id: int, *, on: date) -> None:
    """End the hub's recognition: from `on` it is none. Raise CannotEnd while it has members, or before it began."""
    hub = session.scalars(select(Hub).where(Hub.node_id == node_id, Hub.ended_on.is_(None)).with_for_update()).first()
    if hub is None:
        raise CannotEnd("its recognition has ended already")
    if on < hub.recognized_on:
        raise CannotEnd(f"it was recognized on {hub.recognized_on}: it cannot end before")
    members = session.scalar(
        select(func.count()).select_from(Affiliation)
        .where(Affiliation.hub_node_id == node_id, Affiliation.to_on.is_(None))
    )
    if members:
        raise CannotEnd(f"{members} organizations are members: each gives notice first (退出枢纽型社会组织)")
    hub.ended_on = on


def lock_memberships(move: Move) -> None:
    """Let the memberships of the case's organization be changed by one move at a time, until its transaction ends."""
    move.session.get_one(Organization, move.case.organization_id, with_for_update={"key_share": True})


def end_memberships(move: Move, *, hub_node_id: int | None = None) -> int:
    """End the organization's membership of that hub (None: of every hub) today, by this move; return how many."""
    lock_memberships(move)
    query = select(Affiliation).where(
        Affiliation.organization_id == move.case.organization_id, Affiliation.to_on.is_(None)
    )
    if hub_node_id is not None:
        query = query.where(Affiliation.hub_node_id == hub_node_id)
    held = move.session.scalars(query).all()
    for membership in held:
        membership.to_on = local_day(move.now)
        membership.ended_case_id, membership.ended_sequence = move.case.id, move.sequence
    return len(held)
