"""What is this incubation about, and where does its panel stand? Each reader sees the reviews they may see."""

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from app.access.models import Person
from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.cases.kinds import overview
from app.cases.models import Case
from app.cases.overview import Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import day
from app.incubation.inputs import MODE_LABELS
from app.incubation.models import IncubationApplication, PanelSeat, Residency
from app.incubation.queries import incubators, panel_of
from app.language import current_locale, localized
from workflows.loader import library


@overview("incubation")
def incubation_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the incubator, the way, the panel's outcome, the term, and the panel board as links."""
    application, residency = session.get(IncubationApplication, case.id), session.get(Residency, case.id)
    if application is None:
        return Overview()
    facts = [Fact(_("Way of incubation"), str(dict(MODE_LABELS)[application.mode]))]
    panel = panel_of(session, case.id)
    if panel.size:
        words = _("%(done)s of %(all)s have scored", done=sum(1 for s in panel.sitting if s.submitted_at),
                  all=panel.size)
        facts.append(Fact(_("Panel"), words))
    if panel.mean is not None:
        rubric = library().rubric_pinned(application.rubric)
        value = f"{panel.mean.hundredths // 100}.{panel.mean.hundredths % 100:02d} / {rubric.max}"
        facts.append(Fact(_("Rubric"), localized(rubric.title), localized(rubric.cite)))
        facts.append(Fact(_("Mean of the panel"), value, localized(rubric.level_of(panel.mean).title), big=True))
    if residency is not None:
        facts.append(Fact(_("Term"), _("%(first)s to %(last)s", first=day(residency.from_on),
                                       last=day(residency.until_on))))
    return Overview(tuple(facts), (*_incubator(session, case), *_reviews(session, case, held)))


@overview("incubation_review")
def review_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the application that is scored, for whoever may see it: an expert, once they have declared."""
    query = select(Case).where(Case.id == case.parent_id, visible_by(held, Case))
    parent = session.scalars(query).one_or_none()
    if parent is None:
        return Overview()
    return Overview((), (Link(_("The application"), f"/cases/{parent.number}", parent.number),))


def _incubator(session: AnySession, case: CaseRow) -> list[Link]:
    return [
        Link(found.name(current_locale()), f"/incubators/{found.node_id}", _("Incubator"))
        for found in incubators(session, node_id=case.node_id)
    ]


def _reviews(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> list[Link]:
    query = (
        select(Case.number, Case.state, Case.place, Case.version, Person.name, PanelSeat.total)
        .join(PanelSeat, PanelSeat.review_case_id == Case.id)
        .join(Person, Person.id == PanelSeat.person_id)
        .where(PanelSeat.case_id == case.id, visible_by(held, Case))
        .order_by(Case.id)
    )
    links = []
    for row in session.execute(query):
        definition = library().exact("incubation_review", row.place, row.version)
        state = localized(definition.states[row.state].title)
        points = ngettext("%(num)d point", "%(num)d points", row.total) if row.total is not None else None
        links.append(Link(row.name, f"/cases/{row.number}", " · ".join(filter(None, (state, points)))))
    return links
