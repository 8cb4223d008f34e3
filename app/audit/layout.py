"""Where does which byte of a bundle's zip stand? There is one way only to write one, and nothing in it is
compressed, so that every byte around the members can be recomputed and none is free to change.

Part of the verifier that travels in every bundle: standard library only, Python 3.9 or later.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

FIRST = ("manifest.json", "manifest.sig")  # then all others by name
LIMIT = 0xFFFFFFFF  # from here on sizes and offsets stand in zip64 fields
END = "end of the directory"
LOCAL = struct.Struct("<4s5H3I2H")
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say


def local_header(name: str, size: int, crc: int) -> bytes:
    """Return the bytes before a member's content."""
    extra = struct.pack("<2H2Q", 1, 16, size, size) if size >= LIMIT else b""
    version, shown, raw = 45 if extra else 20, min(size, LIMIT), name.encode()
    fixed = (b"PK\3\4", version, 0, 0, 0, 33, crc, shown, shown, len(raw), len(extra))
    return LOCAL.pack(*fixed) + raw + extra


def directory_entry(name: str, size: int, crc: int, offset: int) -> bytes:
    """Return a member's entry in the directory at the end."""
    large = [number for number in (size, size, offset) if number >= LIMIT]
    extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    version, shown, raw = 45 if large else 20, min(size, LIMIT), name.encode()
    fixed = (b"PK\1\2", version | 3 << 8, version, 0, 0, 0, 33, crc, shown, shown, len(raw), len(extra))
    return struct.pack("<4s6H3I5H2I", *fixed, 0, 0, 0, 0o100644 << 16, min(offset, LIMIT)) + raw + extra


def directory_end(count: int, size: int, offset: int) -> bytes:
    """Return the last bytes of the zip."""
    end = b""
    if count >= 0xFFFF or size >= LIMIT or offset >= LIMIT:
        end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
        end += struct.pack("<4sIQI", b"PK\6\7", 0, offset + size, 1)
    count, size, offset = min(count, 0xFFFF), min(size, LIMIT), min(offset, LIMIT)
    return end + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, offset, 0)


def layout(sizes: Iterable[tuple[str, int, int]]) -> Iterator[tuple[str, int, bytes]]:
    """Yield what stands around members of this name, size and CRC: what it is, its offset, its bytes."""
    offset, entries = 0, []
    for name, size, crc in sizes:
        header = local_header(name, size, crc)
        yield f"header of {name}", offset, header
        entries.append((f"directory entry of {name}", directory_entry(name, size, crc, offset)))
        offset += len(header) + size
    start = offset
    for what, entry in entries:
        yield what, offset, entry
        offset += len(entry)
    yield END, offset, directory_end(len(entries), offset - start, start)


def in_order(names: Iterable[str]) -> list[str]:
    """Return the names of the members in the order in which they lie in the zip."""
    return [*FIRST, *sorted(set(names) - set(FIRST))]


def directory_offset(file: BinaryIO) -> int:
    """Return where the members end: after the last local header that leads to it from the first byte."""
    offset = 0
    while True:
        file.seek(offset)
        header = file.read(LOCAL.size)
        if len(header) < LOCAL.size or header[:4] != b"PK\3\4":
            return offset
        size, name_length, extra_length = LOCAL.unpack(header)[8:]
        extra = file.read(name_length + extra_length)[name_length:]
        size = int.from_bytes(extra[4:12], "little") if size == LIMIT else size
        offset += LOCAL.size + name_length + extra_length + size
