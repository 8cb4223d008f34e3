"""What stands around every page? Site, navigation, account, unread notices and the demo's clock."""

from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, g, request
from flask_babel import gettext as _
from sqlalchemy import text

from app.access.actor import Actor
from app.access.api_auth import current_holdings
from app.access.reach import Holding
from app.access.roles import ROLES
from app.clock import real_now
from app.doors.caller import now
from app.extensions import db
from app.language import CHINESE, ENGLISH, current_locale, localized
from app.notices.queries import unread_count

VERSION = "0.1.0"


def register(app: Flask) -> None:
    """Give every template the frame's variables."""
    app.context_processor(frame)


def frame() -> dict[str, Any]:
    """Return the variables that base.html lists. Costs two queries for somebody signed in, none otherwise."""
    actor: Actor | None = getattr(g, "actor", None)
    held = current_holdings() if actor is not None else ()
    return {
        "site": {
            "name": "枢纽 Shuniu" if current_locale() == CHINESE else "Shuniu",
            "operator": _("District civil affairs bureau (demonstration)"),
            "help_phone": current_app.config.get("HELP_PHONE", "010-0000 0000"),
            "help_hours": _("working days 9:00 to 17:30"), "version": VERSION,
        },
        "locale": current_locale(),
        "languages": _languages(),
        "navigation": _navigation(held) if actor is not None else [],
        "account": _account(actor, held) if actor is not None else None,
        "unread": unread_count(db.session, actor.person_id, held) if actor is not None and actor.person_id else 0,
        "demo_clock": _demo_clock(),
    }


def _languages() -> list[dict[str, Any]]:
    listed = []
    for code, tag, title in ((CHINESE, "zh-CN", "中文"), (ENGLISH, "en", "English")):
        arguments = {**request.args.to_dict(), "lang": tag}
        listed.append({"code": code, "title": title, "href": f"{request.path}?{urlencode(arguments)}",
                       "current": code == current_locale()})
    return listed


def _account(actor: Actor, held: tuple[Holding, ...]) -> dict[str, Any]:
    first = held[0] if held else None
    place = ""
    if first is not None:
        place = first.node_name_en if current_locale() == ENGLISH and first.node_name_en else first.node_name_zh
    return {"name": actor.name, "role_title": localized(ROLES[first.role].title) if first else "", "place": place}


def _navigation(held: tuple[Holding, ...]) -> list[dict[str, Any]]:
    roles = {holding.role for holding in held}
    # An auditor reads; nothing ever waits for one.
    business = any(ROLES[role].business for role in roles - {"auditor"})
    work = [_item(_("Home"), "/", "layout-dashboard")]
    if business:
        work.append(_item(_("To do"), "/worklist", "inbox"))
    if business or "auditor" in roles:
        work.append(_item(_("Cases"), "/cases", "search"))
        work.append(_item(_("Calendar of deadlines"), "/calendar", "calendar-days"))
    work.append(_item(_("Service guide"), "/guide", "book-open"))
    work.append(_item(_("Publicity"), "/publicity", "clipboard-list"))
    money = {"finance_officer", "finance_approver", "cashier", "auditor", "buyer", "project_officer"}
    records = [
        _item(_("Register"), "/organizations", "building-complex"), _item(_("Hub organizations"), "/hubs", "network"),
        _item(_("Incubators"), "/incubators", "sprout"),
    ]
    if "registrar" in roles:
        records.append(_item(_("Annual reports not handed in"), "/annual-reports", "notebook-text"))
    if roles & money:
        records.append(_item(_("Overview of funds"), "/funds", "chart-column"))
        records.append(_item(_("Budgets"), "/budget-lines", "coins"))
    if roles & {"finance_officer", "cashier", "auditor"}:
        records.append(_item(_("Bank statements"), "/statements", "landmark"))
    if "auditor" in roles:
        records.append(_item(_("Audit"), "/audit", "shield-check"))
    if "audit_admin" in roles:
        records.append(_item(_("Changes of access"), "/audit/access", "shield-check"))
    if "system_admin" in roles:
        records.append(_item(_("People"), "/people", "users"))
    return [{"title": None, "items": work}, {"title": _("Records"), "items": records}]


def _item(title: str, href: str, icon: str) -> dict[str, Any]:
    current = request.path == href or (href != "/" and request.path.startswith(href + "/"))
    return {"title": title, "href": href, "icon": icon, "count": None, "current": current}


def _demo_clock() -> dict[str, Any] | None:
    if current_app.config["ENVIRONMENT"] == "production":
        return None
    ahead = db.session.execute(text("SELECT ahead_seconds FROM business_clock")).scalar()
    if not ahead and current_app.config["ENVIRONMENT"] != "demo":
        return None
    return {"now": now() if ahead else real_now(), "href": "/demo/clock"}
