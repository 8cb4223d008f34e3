"""`./run flask demo load`: fill an empty database with the demo district, and say how to sign in."""

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app.access.models import Account
from app.clock import business_now
from app.demo.building import Builder
from app.demo.district import PASSWORD, build_district
from app.extensions import db

group = AppGroup("demo", help="The demo district.")
LOGINS = {
    "staff": "社会组织经办人（筹备中） Staff of an organization in preparation",
    "staff2": "社会组织经办人（已登记） Staff of a registered organization",
    "registrar": "登记管理机关 Registrar", "hub": "枢纽组织 Hub officer", "project": "购买主体 Project officer",
    "project2": "购买主体（复核） Second project officer", "buyer": "购买主体负责人 Buyer",
    "buyer2": "购买主体负责人（另一位） Second buyer",
    "evaluator": "第三方评估 Evaluator",
    "finance": "财务 Finance officer", "approver": "审批 Approver", "cashier": "出纳 Cashier",
    "incubator": "孵化基地 Incubator operator", "expert": "评审专家 Expert",
    "young7": "孵化中的社会组织 Staff of an organization in incubation",
    "auditor": "审计 Auditor", "admin": "系统管理员 System administrator",
}


@group.command("load")
@with_appcontext
def load() -> None:
    """Load the demo into an empty database; a database with accounts is left as it is."""
    if current_app.config["ENVIRONMENT"] == "production":
        raise click.ClickException("The demo is not for production. Set SHUNIU_ENV=demo on an instance of its own.")
    if db.session.execute(select(Account.id).limit(1)).scalar() is None:
        build_district(Builder(db.session, current_app.config["DOCUMENTS"], business_now(db.session)))
    known = set(db.session.scalars(select(Account.login).where(Account.login.in_(LOGINS))))
    if known:
        click.echo(f"演示账号（密码均为 {PASSWORD}） Demo accounts, password {PASSWORD}:")
    for login, role in LOGINS.items():
        if login in known:
            click.echo(f"  {login:<10} {role}")
