"""What did an organization sign, and which money has reached it? For its own people and the offices that pay."""

from itertools import groupby

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from app.access.nodes import AnySession
from app.formats import day, money
from app.organizations.file import Entry, Part, Reader, Step, file_part
from app.payments.models import BankLine, Payment, PaymentInstruction
from app.payments.queries import InstalmentStanding, instalment_standings
from app.purchasing.models import Contract, Instalment
from app.purchasing.queries import visible_contracts
from workflows.rules.working_days import local_day


@file_part("contracts", "projects", 3)
def contracts(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return its visible contracts, each with its instalments and how they stand. One query."""
    rows = instalment_standings(session, organization_id, visible_contracts(reader.held, organization_id))
    entries = tuple(
        _contract(list(parts), reader.own) for _number, parts in groupby(rows, key=lambda one: one.part.contract_id)
    )
    if not entries and not reader.own:
        return None
    return Part(_("Contracts"), _("It has signed no contract."), entries)


def _contract(parts: list[InstalmentStanding], own: bool) -> Entry:
    first = parts[0]
    return Entry(
        first.part.title, f"/contracts/{first.part.contract_id}", number=first.part.number,
        amount_fen=first.contract_fen, note=_("signed on %(day)s", day=day(first.signed_on)),
        below=tuple(_instalment(part, own) for part in parts),
    )


def _instalment(standing: InstalmentStanding, own: bool) -> Entry:
    part = standing.part
    state, tone = _("not applied for"), ""
    if standing.number:
        state, tone = (_("paid"), "green") if standing.settled else (_("under way"), "blue")
    address = f"/apply/payment?organization={part.organization_id}&instalment={part.instalment_id}"
    return Entry(
        _("Instalment %(n)s", n=part.position), f"/cases/{standing.number}" if standing.number else None,
        number=standing.number, note=part.condition, state=state, tone=tone, amount_fen=part.amount_fen,
        step=Step(_("Apply"), address) if own and standing.number is None else None,
    )


@file_part("received", "money", 1)
def received(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return the payments on visible contracts that a bank line proved, the newest first, and their sum. One query."""
    query = (
        select(
            Contract.id, Contract.title, Instalment.position, PaymentInstruction.instruction_no,
            PaymentInstruction.amount_fen, PaymentInstruction.outcome_at, BankLine.booked_on,
        )
        .join(Payment, Payment.case_id == PaymentInstruction.case_id)
        .join(Instalment, Instalment.id == Payment.instalment_id)
        .join(Contract, Contract.id == Instalment.contract_id)
        .outerjoin(BankLine, BankLine.id == PaymentInstruction.bank_line_id)
        .where(Contract.organization_id == organization_id, PaymentInstruction.outcome == "settled",
               visible_contracts(reader.held, organization_id))
        .order_by(PaymentInstruction.id.desc())
    )
    entries = tuple(
        Entry(
            row.title, f"/contracts/{row.id}", number=row.instruction_no, amount_fen=row.amount_fen,
            note=_("Instalment %(n)s", n=row.position), from_on=row.booked_on or local_day(row.outcome_at),
        )
        for row in session.execute(query)
    )
    if not entries and not reader.own:
        return None
    total = sum(entry.amount_fen or 0 for entry in entries)
    words = ngettext("%(num)d payment", "%(num)d payments", len(entries))
    step = Step(_("What can be applied for"), "#projects")
    return Part(_("Money received"), _("No payment has reached it yet."), entries,
                note=f"{words} · {money(total)}" if entries else None, step=step if reader.own else None)
