"""`flask organizations`: enter and lift what freezes an organization, as a decision or a published list says it."""

from datetime import date, datetime

import click
from flask.cli import AppGroup
from sqlalchemy import or_, select

from app.access.models import Account
from app.clock import business_now
from app.extensions import db
from app.organizations.models import Organization, OrganizationRestriction
from app.organizations.steps import lift_restriction, restrict
from workflows.guards import RESTRICTIONS

group = AppGroup("organizations", help="What stands against organizations 社会组织限制措施.")
LEAST_EVIDENCE = 4


@group.command("restrict")
@click.argument("uscc")
@click.option("--ground", required=True, type=click.Choice(list(RESTRICTIONS)), help="What freezes it.")
@click.option("--from", "from_on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The first day it holds.")
@click.option("--evidence", required=True, help="Number and place of the decision or list that says so.")
@click.option("--by", "login", required=True, help="Sign-in name of the registrar who entered it.")
def restrict_organization(uscc: str, ground: str, from_on: datetime, evidence: str, login: str) -> None:
    """Freeze the organization USCC: from that day on nothing is awarded to it, signed with it or paid to it."""
    organization, person_id = _organization(uscc), _person(login)
    if len(evidence.strip()) < LEAST_EVIDENCE:
        raise click.ClickException("say which decision or list freezes it")
    day = _day(from_on)
    if _standing(organization.id, ground, day) is not None:
        raise click.ClickException(f"{uscc} is restricted for this ground already")
    row = restrict(db.session, organization_id=organization.id, kind=ground, from_on=day, evidence=evidence.strip(),
                   by=person_id, now=business_now(db.session))
    db.session.commit()
    click.echo(f"restriction {row.id} {organization.name} {ground} from {row.from_on}")


@group.command("lift")
@click.argument("uscc")
@click.option("--ground", required=True, type=click.Choice(list(RESTRICTIONS)))
@click.option("--on", "to_on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The first day without it.")
def lift(uscc: str, ground: str, to_on: datetime) -> None:
    """End the restriction of the organization USCC: from that day on it no longer counts; the row stays."""
    organization, day = _organization(uscc), _day(to_on)
    row = _standing(organization.id, ground, day)
    if row is None:
        raise click.ClickException(f"{uscc} is not restricted for this ground on {day}")
    lift_restriction(db.session, row.id, on=day)
    db.session.commit()
    click.echo(f"restriction {row.id} {organization.name} {ground} lifted on {day}")


def _organization(uscc: str) -> Organization:
    found = db.session.scalars(select(Organization).where(Organization.uscc == uscc.strip().upper())).one_or_none()
    if found is None:
        raise click.ClickException(f"{uscc} is not in the register")
    return found


def _person(login: str) -> int:
    account = db.session.scalars(select(Account).where(Account.login == login.lower())).one_or_none()
    if account is None or account.disabled_at is not None:
        raise click.ClickException(f"no account called {login} is in use")
    return account.person_id


def _day(moment: datetime) -> date:
    return date.fromisoformat(f"{moment:%Y-%m-%d}")


def _standing(organization_id: int, ground: str, on: date) -> OrganizationRestriction | None:
    """Return the restriction on this ground that holds on a day."""
    held = OrganizationRestriction
    query = select(held).where(
        held.organization_id == organization_id, held.kind == ground, held.from_on <= on,
        or_(held.to_on.is_(None), held.to_on > on),
    )
    return db.session.scalars(query.order_by(held.id)).first()
