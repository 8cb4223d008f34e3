"""What does the API tell of a case? Values only; the page is made from the same questions."""

import json
from datetime import datetime
from typing import Any

from marshmallow import Schema

from app.cases.chain import moment
from app.cases.options import Choices, choices_for, example_for
from app.cases.queries import CaseLine, HistoryLine, documents_of, history_of
from app.cases.snapshot import CaseRow, ClockRun
from app.doors.caller import actor, now
from app.doors.schemas import json_schema
from app.extensions import db
from app.language import localized
from workflows.definition import ROLE_TITLES, Definition
from workflows.loader import library

MOST_MOVES = 500
"""So many moves stand in a case's JSON at most; `history_next` leads to those behind them."""


def case_json(case: CaseRow, after: int = 0) -> dict[str, Any]:
    """Return the case with its clocks, whom it waits for, what the caller may do and why not, and its history.

    The history begins behind the move `after`; where more than MOST_MOVES follow, `history_next` is the address
    of the next ones.
    """
    history = history_of(db.session, case.id, after=max(after, 0), limit=MOST_MOVES + 1)
    behind = history[MOST_MOVES - 1].sequence if len(history) > MOST_MOVES else None
    choices = choices_for(db.session, case, actor(), now())
    state = choices.definition.states[case.state or ""]
    return {
        "number": case.number,
        "kind": case.kind,
        "kind_title": localized(choices.definition.title),
        "subject": case.subject,
        "definition": {"place": case.place, "version": case.version, "policy": case.policy},
        "state": case.state,
        "state_title": localized(state.title),
        "final": state.final,
        "revision": case.revision,
        "organization": case.organization_id,
        "opened_at": moment(case.opened_at),
        "waits_for": _waits(choices.definition, case),
        "clocks": [clock_json(case, run) for run in case.clocks],
        "allowed": allowed_json(case, choices),
        "refused": [
            {
                "trigger": option.transition.trigger,
                "title": localized(option.transition.title),
                "reasons": [{"code": r.code, "message": localized(r.text)} for r in option.reasons],
            }
            for option in choices.refused
        ],
        "history": [history_json(line, case.number) for line in history[:MOST_MOVES]],
        "history_next": f"/api/v1/cases/{case.number}?history_after={behind}" if behind else None,
        "documents": [document_json(row) for row in documents_of(db.session, case.id)],
    }


def allowed_json(case: CaseRow, choices: Choices) -> list[dict[str, Any]]:
    """Return every trigger that the caller may fire, with its schema and data that fits this very case."""
    return [
        {
            "trigger": option.transition.trigger,
            "title": localized(option.transition.title),
            "schema": schema_json(option.schema),
            "example": example_for(db.session, option.schema, case, choices.person_id),
        }
        for option in choices.allowed
    ]


def schema_json(schema: Schema | None) -> dict[str, Any]:
    """Return the JSON schema of an input; an empty object for a trigger that takes nothing."""
    return json_schema(schema) if schema else {"type": "object", "properties": {}, "additionalProperties": False}


def _waits(definition: Definition, case: CaseRow) -> dict[str, Any] | None:
    state = definition.states[case.state or ""]
    if state.waits_for is None:
        return None
    return {
        "role": state.waits_for, "role_title": localized(ROLE_TITLES[state.waits_for]), "person": case.waits_person,
    }


def clock_json(case: CaseRow, run: ClockRun) -> dict[str, Any]:
    """Return one clock with what it counts and where its number comes from."""
    number = library().policy_pinned(case.policy).number(run.name)

    def at(value: datetime | None) -> str | None:
        return moment(value) if value else None

    return {
        "name": run.name, "title": localized(number.title) if hasattr(number, "title") else run.name,
        "started_at": at(run.started_at), "due_at": at(run.due_at), "number": run.number + run.extended_by,
        "unit": run.unit, "promised": run.promised, "provisional": run.provisional,
        "paused_since": at(run.paused_since), "stopped_at": at(run.stopped_at), "fires": run.fires,
        "cite": cite(number), "verified": number.verified,
    }


def cite(number: Any) -> str:
    """Return where a number comes from, in the reader's language."""
    return number.cite if isinstance(number.cite, str) else localized(number.cite)


def history_json(line: HistoryLine, number: str) -> dict[str, Any]:
    """Return one move with its receipt; `data` holds commitments where values are personal."""
    body = json.loads(line.body)
    return {
        "sequence": line.sequence, "at": moment(line.at), "person": line.person_id, "person_name": line.person_name,
        "on_behalf_of": line.on_behalf_name, "role": line.role, "trigger": line.trigger, "from": line.from_state,
        "to": line.to_state, "data": body["data"], "files": body["files"],
        "receipt": f"{number}:{line.sequence}:{line.hash.hex()}",
    }


def document_json(row: dict[str, Any]) -> dict[str, Any]:
    """Return a document of a case."""
    return {
        "id": row["id"], "slot": row["slot"], "name": row["name"], "size": row["size"],
        "media_type": row["media_type"], "sha256": row["sha256"], "sequence": row["sequence"], "issued": row["issued"],
    }


def line_json(line: CaseLine) -> dict[str, Any]:
    """Return one row of a list of cases."""
    definition = library().exact(line.kind, line.place, line.version, line.legal_class)
    return {
        "number": line.number, "kind": line.kind, "kind_title": localized(definition.title), "subject": line.subject,
        "state": line.state, "state_title": localized(definition.states[line.state].title),
        "organization": line.organization_id, "organization_name": line.organization_name,
        "waits_for": line.waits_role, "due_at": moment(line.due_at) if line.due_at else None,
        "opened_at": moment(line.opened_at),
    }
