"""Which papers are there, where do they stand, and who may read them? Nothing here writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Select, column, exists, func, or_, select, table
from sqlalchemy.dialects.postgresql import TIMESTAMP, distinct_on

from app.access.models import Person
from app.access.nodes import AnySession
from app.access.reach import Holding, holdings, visible_by
from app.access.roles import ORGANIZATION_ROLES
from app.documents.models import CaseDocument, Document

# Named, not imported: cases stand above documents.
_cases = table(
    "cases", column("id", BigInteger), column("organization_id", BigInteger), column("node_id", BigInteger),
    column("sealed", Boolean),
)
_history = table(
    "history",
    column("case_id", BigInteger),
    column("sequence"),
    column("at", TIMESTAMP(timezone=True)),
    column("person_id", BigInteger),
)


@dataclass(frozen=True)
class Standing:
    """A paper in a slot of a case: which move put it there, when, by whom; `current`: none came after it."""

    slot: str
    sequence: int
    at: datetime
    by: str | None
    current: bool
    document: Document


@dataclass(frozen=True)
class Reusable:
    """A paper that may be referred to again; `same_slot` if it stood in the asked slot before."""

    document: Document
    same_slot: bool


def documents_of_case(session: AnySession, case_id: int) -> list[Standing]:
    """Return what stands in the case's slots, in the order in which it came. One query."""
    latest = func.max(CaseDocument.sequence).over(partition_by=CaseDocument.slot)
    query = (
        select(
            CaseDocument.slot,
            CaseDocument.sequence,
            _history.c.at,
            Person.name,
            (CaseDocument.sequence == latest).label("current"),
            Document,
        )
        .join(Document, Document.id == CaseDocument.document_id)
        .join(
            _history,
            (_history.c.case_id == CaseDocument.case_id) & (_history.c.sequence == CaseDocument.sequence),
        )
        .outerjoin(Person, Person.id == _history.c.person_id)
        .where(CaseDocument.case_id == case_id)
        .order_by(CaseDocument.sequence, CaseDocument.slot, Document.id)
    )
    return [Standing(*row) for row in session.execute(query)]


def filled_slots(session: AnySession, case_id: int) -> frozenset[str]:
    """Return the slots of the case in which some paper stands."""
    query = select(CaseDocument.slot).where(CaseDocument.case_id == case_id).distinct()
    return frozenset(session.scalars(query))


def reusable_documents(
    session: AnySession,
    organization_id: int,
    *,
    slot: str | None = None,
    media: Iterable[str] = (),
    name_contains: str = "",
    limit: int = 20,
) -> list[Reusable]:
    """Return papers of the organization to pick from: those that stood in this slot first, then the newest.

    The same bytes are offered once. `media` limits to what the slot takes. One query.
    """
    stood = exists().where(CaseDocument.document_id == Document.id, CaseDocument.slot == (slot or ""))
    newest = (
        select(Document.id, stood.label("same_slot"))
        .where(Document.organization_id == organization_id)
        .ext(distinct_on(Document.sha256))
        .order_by(Document.sha256, stood.desc(), Document.id.desc())
    )
    if types := list(media):
        newest = newest.where(Document.media_type.in_(types))
    if name_contains:
        newest = newest.where(Document.name.icontains(name_contains, autoescape=True))
    picked = newest.subquery()
    query = (
        select(Document, picked.c.same_slot)
        .join(picked, picked.c.id == Document.id)
        .order_by(picked.c.same_slot.desc(), Document.id.desc())
        .limit(limit)
    )
    return [Reusable(*row) for row in session.execute(query)]


def may_read(session: AnySession, person_id: int, document_id: int, on: date) -> bool:
    """Tell whether the person may read the paper today. Knowing its hash or number gives no right.

    Yes for who acts for the organization whose paper it is, for who sees a case in which it stands, and for
    who uploaded a paper that belongs to no organization (yet).
    """
    held = holdings(session, person_id, on)
    return session.scalar(_readable(held, person_id).where(Document.id == document_id)) is not None


def readable_document(
    session: AnySession, held: Iterable[Holding], person_id: int, document_id: int
) -> Document | None:
    """Return the paper if who holds this may read it; None as well if there is no such paper. One query."""
    return session.scalars(_readable(held, person_id).where(Document.id == document_id)).one_or_none()


def may_upload_for(held: Iterable[Holding], organization_id: int) -> bool:
    """Tell whether who holds this may hand papers in for the organization."""
    return organization_id in _organizations_of(held)


def genuine(session: AnySession, verification_code: str) -> Document | None:
    """Return the issued paper that bears this verification code, however it was typed, or None."""
    plain = "".join(sign for sign in verification_code.upper() if sign.isascii() and sign.isalnum())
    # The alphabet of codes leaves out what people confuse.
    plain = plain.translate(str.maketrans("OIL", "011"))
    if len(plain) != 12:
        return None
    code = "-".join((plain[:4], plain[4:8], plain[8:]))
    return session.scalars(select(Document).where(Document.verification_code == code)).one_or_none()


def _readable(held: Iterable[Holding], person_id: int) -> Select[Document]:
    held = tuple(held)
    in_a_visible_case = (
        select(CaseDocument.document_id)
        .join(_cases, _cases.c.id == CaseDocument.case_id)
        .where(CaseDocument.document_id == Document.id, visible_by(held, _cases.c))
        .exists()
    )
    own_and_nobodys = (
        Document.organization_id.is_(None) & (Document.uploaded_by == person_id) & Document.issued.is_(False)
    )
    return select(Document).where(
        or_(Document.organization_id.in_(sorted(_organizations_of(held))), in_a_visible_case, own_and_nobodys)
    )


def _organizations_of(held: Iterable[Holding]) -> set[int]:
    return {
        holding.organization_id
        for holding in held
        if holding.organization_id is not None
        and holding.case_id is None
        and holding.role in ORGANIZATION_ROLES
    }
