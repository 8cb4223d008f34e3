"""What is an objection about? Claim, request and answer; who sees the case sees them."""

from flask_babel import gettext as _

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.overview import Fact, Overview
from app.cases.snapshot import CaseRow
from app.purchasing.awarding import Objection


@overview("objection")
def objection_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return what was said on both sides."""
    row = session.get(Objection, case.id)
    if row is None:
        return Overview()
    facts = [Fact(_("Facts and grounds"), row.claim, wide=True), Fact(_("What you ask for"), row.request, wide=True)]
    if row.answer:
        facts.append(Fact(_("Answer"), row.answer, wide=True))
    return Overview(tuple(facts))
