"""What does each step of a listing write? The entry, the days of its term, its end."""

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from app.access.models import Person
from app.cases.kinds import effect
from app.cases.move import Move
from app.errors import InvalidInput
from app.ledger.transfers import constraint_of
from app.purchasing.experts import PoolEntry
from app.purchasing.pool_entry.facts import experts_at, place_of_office
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.rules.working_days import local_day, months_on

LISTED = Reason("listed_already", Text("这位专家已经在库。", "This expert is listed here already."))


@effect("pool_entry", "enter")
def enter(move: Move) -> None:
    """Write down who is to be listed; nobody is drawn before a second person has confirmed it."""
    data, person_id = move.data, move.person_id
    assert person_id is not None
    experts = dict(experts_at(move.session, [move.case.node_id]))
    if data["person"] not in experts:
        raise InvalidInput({"person": [str(_l("Choose one of the list."))]})
    move.session.add(PoolEntry(
        case_id=move.case.id, place_id=place_of_office(move.session, move.case.node_id), person_id=data["person"],
        specialties=data["specialties"], employer=data["employer"], employer_uscc=data["employer_uscc"] or None,
        entered_by=person_id,
    ))
    move.case.subject = f"{move.session.get_one(Person, data['person']).name}（{data['specialties']}）"


@effect("pool_entry", "confirm")
def confirm(move: Move) -> None:
    """List the expert from today for the term that the policy gives; once at a time."""
    entry, today = move.session.get_one(PoolEntry, move.case.id), local_day(move.now)
    entry.confirmed_by, entry.from_on = move.person_id, today
    entry.until_on = months_on(today, move.facts.case.policy.number("pool_term").value)
    try:
        move.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_pool_entries_place_id_person_id_listed":
            raise Refused(LISTED) from error
        raise


@effect("pool_entry", "end", "lapse")
def end(move: Move) -> None:
    """End the listing today; panels that stand are not touched."""
    move.session.get_one(PoolEntry, move.case.id).ended_on = local_day(move.now)
