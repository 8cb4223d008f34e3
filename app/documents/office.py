"""Is this a text or a table of an office program, without macros and without a password?"""

import re
import zipfile
from typing import BinaryIO

from flask_babel import lazy_gettext as _l

from app.documents.limits import MEGABYTE, Limits
from app.documents.refusals import UploadRefused
from app.documents.zip_structure import check_contents, opened_zip

_CONTENT_TYPES = "[Content_Types].xml"
_TYPES_LIMIT = 4 * MEGABYTE
_ACTIVE_PART = re.compile(
    r"vbaproject|vbadata|/activex/|/macrosheets/|/dialogsheets/|\.(?:exe|dll|js|vbs|bat|cmd|ps1|scr)$", re.I
)
_ACTIVE_TYPE = re.compile(rb"macroEnabled|intlmacrosheet|vbaProject|activeX", re.I)
_REMOTE_TEMPLATE = re.compile(
    rb"attachedTemplate[^>]*TargetMode\s*=\s*.External|TargetMode\s*=\s*.External[^>]*attachedTemplate", re.I
)


def check_docx(file: BinaryIO, size: int, limits: Limits) -> None:
    """Return if the file is a text document without macros; else raise UploadRefused."""
    main_type = b"wordprocessingml.document.main+xml"
    _check_office(file, size, limits, main_part="word/document.xml", main_type=main_type)


def check_xlsx(file: BinaryIO, size: int, limits: Limits) -> None:
    """Return if the file is a workbook without macros; else raise UploadRefused."""
    _check_office(file, size, limits, main_part="xl/workbook.xml", main_type=b"spreadsheetml.sheet.main+xml")


def _check_office(file: BinaryIO, size: int, limits: Limits, *, main_part: str, main_type: bytes) -> None:
    with opened_zip(file, size, limits) as archive:
        names = archive.namelist()
        if any(_ACTIVE_PART.search(name) for name in names):
            raise _has_macros()
        check_contents(archive, limits)
        types = _part(archive, _CONTENT_TYPES)
        settings = _part(archive, "word/_rels/settings.xml.rels")
        if _ACTIVE_TYPE.search(types) or _REMOTE_TEMPLATE.search(settings):
            raise _has_macros()
        if main_part not in names or main_type not in types:
            raise UploadRefused(
                "content_differs",
                _l("The file is not what its name says. Open it in its program and save it as DOCX or XLSX."),
            )


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist():
        return b""
    with archive.open(name) as content:
        return content.read(_TYPES_LIMIT)


def _has_macros() -> UploadRefused:
    return UploadRefused(
        "macros", _l("The file holds macros or other programs. Save it without macros, as DOCX or XLSX.")
    )
