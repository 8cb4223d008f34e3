"""What is a line of a statement called, and why is it not what one hoped for? In the reader's language."""

from flask_babel import lazy_gettext as _l

from app.payments.queries import LineRow

OUTCOMES = {
    "matched": _l("Arrived"),
    "rejected": _l("Came back"),
    "amount_differs": _l("Amount differs"),
    "unknown": _l("Unknown"),
}
INSTRUCTION_OUTCOMES = {"settled": _l("arrived"), "rejected": _l("came back")}
TONES = {"matched": "green", "rejected": "amber", "amount_differs": "red", "unknown": ""}
REASONS = {
    "amount_differs": _l("The amount is not that of the instruction. Ask the bank."),
    "no_instruction": _l("The remark carries no instruction number."),
    "instruction_not_ours": _l("No instruction has this number."),
    "answered_before": _l("The bank answered this instruction before. Find out whether it was paid twice."),
    "twice_in_file": _l("A second line for the same instruction. Find out whether it was paid twice."),
    "came_back": _l("It came back in the same statement, so it never arrived."),
}
NOT_BOOKED = _l("It fits an instruction, but the payment was not moved. See the case, or ask who reaches it.")


def reason_of(line: LineRow) -> str:
    """Return why a line is odd, in words; empty where nothing is."""
    if line.outcome in ("matched", "rejected") and not line.proven and line.reason != "came_back":
        return str(NOT_BOOKED)
    return str(REASONS[line.reason]) if line.reason else ""

CAUSES = {
    "evaluation": _l("Evaluation or acceptance is late"),
    "invoice": _l("Nobody has asked for it with an invoice"),
    "organization": _l("Waits for the organization"),
    "buyer": _l("The buyer's check is late"),
    "treasury": _l("Waits for finance, cashier or bank"),
}
"""Why an instalment is late."""
