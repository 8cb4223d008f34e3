"""Where does a benchmark run? A PostgreSQL server of its own with fsync on, gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from app import create_app
from app.config import settings_from
from app.database.embedded import EmbeddedServer
from app.database.migrate import migrate


@contextmanager
def product(folder: Path | None = None) -> Iterator[tuple[EmbeddedServer, Flask]]:
    """A server as the product starts it, and the application on a migrated, empty database in it.

    `folder` says on which disk it stands; the disk decides what a commit costs.
    """
    with tempfile.TemporaryDirectory(prefix="shuniu-bench-", dir=folder) as place:
        Path(place).chmod(0o755)
        instance = Path(place) / "instance"
        server = EmbeddedServer(instance)
        server.start()
        try:
            server.ensure_database()
            migrate(server.owner_url())
            settings = settings_from({"SHUNIU_ENV": "test", "SHUNIU_INSTANCE": str(instance)})
            app = create_app(settings, server.app_url(), OWNER_URL=server.owner_url())
            with app.app_context():
                yield server, app
        finally:
            server.stop()
