"""The pages of every case: look at it, move it, open one. No kind is named here."""

import json
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import text
from werkzeug.wrappers import Response

from app.access.declare import allow
from app.access.roles import ORGANIZATION_ROLES
from app.cases.attempts import reasons_as_json
from app.cases.drafts import DraftMoved, save_draft
from app.cases.facts import definition_of
from app.cases.numbers import definition_in_force
from app.cases.options import Choices, RefusedOption, choices_for
from app.cases.perform import perform
from app.cases.snapshot import CaseRow
from app.cases.words import shown_data, shown_tables
from app.doors.api import opening_trigger
from app.doors.caller import actor, now, request_id
from app.doors.case_view import case_view, due_of, steps_of
from app.doors.forms import merged
from app.doors.markup import due_words
from app.doors.move_form import (
    MoveForm,
    draft_state,
    fresh_key,
    holder_for,
    move_form,
    organizations_of_caller,
    saved_words,
    seen_draft_revision,
    show_conflict,
    title_of,
    wants_more_editing,
    words_of,
)
from app.doors.problems import localized_reasons
from app.doors.seeing import visible_case
from app.errors import Answer, CaseNotFound, InvalidInput, KeyReused, MoveRefused, Problem, StaleRevision
from app.extensions import db
from app.language import localized
from workflows.definition import ROLE_TITLES, Definition, State, Transition
from workflows.loader import library
from workflows.rules.working_days import official_calendar

blueprint = Blueprint("cases", __name__)
Page = str | tuple[str, int] | Response
LAST_BODY = text("SELECT body FROM history WHERE case_id = :case AND sequence = :sequence")
FIRST_HASH = text("SELECT hash FROM history WHERE case_id = :case AND sequence = 1")


def register(app: Flask) -> None:
    """Add the pages of cases."""
    app.register_blueprint(blueprint)


@blueprint.get("/cases/<number>")
@allow("signed_in")
def show(number: str) -> Page:
    """Show a case with what may be done about it."""
    case = visible_case(number)
    return _case_page(case, choices_for(db.session, case, actor(), now()))


@blueprint.post("/cases/<number>")
@allow("moves")
def decide(number: str) -> Page:
    """Make the move that was chosen in the panel."""
    case = visible_case(number)
    choices = choices_for(db.session, case, actor(), now())
    transition = _leading(case, request.form.get("trigger", ""))
    if transition is None:
        return _case_page(case, choices, [("act", _("Choose what to do."))], 422)
    made = _panel_form(case, choices, transition, posted=True)
    answer = _attempt(case, made)
    if isinstance(answer, Answer):
        return _moved(answer, made)
    status, errors = answer
    fresh = visible_case(case.number)
    return _case_page(fresh, choices_for(db.session, fresh, actor(), now()), errors, status, made)


@blueprint.get("/cases/<number>/do/<trigger>")
@allow("moves")
def ask(number: str, trigger: str) -> Page:
    """Show the form of a move that needs a page of its own; say why, if the caller may not make it."""
    case = visible_case(number)
    if definition_of(case).transition(case.state, trigger) is None and _leading(case, trigger) is not None:
        return redirect(f"/cases/{case.number}", 303)  # it led on from an earlier state
    case, transition, made = _own_page(number, trigger, posted=False)
    return _form_page(case, transition, made)


@blueprint.post("/cases/<number>/do/<trigger>")
@allow("moves")
def do(number: str, trigger: str) -> Page:
    """Make a move from its own page, keep its draft, or change its rows."""
    case, transition, made = _own_page(number, trigger, posted=True)
    if wants_more_editing():
        return _form_page(case, transition, made)
    if request.form.get("_save"):
        _demand_role(case, transition)
        return _keep(made, f"/cases/{case.number}", lambda m: _form_page(case, transition, m))
    answer = _attempt(case, made)
    if isinstance(answer, Answer):
        return _moved(answer, made)
    made.errors += answer[1]
    return _form_page(visible_case(case.number), transition, made), answer[0]


