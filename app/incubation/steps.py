"""What may those above do to incubators? Recognize one; in the caller's transaction."""

from datetime import date

from app.access.models import Node
from app.access.nodes import AnySession, create_node
from app.incubation.models import Incubator


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
