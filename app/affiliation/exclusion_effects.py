"""What does each step of an exclusion write? The name of the case, and at last the end of the membership."""

from app.affiliation.exclusion_facts import KIND, open_ending
from app.affiliation.steps import end_memberships, lock_memberships
from app.cases.kinds import effect
from app.cases.move import Move
from app.organizations.queries import applying_to
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason

JUST_BEGUN = Reason(
    "ending_under_way",
    Text(
        zh="刚刚有人办理该单位的退出或者除名；请刷新后查看该件。",
        en="Somebody has just begun to end this membership; reload and look at that case.",
    ),
)


@effect(KIND, "propose")
def propose(move: Move) -> None:
    """The case is called after the member and the hub; of two that begin at once the second is refused."""
    lock_memberships(move)
    if open_ending(move.session, move.case) is not None:
        raise Refused(JUST_BEGUN)
    move.case.subject = applying_to(move.session, move.case.organization_id, move.case.node_id)


@effect(KIND, "exclude")
def exclude(move: Move) -> None:
    """End the membership today."""
    end_memberships(move, hub_node_id=move.case.node_id)
