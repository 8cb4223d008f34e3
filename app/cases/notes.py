"""How does the log speak to the world? In C2SP signed notes whose bodies are tlog checkpoints."""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

# The signature type of C2SP signed-note for Ed25519.
_ED25519 = b"\x01"
_DASH = "\N{EM DASH}"


class NoteError(ValueError):
    """The text is no signed note or checkpoint, or the key has not signed it."""


@dataclass(frozen=True)
class Checkpoint:
    """What a log claims to be: so many leaves, with this root."""

    origin: str
    size: int
    root: bytes


def make_checkpoint(origin: str, size: int, root: bytes) -> str:
    """Return the body of a checkpoint, ready to be signed."""
    if not origin or "\n" in origin or size < 0 or len(root) != 32:
        raise NoteError("a checkpoint has a one-line origin, a size and a root of 32 bytes")
    return f"{origin}\n{size}\n{_base64(root)}\n"


def parse_checkpoint(body: str) -> Checkpoint:
    """Return what the body of a checkpoint claims; NoteError unless it is written exactly as we write it."""
    lines = body.split("\n")
    try:
        claimed = Checkpoint(lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True))
        same = make_checkpoint(claimed.origin, claimed.size, claimed.root)
    except (IndexError, ValueError) as error:
        raise NoteError("this is no checkpoint") from error
    if same != body:
        raise NoteError("this checkpoint is not in canonical form")
    return claimed


def sign_note(body: str, name: str, private_key: Ed25519PrivateKey) -> str:
    """Return the body with one signature line of the key called `name`."""
    _refuse_odd_body_or_name(body, name)
    public_key = private_key.public_key().public_bytes_raw()
    signature = key_hash(name, public_key) + private_key.sign(body.encode())
    return f"{body}\n{_DASH} {name} {_base64(signature)}\n"


def verify_note(text: str, name: str, public_key: bytes) -> str:
    """Return the body if the key called `name` signed it, else raise NoteError; other keys are let be."""
    body, blank, signatures = text.rpartition("\n\n")
    body += "\n"
    if not blank or not signatures.endswith("\n"):
        raise NoteError("this is no signed note")
    _refuse_odd_body_or_name(body, name)
    ours = [line for line in signatures.splitlines() if _is_by(line, name, public_key)]
    if len(ours) != 1:
        raise NoteError(f"the note has {len(ours)} signatures of {name} with this key, not one")
    try:
        signature = _from_base64(ours[0].rpartition(" ")[2])[4:]
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, body.encode())
    except InvalidSignature as error:
        raise NoteError(f"the signature of {name} does not hold") from error
    return body


def key_hash(name: str, public_key: bytes) -> bytes:
    """Return the four bytes by which a signature line names its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def _is_by(line: str, name: str, public_key: bytes) -> bool:
    dash, _, rest = line.partition(" ")
    signer, _, blob = rest.partition(" ")
    if dash != _DASH or not signer or not blob:
        raise NoteError(f"{line!r} is no signature line")
    return signer == name and _from_base64(blob)[:4] == key_hash(name, public_key)


def _refuse_odd_body_or_name(body: str, name: str) -> None:
    if not body.endswith("\n") or "\n\n" in body or any(c < " " and c != "\n" for c in body):
        raise NoteError("a note ends with a line break and has no empty line and no control character")
    if not name or "+" in name or any(c.isspace() for c in name):
        raise NoteError("the name of a key has no space and no plus sign")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _from_base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"{text!r} is not base64") from error
    if _base64(data) != text:
        raise NoteError(f"{text!r} is not the canonical spelling of its bytes")
    return data
