"""What was a place called before? A new name is given, and what ended before keeps the name of its day."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select

from app.access.models import FormerPlaceName, Node
from app.access.nodes import AnySession


class NothingRenamed(ValueError):
    """The place is called so already."""


def rename_place(
    session: AnySession, node: Node, *, name_zh: str, name_en: str | None, on: date, now: datetime
) -> None:
    """Call the place so from the day `on`, and keep what it was called; flushed. Raise NothingRenamed for the same."""
    session.refresh(node, with_for_update={"key_share": True})
    if (node.name_zh, node.name_en) == (name_zh, name_en):
        raise NothingRenamed(f"it is called {name_zh} already")
    session.add(FormerPlaceName(
        node_id=node.id, name_zh=node.name_zh, name_en=node.name_en, until_on=on, entered_at=now
    ))
    node.name_zh, node.name_en = name_zh, name_en
    session.flush()


def former_names(session: AnySession, node_id: int) -> Sequence[FormerPlaceName]:
    """Return what the place was called before, the oldest first."""
    query = select(FormerPlaceName).where(FormerPlaceName.node_id == node_id).order_by(FormerPlaceName.id)
    return session.scalars(query).all()


def name_then(session: AnySession, node_id: int, day: date, locale: str) -> str | None:
    """Return what the place was called at the end of that day, for readers of `locale`; None: what it is called now."""
    then = next((former for former in former_names(session, node_id) if day < former.until_on), None)
    if then is None:
        return None
    return then.name_zh if locale.startswith("zh") or not then.name_en else then.name_en
