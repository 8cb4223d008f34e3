"""What does an auditor see of people's access? Who gave, took and issued what for whom, the newest first."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext

from app.access.api_auth import current_holdings
from app.access.changes import KINDS, Change, ChangesAsked, access_changes
from app.access.masking import mask_email
from app.access.people import administered_paths
from app.access.roles import role_of
from app.audit.asking import day_asked, kept
from app.errors import InvalidInput
from app.extensions import db
from app.formats import day
from app.language import current_locale, localized

ROWS = 50
READERS = ("auditor", "audit_admin")
HERE = "/audit/access"


def access_view() -> dict[str, Any]:
    """Return the context of pages/audit_access.html: what was done at or below the caller's places."""
    held = current_holdings()
    paths = sorted({path for role in READERS for path in administered_paths(held, role)})
    after = request.args.get("after")
    days, errors = _days()
    what = request.args.get("what", "")
    asked = ChangesAsked(
        person=request.args.get("q", "").strip()[:100] or None, what=what if what in KINDS else None, **days
    )
    found, following = ([], None) if errors else access_changes(
        db.session, paths, after=after, limit=ROWS, asked=asked
    )
    return {
        "filters": _filters(asked), "errors": errors,
        "rows": [_row(change) for change in found],
        "count": ngettext("%(num)d row", "%(num)d rows", len(found)),
        "pages": {
            "words": "", "previous": _address(kept()) if after else None,
            "next": _address(kept(after=following)) if following else None,
        },
        "cases_href": "/audit" if any(holding.role == "auditor" for holding in held) else None,
    }


def _days() -> tuple[dict[str, date | None], list[tuple[str | None, str]]]:
    """Return first and last day as asked for, and what is wrong with them in words."""
    days: dict[str, date | None] = {"first": None, "last": None}
    errors: list[tuple[str | None, str]] = []
    for name, argument in (("first", "from"), ("last", "to")):
        try:
            days[name] = day_asked(argument)
        except InvalidInput as invalid:
            errors += [(None, str(words)) for words in invalid.errors[argument]]
    first, last = days["first"], days["last"]
    if first is not None and last is not None and first > last:
        errors.append((None, _("The last day comes before the first.")))
    return days, errors


def _filters(asked: ChangesAsked) -> dict[str, Any]:
    chips = [
        {"title": words, "href": _address(kept(**{name: None}))}
        for name, words in (
            ("q", asked.person),
            ("what", asked.what and _said(asked.what)[0]),
            ("from", asked.first and _("from %(day)s", day=day(asked.first))),
            ("to", asked.last and _("until %(day)s", day=day(asked.last))),
        )
        if words
    ]
    return {
        "action": HERE,
        "search": {"name": "q", "label": _("Name or login"), "value": asked.person or ""},
        "selects": [{"name": "what", "label": _("What"), "value": asked.what or "",
                     "options": [("", _("All changes")), *((kind, _said(kind)[0]) for kind in KINDS)]}],
        "dates": [
            {"name": "from", "label": _("From day"), "value": asked.first.isoformat() if asked.first else ""},
            {"name": "to", "label": _("Until"), "value": asked.last.isoformat() if asked.last else ""},
        ],
        "sort": None, "keep": [], "chips": chips, "clear": HERE if chips else None,
    }


def _address(arguments: dict[str, str]) -> str:
    return f"{HERE}?{urlencode(arguments)}" if arguments else HERE


def _row(change: Change) -> dict[str, Any]:
    role = localized(role_of(change.role).title) if change.role else None
    place = change.node.name(current_locale()) if change.node else None
    words, tone = _said(change.what)
    return {
        "at": change.at, "words": words, "tone": tone, "whom": change.whom, "login": change.login,
        "email": mask_email(change.email) if change.email else None, "role": role, "place": place, "by": change.by,
        "alone": change.what == "link_ended",
    }


def _said(what: str) -> tuple[str, str]:
    """Return what was done in words, and its tone."""
    return {
        "role_given": (_("Role given"), "green"),
        "role_ended": (_("Role ended"), "amber"),
        "invited": (_("Invitation made"), "blue"),
        "invitation_used": (_("Invitation accepted"), "green"),
        "link_issued": (_("Link for a new password issued"), "amber"),
        "link_used": (_("New password set by the link"), "amber"),
        "link_ended": (_("Link for a new password ended unused"), "grey"),
        "password_changed": (_("Own password changed"), "grey"),
        "disabled": (_("Account disabled"), "red"),
        "enabled": (_("Account enabled"), "green"),
    }[what]
