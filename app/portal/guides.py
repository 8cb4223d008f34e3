"""What does a service guide (办事指南) say? Everything in it comes from the definition, its inputs and the policy."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from markupsafe import Markup

from app.access.roles import ORGANIZATION_ROLES, ROLES
from app.cases.inputs import Input, labels_of
from app.cases.kinds import input_of
from app.formats import money
from app.language import current_locale, localized
from workflows.definition import SYSTEM_ROLE, Definition, DocumentSlot, State, Transition
from workflows.diagram import svg
from workflows.guards import guard_named
from workflows.loader import Policy, library, place_chain
from workflows.policy import PolicyNumber

ROAD = (
    "registration", "registration_change", "annual_report", "affiliation", "incubation", "programme", "plan", "call",
    "opening_key", "pool_entry", "package", "bid", "bid_review", "objection", "contract", "milestone_report",
    "evaluation", "acceptance", "rectification", "payment", "closure", "deregistration",
)
"""The order in which an organization and an office come upon the kinds; what is not named here comes last."""
ENDINGS = {"application/pdf": "PDF", "image/jpeg": "JPG", "image/png": "PNG"}


def definitions_in_force(today: date) -> list[Definition]:
    """Return the newest definition in force of every (kind, place, legal class)."""
    newest: dict[tuple[str, str, str | None], Definition] = {}
    for definition in library().definitions:
        if definition.effective_from <= today:
            key = (definition.kind, definition.place, definition.legal_class)
            if key not in newest or newest[key].version < definition.version:
                newest[key] = definition
    order = {kind: place for place, kind in enumerate(ROAD)}
    return sorted(
        newest.values(),
        key=lambda d: (order.get(d.kind, len(ROAD)), d.kind, d.place != "base", d.place, d.version),
    )


def opened_by(definition: Definition) -> str:
    """Return who begins such a case: 'organizations', 'offices', or 'system' where another case brings it about."""
    roles = {role for transition in definition.opening_transitions() for role in transition.roles}
    if roles & set(ORGANIZATION_ROLES):
        return "organizations"
    return "offices" if roles - {SYSTEM_ROLE} else "system"


def places() -> list[tuple[str, str]]:
    """Return (code, title) of every place that has files."""
    return [(code, localized(place.title)) for code, place in library().places.items()]


def policy_for(place: str, today: date) -> Policy:
    """Return the numbers that hold in a place today."""
    chain = ("base",) if place == "base" else place_chain(place)
    return library().policy(chain, today)


def guide_address(definition: Definition, place: str = "base") -> str:
    """Return where the guide of a definition stands, as it holds in a place."""
    asked = {"class": definition.legal_class, "place": place if place != "base" else None}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/guide/{definition.kind}?{query}" if query else f"/guide/{definition.kind}"


def guide_of(definition: Definition, place: str, today: date) -> dict[str, Any]:
    """Return the `guide` of pages/guide.html for a definition as it holds in a place."""
    policy = policy_for(place, today)
    opening = definition.opening_transitions()[0]
    title = library().places[place].title if place in library().places else None
    return {
        "title": localized(definition.title), "summary": localized(definition.summary),
        "place": localized(title) if title else place, "who": localized(definition.who_may_apply),
        "version": _("Version %(number)s, in force since %(day)s", number=definition.version,
                     day=format_date(definition.effective_from, "long")),
        "open_href": None, "open_refused": [],
        "conditions": [localized(guard_named(name).title) for name in opening.guards],
        "documents": [
            _document(slot, opening, input_of(definition.kind, opening.trigger))
            for slot in definition.documents.values() if not slot.issued
        ],
        "inputs": _inputs(definition, opening),
        "steps": [_step(definition.states[name], policy) for name in definition.spine],
        "special": _special(definition, policy),
        "times": [_time(number, policy) for number in (*_clocks(definition, policy), *_asked(definition, policy))],
        "outcomes": _outcomes(definition),
        "diagram": Markup(svg(definition, locale=current_locale())),  # noqa: S704 - our own drawing
    }


def _document(slot: DocumentSlot, opening: Transition, schema: type[Input] | None) -> dict[str, Any]:
    return {
        "title": localized(slot.title), "help": localized(slot.help) or None,
        "required": slot.required and slot.name in opening.documents,
        "needed_with": _(", ").join(labels_of(schema, slot.needed_with)) or None,
        "media": " / ".join(ENDINGS.get(media, media) for media in slot.media), "sample": None,
    }


def _inputs(definition: Definition, opening: Transition) -> list[dict[str, Any]]:
    schema_type = input_of(definition.kind, opening.trigger, definition.legal_class)
    if schema_type is None:
        return []
    return [
        {"label": str(field.metadata["label"]), "help": str(field.metadata.get("help") or "") or None}
        for field in schema_type().fields.values()
        if field.metadata.get("widget") not in ("organization", "documents", "hidden")
    ]


def _step(state: State, policy: Policy) -> dict[str, Any]:
    clock = next((policy.number(name) for name in state.clocks if name in policy.numbers), None)
    return {
        "title": localized(state.title), "time": words_of(clock) if clock else None,
        "who": localized(ROLES[state.waits_for].title) if state.waits_for else _("finished"),
    }


def _special(definition: Definition, policy: Policy) -> list[dict[str, Any]]:
    listed = []
    counted = {name for spine in definition.spine for name in definition.states[spine].clocks}
    for state in definition.states.values():
        if state.name in definition.spine or state.final:
            continue
        clock = next((policy.number(name) for name in state.clocks if name in policy.numbers), None)
        listed.append({
            "title": localized(state.title), "time": words_of(clock) if clock else None,
            "counts": _counts(state, counted),
            "tone": "violet" if state.paused else "", "source": localized(clock.source) if clock else None,
            "verified": clock is None or clock.verified,
        })
    return listed


def _counts(state: State, counted: set[str]) -> str:
    """Return in words what becomes of the office's time limit in a step beside the line."""
    if state.paused:
        return _("No, the clock is paused")
    return _("Yes") if counted & set(state.clocks) else _("No, the limit starts again afterwards")


