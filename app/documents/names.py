"""Under which name may a paper be kept, shown and downloaded? Never the name of a file on our disk."""

import unicodedata
from urllib.parse import quote

MAX_CHARACTERS = 120
MAX_BYTES = 240
NAMELESS = "document"
_FORBIDDEN = frozenset('<>:"|?*')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}
)


def clean_name(raw: str) -> str:
    """Return the name as people may see it: one line, no folder, no invisible sign, at most 120 characters.

    Bidirectional marks go, so a name reads in the order in which its extension is judged, which is kept.
    """
    name = unicodedata.normalize("NFC", raw.replace("\\", "/")).rsplit("/", 1)[-1]
    name = "".join(" " if sign.isspace() else sign for sign in name)
    # Control signs, format signs (bidi marks, zero-width) and lone surrogates go; private-use signs stay:
    # old systems write rare characters of names with them.
    name = "".join(sign for sign in name if unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))
    name = "".join("_" if sign in _FORBIDDEN else sign for sign in name)
    name = " ".join(name.split()).rstrip(". ")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, ""
    stem = stem.strip(". ") or NAMELESS
    if stem.split(".")[0].lower() in _DEVICES:
        stem = "_" + stem
    return _shortened(stem, f".{extension}" if extension else "")


def extension_of(name: str) -> str:
    """Return the lower-case last extension of a cleaned name, '' if it has none."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def content_disposition(name: str) -> str:
    """Return the header that makes a browser save the file under this name (RFC 6266), never show it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join(sign if sign.isalnum() or sign in "-_. ()" else "_" for sign in plain)
    plain = plain.strip(". ") or NAMELESS
    stem, extension = plain.rpartition(".")[0], extension_of(name)
    if extension and not stem and extension.isascii():
        plain = f"{NAMELESS}.{extension}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _shortened(stem: str, extension: str) -> str:
    extension = extension[:20]
    while stem and (len(stem + extension) > MAX_CHARACTERS or len((stem + extension).encode()) > MAX_BYTES):
        stem = stem[:-1]
    return stem.rstrip(". ") + extension
