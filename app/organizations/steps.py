"""What may those above do to the register? Open, enter, confirm, allot; in the caller's transaction."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select, text

from app.access.models import Node
from app.access.nodes import AnySession, create_node
from app.access.reach import holdings
from app.access.secrets import keyed_digest
from app.clock import SHANGHAI
from app.database.connections import rows
from app.errors import Problem
from app.organizations.checking import TYPE_CODE_OF
from app.organizations.models import Organization, OrganizationRestriction, Registration, UsccAllotment
from app.organizations.places import territory
from workflows.rules.uscc import Uscc, issue

SUBJECT_LENGTH = 8


class NotARegistrar(Problem):
    """Only a registrar of the place may enter a registration."""

    status = 403
    code = "not_a_registrar"
    title = _l("Only the registrar of this place may do this")

    def __init__(self) -> None:
        super().__init__(_l("Ask the civil affairs department that issued the certificate."))


class CannotConfirm(Problem):
    """There is nothing to confirm: the detail says why and what to do instead."""

    status = 409
    code = "cannot_confirm"
    title = _l("This registration cannot be confirmed")


@dataclass(frozen=True)
class Particulars:
    """What an entry of the register states beside name and code; None: not held here, or there is none."""

    domicile: str | None = None
    legal_representative: str | None = None
    scope: str | None = None
    fund_fen: int | None = None
    sponsor: str | None = None
    activity_area: str | None = None
    public_fundraising: bool | None = None
    representative_key: bytes | None = None


NOTHING_STATED = Particulars()


@dataclass(frozen=True)
class Certificate:
    """What a registrar reads off a registration certificate."""

    registered_on: date
    authority: str
    evidence: str
    stated: Particulars = NOTHING_STATED


def open_in_preparation(
    session: AnySession, *, name: str, legal_type: str, division: str, now: datetime, known_from: str = "self"
) -> Organization:
    """Add an organization that is not registered yet, with its node in the division; flushed."""
    node = create_node(
        session, parent=territory(session, division), kind="organization", name_zh=name,
        valid_from=now.astimezone(SHANGHAI).date(),
    )
    organization = Organization(
        node_id=node.id, name=name, legal_type=legal_type, known_from=known_from, created_at=now
    )
    session.add(organization)
    session.flush()
    return organization


def open_supplier(session: AnySession, *, name: str, code: Uscc, now: datetime) -> Organization:
    """Add a supplier that is no social organization, such as a company (MOF Order 102 art. 6), below its division.

    Its registration counts once the registrar of that place has confirmed it from the licence. Flushed.
    Raises CannotConfirm where the code is a social organization's or known already.
    """
    if code.type_code in TYPE_CODE_OF.values():
        raise CannotConfirm(_l("This is a social organization's code; import it with the register."))
    if code_is_taken(session, code.code):
        raise CannotConfirm(_l("An organization with this code is known already."))
    supplier = open_in_preparation(
        session, name=name, legal_type="other", division=code.division, now=now, known_from="list"
    )
    supplier.uscc = code.code
    session.flush()
    return supplier


def enter_registration(
    session: AnySession, organization: Organization, *, uscc: str, name: str, registered_on: date,
    authority: str, case_id: int, sequence: int, now: datetime, stated: Particulars = NOTHING_STATED,
) -> Registration:
    """Put the organization into the register by a decided case; flushed, its history row may follow."""
    organization.uscc, organization.name = uscc, name
    _rename_node(session, organization)
    registration = Registration(
        organization_id=organization.id, uscc=uscc, name=name, known_since=registered_on,
        registered_on=registered_on, source="case", authority=authority, case_id=case_id, sequence=sequence,
        entered_at=now, **asdict(stated),
    )
    session.add(registration)
    session.flush()
    return registration


def change_entry(
    session: AnySession, organization: Organization, *, name: str, registered_on: date, stated: Particulars,
    changed_on: date, authority: str, case_id: int, sequence: int, now: datetime,
) -> Registration:
    """End the version of the entry that is in force and add the next one; flushed, its history row may follow.

    The past stays: contracts and cases of before go on pointing at what was so then. An old name is still found.
    Raises LookupError where no entry is in force.
    """
    present = open_registration(session, organization.id)
    if present is None:
        raise LookupError(f"organization {organization.id} has no entry in force")
    present.ended_on = changed_on
    session.flush()
    if name != organization.name:
        organization.former_names = with_former(organization.former_names, organization.name, now=name)
        rename(session, organization, name=name)
    changed = Registration(
        organization_id=organization.id, uscc=present.uscc, name=name, known_since=changed_on,
        registered_on=registered_on, source="case", authority=authority, case_id=case_id, sequence=sequence,
        entered_at=now, **asdict(stated),
    )
    session.add(changed)
    session.flush()
    return changed


def with_former(former_names: str, *names: str, now: str) -> str:
    """Return the former names, one a line and each once, with these added; what it is called `now` is none."""
    listed = dict.fromkeys((*former_names.splitlines(), *names))
    return "\n".join(name for name in listed if name and name != now)


def rename(session: AnySession, organization: Organization, *, name: str) -> None:
    """Give an organization in preparation the name that it now applies with."""
    organization.name = name
    _rename_node(session, organization)


def _rename_node(session: AnySession, organization: Organization) -> None:
    node = session.get_one(Node, organization.node_id)
    node.name_zh = organization.name


def may_confirm(session: AnySession, person_id: int, node_path: str, on: date) -> bool:
    """Say whether the person is a registrar whose place reaches this node today."""
    return any(
        held.role == "registrar" and held.case_id is None and node_path.startswith(held.node_path)
        for held in holdings(session, person_id, on)
    )


def confirm_entry(
    session: AnySession, *, organization_id: int, person_id: int, certificate: Certificate, now: datetime
) -> Registration:
    """Enter a registration that exists outside Shuniu, read off its certificate by a registrar of the place.

    For organizations known from a list or a decision only; who entered it, when and from what stands in
    the row. Flushed, not committed. Raises NotARegistrar or CannotConfirm and changes nothing.
    """
    organization = session.get(Organization, organization_id, with_for_update=True, populate_existing=True)
    if organization is None or organization.uscc is None:
        raise CannotConfirm(_l("An organization without a code is registered by a case of its own."))
    path = session.get_one(Node, organization.node_id).path
    today = now.astimezone(SHANGHAI).date()
    if not may_confirm(session, person_id, path, today):
        raise NotARegistrar
    if certificate.registered_on > today:
        raise CannotConfirm(_l("The date on the certificate lies in the future. Correct it."))
    registration = open_registration(session, organization_id)
    if registration is None:
        registration = Registration(organization_id=organization_id, uscc=organization.uscc)
        session.add(registration)
    elif registration.source != "change_decision":
        raise CannotConfirm(_l("The register holds a registration in force already."))
    registration.name = organization.name
    registration.source = "certificate"
    registration.known_since = registration.registered_on = certificate.registered_on
    registration.authority = certificate.authority
    registration.evidence = certificate.evidence
    for item, value in asdict(certificate.stated).items():
        setattr(registration, item, value)
    registration.entered_by, registration.entered_at = person_id, now
    session.flush()
    return registration


def open_registration(session: AnySession, organization_id: int | None) -> Registration | None:
    """Return the version of its entry that is in force, or None: it is not registered (any more)."""
    query = select(Registration).where(
        Registration.organization_id == organization_id, Registration.ended_on.is_(None)
    )
    return session.scalars(query).one_or_none()


def registrar_place(session: AnySession, node_id: int) -> Node | None:
    """Return the district, city or province whose code a registrar at or above this node writes."""
    here = session.get_one(Node, node_id)
    ids = [int(part) for part in here.path.strip("/").split("/")]
    above = session.scalars(select(Node).where(Node.id.in_(ids), Node.kind == "territory")).all()
    coded = [node for node in above if node.code and len(node.code) == 6]
    return max(coded, key=lambda node: len(node.path), default=None)


def add_code_range(
    session: AnySession, *, division: str, legal_type: str, prefix: str, first: int, last: int
) -> UsccAllotment:
    """Record a range of subject numbers that the code centre allotted to the registrar of a division."""
    allotment = UsccAllotment(
        node_id=territory(session, division).id, legal_type=legal_type, prefix=prefix,
        next_number=first, last_number=last,
    )
    session.add(allotment)
    session.flush()
    return allotment


CODE_LEFT = """EXISTS (SELECT FROM uscc_allotments u
                WHERE u.node_id = %(node)s AND u.legal_type = {legal_type} AND u.next_number <= u.last_number)"""
"""SQL: whether a code can still be allotted by the registrar at `node`, for the type that stands in `legal_type`."""


def has_code_left(session: AnySession, node_id: int, legal_type: str) -> bool:
    """Say whether a code can still be allotted for this type by the registrar at this node."""
    statement = "SELECT " + CODE_LEFT.replace("{legal_type}", "%(legal_type)s")
    [[left]] = rows(session, (statement, {"node": node_id, "legal_type": legal_type}))
    return bool(left)


def representative_key(identity_number: str) -> bytes:
    """Return what tells whether two legal representatives are one person; it cannot be read back without our secret."""
    return keyed_digest("legal representative", identity_number.strip().upper().encode())


REPRESENTS = """ARRAY(SELECT q.legal_type FROM registrations w JOIN organizations q ON q.id = w.organization_id
                WHERE w.representative_key = {key} AND w.ended_on IS NULL AND w.organization_id <> {organization})"""
"""SQL: the legal types of the other registered organizations that the person of `key` represents, as far as known."""


def represented_by(session: AnySession, key: bytes, *, except_id: int) -> list[str]:
    """Return the legal types of the organizations that this person represents; who asks holds the person's lock.

    Two registrations of one representative that are decided at once would not see each other: they wait here.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('shuniu.representative'), hashtext(:key))"),
                    {"key": key.hex()})
    statement = "SELECT " + REPRESENTS.replace("{key}", "%(key)s").replace("{organization}", "%(organization)s")
    [[found]] = rows(session, (statement, {"key": key, "organization": except_id}))
    return list(found)


