"""The panel of a package: when is a pool published, a seat filled, the review over; and who may review?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason

Data = Mapping[str, Any] | None

NO_CONFLICT = "none"


@dataclass(frozen=True, slots=True)
class PanelFacts:
    """What is known of the panel of a package. `fit` and `least` are asked only where a pool can be published.

    `fit` experts have no tie to a bidder and are in no published pool yet; `waiting` are in a published pool that no
    checkpoint has drawn yet; `reserve` were drawn and have no seat; `unsigned` have not answered the report.
    """

    published: bool = False
    checkpoint: bool = False
    fit: int = 0
    least: int = 0
    vacant: int = 0
    reserve: int = 0
    waiting: int = 0
    unsigned: int = 0
    not_scored: tuple[int, ...] = ()


class HasPanel(Protocol):
    """The facts of a package, as far as its panel asks for them."""

    @property
    def panel(self) -> PanelFacts:
        """What is known of the panel."""
        ...


@dataclass(frozen=True, slots=True)
class BidReviewFacts:
    """What binds the expert of one review to any bidder of the package: (bidder, tie in words)."""

    case: CaseFacts
    walls: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class PoolEntryFacts:
    """Only the case itself: the entry is checked as it is typed, and by a second person."""

    case: CaseFacts


@guard("pool_not_published", Text("名册尚未公布", "The pool is not published yet"), needs=("panel",))
def pool_not_published(facts: HasPanel, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to publish a second pool: who does not like a draw could have another."""
    if not facts.panel.published:
        return None
    return Reason("pool_published", Text("专家名册已经公布；请抽取专家。", "The pool is published; draw the experts."))


@guard("pool_is_large_enough", Text("可抽取的专家足够", "Experts enough to draw from"), needs=("panel",))
def pool_is_large_enough(facts: HasPanel, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a panel that is even, smaller than the law wants, or larger than the pool."""
    panel = facts.panel
    if panel.published:
        return None
    size = (data or {}).get("panel_size") or panel.least
    if size < panel.least or size % 2 == 0:
        return Reason(
            "panel_size",
            Text(f"评审组至少{panel.least}人，且为单数。", f"A panel has at least {panel.least} and an odd number."),
        )
    if panel.fit >= size:
        return None
    return Reason(
        "pool_too_small",
        Text(
            f"没有利害关系的在库专家只有{panel.fit}人，评审组需要{size}人；请先增补专家入库。",
            f"Experts listed here without a conflict: {panel.fit}; the panel needs {size}. List more experts first.",
        ),
    )


@guard("pool_is_published", Text("名册已经公布", "The pool is published"), needs=("panel",))
def pool_is_published(facts: HasPanel, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to draw from a pool that nobody has fixed."""
    if facts.panel.published:
        return None
    return Reason("pool_not_published", Text("请先公布专家名册。", "Publish the pool of experts first."))


def wait_for_checkpoint() -> Reason:
    """Return the reason to wait: what the signer has not covered yet decides nothing."""
    return Reason(
        "wait_for_checkpoint",
        Text(
            "名册公布后的检查点尚未签署，最多等待60秒；请稍后再试。",
            "The checkpoint after the publication is not signed yet; wait at most 60 seconds and try again.",
        ),
    )


@guard("checkpoint_is_signed", Text("公布后的检查点已签署", "A checkpoint covers the publication"), needs=("panel",))
def checkpoint_is_signed(facts: HasPanel, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to draw before the checkpoint that nobody could know when the pool was fixed."""
    return None if facts.panel.checkpoint or not facts.panel.published else wait_for_checkpoint()


@guard("seat_is_vacant", Text("评审组有空缺", "A seat is vacant"), needs=("panel",))
def seat_is_vacant(facts: HasPanel, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to replace anybody while all seats are taken."""
    if facts.panel.vacant:
        return None
    return Reason("no_vacant_seat", Text("评审组没有空缺。", "No seat of the panel is vacant."))


@guard("reserve_is_there", Text("有后备专家", "There is a reserve"), needs=("panel",))
def reserve_is_there(facts: HasPanel, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse where the reserve of the draw is used up; say what to do."""
    panel = facts.panel
    if panel.reserve or not panel.vacant or (panel.waiting and panel.checkpoint):
        return None
    if panel.waiting:
        return wait_for_checkpoint()
    return Reason(
        "reserve_used_up",
        Text("后备专家已经用尽；请先补充专家名册。", "The reserve is used up; supplement the pool first."),
    )


@guard("reserve_is_used_up", Text("后备专家已经用尽", "The reserve is used up"), needs=("panel",))
def reserve_is_used_up(facts: HasPanel, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a further pool while the draw still has somebody."""
    panel = facts.panel
    if not panel.vacant or not (panel.reserve or panel.waiting):
        return None
    return Reason("reserve_left", Text("仍有后备专家；请递补。", "The draw has a reserve; replace the expert from it."))


@guard("pool_has_more", Text("在库还有其他专家", "Further experts are listed"), needs=("panel",))
def pool_has_more(facts: HasPanel, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a further pool with nobody new in it."""
    if facts.panel.fit or not facts.panel.vacant:
        return None
    return Reason(
        "pool_too_small",
        Text("没有其他可抽取的专家；请先增补专家入库。", "Nobody else can be drawn; list more experts first."),
    )


@guard(
    "expert_has_not_scored", Text("该专家在评审组且未提交评分", "The expert sits and has not scored"), needs=("panel",)
)
def expert_has_not_scored(facts: HasPanel, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to relieve somebody who does not sit, or who has handed in already: scores are not chosen."""
    named = (data or {}).get("expert")
    if facts.panel.not_scored and named in (None, *facts.panel.not_scored):
        return None
    return Reason(
        "expert_not_seated",
        Text("该专家不在评审组，或已提交评分。", "This expert does not sit on the panel, or has scored already."),
    )


@guard("report_is_signed", Text("全部专家已签署评审报告", "All experts have answered the report"), needs=("panel",))
def report_is_signed(facts: HasPanel, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to finish while an expert may still dissent in writing."""
    if not facts.panel.unsigned:
        return None
    return Reason(
        "report_unsigned",
        Text(
            f"还有{facts.panel.unsigned}名专家未签署评审报告；签署期满视为同意。",
            f"Experts who have not signed the report: {facts.panel.unsigned}. After the time for it they agree.",
        ),
    )


@guard("no_bidder_wall", Text("与全部投标人没有利害关系", "Nothing ties the expert to a bidder"), needs=("walls",))
def no_bidder_wall(facts: BidReviewFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an expert whom a known tie to any bidder bars, and say which."""
    if not facts.walls:
        return None
    bidder, words = facts.walls[0]
    return Reason(
        "conflict",
        Text(
            f"系统记录您与{bidder}有利害关系（{words.zh}），不能评审本包；请申请回避。",
            f"The record ties you to {bidder} ({words.en}); please recuse yourself.",
        ),
    )


@guard("no_conflict_named", Text("没有声明利害关系", "No conflict was named"), reads_input=True)
def no_conflict_named(facts: BidReviewFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a declaration that names a conflict: who has one steps out."""
    if not data or all(row["relation"] == NO_CONFLICT for row in data.get("bidders") or ()):
        return None
    return Reason(
        "conflict_named",
        Text("您声明了利害关系，不能评审本包；请申请回避。", "You named a conflict; please recuse yourself instead."),
    )
