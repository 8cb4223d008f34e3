"""What is a case called? Names stay as they are; what a definition's words say is said in the reader's language."""

from collections.abc import Mapping

from workflows.definition import Text
from workflows.kinds.annual_report import subject_words as years_reported
from workflows.kinds.deregistration import GROUNDS as ENDS
from workflows.kinds.registration_change import subject_words
from workflows.kinds.restriction import GROUNDS, title_of

BETWEEN = " · "
WORDS: Mapping[str, tuple[Text, ...]] = {
    "restriction": tuple(title_of(ground) for ground in GROUNDS),
    "registration_change": subject_words(),
    "deregistration": tuple(ENDS.values()),
    "annual_report": years_reported(),
}
"""Per kind the words that its subjects may end with; a subject is kept, and searched, in Chinese."""


def named(*parts: str) -> str:
    """Return the subject of a case from its parts, such as who applies, and where or for what."""
    return BETWEEN.join(part for part in parts if part)


def said(kind: str, subject: str, locale: str) -> str:
    """Return the subject of a case of that kind for readers of `locale`."""
    if locale.startswith("zh"):
        return subject
    for words in WORDS.get(kind, ()):
        if subject.endswith(words.zh):
            return subject.removesuffix(words.zh) + words.localized(locale)
    return subject
