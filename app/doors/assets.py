"""Which style sheet and script does a page load? Each is one file whose name holds the hash of its bytes,
so browsers may keep it for ever and a new release is fetched at once; there is no build step."""

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

STATIC = Path(__file__).resolve().parent.parent / "static"
LAYERS = ("tokens", "base", "layout", "components", "overviews", "utilities", "print")
PREFIX = "/assets/"
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
CACHE_CONTROL = "public, max-age=31536000, immutable"


class Bundle(NamedTuple):
    """A file made from our sources: its name and its bytes."""

    name: str
    content: bytes


def css_bundle() -> Bundle:
    """Return all sources in the order of the cascade as `app.<sha8>.css`; a changed source gives a new name."""
    return _bundle("css", tuple(STATIC / "css" / f"{layer}.css" for layer in LAYERS))


def js_bundle() -> Bundle:
    """Return the script that makes pages quicker to use as `app.<sha8>.js`; no page needs it to work."""
    return _bundle("js", (STATIC / "js" / "enhance.js",))


def mark_bundle() -> Bundle:
    """Return our mark as `app.<sha8>.svg`, the picture in the browser's tab."""
    return _bundle("svg", (STATIC / "mark.svg",))


def asset(name: str) -> Bundle | None:
    """Return the bundle that is called `name` now, or None for another release's name."""
    bundles = (css_bundle(), js_bundle(), mark_bundle())
    return next((bundle for bundle in bundles if bundle.name == name), None)


def css_href() -> str:
    """Return the address of the style sheet for base.html."""
    return PREFIX + css_bundle().name


def js_href() -> str:
    """Return the address of the script for base.html."""
    return PREFIX + js_bundle().name


def mark_href() -> str:
    """Return the address of the mark for base.html."""
    return PREFIX + mark_bundle().name


def _bundle(kind: str, sources: tuple[Path, ...]) -> Bundle:
    return _joined(kind, sources, tuple(source.stat().st_mtime_ns for source in sources))


@cache
def _joined(kind: str, sources: tuple[Path, ...], written: tuple[int, ...]) -> Bundle:
    """Join the sources; `written` is part of the key, so that an edited file is seen without a restart."""
    content = b"\n".join(source.read_bytes() for source in sources)
    return Bundle(f"app.{hashlib.sha256(content).hexdigest()[:8]}.{kind}", content)