def _clocks(definition: Definition, policy: Policy) -> Sequence[PolicyNumber]:
    names = dict.fromkeys(name for state in definition.states.values() for name in (*state.clocks, *state.paused))
    return [policy.number(name) for name in names if name in policy.numbers]


def _asked(definition: Definition, policy: Policy) -> Sequence[PolicyNumber]:
    """Return the numbers of the conditions under which one may apply, such as the least number of members."""
    names = dict.fromkeys(
        name for opening in definition.opening_transitions() for guard in opening.guards
        for name in guard_named(guard).numbers
    )
    return [policy.number(name) for name in names if name in policy.numbers]


def _time(number: PolicyNumber, policy: Policy) -> dict[str, Any]:
    place = library().places.get(number.place)
    return {
        "title": localized(number.title), "value": words_of(number), "source": localized(number.source),
        "verified": number.verified, "from_place": localized(place.title) if place else number.place,
    }


def _outcomes(definition: Definition) -> list[dict[str, Any]]:
    ends = [
        {"title": localized(state.title), "note": localized(state.applicant_says) or None}
        for state in definition.states.values() if state.final
    ]
    issued = [
        {"title": localized(slot.title), "note": localized(slot.help) or None}
        for slot in definition.documents.values() if slot.issued
    ]
    return issued + ends


def words_of(number: PolicyNumber) -> str:
    """Return a number with its unit in words."""
    value = number.value
    if number.unit == "fen":
        return money(value)
    words = {
        "working_days": ngettext("%(num)d working day", "%(num)d working days", value),
        "days": ngettext("%(num)d day", "%(num)d days", value),
        "months": ngettext("%(num)d month", "%(num)d months", value),
    }
    return words.get(number.unit, str(value))
