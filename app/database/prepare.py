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


def open_database(instance: Path, database_url: str | None, durable: bool = True) -> Database:
    """A migrated and checked database; raises DatabaseError or NotAsExpected with a message for people."""
    server = None
    if database_url:
        urls = provision(instance, database_url)
    else:
        server = EmbeddedServer(instance, fsync=durable)
        server.start()
        server.ensure_database()
        urls = Urls(server.owner_url(OWNER), server.app_url(OWNER), server.signer_url(OWNER))
    try:
        migrate(urls)
        with psycopg.connect(libpq(urls.owner), autocommit=True) as connection:
            check(connection, urls.roles(), durable)
    except BaseException:
        if server is not None:
            server.stop()
        raise
    return Database(urls, server)


def prepare(instance: Path, env: str, database_url: str | None) -> Urls:
    """Like `open_database`, for a short-lived process: the database is left when the process ends."""
    database = open_database(instance, database_url)
    atexit.register(database.leave)
    return database.urls
