"""What was asked of the database? Both ways of asking are seen: through SQLAlchemy, and straight (`rows()`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, text

from app.database.connections import Direct


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect every statement that is sent meanwhile, over whatever connection."""
    sent: list[str] = []
    ask = Direct.ask

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    def noted(direct: Direct, asked: list[Any], **how: Any) -> Any:
        sent.extend(statement.text.decode() for statement, _parameters in asked)
        return ask(direct, asked, **how)

    event.listen(Engine, "before_cursor_execute", note)
    Direct.ask = noted  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        Direct.ask = ask  # type: ignore[method-assign]
        event.remove(Engine, "before_cursor_execute", note)


@contextmanager
def messages() -> Iterator[list[int]]:
    """Collect how many statements each message holds that is sent straight meanwhile, BEGIN and COMMIT among them."""
    sent: list[int] = []
    exchange = Direct._exchanged

    def noted(direct: Direct, message: list[Any]) -> Any:
        sent.append(len(message))
        return exchange(direct, message)

    Direct._exchanged = noted  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        Direct._exchanged = exchange  # type: ignore[method-assign]


def rows_in(session: Any, table: str) -> int:
    """Return how many rows the table has."""
    count: int = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    return count
