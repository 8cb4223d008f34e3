"""How is a bid sealed so that two of three officers must open it? Pure: libsodium only, no home-made secrets.

A package has an X25519 key; its private half is wrapped once for every pair of the three officers, sealed to the
one and then to the other. An officer's own private key is wrapped under a passphrase (Argon2id).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from nacl import pwhash, utils
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

STEP = 4096
LENGTH_BYTES = 4
QUORUM = 2
COST = (pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE)
_cost: ContextVar[tuple[int, int] | None] = ContextVar("cost", default=None)


class WrongPassphrase(ValueError):
    """The passphrase does not open this officer's key."""


class BadSeal(ValueError):
    """The ciphertext was damaged, or belongs to another package or bidder."""


@dataclass(frozen=True)
class OfficerKey:
    """An officer's key as it is kept: nothing in it opens anything without the passphrase."""

    public: bytes
    salt: bytes
    wrapped: bytes
    operations: int
    memory: int


@dataclass(frozen=True)
class PackageKey:
    """The public half, and the private half wrapped for each pair of officers."""

    public: bytes
    shares: Mapping[tuple[int, int], bytes]


@contextmanager
def passphrases_are_printed() -> Iterator[None]:
    """Make keys quickly while this lasts: for a demo whose passphrases everybody may read anyway."""
    before = _cost.set((pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))
    try:
        yield
    finally:
        _cost.reset(before)


def enrol(passphrase: str, cost: tuple[int, int] | None = None) -> OfficerKey:
    """Return a new officer's key, its private half wrapped under the passphrase."""
    private, salt = PrivateKey.generate(), utils.random(pwhash.argon2id.SALTBYTES)
    operations, memory = cost or _cost.get() or COST
    box = _box(passphrase, salt, operations, memory)
    return OfficerKey(bytes(private.public_key), salt, bytes(box.encrypt(bytes(private))), operations, memory)


def unlock(key: OfficerKey, passphrase: str) -> bytes:
    """Return the officer's private key, or raise WrongPassphrase."""
    try:
        return _box(passphrase, key.salt, key.operations, key.memory).decrypt(key.wrapped)
    except CryptoError:
        raise WrongPassphrase from None


def _box(passphrase: str, salt: bytes, operations: int, memory: int) -> SecretBox:
    words = passphrase.encode()
    return SecretBox(pwhash.argon2id.kdf(SecretBox.KEY_SIZE, words, salt, opslimit=operations, memlimit=memory))


def open_canary(key: OfficerKey, passphrase: str) -> None:
    """Seal a trial box to the officer's public half and open it with the private one; raise what stands in the way."""
    private, canary = unlock(key, passphrase), utils.random()
    try:
        opened = SealedBox(PrivateKey(private)).decrypt(SealedBox(PublicKey(key.public)).encrypt(canary))
    except CryptoError:
        raise BadSeal from None
    if opened != canary:
        raise BadSeal


def new_package_key(officers: Mapping[int, bytes]) -> PackageKey:
    """Return a key whose private half any two of these officers (id -> public key) can recover together."""
    private = PrivateKey.generate()
    shares = {}
    for first, second in combinations(sorted(officers), QUORUM):
        inner = SealedBox(PublicKey(officers[first])).encrypt(bytes(private))
        shares[first, second] = bytes(SealedBox(PublicKey(officers[second])).encrypt(inner))
    return PackageKey(bytes(private.public_key), shares)


def recover(share: bytes, first_private: bytes, second_private: bytes) -> bytes:
    """Return the package's private key from the share of a pair, or raise BadSeal; the pair is in id order."""
    try:
        inner = SealedBox(PrivateKey(second_private)).decrypt(share)
        return bytes(SealedBox(PrivateKey(first_private)).decrypt(inner))
    except CryptoError:
        raise BadSeal from None


def seal(public: bytes, *, package: str, bidder: int, data: Mapping[str, Any]) -> bytes:
    """Return the ciphertext of a bid; its length says nothing, and it opens for this package and bidder only."""
    told = {"package": package, "bidder": bidder, "data": data}
    inner = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    plain = len(inner).to_bytes(LENGTH_BYTES, "big") + inner
    return bytes(SealedBox(PublicKey(public)).encrypt(plain + b"\0" * (-len(plain) % STEP)))


def unseal(private: bytes, ciphertext: bytes, *, package: str, bidder: int) -> dict[str, Any]:
    """Return what was sealed, or raise BadSeal for a damaged or a copied ciphertext."""
    try:
        plain = SealedBox(PrivateKey(private)).decrypt(ciphertext)
        length = int.from_bytes(plain[:LENGTH_BYTES], "big")
        told = json.loads(plain[LENGTH_BYTES : LENGTH_BYTES + length])
    except (CryptoError, ValueError):
        raise BadSeal from None
    if not isinstance(told, dict) or told.get("package") != package or told.get("bidder") != bidder:
        raise BadSeal
    data: dict[str, Any] = told["data"]
    return data
