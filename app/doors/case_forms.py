"""What the forms of moving and of opening share: show one, make the attempt, tell what became of it, keep a draft."""

import json
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import text
from werkzeug.wrappers import Response

from app.cases.drafts import DraftMoved, save_draft
from app.cases.facts import definition_of
from app.cases.incomplete import with_papers
from app.cases.inputs import INVISIBLE
from app.cases.kinds import beside_of
from app.cases.perform import perform
from app.cases.snapshot import CaseRow
from app.cases.words import shown_data, shown_tables
from app.doors.applying import beside_application, classes_of, tasks_of
from app.doors.caller import actor, began, now, request_id
from app.doors.case_view import due_of
from app.doors.forms import merged, sections_of
from app.doors.move_form import (
    MoveForm,
    draft_state,
    fresh_key,
    seen_draft_revision,
    show_conflict,
    title_of,
    words_of,
)
from app.doors.problems import localized_reasons
from app.doors.seeing import visible_case
from app.doors.sheets import sheet
from app.errors import Answer, CaseNotFound, InvalidInput, KeyReused, Problem, StaleRevision
from app.extensions import db
from app.language import localized
from app.organizations.queries import named_by_code
from app.portal.guides import guide_address
from workflows.definition import Transition

Page = str | tuple[str, int] | Response
LAST_BODY = text("SELECT body FROM history WHERE case_id = :case AND sequence = :sequence")


def attempt(case: CaseRow | None, made: MoveForm) -> Answer | tuple[int, list[tuple[str | None, str]]]:
    """Make the move; or return the status and the words of what stands against it, with nothing typed lost."""
    data, unreadable = made.data()
    if made.refusals:
        # A paper that was refused is missing: the move would tell half of what is to be mended.
        wrong = with_papers(
            db.session, InvalidInput(_mistakes(made, data, unreadable)), case, kind=made.kind, trigger=made.trigger,
            actor=actor(), data=data, now=now(), refused=made.refusals,
        )
        made.tell(wrong.errors, wrong.papers)
        return 422, []
    try:
        # What could not be read stands in the data as it was typed, which no schema takes.
        return perform(
            db.session, kind=made.kind, number=case.number if case else None, trigger=made.trigger, actor=actor(),
            data=data, revision=request.form.get("_revision", type=int), key=request.form.get("_key") or None,
            now=now(), request_id=request_id(), began=began(),
        )
    except InvalidInput as invalid:
        made.tell(merged(invalid.errors, unreadable), invalid.papers)
        return 422, []
    except StaleRevision as stale:
        return 409, [(None, str(stale.detail)), *_what_happened(case, stale)]
    except KeyReused:
        return 409, [(None, _("This form was sent before with other answers. Look at the case, then send again."))]
    except CaseNotFound:
        raise
    except Problem as problem:
        words = [reason["message"] for reason in localized_reasons(problem.reasons)] or [str(problem.detail)]
        return problem.status, [(None, each) for each in words]


def _mistakes(made: MoveForm, data: dict[str, Any], unreadable: dict[str, Any]) -> dict[Any, Any]:
    """Return all that the schema finds, with our own words where a value could not even be read."""
    return merged(made.schema.validate(data) if made.schema else {}, unreadable)


def _what_happened(case: CaseRow | None, stale: StaleRevision) -> list[tuple[str | None, str]]:
    if case is None:
        return []
    definition = definition_of(case)
    titles = {t.trigger: localized(t.title) for t in definition.transitions}
    return [
        (None, _("Meanwhile: %(move)s, now %(state)s", move=titles.get(m["trigger"], m["trigger"]),
                 state=localized(definition.states[m["to"]].title)))
        for m in stale.moves
    ]


def moved(answer: Answer, made: MoveForm) -> Response:
    flash(_("Done: %(move)s", move=title_of(made.transition)), "green")
    return redirect(f"/cases/{answer.number}" if _is_seen(answer.number) else "/worklist", 303)


def _is_seen(number: str) -> bool:
    """Tell whether the caller still reaches a case: who steps out of one finds no trace of it."""
    try:
        visible_case(number)
    except CaseNotFound:
        return False
    return True


