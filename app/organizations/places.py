"""Which node stands for a division? Made when it is first needed, below all that it lies in."""

from sqlalchemy import text

from app.access.models import Node
from app.access.nodes import AnySession, create_node, ensure_root, find_by_code
from app.organizations.divisions import NATION, chain


def territory(session: AnySession, code: str) -> Node:
    """Return the node of the division, flushed; one whose name we do not know is named by its code."""
    if code == NATION:
        return ensure_root(session)
    if found := find_by_code(session, code):
        return found
    # Two who need the same new place at once would both make it: one at a time.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('shuniu.territory'))"))
    node = ensure_root(session)
    for division in chain(code):
        node = find_by_code(session, division.code) or create_node(
            session, parent=node, kind="territory", code=division.code,
            name_zh=division.zh, name_en=division.en, level=division.level,
        )
    return node
