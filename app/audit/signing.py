"""Who signs a bundle? The worker's signer, asked through a table; or an operator who holds the key.

The web process never has the key: what it asks for is a row that the worker answers, once a second.
"""

import time
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask_babel import lazy_gettext as _l
from sqlalchemy import Engine, text

from app.cases.log import key_of_log, raw_public_key, sequence_rows, sign_checkpoint, signing_key
from app.clock import real_now
from app.errors import TryAgain

WAIT_SECONDS = 20.0
BETWEEN_LOOKS = 0.1
RETRY_AFTER = 10
ABANDONED = timedelta(hours=1)

ASK = text("""
INSERT INTO signature_requests (digest, message, asked_at) VALUES (:digest, :message, :now) RETURNING id
""")
LOOK = text("SELECT signature, public_key FROM signature_requests WHERE id = :id")
# Whoever died while waiting left a row; the next one takes it away.
FORGET = text("DELETE FROM signature_requests WHERE id = :id OR asked_at < :abandoned")


class Signer(Protocol):
    """Signs manifests, and checkpoints of all there is."""

    deadline: float

    def cover(self) -> bytes:
        """Have a checkpoint made of what is committed now; return the public key (32 bytes)."""
        ...

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        """Return the signature of a manifest, and the public key that belongs to it."""
        ...


class AskTheWorker:
    """For the web process. All questions together may take `seconds`, then TryAgain is raised."""

    def __init__(self, engine: Engine, seconds: float = WAIT_SECONDS) -> None:
        self.engine = engine
        self.deadline = time.monotonic() + seconds

    def cover(self) -> bytes:
        """Ask for a signature of nothing: the worker makes a checkpoint before it answers anything."""
        return self.sign(b"")[1]

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        """Ask for the signature of a manifest and wait for it."""
        with self.engine.begin() as connection:
            asked = {"digest": sha256(message).digest(), "message": message, "now": real_now()}
            request = connection.execute(ASK, asked).scalar_one()
        try:
            while True:
                with self.engine.begin() as connection:
                    answer = connection.execute(LOOK, {"id": request}).one_or_none()
                if answer is None:
                    raise RuntimeError("the signer refused to sign: this is no manifest of its log")
                if answer.signature is not None:
                    return bytes(answer.signature), bytes(answer.public_key)
                wait_until(self.deadline)
        finally:
            with self.engine.begin() as connection:
                connection.execute(FORGET, {"id": request, "abandoned": real_now() - ABANDONED})


class OwnKey:
    """For an operator's command, which may use the key itself; `engine` is that of the signer's role."""

    def __init__(self, engine: Engine, path: Path, seconds: float = WAIT_SECONDS) -> None:
        self.engine = engine
        self.path = path
        self.deadline = time.monotonic() + seconds

    def cover(self) -> bytes:
        """Put all committed rows into the log and sign a checkpoint of it."""
        self._key()
        while True:
            with self.engine.begin() as connection:
                if not sequence_rows(connection):
                    break
        with self.engine.begin() as connection:
            sign_checkpoint(connection, self.path)
        return raw_public_key(signing_key(self.path))

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        """Sign with the key itself."""
        key = self._key()
        return key.sign(message), raw_public_key(key)

    def _key(self) -> Ed25519PrivateKey:
        with self.engine.connect() as connection:
            return key_of_log(connection, self.path)


def wait_until(deadline: float) -> None:
    """Wait a moment; raise TryAgain when the time is up."""
    if time.monotonic() >= deadline:
        raise TryAgain(_l("The signer does not answer. Try again in a moment."), retry_after=RETRY_AFTER)
    time.sleep(BETWEEN_LOOKS)
