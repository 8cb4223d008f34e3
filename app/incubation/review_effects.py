"""What does each step of an expert's review write? The seat, what the expert may see, the scores."""

from collections.abc import Iterable

from sqlalchemy import select

from app.access.grants import end_on_case, grant_on_cases
from app.cases.kinds import effect
from app.cases.models import Case
from app.cases.move import FollowOn, Move
from app.cases.score_sheets import checked_total
from app.incubation.choices import rubric_for
from app.incubation.models import PanelScore, PanelSeat
from app.incubation.queries import panel_of
from app.organizations.models import Organization
from app.organizations.ties import record_tie
from workflows.rules.working_days import local_day


@effect("incubation_review", "invite")
def invite(move: Move) -> None:
    """Seat the expert and let them see this review, and no more; it is called after the applicant."""
    parent = move.session.get_one(Case, move.case.parent_id)
    applicant = move.session.get_one(Organization, parent.organization_id)
    move.session.add(PanelSeat(
        review_case_id=move.case.id, case_id=parent.id, person_id=move.data["person"], named_at=move.now
    ))
    _let_see(move, move.data["person"], move.case.id)
    move.case.subject = applicant.name


@effect("incubation_review", "declare")
def declare(move: Move) -> None:
    """Show the application to whoever has declared to be free of interests."""
    seat = _seat(move)
    _let_see(move, seat.person_id, seat.case_id)


@effect("incubation_review", "recuse")
def recuse(move: Move) -> list[FollowOn]:
    """Give up the seat, write the tie down, take every sight of the case away, and have another expert named."""
    seat = _seat(move)
    parent = move.session.get_one(Case, seat.case_id)
    if move.data["ground"] != "other" and parent.organization_id is not None:
        record_tie(
            move.session, person_id=seat.person_id, organization_id=parent.organization_id,
            kind=move.data["ground"], from_on=local_day(move.now), case_id=move.case.id,
        )
    _leave(move, seat)
    return [FollowOn("incubation", "seat_vacated", number=parent.number)]


@effect("incubation_review", "relieve", "cancel")
def relieve(move: Move) -> None:
    """Give up the seat; the incubation itself has moved already."""
    _leave(move, _seat(move))


@effect("incubation_review", "submit_scores")
def submit_scores(move: Move) -> list[FollowOn]:
    """Keep every score; the last one of the panel moves the incubation on."""
    seat, rows = _seat(move), move.data["scores"]
    seat.total = checked_total(rubric_for(move.session, move.case), rows)
    seat.submitted_at = move.now
    move.session.add_all(
        PanelScore(review_case_id=move.case.id, criterion=row["criterion"], points=row["points"],
                   remark=row["remark"] or "")
        for row in rows
    )
    move.session.flush()
    if not panel_of(move.session, seat.case_id).complete:
        return []
    parent = move.session.get_one(Case, seat.case_id)
    return [FollowOn("incubation", "panel_complete", number=parent.number)]


def _seat(move: Move) -> PanelSeat:
    return move.session.scalars(select(PanelSeat).where(PanelSeat.review_case_id == move.case.id)).one()


def _let_see(move: Move, person_id: int, case_id: int) -> None:
    grant_on_cases(
        move.session, person_id=person_id, role="expert", node_id=move.case.node_id, case_ids=[case_id],
        on=local_day(move.now), now=move.now,
    )


def _leave(move: Move, seat: PanelSeat) -> None:
    seat.left_at = move.now
    seen: Iterable[int] = (seat.review_case_id, seat.case_id)
    end_on_case(
        move.session, person_id=seat.person_id, role="expert", case_ids=seen, on=local_day(move.now), now=move.now
    )
