"""How much may a file be, before and after unpacking? One frozen set of numbers, so tests can shrink it."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """The caps of the upload defence; an organization's papers together may not pass `organization_bytes`."""

    file_bytes: int = 20 * MEGABYTE
    organization_bytes: int = 5 * 1024 * MEGABYTE
    zip_members: int = 2000
    zip_directory_bytes: int = 1 * MEGABYTE
    zip_unpacked_bytes: int = 200 * MEGABYTE
    zip_ratio: int = 100
    pixels: int = 80_000_000
    pixels_per_side: int = 20_000


LIMITS = Limits()
