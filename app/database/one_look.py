"""One answer for one look: what a page asks again and again of things that it does not change is asked once.

A start page asks of every kind whether it can be begun: the same organization, its place and its roles each time.
A move never looks that way: what it decides by is always asked anew, under its lock.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session, scoped_session

AnySession = Session | scoped_session[Any]
Asked = ParamSpec("Asked")
Told = TypeVar("Told")


@contextmanager
def one_look(session: AnySession) -> Iterator[None]:
    """Let what is `remembered` be asked once of this session meanwhile; nothing may be written."""
    session.info["look"] = {}
    try:
        yield
    finally:
        session.info.pop("look", None)


def remembered(
    ask: Callable[Concatenate[AnySession, Asked], Told]
) -> Callable[Concatenate[AnySession, Asked], Told]:
    """Let a question be answered from memory during one look; its arguments must be hashable."""

    @wraps(ask)
    def answer(session: AnySession, *args: Asked.args, **named: Asked.kwargs) -> Told:
        memory = session.info.get("look")
        if memory is None:
            return ask(session, *args, **named)
        key = ask, args, tuple(named.items())
        if key not in memory:
            memory[key] = ask(session, *args, **named)
        found: Told = memory[key]
        return found

    return answer
