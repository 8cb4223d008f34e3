"""What several tests of faults stand on: a server of another version."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database.embedded import EmbeddedServer

DEBIAN_15 = Path("/usr/lib/postgresql/15")


@pytest.fixture(scope="session")
def debian_15() -> Iterator[EmbeddedServer]:
    """The oldest PostgreSQL that we promise to work with."""
    if not (DEBIAN_15 / "bin" / "postgres").exists():
        pytest.skip(f"needs Debian's PostgreSQL 15 in {DEBIAN_15}")
    with tempfile.TemporaryDirectory(prefix="shuniu-test-") as folder:
        server = EmbeddedServer(Path(folder), fsync=False, install=DEBIAN_15)
        server.start()
        try:
            yield server
        finally:
            server.stop()
