"""What does each step of a contract write? A draft, then the signed contract with its money, or what is left of it."""

from flask_babel import lazy_gettext as _l

from app.cases.kinds import effect
from app.cases.models import Case
from app.cases.move import FollowOn, Move
from app.errors import InvalidInput
from app.ledger.accounts import package_balances
from app.ledger.steps import Because, release
from app.ledger.transfers import NotEnough
from app.purchasing.award.queries import lot_of
from app.purchasing.awarding import Award, ContractDraft, ContractTermination
from app.purchasing.contract.queries import advances_not_left, contract_of_case, drafted, unclaimed_fen
from app.purchasing.steps import ContractTerms, InstalmentTerm, sign_contract
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.kinds.contract import STABLE
from workflows.rules.instalments import split
from workflows.rules.working_days import local_day

SHORT = Reason("not_enough", Text(
    "本包占用的预算不足合同金额；请刷新后核对预算。",
    "The package does not hold enough for the contract; reload and check.",
))


@effect("contract", "prepare")
def prepare(move: Move) -> None:
    """Begin the draft with the package's title and the programme's instalments."""
    made = move.session.get_one(Award, move.data["award"])
    lot = lot_of(move.session, made.case_id)
    move.session.add(ContractDraft(
        case_id=move.case.id, award_id=made.id, title=lot.package.title, stable=False,
        instalments=[
            {"share_bp": row["share_bp"], "condition": row["condition"], "waits_for": row.get("waits_for") or "none"}
            for row in lot.programme.instalments
        ],
    ))
    move.case.subject = lot.package.title


@effect("contract", "send")
def send(move: Move) -> None:
    """Take over what was drafted; each instalment must come to something."""
    found, data = drafted(move.session, move.case.id), move.data
    amounts = split(found.award.amount_fen, [row["share_bp"] for row in data["instalments"]])
    if not all(amounts):
        raise InvalidInput({"instalments": [str(_l("One of these shares comes to nothing; make it larger."))]})
    found.draft.title, found.draft.ends_on = data["title"], data["ends_on"]
    found.draft.stable = all(data[name] for name in STABLE)
    found.draft.instalments = [dict(row) for row in data["instalments"]]


@effect("contract", "sign", "sign_grant")
def sign(move: Move) -> list[FollowOn]:
    """Commit the price out of what the package holds, give the remainder back, and end the package."""
    found, package = drafted(move.session, move.case.id), move.session.get_one(Case, move.case.parent_id)
    lot = lot_of(move.session, package.id)
    assert found.draft.ends_on is not None, "only what was sent is signed"
    held = package_balances(move.session, lot.plan.budget_line_id, package.number)["reserved"]
    terms = ContractTerms(
        number=package.number, title=found.draft.title, organization_id=found.award.organization_id,
        node_id=move.case.node_id, budget_line_id=lot.plan.budget_line_id, amount_fen=found.award.amount_fen,
        signed_on=local_day(move.now), ends_on=found.draft.ends_on, signed_by=move.person_id, case_id=move.case.id,
        instalments=[InstalmentTerm(**row) for row in found.draft.instalments],
    )
    try:
        sign_contract(move.session, terms, now=move.now, reserved_fen=held, sequence=move.sequence)
    except NotEnough as short:
        raise Refused(SHORT) from short
    return [FollowOn("package", "contract_signed", number=package.number)]


@effect("contract", "terminate")
def terminate(move: Move) -> list[FollowOn]:
    """End the contract: what nobody has applied for goes back to the budget line, and so does an advance that has not
    left; what was applied for on accepted work is still owed (Civil Code art. 566).
    """
    contract = contract_of_case(move.session, move.case.id)
    assert contract is not None, "only a signed contract is terminated"
    left, advances = unclaimed_fen(move.session, contract.id), advances_not_left(move.session, contract.id)
    if left:
        because = Because(
            now=move.now, case_id=move.case.id, sequence=move.sequence, reference=contract.number
        )
        release(move.session, contract.budget_line_id, contract.number, left, because)
    move.session.add(ContractTermination(
        case_id=move.case.id, sequence=move.sequence, contract_id=contract.id, ground=move.data["ground"],
        reason=move.data["reason"], released_fen=left, terminated_on=local_day(move.now),
    ))
    return [FollowOn("payment", "call_off", number=number) for number in advances]
