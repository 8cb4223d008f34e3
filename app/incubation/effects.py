"""What does each step of an incubation write? The application, the panel's outcome, the residency, the logs."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.cases.kinds import effect
from app.cases.models import Case
from app.cases.move import FollowOn, Move
from app.cases.numbers import places_of
from app.cases.score_sheets import checked_total
from app.errors import InvalidInput
from app.incubation.choices import rubric_for
from app.incubation.models import IncubationApplication, Incubator, MonthlyLog, PanelSeat, Residency
from app.incubation.queries import panel_of, places_taken
from app.organizations.queries import applying_to
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.loader import library
from workflows.rules.scoring import panel_mean
from workflows.rules.working_days import local_day, months_on

STATED = ("mode", "mission", "team_size")
JUST_TAKEN = Reason(
    "no_place_free",
    Text(
        "最后一个名额刚刚被占用；请与孵化基地商定，等待名额空出。",
        "The last place has just been taken; wait for another one.",
    ),
)


@effect("incubation", "apply")
def apply(move: Move) -> None:
    """Write the application and pin the rubric; it is called after who applies, and to which incubator."""
    places = places_of(move.session, move.case.node_id)
    rubric = library().rubric("admission", places, local_day(move.now))
    move.session.add(IncubationApplication(
        case_id=move.case.id, rubric=rubric.pin, **{name: move.data[name] for name in STATED}
    ))
    move.case.subject = applying_to(move.session, move.case.organization_id, move.case.node_id)


@effect("incubation", "resubmit")
def resubmit(move: Move) -> None:
    """Take over what was changed."""
    application = _application(move)
    for name in STATED:
        if move.data.get(name):
            setattr(application, name, move.data[name])


@effect("incubation", "pass_preliminary", "name_expert")
def name_experts(move: Move) -> list[FollowOn]:
    """Open a review for every expert named; the first naming says how many must score."""
    if move.trigger == "pass_preliminary":
        _application(move).panel_size = len(move.data["experts"])
    return [
        FollowOn("incubation_review", "invite", data={"person": row["person"]}, node_id=move.case.node_id,
                 parent_id=move.case.id)
        for row in move.data["experts"]
    ]


@effect("incubation", "relieve_expert")
def relieve_expert(move: Move) -> list[FollowOn]:
    """End the review of an expert who does not score."""
    return _end_reviews(move, "relieve", move.data["expert"])


@effect("incubation", "withdraw")
def withdraw(move: Move) -> list[FollowOn]:
    """End the reviews that are still open."""
    return _end_reviews(move, "cancel", None)


def _end_reviews(move: Move, trigger: str, person_id: int | None) -> list[FollowOn]:
    query = (
        select(Case.number).join(PanelSeat, PanelSeat.review_case_id == Case.id)
        .where(PanelSeat.case_id == move.case.id, PanelSeat.left_at.is_(None), PanelSeat.submitted_at.is_(None))
        .order_by(Case.id)
    )
    if person_id is not None:
        query = query.where(PanelSeat.person_id == person_id)
    return [FollowOn("incubation_review", trigger, number=number) for number in move.session.scalars(query)]


@effect("incubation", "panel_complete")
def panel_complete(move: Move) -> None:
    """Keep the sum of the panel's totals and the level of their mean."""
    application, panel = _application(move), panel_of(move.session, move.case.id)
    mean = panel_mean([seat.total or 0 for seat in panel.sitting])
    application.score_total = mean.total
    application.level = library().rubric_pinned(application.rubric).level_of(mean).name


@effect("incubation", "sign_agreement")
def sign_agreement(move: Move) -> None:
    """Let the organization in from today, for the term of the incubator."""
    # Two may sign for the last place at once: the second waits here and is then refused.
    incubator = move.session.scalars(
        select(Incubator).where(Incubator.node_id == move.case.node_id, Incubator.ended_on.is_(None))
        .with_for_update(key_share=True)
    ).one()
    application, today = _application(move), local_day(move.now)
    on_site, served = places_taken(move.session).get(incubator.id, (0, 0))
    if served >= incubator.capacity or (application.mode == "on_site" and on_site >= incubator.places):
        raise Refused(JUST_TAKEN)
    move.session.add(Residency(
        case_id=move.case.id, incubator_id=incubator.id, organization_id=move.case.organization_id,
        mode=application.mode, from_on=today, until_on=months_on(today, incubator.term_months),
        sequence=move.sequence,
    ))


@effect("incubation", "submit_log")
def submit_log(move: Move) -> None:
    """Put the month into the file."""
    counts = ("training_hours", "activities", "volunteers", "income_fen")
    move.session.add(MonthlyLog(
        case_id=move.case.id, month=move.data["month"].replace(day=1), sequence=move.sequence,
        **{name: move.data[name] for name in counts},
    ))


@effect("incubation", "extend_term")
def extend_term(move: Move) -> None:
    """Move the end of the term by the months of the case's own policy."""
    residency = _residency(move)
    months = move.facts.case.policy.number("incubation_extension").value
    residency.until_on = months_on(residency.until_on, months)


@effect("incubation", "graduate")
def graduate(move: Move) -> None:
    """Refuse a sheet that does not add up to graduation."""
    rubric = rubric_for(move.session, move.case)
    mean = panel_mean([checked_total(rubric, move.data["scores"])])
    if rubric.level_of(mean) == rubric.levels[0]:
        raise InvalidInput({"scores": [str(_l("These scores do not reach graduation; send it back with reasons."))]})


@effect("incubation", "hand_over", "hand_over_premises")
def hand_over(move: Move) -> None:
    """Free the place from today."""
    _residency(move).ended_on = local_day(move.now)


def _application(move: Move) -> IncubationApplication:
    return move.session.get_one(IncubationApplication, move.case.id)


def _residency(move: Move) -> Residency:
    return move.session.get_one(Residency, move.case.id)
