"""Writing bundles: an ordinary zip with one spelling, in constant memory."""

import io
import tracemalloc
import zipfile
from hashlib import sha256

import pytest

from app.audit import layout
from app.audit.bundle_format import BundleError, write_bundle
from app.audit.verify import verify
from tests.builders_bundle import FIRST_MOVE, ORIGIN, case_members, packed


def test_zipfile_reads_what_we_write_and_writes_the_same(log):
    bundle = packed(log, case_members(log))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as old, zipfile.ZipFile(out, "w") as new:
        assert old.testzip() is None
        for info in old.infolist():
            new.writestr(info, old.read(info))

    assert out.getvalue() == bundle


def test_members_beyond_four_gigabytes_are_laid_out_as_zipfile_expects(tmp_path):
    path, size = tmp_path / "large.zip", 5 * 2**30
    with path.open("wb") as sparse:
        for _, offset, around in layout.layout([("large", size, 1), ("small", 3, 2)]):
            sparse.seek(offset)
            sparse.write(around)

    with zipfile.ZipFile(path) as opened:
        found = [(info.filename, info.file_size, info.header_offset) for info in opened.infolist()]

    assert found == [("large", size, 0), ("small", 3, 30 + 5 + 20 + size)]


def test_writing_and_verifying_large_members_takes_constant_memory(tmp_path, log):
    large = tmp_path / "large.pdf"
    with large.open("wb") as sparse:
        sparse.truncate(48 * 2**20)
    bundle = tmp_path / "bundle.zip"
    sha = sha256(large.read_bytes()).hexdigest()

    tracemalloc.start()
    with bundle.open("wb") as out:
        members = [*case_members(log).items(), (f"documents/{sha}.pdf", large)]
        length = write_bundle(
            out,
            members,
            sign=log.key.sign,
            scope={"kind": "case", "cases": ["FK-1", "FK-2"]},
            origin=ORIGIN,
            public_key=log.public_key,
            made_at=FIRST_MOVE,
            software="shuniu test",
        )
    report = verify(str(bundle), log.public_key)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert report.problems == []
    assert length == bundle.stat().st_size
    assert peak < 12 * 2**20


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../up", "a/../b", "文件.txt", "a b", "manifest.json", "README.txt"]
)
def test_a_member_with_an_odd_name_or_there_twice_is_not_written(log, name):
    members = [*case_members(log).items(), (name, b"")]

    with pytest.raises(BundleError):
        write_bundle(
            io.BytesIO(),
            members,
            sign=log.key.sign,
            scope={},
            origin=ORIGIN,
            public_key=log.public_key,
            made_at=FIRST_MOVE,
            software="",
        )


def test_a_file_that_changes_while_it_is_written_spoils_the_bundle(log, tmp_path):
    growing = tmp_path / "growing"
    growing.write_bytes(b"as measured")

    def sign(manifest: bytes) -> bytes:
        growing.write_bytes(b"something else")
        return log.key.sign(manifest)

    with pytest.raises(BundleError):
        write_bundle(
            io.BytesIO(),
            [("growing", growing)],
            sign=sign,
            scope={},
            origin=ORIGIN,
            public_key=log.public_key,
            made_at=FIRST_MOVE,
            software="",
        )
