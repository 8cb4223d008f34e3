"""What does the register tell of an organization? Its entries, published decisions, grades, and what they mean."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.roles import PLACE_ROLES
from app.documents.queries import reusable_documents
from app.formats import money
from app.language import localized
from app.organizations.file import Entry, Part, Reader, Step, file_part
from app.organizations.models import Assessment, RegisterDecision, Registration
from app.organizations.steps import open_registration
from app.organizations.words import CATEGORY, SOURCE, grade_words
from workflows.kinds.registration_change import ITEMS, named_items
from workflows.rules.working_days import local_day

MOST_PAPERS = 20
AGAINST = ("penalty", "cancellation")


@file_part("registrations", "register", 1)
def registrations(session: AnySession, organization_id: int, reader: Reader) -> Part:
    """Return the entries of the register, the newest first."""
    query = select(Registration).where(Registration.organization_id == organization_id)
    versions = list(session.scalars(query.order_by(Registration.known_since, Registration.id)))
    entries = tuple(
        Entry(
            row.name, number=row.uscc, from_on=row.known_since, to_on=row.ended_on, lasts=row.ended_on is None,
            note=" · ".join(filter(None, (row.authority, _came_from(row, before), row.evidence))),
        )
        for before, row in reversed(list(zip([None, *versions], versions, strict=False)))
    )
    step = Step(_("Apply for registration"), f"/apply/registration?organization={organization_id}")
    return Part(_("Registration"), _("No registration is known to us."), entries, step=step if reader.own else None)


def _came_from(row: Registration, before: Registration | None) -> str:
    """Return where a version of the entry comes from, and of a change what changed."""
    if before is None or before.ended_on != row.known_since or row.source != "case":
        return str(SOURCE[row.source])
    items = tuple(item for item in ITEMS if getattr(row, item) != getattr(before, item))
    return _("changed here: %(items)s", items=localized(named_items(items)))


@file_part("stated", "register", 2)
def stated(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return what the entry in force states; who represents it is for its own people and those who work with it."""
    entry = open_registration(session, organization_id)
    if entry is None or entry.domicile is None:
        return None
    knows = reader.own or any(held.role in PLACE_ROLES and held.case_id is None for held in reader.held)
    person = entry.legal_representative or ""
    rows = (
        (_("Domicile"), entry.domicile), (_("Legal representative"), person if knows else "••••"),
        (_("Scope of business"), entry.scope), (_("Start-up or registered fund"), money(entry.fund_fen)),
        (_("Supervising unit"), entry.sponsor or _("none, registered directly")),
    )
    return Part(_("What is registered"), "", tuple(Entry(value or "—", note=title) for title, value in rows))


@file_part("decisions", "register", 3)
def decisions(session: AnySession, organization_id: int, reader: Reader) -> Part:
    """Return what authorities published about it."""
    return Part(_("Published decisions"), _("No decision about it was published."),
                _decisions(session, organization_id))


@file_part("assessments", "register", 4)
def assessments(session: AnySession, organization_id: int, reader: Reader) -> Part:
    """Return the grades that lists printed, the newest first."""
    query = select(Assessment).where(Assessment.organization_id == organization_id).order_by(Assessment.id.desc())
    entries = tuple(
        Entry(str(grade_words(row.grade)), note=row.source, from_on=row.known_on) for row in session.scalars(query)
    )
    return Part(_("Assessments"), _("No list gives it a grade."), entries)


@file_part("against", "standing", 1)
def against(session: AnySession, organization_id: int, reader: Reader) -> Part:
    """Return the published decisions against it."""
    return Part(_("Penalties and cancellations"), _("No published decision stands against it."),
                _decisions(session, organization_id, *AGAINST))


def _decisions(session: AnySession, organization_id: int, *categories: str) -> tuple[Entry, ...]:
    query = select(RegisterDecision).where(RegisterDecision.organization_id == organization_id)
    if categories:
        query = query.where(RegisterDecision.category.in_(categories))
    return tuple(
        Entry(str(CATEGORY[row.category]), number=row.doc_no, from_on=row.decided_on,
              note=f"{row.authority} · {row.name_printed}", tone="red" if row.category in AGAINST else "",
              )
        for row in session.scalars(query.order_by(RegisterDecision.decided_on.desc(), RegisterDecision.id.desc()))
    )


@file_part("papers", "papers", 1)
def papers(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return the newest papers that its own people can hand in again; nobody else's business. One query."""
    if not reader.own:
        return None
    entries = tuple(
        Entry(one.document.name, f"/documents/{one.document.id}", from_on=local_day(one.document.uploaded_at),
              note=_("issued by the system") if one.document.issued else None)
        for one in reusable_documents(session, organization_id, limit=MOST_PAPERS)
    )
    empty = _("Nothing was handed in yet; papers of your first case stay here.")
    return Part(_("Papers that can be used again"), empty,
                entries, note=_("the newest %(n)s", n=MOST_PAPERS) if len(entries) == MOST_PAPERS else None,
                step=Step(_("What can be applied for"), "/guide"))
