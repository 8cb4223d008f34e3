"""A manifest names files of the instance and nothing else: its checksum can be forged."""

from pathlib import Path

import pytest

from app.backup.manifest import Manifest, Stored, read_manifest, write_manifest
from app.backup.refusal import BackupRefused

HASH = "ab" * 32


def written(folder: Path, **changes: dict[str, Stored]) -> Path:
    told = {
        "made_at": "2026-11-22T02:15:00+00:00", "migration": "0025", "server": "18.6", "pg_dump": "18.6", "log_size": 0,
        "log_root": "", "moves": 0, "database": Stored(HASH, 1), "papers": {}, "flaws": [], "public_key": None,
        "secret": None,
    }
    write_manifest(folder, Manifest(**{**told, **changes}))
    return folder


@pytest.mark.parametrize("papers", [{f"ab/ab/{HASH}": Stored(HASH, 1)}, {"sealed/0f3c": Stored(HASH, 1)}, {}])
def test_what_a_backup_writes_is_read_again(tmp_path, papers):
    assert read_manifest(written(tmp_path, papers=papers)).papers == papers


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "a//b", "", ".", "..", "a/", "a\n"])
@pytest.mark.parametrize("kind", ["papers", "keys"])
def test_a_file_that_would_lie_elsewhere_is_refused_by_its_name(tmp_path, kind, name):
    with pytest.raises(BackupRefused, match="names a file that no backup has"):
        read_manifest(written(tmp_path, **{kind: {name: Stored(HASH, 1)}}))


@pytest.mark.parametrize("hash", ["", "../../secret", HASH.upper(), HASH[:-1]])
def test_what_is_no_hash_is_looked_up_nowhere(tmp_path, hash):
    with pytest.raises(BackupRefused, match="names a file that no backup has"):
        read_manifest(written(tmp_path, papers={"sealed/0f3c": Stored(hash, 1)}))
