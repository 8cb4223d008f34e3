"""Papers of a bid are ciphertext from the first byte on disk; the opening makes them documents like all others."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.cases.models import Case
from app.clock import real_now
from app.documents.folder import documents_folder
from app.documents.models import CaseDocument, Document, SealedPaper
from app.documents.refusals import UploadRefused
from app.documents.sealed import UNSENT_LIVE, drafted_papers, receive_sealed, sweep_sealed
from app.documents.store import open_content, receive
from app.errors import InvalidInput, MoveRefused
from tests.builders_papers import a_pdf, with_another_byte
from tests.builders_purchasing import (
    A_BID,
    DUE,
    Bidder,
    a_bid,
    a_bidder,
    a_tender,
    moved,
    opened_package,
    state_of,
)

CANARY = b"the canary sings 777.13"


def paper(session: Any, bidder: Bidder, words: bytes = CANARY, name: str = "独有方案.pdf", form: str = "") -> int:
    kept = receive_sealed(
        session, io.BytesIO(a_pdf(words)), folder=documents_folder(), filename=name,
        organization_id=bidder.organization_id, person_id=bidder.staff.person_id, now=real_now(), form=form,
    )
    session.commit()
    return kept


def in_slot(paper_id: int, slot: str = "proposal") -> dict[str, Any]:
    return {"documents": [{"slot": slot, "document_id": paper_id}]}


def stored(words: bytes) -> list[str]:
    """Return the files of the store in which these words stand."""
    files = [path for path in Path(documents_folder()).rglob("*") if path.is_file()]
    assert files
    return [str(path) for path in files if words in path.read_bytes()]


def test_until_the_opening_a_paper_is_ciphertext_and_then_a_document_like_any_other(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    kept = paper(session, bidder)
    assert stored(CANARY) == [] and session.scalars(select(Document)).all() == []
    number = a_bid(session, tender, bidder, **in_slot(kept))
    for _ in range(2):
        a_bid(session, tender, a_bidder(session, tender.office))

    row = session.get_one(SealedPaper, kept)
    assert row.own_key is None
    assert "独有方案".encode() not in bytes(row.about)
    assert stored(CANARY) == [] and session.scalars(select(CaseDocument)).all() == []

    opened_package(session, tender)

    document = session.scalars(select(Document)).one()
    assert (document.name, document.organization_id) == ("独有方案.pdf", bidder.organization_id)
    with open_content(documents_folder(), document) as content:
        assert content.read() == a_pdf(CANARY)
    standing = session.execute(select(CaseDocument.slot, Case.number).join(Case, Case.id == CaseDocument.case_id)).all()
    assert [tuple(row) for row in standing] == [("proposal", number)]


def test_a_paper_that_was_on_file_before_is_only_named_and_the_name_is_sealed(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    document = receive(
        session, io.BytesIO(a_pdf()), folder=documents_folder(), filename="章程.pdf",
        organization_id=bidder.organization_id, person_id=bidder.staff.person_id, now=real_now(),
    )
    session.commit()
    document_id = document.id
    a_bid(session, tender, bidder, **in_slot(document_id))
    for _ in range(2):
        a_bid(session, tender, a_bidder(session, tender.office))
    assert session.scalars(select(CaseDocument)).all() == []

    opened_package(session, tender)

    assert session.scalars(select(CaseDocument.document_id)).all() == [document_id]


def test_a_bid_whose_paper_was_damaged_or_lost_is_set_aside_whole_and_stops_no_other(session):
    tender = a_tender(session)
    bids, papers = [], []
    for _ in range(3):
        bidder = a_bidder(session, tender.office)
        papers += [paper(session, bidder), paper(session, bidder, b"second")]
        both = [{"slot": "proposal", "document_id": papers[-2]}, {"slot": "joint_agreement", "document_id": papers[-1]}]
        bids.append(a_bid(session, tender, bidder, documents=both))
    changed, lost = (session.get_one(SealedPaper, papers[n]).file for n in (1, 2))
    file = documents_folder() / "sealed" / changed
    sealed = file.read_bytes()
    file.write_bytes(with_another_byte(sealed, at=len(sealed) - 1))
    (documents_folder() / "sealed" / lost).unlink()

    opened_package(session, tender)

    assert [state_of(session, number) for number in bids] == ["unreadable", "unreadable", "opened"]
    assert len(session.scalars(select(Document)).all()) == 2


def test_a_paper_is_handed_in_once_and_only_by_its_own_organization(session):
    tender = a_tender(session)
    bidder, other = a_bidder(session, tender.office), a_bidder(session, tender.office)
    kept = paper(session, bidder)

    with pytest.raises(InvalidInput) as foreign:
        a_bid(session, tender, other, **in_slot(kept))
    assert set(foreign.value.errors) == {"documents"}
    assert list(drafted_papers(session, other.organization_id, [kept])) == []
    number = a_bid(session, tender, bidder, **in_slot(kept))
    assert list(drafted_papers(session, bidder.organization_id, [kept])) == []
    with pytest.raises(InvalidInput):
        moved(session, tender.office, number, "replace", bidder.staff, **{**A_BID, **in_slot(kept)})
    moved(session, tender.office, number, "replace", bidder.staff, **{**A_BID, **in_slot(paper(session, bidder))})


def test_a_refused_bid_leaves_its_papers_with_the_draft(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    kept = paper(session, bidder)

    with pytest.raises(MoveRefused):
        a_bid(session, tender, bidder, at=DUE, **in_slot(kept))
    with pytest.raises(InvalidInput):
        a_bid(session, tender, bidder, price_fen=1, **in_slot(kept))

    found = drafted_papers(session, bidder.organization_id, [kept])[kept]
    assert (found.name, found.media_type, found.size) == ("独有方案.pdf", "application/pdf", len(a_pdf(CANARY)))


def test_a_file_is_checked_before_it_is_sealed(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    for name, content in (("方案.pdf", b"MZ no pdf"), ("方案.exe", b"MZ"), ("空.pdf", b"")):
        with pytest.raises(UploadRefused):
            receive_sealed(
                session, io.BytesIO(content), folder=documents_folder(), filename=name,
                organization_id=bidder.organization_id, person_id=bidder.staff.person_id, now=real_now(),
            )
    assert session.scalars(select(SealedPaper)).all() == []
    assert not list((documents_folder() / "sealed").glob("*"))


def test_one_form_sent_twice_keeps_its_paper_once_and_another_form_keeps_its_own(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)

    first, again, other = (paper(session, bidder, form=form) for form in ("a", "a", "b"))

    assert first == again != other


def test_only_papers_never_handed_in_are_swept_away_and_files_of_nobody(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    handed_in, left = paper(session, bidder), paper(session, bidder)
    a_bid(session, tender, bidder, **in_slot(handed_in))
    later = real_now() + UNSENT_LIVE + timedelta(days=1)

    assert sweep_sealed(session, folder=documents_folder(), now=real_now()) == 0
    assert sweep_sealed(session, folder=documents_folder(), now=later) == 1

    assert session.scalars(select(SealedPaper.id)).all() == [handed_in]
    assert left != handed_in
    assert len(list((documents_folder() / "sealed").glob("*"))) == 1
