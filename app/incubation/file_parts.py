"""Where was an organization incubated, and where does it stand there?"""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.models import Node
from app.access.nodes import AnySession
from app.access.reach import visible_by
from app.cases.models import Case
from app.incubation.inputs import MODE_LABELS
from app.incubation.models import IncubationApplication, Residency
from app.language import current_locale
from app.organizations.file import Entry, Part, Reader, Step, file_part
from app.organizations.file_cases import state_of


@file_part("incubation", "ties", 2)
def incubation(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return its applications and stays that the reader may see, the newest first. One query."""
    query = (
        select(Case, IncubationApplication.mode, Residency, Node.name_zh, Node.name_en)
        .join(IncubationApplication, IncubationApplication.case_id == Case.id)
        .join(Node, Node.id == Case.node_id)
        .outerjoin(Residency, Residency.case_id == Case.id)
        .where(Case.organization_id == organization_id, visible_by(reader.held, Case)).order_by(Case.id.desc())
    )
    chinese, modes = current_locale().startswith("zh"), dict(MODE_LABELS)
    entries = []
    for case, mode, stay, zh, en in session.execute(query):
        state, tone = state_of(case)
        entries.append(Entry(
            zh if chinese or not en else en, f"/cases/{case.number}", number=case.number, note=str(modes[mode]),
            state=state, tone=tone, from_on=stay.from_on if stay else None,
            to_on=(stay.ended_on or stay.until_on) if stay else None,
        ))
    if not entries and not reader.own:
        return None
    step = Step(_("See the incubators"), "/incubators") if reader.own else None
    return Part(_("Incubation"), _("It has applied to no incubator."), tuple(entries), step=step)
