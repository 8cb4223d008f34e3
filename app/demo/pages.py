"""On the sign-in page of a demo: who there is, and with which password. No other instance knows these people."""

from typing import Any

from flask import Flask
from sqlalchemy import select

from app.access.models import Account, Node, Person, RoleGrant
from app.access.roles import ROLES
from app.demo.district import PASSWORD
from app.extensions import db
from app.language import current_locale, localized

ORDER = (
    "staff", "staff2", "staff3", "registrar", "registrar2", "staff7", "hub", "incubator", "young7",
    "project", "project2", "buyer", "buyer2",
    "supervisor", "expert", "expert2", "evaluator", "finance", "approver", "cashier", "auditor", "admin",
)


def register(app: Flask) -> None:
    """Offer the demo's people on the sign-in page of a demo."""
    if app.config["ENVIRONMENT"] == "demo":
        app.config["DEMO_USERS"] = demo_users
        app.config["DEMO_PASSWORD"] = PASSWORD


def demo_users() -> list[dict[str, Any]]:
    """Return the demo's people in the order of the journey. One query."""
    found = db.session.execute(
        select(Account.login, Person.name, RoleGrant.role, Node.name_zh, Node.name_en)
        .join(Person, Person.id == Account.person_id)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .join(Node, Node.id == RoleGrant.node_id)
        .where(Account.login.in_(ORDER))
    ).all()
    people = {
        row.login: {
            "login": row.login, "name": row.name, "role_title": localized(ROLES[row.role].title),
            "place": row.name_en if current_locale() == "en" and row.name_en else row.name_zh,
        }
        for row in found
    }
    return [people[login] for login in ORDER if login in people]
