"""How do the codes of the register read for people? Lazy words, in the reader's language."""

from flask_babel import lazy_gettext as _l

LEGAL_TYPE = {
    "social_service": _l("Social service organization"),
    "association": _l("Association"),
    "foundation": _l("Foundation"),
    "other": _l("Other organization"),
}
STANDING = {
    "registered": _l("Registered"),
    "entry_from_decision": _l("Register entry from decision"),
    "known_from_decision": _l("Known from decision"),
    "known_from_list": _l("Known from list"),
    "in_preparation": _l("In preparation"),
    "ended": _l("No longer registered"),
}
STANDING_TONE = {
    "registered": "green", "entry_from_decision": "green", "known_from_decision": "amber",
    "known_from_list": "amber", "in_preparation": "blue", "ended": "grey",
}
RESTRICTION = {
    "dissolving": _l("Frozen: it is being dissolved"),
    "abnormal": _l("Frozen: on the list of abnormal activity"),
    "dishonest": _l("Frozen: on the list of grave dishonesty"),
}
STANDING_NOTE = {
    "registered": _l("The registration is in force."),
    "entry_from_decision": _l("A published change decision shows that it was registered, not since when."),
    "known_from_decision": _l("Only a decision names it; nothing here proves a registration."),
    "known_from_list": _l("Only a published list names it; nothing here proves a registration."),
    "in_preparation": _l("It prepares its registration."),
    "ended": _l("Its registration has ended."),
}
SOURCE = {
    "case": _l("registered here"),
    "certificate": _l("entered from the certificate"),
    "establishment_decision": _l("from a published establishment decision"),
    "change_decision": _l("from a published change decision"),
}
CATEGORY = {
    "establishment": _l("Establishment decision"),
    "change": _l("Change decision"),
    "cancellation": _l("Cancellation decision"),
    "recognition": _l("Recognition decision"),
    "penalty": _l("Penalty decision"),
    "other": _l("Other decision"),
}
UNGRADED = _l("no grade")


def grade_words(grade: str) -> str:
    """Return a grade as people read it."""
    return str(UNGRADED) if grade == "none" else grade
