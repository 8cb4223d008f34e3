"""What may those above do to hubs? Recognize one; in the caller's transaction."""

from collections.abc import Sequence
from datetime import date

from app.access.models import Node
from app.access.nodes import AnySession, create_node
from app.affiliation.models import Hub


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
