"""What must a notice know of its case? Number, titles and names, as they were when it was written."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, Row, SmallInteger, Text, column, table
from sqlalchemy.dialects.postgresql import TIMESTAMP

from workflows.definition import Text as Words
from workflows.loader import NoDefinition, library
from workflows.subjects import said

# Named, not imported: cases and organizations stand above notices.
cases = table(
    "cases",
    column("id", BigInteger),
    column("sealed", Boolean),
    column("number", Text),
    column("kind", Text),
    column("place", Text),
    column("version", SmallInteger),
    column("legal_class", Text),
    column("subject", Text),
    column("organization_id", BigInteger),
    column("node_id", BigInteger),
)
history = table(
    "history",
    column("case_id", BigInteger),
    column("sequence"),
    column("to_state", Text),
    column("person_id", BigInteger),
    column("at", TIMESTAMP(timezone=True)),
)
organizations = table("organizations", column("id", BigInteger), column("name", Text))

COLUMNS = (
    cases.c.number,
    cases.c.kind,
    cases.c.place,
    cases.c.version,
    cases.c.legal_class,
    cases.c.subject,
    history.c.to_state,
    organizations.c.name.label("organization"),
)


def words_of(row: Row[Any], locale: str) -> Mapping[str, str]:
    """Return the placeholders of a template for a row with COLUMNS, in the language of `locale`."""
    kind, state = _titles(row)
    return {
        "number": row.number,
        "subject": said(row.kind, row.subject, locale) or kind.localized(locale),
        "whose": _whose(row.organization, row.subject, locale),
        "kind": kind.localized(locale),
        "state": state.localized(locale),
        "organization": row.organization or "—",
    }


def _whose(organization: str | None, subject: str, locale: str) -> str:
    """Return the organization in brackets, and nothing where the subject names it."""
    if organization is None or organization in subject:
        return ""
    return f"（{organization}）" if locale.startswith("zh") else f" ({organization})"


def _titles(row: Row[Any]) -> tuple[Words, Words]:
    try:
        definition = library().exact(row.kind, row.place, row.version, row.legal_class)
    except NoDefinition:
        # A notice outlives the definition of a trial: then the plain names are all there is.
        return Words(row.kind, row.kind), Words(row.to_state, row.to_state)
    state = definition.states.get(row.to_state)
    return definition.title, state.title if state else Words(row.to_state, row.to_state)
