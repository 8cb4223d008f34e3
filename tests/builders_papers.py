"""Builders of files and of cases that have them. What is hostile about a file stands in the test."""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from datetime import datetime
from typing import Any

from sqlalchemy import text

WORD_TYPES = (
    '<?xml version="1.0"?><Types><Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
SHEET_TYPES = (
    '<?xml version="1.0"?><Types><Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)


def a_pdf(body: bytes = b"1 0 obj << /Type /Catalog >> endobj\n") -> bytes:
    """Return a small PDF around this body."""
    start = len(b"%PDF-1.7\n" + body)
    return b"%PDF-1.7\n" + body + b"xref\n0 1\ntrailer << /Size 1 >>\nstartxref\n%d\n%%%%EOF\n" % start


def a_png(width: int = 2, height: int = 2) -> bytes:
    """Return a PNG that says it has this size; the pixels of a large one are not there."""
    rows = zlib.compress(b"\0" * min((width * 3 + 1) * height, 100_000))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def a_jpeg(width: int = 2, height: int = 2) -> bytes:
    """Return the frame of a JPEG that says it has this size."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return (
        b"\xff\xd8"
        + _segment(0xE0, b"JFIF\0")
        + _segment(0xC0, frame)
        + _segment(0xDA, b"\0")
        + b"\x12\xff\xd9"
    )


def with_another_byte(content: bytes, at: int) -> bytes:
    """Return the content with the byte at this place changed: never to what it was, whatever ciphertext it is."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]


def a_zip(members: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def a_docx(more: dict[str, bytes | str] | None = None, types: str = WORD_TYPES) -> bytes:
    """Return a small text document, with more parts if given."""
    return a_zip({"[Content_Types].xml": types, "word/document.xml": "<w:document/>", **(more or {})})


def a_xlsx(more: dict[str, bytes | str] | None = None) -> bytes:
    """Return a small workbook, with more parts if given."""
    return a_zip({"[Content_Types].xml": SHEET_TYPES, "xl/workbook.xml": "<workbook/>", **(more or {})})


def a_move(
    session: Any,
    case_id: int,
    number: str,
    *,
    at: datetime,
    person_id: int | None,
    sequence: int = 1,
    prev: bytes = b"",
    trigger: str = "apply",
    from_state: str | None = None,
    to_state: str = "applied",
) -> bytes:
    """Add a history row to the case and return its hash."""
    body = json.dumps(
        {
            "case": number,
            "seq": sequence,
            "prev": prev.hex(),
            "trigger": trigger,
            "from": from_state,
            "to": to_state,
            "actor": person_id,
        }
    ).encode()
    digest = hashlib.sha256(b"\0" + body).digest()
    session.execute(
        text(
            "INSERT INTO history (case_id, sequence, at, person_id, role, trigger, from_state, to_state,"
            " request_id, prev, hash, body) VALUES (:case, :sequence, :at, :person, 'staff', :trigger, :from,"
            " :to, 'test', :prev, :hash, :body)"
        ),
        {
            "case": case_id,
            "sequence": sequence,
            "at": at,
            "person": person_id,
            "trigger": trigger,
            "from": from_state,
            "to": to_state,
            "prev": prev,
            "hash": digest,
            "body": body,
        },
    )
    return digest


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content
