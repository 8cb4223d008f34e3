"""Which registrations follow from the decisions that an import brought? Written for many at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from app.access.nodes import AnySession
from app.organizations.intake import batches, copy_rows
from app.organizations.standing import Published, Standing, standing_from

ORGANIZATIONS = text("SELECT id, uscc, name, former_names FROM organizations WHERE id = ANY(:ids)")
DECISIONS = text("""
SELECT organization_id, category, decided_on, authority, name_printed
  FROM register_decisions WHERE organization_id = ANY(:ids) ORDER BY id
""")
REGISTRATIONS = text("""
SELECT DISTINCT ON (organization_id)
       organization_id, id, source, known_since, registered_on, ended_on, authority, name
  FROM registrations WHERE organization_id = ANY(:ids)
 ORDER BY organization_id, ended_on IS NULL DESC, id DESC
""")
FROM_A_DECISION = text(
    "UPDATE organizations SET known_from = 'decision' WHERE id = ANY(:ids) AND known_from = 'list'"
)
RENAME = text("UPDATE organizations SET name = :name, former_names = :former_names WHERE id = :id")
RENAME_NODE = text(
    "UPDATE nodes SET name_zh = :name WHERE id = (SELECT node_id FROM organizations o WHERE o.id = :id)"
)
REVISE = text("""
UPDATE registrations SET source = :source, known_since = :known_since, registered_on = :registered_on,
       ended_on = :ended_on, authority = :authority, name = :name WHERE id = :id
""")
COLUMNS = (
    "organization_id, uscc, name, known_since, registered_on, ended_on, source, authority, entered_at"
)
OF_OUR_OWN = ("case", "certificate")


def settle(session: AnySession, organization_ids: Iterable[int], *, now: datetime) -> Counter[str]:
    """Bring the registrations of these organizations in line with all their decisions; count how each stands.

    A registration that a case or a registrar's entry made is left alone: those are nearer to the register
    than a list of decisions, and only a later case ends them.
    """
    stands: Counter[str] = Counter()
    for batch in batches(sorted(organization_ids)):
        stands += _settle(session, batch, now)
    return stands


def _settle(session: AnySession, ids: list[int], now: datetime) -> Counter[str]:
    decisions: dict[int, list[Published]] = defaultdict(list)
    for row in session.execute(DECISIONS, {"ids": ids}):
        decisions[row.organization_id].append(
            Published(row.category, row.decided_on, row.authority, row.name_printed)
        )
    registrations = {row.organization_id: row for row in session.execute(REGISTRATIONS, {"ids": ids})}
    new, revised, renamed, stands = [], [], [], Counter[str]()
    for organization in session.execute(ORGANIZATIONS, {"ids": ids}):
        standing = standing_from(decisions[organization.id])
        stored = registrations.get(organization.id)
        stands[_word(standing)] += 1
        if standing is None or (stored is not None and stored.source in OF_OUR_OWN):
            continue
        if stored is None:
            new.append((organization.id, organization.uscc, *_values(standing), now))
        elif _values(standing) != _stored_values(stored):
            revised.append({"id": stored.id, **vars(standing)})
        former = "\n".join(standing.former_names)
        if (standing.name, former) != (organization.name, organization.former_names):
            renamed.append({"id": organization.id, "name": standing.name, "former_names": former})
    copy_rows(session, "registrations", COLUMNS, new)
    for statement, rows in ((REVISE, revised), (RENAME, renamed), (RENAME_NODE, renamed)):
        if rows:
            session.execute(statement, rows)
    session.execute(FROM_A_DECISION, {"ids": ids})
    return stands


def _word(standing: Standing | None) -> str:
    if standing is None:
        return "known"
    if standing.ended_on is not None:
        return "ended"
    return "registered" if standing.source == "establishment_decision" else "entry"


def _values(standing: Standing) -> tuple[str, date, date | None, date | None, str, str]:
    return (standing.name, standing.known_since, standing.registered_on, standing.ended_on,
            standing.source, standing.authority)


def _stored_values(row: Any) -> tuple[Any, ...]:
    return (row.name, row.known_since, row.registered_on, row.ended_on, row.source, row.authority)
