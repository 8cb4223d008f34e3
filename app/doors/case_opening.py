"""Opening a case: for which organization, then its form. No kind is named here."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request

from app.access.declare import allow
from app.access.roles import ORGANIZATION_ROLES
from app.cases.applying import obstacles
from app.cases.drafts import find_draft
from app.cases.kinds import opening_classes_of
from app.cases.numbers import class_of_opening, definition_in_force
from app.doors.api import opening_trigger
from app.doors.caller import actor, now
from app.doors.case_forms import Page, attempt, form_page, keep
from app.doors.move_form import MoveForm, move_form, organizations_of_caller, wants_more_editing
from app.errors import Answer, CaseNotFound
from app.extensions import db
from app.language import localized
from workflows.definition import Definition, Transition
from workflows.loader import library

blueprint = Blueprint("case_opening", __name__)


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
            kind={"title": localized(definition.title_of_kind), "summary": localized(definition.summary),
                  "guide_href": f"/guide/{kind}"},
            organizations=[
                {"id": id_, "name": name, "href": f"/apply/{kind}?{urlencode({**request.args, 'organization': id_})}",
                 "draft": None,
                 "refused": obstacles(db.session, kind, transition, actor(), now(), organization_id=id_,
                                      legal_class=request.args.get("legal_type"), chosen=request.args.to_dict())}
                for id_, name, _node in own
            ],
            new_href=None,
        )
    made = opening_form(kind, own, chosen, posted=False)
    return form_page(None, transition, made)


@blueprint.post("/apply/<kind>")
@allow("moves")
def open_new(kind: str) -> Page:
    """Open a case, keep its draft, or change its rows."""
    _definition, transition = _opening(kind)
    made = opening_form(kind, organizations_of_caller(), request.args.get("organization", type=int), posted=True)
    if wants_more_editing():
        return form_page(None, transition, made)
    if request.form.get("_save"):
        return keep(made, "/", lambda m: form_page(None, transition, m))
    answer = attempt(None, made)
    if isinstance(answer, Answer):
        return redirect(f"/cases/{answer.number}/receipt", 303)
    made.errors += answer[1]
    return form_page(None, transition, made), answer[0]


def _opening(kind: str) -> tuple[Definition, Transition]:
    trigger = opening_trigger(kind)
    definition = next(d for d in library().definitions if d.kind == kind)
    transition = definition.transition(None, trigger)
    assert transition is not None
    return definition, transition


def _by_organization(transition: Transition) -> bool:
    """Tell whether an organization opens this kind; an office's form needs no choice of one."""
    return any(role in ORGANIZATION_ROLES for role in transition.roles)


def opening_form(
    kind: str, own: list[tuple[int, str, int]], chosen: int | None, *, posted: bool
) -> MoveForm:
    definition, transition = _opening(kind)
    if not _by_organization(transition):
        own, chosen = [], None
    mine = next((o for o in own if o[0] == chosen), None) if chosen is not None else (own[0] if len(own) == 1 else None)
    if chosen is not None and mine is None:
        raise CaseNotFound
    if mine is not None:
        legal_class = class_of_opening(db.session, kind, mine[0], _chosen(kind, transition, mine[2], posted=posted))
        definition, _pins = definition_in_force(db.session, kind, mine[2], legal_class, now())
        transition = definition.transition(None, transition.trigger) or transition
    return move_form(
        definition, transition, case=None, organization_id=mine[0] if mine else None,
        holder_node_id=mine[2] if mine else None, posted=posted,
        given={name: value for name, value in request.args.items() if name != "organization"},
    )


def _chosen(kind: str, transition: Transition, holder_node_id: int, *, posted: bool) -> Mapping[str, Any]:
    """Return what says of which legal class the case shall be: what was posted, the address, or the draft."""
    if opening_classes_of(kind) is None or posted:
        return request.form
    draft = find_draft(
        db.session, holder_node_id=holder_node_id, kind=kind, trigger=transition.trigger, case_id=None
    )
    return {**(draft.data if draft else {}), **request.args.to_dict()}
