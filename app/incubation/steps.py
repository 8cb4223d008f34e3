"""What may those above do to incubators? Recognize one and end one; in the caller's transaction."""

from datetime import date

from sqlalchemy import func, select

from app.access.models import Node
from app.access.nodes import AnySession, CannotEnd, create_node
from app.incubation.models import Incubator, Residency


def recognize_incubator(
    session: AnySession, *, parent: Node, name_zh: str, name_en: str | None = None, level: str, capacity: int,
    places: int, term_months: int, recognized_on: date, operator_organization_id: int | None = None,
    code: str | None = None,
) -> Incubator:
    """Add an incubator with its node below `parent`, recognized from that day; flushed."""
    node = create_node(
        session, parent=parent, kind="incubator", code=code, name_zh=name_zh, name_en=name_en,
        valid_from=recognized_on,
    )
    incubator = Incubator(
        node_id=node.id, operator_organization_id=operator_organization_id, level=level, capacity=capacity,
        places=places, term_months=term_months, recognized_on=recognized_on,
    )
    session.add(incubator)
    session.flush()
    return incubator


def end_incubator(session: AnySession, node_id: int, *, on: date) -> None:
    """End the recognition: from `on` it is none. Raise CannotEnd while somebody lives there, or before it began."""
    query = select(Incubator).where(Incubator.node_id == node_id, Incubator.ended_on.is_(None)).with_for_update()
    incubator = session.scalars(query).first()
    if incubator is None:
        raise CannotEnd("its recognition has ended already")
    if on < incubator.recognized_on:
        raise CannotEnd(f"it was recognized on {incubator.recognized_on}: it cannot end before")
    living = session.scalar(
        select(func.count()).select_from(Residency)
        .where(Residency.incubator_id == incubator.id, Residency.ended_on.is_(None))
    )
    if living:
        raise CannotEnd(f"{living} organizations are in it: each graduates or hands over first")
    incubator.ended_on = on
