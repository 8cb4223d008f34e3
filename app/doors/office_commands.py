"""`flask offices`: open the places a city works with, before anybody can be invited to them.

Buyers, hubs and incubators are decided outside of the product (a document names them); an operator enters them with
a code, by which people are invited (`access invite --node CODE`) and budget lines are given to them.
"""

from datetime import date, datetime

import click
from flask.cli import AppGroup
from sqlalchemy import select, text

from app.access.models import Node
from app.access.nodes import CannotEnd, create_node, find_by_code
from app.access.place_names import NothingRenamed, rename_place
from app.affiliation.models import LEVELS
from app.affiliation.steps import end_hub, recognize_hub
from app.cases.queries import open_cases_at
from app.clock import SHANGHAI, business_now
from app.extensions import db
from app.incubation.steps import end_incubator, recognize_incubator
from app.organizations.divisions import NoDivisionCode, division
from app.organizations.models import Organization
from app.organizations.places import territory
from workflows.rules.uscc import UsccError, normalize, parse

group = AppGroup("offices", help="Places of a city: buyers, hubs, incubators 购买主体、枢纽组织、孵化基地.")
OPENED = ("buyer", "hub", "incubator")
ENDED = {"hub": end_hub, "incubator": end_incubator}
LONGEST_NAME = 200

BELOW = click.option("--below", required=True, help="Division code of the place it belongs to, such as 110102.")
NAME_EN = click.option("--name-en", help="Its name in English, if it has one.")
LEVEL = click.option("--level", type=click.Choice(LEVELS), default="district", show_default=True)
SINCE = click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="The day of its recognition; today if left out."
)


@group.command("buyer")
@click.argument("code")
@click.argument("name")
@BELOW
@NAME_EN
def open_buyer(code: str, name: str, below: str, name_en: str | None) -> None:
    """Open the office NAME that buys services, known by CODE."""
    parent = _new_place(code, name, below)
    create_node(db.session, parent=parent, kind="buyer", code=code, name_zh=name.strip(), name_en=name_en)
    _done(code, name)


@group.command("hub")
@click.argument("code")
@click.argument("name")
@BELOW
@NAME_EN
@LEVEL
@SINCE
@click.option("--organization", "uscc", help="Credit code of the organization that runs it, if it is in the register.")
@click.option("--field", "fields", multiple=True, help="What it works on; may be given several times.")
def open_hub(
    code: str, name: str, below: str, name_en: str | None, level: str, since: datetime | None, uscc: str | None,
    fields: tuple[str, ...],
) -> None:
    """Enter the hub organization NAME as recognized, known by CODE."""
    parent = _new_place(code, name, below)
    recognize_hub(
        db.session, parent=parent, code=code, name_zh=name.strip(), name_en=name_en, level=level,
        recognized_on=_day(since), organization_id=_organization(uscc), fields=fields,
    )
    _done(code, name)


@group.command("incubator")
@click.argument("code")
@click.argument("name")
@BELOW
@NAME_EN
@LEVEL
@SINCE
@click.option("--operator", "uscc", help="Credit code of the organization that runs it, if it is in the register.")
@click.option("--capacity", type=click.IntRange(1, 10_000), required=True, help="How many organizations at a time.")
@click.option("--places", type=click.IntRange(0, 10_000), required=True, help="How many of them on its premises.")
@click.option("--months", type=click.IntRange(1, 60), required=True, help="How long each may stay.")
def open_incubator(
    code: str, name: str, below: str, name_en: str | None, level: str, since: datetime | None, uscc: str | None,
    capacity: int, places: int, months: int,
) -> None:
    """Enter the incubator NAME as recognized, known by CODE."""
    if places > capacity:
        raise click.UsageError("there are more places than organizations: --places is at most --capacity")
    parent = _new_place(code, name, below)
    recognize_incubator(
        db.session, parent=parent, code=code, name_zh=name.strip(), name_en=name_en, level=level, capacity=capacity,
        places=places, term_months=months, recognized_on=_day(since), operator_organization_id=_organization(uscc),
    )
    _done(code, name)


