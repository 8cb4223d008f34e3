"""Which organizations have not reported a year, and which conclusions were published? Lists by key, never by row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from app.access.models import Node
from app.access.nodes import AnySession, within
from app.access.reach import Holding
from app.cases.models import Case
from app.organizations.models import AnnualReport, Organization, Registration
from app.organizations.queries import key_from, name_contains
from app.standing.models import RestrictionProposal
from workflows.kinds.annual_report import REPORTING, last_day_to_report

PAGE = 50
NO_REPORT = "no_report"
REGISTRAR = "registrar"


@dataclass(frozen=True)
class Unreported:
    """An organization in the register whose report of a year is not known here.

    `registered_here`: its whole history is; of all others a report may have been handed in elsewhere. `listing` is the
    number of the case in which it is being listed for it, if there is one.
    """

    id: int
    name: str
    uscc: str | None
    legal_type: str
    registered_on: date | None
    registered_here: bool
    listing: str | None


@dataclass(frozen=True)
class Conclusion:
    """One published conclusion."""

    organization_id: int
    name: str
    uscc: str | None
    legal_type: str
    place_zh: str
    place_en: str | None
    year: int
    conclusion: str
    concluded_on: date
    put_right_on: date | None


def unreported(
    session: AnySession, held: Iterable[Holding], year: int, *, skip_months: int, legal_type: str | None = None,
    after: str | None = None, limit: int = PAGE,
) -> tuple[tuple[Unreported, ...], str | None]:
    """Return who in the reach of these registrars must report the year and has not, and the key of the next page.

    Raises InvalidInput for a key that no page gave. One query.
    """
    entry, own, earliest = Registration, Node, aliased(Registration)
    listing = (
        select(Case.number).join(RestrictionProposal, RestrictionProposal.case_id == Case.id)
        .where(
            RestrictionProposal.organization_id == Organization.id, RestrictionProposal.ground == NO_REPORT,
            RestrictionProposal.ended_at.is_(None),
        )
        .correlate(Organization).limit(1).scalar_subquery()
    )
    came = (
        select(earliest.source == "case").where(earliest.organization_id == Organization.id)
        .order_by(earliest.known_since, earliest.id).limit(1).correlate(Organization).scalar_subquery()
    )
    query = (
        select(Organization.id, Organization.name, Organization.uscc, Organization.legal_type, entry.registered_on,
               came, listing)
        .join(own, own.id == Organization.node_id)
        .join(entry, and_(entry.organization_id == Organization.id, entry.ended_on.is_(None)))
        .where(
            _in_reach(held, own), Organization.legal_type.in_((legal_type,) if legal_type else REPORTING),
            func.coalesce(entry.registered_on, entry.known_since) <= last_day_to_report(year, skip_months),
            ~exists().where(
                AnnualReport.organization_id == Organization.id, AnnualReport.year == year,
                AnnualReport.released_at.is_(None),
            ),
            Organization.id < key_from(after) if after else true(),
        )
    )
    found = session.execute(query.order_by(Organization.id.desc()).limit(limit + 1)).all()
    rows = tuple(Unreported(*row) for row in found[:limit])
    return rows, str(rows[-1].id) if len(found) > limit else None


def _in_reach(held: Iterable[Holding], own: type[Node]) -> ColumnElement[bool]:
    paths = {each.node_path for each in held if each.role == REGISTRAR and each.case_id is None}
    return or_(*(within(path, own) for path in sorted(paths)))


def conclusions(
    session: AnySession, *, year: int | None = None, search: str = "", after: str | None = None, limit: int = PAGE,
) -> tuple[tuple[Conclusion, ...], str | None]:
    """Return the published conclusions, the newest case first, and the key of the next page. One query."""
    own, place = Node, Node.__table__.alias("place")
    query = (
        select(Organization.id, Organization.name, Organization.uscc, Organization.legal_type, place.c.name_zh,
               place.c.name_en, AnnualReport.year, AnnualReport.conclusion, AnnualReport.concluded_on,
               AnnualReport.put_right_on, AnnualReport.case_id)
        .join(Organization, Organization.id == AnnualReport.organization_id)
        .join(own, own.id == Organization.node_id).join(place, place.c.id == own.parent_id)
        .where(
            AnnualReport.concluded_on.is_not(None),
            AnnualReport.year == year if year is not None else true(),
            name_contains(search) if search else true(),
            AnnualReport.case_id < key_from(after) if after else true(),
        )
    )
    found = session.execute(query.order_by(AnnualReport.case_id.desc()).limit(limit + 1)).all()
    rows = tuple(Conclusion(*row[:-1]) for row in found[:limit])
    return rows, str(found[limit - 1].case_id) if len(found) > limit else None


def without_report(
    session: AnySession, organizations: Sequence[int], year: int, *, skip_months: int
) -> list[tuple[int, str, str, int]]:
    """Return (id, name, legal type, node above) of those among these organizations that must still report the year."""
    query = (
        select(Organization.id, Organization.name, Organization.legal_type, func.coalesce(Node.parent_id, Node.id))
        .join(Node, Node.id == Organization.node_id)
        .join(Registration, and_(
            Registration.organization_id == Organization.id, Registration.ended_on.is_(None),
        ))
        .where(
            Organization.id.in_(organizations), Organization.legal_type.in_(REPORTING),
            func.coalesce(Registration.registered_on, Registration.known_since) <= last_day_to_report(
                year, skip_months
            ),
            ~exists().where(
                AnnualReport.organization_id == Organization.id, AnnualReport.year == year,
                AnnualReport.released_at.is_(None),
            ),
        )
        .order_by(Organization.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(query)]
