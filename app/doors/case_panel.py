"""The page of a case with the panel beside it: what may be done, what may not and why."""

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from app.access.roles import ORGANIZATION_ROLES
from app.cases.options import Choices, RefusedOption
from app.cases.snapshot import CaseRow
from app.doors.caller import now
from app.doors.case_view import case_view
from app.doors.markup import due_words
from app.doors.move_form import MoveForm, fresh_key, kept_text, move_form, title_of, words_of
from app.language import localized
from workflows.definition import ROLE_TITLES, State, Transition
from workflows.rules.working_days import official_calendar


def case_page(
    case: CaseRow, choices: Choices, errors: list[tuple[str | None, str]] | None = None, status: int = 200,
    chosen: MoveForm | None = None,
) -> tuple[str, int]:
    view = case_view(case, choices, request.args.get("before", type=int))
    crumbs: list[tuple[str, str | None]] = [(_("Cases"), "/cases"), (case.number, None)]
    all_errors = list(errors or []) + (chosen.errors if chosen else [])
    page = render_template(
        "pages/case.html", case=view, panel=panel(case, choices, chosen), crumbs=crumbs, previous=None, next=None,
        errors=all_errors,
    )
    return page, status


def panel(case: CaseRow, choices: Choices, chosen: MoveForm | None) -> dict[str, Any]:
    state = choices.definition.states[case.state or ""]
    in_order = sorted((option.transition for option in choices.allowed), key=lambda step: _rank(choices, case, step))
    allowed = [_allowed(case, choices, transition, chosen) for transition in in_order]
    due = due_words(case_due(case), now(), official_calendar()) if case_due(case) else None
    offered = chosen is not None and chosen.trigger in {transition.trigger for transition in in_order}
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
        "kept": None if chosen is None or offered
        else {"title": title_of(chosen.transition), "fields": kept_text(chosen)},
        "closed": _("The case is closed: %(state)s", state=localized(state.title)) if state.final else None,
    }


def panel_form(case: CaseRow, choices: Choices, transition: Transition, *, posted: bool = False) -> MoveForm:
    return move_form(
        choices.definition, transition, case=case, organization_id=case.organization_id, holder_node_id=None,
        posted=posted, prefix=f"{transition.trigger}-",
    )


def _rank(choices: Choices, case: CaseRow, transition: Transition) -> int:
    """Order the moves: on along the road first, then aside or back, and last what ends the case badly."""
    if transition.danger:
        return 2
    road = choices.definition.spine
    here = road.index(case.state) if case.state in road else -1
    return 0 if transition.to in road and road.index(transition.to) > here else 1


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
    made = chosen if chosen is not None and is_chosen else panel_form(case, choices, transition)
    return {
        "trigger": transition.trigger, "title": title_of(transition), "consequence": words_of(transition.consequence),
        "danger": transition.danger, "chosen": is_chosen,
        "href": f"/cases/{case.number}/do/{transition.trigger}" if made.is_wide else None, "form": made.form,
    }
