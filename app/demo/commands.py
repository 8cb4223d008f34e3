"""`./run flask demo load`: fill an empty database with the demo district, and say how to sign in."""

from datetime import date, datetime

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app.access.models import Account
from app.clock import SHANGHAI, business_now
from app.demo.building import Builder
from app.demo.buying import PASSPHRASE
from app.demo.district import PASSWORD, build_district
from app.demo.road import FIRST_DAY as LONGEST
from app.extensions import db

group = AppGroup("demo", help="The demo district.")
LOGINS = {
    "staff": "社会组织经办人（筹备中） Staff of an organization in preparation",
    "staff2": "社会组织经办人（合同履行中） Staff of an organization with a contract",
    "staff3": "社会组织经办人（投标、领款） Staff of an organization that bids and is paid",
    "registrar": "登记管理机关 Registrar", "registrar2": "登记管理机关（复核） Second registrar",
    "staff7": "被列入异常名录的社会组织 Staff of a listed organization",
    "staff8": "已登记的社会团体 Staff of a registered association",
    "staff9": "筹备中的社会团体 Staff of an association in preparation",
    "staff10": "筹备中的基金会 Staff of a foundation in preparation",
    "registrar3": "市级登记管理机关 Registrar of the city (foundations)",
    "hub": "枢纽组织 Hub officer",
    "incubator": "孵化基地 Incubator operator",
    "young7": "孵化中的社会组织 Staff of an organization in incubation",
    "project": "购买主体、开标人员 Project officer, opens bids",
    "project2": "购买主体（复核）、开标人员 Second project officer, opens bids",
    "buyer": "购买主体负责人、开标人员 Buyer, opens bids", "buyer2": "购买主体负责人（复核） Second buyer",
    "supervisor": "采购监督 Procurement supervisor", "expert": "评审专家 Expert",
    "expert2": "评审专家 Expert", "evaluator": "第三方评估 Evaluator",
    "finance": "财务 Finance officer", "approver": "审批 Approver", "cashier": "出纳 Cashier",
    "auditor": "审计 Auditor", "admin": "系统管理员 System administrator",
}
FIRST_DAY = date(2026, 1, 1)
"""When the procedures of the road came into force: the demo cannot begin before."""


@group.command("load")
@with_appcontext
def load() -> None:
    """Load the demo into an empty database; a database with accounts is left as it is."""
    if current_app.config["ENVIRONMENT"] == "production":
        raise click.ClickException("The demo is not for production. Set SHUNIU_ENV=demo on an instance of its own.")
    if db.session.execute(select(Account.id).limit(1)).scalar() is None:
        build_district(builder_at(business_now(db.session)))
    known = set(db.session.scalars(select(Account.login).where(Account.login.in_(LOGINS))))
    if known:
        click.echo(f"演示账号（密码均为 {PASSWORD}） Demo accounts, password {PASSWORD}:")
    for login, role in LOGINS.items():
        if login in known:
            click.echo(f"  {login:<10} {role}")
    if "buyer" in known:
        click.echo(f"开标口令（project、project2、buyer） Passphrase of the opening officers: {PASSPHRASE}")


def builder_at(now: datetime) -> Builder:
    """Return a builder whose stories end now, or say why they cannot have begun."""
    began = (now - LONGEST).astimezone(SHANGHAI).date()
    if began < FIRST_DAY:
        raise click.ClickException(
            f"演示和测试数据从 {LONGEST.days} 天前写起，而办理规则自 {FIRST_DAY} 起施行；请核对本机日期。"
            f" The stories begin {LONGEST.days} days ago ({began}), but the procedures hold from {FIRST_DAY} on;"
            " check this machine's date."
        )
    return Builder(db.session, current_app.config["DOCUMENTS"], now)
