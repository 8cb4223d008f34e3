"""What is a case called, in the language of who reads the page?"""

from typing import Protocol

from app.language import current_locale
from workflows.subjects import said


class Called(Protocol):
    """Anything that knows kind, subject and number of a case: the case itself, or a row of a list."""

    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def number(self) -> str: ...


def title_of_case(case: Called) -> str:
    """Return the subject of the case in the reader's language; its number where it has none."""
    return said(case.kind, case.subject, current_locale()) or case.number
