"""Which papers does a registration issue, and what do they say?"""

from datetime import date, datetime, timedelta

from sqlalchemy import text

from app.cases.facts import definition_of
from app.cases.move import Move
from app.documents.folder import letterhead
from app.documents.letters import (
    AcceptanceData,
    CertificateData,
    ConclusionData,
    CorrectionData,
    GrantData,
    Head,
    RefusalData,
    certificate_title,
)
from app.documents.steps import Paper, issue
from app.organizations.divisions import registrar_of
from app.organizations.models import Registration
from app.organizations.steps import registrar_place
from workflows.rules.working_days import deadline, local_day, official_calendar

RECEIVED = text("""
SELECT d.slot, min(h.at) AS at FROM case_documents d
  JOIN history h ON h.case_id = d.case_id AND h.sequence = d.sequence
 WHERE d.case_id = :case GROUP BY d.slot
""")


def authority_of(move: Move) -> str:
    """Return the name of the registrar where the case happens."""
    place = registrar_place(move.session, move.case.node_id)
    assert place is not None and place.code is not None
    return registrar_of(place.code) or place.name_zh


def issue_acceptance(
    move: Move, applicant: str, *, contact: str, limit: str = "decision", promise: str | None = None
) -> None:
    """Issue the notice of acceptance: what was received, and until when the authority decides (names of clocks)."""
    head = _head(move)
    _issue(move, "acceptance_notice", "受理通知书", AcceptanceData(
        head=head, applicant=applicant, matter=_matter(move), applied_on=local_day(move.case.opened_at),
        decide_by=_due(move, limit), promised_by=_due(move, promise) if promise else None,
        contact=contact or head.authority, documents=_received(move),
    ))


def issue_correction(move: Move, applicant: str, *, legal_basis: str = CorrectionData.legal_basis) -> None:
    """Issue the notice of everything to correct."""
    _issue(move, "correction_notice", "补正告知书", CorrectionData(
        head=_head(move), applicant=applicant, matter=_matter(move),
        applied_on=local_day(move.case.opened_at), reply_by=_due(move, "correction_reply"),
        items=tuple((item["what"], f"{item['wrong']} {item['mend']}") for item in move.data["items"]),
        contact=move.data["contact"], legal_basis=legal_basis,
    ))


def issue_refusal(move: Move, applicant: str, *, accepted: bool, granted: str = "登记") -> None:
    """Issue the decision not to accept, or not to grant."""
    reasons = tuple(line.strip() for line in move.data["reasons"].splitlines() if line.strip())
    right_authority = move.data.get("correct_authority")
    if right_authority:
        reasons += (f"请向{right_authority}申请。",)
    name = f"不予{granted if accepted else '受理'}决定书"
    _issue(move, "decision", name, RefusalData(
        head=_head(move, move.data["document_number"]), applicant=applicant,
        matter=_matter(move), applied_on=local_day(move.case.opened_at), accepted=accepted, reasons=reasons,
        review_authority=move.data["review_authority"], court=move.data["court"],
    ))


def issue_grant(
    move: Move, applicant: str, *, granted: str, legal_basis: str, columns: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...], follows: tuple[str, ...] = (),
) -> None:
    """Issue the decision to grant what is no new registration."""
    _issue(move, "decision", f"{granted}决定书", GrantData(
        head=_head(move, move.data["document_number"]), applicant=applicant, matter=_matter(move),
        applied_on=local_day(move.case.opened_at), granted=granted, legal_basis=legal_basis, columns=columns,
        rows=rows, follows=follows,
    ))


def issue_certificate(move: Move, entry: Registration, legal_type: str) -> None:
    """Issue the certificate of what is now registered; an entry of a decision here holds all that stands on it."""
    assert entry.domicile and entry.legal_representative and entry.scope and entry.registered_on
    _issue(move, "certificate", certificate_title(legal_type), CertificateData(
        head=_head(move, move.data["document_number"]), legal_type=legal_type, name=entry.name, uscc=entry.uscc,
        domicile=entry.domicile, legal_representative=entry.legal_representative, business_scope=entry.scope,
        registered_on=entry.registered_on, fund_fen=entry.fund_fen, sponsor=entry.sponsor,
        activity_area=entry.activity_area, public_fundraising=entry.public_fundraising,
    ))


def issue_conclusion(
    move: Move, applicant: str, *, title: str, year: int, handed_in_on: date, conclusion: str, legal_basis: str,
    items: tuple[tuple[str, str], ...] = (), by: date | None = None, published: bool = True,
) -> None:
    """Issue the notice of what was concluded of an annual report, and what must be put right by when."""
    reasons = tuple(line.strip() for line in move.data["reasons"].splitlines() if line.strip())
    _issue(move, "conclusion_notice", title, ConclusionData(
        head=_head(move, move.data["document_number"]), title=title, applicant=applicant, year=year,
        handed_in_on=handed_in_on, conclusion=conclusion, legal_basis=legal_basis, reasons=reasons, items=items,
        by=by, published=published,
    ))


def _issue(move: Move, slot: str, name: str, paper: Paper) -> None:
    document = issue(
        move.session, paper, name=f"{name}.pdf", organization_id=move.case.organization_id,
        person_id=move.person_id, now=move.now,
    )
    move.attach(slot, document.id, document.sha256)


def _head(move: Move, document_number: str | None = None) -> Head:
    return letterhead(
        authority=authority_of(move), case_number=move.case.number, sequence=move.sequence,
        document_number=document_number or f"{move.case.number}-{move.sequence}",
    )


def _matter(move: Move) -> str:
    return definition_of(move.case).title.zh


def _due(move: Move, clock: str) -> date:
    """Return the last day of the clock that this very move starts."""
    number = move.facts.case.policy.number(clock)
    due: datetime = deadline(move.now, number.value, number.unit, official_calendar()).due
    return local_day(due - timedelta(seconds=1))


def _received(move: Move) -> tuple[tuple[str, date], ...]:
    at = {row.slot: row.at for row in move.session.execute(RECEIVED, {"case": move.case.id})}
    slots = definition_of(move.case).documents.values()
    return tuple((slot.title.zh, local_day(at[slot.name])) for slot in slots if slot.name in at)