@blueprint.get("/apply/<kind>")
@allow("moves")
def begin(kind: str) -> Page:
    """Ask for which organization, or show the form at once where there is only one."""
    definition, transition = _opening(kind)
    own = organizations_of_caller()
    chosen = request.args.get("organization", type=int)
    if chosen is None and len(own) != 1 and _by_organization(transition):
        return render_template(
            "pages/case_new.html",
            kind={"title": localized(definition.title), "summary": localized(definition.summary),
                  "guide_href": f"/guide/{kind}"},
            organizations=[
                {"id": id_, "name": name, "href": f"/apply/{kind}?organization={id_}", "draft": None, "refused": []}
                for id_, name, _node in own
            ],
            new_href=None,
        )
    made = _opening_form(kind, own, chosen, posted=False)
    return _form_page(None, transition, made)


@blueprint.post("/apply/<kind>")
@allow("moves")
def open_new(kind: str) -> Page:
    """Open a case, keep its draft, or change its rows."""
    _definition, transition = _opening(kind)
    made = _opening_form(kind, organizations_of_caller(), request.args.get("organization", type=int), posted=True)
    if wants_more_editing():
        return _form_page(None, transition, made)
    if request.form.get("_save"):
        return _keep(made, "/", lambda m: _form_page(None, transition, m))
    answer = _attempt(None, made)
    if isinstance(answer, Answer):
        return redirect(f"/cases/{answer.number}/receipt", 303)
    made.errors += answer[1]
    return _form_page(None, transition, made), answer[0]


@blueprint.get("/cases/<number>/receipt")
@allow("signed_in")
def receipt(number: str) -> Page:
    """Show what was handed in, what happens next and by when, and the receipt to keep."""
    case = visible_case(number)
    definition = definition_of(case)
    first = case.steps[0]
    state = definition.states[case.state or ""]
    due = next((due_of(run) for run in case.clocks if run.stopped_at is None), None)
    steps = [
        {"title": step["title"], "note": due.detail if due and step["state"] == "current" else step["when"]}
        for step in steps_of(definition, case)
    ]
    shown = {
        "title": localized(definition.states[first.to_state].title), "kind": localized(definition.title),
        "sentence": words_of(state.applicant_says), "number": case.number, "at": first.at, "subject": case.subject,
        "receipt": _receipt_of(case), "case_href": f"/cases/{case.number}", "steps": steps, "papers": [],
    }
    return render_template("pages/receipt.html", receipt=shown, state=state)


@blueprint.post("/drafts/<kind>/<trigger>")
@allow("moves")
def keep_draft(kind: str, trigger: str) -> Page | tuple[dict[str, Any], int]:
    """Save what is being typed; 409 with words when somebody else saved meanwhile."""
    number = request.args.get("case")
    if number:
        case, transition, made = _own_page(number, trigger, posted=True)
        _demand_role(case, transition)
    else:
        own = organizations_of_caller()
        holder = request.args.get("holder", type=int)
        chosen = next((id_ for id_, _name, node in own if node == holder), None)
        made = _opening_form(kind, own, chosen, posted=True)
    draft = _saved(made, seen_draft_revision())
    return {"revision": draft.revision, "words": saved_words(draft.updated_at)}, 200


# -- what the pages are made of


def _attempt(case: CaseRow | None, made: MoveForm) -> Answer | tuple[int, list[tuple[str | None, str]]]:
    """Make the move; or return the status and the words of what stands against it, with nothing typed lost."""
    data, unreadable = made.data()
    if made.refusals:
        # A paper that was refused is missing: the move would tell half of what is to be mended.
        made.tell(merged(made.schema.validate(data) if made.schema else {}, unreadable))
        return 422, []
    try:
        # What could not be read stands in the data as it was typed, which no schema takes.
        return perform(
            db.session, kind=made.kind, number=case.number if case else None, trigger=made.trigger, actor=actor(),
            data=data, revision=request.form.get("_revision", type=int), key=request.form.get("_key") or None,
            now=now(), request_id=request_id(),
        )
    except InvalidInput as invalid:
        made.tell(merged(invalid.errors, unreadable))
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


def _moved(answer: Answer, made: MoveForm) -> Response:
    flash(_("Done: %(move)s", move=title_of(made.transition)), "green")
    return redirect(f"/cases/{answer.number}" if _is_seen(answer.number) else "/worklist", 303)


def _is_seen(number: str) -> bool:
    """Tell whether the caller still reaches a case: who steps out of one finds no trace of it."""
    try:
        visible_case(number)
    except CaseNotFound:
        return False
    return True


