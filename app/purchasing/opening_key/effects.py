"""What does enrolling write, and who can open bids? The officer's key, its private half under the passphrase."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.access.models import Person
from app.access.nodes import AnySession
from app.cases.kinds import choices_held, effect, facts, opening_node, opening_organization
from app.cases.move import Move
from app.cases.snapshot import CaseRow
from app.errors import InvalidInput
from app.purchasing.programme.facts import PLANNING, nobody, office_of, offices_by_name, offices_of
from app.purchasing.sealed import OpeningKey
from app.purchasing.sealing import BadSeal, OfficerKey, WrongPassphrase, enrol, open_canary
from workflows.kinds.case import CaseFacts
from workflows.kinds.opening_key import OpeningKeyFacts

opening_organization("opening_key")(nobody)
opening_node("opening_key")(office_of)


@facts("opening_key")
def key_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> OpeningKeyFacts:
    """Return the facts: the case alone."""
    return OpeningKeyFacts(case=case_facts)


@effect("opening_key", "enrol")
def enrol_key(move: Move) -> None:
    """Make a key for whoever enrols; the passphrase is used here and forgotten."""
    key = enrol(move.data["passphrase"])
    assert move.person_id is not None
    move.session.add(OpeningKey(
        case_id=move.case.id, person_id=move.person_id, node_id=move.case.node_id, public_key=key.public, salt=key.salt,
        wrapped=key.wrapped, operations=key.operations, memory=key.memory, enrolled_at=move.now,
    ))
    move.case.subject = move.session.get_one(Person, move.person_id).name


@effect("opening_key", "rehearse")
def rehearse_key(move: Move) -> None:
    """Open a trial box with the officer's key, and note when; the passphrase is used here and forgotten."""
    row = _row(move)
    try:
        open_canary(kept_key(row), move.data["passphrase"])
    except (WrongPassphrase, BadSeal):
        raise InvalidInput({"passphrase": [str(_l("This is not the officer's passphrase."))]}) from None
    row.rehearsed_at = move.now


@effect("opening_key", "retire", "expire")
def retire_key(move: Move) -> None:
    """Let no new call use the key."""
    _row(move).retired_at = move.now


def _row(move: Move) -> OpeningKey:
    return move.session.scalars(select(OpeningKey).where(OpeningKey.case_id == move.case.id)).one()


def kept_key(row: OpeningKey) -> OfficerKey:
    """Return a key as it is kept, for unlocking."""
    return OfficerKey(row.public_key, row.salt, row.wrapped, row.operations, row.memory)


@choices_held("offices_to_open_for")
def offices_to_open_for(session: AnySession, person_id: int | None) -> list[tuple[int, str]]:
    """Return the offices whose bids the person may open: those they plan, decide or supervise for, by name."""
    return offices_by_name(session, offices_of(session, person_id, (*PLANNING, "procurement_supervisor")))


@choices_held("opening_officers")
def opening_officers(session: AnySession, person_id: int | None) -> list[tuple[int, str]]:
    """Return the people of the person's offices who hold an opening key."""
    query = (
        select(Person.id, Person.name).join(OpeningKey, OpeningKey.person_id == Person.id)
        .where(OpeningKey.node_id.in_(offices_of(session, person_id)), OpeningKey.retired_at.is_(None))
        .distinct().order_by(Person.name, Person.id)
    )
    return [(row.id, row.name) for row in session.execute(query)]


def newest_keys(session: AnySession, people: list[int], node_id: int) -> dict[int, OpeningKey]:
    """Return the newest key in use of each of these people that was enrolled for the office; by person."""
    newest = (
        select(func.max(OpeningKey.id))
        .where(OpeningKey.person_id.in_(people), OpeningKey.node_id == node_id, OpeningKey.retired_at.is_(None))
        .group_by(OpeningKey.person_id)
    )
    return {key.person_id: key for key in session.scalars(select(OpeningKey).where(OpeningKey.id.in_(newest)))}
