"""Moving a case: from the panel at its side, from a page of the move's own, or saved as a draft. No kind is named."""

from typing import Any

from flask import Blueprint, redirect, request
from flask_babel import gettext as _

from app.access.declare import allow
from app.cases.attempts import reasons_as_json
from app.cases.facts import definition_of
from app.cases.options import choices_for
from app.cases.snapshot import CaseRow
from app.doors.caller import actor, now
from app.doors.case_forms import Page, attempt, form_page, keep, moved, saved
from app.doors.case_opening import opening_form
from app.doors.case_panel import case_page, panel_form
from app.doors.move_form import (
    MoveForm,
    holder_for,
    move_form,
    organizations_of_caller,
    saved_words,
    seen_draft_revision,
    wants_more_editing,
)
from app.doors.seeing import visible_case
from app.errors import Answer, CaseNotFound, MoveRefused
from app.extensions import db
from workflows.definition import Transition

blueprint = Blueprint("case_moving", __name__)


@blueprint.post("/cases/<number>")
@allow("moves")
def decide(number: str) -> Page:
    """Make the move that was chosen in the panel."""
    case = visible_case(number)
    choices = choices_for(db.session, case, actor(), now())
    transition = _leading(case, request.form.get("trigger", ""))
    if transition is None:
        return case_page(case, choices, [("act", _("Choose what to do."))], 422)
    made = panel_form(case, choices, transition, posted=True)
    answer = attempt(case, made)
    if isinstance(answer, Answer):
        return moved(answer, made)
    status, errors = answer
    fresh = visible_case(case.number)
    return case_page(fresh, choices_for(db.session, fresh, actor(), now()), errors, status, made)


@blueprint.get("/cases/<number>/do/<trigger>")
@allow("moves")
def ask(number: str, trigger: str) -> Page:
    """Show the form of a move that needs a page of its own; say why, if the caller may not make it."""
    case = visible_case(number)
    if definition_of(case).transition(case.state, trigger) is None and _leading(case, trigger) is not None:
        return redirect(f"/cases/{case.number}", 303)  # it led on from an earlier state
    case, transition, made = _own_page(number, trigger, posted=False)
    return form_page(case, transition, made)


@blueprint.post("/cases/<number>/do/<trigger>")
@allow("moves")
def do(number: str, trigger: str) -> Page:
    """Make a move from its own page, keep its draft, or change its rows."""
    case, transition, made = _own_page(number, trigger, posted=True)
    if wants_more_editing():
        return form_page(case, transition, made)
    if request.form.get("_save"):
        _demand_role(case, transition)
        return keep(made, f"/cases/{case.number}", lambda m: form_page(case, transition, m))
    answer = attempt(case, made)
    if isinstance(answer, Answer):
        return moved(answer, made)
    made.errors += answer[1]
    return form_page(visible_case(case.number), transition, made), answer[0]


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
        made = opening_form(kind, own, chosen, posted=True)
    draft = saved(made, seen_draft_revision())
    return {"revision": draft.revision, "words": saved_words(draft.updated_at)}, 200
