"""What does the case page show? Values for pages/case.html, made from the same questions as the API."""

import json
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import text

from app.access.models import Node
from app.access.roles import ROLES
from app.cases.kinds import overview_of
from app.cases.options import Choices
from app.cases.overview import Board, Overview
from app.cases.personal import personal_fields
from app.cases.queries import HistoryLine, history_of
from app.cases.snapshot import CaseRow, ClockRun
from app.cases.titles import title_of_case
from app.cases.words import HIDDEN, shown_data, shown_tables
from app.clock import SHANGHAI
from app.documents.queries import Standing, documents_of_case
from app.doors.caller import held, holds, now
from app.doors.markup import DueWords, day, due_words, mask
from app.extensions import db
from app.language import current_locale, localized
from workflows.definition import Definition, DocumentSlot
from workflows.diagram import svg
from workflows.loader import Policy, library
from workflows.rules.working_days import official_calendar, working_days_between

MOST_MOVES = 200
OUTCOME_TONES = {"success": "green", "failure": "red"}
ORGANIZATION = text("SELECT name FROM organizations WHERE id = :id")


def case_view(case: CaseRow, choices: Choices, before: int | None = None) -> dict[str, Any]:
    """Return the `case` of pages/case.html, with the MOST_MOVES newest moves, or the newest before the move `before`.

    A fixed number of queries and of moves, however long the history.
    """
    definition = choices.definition
    state = definition.states[case.state or ""]
    newest = min(max(before or case.revision + 1, 2), case.revision + 1) - 1
    oldest = max(newest - MOST_MOVES, 0) + 1
    history = history_of(db.session, case.id, after=oldest - 1, limit=newest - oldest + 1, opening=True)
    standing = documents_of_case(db.session, case.id)
    policy = library().policy_pinned(case.policy)
    own = "staff" in choices.roles
    overview = _overview(case)
    return {
        "number": case.number, "kind_title": localized(definition.title), "subject": title_of_case(case),
        "state_title": localized(state.title), "tone": OUTCOME_TONES.get(state.outcome or "", "blue"),
        "organization": _organization(case), "place": _place(case), "opened_at": case.opened_at,
        "tags": _tags(case), "revision": ngettext("%(num)d move", "%(num)d moves", case.revision),
        "clock": _ring(case), "clocks": [_clock(run, policy) for run in _running(case)],
        "steps": steps_of(definition, case),
        "diagram": Markup(svg(  # noqa: S704 - our own drawing of a released definition
            definition, current=case.state, taken=[(s.from_state, s.to_state) for s in case.steps],
            locale=current_locale(),
        )),
        "sentence": localized(state.applicant_says) if own and state.applicant_says.zh else None,
        "facts": _facts(case, definition, overview),
        "answers": _answers(case, definition, history),
        "tables": [*map(board, overview.boards), *_tables(case, history, overview.boards)],
        "documents": _documents(definition, case, standing),
        "masked": _masked(case),
        "history": [_move(case, definition, line) for line in reversed(history) if line.sequence >= oldest],
        "history_pages": _pages(case, oldest, newest), "moves": case.revision,
        "people": _people(history), "related": [vars(link) for link in overview.related],
        "chain": _chain(case),
        "bundle_href": f"/cases/{case.number}/bundle",
        "audit_href": f"/audit/cases/{case.number}" if holds("auditor") else None,
        "export_href": f"/audit/exports?case={case.number}" if holds("auditor") else None,
    }


def _pages(case: CaseRow, oldest: int, newest: int) -> dict[str, Any] | None:
    """Return the links to newer and older moves; the sequence is the key, without gaps."""
    if case.revision <= MOST_MOVES:
        return None
    here, newer = f"/cases/{case.number}", newest + MOST_MOVES
    return {
        "words": _("Moves %(first)s to %(last)s of %(all)s", first=oldest, last=newest, all=case.revision),
        "previous": None if newest == case.revision
        else f"{here}#history" if newer >= case.revision else f"{here}?before={newer + 1}#history",
        "next": f"{here}?before={oldest}#history" if oldest > 1 else None,
    }


def move_href(number: str, sequence: int, revision: int) -> str:
    """Return the address at which a move stands on its case's page: an older one than the newest has a page before."""
    if sequence > revision - MOST_MOVES:
        return f"/cases/{number}#move-{sequence}"
    return f"/cases/{number}?before={sequence + MOST_MOVES // 2}#move-{sequence}"


def _organization(case: CaseRow) -> dict[str, Any] | None:
    if case.organization_id is None:
        return None
    name = db.session.execute(ORGANIZATION, {"id": case.organization_id}).scalar_one()
    return {"name": name, "href": f"/organizations/{case.organization_id}"}


