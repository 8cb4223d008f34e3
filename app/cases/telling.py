"""Who else must know? The offices that carry an organization's other open cases, when something befalls it."""

from sqlalchemy import text

from app.access.roles import PLACE_ROLES
from app.cases.move import Move

# One notice for each office and role: on the newest case that waits for it, or else that it has moved. A sealed case is
# told to nobody, for that an organization bids is not known.
TELL = text("""
INSERT INTO notices (case_id, sequence, audience_role, audience_node_id, template, created_at)
SELECT DISTINCT ON (c.node_id, r.role) c.id, c.revision, r.role, c.node_id, :template, :at
  FROM cases c
 CROSS JOIN LATERAL (
       SELECT c.waits_role AS role UNION
       SELECT h.role FROM history h WHERE h.case_id = c.id AND h.person_id IS NOT NULL) AS r
 WHERE c.organization_id = :organization AND c.id <> :case AND c.closed_at IS NULL AND NOT c.sealed
   AND c.kind <> :kind AND c.revision > 0 AND r.role = ANY(:offices)
 ORDER BY c.node_id, r.role, (c.waits_role IS NOT DISTINCT FROM r.role) DESC, c.id DESC
""")


# What other features know of who else carries an organization: (case, sequence, role, node) for :organization.
_CARRYING: list[str] = []
TELL_THEM = """
INSERT INTO notices (case_id, sequence, audience_role, audience_node_id, template, created_at)
SELECT t.case_id, t.sequence, t.role, t.node_id, :template, :at
  FROM ({carrying}) AS t (case_id, sequence, role, node_id)
"""


def carried_by(query: str) -> None:
    """Add a query of a feature: who carries an organization though no case is open, such as its hub.

    It returns (case, sequence, role, node) for :organization: the role at the node reaches that case.
    """
    _CARRYING.append(query)


def tell_offices(move: Move, template: str) -> None:
    """Write a notice of what befell the organization of this case to each office that carries another of its cases.

    Cases of the same kind are left out: who carries those knows. So is told who carries it beside its open cases.
    Part of the move's transaction.
    """
    if _CARRYING:
        carrying = text(TELL_THEM.format(carrying="\nUNION\n".join(_CARRYING)))
        move.session.execute(carrying, {
            "template": template, "at": move.now, "organization": move.case.organization_id,
        })
    move.session.execute(TELL, {
        "template": template, "at": move.now, "organization": move.case.organization_id, "case": move.case.id,
        "kind": move.case.kind, "offices": list(PLACE_ROLES),
    })
