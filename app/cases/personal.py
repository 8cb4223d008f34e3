"""Which personal values were handed in with a case? Kept beside the history, which holds their commitments only."""

from dataclasses import dataclass
from typing import Any

from marshmallow import fields
from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.kinds import input_of

VALUES = text("""
SELECT p.sequence, p.path, p.value, h.trigger, c.legal_class FROM personal_values p
  JOIN history h ON h.case_id = p.case_id AND h.sequence = p.sequence
  JOIN cases c ON c.id = p.case_id
 WHERE p.case_id = :case ORDER BY p.sequence, p.path
""")


@dataclass(frozen=True)
class PersonalField:
    """A personal value with the label of its field and the move it came with."""

    sequence: int
    label: str
    value: str


def personal_fields(session: AnySession, kind: str, case_id: int) -> list[PersonalField]:
    """Return the personal values of a case that were not erased. One query. The caller masks them or asks why."""
    return [
        PersonalField(row.sequence, _label(kind, row.trigger, row.legal_class, row.path), str(row.value))
        for row in session.execute(VALUES, {"case": case_id})
    ]


def _label(kind: str, trigger: str, legal_class: str | None, path: str) -> str:
    """Return the label of a dotted path such as founders.0.name: of the row's field, with the row's number."""
    schema_type = input_of(kind, trigger, legal_class)
    name, _, rest = path.partition(".")
    field: Any = schema_type().fields.get(name) if schema_type else None
    label = str(field.metadata.get("label", name)) if field is not None else name
    if not rest or not isinstance(field, fields.List):
        return label
    number, _, column = rest.partition(".")
    inner = field.metadata["row"]().fields.get(column)
    return f"{label} {int(number) + 1} · {inner.metadata.get('label', column) if inner is not None else column}"
