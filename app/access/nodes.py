"""Where does a place stand in the trees of territory, hubs, organizations, incubators and buyers?"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import and_, column, func, literal_column, or_, select, table, text, update
from sqlalchemy.orm import Session, scoped_session

from app.access.models import NODE_KINDS, Node

# Named, not imported: organizations stand above access.
_organizations = table("organizations", column("node_id"), column("uscc"))
AnySession = Session | scoped_session[Any]
ROOT_CODE = "000000"


class ImpossibleMove(ValueError):
    """A node cannot stand below itself."""


class CannotEnd(ValueError):
    """What stands at a place keeps its recognition from ending; the message tells an operator what."""


def create_node(
    session: AnySession,
    *,
    parent: Node | None,
    kind: str,
    name_zh: str,
    name_en: str | None = None,
    code: str | None = None,
    level: int | None = None,
    valid_from: date | None = None,
) -> Node:
    """Add a node below `parent` (None: a root) and return it, flushed, with its path."""
    if kind not in NODE_KINDS:
        raise ValueError(f"no kind of node is called {kind!r}")
    node_id: int = session.scalars(select(func.nextval(func.pg_get_serial_sequence("nodes", "id")))).one()
    node = Node(
        id=node_id,
        parent_id=parent.id if parent else None,
        path=f"{parent.path if parent else '/'}{node_id}/",
        kind=kind,
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        level=level,
    )
    if valid_from is not None:
        node.valid_from = valid_from
    session.add(node)
    session.flush()
    return node


def ensure_root(session: AnySession) -> Node:
    """Return the root of the territory (全国), made at first use."""
    return find_by_code(session, ROOT_CODE) or create_node(
        session, parent=None, kind="territory", code=ROOT_CODE, name_zh="全国", name_en="China", level=0
    )


def find_by_code(session: AnySession, code: str) -> Node | None:
    """Return the node with this code, or None."""
    return session.scalars(select(Node).where(Node.code == code)).one_or_none()


def find_place(session: AnySession, code: str) -> Node | None:
    """Return the node with this code, or that of the organization with this unified social credit code, or None."""
    at = select(_organizations.c.node_id).where(_organizations.c.uscc == code).scalar_subquery()
    return session.scalars(select(Node).where(or_(Node.code == code, Node.id == at)).limit(1)).one_or_none()


def move_node(session: AnySession, node: Node, *, parent: Node) -> None:
    """Put the node with all that stands below it under `parent`.

    Whoever holds a role above the old place loses reach with the same commit; nothing else has to be changed.
    """
    _lock_paths(session)
    session.refresh(node)
    session.refresh(parent)
    if parent.path.startswith(node.path):
        raise ImpossibleMove(f"node {node.id} cannot stand below itself")
    old, new = node.path, f"{parent.path}{node.id}/"
    session.execute(
        update(Node)
        .where(within(old))
        .values(path=func.concat(new, func.substr(Node.path, len(old) + 1)))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Node)
        .where(Node.id == node.id)
        .values(parent_id=parent.id)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def ancestors(session: AnySession, node: Node) -> Sequence[Node]:
    """Return the nodes from the root down to, and with, this one."""
    ids = [int(part) for part in node.path.strip("/").split("/")]
    return session.scalars(select(Node).where(Node.id.in_(ids)).order_by(func.length(Node.path))).all()


def children(session: AnySession, node: Node, *, kind: str | None = None) -> Sequence[Node]:
    """Return the nodes directly below this one, in the order in which they were made."""
    query = select(Node).where(Node.parent_id == node.id).order_by(Node.id)
    return session.scalars(query if kind is None else query.where(Node.kind == kind)).all()


def subtree(session: AnySession, node: Node) -> Sequence[Node]:
    """Return the node and all that stands below it, those above first."""
    return session.scalars(select(Node).where(within(node.path)).order_by(Node.path)).all()


def division_code(session: AnySession, node: Node) -> str | None:
    """Return the code of the nearest territory at or above the node: the place whose rules hold there."""
    for above in reversed(ancestors(session, node)):
        if above.kind == "territory" and above.code:
            return above.code
    return None


def within(path: Any, nodes: Any = Node) -> Any:
    """Return the condition that a node stands at or below the one with this path (text, or a column of it).

    Bounds, not LIKE: a prepared statement's general plan can use the index for bounds only. '0' follows '/'.
    """
    end = path[:-1] + "0" if isinstance(path, str) else func.rtrim(path, "/").op("||")("0")
    return and_(nodes.path.op("~>=~")(path), nodes.path.op("~<~")(end))


def is_place(nodes: Any = Node) -> Any:
    """Return the condition that cases may stand at a node; written out, so that the index of places serves it."""
    return nodes.kind != literal_column("'organization'")


def _lock_paths(session: AnySession) -> None:
    # Two moves at once could put each node below the other: one at a time.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('shuniu.nodes.path'))"))
