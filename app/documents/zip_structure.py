"""What does an archive promise, and does it keep it? Its directory is judged before anything is unpacked."""

import re
import stat
import struct
import zipfile
import zlib
from typing import BinaryIO

from flask_babel import lazy_gettext as _l

from app.documents.blocks import BLOCK, tail_of
from app.documents.limits import Limits
from app.documents.refusals import UploadRefused, megabytes

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = 20
_LOCAL_HEADER = 30
_ENCRYPTED = 0x1 | 0x40
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNSAFE_NAME = re.compile(r"^/|^[A-Za-z]:|\\|(?:^|/)\.\.?(?:/|$)|[\x00-\x1f]")


def ends_like_a_zip(file: BinaryIO, size: int) -> bool:
    """Tell whether an unpacking program would find an archive at the end of this file."""
    tail = tail_of(file, size, 65536 + _END.size)
    position = tail.rfind(b"PK\x05\x06")
    while position >= 0:
        if len(tail) - position >= _END.size:
            end = _END.unpack_from(tail, position)
            if end[5] + end[6] <= size and end[5] > 0:
                return True
        position = tail.rfind(b"PK\x05\x06", 0, position)
    return False


def opened_zip(file: BinaryIO, size: int, limits: Limits) -> zipfile.ZipFile:
    """Return the archive, its directory judged: count, sizes, ratio, names, links, passwords, overlaps.

    Reading its members is safe up to the sizes they declare. Raises UploadRefused.
    """
    _check_end(file, size, limits)
    file.seek(0)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, UnicodeDecodeError):
        raise _damaged() from None
    members = archive.infolist()
    _check_members(members, size, limits)
    return archive


def check_contents(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Unpack everything into nothing, counting; raise UploadRefused for a damaged or oversized member."""
    total = 0
    try:
        for member in archive.infolist():
            with archive.open(member) as content:
                while block := content.read(BLOCK):
                    total += len(block)
                    if total > limits.zip_unpacked_bytes:
                        raise _too_large_unpacked(limits)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        raise _damaged() from None


def _check_end(file: BinaryIO, size: int, limits: Limits) -> None:
    tail = tail_of(file, size, _END.size)
    if len(tail) < _END.size or not tail.startswith(b"PK\x05\x06"):
        raise _damaged()
    _, disk, first_disk, _, count, directory_size, offset, _ = _END.unpack(tail)
    directory_end = size - _END.size
    tail64 = tail_of(file, size, _END.size + _LOCATOR64 + _END64.size)
    if tail64[_END64.size :].startswith(b"PK\x06\x07"):
        if not tail64.startswith(b"PK\x06\x06"):
            raise _damaged()
        *_, count, directory_size, offset = _END64.unpack_from(tail64)
        directory_end -= _LOCATOR64 + _END64.size
    if count > limits.zip_members or directory_size > limits.zip_directory_bytes:
        raise _too_many_members(limits)
    if disk or first_disk or offset + directory_size != directory_end:
        raise _damaged()


def _check_members(members: list[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    if len(members) > limits.zip_members:
        raise _too_many_members(limits)
    names = [member.filename.casefold() for member in members]
    if len(set(names)) != len(names):
        raise _damaged()
    for member in members:
        _check_member(member)
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if unpacked > limits.zip_unpacked_bytes or unpacked > limits.zip_ratio * max(packed, 1) + 4096:
        raise _too_large_unpacked(limits)
    _check_overlaps(members, size)


def _check_member(member: zipfile.ZipInfo) -> None:
    if member.flag_bits & _ENCRYPTED:
        raise UploadRefused("encrypted", _l("The file has a password. Remove it and upload the file again."))
    mode = member.external_attr >> 16
    unsafe = _UNSAFE_NAME.search(member.orig_filename) or stat.S_ISLNK(mode)
    if unsafe or member.compress_type not in _METHODS:
        raise UploadRefused(
            "unsafe_archive", _l("The file holds parts that no office program writes. Save it anew.")
        )


def _check_overlaps(members: list[zipfile.ZipInfo], size: int) -> None:
    # A bomb may point many entries at the same bytes: each member must have its own.
    ordered = sorted(members, key=lambda member: member.header_offset)
    if ordered and ordered[0].header_offset != 0:
        raise _damaged()
    ends = [member.header_offset for member in ordered[1:]] + [size]
    for member, end in zip(ordered, ends, strict=True):
        if member.header_offset + _LOCAL_HEADER + len(member.orig_filename) + member.compress_size > end:
            raise _damaged()


def _damaged() -> UploadRefused:
    return UploadRefused("damaged", _l("The file is damaged or incomplete. Open it and save it anew."))


def _too_many_members(limits: Limits) -> UploadRefused:
    return UploadRefused(
        "too_many_parts",
        _l(
            "The file consists of more than %(count)s parts. Divide it, or save it as PDF.",
            count=limits.zip_members,
        ),
    )


def _too_large_unpacked(limits: Limits) -> UploadRefused:
    return UploadRefused(
        "too_large_unpacked",
        _l(
            "Unpacked the file would pass %(megabytes)s MB or grow more than %(ratio)s-fold. Divide it, or"
            " save it as PDF.",
            megabytes=megabytes(limits.zip_unpacked_bytes),
            ratio=limits.zip_ratio,
        ),
    )
