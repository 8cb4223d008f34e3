#!/usr/bin/env python3
"""Does a bundle of Shuniu (枢纽) hold? Answers on any machine with Python 3.9 or later, without network.

    python3 -I -S verify.py BUNDLE.zip [--key BASE64] [--receipt CASE:SEQUENCE:HASH ...] [--older CHECKPOINT]

Exit status: 0 it holds, 1 it does not (every problem is listed with its place), 2 called wrongly.

A bundle that holds has not been changed since the holder of the signing key made it. Against that holder it
proves something only together with a receipt or a checkpoint that somebody else kept; and a key read from the
bundle shows only that the bundle agrees with itself, so give the key that you were told.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple

from app.audit.layout import DATE, END, FIRST, directory_offset, in_order, layout
from app.audit.proofs import (
    Checkpoint,
    Frontier,
    climb,
    from_base64,
    from_json,
    is_continued,
    is_signed,
    leaf_hash,
    read_checkpoint,
    to_json,
)

CHUNK = 1 << 20
RECEIPT = re.compile(r".+:[0-9]{1,15}:[0-9a-f]{64}")


class Report:
    """What was found: problems with their places, notes for the reader, and what was checked."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self.checked: list[str] = []

    def problem(self, place: str, zh: str, en: object) -> None:
        """Put down that what stands at this place does not hold."""
        self.problems.append((place, f"{zh} / {en}"))

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Turn whatever cannot be done with foreign bytes into a problem of this place, not a crash."""
        try:
            yield
        except Exception as error:
            self.problem(place, "内容不符", f"{type(error).__name__}: {error}")


class Bundle:
    """The members, read in pieces however long they are, and what has been found out about them."""

    def __init__(self, file: BinaryIO, report: Report) -> None:
        self.file, self.zip, self.report = file, zipfile.ZipFile(file), report
        self.listed = [info for info in self.zip.infolist() if not info.is_dir()]
        self.infos = {info.filename: info for info in self.listed}
        self.crcs = {info.filename: info.CRC for info in self.listed}
        for info in self.listed:
            # zipfile would refuse a damaged member whole; reading it, we can name the line.
            info.CRC = None  # type: ignore[assignment]
        self.manifest: dict[str, Any] = {}
        self.heads: dict[str, Head] = {}
        self.files: dict[str, str] = {}  # SHA-256 of a document: where history names it

    def content(self, name: str) -> bytes:
        """Return the whole content of a small member."""
        return self.zip.read(self.infos[name])

    def lines(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield the place and value of each JSON line that can be read; the others are problems."""
        if name in self.infos:
            with self.zip.open(self.infos[name]) as content:
                for number, line in enumerate(content, 1):
                    place, value = f"{name} line {number}", None
                    with self.report.at(place):
                        # A last line without its line break is left with what no JSON ends with.
                        value = from_json(line[:-1] if line.endswith(b"\n") else line + b"?")
                    if value is not None:
                        yield place, value


class Head(NamedTuple):
    """How far a case has been read: first and last move, the last one's hash and the state after it."""

    first: int
    last: int
    hash: str
    state: Any


def check_members(bundle: Bundle, key: bytes | None) -> bytes:
    """Check the manifest's signature and every member against the manifest; return the key in use."""
    report, spelled = bundle.report, bundle.content("manifest.json")
    manifest = bundle.manifest = from_json(spelled)
    if key is None:
        key = from_base64(manifest["public_key"])
        report.notes.append(
            "未给出 --key，只能证明包内自洽 / no --key given: with the key that lies in it, "
            "a bundle shows only that it agrees with itself"
        )
    if (manifest["format"], manifest["public_key"]) != (1, base64.b64encode(key).decode()):
        report.problem("manifest.json", "格式或公钥不符", "not format 1, or not the key that was given")
    with report.at("manifest.sig"):
        signature = bundle.content("manifest.sig").decode()
        if signature[88:] != "\n" or not is_signed(key, spelled, from_base64(signature[:88])):
            report.problem("manifest.sig", "签名不成立", "is not this key's signature of manifest.json")
    members = manifest["members"]
    for name in sorted({*members, *FIRST, "checkpoint.txt", "history.jsonl"} - {*bundle.infos}):
        report.problem(name, "缺失", "is missing")
    for name, info in bundle.infos.items():
        with report.at(name):
            sha, size, crc = hashlib.sha256(), 0, 0
            with bundle.zip.open(info) as content:
                for piece in iter(lambda: content.read(CHUNK), b""):
                    sha.update(piece)
                    size, crc = size + len(piece), zlib.crc32(piece, crc)
            if name not in FIRST and members.get(name) != {"sha256": sha.hexdigest(), "size": size}:
                report.problem(name, "内容与清单不符", "is not what the manifest says")
            else:
                bundle.crcs[name] = crc
    report.checked.append(f"{len(members)} members by SHA-256 against the signed manifest")
    return key


