"""Which rows can be chosen, and which values fit this very payment?"""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from app.cases.kinds import choices, example
from app.cases.snapshot import CaseRow
from app.ledger.accounts import AnySession
from app.organizations.models import Organization
from app.payments.models import Payment
from app.payments.queries import fitting_lines, open_instalments
from app.purchasing.models import Contract, Instalment
from workflows.rules.money import format_yuan


@choices("instalments_open")
def instalments_open(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the instalments that the organization may ask for, by contract and position."""
    if organization_id is None:
        return []
    return [
        (
            part.instalment_id,
            _(
                "%(contract)s %(title)s: instalment %(position)s of %(of)s, %(amount)s yuan",
                contract=part.number,
                title=part.title,
                position=part.position,
                of=part.of,
                amount=format_yuan(part.amount_fen),
            ),
        )
        for part in open_instalments(session, organization_id)
    ]


@choices("own_name")
def own_name(session: AnySession, case: CaseRow | None, organization_id: int | None) -> str | None:
    """Return the applying organization's name: what nobody should have to type."""
    organization = session.get(Organization, organization_id) if organization_id is not None else None
    return organization.name if organization else None


@choices("earlier_bank")
def earlier_bank(session: AnySession, case: CaseRow | None, organization_id: int | None) -> str | None:
    """Return the bank named in the organization's newest payment; its account number is typed anew each time."""
    query = (
        select(Payment.payee_bank)
        .join(Instalment, Instalment.id == Payment.instalment_id)
        .join(Contract, Contract.id == Instalment.contract_id)
        .where(Contract.organization_id == organization_id)
        .order_by(Payment.case_id.desc())
        .limit(1)
    )
    return session.execute(query).scalar()


@choices("payment_bank_lines")
def payment_bank_lines(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the bank lines that answer the case's open instruction."""
    if case is None:
        return []
    return [
        (line.id, f"{line.booked_on:%Y-%m-%d} {line.bank_serial} {format_yuan(line.amount_fen)}")
        for line in fitting_lines(session, case.id)
    ]


@example("payment_bank_line")
def payment_bank_line(session: AnySession, case: CaseRow) -> int:
    """Return the oldest bank line that answers the case's open instruction; 1 where there is none."""
    lines = fitting_lines(session, case.id)
    return lines[0].id if lines else 1


@example("payment_amount")
def payment_amount(session: AnySession, case: CaseRow) -> Any:
    """Return the amount applied for."""
    return _payment(session, case).amount_fen


@example("payment_account_end")
def payment_account_end(session: AnySession, case: CaseRow) -> Any:
    """Return the last four digits of the payee's account."""
    return _payment(session, case).payee_account[-4:]


@example("payment_payee_account")
def payment_payee_account(session: AnySession, case: CaseRow) -> str:
    """Return an account number of the right shape; never the payee's own, which nobody sees whole."""
    return "0200001209001234"


@example("payment_invoice_no")
def payment_invoice_no(session: AnySession, case: CaseRow) -> Any:
    """Return the invoice number applied with."""
    return _payment(session, case).invoice_no


@example("payment_payee_name")
def payment_payee_name(session: AnySession, case: CaseRow) -> Any:
    """Return the payee applied for."""
    return _payment(session, case).payee_name


@example("payment_payee_bank")
def payment_payee_bank(session: AnySession, case: CaseRow) -> Any:
    """Return the bank applied with."""
    return _payment(session, case).payee_bank


def _payment(session: AnySession, case: CaseRow) -> Payment:
    row = session.get(Payment, case.id)
    assert row is not None, f"{case.number} has no payment"
    return row
