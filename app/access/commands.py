"""What can an operator ask at the command line? Policy, routes, and links to come in, or in again."""

import json
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from app.access import declare, password_links
from app.access.accounts import AccountRefused
from app.access.invitations import invite, link_to
from app.access.nodes import find_place
from app.access.people import find_account
from app.access.roles import ROLES
from app.clock import real_now
from app.extensions import db
from workflows.loader import library

access_commands = AppGroup("access", help="Who may do what: policy, routes, invitations.")


@access_commands.command("routes")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object per route and method.")
def routes(as_json: bool) -> None:
    """List every route with its method and who may call it."""
    listed = declare.routes(current_app)
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    for route in listed:
        click.echo(f"{route['method']:6} {route['rule']:60} {route['allow']}")


@access_commands.command("policy")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def policy(as_json: bool) -> None:
    """Say which role reaches what, and which moves it may make in every definition."""
    said = policy_as_data()
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False, indent=1))
        return
    for role in said["roles"]:
        click.echo(f"{role['code']:24} reaches {role['reach']:14} {role['title']['zh']}")
    for move in said["moves"]:
        click.echo(f"{move['definition']:36} {move['trigger']:24} {', '.join(move['roles']) or 'the clock'}")


def policy_as_data() -> dict[str, Any]:
    """Return all that decides who may do what: roles, routes, moves with their guards."""
    return {
        "roles": [
            {
                "code": role.code,
                "title": {"zh": role.title.zh, "en": role.title.en},
                "reach": role.reach,
                "business": role.business,
            }
            for role in ROLES.values()
        ],
        "routes": declare.routes(current_app),
        "moves": [
            {
                "definition": f"{definition.place}/{definition.kind}.v{definition.version}",
                "trigger": move.trigger,
                "from": list(move.from_),
                "to": move.to,
                "roles": list(move.roles),
                "guards": list(move.guards),
                "on_due": move.on_due,
            }
            for definition in library().definitions
            for move in definition.transitions
        ],
    }


@access_commands.command("invite")
@click.option("--role", required=True, type=click.Choice(list(ROLES)), help="The role the person will hold.")
@click.option("--node", "code", help="The code of the place; without it the whole country.")
@click.option("--email", help="Where the person gets mail.")
def invite_somebody(role: str, code: str | None, email: str | None) -> None:
    """Print a link that makes one account with one role. It works once, for three days."""
    node = find_place(db.session, code) if code else None
    if code and node is None:
        raise click.UsageError(f"there is no place with the code {code}")
    token = invite(db.session, role=role, node=node, email=email, by=None, now=real_now())
    db.session.commit()
    click.echo(link_to(token, base=_base()))


@access_commands.command("link")
@click.argument("login")
def link_for_somebody(login: str) -> None:
    """Print a link with which the owner of LOGIN sets a new password. It works once, for three days.

    For the administrator whom no other administrator can let in again.
    """
    account = find_account(db.session, login)
    if account is None:
        raise click.UsageError(f"nobody has the login {login}")
    try:
        token = password_links.issue(db.session, account, by=None, now=real_now())
    except AccountRefused as refusal:
        raise click.ClickException(str(refusal.detail)) from None
    db.session.commit()
    click.echo(password_links.link_to(token, base=_base()))


def _base() -> str:
    return current_app.config.get("PUBLIC_URL") or "http://127.0.0.1:5000/"
