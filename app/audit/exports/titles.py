"""How is a kind, a state or a move called in a table? Looked up by the database, row by row, in one value."""

import json
from functools import cache
from typing import Any

from sqlalchemy import Text, bindparam, cast, func
from sqlalchemy.dialects.postgresql import JSONB

from app.cases.models import Case
from workflows.loader import library


@cache
def _titles(locale: str) -> str:
    found: dict[str, str] = {}
    for definition in library().definitions:
        key = f"{definition.kind} {definition.place} {definition.version} {definition.legal_class or ''}"
        found[key] = definition.title.localized(locale)
        for name, state in definition.states.items():
            found[f"{key} {name}"] = state.title.localized(locale)
        for transition in definition.transitions:
            for start in transition.from_ or ("",):
                found[f"{key} {start} {transition.trigger}"] = transition.title.localized(locale)
    return json.dumps(found, ensure_ascii=False)


def _looked_up(locale: str, *parts: Any) -> Any:
    titles = cast(bindparam(None, _titles(locale), Text, unique=True), JSONB)
    pinned = func.concat(Case.kind, " ", Case.place, " ", Case.version, " ", Case.legal_class)
    key = func.concat(pinned, *(piece for part in parts for piece in (" ", part)))
    return titles.op("->>", return_type=Text())(key)


def kind_title(locale: str) -> Any:
    """Return the expression of the title of a case's kind."""
    return _looked_up(locale)


def state_title(locale: str, state: Any) -> Any:
    """Return the expression of the title of one of its states; NULL for one that the definition does not know."""
    return _looked_up(locale, state)


def move_title(locale: str, from_state: Any, trigger: Any) -> Any:
    """Return the expression of the title of a move from a state."""
    return _looked_up(locale, from_state, trigger)
