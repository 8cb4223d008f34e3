"""Payment: what decides whether an instalment of a contract may be paid?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Facts, Reason

Data = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """What contract, ledger and bank say. The three balances are those of the contract's money."""

    case: CaseFacts
    organization_registered: bool
    contract_with_organization: bool
    instalment_found: bool
    instalment_amount_fen: int
    amount_fen: int
    committed_fen: int
    payable_fen: int
    transit_fen: int
    open_payment_elsewhere: bool
    earlier_instalments_settled: bool
    payee_is_organization: bool
    bank_line_matches: bool
    missing_documents: tuple[str, ...]
    # Of what the instalment waits for, what is missing; CONDITIONS has the words.
    condition_missing: tuple[str, ...] = ()
    nothing_to_rectify: bool = True
    frozen: str = ""
    # False for an advance of a terminated contract: it waits for no work, and none will follow.
    still_owed: bool = True


CONDITIONS: Mapping[str, Text] = {
    "report": Text("本期阶段报告通过", "an accepted stage report on this instalment"),
    "mid_evaluation": Text("中期评估合格", "a mid-term evaluation that is passed"),
    "final_evaluation": Text("终期评估合格", "a final evaluation that is passed"),
    "acceptance": Text("验收合格", "acceptance of the project"),
    "closed": Text("合同未结项、未终止", "a contract that is neither closed nor terminated"),
}
"""What an instalment may wait for, besides nothing; a closed or terminated contract is paid no more."""


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"


@guard(
    "contract_with_organization",
    Text("合同由申请单位签订", "The applicant signed the contract"),
    needs=("contract_with_organization",),
    reads_input=True,
)
def contract_with_organization(
    facts: PaymentFacts, acting: Acting, data: Data, now: datetime
) -> Reason | None:
    """Refuse a contract that belongs to somebody else, or to nobody."""
    if facts.contract_with_organization:
        return None
    return Reason(
        "not_your_contract",
        Text(
            "该合同的乙方不是申请单位；请重新选择合同。",
            "The contract is not with this organization; choose another.",
        ),
    )