@group.command("end")
@click.argument("code")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The first day without recognition; today if left out.")
def end_office(code: str, on: datetime | None) -> None:
    """End the recognition of the hub or incubator known by CODE. Its name, members and cases stay readable."""
    _one_at_a_time()
    place = find_by_code(db.session, code)
    if place is None or place.kind not in ENDED:
        raise click.ClickException(f"{code} is neither a hub nor an incubator: `offices list` tells the codes")
    if (carried := open_cases_at(db.session, place.id)) > 0:
        raise click.ClickException(f"{carried} cases are open at {code}: they must come to their ends first")
    try:
        ENDED[place.kind](db.session, place.id, on=_day(on))
    except CannotEnd as error:
        raise click.ClickException(f"{code}: {error}") from None
    _done(code, place.name_zh)


@group.command("rename")
@click.argument("code")
@click.argument("name")
@NAME_EN
def rename_office(code: str, name: str, name_en: str | None) -> None:
    """Call the hub or incubator known by CODE by the new NAME from today. What ended before keeps the old one."""
    _one_at_a_time()
    place = find_by_code(db.session, code)
    if place is None or place.kind not in ENDED:
        raise click.ClickException(f"{code} is neither a hub nor an incubator: `offices list` tells the codes")
    _fit_name(name)
    now = business_now(db.session)
    try:
        rename_place(
            db.session, place, name_zh=name.strip(), name_en=name_en or None, on=_day(None), now=now
        )
    except NothingRenamed as error:
        raise click.ClickException(f"{code}: {error}") from None
    _done(code, name)


@group.command("list")
def list_offices() -> None:
    """Print every buyer, hub and incubator: kind, code, name, and the place it belongs to."""
    above = Node.__table__.alias("above")
    query = (
        select(Node.kind, Node.code, Node.name_zh, above.c.name_zh)
        .outerjoin(above, above.c.id == Node.parent_id)
        .where(Node.kind.in_(OPENED))
        .order_by(Node.kind, Node.path)
    )
    for kind, code, name, place in db.session.execute(query):
        click.echo(f"{kind} {code or '-'} {name} {place or '-'}")


def _one_at_a_time() -> None:
    # Two operators who open one code at once: the second waits, and is told that it is taken.
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('shuniu.offices'))"))


def _new_place(code: str, name: str, below: str) -> Node:
    """Return the place above; raise ClickException if the code is taken or unfit, or the name is empty."""
    _one_at_a_time()
    if not code.strip() or code != code.strip() or len(code) > 40 or code.isdigit():
        raise click.ClickException("a code has 1 to 40 signs, no blanks at its ends, and is no division's number")
    _fit_name(name)
    try:
        division(below)
    except NoDivisionCode:
        raise click.ClickException(f"{below} is no division code: give its six digits, such as 110102") from None
    if (there := find_by_code(db.session, code)) is not None:
        raise click.ClickException(f"{code} is taken by {there.name_zh}")
    return territory(db.session, below)


def _fit_name(name: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME:
        raise click.ClickException(f"a name has 1 to {LONGEST_NAME} signs")


def _organization(uscc: str | None) -> int | None:
    if uscc is None:
        return None
    try:
        code = parse(normalize(uscc)).code
    except UsccError as error:
        raise click.ClickException(f"{error.text.zh} {error.text.en}") from None
    found = db.session.scalars(select(Organization.id).where(Organization.uscc == code)).one_or_none()
    if found is None:
        raise click.ClickException(f"{code} is not in the register: import it first")
    return found


def _day(since: datetime | None) -> date:
    return since.date() if since else business_now(db.session).astimezone(SHANGHAI).date()


def _done(code: str, name: str) -> None:
    db.session.commit()
    click.echo(f"{code} {name.strip()}")
