"""Is this the password? Argon2id, slow on purpose, and equally slow for a login that nobody has."""

import os
import threading
import unicodedata
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from flask_babel import lazy_gettext as _l

from app.errors import TryAgain

SHORTEST = 8
LONGEST = 128
HASHES_AT_ONCE = 2
PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class Cost:
    """What one hash costs: passes over the memory, its size, lanes (OWASP's second profile)."""

    passes: int = 2
    memory_kib: int = 19 * 1024
    lanes: int = 1

    @property
    def prefix(self) -> str:
        """Return how a hash made at this cost begins."""
        return f"$argon2id$v=19$m={self.memory_kib},t={self.passes},p={self.lanes}$"


DEFAULT_COST = Cost()
# A hash of nothing, at the default cost: verifying against it takes as long as against a real one.
NOBODYS_HASH = DEFAULT_COST.prefix + "c2h1bml1LW5vYm9keS4uLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

_slots = threading.BoundedSemaphore(HASHES_AT_ONCE)

# Those that are tried first everywhere, and those that are tried first here.
_FIRST_TRIED = """
12345678 123456789 1234567890 87654321 11111111 00000000 88888888 66666666 99999999 12341234 11223344
123123123 147258369 987654321 password password1 password123 passw0rd p@ssw0rd p@ssword qwertyui qwerty123
qwertyuiop 1qaz2wsx 1qaz@wsx asdfghjk asdfghjkl zxcvbnm123 q1w2e3r4 a1234567 a12345678 a123456789 aa123456
abc12345 abcd1234 abc123456 iloveyou woaini1314 woaini520 5201314520 wang1234 zhang123 admin123 admin1234
administrator root1234 letmein1 welcome1 welcome123 changeme trustno1 sunshine football baseball superman
shuniu123 shuniu2026 minzheng beijing2008 beijing123 xicheng123 guiyang123 12345678a 123456aa 1234qwer
"""
COMMON = frozenset(_FIRST_TRIED.split())


class Mistyped(Exception):
    """A password that may not be chosen; `message` says what to choose instead."""

    def __init__(self, message: Any) -> None:
        super().__init__()
        self.message = message


def hash_password(password: str, cost: Cost = DEFAULT_COST) -> str:
    """Return the PHC string to keep for the password."""
    kdf = Argon2id(
        salt=os.urandom(16), length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    with _Slot():
        return kdf.derive_phc_encoded(_bytes_of(password))


def is_password(password: str, kept: str | None) -> bool:
    """Tell whether the password belongs to the kept PHC string; None takes as long and is never right."""
    if len(password) > LONGEST:
        password, kept = "", None
    with _Slot():
        try:
            Argon2id.verify_phc_encoded(_bytes_of(password), kept or NOBODYS_HASH)
        except InvalidKey:
            return False
    return kept is not None


def is_outdated(kept: str, cost: Cost = DEFAULT_COST) -> bool:
    """Tell whether the hash was made at another cost than today's, and should be made anew."""
    return not kept.startswith(cost.prefix)


def check_choice(password: str, *, login: str, name: str) -> None:
    """Raise Mistyped unless the password may be chosen: long enough, and not one that is tried first.

    Nothing is demanded of its composition, and it never expires (NIST SP 800-63B).
    """
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(password) < SHORTEST:
        raise Mistyped(_l("Choose a password of at least %(count)s characters.", count=SHORTEST))
    if len(password) > LONGEST:
        raise Mistyped(_l("Choose a password of at most %(count)s characters.", count=LONGEST))
    if plain in COMMON or len(set(plain)) < 4:
        raise Mistyped(_l("Choose another password: this is one of the first that are tried."))
    if any(len(part) >= 4 and part.casefold() in plain for part in (login, login.partition("@")[0], name)):
        raise Mistyped(_l("Choose a password that contains neither your login nor your name."))


def _bytes_of(password: str) -> bytes:
    # The same characters typed by another input method are the same password.
    return unicodedata.normalize("NFKC", password).encode()


class _Slot:
    """One of the few places for hashing; 19 MiB and a core each, so a crowd waits and is then sent away."""

    def __enter__(self) -> None:
        if not _slots.acquire(timeout=PATIENCE_SECONDS):
            raise TryAgain(_l("Many people sign in at this moment. Try again shortly."), retry_after=2)

    def __exit__(self, *_: object) -> None:
        _slots.release()
