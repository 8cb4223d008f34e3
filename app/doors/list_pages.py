"""The lists: what waits for me, and every case I may see. Keys in the address page them; nothing is counted in full."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.access.declare import allow
from app.cases.kinds import amounts_of
from app.cases.queries import CaseLine, find_cases, worklist, worklist_counts
from app.cases.titles import title_of_case
from app.clock import SHANGHAI
from app.doors.caller import actor, held, now
from app.doors.markup import due_words
from app.doors.seeing import spelled
from app.extensions import db
from app.language import current_locale, localized
from workflows.loader import library
from workflows.rules.working_days import official_calendar

blueprint = Blueprint("lists", __name__)
ROWS = 50
NO_AMOUNTS: Mapping[int, int] = {}


def register(app: Flask) -> None:
    """Add the lists."""
    app.register_blueprint(blueprint)


@blueprint.get("/worklist")
@allow("signed_in")
def show_worklist() -> str:
    """Show what waits for the caller, grouped by deadline."""
    kind, search, after = request.args.get("kind"), request.args.get("q"), request.args.get("after")
    window = request.args.get("due", "")
    page = worklist(
        db.session, held(), actor().person_id or 0, kind=kind or None, search=search or None,
        window=_window(window), after=after, limit=ROWS,
    )
    counts = worklist_counts(db.session, held(), actor().person_id or 0, now())
    return render_template(
        "pages/worklist.html", sentence=_sentence(counts), strip=strip(counts),
        views=[{"title": _("All"), "href": "/worklist", "count": None, "current": not kind and not window},
               *_kind_views("/worklist", kind)],
        filters=_filters("/worklist", search, kind, by_kind=False), groups=_groups(page.rows),
        count=ngettext("%(num)d case", "%(num)d cases", len(page.rows)), pages=_pager("/worklist", page.after),
        next_due=None,
    )


@blueprint.get("/cases")
@allow("signed_in")
def show_cases() -> str:
    """Show every case that the caller may see, newest first."""
    kind, search, after = request.args.get("kind"), request.args.get("q"), request.args.get("after")
    status = request.args.get("status", "")
    page = find_cases(
        db.session, held(), kind=kind or None, search=search or None, after=after, limit=ROWS,
        open_only={"open": True, "closed": False}.get(status),
    )
    views = [(_("All"), ""), (_("Under way"), "open"), (_("Closed"), "closed")]
    return render_template(
        "pages/cases.html", title=_("Cases"), lead=_("Every case that your roles reach."),
        views=[{"title": title, "href": f"/cases?status={value}" if value else "/cases", "count": None,
                "current": status == value} for title, value in views],
        filters=_filters("/cases", search, kind), rows=[row(line) for line in page.rows],
        count=ngettext("%(num)d case", "%(num)d cases", len(page.rows)), pages=_pager("/cases", page.after),
        export_href=None,
    )


@blueprint.get("/search")
@allow("signed_in")
def search() -> Response:
    """Go to the case whose number was typed, or to the list of what matches."""
    wanted = request.args.get("q", "").strip()
    page = find_cases(db.session, held(), search=wanted, limit=2) if wanted else None
    if page and len(page.rows) == 1 and page.rows[0].number == spelled(wanted):
        return redirect(f"/cases/{page.rows[0].number}", 303)
    return redirect(f"/cases?{urlencode({'q': wanted})}", 303)


def strip(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Return the four counts at a glance, as macros/lists.html shows them."""
    titles = {
        "overdue": (_("Overdue"), "red"), "today": (_("Due today"), "amber"),
        "week": (_("Within seven days"), "blue"), "later": (_("Later"), ""),
    }
    return [
        {"title": title, "count": counts[name], "note": None, "tone": tone if counts[name] else "",
         "href": f"/worklist?due={name}"}
        for name, (title, tone) in titles.items()
    ]


def _sentence(counts: dict[str, int]) -> str:
    if not any(counts.values()):
        return _("Nothing waits for you.")
    if counts["overdue"] or counts["today"]:
        return _("%(late)s overdue, %(today)s due today", late=counts["overdue"], today=counts["today"])
    waiting = sum(counts.values())
    return ngettext("%(num)d case waits; it is not due today", "%(num)d cases wait; none is due today", waiting)


def _window(name: str) -> Any:
    today = now().astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    first, second = today + timedelta(days=1, microseconds=1), today + timedelta(days=7, microseconds=1)
    moment = now() + timedelta(microseconds=1)
    return {"overdue": (None, moment), "today": (moment, first), "week": (first, second),
            "later": (second, None)}.get(name)


