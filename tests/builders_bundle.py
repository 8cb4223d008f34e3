"""A small log, made without a database, from which honest and dishonest bundles are written."""

import base64
import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.audit.bundle_format import write_bundle
from app.audit.verify import Report
from app.cases.notes import make_checkpoint, sign_note
from workflows.rules.canonical import canonical
from workflows.rules.merkle import consistency_proof, inclusion_proof, leaf_hash, root

ORIGIN = "test.shuniu.example/log"
FIRST_MOVE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CONTRACT = b"%PDF-1.7 a contract"
SALT = bytes(range(16))


def committed(value: Any) -> dict[str, str]:
    """The commitment that history holds instead of a personal value."""
    return {"$c": sha256(SALT + canonical(value)).hexdigest()}


def json_lines(rows: Iterable[Any]) -> bytes:
    """One canonical line per row."""
    return b"".join(canonical(row) + b"\n" for row in rows)


def b64(data: bytes) -> str:
    """Base64 as bundles spell it."""
    return base64.b64encode(data).decode()


@dataclass
class Log:
    """All moves in the order of the log, and the key that signs it."""

    key: Ed25519PrivateKey = field(default_factory=lambda: Ed25519PrivateKey.from_private_bytes(bytes(32)))
    bodies: list[dict[str, Any]] = field(default_factory=list)

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def move(self, case: str, trigger: str, to: str, **more: Any) -> None:
        """Add a move that follows the case's last one."""
        before = [body for body in self.bodies if body["case"] == case]
        prev = leaf_hash(canonical(before[-1])).hex() if before else ""
        at = FIRST_MOVE + timedelta(minutes=len(self.bodies))
        self.bodies.append(
            {
                "v": 1,
                "alg": "sha256",
                "case": case,
                "kind": "payment",
                "seq": len(before) + 1,
                "prev": prev,
                "at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "actor": 7,
                "on_behalf_of": None,
                "role": "staff",
                "trigger": trigger,
                "from": before[-1]["to"] if before else None,
                "to": to,
                "data": {},
                "changes": [],
                "reasons": [],
                "definition": "base/payment.v1",
                "policy": "base:1",
                "files": [],
                "request": "r1",
                **more,
            }
        )

    def leaves(self) -> list[bytes]:
        return [leaf_hash(canonical(body)) for body in self.bodies]

    def receipt(self, case: str, seq: int) -> str:
        """What the person who made the move took home."""
        body = next(body for body in self.bodies if (body["case"], body["seq"]) == (case, seq))
        return f"{case}:{seq}:{leaf_hash(canonical(body)).hex()}"

    def checkpoint(self, size: int | None = None) -> bytes:
        """The signed checkpoint of the first `size` moves."""
        leaves = self.leaves()[:size]
        return sign_note(make_checkpoint(ORIGIN, len(leaves), root(leaves)), ORIGIN, self.key).encode()

    def history(self, cases: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """The rows of history.jsonl: of these cases with proofs, or of the whole log without."""
        leaves = self.leaves()
        rows = []
        for index, body in enumerate(self.bodies):
            row = {"index": index, "body": canonical(body).decode()}
            if cases is None:
                rows.append(row)
            elif body["case"] in cases:
                rows.append({**row, "proof": [b64(sibling) for sibling in inclusion_proof(leaves, index)]})
        return rows

    def consistency(self, size: int) -> dict[str, Any]:
        """A row of consistency.jsonl."""
        return {"size": size, "proof": [b64(sibling) for sibling in consistency_proof(self.leaves(), size)]}


def honest_log() -> Log:
    """Two payments and a case of somebody else between them."""
    log = Log()
    log.move(
        "FK-1",
        "apply",
        "applied",
        data={"payee_name": committed("甲服务中心"), "rows": [{"phone": committed("1")}]},
        files=[sha256(CONTRACT).hexdigest()],
    )
    log.move("FK-2", "apply", "applied")
    log.move("FK-1", "approve", "approved")
    log.move("DJ-9", "apply", "submitted")
    log.move("FK-1", "instruct", "in_transit")
    log.move("FK-2", "approve", "approved")
    log.move("FK-1", "settle", "paid")
    return log


WHOLE = {"scope": {"kind": "whole"}}
PERSONAL = [
    {"case": "FK-1", "seq": 1, "path": "payee_name", "salt": SALT.hex(), "value": "甲服务中心"},
    {"case": "FK-1", "seq": 1, "path": "rows.0.phone", "salt": SALT.hex(), "value": "1"},
]


def transfer(
    id: int, debit: str, credit: str, amount: int, case: str | None, seq: int | None
) -> dict[str, Any]:
    """A row of transfers.jsonl."""
    return {
        "id": id,
        "debit": debit,
        "credit": credit,
        "amount": amount,
        "unit": "fen",
        "code": "TEST",
        "case": case,
        "seq": seq,
    }


TRANSFERS = [
    transfer(1, "source:1", "committed:HT-1", 100_00, None, None),
    transfer(2, "committed:HT-1", "payable:HT-1", 60_00, "FK-1", 2),
    transfer(3, "committed:HT-1", "payable:HT-1", 40_00, "FK-2", 2),
    transfer(4, "payable:HT-1", "transit:HT-1", 60_00, "FK-1", 3),
    transfer(5, "transit:HT-1", "paid:HT-1", 60_00, "FK-1", 4),
]


def case_members(log: Log, cases: Iterable[str] = ("FK-1", "FK-2")) -> dict[str, bytes]:
    """The members of an honest bundle of cases."""
    return {
        "checkpoint.txt": log.checkpoint(),
        "history.jsonl": json_lines(log.history(cases)),
        "transfers.jsonl": json_lines(row for row in TRANSFERS if row["case"] in cases),
        "personal.jsonl": json_lines(PERSONAL),
        f"documents/{sha256(CONTRACT).hexdigest()}.pdf": CONTRACT,
        "history.html": "<!doctype html><title>办件历史</title>".encode(),
        "README.txt": "说明\n".encode(),
    }


def whole_members(log: Log) -> dict[str, bytes]:
    """The members of an honest bundle of the whole log."""
    return {
        **case_members(log),
        "history.jsonl": json_lines(log.history()),
        "transfers.jsonl": json_lines(TRANSFERS),
    }


def packed(log: Log, members: dict[str, bytes], **manifest: Any) -> bytes:
    """The bundle of these members, signed by the log's key: what the holder of that key can make."""
    manifest.setdefault("scope", {"kind": "case", "cases": ["FK-1", "FK-2"]})
    out = io.BytesIO()
    write_bundle(
        out,
        members.items(),
        sign=log.key.sign,
        origin=ORIGIN,
        public_key=log.public_key,
        made_at=FIRST_MOVE + timedelta(days=1),
        software="shuniu test",
        **manifest,
    )
    return out.getvalue()


def changed_line(lines: bytes, number: int, **values: Any) -> bytes:
    """The lines with some values of one line changed."""
    rows = [json.loads(line) for line in lines.splitlines()]
    rows[number - 1].update(values)
    return json_lines(rows)


def repacked(bundle: bytes, compression: int = zipfile.ZIP_DEFLATED, **changes: bytes) -> bytes:
    """The bundle unpacked and packed again by another program, with the members of these names exchanged."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as old, zipfile.ZipFile(out, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, changes.pop(name, old.read(name)))
        for name, content in changes.items():
            new.writestr(name, content)
    return out.getvalue()


def forged_log(case: str, seq: int) -> Log:
    """A log in which one move was rewritten afterwards, with everything after it, and signed anew."""
    honest, forged = honest_log(), Log()
    for body in honest.bodies:
        kept = {name: body[name] for name in ("data", "files", "reasons")}
        if (body["case"], body["seq"]) == (case, seq):
            kept["reasons"] = ["another reason"]
        forged.move(body["case"], body["trigger"], body["to"], **kept)
    return forged


def places(report: Report) -> list[str]:
    """Where problems were found, in the order in which they were."""
    return [place for place, _ in report.problems]
