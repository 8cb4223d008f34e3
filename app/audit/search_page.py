"""What does the auditor's search show? Values for pages/audit_search.html, from the arguments of the address."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext

from app.audit.asking import audited, day_asked, kept
from app.audit.moves import moves_meant, moves_to_choose
from app.audit.queries import FoundPage, Search, found_attempts, found_moves
from app.audit.rendering import move_title, role_title, state_title, titles_of
from app.cases.log import LAST
from app.cases.titles import title_of_case
from app.extensions import db
from app.formats import day, day_and_time, language, text
from app.language import localized
from workflows.loader import library

HERE = "/audit"
ROWS = 50
ATTEMPTS = "attempts"


def search_view() -> dict[str, Any]:
    """Return the context of the page: one query or two for the rows, one for the checkpoint."""
    kind = request.args.get("kind") or None
    search = Search(
        first=day_asked("from"), last=day_asked("to"), kind=kind,
        moves=moves_meant(kind, _chosen_move()) if _chosen_move() else (),
        text=request.args.get("q", "").strip()[:100] or None,
    )
    refused = request.args.get("view") == ATTEMPTS
    find = found_attempts if refused else found_moves
    page = find(db.session, audited(), search, after=request.args.get("after"), limit=ROWS)
    rows = [_attempt(row) if refused else _move(row) for row in page.rows]
    back_to = page.back_to if isinstance(page, FoundPage) else None
    return {
        "filters": _filters(search, refused), "sentence": _sentence(search, refused), "rows": rows,
        "refused_only": refused, "views": _views(refused), "checkpoint": _checkpoint(),
        "count": ngettext("%(num)d row", "%(num)d rows", len(rows)), "pages": _pager(page.after, back_to),
        "searched_back": _searched_back(back_to),
        "bundle_href": _bundle_href(search), "exports_href": _exports_href(search),
    }


def _row(row: Any) -> dict[str, Any]:
    definition = titles_of(row.kind, row.place, row.version, row.legal_class)
    return {
        "at": row.at, "number": row.number, "href": f"/audit/cases/{row.number}",
        "subject": title_of_case(row), "who": row.who, "amount_fen": None, "flags": [],
        "title": localized(move_title(definition, row.from_state, row.trigger)),
        "from_title": text(state_title(definition, row.from_state)) or None,
    }


def _move(row: Any) -> dict[str, Any]:
    definition = titles_of(row.kind, row.place, row.version, row.legal_class)
    return {
        **_row(row), "to_title": text(state_title(definition, row.to_state)),
        "role": localized(role_title(row.role)), "on_behalf_of": row.on_behalf_of,
        "receipt": f"{row.number}:{row.sequence}:{bytes(row.hash).hex()}",
    }


def _attempt(row: Any) -> dict[str, Any]:
    return {**_row(row), "to_title": None, "role": "", "on_behalf_of": None, "reasons": reasons_of(row)}


def reasons_of(attempt: Any) -> list[str]:
    """Return why an attempt was refused, in the reader's language."""
    told = [reason.get(language()) or reason["code"] for reason in attempt.reasons]
    return told or [_("The case had moved meanwhile")]


def _views(refused: bool) -> list[dict[str, Any]]:
    def view(title: str, name: str | None, current: bool) -> dict[str, Any]:
        return {"title": title, "href": _address(kept(view=name)), "count": None, "current": current}

    return [view(_("Moves"), None, not refused), view(_("Refused attempts"), ATTEMPTS, refused)]


def _filters(search: Search, refused: bool) -> dict[str, Any]:
    kinds, chosen = _kinds(), _chosen_move()
    triggers = moves_to_choose(search.kind, chosen)
    chips = [
        {"title": words, "href": _address(kept(**dict.fromkeys(names)))}
        for names, words in (
            (("q",), search.text),
            (("kind", "trigger"), kinds.get(search.kind or "", search.kind)),
            (("trigger",), triggers.get(chosen)),
            (("from",), search.first and _("from %(day)s", day=day(search.first))),
            (("to",), search.last and _("until %(day)s", day=day(search.last))),
        )
        if words
    ]
    return {
        "action": HERE,
        "search": {"name": "q", "label": _("Case number or person"), "value": search.text or ""},
        "selects": [
            {"name": "kind", "label": _("Kind"), "value": search.kind or "",
             "options": [("", _("All kinds")), *kinds.items()]},
            {"name": "trigger", "label": _("Move"), "value": chosen,
             "options": [("", _("All moves")), *triggers.items()]},
        ],
        "dates": [
            {"name": "from", "label": _("From day"), "value": search.first.isoformat() if search.first else ""},
            {"name": "to", "label": _("Until"), "value": search.last.isoformat() if search.last else ""},
        ],
        "sort": None, "keep": [("view", ATTEMPTS)] if refused else [], "chips": chips,
        "clear": _address({"view": ATTEMPTS} if refused else {}) if chips else None,
    }


def _chosen_move() -> str:
    return request.args.get("trigger", "")[:100]


def _kinds() -> dict[str, str]:
    """Return the title of every kind, the general one first."""
    kinds: dict[str, str] = {}
    for definition in sorted(library().definitions, key=lambda known: known.place != "base"):
        kinds.setdefault(definition.kind, localized(definition.title))
    return kinds


def _sentence(search: Search, refused: bool) -> str:
    what = _("Refused attempts in the cases that you reach") if refused else _("Moves in the cases that you reach")
    if search.first and search.last:
        return _("%(what)s, %(first)s to %(last)s", what=what, first=day(search.first), last=day(search.last))
    return what


def _checkpoint() -> dict[str, Any] | None:
    last = db.session.execute(LAST).one_or_none()
    return {"size": last.size, "at": last.signed_at, "href": "/api/v1/checkpoints/latest"} if last else None


def _bundle_href(search: Search) -> str | None:
    """A bundle holds whole stretches of cases: where single moves were picked there is none."""
    if search.first is None or search.last is None or search.kind or search.moves or search.text:
        return None
    days = {"from": search.first.isoformat(), "to": search.last.isoformat()}
    return f"/audit/bundle?{urlencode(days)}"


def _exports_href(search: Search) -> str:
    days = {"from": search.first, "to": search.last}
    asked = urlencode({name: day.isoformat() for name, day in days.items() if day is not None})
    return f"{HERE}/exports?{asked}" if asked else f"{HERE}/exports"


def _searched_back(back_to: datetime | None) -> str:
    if back_to is None:
        return ""
    return _("Searched back to %(day)s; older moves are not searched yet.", day=day_and_time(back_to))


def _pager(after: str | None, back_to: datetime | None) -> dict[str, Any] | None:
    here = request.args.get("after")
    if after is None and here is None:
        return None
    return {
        "words": _searched_back(back_to), "previous": _address(kept()) if here else None,
        "next": _address(kept(after=after)) if after else None,
    }


def _address(arguments: dict[str, str]) -> str:
    return f"{HERE}?{urlencode(arguments)}" if arguments else HERE
