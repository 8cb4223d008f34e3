"""What does the store keep, and what does it leave behind when something goes wrong?"""

import hashlib
import io
import os
import stat
import threading
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.documents.limits import Limits
from app.documents.models import Document
from app.documents.refusals import UploadRefused
from app.documents.store import keep_issued, open_content, path_of, receive, sweep
from app.extensions import db
from tests.builders_access import a_bare_organization, a_person, a_place
from tests.builders_papers import a_pdf

PDF = a_pdf()
HASH = hashlib.sha256(PDF).hexdigest()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


@pytest.fixture
def person_id(session):
    return a_person(session).id


def files_in(folder):
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    )


def taken(session, folder, person_id, now, *, content=PDF, name="验资报告.pdf", **more):
    more = {"organization_id": None, **more}
    return receive(
        session, io.BytesIO(content), folder=folder, filename=name, person_id=person_id, now=now, **more
    )


def test_a_file_lies_under_its_hash_and_the_row_has_its_name(session, folder, person_id, now):
    document = taken(session, folder, person_id, now, name="C:\\tmp\\验资\u202e报告.pdf")
    session.commit()

    assert files_in(folder) == [f"{HASH[:2]}/{HASH[2:4]}/{HASH}"]
    assert path_of(folder, HASH).read_bytes() == PDF
    assert stat.S_IMODE(path_of(folder, HASH).stat().st_mode) == 0o440
    row = session.execute(select(Document)).scalar_one()
    assert (
        row.id,
        row.sha256,
        row.size,
        row.media_type,
        row.name,
        row.uploaded_by,
        row.uploaded_at,
        row.issued,
    ) == (
        document.id,
        HASH,
        len(PDF),
        "application/pdf",
        "验资报告.pdf",
        person_id,
        now,
        False,
    )
    with open_content(folder, row) as content:
        assert content.read() == PDF


def test_the_same_bytes_are_stored_once_under_two_names(session, folder, person_id, now):
    first = taken(session, folder, person_id, now, name="a.pdf")
    inode = path_of(folder, HASH).stat().st_ino
    second = taken(session, folder, person_id, now, name="b.pdf")
    session.commit()

    assert first.id != second.id
    assert (first.sha256, second.sha256) == (HASH, HASH)
    assert files_in(folder) == [f"{HASH[:2]}/{HASH[2:4]}/{HASH}"]
    assert path_of(folder, HASH).stat().st_ino == inode


@pytest.mark.parametrize(
    ("content", "name", "limits", "code"),
    [
        (b"", "a.pdf", Limits(), "empty"),
        (b"MZ", "a.pdf", Limits(), "content_differs"),
        (PDF, "a.exe", Limits(), "type_not_taken"),
        (PDF, "a.pdf", Limits(file_bytes=len(PDF) - 1), "too_large"),
        (PDF, "a.pdf", Limits(organization_bytes=len(PDF) - 1), "quota"),
    ],
)
def test_a_refused_file_leaves_no_row_and_no_file(
    session, folder, person_id, now, content, name, limits, code
):
    with pytest.raises(UploadRefused) as caught:
        taken(session, folder, person_id, now, content=content, name=name, limits=limits)

    assert caught.value.code == code
    assert caught.value.status == (413 if code == "too_large" else 422)
    assert files_in(folder) == []
    assert session.scalars(select(Document)).all() == []


def test_an_upload_that_breaks_off_leaves_no_row_and_no_file(session, folder, person_id, now):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            if self.tell_count:
                raise ConnectionResetError
            self.tell_count = True
            return PDF

        tell_count = False

    with pytest.raises(ConnectionResetError):
        receive(
            session,
            Broken(),
            folder=folder,
            filename="a.pdf",
            organization_id=None,
            person_id=person_id,
            now=now,
        )

    assert files_in(folder) == []
    assert session.scalars(select(Document)).all() == []


def test_a_row_that_the_database_refuses_leaves_no_file(session, folder, person_id, now):
    session.commit()

    with pytest.raises(IntegrityError):
        taken(session, folder, person_id, now, organization_id=987654)
    session.rollback()

    assert files_in(folder) == []
    assert session.scalars(select(Document)).all() == []


def test_a_refused_row_does_not_take_the_file_of_an_earlier_one_away(session, folder, person_id, now):
    taken(session, folder, person_id, now)
    session.commit()

    with pytest.raises(IntegrityError):
        taken(session, folder, person_id, now, organization_id=987654)
    session.rollback()

    assert path_of(folder, HASH).read_bytes() == PDF