@guard(
    "instalment_is_open",
    Text("该期款项尚未申请拨付", "The instalment waits to be paid"),
    needs=("instalment_found", "open_payment_elsewhere"),
    reads_input=True,
)
def instalment_is_open(facts: PaymentFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an instalment that does not exist, is being paid by another case, or has been paid."""
    if not facts.instalment_found:
        return Reason(
            "no_such_instalment",
            Text(
                "合同中没有这一期款项；请重新选择。", "The contract has no such instalment; choose another."
            ),
        )
    if facts.open_payment_elsewhere:
        return Reason(
            "instalment_taken",
            Text(
                "这一期款项已有在办或已拨付的申请；请查看该件，不要重复申请。",
                "Another case pays or has paid this instalment; look there and do not apply twice.",
            ),
        )
    return None


@guard(
    "amount_is_the_instalment",
    Text("申请金额等于合同约定", "The amount is what the contract says"),
    needs=("instalment_found", "instalment_amount_fen", "amount_fen"),
    reads_input=True,
)
def amount_is_the_instalment(facts: PaymentFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse any amount but the instalment's, to the fen."""
    # An instalment that was not found is refused by its own guard; no amount could be right for it.
    if not facts.instalment_found or facts.amount_fen == facts.instalment_amount_fen:
        return None
    agreed = _yuan(facts.instalment_amount_fen)
    return Reason(
        "amount_differs",
        Text(
            f"本期合同约定金额为 {agreed} 元；请按此申请。",
            f"This instalment is {agreed} yuan; apply for that amount.",
        ),
    )


@guard(
    "earlier_instalments_paid",
    Text("前期款项均已到账", "Every earlier instalment has been paid"),
    needs=("earlier_instalments_settled",),
)
def earlier_instalments_paid(facts: PaymentFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an instalment whose predecessors have not reached the payee."""
    if facts.earlier_instalments_settled:
        return None
    return Reason(
        "earlier_instalment_open",
        Text(
            "前一期款项尚未到账；请按合同顺序申请。",
            "An earlier instalment is not settled yet; apply in order.",
        ),
    )


@guard(
    "instalment_condition_met",
    Text("本期付款条件已经成就", "The condition of the instalment is met"),
    needs=("condition_missing",),
)
def instalment_condition_met(facts: PaymentFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an instalment whose condition is not met, and name what is missing."""
    if not facts.condition_missing:
        return None
    zh = "、".join(CONDITIONS[code].zh for code in facts.condition_missing)
    en = ", ".join(CONDITIONS[code].en for code in facts.condition_missing)
    return Reason(
        "instalment_condition_open",
        Text(f"本期付款条件尚未成就，还缺：{zh}。", f"The condition of this instalment is not met. Missing: {en}."),
    )


@guard(
    "instalment_still_owed",
    Text("本期款项仍应支付", "The instalment is still owed"),
    needs=("still_owed",),
)
def instalment_still_owed(facts: PaymentFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an advance of a terminated contract (Civil Code art. 566: what is not performed is performed no more)."""
    if facts.still_owed:
        return None
    return Reason(
        "advance_not_owed",
        Text(
            "合同已经终止，预付款尚未付出的不再支付；已完成工作的结算请与承接主体另行商定。",
            "The contract was terminated, and an advance that has not left is paid no more; settle work that was done "
            "with the organization.",
        ),
    )


@guard(
    "payee_is_organization",
    Text("收款人就是申请单位", "The payee is the organization itself"),
    needs=("payee_is_organization",),
    reads_input=True,
)
def payee_is_organization(facts: PaymentFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an account in any other name than the organization's."""
    if facts.payee_is_organization:
        return None
    return Reason(
        "payee_differs",
        Text(
            "收款户名与申请单位名称不一致；只能拨付到本单位的对公账户。",
            "The account is in another name; money goes only to the organization's own account.",
        ),
    )


@guard(
    "enough_committed",
    Text("合同已承诺的资金足够", "Enough money is committed to the contract"),
    needs=("amount_fen", "committed_fen"),
)
def enough_committed(facts: PaymentFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse when the contract's committed money does not cover the amount."""
    if facts.amount_fen <= facts.committed_fen:
        return None
    left = _yuan(facts.committed_fen)
    return Reason(
        "not_enough_committed",
        Text(
            f"该合同已承诺未支付的资金只有 {left} 元，不够支付本期；请先办理预算调整。",
            f"Only {left} yuan is committed and unspent, less than this instalment; adjust the budget first.",
        ),
    )


@guard(
    "enough_payable",
    Text("应付资金足够", "Enough money is payable"),
    needs=("amount_fen", "payable_fen"),
)
def enough_payable(facts: PaymentFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an instruction for more than is payable."""
    if facts.amount_fen <= facts.payable_fen:
        return None
    left = _yuan(facts.payable_fen)
    return Reason(
        "not_enough_payable",
        Text(
            f"应付余额只有 {left} 元，不能发出本指令；请财务人员核对台账。",
            f"Only {left} yuan is payable, so the instruction cannot leave; finance must check the ledger.",
        ),
    )


@guard("checked_by_another", Text("财务审核人不是业务审核人", "Another person did the business check"))
def checked_by_another(facts: Facts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse the finance check to whoever did the business check."""
    if not facts.case.performed(acting.person_id, "check_business"):
        return None
    return Reason(
        "checked_business_yourself",
        Text(
            "业务审核由您作出，财务审核须由他人办理。",
            "You did the business check, so another must do the finance check.",
        ),
    )


@guard("not_the_approver", Text("出纳不是审批人", "The cashier is not the approver"))
def not_the_approver(facts: Facts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse the instruction to whoever approved the payment."""
    if not facts.case.performed(acting.person_id, "approve"):
        return None
    return Reason(
        "approved_it_yourself",
        Text(
            "本件由您批准，支付指令须由他人发出。",
            "You approved this payment, so another must send the instruction.",
        ),
    )


@guard(
    "bank_line_matches",
    Text("银行对账单上有对应的一笔", "A bank statement line proves it"),
    needs=("bank_line_matches",),
)
def bank_line_matches(facts: PaymentFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to believe anything but a line of an imported statement."""
    if facts.bank_line_matches:
        return None
    return Reason(
        "no_bank_line",
        Text(
            "是否到账以银行对账单为准；请导入对账单，由系统核对后自动办理。",
            "Only a bank statement proves it; import the statement and the match is made from it.",
        ),
    )
