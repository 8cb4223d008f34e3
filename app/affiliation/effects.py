"""What does each step of joining or leaving a hub write? The application, the membership, and its end."""

from sqlalchemy import exists, select

from app.affiliation.facts import is_leaving, is_member
from app.affiliation.models import Affiliation, AffiliationApplication
from app.affiliation.steps import end_memberships, lock_memberships
from app.cases.kinds import effect
from app.cases.move import Move
from app.organizations.queries import applying_to
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.rules.working_days import local_day

HAS_A_PRIMARY_HUB = Reason(
    "has_primary_hub",
    Text(
        zh="该单位刚刚加入了另一个主联系枢纽；请改为一般联系或退回申请。",
        en="The organization has just joined another primary hub; return the application.",
    ),
)
JUST_JOINED = Reason(
    "member_already",
    Text(
        zh="该单位刚刚成为本枢纽组织的成员；请刷新后查看成员名单。",
        en="The organization has just become a member of this hub; reload and look at the members.",
    ),
)
JUST_ANNOUNCED = Reason(
    "leaving_already",
    Text(
        zh="刚刚有人告知该枢纽组织退出；请刷新后查看该件。",
        en="Somebody has just given notice to this hub; reload and look at that case.",
    ),
)


@effect("affiliation", "apply")
def apply(move: Move) -> None:
    """Write the application; the case is called after who applies, and to which hub."""
    move.session.add(
        AffiliationApplication(case_id=move.case.id, wants_primary=move.data["wants_primary"])
    )
    move.case.subject = applying_to(move.session, move.case.organization_id, move.case.node_id)


@effect("affiliation", "resubmit")
def resubmit(move: Move) -> None:
    """Take over whether the hub is still to be the primary one."""
    _application(move).wants_primary = move.data["wants_primary"]


@effect("affiliation", "accept")
def accept(move: Move) -> None:
    """Make the organization a member of the hub from today."""
    # Two hubs may accept at once: the second waits here and is then refused, not the database's error.
    lock_memberships(move)
    wants_primary = _application(move).wants_primary
    if is_member(move.session, move.case.organization_id, move.case.node_id):
        raise Refused(JUST_JOINED)
    if wants_primary and _has_primary(move):
        raise Refused(HAS_A_PRIMARY_HUB)
    move.session.add(Affiliation(
        organization_id=move.case.organization_id, hub_node_id=move.case.node_id, is_primary=wants_primary,
        from_on=local_day(move.now), case_id=move.case.id, sequence=move.sequence,
    ))


def _has_primary(move: Move) -> bool:
    query = select(exists().where(
        Affiliation.organization_id == move.case.organization_id,
        Affiliation.is_primary, Affiliation.to_on.is_(None),
    ))
    return move.session.execute(query).scalar_one()


def _application(move: Move) -> AffiliationApplication:
    return move.session.get_one(AffiliationApplication, move.case.id)


@effect("disaffiliation", "give_notice")
def give_notice(move: Move) -> None:
    """The case is called after who leaves, and which hub; a second notice that was handed in at once is refused."""
    lock_memberships(move)
    if is_leaving(move.session, move.case):
        raise Refused(JUST_ANNOUNCED)
    move.case.subject = applying_to(move.session, move.case.organization_id, move.case.node_id)


@effect("disaffiliation", "confirm", "leave_by_itself")
def leave(move: Move) -> None:
    """End the membership today. One that something else has ended meanwhile stays as it ended."""
    end_memberships(move, hub_node_id=move.case.node_id)
