"""What are stages and conditions called? In the reader's language."""

from flask_babel import lazy_gettext as _l

STAGES = {"mid": _l("Mid-term"), "final": _l("Final")}
CAPPED = {
    "sample": _l("capped: too few ratings"),
    "response": _l("capped: too low a response rate"),
}
WAITS_FOR = {
    "none": _l("nothing"),
    "report": _l("its stage report"),
    "mid_evaluation": _l("the mid-term evaluation"),
    "final_evaluation": _l("the final evaluation"),
    "acceptance": _l("acceptance"),
    "closed": _l("nothing more: the contract is closed"),
}
