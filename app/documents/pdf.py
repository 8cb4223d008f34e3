"""Is this a PDF from its first to its last byte, without password and without programs?"""

import re
from typing import BinaryIO

from flask_babel import lazy_gettext as _l

from app.documents.blocks import found, tail_of
from app.documents.limits import Limits
from app.documents.refusals import UploadRefused

_TAIL = 2048
# Programs hidden in compressed object streams are not found here; that is why files are only ever downloads.
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFile|RichMedia|Encrypt\s{1,8}\d{1,10}\s{1,8}\d{1,5}\s{1,8}R)\b"
)
_LONGEST = 64


def check_pdf(file: BinaryIO, size: int, _limits: Limits) -> None:
    """Return if the file ends as a PDF ends and holds nothing active; else raise UploadRefused."""
    tail = tail_of(file, size, _TAIL)
    end = tail.rfind(b"%%EOF")
    if end < 0 or b"startxref" not in tail[:end]:
        raise UploadRefused(
            "damaged", _l("The end of the PDF is missing: the upload or the file broke off. Save it anew.")
        )
    if tail[end + 5 :].strip(b"\r\n\t \x00\x1a"):
        raise UploadRefused(
            "appended", _l("Something follows behind the end of the PDF. Print it to PDF and upload that.")
        )
    file.seek(0)
    active = found(file, _ACTIVE, _LONGEST)
    if active is None:
        return
    if active.startswith(b"/Encrypt"):
        raise UploadRefused("encrypted", _l("The PDF has a password. Print it to PDF and upload that."))
    raise UploadRefused(
        "active_content", _l("The PDF holds a program or an attached file. Print it to PDF and upload that.")
    )