def _place(case: CaseRow) -> str:
    node = db.session.get(Node, case.node_id)
    assert node is not None
    return node.name_en if current_locale() == "en" and node.name_en else node.name_zh


def _tags(case: CaseRow) -> list[tuple[str, str]]:
    tags = []
    if any(run.paused_since and not run.stopped_at for run in case.clocks):
        tags.append((_("Deadline paused"), "violet"))
    if any(run.due_at <= now() and not run.paused_since and not run.fires for run in _running(case)):
        tags.append((_("Overdue"), "red"))
    return tags


def _running(case: CaseRow) -> list[ClockRun]:
    return sorted((run for run in case.clocks if run.stopped_at is None), key=lambda run: (run.due_at, run.name))


def unit_word(unit: str, number: int) -> str:
    """Return the unit of a number in words."""
    words = {
        "working_days": ngettext("working day", "working days", number),
        "days": ngettext("day", "days", number),
        "months": ngettext("month", "months", number),
    }
    return words.get(unit, unit)


def due_of(run: ClockRun) -> DueWords:
    """Return how a clock reads at this moment; one that fires a move of the system ends, and nobody is late."""
    return due_words(
        run.due_at, now(), official_calendar(), paused=run.paused_since is not None, provisional=run.provisional,
        ends=run.fires is not None,
    )


def _ring(case: CaseRow) -> dict[str, Any] | None:
    running = [run for run in _running(case) if not run.promised] or _running(case)
    if not running:
        return None
    run = running[0]
    due = due_of(run)
    total = run.number + run.extended_by
    return {
        "used": _used(run), "number": total if run.unit in ("days", "working_days") else None,
        "unit_word": unit_word(run.unit, total),
        "words": due.words, "detail": due.detail, "tone": due.tone,
    }


def _used(run: ClockRun) -> int:
    """Return how many of its days a clock has counted, pauses left out."""
    end = run.paused_since or now()
    days = _days(run, run.started_at, end)
    return max(0, days - sum(_days(run, start, stop) for start, stop in run.pauses))


def _days(run: ClockRun, start: datetime, end: datetime) -> int:
    first, last = day_of(start), day_of(end)
    if run.unit == "working_days":
        return working_days_between(first, last, official_calendar())
    return int((last - first).days)


def day_of(at: datetime) -> date:
    """Return the day in Shanghai."""
    return at.astimezone(SHANGHAI).date()


def _clock(run: ClockRun, policy: Policy) -> dict[str, Any]:
    number = policy.number(run.name)
    total = run.number + run.extended_by
    words = f"{total} {unit_word(run.unit, total)}" if run.unit != "until" else _("until a given time")
    return {
        "title": localized(number.title), "due": due_of(run), "number": words,
        "source": localized(number.source), "verified": number.verified,
        "paused": _("paused since %(day)s", day=day(run.paused_since, "short")) if run.paused_since else None,
        "promised": run.promised,
    }


def steps_of(definition: Definition, case: CaseRow) -> list[dict[str, Any]]:
    """Return the spine as the stepper shows it: done, current, todo, or failed where the case ended beside it."""
    reached = {step.to_state: step for step in case.steps}
    state = definition.states[case.state or ""]
    on_spine = case.state in definition.spine
    stopped_at = None if on_spine else _last_on_spine(definition, case)
    listed = []
    for name in definition.spine:
        step = reached.get(name)
        status = "todo"
        if on_spine and name == case.state:
            status = "done" if state.final else "current"
        elif step is not None and _before(definition, name, case.state if on_spine else stopped_at):
            status = "done"
        elif name == stopped_at:
            status = "failed" if state.outcome == "failure" else "current"
        listed.append({
            "title": localized(definition.states[name].title), "state": status,
            "when": day(step.at, "short") if step is not None and status != "todo" else None,
            "note": localized(state.title) if name == stopped_at else None,
        })
    return listed


def _last_on_spine(definition: Definition, case: CaseRow) -> str | None:
    for step in reversed(case.steps):
        if step.to_state in definition.spine:
            return step.to_state
    return definition.spine[0] if definition.spine else None


def _before(definition: Definition, name: str, other: str | None) -> bool:
    return other in definition.spine and definition.spine.index(name) < definition.spine.index(other)


def _overview(case: CaseRow) -> Overview:
    told = overview_of(case.kind)
    return told(db.session, case, held()) if told else Overview()


def board(table: Board) -> dict[str, Any]:
    """Return a board as the page's tables take it."""
    columns = [{"title": title, "number": number} for title, number in table.columns]
    return {"title": table.title, "columns": columns, "rows": table.rows, "folded": table.folded}