def test_a_declared_size_over_the_limit_is_refused_before_a_byte_is_read(session, folder, person_id, now):
    class Untouched:
        def read(self, size=-1, /):
            raise AssertionError("read")

    with pytest.raises(UploadRefused) as caught:
        receive(
            session,
            Untouched(),
            folder=folder,
            filename="a.pdf",
            organization_id=None,
            person_id=person_id,
            now=now,
            declared_size=999,
            limits=Limits(file_bytes=998),
        )

    assert (caught.value.code, caught.value.status) == ("too_large", 413)


def test_a_gigabyte_that_never_ends_costs_a_few_blocks_of_memory_and_no_disk(session, folder, person_id, now):
    class Endless:
        given = 0

        def read(self, size=-1, /):
            self.given += size
            return b"\0" * size

    stream = Endless()
    tracemalloc.start()
    with pytest.raises(UploadRefused):
        receive(
            session,
            stream,
            folder=folder,
            filename="a.pdf",
            organization_id=None,
            person_id=person_id,
            now=now,
        )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert stream.given <= 20 * 1024 * 1024 + 2 * 256 * 1024
    assert peak < 4 * 1024 * 1024
    assert files_in(folder) == []


def test_one_organization_does_not_use_up_the_room_of_another(session, folder, person_id, now):
    first = a_bare_organization(session, a_place(session, "110102", "甲", kind="organization"))
    second = a_bare_organization(session, a_place(session, "110105", "乙", kind="organization"))
    limits = Limits(organization_bytes=len(PDF) + 1)
    taken(session, folder, person_id, now, organization_id=first, limits=limits)

    with pytest.raises(UploadRefused) as caught:
        taken(session, folder, person_id, now, organization_id=first, limits=limits)

    assert caught.value.code == "quota"
    assert (
        taken(session, folder, person_id, now, organization_id=second, limits=limits).organization_id
        == second
    )


def test_ten_at_once_with_the_same_bytes_all_have_their_file(app, session, folder, person_id, now):
    session.commit()
    failures = []

    def one():
        with app.app_context():
            try:
                taken(db.session, folder, person_id, now)
                db.session.commit()
            except Exception as failure:
                failures.append(failure)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(session.scalars(select(Document)).all()) == 10
    assert files_in(folder) == [f"{HASH[:2]}/{HASH[2:4]}/{HASH}"]


def test_an_issued_paper_needs_no_person_and_bears_its_code(session, folder, now):
    document = keep_issued(
        session,
        PDF,
        folder=folder,
        name="登记证书.pdf",
        media_type="application/pdf",
        organization_id=None,
        person_id=None,
        now=now,
        verification_code="AAAA-BBBB-CCCC",
    )
    session.commit()

    assert (document.issued, document.uploaded_by, document.verification_code) == (
        True,
        None,
        "AAAA-BBBB-CCCC",
    )


def test_the_database_refuses_an_upload_by_nobody(session, now):
    session.add(
        Document(
            sha256=HASH, size=1, media_type="text/plain", name="a.txt", uploaded_by=None, uploaded_at=now
        )
    )
    with pytest.raises(IntegrityError, match="uploaded_by_somebody"):
        session.flush()


def test_rows_of_papers_are_never_changed_by_the_application(session, folder, person_id, now):
    taken(session, folder, person_id, now)
    session.commit()

    for statement in (
        "UPDATE documents SET name = 'x.pdf'",
        "DELETE FROM documents",
        "DELETE FROM case_documents",
    ):
        with pytest.raises(Exception, match="permission denied"):
            session.execute(text(statement))
        session.rollback()


def test_the_sweeper_takes_old_orphans_and_nothing_else(session, folder, person_id, now):
    taken(session, folder, person_id, now)
    session.commit()
    taken(session, folder, person_id, now, content=a_pdf(b"lost\n"))
    session.rollback()
    taken(session, folder, person_id, now, content=a_pdf(b"lost just now\n"))
    session.rollback()
    (folder / "tmp" / "cut").write_bytes(b"x")
    old = (datetime.now(UTC) - timedelta(hours=25)).timestamp()
    young = hashlib.sha256(a_pdf(b"lost just now\n")).hexdigest()
    for path in folder.rglob("*"):
        if path.is_file() and path.name != young:
            os.utime(path, (old, old))

    removed = sweep(session, folder=folder, now=datetime.now(UTC))

    assert removed == 2
    assert files_in(folder) == sorted(f"{name[:2]}/{name[2:4]}/{name}" for name in (HASH, young))