def amounts_for(lines: Sequence[CaseLine]) -> dict[int, int]:
    """Return what the cases of a list are about in money, by case id; one query per kind that has amounts."""
    found: dict[int, int] = {}
    for kind in {line.kind for line in lines}:
        if amounts := amounts_of(kind):
            found |= amounts(db.session, [line.id for line in lines if line.kind == kind])
    return found


def row(line: CaseLine, amounts: Mapping[int, int] = NO_AMOUNTS) -> dict[str, Any]:
    """Return one case as a list shows it."""
    definition = library().exact(line.kind, line.place, line.version, line.legal_class)
    state = definition.states[line.state]
    ends = bool(state.clocks) and all(definition.fired_by(clock, line.state) for clock in state.clocks)
    due = due_words(line.due_at, now(), official_calendar(), ends=ends)
    at = definition.spine.index(line.state) + 1 if line.state in definition.spine else 0
    place = line.node_name_en if current_locale() == "en" and line.node_name_en else line.node_name_zh
    return {
        "number": line.number, "href": f"/cases/{line.number}", "subject": title_of_case(line),
        "kind_title": localized(definition.title), "organization": line.organization_name, "place": place,
        "state_title": localized(state.title),
        "state_tone": {"success": "green", "failure": "red"}.get(state.outcome or "", "blue"),
        "stage": at + 1 if state.final else at, "stages": len(definition.spine), "due": due,
        "amount_fen": amounts.get(line.id), "tone": due.tone if due.tone in ("late", "today") else "",
        "opened_at": line.opened_at, "closed": state.final,
    }


def _groups(lines: list[CaseLine]) -> list[dict[str, Any]]:
    titles = {"late": (_("Overdue"), "red"), "today": (_("Due today"), "amber"),
              "week": (_("Within seven days"), ""), "later": (_("Later"), "")}
    groups: dict[str, list[dict[str, Any]]] = {}
    amounts = amounts_for(lines)
    for line in lines:
        shown = row(line, amounts)
        groups.setdefault(shown["tone"] or _week_or_later(line), []).append(shown)
    return [
        {"title": title, "note": str(len(groups[tone])), "tone": colour, "rows": groups[tone]}
        for tone, (title, colour) in titles.items() if tone in groups
    ]


def _week_or_later(line: CaseLine) -> str:
    last = _window("week")[1]
    return "week" if line.due_at is not None and line.due_at < last else "later"


def _kind_views(address: str, current: str | None) -> list[dict[str, Any]]:
    """Return a tab for each kind that can wait for the caller: others would only be in the way."""
    roles = {holding.role for holding in held()}
    waiting = {
        definition.kind
        for definition in library().definitions
        if any(state.waits_for in roles for state in definition.states.values())
    }
    return [
        {"title": title, "href": f"{address}?kind={kind}", "count": None, "current": kind == current}
        for kind, title in kind_titles().items()
        if kind in waiting
    ]


def kind_titles() -> dict[str, str]:
    """Return the title of every kind, from its most general definition."""
    titles: dict[str, str] = {}
    for definition in sorted(library().definitions, key=lambda d: d.place != "base"):
        titles.setdefault(definition.kind, localized(definition.title_of_kind))
    return titles


def _filters(address: str, search: str | None, kind: str | None, *, by_kind: bool = True) -> dict[str, Any]:
    kept = ("due", "status") if by_kind else ("due", "kind")
    keep = [(name, request.args[name]) for name in kept if request.args.get(name)]
    options = [("", _("All kinds")), *kind_titles().items()]
    chips = []
    if search:
        chips.append({"title": search, "href": f"{address}?{urlencode([*keep, ('kind', kind or '')])}"})
    if kind and by_kind:
        without = urlencode([*keep, ("q", search or "")])
        chips.append({"title": kind_titles().get(kind, kind), "href": f"{address}?{without}"})
    return {
        "action": address,
        "search": {"name": "q", "label": _("Number, subject or organization"), "value": search or ""},
        "selects": [{"name": "kind", "label": _("Kind"), "value": kind or "", "options": options}] if by_kind else [],
        "dates": [], "sort": None, "keep": keep, "chips": chips, "clear": address if chips else None,
    }


def _pager(address: str, after: str | None) -> dict[str, Any] | None:
    here = request.args.get("after")
    if after is None and here is None:
        return None
    kept = {name: value for name, value in request.args.items() if name not in ("after", "lang")}
    following = f"{address}?{urlencode({**kept, 'after': after})}" if after else None
    first = f"{address}?{urlencode(kept)}" if here else None
    return {"words": "", "previous": first, "next": following}