def _facts(case: CaseRow, definition: Definition, overview: Overview) -> list[dict[str, Any]]:
    state = definition.states[case.state or ""]
    nobody = _("nobody; the case is closed") if state.final else _("nobody at present")
    waits = localized(ROLES[state.waits_for].title) if state.waits_for else nobody
    since = _("since %(day)s", day=day(case.steps[-1].at, "short")) if case.steps else None
    place = library().places.get(definition.place)
    return [
        *(vars(fact) for fact in overview.facts),
        {"label": _("Waits for"), "value": waits, "note": since, "big": False, "wide": False},
        {"label": _("Rules"), "value": localized(place.title) if place else definition.place,
         "note": _("edition %(n)s", n=definition.version), "big": False, "wide": False},
    ]


def _answers(case: CaseRow, definition: Definition, history: list[HistoryLine]) -> list[dict[str, Any]]:
    """The opening's answers stand on the page; later moves carry theirs in the history."""
    if not history:
        return []
    first = history[0]
    told = shown_data(
        case.kind, first.trigger, json.loads(first.body)["data"], legal_class=case.legal_class
    )
    rows = [(label, value) for label, value in told if value != HIDDEN]  # personal ones stand masked above
    return [{"title": _("What was applied for"), "rows": rows}] if rows else []


def _tables(case: CaseRow, history: list[HistoryLine], boards: tuple[Board, ...]) -> list[dict[str, Any]]:
    """Return the tables that were handed in; of one that somebody handed in again the newest."""
    told = frozenset(table.instead_of for table in boards if table.instead_of)
    tables: dict[tuple[str, str, int | None], dict[str, Any]] = {}
    for line in history:
        handed_in = json.loads(line.body)["data"]
        for table in shown_tables(case.kind, line.trigger, handed_in, told, legal_class=case.legal_class):
            tables[line.trigger, table["field"], line.person_id] = {**table, "folded": False}
    return list(tables.values())


def _documents(definition: Definition, case: CaseRow, standing: list[Standing]) -> list[dict[str, Any]]:
    # What was sealed with its papers cannot tell which of them are there: none is called missing.
    wanted = set() if case.sealed else {
        slot for step in definition.transitions if step.trigger in _made(case) for slot in step.documents
    }
    listed = []
    for name, slot in definition.documents.items():
        files = [_file(paper) for paper in standing if paper.slot == name]
        if files or (name in wanted and not slot.issued and not slot.needed_with):
            listed.append({"title": localized(slot.title), "required": _required(slot), "issued": slot.issued,
                           "files": files})
    return listed


def _made(case: CaseRow) -> set[str]:
    return {step.trigger for step in case.steps}


def _required(slot: DocumentSlot) -> bool:
    return slot.required and not slot.issued


def _file(paper: Standing) -> dict[str, Any]:
    document = paper.document
    return {"name": document.name, "size": document.size, "at": paper.at, "by": paper.by,
            "href": f"/documents/{document.id}", "sha256": document.sha256}


def _masked(case: CaseRow) -> list[dict[str, Any]]:
    values = personal_fields(db.session, case.kind, case.id)
    reveal = f"/cases/{case.number}/personal"
    return [
        {"label": one.label, "value": mask(one.value), "reveal": reveal if one is values[0] else None}
        for one in values
    ]


def _move(case: CaseRow, definition: Definition, line: HistoryLine) -> dict[str, Any]:
    transition = definition.transition(line.from_state, line.trigger)
    title = localized(transition.title) if transition else line.trigger
    state = definition.states[line.to_state]
    tone = OUTCOME_TONES.get(state.outcome or "", "")
    told = json.loads(line.body)["data"] if line.sequence > 1 else {}  # the opening's stands on the page itself
    if transition is not None and transition.danger:
        tone = "red"
    return {
        "sequence": line.sequence, "at": line.at, "who": line.person_name,
        "role": localized(ROLES[line.role].title) if line.role in ROLES else None,
        "title": title,
        "from_title": localized(definition.states[line.from_state].title) if line.from_state else None,
        "to_title": localized(state.title),
        "tone": {"green": "good", "red": "bad"}.get(tone, "back" if state.waits_for == "staff" else ""),
        "reasons": [],
        "fields": shown_data(case.kind, line.trigger, told, legal_class=case.legal_class),
        "papers": [], "receipt": f"{case.number}:{line.sequence}:{line.hash.hex()}",
    }


def _people(history: list[HistoryLine]) -> list[dict[str, Any]]:
    seen: dict[int, dict[str, Any]] = {}
    for line in history:
        if line.person_id is not None and line.role in ROLES:
            seen[line.person_id] = {
                "name": line.person_name, "role": localized(ROLES[line.role].title),
                "tone": "green" if line.role == "staff" else "",
            }
    return list(seen.values())


def _chain(case: CaseRow) -> dict[str, Any]:
    words = ngettext("%(num)d record, chained", "%(num)d records, each chained to the one before", case.revision)
    return {"words": words, "tone": "", "root": case.head.hex()}
