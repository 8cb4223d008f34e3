"""What do the register and the case say, for the guards of a listing and a removal?"""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select

from app.access.nodes import AnySession
from app.cases.facts import definition_of
from app.cases.kinds import facts, opening_organization
from app.cases.snapshot import CaseRow
from app.documents.required import missing_documents
from app.errors import InvalidInput
from app.organizations.models import Organization, OrganizationRestriction
from app.standing.models import RestrictionProposal
from workflows.kinds.case import CaseFacts
from workflows.kinds.restriction import GROUNDS, RestrictionFacts, removable_from
from workflows.rules.uscc import normalize

TERMS = ("abnormal_term", "dishonest_term")
TOLD_BY = {"facts": "propose", "done": "apply_for_lifting", "checked": "propose_lifting"}
"""By which field of the data one knows the move; the papers it must bring stand in its definition."""

Given = dict[str, Any] | None


@opening_organization("restriction")
def listed_organization(session: AnySession, data: dict[str, Any]) -> int:
    """Return the organization with the code: whom the case is about."""
    query = select(Organization.id).where(Organization.uscc == normalize(data["organization_code"]))
    found = session.execute(query).scalar_one_or_none()
    if found is None:
        raise InvalidInput({"organization_code": [str(_l("No organization in the register has this code."))]})
    return found


@facts("restriction")
def restriction_facts(session: AnySession, case: CaseRow, data: Given, case_facts: CaseFacts) -> RestrictionFacts:
    """Return the facts; what is being handed in counts before what was proposed."""
    proposal = session.get(RestrictionProposal, case.id) if case.state is not None else None
    if proposal is None:
        ground = (data or {}).get("ground")
        return RestrictionFacts(
            case_facts, ground_is_free=not _under_way(session, case.organization_id, ground),
            missing_documents=_missing(case, data),
        )
    kind = GROUNDS[proposal.ground].kind
    held = in_force(session, case.id)
    reason = (data or {}).get("lifting_reason") or proposal.lifting_reason
    months = {name: case_facts.policy.number(name).value for name in TERMS}
    return RestrictionFacts(
        case=case_facts,
        heard_first=GROUNDS[proposal.ground].heard,
        lifting_from=removable_from(kind, reason, held.from_on, months) if held is not None else None,
        missing_documents=_missing(case, data),
    )


def in_force(session: AnySession, case_id: int) -> OrganizationRestriction | None:
    """Return the row of the register that the case has written, or None: it lists nobody (yet)."""
    query = select(OrganizationRestriction).where(OrganizationRestriction.case_id == case_id)
    return session.scalars(query).one_or_none()


def _under_way(session: AnySession, organization_id: int | None, ground: str | None) -> bool:
    query = select(exists().where(
        RestrictionProposal.organization_id == organization_id, RestrictionProposal.ground == ground,
        RestrictionProposal.ended_at.is_(None),
    ))
    return bool(session.execute(query).scalar_one())


def _missing(case: CaseRow, data: Given) -> tuple[str, ...]:
    """Return the required papers that do not come with this very move: an earlier one proved something else."""
    if data is None:
        return ()
    trigger = next((trigger for field, trigger in TOLD_BY.items() if field in data), None)
    definition = definition_of(case)
    transition = definition.transition(case.state, trigger) if trigger is not None else None
    if transition is None:
        return ()
    return missing_documents(definition, transition, {item["slot"] for item in data.get("documents", ())})
