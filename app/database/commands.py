"""`./run flask database ...`: for operators, on a database that may not be fit to serve from."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
import psycopg

from app.config import settings_from
from app.database.migrate import current, migrate
from app.database.places import DatabaseError
from app.database.prepare import reach_database
from app.database.privileges import apply_privileges
from app.database.provision import Urls, libpq
from app.database.self_check import NotAsExpected, check, inventory, missing, write_expected

group = click.Group("database", help="Migrations, rights and the check that is made at every start.")


@contextmanager
def _database() -> Iterator[tuple[psycopg.Connection, Urls]]:
    settings = settings_from(os.environ)
    database = reach_database(settings.instance, settings.database_url)
    try:
        with psycopg.connect(libpq(database.urls.owner), autocommit=True) as connection:
            yield connection, database.urls
    finally:
        database.leave()


@group.command("migrate")
def migrate_command() -> None:
    """Bring the tables to the newest migration and apply the rights."""
    with _database() as (_connection, urls):
        migrate(urls.owner, urls.roles())


@group.command("check")
def check_command() -> None:
    """Compare triggers, constraints, rights and settings with what must be there."""
    with _database() as (connection, urls):
        if current(connection) is None:
            raise DatabaseError("The database is empty; `./run flask database migrate` makes its tables.")
        check(connection, urls.roles())
    click.echo("triggers, constraints, rights and settings are as they must be")


@group.command("grant")
def grant_command() -> None:
    """Make the rights of the application's and the signer's role what app/database/privileges.py says."""
    with _database() as (connection, urls):
        apply_privileges(connection, urls.roles())


@group.command("expected")
@click.option("--write", is_flag=True, help="Renew app/database/expected.json from this database.")
def expected_command(write: bool) -> None:
    """Say what the database lacks of the expected triggers and constraints, or renew the list."""
    with _database() as (connection, urls):
        if write:
            migrate(urls.owner, urls.roles())
            write_expected(inventory(connection))
        elif lines := missing(connection):
            raise NotAsExpected(lines)
