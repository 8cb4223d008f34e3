"""What does each step of a listing and a removal write? The proposal, the register's row that guards read, notices."""

from sqlalchemy.exc import IntegrityError

from app.cases.kinds import effect
from app.cases.move import Move
from app.cases.telling import tell_offices
from app.ledger.transfers import constraint_of
from app.organizations.models import Organization
from app.organizations.steps import lift_restriction, restrict
from app.standing.facts import in_force
from app.standing.models import RestrictionProposal
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.kinds.restriction import GROUNDS, title_of
from workflows.rules.working_days import local_day
from workflows.subjects import named

STATED = ("ground", "facts", "legal_basis")
JUST_PROPOSED = Reason(
    "ground_under_way",
    Text(
        zh="刚刚有人因同一情形提出列入；请刷新后查看该件。",
        en="Somebody has just proposed it on the same ground; reload and look at that case.",
    ),
)


@effect("restriction", "propose")
def propose(move: Move) -> None:
    """Write the proposal; the case is called after the organization and the ground. Nothing is restricted yet."""
    assert move.case.organization_id is not None, "opening_organization found one"
    organization = move.session.get_one(Organization, move.case.organization_id)
    move.case.subject = named(organization.name, title_of(move.data["ground"]).zh)
    move.session.add(RestrictionProposal(
        case_id=move.case.id, organization_id=move.case.organization_id, **{name: move.data[name] for name in STATED}
    ))
    try:
        move.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_restriction_proposals_open":
            raise Refused(JUST_PROPOSED) from error
        raise


@effect("restriction", "impose")
def impose(move: Move) -> None:
    """Put the organization under the restriction from today, and tell the offices that carry its open cases."""
    proposal = _proposal(move)
    restrict(
        move.session, organization_id=proposal.organization_id, kind=GROUNDS[proposal.ground].kind,
        from_on=local_day(move.now), evidence=move.data["decision_number"], case_id=move.case.id,
        sequence=move.sequence, by=move.person_id, now=move.now,
    )
    tell_offices(move, "restriction_elsewhere")


@effect("restriction", "dismiss")
def dismiss(move: Move) -> None:
    """The ground may be proposed anew, on other facts."""
    _proposal(move).ended_at = move.now


@effect("restriction", "apply_for_lifting", "propose_lifting")
def ask_for_removal(move: Move) -> None:
    """Note why it is to be removed; what a registrar found counts from then on."""
    _proposal(move).lifting_reason = move.data["lifting_reason"]


@effect("restriction", "lift")
def lift(move: Move) -> None:
    """End the restriction today, and tell the offices that can go on."""
    held = in_force(move.session, move.case.id)
    assert held is not None, "a case that was imposed has its row"
    lift_restriction(move.session, held.id, on=local_day(move.now))
    _proposal(move).ended_at = move.now
    tell_offices(move, "restriction_gone_elsewhere")


def _proposal(move: Move) -> RestrictionProposal:
    return move.session.get_one(RestrictionProposal, move.case.id)
