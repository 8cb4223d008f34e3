"""From settings to a database that may be served from: start or join, migrate, grant, check."""

import atexit
from pathlib import Path

import psycopg

from app.database.embedded import OWNER, EmbeddedServer
from app.database.migrate import migrate
from app.database.provision import Urls, libpq, provision
from app.database.self_check import check


class Database:
    """A database in use by this process: its addresses, and the embedded server that we keep up, if any."""

    def __init__(self, urls: Urls, server: EmbeddedServer | None) -> None:
        self.urls = urls
        self.server = server

    def keep(self) -> None:
        """Put a new keeper beside the embedded server if the old one was killed."""
        if self.server is not None:
            self.server.keep()

    def leave(self) -> None:
        """Stop using it; an embedded server that nobody else uses is down on return."""
        if self.server is not None:
            self.server.stop()


def reach_database(instance: Path, database_url: str | None) -> Database:
    """The database as it is, started or joined, its roles made, but neither migrated nor checked."""
    if database_url:
        return Database(provision(instance, database_url), None)
    server = EmbeddedServer(instance)
    server.start()
    server.ensure_database()
    return Database(Urls(server.owner_url(OWNER), server.app_url(OWNER), server.signer_url(OWNER)), server)


def open_database(instance: Path, database_url: str | None) -> Database:
    """A migrated and checked database; raises DatabaseError or NotAsExpected with a message for people."""
    database = reach_database(instance, database_url)
    try:
        urls = database.urls
        migrate(urls.owner, urls.roles())
        with psycopg.connect(libpq(urls.owner), autocommit=True) as connection:
            check(connection, urls.roles())
    except BaseException:
        database.leave()
        raise
    return database


def prepare(instance: Path, database_url: str | None) -> Urls:
    """Like `open_database`, for a process that keeps the database until it ends."""
    database = open_database(instance, database_url)
    atexit.register(database.leave)
    return database.urls
