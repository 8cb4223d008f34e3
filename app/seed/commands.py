"""`./run flask seed check --seed N`: two cities for whoever measures us. Only where SHUNIU_ENV=test."""

import json
import random
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select, text

from app.access.models import Account
from app.access.nodes import ensure_root
from app.clock import business_now
from app.demo.building import Builder, Member
from app.demo.commands import builder_at
from app.extensions import db
from app.ledger.models import BudgetLine
from app.organizations.models import Organization
from app.seed.city import build_city, role_on_one_case
from app.seed.people import Plan

group = AppGroup("seed", help="Data for checking the product from outside.")
CITIES = (
    Plan("110102", "110000", "bj", "北京市西城区"),
    Plan("520115", "520100", "gy", "贵阳市观山湖区"),
)


@group.command("check")
@click.option("--seed", type=int, default=1, help="The same seed names the same people and sums.")
@with_appcontext
def check(seed: int) -> None:
    """Fill an empty database with two cities and print who and what is there as one JSON object."""
    if current_app.config["ENVIRONMENT"] != "test":
        raise click.ClickException("The seed is for tests. Set SHUNIU_ENV=test on an instance of its own.")
    if db.session.execute(select(Account.id).limit(1)).scalar() is not None:
        raise click.ClickException("The database is not empty. Give SHUNIU_INSTANCE an empty folder.")
    chance = random.Random(seed)  # noqa: S311 - invented names, not secrets
    builder = builder_at(business_now(db.session))
    everywhere = builder.person("总审计", "all-auditor", [("auditor", ensure_root(db.session))])
    for plan in CITIES:
        role_on_one_case(builder, build_city(builder, plan, chance), chance)
    assert builder.members[0] is everywhere
    click.echo(json.dumps(_told(builder), ensure_ascii=False))


def _told(builder: Builder) -> dict[str, Any]:
    # That a bid was handed in is nobody's to know before the opening, an auditor's neither: it is not told here.
    cases = db.session.execute(text("SELECT number, kind, state FROM cases WHERE NOT sealed ORDER BY id"))
    organizations = db.session.execute(select(Organization.id, Organization.name, Organization.uscc)
                                       .order_by(Organization.id))
    lines = db.session.execute(select(BudgetLine.id, BudgetLine.code, BudgetLine.name).order_by(BudgetLine.id))
    return {
        "users": [_user(member) for member in builder.members],
        "organizations": [dict(row._mapping) for row in organizations],
        "cases": [dict(row._mapping) for row in cases],
        "budget_lines": [dict(row._mapping) for row in lines],
    }


def _user(member: Member) -> dict[str, Any]:
    return {
        "name": member.login, "password": member.password, "token": member.token, "roles": member.roles,
        "organization": int(member.organization) if member.organization else None,
        "display_name": member.actor.name,
    }
