"""What may features above do with papers? Issue one within a move."""

from datetime import datetime
from typing import Any

from app.access.nodes import AnySession
from app.documents.folder import documents_folder
from app.documents.letters import (
    PDF,
    AcceptanceData,
    CertificateData,
    ConclusionData,
    CorrectionData,
    GrantData,
    RefusalData,
    VoucherData,
    acceptance_pdf,
    certificate_pdf,
    conclusion_pdf,
    correction_pdf,
    grant_pdf,
    payment_voucher_pdf,
    refusal_pdf,
    verification_code,
)
from app.documents.models import Document
from app.documents.store import keep_issued

Paper = (
    CertificateData | AcceptanceData | CorrectionData | RefusalData | GrantData | ConclusionData | VoucherData
)
_MAKERS: dict[type, Any] = {
    CertificateData: certificate_pdf,
    AcceptanceData: acceptance_pdf,
    CorrectionData: correction_pdf,
    RefusalData: refusal_pdf,
    GrantData: grant_pdf,
    ConclusionData: conclusion_pdf,
    VoucherData: payment_voucher_pdf,
}


def issue(
    session: AnySession,
    paper: Paper,
    *,
    name: str,
    organization_id: int | None,
    person_id: int | None,
    now: datetime,
) -> Document:
    """Make the paper as a PDF, keep it and return its flushed row: `move.attach(slot, row.id, row.sha256)`.

    Part of the caller's transaction. The same data at the same time always gives the same bytes.
    """
    return keep_issued(
        session,
        _MAKERS[type(paper)](paper, now),
        folder=documents_folder(),
        name=name,
        media_type=PDF,
        organization_id=organization_id,
        person_id=person_id,
        now=now,
        verification_code=verification_code(paper),
    )
