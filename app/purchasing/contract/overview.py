"""What is a contract's case about? Price, term and instalments as drafted, and the contract once it is signed."""

from flask_babel import gettext as _

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.overview import Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import money
from app.purchasing.contract.queries import contract_of_case, drafted
from app.purchasing.programme.inputs import WAITS_FOR
from workflows.rules.instalments import split


@overview("contract")
def contract_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return price, end and each instalment with what it waits for."""
    found, signed = drafted(session, case.id), contract_of_case(session, case.id)
    words = {code: str(label) for code, label in WAITS_FOR}
    facts = [Fact(_("Price"), money(found.award.amount_fen), None, True)]
    if found.draft.ends_on is not None:
        facts.append(Fact(_("Ends on"), found.draft.ends_on.isoformat()))
    amounts = split(found.award.amount_fen, [row["share_bp"] for row in found.draft.instalments])
    facts += [
        Fact(_("Instalment %(n)s", n=n), money(fen), f"{row['condition']} ({words[row['waits_for']]})")
        for n, (row, fen) in enumerate(zip(found.draft.instalments, amounts, strict=True), start=1)
    ]
    links = (Link(signed.title, f"/contracts/{signed.id}", signed.number),) if signed is not None else ()
    return Overview(tuple(facts), links)
