"""Is this a whole picture of bearable size? Read from the headers; no picture is ever decoded here."""

import struct
import zlib
from typing import BinaryIO

from flask_babel import lazy_gettext as _l

from app.documents.blocks import BLOCK, blocks
from app.documents.limits import Limits
from app.documents.refusals import UploadRefused

_PNG_SIGNATURE = 8
# SOF0-15 carry the size of the picture; C4, C8 and CC are tables that only look like them.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_SCAN, _END = 0xDA, 0xD9


def check_png(file: BinaryIO, size: int, limits: Limits) -> None:
    """Return if every chunk is whole and the picture is not too large; else raise UploadRefused."""
    position = file.seek(_PNG_SIGNATURE)
    kinds: set[bytes] = set()
    while True:
        header = file.read(8)
        if len(header) < 8:
            raise _damaged()
        length, kind = struct.unpack(">I4s", header)
        position += 12 + length
        if position > size or (not kinds) != (kind == b"IHDR"):
            raise _damaged()
        first = _checked_chunk(file, kind, length)
        if kind == b"IHDR":
            if length != 13:
                raise _damaged()
            width, height = struct.unpack(">II", first[:8])
            _check_pixels(width, height, limits)
        kinds.add(kind)
        if kind == b"IEND":
            break
    if b"IDAT" not in kinds:
        raise _damaged()
    if position != size:
        raise UploadRefused(
            "appended", _l("Something is appended behind the end of the picture. Save the picture anew.")
        )


def check_jpeg(file: BinaryIO, size: int, limits: Limits) -> None:
    """Return if the segments lead to a picture that ends and is not too large; else raise UploadRefused.

    Phones append thumbnails and films behind the end, so what follows is tolerated.
    """
    file.seek(2)
    framed = False
    while True:
        marker = _next_marker(file)
        if marker in _STANDALONE:
            continue
        if marker == _END:
            raise _damaged()
        length_bytes = file.read(2)
        length = int.from_bytes(length_bytes, "big")
        if len(length_bytes) < 2 or length < 2 or file.tell() + length - 2 > size:
            raise _damaged()
        segment = file.read(length - 2)
        if marker in _FRAMES:
            if len(segment) < 5:
                raise _damaged()
            height, width = struct.unpack(">HH", segment[1:5])
            _check_pixels(width, height, limits)
            framed = True
        if marker == _START_OF_SCAN:
            break
    if not framed or not any(b"\xff\xd9" in block for block in blocks(file, overlap=1)):
        raise _damaged()


def _next_marker(file: BinaryIO) -> int:
    if file.read(1) != b"\xff":
        raise _damaged()
    while (sign := file.read(1)) == b"\xff":
        pass
    if not sign or sign == b"\x00":
        raise _damaged()
    return sign[0]


def _checked_chunk(file: BinaryIO, kind: bytes, length: int) -> bytes:
    checksum, first, left = zlib.crc32(kind), b"", length
    while left:
        block = file.read(min(left, BLOCK))
        if not block:
            raise _damaged()
        first = first or block
        checksum = zlib.crc32(block, checksum)
        left -= len(block)
    if file.read(4) != struct.pack(">I", checksum):
        raise _damaged()
    return first


def _check_pixels(width: int, height: int, limits: Limits) -> None:
    if not width or not height:
        raise _damaged()
    if width * height > limits.pixels or max(width, height) > limits.pixels_per_side:
        raise UploadRefused(
            "too_many_pixels",
            _l(
                "The picture has %(width)s × %(height)s pixels; at most %(side)s per side and"
                " %(millions)s million are taken. Scan it with a lower resolution, for example 300 dpi.",
                width=width,
                height=height,
                side=limits.pixels_per_side,
                millions=limits.pixels // 1_000_000,
            ),
        )


def _damaged() -> UploadRefused:
    return UploadRefused(
        "damaged", _l("The picture is damaged or incomplete. Open it, save it anew and upload that.")
    )