def keep(made: MoveForm, target: str, again: Callable[[MoveForm], str]) -> Page:
    """Keep the draft for the button of the form; a conflict shows both versions."""
    try:
        saved(made, seen_draft_revision())
    except DraftMoved as moved:
        made.errors.append((None, str(moved.detail)))
        show_conflict(made)
        return again(made), 409
    except InvalidInput as invalid:
        made.tell(invalid.errors)
        return again(made), 422
    flash(_("The draft is saved. Your colleagues can go on with it."), "green")
    return redirect(target, 303)


def saved(made: MoveForm, revision: int) -> Any:
    if made.holder_node_id is None:
        raise CaseNotFound
    data, _errors = made.data()
    fields = made.schema.fields if made.schema else {}
    data = {name: value for name, value in data.items() if not fields[name].metadata.get("secret")}
    return save_draft(
        db.session, holder_node_id=made.holder_node_id, kind=made.kind, trigger=made.trigger,
        case_id=made.case.id if made.case else None, data=json.loads(json.dumps(data, default=str)),
        revision=revision, person_id=actor().person_id or 0, now=now(),
    )


def form_page(case: CaseRow | None, transition: Transition, made: MoveForm) -> str:
    rules, until = beside_application(made) if case is None else ([], None)
    made.dress()
    submit = title_of(transition)
    kind = localized(made.definition.title)
    guide = guide_address(made.definition)
    crumbs: list[tuple[str, str | None]] = [(_("Service guide"), "/guide"), (kind, guide)]
    here = submit if case or submit != kind else _("Start")
    if case is not None:
        crumbs = [(_("Cases"), "/cases"), (case.number, f"/cases/{case.number}")]
    page = {
        "title": submit if case else kind, "lead": words_of(transition.consequence),
        "crumbs": [*crumbs, (here, None)], "applicant": made.organization_name if case is None else None,
        "action": request.full_path.rstrip("?"), "key": request.form.get("_key") or fresh_key(),
        "revision": case.revision if case else None, "submit": submit, "remarks": _remarks(case),
        "due": next((due_of(run) for run in case.clocks if run.stopped_at is None), None) if case else until,
        "rules": rules, "tasks": tasks_of(made) if case is None else [],
        "guide_href": guide, "danger": transition.danger,
        "about": _about(made) if case is None else None,
        "classes": classes_of(made) if case is None else [],
        # Nobody types what is refused whatever they type; what somebody typed already stays before their eyes.
        "closed": request.method == "GET" and made.draft is None
        and any(rule["fixed"] and rule["state"] == "refused" for rule in rules),
    }
    read = beside_of(made.kind, made.trigger)
    if case is not None and read is not None and made.form is not None:
        return render_template(
            "pages/case_sheet.html", page=page, errors=made.errors, draft=draft_state(made),
            **sheet(made.form, read(db.session, case)),
        )
    return render_template(
        "pages/case_form.html", page=page, form=made.form or [], groups=sections_of(made.form), errors=made.errors,
        draft=draft_state(made),
    )


def _about(made: MoveForm) -> dict[str, str] | None:
    """Return the organization whose credit code stands in an office's form: one types a code and means a name."""
    code = made.form["organization_code"].data if made.form is not None and "organization_code" in made.form else None
    found = named_by_code(db.session, code) if code and not INVISIBLE.search(code) else None
    return {"name": found.name, "href": f"/organizations/{found.id}"} if found is not None else None


def _remarks(case: CaseRow | None) -> list[str]:
    """Return what the office asked for in the move that brought the case to its present wait for staff."""
    if case is None or not case.steps:
        return []
    from_office = definition_of(case).states[case.state or ""].waits_for == "staff"
    return _items_of_last_move(case) if from_office else []


def _items_of_last_move(case: CaseRow) -> list[str]:
    body = db.session.execute(LAST_BODY, {"case": case.id, "sequence": case.revision}).scalar()
    if body is None:
        return []
    told = json.loads(bytes(body))
    tables = shown_tables(case.kind, told["trigger"], told["data"], legal_class=case.legal_class)
    words = ["；".join(value for value in row if value != "—") for table in tables for row in table["rows"]]
    plain = shown_data(case.kind, told["trigger"], told["data"], legal_class=case.legal_class)
    words += [f"{label}：{value}" for label, value in plain]
    return words