def _keep(made: MoveForm, target: str, again: Any) -> Page:
    """Keep the draft for the button of the form; a conflict shows both versions."""
    try:
        _saved(made, seen_draft_revision())
    except DraftMoved as moved:
        made.errors.append((None, str(moved.detail)))
        show_conflict(made)
        return again(made), 409
    except InvalidInput as invalid:
        made.tell(invalid.errors)
        return again(made), 422
    flash(_("The draft is saved. Your colleagues can go on with it."), "green")
    return redirect(target, 303)


def _saved(made: MoveForm, revision: int) -> Any:
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


def _leading(case: CaseRow, trigger: str) -> Transition | None:
    """Return the move that a person can make here by this trigger, or could have made elsewhere in the flow.

    Who sends a form twice, or after a colleague moved the case, gets the first answer or is told what happened.
    """
    definition = definition_of(case)
    here = definition.transition(case.state, trigger)
    found = (here,) if here else tuple(t for t in definition.transitions if t.trigger == trigger and not t.opens)
    return next((transition for transition in found if transition.by_person), None)


def _demand_role(case: CaseRow, transition: Transition) -> None:
    """Raise MoveRefused with the reasons unless the caller may make this move: drafts are its makers' alone."""
    choices = choices_for(db.session, case, actor(), now())
    for option in choices.refused:
        if option.transition.trigger == transition.trigger:
            raise MoveRefused(reasons_as_json(option.reasons))


def _own_page(number: str, trigger: str, *, posted: bool) -> tuple[CaseRow, Transition, MoveForm]:
    case = visible_case(number)
    transition = _leading(case, trigger)
    if transition is None:
        raise CaseNotFound
    if not posted:
        _demand_role(case, transition)
    choices = choices_for(db.session, case, actor(), now())
    made = move_form(
        choices.definition, transition, case=case, organization_id=case.organization_id,
        holder_node_id=holder_for(case, transition, choices.roles), posted=posted,
        takes_files=bool(choices.roles & set(transition.roles)),
    )
    return case, transition, made


def _panel_form(case: CaseRow, choices: Choices, transition: Transition, *, posted: bool = False) -> MoveForm:
    return move_form(
        choices.definition, transition, case=case, organization_id=case.organization_id, holder_node_id=None,
        posted=posted, prefix=f"{transition.trigger}-",
    )


def _opening(kind: str) -> tuple[Definition, Transition]:
    trigger = opening_trigger(kind)
    definition = next(d for d in library().definitions if d.kind == kind)
    transition = definition.transition(None, trigger)
    assert transition is not None
    return definition, transition


def _by_organization(transition: Transition) -> bool:
    """Tell whether an organization opens this kind; an office's form needs no choice of one."""
    return any(role in ORGANIZATION_ROLES for role in transition.roles)


def _opening_form(
    kind: str, own: list[tuple[int, str, int]], chosen: int | None, *, posted: bool
) -> MoveForm:
    definition, transition = _opening(kind)
    if not _by_organization(transition):
        own, chosen = [], None
    mine = next((o for o in own if o[0] == chosen), None) if chosen is not None else (own[0] if len(own) == 1 else None)
    if chosen is not None and mine is None:
        raise CaseNotFound
    if mine is not None:
        definition, _pins = definition_in_force(db.session, kind, mine[2], None, now())
        transition = definition.transition(None, transition.trigger) or transition
    return move_form(
        definition, transition, case=None, organization_id=mine[0] if mine else None,
        holder_node_id=mine[2] if mine else None, posted=posted,
        given={name: value for name, value in request.args.items() if name != "organization"},
    )


