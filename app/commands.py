"""`./run flask ...`: the commands of all features, on a database that is started and migrated if need be.

A feature's commands stand in its `commands.py` as an AppGroup (flask.cli) named here; each command then
runs inside the application's context. The database is opened when the first such command runs, not before:
`--help` and what needs no database stay quick. It is left when the command has ended.
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec

import click
from flask import Flask
from flask.cli import ScriptInfo

from app import create_app
from app.config import BadSetting, Settings, settings_from
from app.database.places import DatabaseError
from app.database.prepare import prepare
from app.database.self_check import NotAsExpected

# The group's name on the command line, and where it stands.
GROUPS = {
    "access": "app.access.commands:access_commands",
    "budget": "app.payments.commands:group",
    "database": "app.database.commands:group",
    "demo": "app.demo.commands:group",
    "history": "app.audit.commands:group",
    "offices": "app.doors.office_commands:group",
    "purchasing": "app.purchasing.commands:group",
    "registry": "app.organizations.commands:registry",
    "seed": "app.seed.commands:group",
    "workflows": "app.doors.workflow_commands:group",
}
EX_UNAVAILABLE = 69
EX_CONFIG = 78


class Commands(click.Group):
    """All groups, each imported only when it is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The names of the groups whose feature there is."""
        return [name for name, place in GROUPS.items() if _exists(place)]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The group of that name, if there is one."""
        place = GROUPS.get(name)
        if place is None or not _exists(place):
            return None
        module, _, attribute = place.partition(":")
        group: click.Command = getattr(import_module(module), attribute)
        return group


def _exists(place: str) -> bool:
    try:
        return find_spec(place.partition(":")[0]) is not None
    except ModuleNotFoundError:
        return False


def make_app() -> Flask:
    """The application of this command, on a database that this process holds until it ends."""
    settings = settings_from(os.environ)
    urls = prepare(settings.instance, settings.database_url)
    # An operator's process may do what the web may not: migrate, sign.
    return create_app(
        settings, urls.app, OWNER_URL=urls.owner, SIGNER_URL=urls.signer, SIGNING_KEY=key_of(settings)
    )


def key_of(settings: Settings) -> str:
    """The path of the signer's key."""
    return str(settings.instance / "keys" / "signing")


def main() -> None:
    """Run one command; stdout has its answer and nothing else."""
    commands = Commands("flask", help="The commands of Shuniu.")
    try:
        commands.main(prog_name="./run flask", obj=ScriptInfo(create_app=make_app), standalone_mode=True)
    except (BadSetting, NotAsExpected) as error:
        _fail(error, EX_CONFIG)
    except DatabaseError as error:
        _fail(error, EX_UNAVAILABLE)


def _fail(error: Exception, code: int) -> None:
    click.echo(str(error), err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
