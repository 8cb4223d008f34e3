"""A server of one's own (DATABASE_URL): check it, and create the application's and the signer's role."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from app.database.places import DatabaseError, write_private
from app.database.privileges import Roles

MINIMUM = 150000


@dataclass(frozen=True)
class Urls:
    """The addresses of one database for its three roles, as SQLAlchemy takes them."""

    owner: str
    app: str
    signer: str

    def roles(self) -> Roles:
        """The names in these addresses."""
        names = [make_url(url).username or "" for url in (self.owner, self.app, self.signer)]
        return Roles(*names)


def libpq(url: str) -> str:
    """The same address as psycopg and psql take it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def provision(instance: Path, database_url: str) -> Urls:
    """The three addresses for the owner's `database_url`, creating the other two roles if they are missing.

    Their passwords are random and stay in database.json of the instance folder. The names carry the
    database's, so that several databases of one owner do not take each other's roles away.
    """
    try:
        given = make_url(database_url.replace("postgres://", "postgresql://", 1))
    except Exception:
        raise DatabaseError(
            "DATABASE_URL is no address; write postgresql://owner:password@host/database"
        ) from None
    if given.get_backend_name() != "postgresql":
        raise DatabaseError(f"DATABASE_URL names {given.get_backend_name()}; Shuniu needs PostgreSQL.")
    given = given.set(drivername="postgresql+psycopg")
    with _connect(given) as connection:
        owner, database = _check_server(connection)
        given = given.set(username=owner, database=database)
        stem = owner if owner == database else f"{owner}_{database}"
        roles = Roles(owner, _short(f"{stem}_app"), _short(f"{stem}_signer"))
        passwords = _passwords(instance, (roles.app, roles.signer))
        addresses = {
            role: given.set(username=role, password=passwords[role]) for role in (roles.app, roles.signer)
        }
        if not all(_works(address) for address in addresses.values()):
            _make_roles(connection, instance, passwords, [roles.app, roles.signer])
            for address in addresses.values():
                _connect(address).close()
    text = {role: address.render_as_string(hide_password=False) for role, address in addresses.items()}
    return Urls(given.render_as_string(hide_password=False), text[roles.app], text[roles.signer])


def _connect(url: URL) -> psycopg.Connection:
    try:
        return psycopg.connect(
            libpq(url.render_as_string(hide_password=False)), autocommit=True, connect_timeout=10
        )
    except psycopg.OperationalError as error:
        raise DatabaseError(f"Cannot connect to the database as {url.username}: {error}") from None


def _works(url: URL) -> bool:
    try:
        _connect(url).close()
    except DatabaseError:
        return False
    return True


def _check_server(connection: psycopg.Connection) -> tuple[str, str]:
    row = connection.execute(
        "SELECT current_user, current_database(), current_setting('server_version_num')::int,"
        " current_setting('server_encoding'), has_schema_privilege('public', 'CREATE')"
    ).fetchone()
    assert row is not None
    owner, database, version, encoding, may_create = row
    if version < MINIMUM:
        raise DatabaseError(f"This is PostgreSQL {version // 10000}; Shuniu needs 15 or later.")
    if encoding != "UTF8":
        raise DatabaseError(f"Database {database} is encoded in {encoding}; create it with ENCODING 'UTF8'.")
    if not may_create:
        remedy = f'ALTER DATABASE "{database}" OWNER TO "{owner}";'
        raise DatabaseError(f"{owner} may not create tables in {database}. Run: {remedy}")
    return owner, database


def _short(name: str) -> str:
    """PostgreSQL cuts names at 63 bytes, which would make two of them one."""
    if len(name.encode()) <= 63:
        return name
    return f"shuniu_{hashlib.sha256(name.encode()).hexdigest()[:16]}{name[name.rindex('_') :]}"


def _passwords(instance: Path, roles: tuple[str, ...]) -> dict[str, str]:
    path = instance / "database.json"
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    fresh = {role: secrets.token_urlsafe(32) for role in roles if role not in known}
    if fresh:
        write_private(path, json.dumps(known | fresh, indent=2) + "\n")
    return known | fresh


def _make_roles(
    connection: psycopg.Connection, instance: Path, passwords: dict[str, str], roles: list[str]
) -> None:
    """Create the roles, or give them our password; if we may not, leave the SQL for somebody who may."""
    known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    statements = [
        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}" if role in known else "CREATE ROLE {} LOGIN PASSWORD {}")
        .format(sql.Identifier(role), sql.Literal(passwords[role]))
        .as_string(connection)
        for role in roles
    ]
    try:
        for statement in statements:
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        path = instance / "create-roles.sql"
        write_private(path, "".join(f"{statement};\n" for statement in statements))
        raise DatabaseError(
            f"The owner in DATABASE_URL may not create the roles {' and '.join(roles)}.\n"
            f"As a superuser of that server run: psql -f {path}\n"
            f'(or: ALTER ROLE "{connection.info.user}" CREATEROLE;), then start again.'
        ) from None