def _form_page(case: CaseRow | None, transition: Transition, made: MoveForm) -> str:
    made.dress()
    submit = title_of(transition)
    kind = localized(made.definition.title)
    crumbs: list[tuple[str, str | None]] = [(_("Service guide"), "/guide"), (kind, f"/guide/{made.kind}")]
    if case is not None:
        crumbs = [(_("Cases"), "/cases"), (case.number, f"/cases/{case.number}")]
    page = {
        "title": submit if case else kind, "lead": words_of(transition.consequence),
        "crumbs": [*crumbs, (submit, None)], "applicant": made.organization_name if case is None else None,
        "action": request.full_path.rstrip("?"), "key": request.form.get("_key") or fresh_key(),
        "revision": case.revision if case else None, "submit": submit, "remarks": _remarks(case),
        "due": next((due_of(run) for run in case.clocks if run.stopped_at is None), None) if case else None,
        "guide_href": f"/guide/{made.kind}", "danger": transition.danger,
    }
    return render_template(
        "pages/case_form.html", page=page, form=made.form or [], groups=None, errors=made.errors,
        draft=draft_state(made),
    )


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
    tables = shown_tables(case.kind, told["trigger"], told["data"])
    words = ["；".join(value for value in row if value != "—") for table in tables for row in table["rows"]]
    words += [f"{label}：{value}" for label, value in shown_data(case.kind, told["trigger"], told["data"])]
    return words


def _receipt_of(case: CaseRow) -> str:
    row = db.session.execute(FIRST_HASH, {"case": case.id}).scalar_one()
    return f"{case.number}:1:{bytes(row).hex()}"


def _case_page(
    case: CaseRow, choices: Choices, errors: list[tuple[str | None, str]] | None = None, status: int = 200,
    chosen: MoveForm | None = None,
) -> tuple[str, int]:
    view = case_view(case, choices)
    crumbs: list[tuple[str, str | None]] = [(_("Cases"), "/cases"), (case.number, None)]
    all_errors = list(errors or []) + (chosen.errors if chosen else [])
    page = render_template(
        "pages/case.html", case=view, panel=_panel(case, choices, chosen), crumbs=crumbs, previous=None, next=None,
        errors=all_errors,
    )
    return page, status


def _panel(case: CaseRow, choices: Choices, chosen: MoveForm | None) -> dict[str, Any]:
    state = choices.definition.states[case.state or ""]
    in_order = sorted((option.transition for option in choices.allowed), key=lambda step: _rank(choices, case, step))
    allowed = [_allowed(case, choices, transition, chosen) for transition in in_order]
    due = due_words(case_due(case), now(), official_calendar()) if case_due(case) else None
    return {
        "action": f"/cases/{case.number}", "key": request.form.get("_key") if chosen else fresh_key(),
        "revision": case.revision, "allowed": allowed,
        "refused": [
            {"title": title_of(option.transition), "reasons": [localized(reason.text) for reason in option.reasons]}
            for option in choices.refused if _worth_telling(option, choices, state)
        ],
        "waits": None if state.waits_for is None else
        {"who": localized(ROLE_TITLES[state.waits_for]), "since": None, "due": due},
        "after": [], "draft": None,
        "closed": _("The case is closed: %(state)s", state=localized(state.title)) if state.final else None,
    }


def _rank(choices: Choices, case: CaseRow, transition: Transition) -> int:
    """Order the moves: along the road first, then aside, and last what ends the case badly."""
    if transition.danger:
        return 2
    return 0 if transition.to in choices.definition.spine and transition.to != case.state else 1


def _worth_telling(option: RefusedOption, choices: Choices, state: State) -> bool:
    """Tell whether a refusal helps this reader: another office's turn does, what was never theirs is only noise."""
    if any(reason.code != "role_missing" for reason in option.reasons):
        return True
    acting = {role for step in choices.definition.transitions for role in step.roles} - set(ORGANIZATION_ROLES)
    office_waits = state.waits_for not in ORGANIZATION_ROLES
    return office_waits and bool(acting & choices.roles) and state.waits_for in option.transition.roles


def case_due(case: CaseRow) -> Any:
    """Return the earliest due time of the clocks that run."""
    running = [run.due_at for run in case.clocks if run.stopped_at is None and run.paused_since is None]
    return min(running, default=None)


def _allowed(case: CaseRow, choices: Choices, transition: Transition, chosen: MoveForm | None) -> dict[str, Any]:
    is_chosen = chosen is not None and chosen.trigger == transition.trigger
    made = chosen if chosen is not None and is_chosen else _panel_form(case, choices, transition)
    return {
        "trigger": transition.trigger, "title": title_of(transition), "consequence": words_of(transition.consequence),
        "danger": transition.danger, "chosen": is_chosen,
        "href": f"/cases/{case.number}/do/{transition.trigger}" if made.is_wide else None, "form": made.form,
    }

