"""Read a file of any size through in blocks that fit in memory."""

import re
from collections.abc import Iterator
from typing import BinaryIO

BLOCK = 256 * 1024


def blocks(file: BinaryIO, overlap: int = 0) -> Iterator[bytes]:
    """Yield the rest of the file; each block begins with the last `overlap` bytes of the one before."""
    tail = b""
    while block := file.read(BLOCK):
        whole = tail + block
        yield whole
        tail = whole[-overlap:] if overlap else b""


def found(file: BinaryIO, pattern: re.Pattern[bytes], longest: int) -> bytes | None:
    """Return the first match of a pattern (never longer than `longest`) in the rest of the file, or None."""
    for block in blocks(file, overlap=longest):
        if match := pattern.search(block):
            return match.group()
    return None


def tail_of(file: BinaryIO, size: int, length: int) -> bytes:
    """Return the last `length` bytes of the file, or all of it if it is shorter."""
    file.seek(max(0, size - length))
    return file.read(length)
