"""Call and package: what decides whether bidders may be asked, and what becomes of each lot?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.award import NOT_RANKED, Award
from workflows.kinds.case import Acting, CaseFacts, Reason
from workflows.kinds.panel import PanelFacts
from workflows.rules.working_days import add_working_days, local_day, official_calendar

Data = Mapping[str, Any] | None

SHORTEST = {"open_tender": "bidding", "invited_tender": "bidding", "grant_call": "bidding_grant"}
OTHER = "bidding_other"


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the plan, its programme and its budget line say of a call as it is handed in or stands."""

    case: CaseFacts
    plan_approved: bool
    plan_is_free: bool
    method: str
    plan_fen: int
    packages_fen: int
    largest_fen: int
    cap_fen: int
    available_fen: int
    amount_fen: int
    bids_due_at: datetime | None
    documents_until: date | None
    officers_ready: bool
    officers_rehearsed: tuple[datetime | None, ...]
    awarded: bool = False


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"


@guard(
    "plan_is_open",
    Text("计划已批准且未被占用", "The plan is approved and free"),
    needs=("plan_approved", "plan_is_free"),
    reads_input=True,
)
def plan_is_open(facts: CallFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a plan that is not approved, or that another call holds."""
    if facts.plan_approved and facts.plan_is_free:
        return None
    return Reason(
        "plan_not_open",
        Text(
            "所选计划尚未批准，或者已有公告；请重新选择。",
            "This plan is not approved or has a call already; choose another.",
        ),
    )


@guard(
    "packages_within_plan",
    Text("各包金额不超过计划和单包上限", "The packages stay within plan and cap"),
    needs=("packages_fen", "plan_fen", "largest_fen", "cap_fen"),
    reads_input=True,
)
def packages_within_plan(facts: CallFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse packages that come to more than the plan, or one above the programme's cap."""
    if facts.packages_fen > facts.plan_fen:
        return Reason(
            "packages_over_plan",
            Text(
                f"各包合计 {_yuan(facts.packages_fen)} 元，超过计划的 {_yuan(facts.plan_fen)} 元；请调减。",
                f"The packages come to {_yuan(facts.packages_fen)} yuan, above the plan's "
                f"{_yuan(facts.plan_fen)}; lower them.",
            ),
        )
    if facts.largest_fen > facts.cap_fen:
        return Reason(
            "package_over_cap",
            Text(
                f"单包金额不得超过项目规则规定的 {_yuan(facts.cap_fen)} 元；请调减或者分包。",
                f"The programme allows at most {_yuan(facts.cap_fen)} yuan per package; lower or divide it.",
            ),
        )
    return None


@guard(
    "bidding_long_enough",
    Text("投标期限足够", "Bidders have time enough"),
    needs=("method", "bids_due_at"),
    reads_input=True,
)
def bidding_long_enough(facts: CallFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a deadline that comes sooner than the least number of days from today."""
    number = facts.case.policy.number(SHORTEST.get(facts.method, OTHER))
    first = local_day(now) + timedelta(days=number.value)
    if facts.bids_due_at is not None and local_day(facts.bids_due_at) >= first:
        return None
    return Reason(
        "bidding_too_short",
        Text(
            f"投标截止日期不得早于 {first:%Y-%m-%d}（{number.value} 日，{number.cite.zh}）；请推迟。",
            f"The deadline may not be before {first:%Y-%m-%d}"
            f" ({number.value} days, {number.cite.en}); set a later one.",
        ),
    )


@guard(
    "documents_long_enough",
    Text("采购文件提供期限足够", "The documents are on offer long enough"),
    needs=("documents_until",),
    reads_input=True,
)
def documents_long_enough(facts: CallFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to offer the documents for less than the least number of working days from today."""
    number = facts.case.policy.number("documents_offered")
    first = add_working_days(local_day(now), number.value, official_calendar()).date
    if facts.documents_until is not None and facts.documents_until >= first:
        return None
    return Reason(
        "documents_too_short",
        Text(
            f"采购文件至少提供到 {first:%Y-%m-%d}（{number.value} 个工作日，{number.cite.zh}）。",
            f"Offer the documents until {first:%Y-%m-%d} at least ({number.value} working days, {number.cite.en}).",
        ),
    )


@guard(
    "officers_ready",
    Text("三名开标人员已登记密钥", "Three opening officers hold keys"),
    needs=("officers_ready",),
    reads_input=True,
)
def officers_ready(facts: CallFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a call whose bids could not be opened by two of three officers with keys of their own."""
    if facts.officers_ready:
        return None
    return Reason(
        "officers_not_ready",
        Text(
            "请选择三名不同的、已登记开标密钥的人员。",
            "Choose three different people who have enrolled an opening key.",
        ),
    )


@guard("nothing_awarded", Text("没有已定标未签约的包", "No package is awarded and unsigned"), needs=("awarded",))
def nothing_awarded(facts: CallFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to cancel what somebody was awarded (Procurement Law art. 46: the award binds both)."""
    if not facts.awarded:
        return None
    return Reason(
        "package_awarded",
        Text(
            "有一个包已经定标、尚未签订合同，不能终止公告；请先签订合同，或者办理该包的放弃。",
            "A package is awarded and not signed yet; sign its contract or revoke its award first.",
        ),
    )


@guard(
    "officers_rehearsed",
    Text("开标人员近期演练过", "The opening officers rehearsed lately"),
    needs=("officers_rehearsed",),
)
def officers_rehearsed(facts: CallFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to publish while an officer has not opened a trial box within the last so many days."""
    number = facts.case.policy.number("opening_rehearsal")
    since = now - timedelta(days=number.value)
    if all(at is not None and at >= since for at in facts.officers_rehearsed):
        return None
    return Reason(
        "officers_not_rehearsed",
        Text(
            f"每名开标人员须在近 {number.value} 日内用自己的口令完成开标演练；请在各自的密钥办件中演练。",
            f"Every opening officer must have rehearsed with the own passphrase within {number.value} days; "
            "each does so in the case of the own key.",
        ),
    )


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """What is known of a lot. The counts of bids are read only once the time for bids is over."""

    case: CaseFacts
    opening_officer: bool
    bids: int
    open_bids: int
    qualified: int
    undecided: int
    award: Award = NOT_RANKED
    officers: tuple[int, ...] = ()
    arrived: tuple[int, ...] = ()
    panel: PanelFacts = field(default_factory=PanelFacts)


def _minimum(facts: PackageFacts) -> int:
    return facts.case.policy.number("bids_minimum").value


@guard("is_opening_officer", Text("开标人员", "An opening officer"), needs=("opening_officer",))
def is_opening_officer(facts: PackageFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse everybody but the three officers of the call."""
    if facts.opening_officer:
        return None
    return Reason(
        "not_an_opening_officer",
        Text(
            "只有公告指定的三名开标人员可以开标。", "Only the three officers named in the call open its bids."
        ),
    )


@guard("own_seat", Text("本人是开标人员且尚未到场", "An opening officer not yet there"), needs=("officers", "arrived"))
def own_seat(facts: PackageFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse everybody but an officer of the call, and whoever is there already."""
    if acting.person_id not in facts.officers:
        return Reason(
            "not_an_opening_officer",
            Text("只有公告指定的三名开标人员可以到场。", "Only the three officers named in the call take a seat."),
        )
    if acting.person_id in facts.arrived:
        return Reason("there_already", Text("您已经到场。", "You are there already."))
    return None


@guard("enough_bids", Text("投标人足够", "Enough bids came in"), needs=("bids",))
def enough_bids(facts: PackageFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to open when fewer than the least number bid: they go back unopened."""
    if facts.bids >= _minimum(facts):
        return None
    return Reason(
        "too_few_bids",
        Text(
            f"投标不足 {_minimum(facts)} 家，不得开标；请废标并说明理由。",
            f"Fewer than {_minimum(facts)} bids came in; none is opened. Fail the package and say why.",
        ),
    )


@guard(
    "too_few_bidders",
    Text("投标人不足", "There are too few bidders"),
    needs=("bids", "qualified", "undecided"),
)
def too_few_bidders(facts: PackageFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to fail a package that has bidders enough, or whose bidders are not all checked yet."""
    if facts.case.state == "closed":
        return None if facts.bids < _minimum(facts) else _enough()
    if facts.case.state != "opened":
        return None  # enough bidders qualified; the ground must be another one
    if facts.undecided:
        return Reason(
            "bids_undecided",
            Text("还有投标未作资格审查；请先审查完毕。", "Some bids are not checked yet; finish that first."),
        )
    return None if facts.qualified < _minimum(facts) else _enough()


@guard("lawful_ground", Text("有法定废标理由", "A ground that the law knows"), reads_input=True)
def lawful_ground(facts: PackageFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse "too few bidders" once enough have qualified, and any other ground before (Procurement Law art. 36)."""
    if not data:
        return None
    if data.get("ground") == "no_candidate" and facts.case.state not in ("closed", "opened"):
        return _no_candidate(facts)
    too_few = data.get("ground") in (None, "too_few")
    if facts.case.state in ("closed", "opened"):
        if too_few:
            return None
        return Reason(
            "ground_too_early",
            Text(
                "资格审查结束前只能以投标人不足废标；其他情形请终止采购公告。",
                "Until qualification is over a package fails for want of bidders only; else cancel the call.",
            ),
        )
    return _enough() if too_few else None


def _no_candidate(facts: PackageFacts) -> Reason | None:
    """Law art. 49: where the winner does not sign, the buyer takes the next or buys anew."""
    ranked = facts.case.state == "ranked"
    if ranked and (facts.award.next_bid is None or facts.award.anybody_out):
        return None
    return Reason(
        "candidates_left",
        Text(
            "排名中还有候选人，且无人放弃或者失去资格；不能以无候选人为由废标。",
            "The ranking has candidates and nobody has dropped out; this is no ground to fail the package.",
        ),
    )


def _enough() -> Reason:
    return Reason(
        "enough_bidders",
        Text(
            "投标人数量符合要求，不能以不足为由废标。",
            "There are bidders enough; the package cannot fail for want of them.",
        ),
    )


@guard(
    "enough_qualified",
    Text("合格投标人足够", "Enough bidders are qualified"),
    needs=("qualified", "undecided"),
)
def enough_qualified(facts: PackageFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to go on while bids are unchecked, or with fewer than the least number of qualified bidders."""
    if facts.undecided:
        return Reason(
            "bids_undecided",
            Text("还有投标未作资格审查；请先审查完毕。", "Some bids are not checked yet; finish that first."),
        )
    if facts.qualified >= _minimum(facts):
        return None
    return Reason(
        "too_few_qualified",
        Text(
            f"合格投标人不足 {_minimum(facts)} 家；请废标并说明理由。",
            f"Fewer than {_minimum(facts)} bidders are qualified; fail the package and say why.",
        ),
    )
