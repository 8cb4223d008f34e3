"""What is a contract's case about? Price, term, instalments with what each waits for, and the signed contract."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.models import Case
from app.cases.overview import Board, Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import day, money, percent
from app.purchasing.contract.queries import Drafted, contract_of_case, drafted
from app.purchasing.models import Contract, Instalment
from app.purchasing.programme.inputs import WAITS_FOR
from workflows.rules.instalments import split


@overview("contract")
def contract_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return price, end, each instalment with what it waits for, the signed contract and why it was awarded."""
    found, signed = drafted(session, case.id), contract_of_case(session, case.id)
    facts = [Fact(_("Price"), money(found.award.amount_fen), None, True)]
    if found.draft.ends_on is not None:
        facts.append(Fact(_("Ends on"), day(found.draft.ends_on)))
    links = [Link(signed.title, f"/contracts/{signed.id}", signed.number)] if signed is not None else []
    package = session.execute(select(Case.number).where(Case.id == case.parent_id)).scalar()
    links.append(Link(_("Why this one"), f"/publicity/{package}", package))
    return Overview(tuple(facts), tuple(links), (_instalments(session, found, signed),))


def _instalments(session: AnySession, found: Drafted, signed: Contract | None) -> Board:
    """Return the instalments as drafted; of a signed contract as signed, what an acceptance deducted off them."""
    words = {code: str(label) for code, label in WAITS_FOR}
    if signed is not None:
        query = select(Instalment).where(Instalment.contract_id == signed.id).order_by(Instalment.position)
        parts = [
            (row.position, row.condition, row.waits_for, row.share_bp, row.amount_fen - row.deducted_fen)
            for row in session.scalars(query)
        ]
    else:
        terms = found.draft.instalments
        amounts = split(found.award.amount_fen, [term["share_bp"] for term in terms])
        parts = [
            (place, term["condition"], term["waits_for"], term["share_bp"], fen)
            for place, (term, fen) in enumerate(zip(terms, amounts, strict=True), start=1)
        ]
    return Board(
        _("Instalments"),
        ((_("Instalment"), False), (_("Due when"), False), (_("What it waits for"), False), (_("Share"), True),
         (_("Amount"), True)),
        tuple(
            (_("Instalment %(n)s", n=place), condition, words[waits_for], percent(share), money(fen))
            for place, condition, waits_for, share, fen in parts
        ),
        instead_of="instalments",
    )
