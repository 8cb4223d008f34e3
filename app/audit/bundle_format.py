"""How is a bundle written? One zip with one spelling, a manifest of all members, and its signature.

The members that the verifier reads, and what a line of each holds:

- `checkpoint.txt`: the signed note (C2SP tlog-checkpoint) of the log that all proofs lead to.
- `history.jsonl`, ascending by index: `{"index", "body", "proof": [base64]}`; `body` is the text of the exact
  bytes. In a bundle of the whole log `proof` may be left out, and the indexes are 0, 1, 2 and so on.
- `transfers.jsonl`, in the order of posting: `{"id", "debit", "credit", "amount", "unit", "code", "case",
  "seq"}`; accounts are text, `<name>:<line or package>`, and only `source:...` may go below zero.
- `personal.jsonl`: `{"case", "seq", "path", "salt", "value"}`; `path` is dotted, inside the body's `data`;
  `salt` is hex.
- `consistency.jsonl`: `{"size", "proof": [base64]}`, the log goes on from an older checkpoint of that size.
- `documents/<sha256>.<ext>`; anything else may be there too, covered by its hash in the manifest.

Every line and the manifest are canonical JSON; every line ends with a line break. The scope's `kind` is
`whole`, `period` (cases may begin midway) or another word: then `cases`, a list, or else `number` says which
cases are there, each from its first move.
"""

import base64
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from app.audit.layout import FIRST, in_order, layout
from workflows.rules.canonical import canonical

FORMAT = 1
CHUNK = 1 << 20
VERIFIER = "verify.py"

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_FUTURE = "from __future__ import annotations\n"
_OWN_IMPORT = re.compile(r"^from app\.audit\.\w+ import (?:\([^)]*\)|[^(\n]*)\n", re.MULTILINE)

Source = bytes | Path


class BundleError(Exception):
    """A member has an odd name, is there twice, or changed while it was being written."""


@dataclass(frozen=True)
class Member:
    """A member and what the manifest and the zip say of it."""

    name: str
    source: Source
    size: int
    sha256: str
    crc: int


def write_bundle(
    out: BinaryIO,
    members: Iterable[tuple[str, Source]],
    *,
    sign: Callable[[bytes], bytes],
    scope: dict[str, Any],
    origin: str,
    public_key: bytes,
    made_at: datetime,
    software: str,
    **more: Any,
) -> int:
    """Write a bundle of these members and the verifier to `out`, seekable or not; return its length.

    `sign` gives the Ed25519 signature of the manifest's bytes. Members given as files are read twice, in
    pieces. `more` goes into the manifest: `documents` ("all", the default, or "none"), `documents_left_out`
    (hashes), and `ledger` ("whole" where transfers.jsonl holds all transfers and may be replayed).
    """
    pieces = bundle_pieces(
        members,
        sign=sign,
        scope=scope,
        origin=origin,
        public_key=public_key,
        made_at=made_at,
        software=software,
        **more,
    )
    length = 0
    for piece in pieces:
        out.write(piece)
        length += len(piece)
    return length


def bundle_pieces(
    members: Iterable[tuple[str, Source]],
    *,
    sign: Callable[[bytes], bytes],
    scope: dict[str, Any],
    origin: str,
    public_key: bytes,
    made_at: datetime,
    software: str,
    **more: Any,
) -> Iterator[bytes]:
    """Yield the bundle that `write_bundle` writes, for a response that is sent while it is read."""
    measured = {VERIFIER: measure(VERIFIER, verifier())}
    for name, source in members:
        if name in measured or name in FIRST:
            raise BundleError(f"{name} is there twice")
        measured[name] = measure(name, source)
    manifest = canonical({
        **more,
        "format": FORMAT,
        "scope": scope,
        "origin": origin,
        "public_key": base64.b64encode(public_key).decode(),
        "made_at": made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "software": software,
        "members": {name: {"sha256": one.sha256, "size": one.size} for name, one in measured.items()},
    })
    signature = base64.b64encode(sign(manifest)) + b"\n"
    measured[FIRST[0]] = measure(FIRST[0], manifest)
    measured[FIRST[1]] = measure(FIRST[1], signature)
    yield from _zip([measured[name] for name in in_order(measured)])


def measure(name: str, source: Source) -> Member:
    """Return the member with its size and checksums; a file is read in pieces."""
    if not _NAME.fullmatch(name):
        raise BundleError(f"{name!r} is no name for a member")
    size, crc, sha = 0, 0, sha256()
    for piece in _pieces(source):
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        sha.update(piece)
    return Member(name, source, size, sha.hexdigest(), crc)


def verifier() -> bytes:
    """Return the verifier as one file that needs nothing but Python: proofs, layout and checks together."""
    head, checks = _source("verify").split(_FUTURE)
    parts = [_source(part).split(_FUTURE)[1] for part in ("proofs", "layout")]
    return "\n".join([head + _FUTURE, *parts, _OWN_IMPORT.sub("", checks)]).encode()


def _source(part: str) -> str:
    return Path(__file__).with_name(f"{part}.py").read_text("utf-8")


def _zip(members: list[Member]) -> Iterator[bytes]:
    around = layout((member.name, member.size, member.crc) for member in members)
    for member in members:
        yield next(around)[2]
        yield from _unchanged(member)
    for _, _, directory in around:
        yield directory


def _unchanged(member: Member) -> Iterator[bytes]:
    size, crc = 0, 0
    for piece in _pieces(member.source):
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        yield piece
    if (size, crc) != (member.size, member.crc):
        raise BundleError(f"{member.name} changed while the bundle was being written")


def _pieces(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
    else:
        with source.open("rb") as file:
            yield from iter(lambda: file.read(CHUNK), b"")
