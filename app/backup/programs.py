"""PostgreSQL's own pg_dump, pg_restore and psql: which ones there are, and how they reach a database.

A password never stands on a command line, where every user of the machine could read it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.backup.refusal import BackupRefused
from app.database.places import DatabaseError, install_folder
from app.database.provision import libpq

# Rights and owners are those of the instance that is restored into: app/database/privileges.py is applied there. The
# one comment that we keep in a database says that they were applied, which is not so after loading.
DUMP = (
    "--format=custom", "--no-owner", "--no-privileges", "--no-comments", "--no-tablespaces", "--no-security-labels",
    "--no-publications", "--no-subscriptions", "--lock-wait-timeout=60s",
)
LOAD = ("--no-owner", "--no-privileges", "--file=-")
# pg_dump 17 and later set it in every script, and servers before 17 do not know it.
NEWER_SETTING = b"SET transaction_timeout"
HEAD_LINES = 25
BLOCK = 1 << 20
LONGEST_WORDS = 4000


def program(name: str) -> Path:
    """Return the program of the embedded PostgreSQL, or the one on PATH where this platform has no embedded one."""
    try:
        ours = install_folder() / "bin" / name
    except DatabaseError:
        ours = None
    if ours is not None and ours.exists():
        return ours
    found = shutil.which(name)
    if found is None:
        raise BackupRefused(
            f"找不到程序 {name}，请安装 PostgreSQL 客户端", f"there is no {name} here: install PostgreSQL's client"
        )
    return Path(found)


def version_of(name: str) -> str:
    """Return what the program calls its version, as 18.6."""
    told = subprocess.run([program(name), "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    found = re.search(r"\d+(\.\d+)*", told.stdout)
    return found.group() if found else "0"


def server_version(connection: psycopg.Connection) -> str:
    """Return the server's version, as 18.6."""
    number = connection.info.server_version
    return f"{number // 10000}.{number % 10000}"


def major(version: str) -> int:
    """Return 18 of 18.6."""
    return int(version.partition(".")[0])


def dump(owner_url: str, snapshot: str, target: Path) -> tuple[str, int]:
    """Write what this snapshot sees into a new file, mode 0600, on the disk on return; return its SHA-256 and size.

    Raise BackupRefused with pg_dump's words if that fails. What it writes passes through us: so it ends when we are
    killed, and the hash is of what it said, not of what a disk made of it.
    """
    command = [str(program("pg_dump")), *DUMP, f"--snapshot={snapshot}", *_reaching(owner_url)]
    digest, size = hashlib.sha256(), 0
    with (
        open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        tempfile.TemporaryFile() as words,
        subprocess.Popen(  # noqa: S603 (PostgreSQL's program)
            command, env=_environment(owner_url), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words
        ) as dumper,
    ):
        assert dumper.stdout
        while block := dumper.stdout.read(BLOCK):
            digest.update(block)
            size += len(block)
            file.write(block)
        if dumper.wait():
            raise BackupRefused("数据库导出失败", f"pg_dump failed:\n{_said(words)}")
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def load(owner_url: str, source: Path) -> None:
    """Load a dump into an empty database, whole or not at all; raise BackupRefused with the program's words."""
    reader = [str(program("pg_restore")), *LOAD, str(source)]
    writer = [
        str(program("psql")), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null",
        *_reaching(owner_url),
    ]
    environment = _environment(owner_url)
    with (
        tempfile.TemporaryFile() as words,
        subprocess.Popen(  # noqa: S603 (PostgreSQL's program)
            reader, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words, env=environment
        ) as script,
        subprocess.Popen(  # noqa: S603 (PostgreSQL's program)
            writer, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words, env=environment
        ) as loader,
    ):
        assert script.stdout and loader.stdin
        try:
            loader.stdin.write(b"BEGIN;\n")
            _pass_on(script.stdout, loader.stdin)
            # Without this word psql ends with nothing done: also when we are killed, or the script breaks off.
            if script.wait() == 0:
                loader.stdin.write(b"\nCOMMIT;\n")
            loader.stdin.close()
        except BrokenPipeError:
            script.kill()
            with suppress(BrokenPipeError):
                loader.stdin.close()
        if loader.wait() or script.wait():
            raise BackupRefused("数据库载入失败", f"the database could not be loaded:\n{_said(words)}")


def _pass_on(script: IO[bytes], loader: IO[bytes]) -> None:
    """Send the script on, but for the one setting of its head that older servers refuse."""
    for line in islice(script, HEAD_LINES):
        if not line.startswith(NEWER_SETTING):
            loader.write(line)
    while block := script.read(BLOCK):
        loader.write(block)


def _said(words: IO[bytes]) -> str:
    words.seek(0)
    return words.read(LONGEST_WORDS).decode(errors="replace").strip()


def _reaching(url: str) -> list[str]:
    told = {name: str(value) for name, value in conninfo_to_dict(libpq(url)).items() if name != "password"}
    return ["--no-password", f"--dbname={make_conninfo(**told)}"]


def _environment(url: str) -> dict[str, str]:
    password = conninfo_to_dict(libpq(url)).get("password")
    ours = {"LC_ALL": "C", "PGOPTIONS": "-c client_min_messages=warning"}
    return dict(os.environ) | ours | ({"PGPASSWORD": str(password)} if password else {})
