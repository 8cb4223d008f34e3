"""What decides on a candidate? Ranking, register and objections, as facts of the package."""

from typing import Any

from flask_babel import gettext as _

from app.access.nodes import AnySession
from app.cases.kinds import choices
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.formats import money
from app.purchasing.award.queries import (
    bar_on,
    candidate_of,
    checkers_of,
    first_left,
    lot_of,
    open_objections,
    ranking_of,
)
from workflows.kinds.award import NOT_RANKED, Award
from workflows.rules.working_days import local_day

RANKED = ("ranked", "publicized", "suspended", "publicity_over", "awarded")


def award_facts(session: AnySession, case: CaseRow, data: dict[str, Any] | None) -> Award:
    """Return what is known of the ranking of a package; nothing before there is one."""
    if case.state not in RANKED:
        return NOT_RANKED
    ranking = ranking_of(session, case.id)
    first = first_left(ranking)
    named, barred = candidate_of(session, case.id), ""
    if first is not None and case.state != "awarded":
        today = local_day(business_now(session))
        barred = bar_on(session, first.organization_id, lot_of(session, case.id).programme, today)
    return Award(
        next_bid=first.bid_id if first is not None else None,
        chosen_bid=(data or {}).get("candidate"),
        barred=barred,
        anybody_out=any(row.excluded_reason is not None for row in ranking),
        open_objections=open_objections(session, case.id),
        checked_by=checkers_of(session, case.id),
        confirmed_by=named.confirmed_by if named is not None else None,
    )


@choices("candidates_in_order")
def candidates_in_order(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return those of the ranking who are not out, the best first."""
    ranking = ranking_of(session, case.id) if case is not None else []
    return [
        (row.bid_id, _("%(position)s. %(name)s, %(points)s points, %(price)s", position=row.position,
                       name=row.organization, points=f"{row.points / 100:.2f}", price=money(row.price_fen)))
        for row in ranking if row.excluded_reason is None
    ]
