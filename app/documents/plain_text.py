"""Is this plain text that everybody can open, and nothing else under the name of text?"""

import codecs
import re
from typing import BinaryIO

from flask_babel import lazy_gettext as _l

from app.documents.blocks import blocks
from app.documents.limits import Limits
from app.documents.refusals import UploadRefused

ENCODINGS = ("utf-8-sig", "gb18030")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s{0,64}(?:<(?:!doctype|html|script|svg|\?xml|\?php|body|iframe)|%PDF|PK\x03\x04|MZ)",
    re.I,
)
_NOT_TEXT = _l("The content is not plain text. Save it in its own format, or as PDF.")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def check_text(file: BinaryIO, _size: int, _limits: Limits) -> None:
    """Return if the file is text in UTF-8 or GB18030; else raise UploadRefused."""
    beginning = file.read(512)
    if beginning.startswith(_UTF16):
        raise UploadRefused("encoding", _l("The text is stored as UTF-16. Save it as UTF-8 and upload that."))
    if _MARKUP.search(beginning):
        raise UploadRefused("content_differs", _NOT_TEXT)
    for encoding in ENCODINGS:
        file.seek(0)
        if _decodes(file, encoding):
            return
    raise UploadRefused("encoding", _l("The text is neither UTF-8 nor GB18030. Save it as UTF-8."))


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks(file):
            if _CONTROL.search(decoder.decode(block)):
                raise UploadRefused("content_differs", _NOT_TEXT)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