def check_layout(bundle: Bundle) -> None:
    """Compare every byte around the members with the only way to write this zip; report the first odd one."""
    if all(info.date_time != DATE for info in bundle.listed):
        # Whoever unpacks a bundle and packs it again changes no member; such a zip has dates of its own.
        bundle.report.notes.append(
            "由其他程序重新打包，仅核对包内文件 / packed again by another program: "
            "the files in it are checked, the zip around them is not"
        )
        return
    names = in_order(bundle.infos)
    if [info.filename for info in bundle.zip.infolist()] != names:
        bundle.report.problem("zip directory", "文件次序不符或重复", "members out of order or there twice")
    sizes = ((name, bundle.infos[name].file_size, bundle.crcs[name]) for name in names)
    for what, offset, right in layout(sizes):
        bundle.file.seek(offset)
        found = bundle.file.read(-1 if what == END else len(right))
        if found != right:
            common = min(len(found), len(right))
            same = next((n for n in range(common) if found[n] != right[n]), common)
            bundle.report.problem(f"zip byte {offset + same}", "压缩包结构被改动", f"in the {what}")
            return
    bundle.report.checked.append("the zip around them byte by byte")


def commitments(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and hash of each personal value that stands in the data as a commitment only."""
    if isinstance(value, dict) and set(value) == {"$c"}:
        yield path[1:], value["$c"]
    elif isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from commitments(inner, f"{path}.{key}")


class History:
    """Walks history.jsonl once and checks each move: link, place in the log, personal values, receipts."""

    def __init__(
        self, bundle: Bundle, log: Checkpoint, receipts: Iterable[str], older: Checkpoint | None
    ) -> None:
        self.bundle, self.report, self.log, self.older = bundle, bundle.report, log, older
        self.kind = bundle.manifest["scope"]["kind"]
        self.receipts = set(receipts)
        self.tree, self.last_index, self.root_then = Frontier(), -1, Frontier().root()
        self.personal: dict[tuple[str, int, str], tuple[str, str]] = {}

    def check(self) -> None:
        """Check all moves, then what should have been met on the way."""
        for place, row in self.bundle.lines("personal.jsonl"):
            with self.report.at(place):
                self._take_personal(place, row)
        for place, row in self.bundle.lines("history.jsonl"):
            with self.report.at(place):
                self._move(place, row)
        for text in sorted(self.receipts):
            self.report.problem(f"--receipt {text}", "包中没有这一步", "the bundle does not hold this move")
        for place, _ in self.personal.values():
            self.report.problem(place, "历史中没有对应的承诺值", "answers no commitment in the history")
        if self.kind == "whole" and (self.tree.size, self.tree.root()) != self.log:
            self.report.problem("history.jsonl", "不是检查点所签的日志", "is not the log that was signed")
        if self.older:
            with self.report.at("--older"):
                self._compare(self.older)
        cases = len(self.bundle.heads)
        self.report.checked.append(
            f"{self.tree.size} moves of {cases} cases, linked, and in the signed log of {self.log.size}"
        )

    def _take_personal(self, place: str, row: dict[str, Any]) -> None:
        key, salt = (row["case"], row["seq"], row["path"]), bytes.fromhex(row["salt"])
        if key in self.personal or salt.hex() != row["salt"]:
            self.report.problem(place, "重复或盐值写法不符", "is there twice, or its salt is oddly written")
        self.personal[key] = place, hashlib.sha256(salt + to_json(row["value"])).hexdigest()

    def _move(self, place: str, row: dict[str, Any]) -> None:
        spelled = row["body"].encode()
        body, leaf, index = from_json(spelled), leaf_hash(spelled), row["index"]
        case, seq = body["case"], body["seq"]
        place = f"{place} ({case}:{seq})"
        self._follow(place, body, leaf.hex())
        if type(index) is not int or not self.last_index < index < self.log.size:
            self.report.problem(place, "日志位置不符", f"has no place of its own in the log at {index}")
        self.last_index = index
        if "proof" in row or self.kind != "whole":
            proof = [from_base64(sibling) for sibling in row["proof"]]
            if climb(index, self.log.size - 1, leaf, proof)[1] != self.log.root:
                self.report.problem(place, "不在已签名的日志中", "is not in the signed log")
        self.tree.add(leaf)
        if self.older and self.older.size == self.tree.size:
            self.root_then = self.tree.root()
        for path, hashed in commitments(body["data"]):
            told, answer = self.personal.pop((case, seq, path), ("", hashed))
            if answer != hashed:
                told = f"{told} ({case}:{seq} {path})"
                self.report.problem(told, "与承诺值不符", "is not the value that was committed to")
        self.bundle.files.update((sha, place) for sha in body["files"])
        self.receipts.discard(f"{case}:{seq}:{leaf.hex()}")

    def _follow(self, place: str, body: dict[str, Any], hashed: str) -> None:
        before = self.bundle.heads.get(body["case"])
        if before or self.kind != "period":
            last, prev, state = (before.last, before.hash, before.state) if before else (0, "", None)
            if (body["seq"], body["prev"]) != (last + 1, prev):
                self.report.problem(place, "与上一步不相连", f"does not follow move {last} of its case")
            elif body["from"] != state:
                self.report.problem(place, "起始状态不符", f"starts from {body['from']}, not from {state}")
        if (body["v"], body["alg"]) != (1, "sha256"):
            self.report.problem(place, "格式未知", "is not a body of version 1")
        first = before.first if before else body["seq"]
        self.bundle.heads[body["case"]] = Head(first, body["seq"], hashed, body["to"])

    def _compare(self, older: Checkpoint) -> None:
        """A whole log holds the older one; other bundles may carry proofs that their log goes on from it."""
        rows = self.bundle.lines("consistency.jsonl")
        proofs = [row["proof"] for _, row in rows if row["size"] == older.size]
        if self.kind == "whole":
            holds = older.size <= self.tree.size and older.root == self.root_then
        elif proofs or older.size >= self.log.size:
            proof = [from_base64(sibling) for sibling in (proofs[0] if proofs else [])]
            holds = is_continued(older, self.log, proof)
        else:
            self.report.problem(
                "--older", f"包内没有可与之比对的证明，请下载时注明 older={older.size}",
                f"cannot be compared: no proof from {older.size} is here; ask for a bundle with older={older.size}",
            )
            return
        if not holds:
            self.report.problem("--older", "该检查点之后历史被改写", "history was rewritten since then")
        self.report.checked.append(f"the log goes on from the older checkpoint of {older.size}")


def check_cases(bundle: Bundle) -> None:
    """Check that a bundle of cases holds these cases and no others."""
    scope = bundle.manifest["scope"]
    if scope["kind"] not in ("whole", "period"):
        for case in sorted(set(scope["cases"] if "cases" in scope else [scope["number"]]) ^ set(bundle.heads)):
            what = f"case {case} is missing or does not belong here"
            bundle.report.problem("history.jsonl", f"办件 {case} 缺失或多余", what)


def check_documents(bundle: Bundle) -> None:
    """Check that documents are named by their hash and that those which history names are there."""
    manifest = bundle.manifest
    carried = {name[10:].partition(".")[0]: name for name in bundle.infos if name.startswith("documents/")}
    for sha, name in carried.items():
        if manifest["members"].get(name, {}).get("sha256") != sha:
            bundle.report.problem(name, "文件名与内容的哈希不符", "is not named by its SHA-256")
    if manifest.get("documents", "all") == "all":
        for sha in sorted({*bundle.files} - {*carried} - {*manifest.get("documents_left_out", ())}):
            bundle.report.problem(f"documents/{sha}", "缺失", f"is missing, named in {bundle.files[sha]}")
        bundle.report.checked.append(f"the {len(bundle.files)} documents that history names")


def check_transfers(bundle: Bundle) -> None:
    """Check each transfer; replay them all for overdrafts if the bundle holds the whole ledger."""
    report = bundle.report
    seen: set[int] = set()
    balances: dict[tuple[str, str], int] = {}
    replay = bundle.manifest["scope"]["kind"] == "whole" or bundle.manifest.get("ledger") == "whole"
    for place, row in bundle.lines("transfers.jsonl"):
        with report.at(place):
            debit, credit, amount, case = row["debit"], row["credit"], row["amount"], row["case"]
            if type(amount) is not int or amount <= 0 or debit == credit or row["id"] in seen:
                report.problem(place, "金额、账户或编号不符", "odd amount, one account twice, or known id")
                continue
            seen.add(row["id"])
            head = bundle.heads.get(case)
            if (head and not head.first <= row["seq"] <= head.last) or not (head or replay):
                report.problem(place, "所属步骤不在包中", f"belongs to no move here: {case}:{row['seq']}")
            for account, change in ((debit, -amount), (credit, amount)):
                balances[account, row["unit"]] = balances.get((account, row["unit"]), 0) + change
            if replay and balances[debit, row["unit"]] < 0 and not debit.startswith("source:"):
                report.problem(place, "账户透支", f"overdraws {debit}")
    alone = "one by one (overdrafts show only in a bundle of the whole ledger)"
    report.checked.append(f"{len(seen)} transfers, {'replayed for overdrafts' if replay else alone}")


def verify(
    path: str, key: bytes | None = None, receipts: Iterable[str] = (), older: bytes | None = None
) -> Report:
    """Return what was found in the bundle at this path; damage of any kind is a problem, not an exception."""
    report = Report()
    with open(path, "rb") as file, report.at(f"zip byte {directory_offset(file)} or after, in the directory"):
        check_bundle(Bundle(file, report), key, receipts, older)
    return report


def check_bundle(bundle: Bundle, key: bytes | None, receipts: Iterable[str], older: bytes | None) -> None:
    """Check everything that a bundle holds; without a manifest that can be read, only how it is written."""
    report = bundle.report
    with report.at("manifest.json"):
        key = check_members(bundle, key)
    check_layout(bundle)
    if bundle.manifest and key:
        log = earlier = None
        with report.at("checkpoint.txt"):
            log = read_checkpoint(bundle.content("checkpoint.txt"), bundle.manifest["origin"], key)
        if older is not None:
            with report.at("--older"):
                earlier = read_checkpoint(older, bundle.manifest["origin"], key)
        if log:
            with report.at("history.jsonl"):
                History(bundle, log, receipts, earlier).check()
        for check in (check_cases, check_documents, check_transfers):
            with report.at("manifest.json"):
                check(bundle)


def arguments() -> argparse.Namespace:
    """Return what was asked for; whoever asks wrongly is told how and leaves with status 2."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", nargs="+", metavar="BUNDLE.zip")
    parser.add_argument("--key", type=from_base64, metavar="BASE64", help="the public key that you were told")
    parser.add_argument("--receipt", action="append", default=[], metavar="CASE:SEQUENCE:HASH")
    parser.add_argument("--older", type=argparse.FileType("rb"), metavar="CHECKPOINT")
    asked = parser.parse_intermixed_args()
    # What follows the bundle or a receipt without a name of its own is a receipt too.
    receipts = [text.rpartition(":") for text in asked.receipt + asked.bundle[1:]]
    asked.receipt = [f"{move}:{hashed.lower()}" for move, _, hashed in receipts]
    wrong = [text for text in asked.receipt if not RECEIPT.fullmatch(text)]
    if wrong or (asked.key is not None and len(asked.key) != 32):
        parser.error(f"no receipt: {wrong[0]}" if wrong else "--key: a public key has 32 bytes")
    return asked


def main() -> int:
    """Verify what the command line names, print what was found and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    asked = arguments()
    try:
        older = asked.older.read() if asked.older else None
        report = verify(asked.bundle[0], asked.key, asked.receipt, older)
    except OSError as error:
        print(f"verify.py: {error}", file=sys.stderr)
        return 2
    for line in report.checked:
        print(f"checked: {line}")
    for note in report.notes:
        print(f"注意 WARNING: {note}")
    for place, what in report.problems:
        print(f"问题 PROBLEM: {place}: {what}")
    print(f"不成立 {len(report.problems)} PROBLEM(S)" if report.problems else "成立 OK")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
