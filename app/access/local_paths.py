"""Where may a page send people after it has done its work? Only on within this site."""

from urllib.parse import urlsplit

HOME = "/"


def local_path(wanted: str | None, otherwise: str = HOME) -> str:
    """Return the wanted path with its query if it leads nowhere but to this site, else `otherwise`."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return otherwise
    # Browsers read a backslash as a slash and pass over control characters: neither has business here.
    if "\\" in wanted or any(ord(sign) < 0x21 or ord(sign) == 0x7F for sign in wanted):
        return otherwise
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return otherwise
    return wanted if not parts.scheme and not parts.netloc else otherwise
