"""What does each step of a payment do to contract, ledger and bank? Within the move's own transaction."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from app.cases.kinds import effect
from app.cases.move import FollowOn, Move
from app.clock import SHANGHAI
from app.errors import InvalidInput
from app.ledger import steps
from app.ledger.transfers import NotEnough, constraint_of
from app.payments.models import BankLine, Payment, PaymentInstruction
from app.payments.queries import open_instruction
from app.purchasing.contract.queries import terminated_on
from app.purchasing.contract.steps import give_back_unpaid
from app.purchasing.queries import InstalmentOfContract, instalment
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.rules.money import format_yuan

INSTRUCTION_DIGITS = 8
APPROVED = ("approved", "suspended")
"""States in which the money is payable: owed, and not on its way."""


@effect("payment", "apply")
def apply(move: Move) -> None:
    """Claim the instalment; refused if another application was faster."""
    part = instalment(move.session, move.data["instalment"])
    assert part is not None, "the guard instalment_is_open lets nothing else through"
    row = Payment(
        case_id=move.case.id,
        instalment_id=part.instalment_id,
        amount_fen=part.amount_fen,
        invoice_no=move.data["invoice_no"],
        payee_name=move.data["payee_name"],
        payee_bank=move.data["payee_bank"],
        payee_account=move.data["payee_account"],
    )
    move.session.add(row)
    move.case.subject = f"{part.title} ({part.position}/{part.of})"
    try:
        move.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_payments_instalment_claim":
            raise Refused(Reason("instalment_taken", TAKEN)) from error
        raise
    # Whoever terminates a contract locks its instalments: it has happened by now, or will see this claim.
    if terminated_on(move.session, part.contract_id) is not None:
        raise Refused(Reason("contract_terminated", TERMINATED))


TERMINATED = Text(
    "合同刚刚终止，不能再申请拨付。", "The contract has just been terminated; nothing more can be applied for."
)
TAKEN = Text(
    "这一期款项刚被另一件申请占用；请查看该件，不要重复申请。",
    "Another application has just taken this instalment; look there and do not apply twice.",
)


@effect("payment", "resubmit")
def resubmit(move: Move) -> None:
    """Take over what the applicant corrected; the amount stays what the contract says."""
    row = _payment(move)
    row.invoice_no = move.data["invoice_no"]
    row.payee_name = move.data["payee_name"]
    row.payee_bank = move.data["payee_bank"]
    row.payee_account = move.data["payee_account"]


@effect("payment", "approve")
def approve(move: Move) -> None:
    """Owe the money (committed -> payable), if what the approver typed is what was applied for."""
    row = _payment(move)
    _compare_retyped(move, row)
    part = _part(move, row)
    with _short_money_refused():
        steps.accrue(move.session, part.budget_line_id, part.number, row.amount_fen, _because(move, part))


@effect("payment", "instruct")
def instruct(move: Move) -> None:
    """Send the money on its way (payable -> transit) under an instruction number of its own."""
    row = _payment(move)
    part = _part(move, row)
    number = new_instruction_no(move)
    move.session.add(
        PaymentInstruction(
            case_id=row.case_id, instruction_no=number, amount_fen=row.amount_fen, issued_at=move.now
        )
    )
    with _short_money_refused():
        steps.instruct(
            move.session, part.budget_line_id, part.number, row.amount_fen, _because(move, part, number)
        )


@effect("payment", "settle")
def settle(move: Move) -> None:
    """The bank line proves that the money arrived: transit -> paid."""
    part, sent = _answered(move, line_outcome="matched", outcome="settled")
    with _short_money_refused():
        steps.settle(
            move.session,
            part.budget_line_id,
            part.number,
            sent.amount_fen,
            _because(move, part, sent.instruction_no),
        )


@effect("payment", "bounce")
def bounce(move: Move) -> list[FollowOn]:
    """The bank line proves that the money came back: transit -> payable; it may be sent again, if it is still owed."""
    part, sent = _answered(move, line_outcome="rejected", outcome="rejected")
    with _short_money_refused():
        steps.bounce(
            move.session,
            part.budget_line_id,
            part.number,
            sent.amount_fen,
            _because(move, part, sent.instruction_no),
        )
    return [] if move.facts.still_owed else [FollowOn("payment", "call_off", number=move.case.number)]


@effect("payment", "refuse", "withdraw", "call_off")
def free_instalment(move: Move) -> None:
    """Give the instalment free; of a terminated contract its money goes back to the budget line."""
    row = _payment(move)
    part = _part(move, row)
    held = "payable" if move.case.state in APPROVED else "committed"
    give_back_unpaid(move.session, part, row.amount_fen, _because(move, part), held=held)
    row.released_at = move.now


def new_instruction_no(move: Move) -> str:
    """Return a number for a bank's remark: ZF, the day, and digits that tell neither order nor count."""
    digits = secrets.randbelow(10**INSTRUCTION_DIGITS)
    return f"ZF{move.now.astimezone(SHANGHAI):%Y%m%d}{digits:0{INSTRUCTION_DIGITS}d}"


def _answered(
    move: Move, *, line_outcome: str, outcome: str
) -> tuple[InstalmentOfContract, PaymentInstruction]:
    """Write the bank's answer into the open instruction; the guard has proven that the line belongs to it."""
    sent = open_instruction(move.session, move.case.id)
    line = move.session.get(BankLine, move.data["bank_line"])
    assert sent is not None and line is not None, "the guard bank_line_matches lets nothing else through"
    if line.outcome != line_outcome:
        raise InvalidInput({"bank_line": [str(_l("This line says the opposite: choose the other step."))]})
    sent.outcome = outcome
    sent.outcome_at = move.now
    sent.bank_line_id = line.id
    return _part(move, _payment(move)), sent


def _compare_retyped(move: Move, row: Payment) -> None:
    mistakes: dict[str, list[str]] = {}
    if move.data["amount_fen"] != row.amount_fen:
        mistakes["amount_fen"] = [str(_l("This is not the amount applied for; compare with the invoice."))]
    if move.data["account_end"] != row.payee_account[-4:]:
        mistakes["account_end"] = [
            str(_l("These are not the account's last digits; compare with the invoice."))
        ]
    if mistakes:
        raise InvalidInput(mistakes)


def _payment(move: Move) -> Payment:
    row = move.session.get(Payment, move.case.id)
    assert row is not None, f"{move.case.number} has no payment"
    return row


def _part(move: Move, row: Payment) -> InstalmentOfContract:
    part = instalment(move.session, row.instalment_id)
    assert part is not None
    return part


def _because(move: Move, part: InstalmentOfContract, reference: str = "") -> steps.Because:
    paper = reference or f"{part.number}/{part.position}"
    return steps.Because(now=move.now, case_id=move.case.id, sequence=move.sequence, reference=paper)


@contextmanager
def _short_money_refused() -> Iterator[None]:
    """Turn NotEnough into a refusal with its reason: somebody else's payment was faster than ours."""
    try:
        yield
    except NotEnough as short:
        there = "" if short.there is None else format_yuan(short.there)
        text = Text(
            f"台账余额不足{f'，只有 {there} 元' if there else ''}；请刷新后核对预算。",
            f"The ledger does not hold enough{f', only {there} yuan' if there else ''}; reload and check.",
        )
        raise Refused(Reason("not_enough", text)) from short
