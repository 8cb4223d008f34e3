"""Is this file what its name says, and harmless to keep? Name, first bytes and structure must agree.

Nothing is unpacked to disk, decoded as an image or kept in memory: a file is read through in blocks. What is
let in is still only ever sent back as a download (see serving.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from flask_babel import lazy_gettext as _l

from app.documents.images import check_jpeg, check_png
from app.documents.limits import Limits
from app.documents.names import extension_of
from app.documents.office import check_docx, check_xlsx
from app.documents.pdf import check_pdf
from app.documents.plain_text import check_text
from app.documents.refusals import UploadRefused
from app.documents.zip_structure import ends_like_a_zip

Check = Callable[[BinaryIO, int, Limits], None]


@dataclass(frozen=True)
class FileType:
    """One kind of file that is taken: how it must begin and what must hold for its inside."""

    media_type: str
    beginnings: tuple[bytes, ...]
    check: Check


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_JPEG = FileType("image/jpeg", (b"\xff\xd8\xff",), check_jpeg)
TYPES: dict[str, FileType] = {
    "pdf": FileType("application/pdf", (b"%PDF-1.", b"%PDF-2."), check_pdf),
    "png": FileType("image/png", (b"\x89PNG\r\n\x1a\n",), check_png),
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "docx": FileType(_DOCX, (b"PK\x03\x04",), check_docx),
    "xlsx": FileType(_XLSX, (b"PK\x03\x04",), check_xlsx),
    "csv": FileType("text/csv", (), check_text),
    "txt": FileType("text/plain", (), check_text),
}
ACCEPTED = "PDF, PNG, JPG, DOCX, XLSX, CSV, TXT"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ADVICE: dict[str, Any] = {
    "zip": _l("Unpack the archive and upload the files one by one."),
    "rar": _l("Unpack the archive and upload the files one by one."),
    "7z": _l("Unpack the archive and upload the files one by one."),
    "doc": _l("Open the file and save it as DOCX or PDF."),
    "xls": _l("Open the file and save it as XLSX."),
    "wps": _l("Open the file and save it as DOCX or PDF."),
    "et": _l("Open the file and save it as XLSX."),
    "docm": _l("Save the file without macros, as DOCX or XLSX."),
    "xlsm": _l("Save the file without macros, as DOCX or XLSX."),
    "heic": _l("Save the photo as JPG."),
    "webp": _l("Save the picture as PNG or JPG."),
    "tif": _l("Save the scan as PDF."),
    "tiff": _l("Save the scan as PDF."),
    "ofd": _l("Save or print the document as PDF."),
}


def type_of(name: str) -> FileType:
    """Return the file type that a cleaned name promises, or raise UploadRefused naming what is taken."""
    extension = extension_of(name)
    file_type = TYPES.get(extension)
    if file_type is None:
        advice = _ADVICE.get(extension, _l("Save or scan the paper as PDF."))
        raise UploadRefused(
            "type_not_taken",
            _l(
                "Files of this type are not taken. Taken are %(types)s. %(advice)s",
                types=ACCEPTED,
                advice=advice,
            ),
        )
    return file_type


def inspect(path: Path, name: str, limits: Limits) -> str:
    """Return the media type of a file under a cleaned name, or raise UploadRefused. Changes nothing."""
    with path.open("rb") as file:
        return inspect_open(file, path.stat().st_size, name, limits)


def inspect_open(file: BinaryIO, size: int, name: str, limits: Limits) -> str:
    """Return the media type of an open file of this size, read from its beginning; else as `inspect`."""
    file_type = type_of(name)
    if size == 0:
        raise UploadRefused("empty", _l("The file is empty (0 bytes). Choose the file again and upload it."))
    file.seek(0)
    beginning = file.read(16)
    if file_type.beginnings and not beginning.startswith(file_type.beginnings):
        raise _not_what_it_says(extension_of(name), beginning)
    if file_type.media_type not in (_DOCX, _XLSX) and ends_like_a_zip(file, size):
        raise UploadRefused(
            "hidden_archive",
            _l("An archive is hidden behind this file. Open the file, save it anew and upload that."),
        )
    file.seek(0)
    file_type.check(file, size, limits)
    return file_type.media_type


def _not_what_it_says(extension: str, beginning: bytes) -> UploadRefused:
    if extension in ("docx", "xlsx") and beginning.startswith(_OLD_OFFICE):
        return UploadRefused(
            "encrypted_or_old",
            _l("The file has a password or the old format. Remove the password, save it as DOCX or XLSX."),
        )
    return UploadRefused(
        "content_differs",
        _l(
            "The name says %(type)s, the content does not. Open it in its program and save it as %(type)s.",
            type=extension.upper(),
        ),
    )
