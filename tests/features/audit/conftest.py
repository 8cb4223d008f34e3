"""What the tests of bundles share: a small honest log, and a way to verify bytes."""

import pytest

from app.audit.verify import Report, verify
from tests.builders_bundle import Log, honest_log


@pytest.fixture
def log() -> Log:
    """Two payments and somebody else's case."""
    return honest_log()


@pytest.fixture
def check(tmp_path, log):
    """Verify a bundle given as bytes, with the log's key unless another is named."""
    path = tmp_path / "bundle.zip"

    def run(bundle: bytes, **asked) -> Report:
        path.write_bytes(bundle)
        return verify(str(path), **{"key": log.public_key, **asked})

    return run
