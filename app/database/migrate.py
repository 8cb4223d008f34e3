"""Bring the tables to the newest migration, one process at a time, then give the roles their rights."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from app.database.places import DatabaseError
from app.database.privileges import Roles, apply_privileges, are_applied
from app.database.provision import libpq
from app.extensions import Base

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "migrations"
# "shuniu" as a number; any constant would do, as long as all versions agree on it.
ADVISORY_LOCK = 0x7368756E6975
# Rather fail and be started again than queue every reader behind a migration that cannot get its lock.
LOCK_TIMEOUT = "10s"


def migrate(owner_url: str, roles: Roles | None = None, target: str = "head") -> None:
    """Bring the database to `target` and apply the rights; with nothing to do it costs a few queries.

    Without `roles`, the other two are those of an embedded server: the owner's name with _app and _signer.
    """
    if roles is None:
        owner = make_url(owner_url).username or ""
        roles = Roles(owner, f"{owner}_app", f"{owner}_signer")
    with psycopg.connect(libpq(owner_url), autocommit=True) as connection, _alone(connection):
        at = current(connection)
        moved = target != "head" or at != head()
        if moved:
            _refuse_newer(at)
            _run(owner_url, target)
        if target == "head" and (moved or not are_applied(connection, roles)):
            apply_privileges(connection, roles)


def head() -> str:
    """The newest revision of this code."""
    return (SCRIPTS / "head.txt").read_text().strip()


def current(connection: psycopg.Connection) -> str | None:
    """The revision that the database is at, None for an empty one."""
    table = connection.execute("SELECT to_regclass('public.alembic_version')").fetchone()
    if table is None or table[0] is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def alembic_config() -> Config:
    """Alembic's configuration for our folder of migrations, without a file."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def _refuse_newer(at: str | None) -> None:
    if at is not None and at > head():
        raise DatabaseError(
            f"The database is at migration {at}, made by a newer Shuniu; this one knows {head()}."
        )


def _run(owner_url: str, target: str) -> None:
    engine = create_engine(
        owner_url, poolclass=NullPool, connect_args={"options": f"-c lock_timeout={LOCK_TIMEOUT}"}
    )
    config = alembic_config()
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            # Only for its naming convention: migrations name their constraints as models do.
            config.attributes["target_metadata"] = MetaData(naming_convention=Base.metadata.naming_convention)
            if target == "base" or (target != "head" and target < head()):
                command.downgrade(config, target)
            else:
                command.upgrade(config, target)
            connection.commit()
    finally:
        engine.dispose()


@contextmanager
def _alone(connection: psycopg.Connection) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK,))
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (ADVISORY_LOCK,))