class NoCodeLeft(Problem):
    """The registrar's ranges are used up."""

    status = 409
    code = "no_code_left"
    title = _l("No code is left to allot")

    def __init__(self) -> None:
        super().__init__(_l("Have a new range of codes entered: flask registry allot."))


def allot_code(session: AnySession, place: Node, legal_type: str) -> str:
    """Return a new code of this registrar and use it up; two who ask at once wait for each other."""
    # All ranges, locked: a range that another move emptied meanwhile must not hide the next one.
    ranges = session.scalars(
        select(UsccAllotment)
        .where(UsccAllotment.node_id == place.id, UsccAllotment.legal_type == legal_type)
        .order_by(UsccAllotment.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    assert place.code is not None
    for allotment in ranges:
        while allotment.next_number <= allotment.last_number:
            digits = SUBJECT_LENGTH - len(allotment.prefix)
            body = f"{allotment.prefix}{allotment.next_number:0{digits}d}"
            allotment.next_number += 1
            code = issue(TYPE_CODE_OF[legal_type], place.code, body)
            if not code_is_taken(session, code):
                return code
    raise NoCodeLeft


def code_is_taken(session: AnySession, code: str, *, except_id: int | None = None) -> bool:
    """Say whether another organization has the code."""
    query = select(exists().where(Organization.uscc == code, Organization.id.is_distinct_from(except_id)))
    return session.execute(query).scalar_one()


def restrict(
    session: AnySession, *, organization_id: int, kind: str, from_on: date, evidence: str, case_id: int,
    sequence: int, by: int | None, now: datetime,
) -> OrganizationRestriction:
    """Enter what freezes an organization, as a decision says it (`evidence`); flushed, its history row may follow."""
    row = OrganizationRestriction(
        organization_id=organization_id, kind=kind, from_on=from_on, evidence=evidence, case_id=case_id,
        sequence=sequence, entered_by=by, entered_at=now,
    )
    session.add(row)
    session.flush()
    return row


def lift_restriction(session: AnySession, restriction_id: int, *, on: date) -> None:
    """End a restriction: from this day on it no longer counts."""
    session.get_one(OrganizationRestriction, restriction_id).to_on = on
    session.flush()
