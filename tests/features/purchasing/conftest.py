"""Deriving keys from passphrases is slow on purpose; tests take the quickest cost."""

import pytest
from nacl import pwhash

from app.purchasing import sealing


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))
