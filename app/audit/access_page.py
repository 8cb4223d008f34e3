"""What does an auditor see of people's access? Who gave, took and issued what for whom, the newest first."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.access.api_auth import current_holdings
from app.access.changes import Change, access_changes
from app.access.masking import mask_email
from app.access.people import administered_paths
from app.access.roles import role_of
from app.extensions import db
from app.language import current_locale, localized

ROWS = 50
READERS = ("auditor", "audit_admin")


def access_view() -> dict[str, Any]:
    """Return the context of pages/audit_access.html: what was done at or below the caller's places."""
    held = current_holdings()
    paths = sorted({path for role in READERS for path in administered_paths(held, role)})
    after = request.args.get("after")
    found, following = access_changes(db.session, paths, after=after, limit=ROWS)
    here = "audit.access_page"
    return {
        "rows": [_row(change) for change in found],
        "count": ngettext("%(num)d row", "%(num)d rows", len(found)),
        "pages": {
            "words": "", "previous": url_for(here) if after else None,
            "next": url_for(here, after=following) if following else None,
        },
        "cases_href": "/audit" if any(holding.role == "auditor" for holding in held) else None,
    }


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
