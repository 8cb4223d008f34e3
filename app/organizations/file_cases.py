"""How does a case stand, in a file's few words?"""

from flask_babel import gettext as _

from app.cases.models import Case
from app.language import localized
from workflows.loader import library

TONES = {"success": "green", "failure": "red"}


def state_of(case: Case) -> tuple[str, str]:
    """Return the title of a case's state and its tone."""
    state = library().exact(case.kind, case.place, case.version, case.legal_class).states[case.state or ""]
    return localized(state.title), TONES.get(state.outcome or "", "blue")


def kind_of(case: Case) -> str:
    """Return the title of a case's kind."""
    return localized(library().exact(case.kind, case.place, case.version, case.legal_class).title)


def sealed_words(case: Case) -> str | None:
    """Return what is to be said of a sealed case, which only its own organization can be reading; else None."""
    return _("sealed until the opening") if case.sealed else None
