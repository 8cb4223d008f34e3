"""How are accounts and transfers called? In the reader's language."""

from flask_babel import lazy_gettext as _l

ACCOUNTS = {
    "source": _l("Source"),
    "available": _l("Available"),
    "reserved": _l("Reserved"),
    "committed": _l("Committed"),
    "payable": _l("Payable"),
    "transit": _l("In transit"),
    "paid": _l("Paid"),
    "returned": _l("Returned"),
}

CODES = {
    "APPROPRIATE": _l("Budget changed"),
    "RESERVE": _l("Call published"),
    "COMMIT": _l("Contract signed"),
    "ACCRUE": _l("Payment approved"),
    "INSTRUCT": _l("Instruction sent"),
    "SETTLE": _l("Arrived"),
    "BOUNCE": _l("Came back from the bank"),
    "RETURN": _l("Refunded by the organization"),
    "RELEASE": _l("Released"),
    "REVERSE": _l("Correction"),
}
