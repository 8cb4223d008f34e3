"""To which hubs does an organization belong?"""

from flask_babel import gettext as _

from app.access.nodes import AnySession
from app.affiliation.queries import hubs_of
from app.language import current_locale
from app.organizations.file import Entry, Part, Reader, Step, file_part


@file_part("hubs", "ties", 1)
def hubs(session: AnySession, organization_id: int, reader: Reader) -> Part:
    """Return its hubs, those of today first. One query."""
    chinese = current_locale().startswith("zh")
    entries = tuple(
        Entry(
            row.name_zh if chinese or not row.name_en else row.name_en, f"/hubs/{row.hub_node_id}",
            state=_("primary hub") if row.is_primary else None, tone="blue", from_on=row.from_on, to_on=row.to_on,
            lasts=row.to_on is None,
        )
        for row in hubs_of(session, organization_id)
    )
    step = Step(_("Find a hub"), "/hubs") if reader.own else None
    return Part(_("Hub organizations"), _("It belongs to no hub organization."), entries, step=step)
