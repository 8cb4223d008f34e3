"""The list of what one has been told, and ticking it off."""

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.access.api_auth import current_holdings
from app.access.declare import allow
from app.access.local_paths import local_path
from app.clock import business_now
from app.extensions import db
from app.notices.queries import COUNTED_TO, Entry, mark_read, notices_of, outbox, unread_count

PAGE_SIZE = 30
pages = Blueprint("notices", __name__)


def register(app: Flask) -> None:
    """Add the routes of notices."""
    app.register_blueprint(pages)


@pages.get("/notices")
@allow("signed_in")
def inbox() -> str:
    """Show the caller's notices, newest first."""
    before = request.args.get("before", type=int)
    entries = notices_of(
        db.session,
        g.actor.person_id,
        current_holdings(),
        locale=str(get_locale()),
        before=before,
        limit=PAGE_SIZE + 1,
    )
    shown, more = entries[:PAGE_SIZE], len(entries) > PAGE_SIZE
    unread = unread_count(db.session, g.actor.person_id, current_holdings())
    return render_template(
        "pages/notices.html",
        notices=[_line(entry) for entry in shown],
        pages={
            "words": _("%(count)s unread", count=unread if unread < COUNTED_TO else f"{COUNTED_TO - 1}+"),
            "previous": url_for("notices.inbox") if before else None,
            "next": url_for("notices.inbox", before=shown[-1].id) if more else None,
        },
        action=url_for("notices.read_all") if unread else None,
        key=None,
    )


def _line(entry: Entry) -> dict[str, object]:
    return {
        "title": entry.subject,
        "words": entry.body,
        "at": entry.at,
        "href": entry.href,
        "unread": entry.read_at is None,
        "number": entry.number,
        "read_action": url_for("notices.read_one", delivery_id=entry.id),
    }


@pages.post("/notices/<int:delivery_id>/read")
@allow("signed_in")
def read_one(delivery_id: int) -> Response:
    """Tick one notice off."""
    return _ticked(delivery_id)


@pages.post("/notices/read")
@allow("signed_in")
def read_all() -> Response:
    """Tick all notices off."""
    return _ticked(None)


@pages.get("/notices/outbox")
@allow("role:system_admin")
def outbox_page() -> str:
    """Show whether mails leave."""
    return render_template(
        "pages/outbox.html", outbox=outbox(db.session), sending=bool(current_app.config.get("SMTP_URL"))
    )


def _ticked(delivery_id: int | None) -> Response:
    mark_read(db.session, g.actor.person_id, business_now(db.session), delivery_id=delivery_id)
    db.session.commit()
    return redirect(local_path(request.form.get("next"), url_for("notices.inbox")), 303)
