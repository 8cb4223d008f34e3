"""How does a paper leave? Always as a download, never as something a browser runs or keeps."""

from collections.abc import Iterator
from typing import BinaryIO

from app.documents.models import Document
from app.documents.names import content_disposition

BLOCK = 256 * 1024


def download_headers(document: Document) -> dict[str, str]:
    """Return the headers of a download; with them even a hostile file is only a file."""
    return {
        "Content-Type": document.media_type,
        "Content-Length": str(document.size),
        "Content-Disposition": content_disposition(document.name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
    }


def in_blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the file in blocks and close it."""
    with file:
        while block := file.read(BLOCK):
            yield block
