"""Deregistration: on which grounds does an organization end, and what must be settled before it may?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason

Data = Mapping[str, Any] | None

GROUNDS: Mapping[str, Text] = {
    "purpose_complete": Text("完成章程规定的宗旨", "its purpose is complete"),
    "resolved": Text("自行解散", "it resolved to dissolve"),
    "merged": Text("分立、合并", "it was divided or merged"),
    "other": Text("其他原因", "another reason"),
}
"""Regulations on Social Associations art. 19, Interim Regulations on Private Non-enterprise Units art. 16."""

MATTERS: Mapping[str, Text] = {
    "contract": Text("未结项的合同", "open contract"),
    "money": Text("未结清的款项", "unsettled money"),
    "case": Text("未办结的办件", "open case"),
    "hub": Text("仍在运行的枢纽", "hub that it runs"),
    "affiliation": Text("枢纽成员关系", "membership of a hub"),
    "advance": Text("已终止合同的预付款", "advance of a terminated contract"),
}
"""What may still be open when an organization is to end."""
ENDS_WITH_IT = ("affiliation",)
"""What the decision itself ends, so that it stands in no way."""
LEFT_TO_THE_LIQUIDATORS = ("advance",)
"""What the liquidation settles with the other side: no case here carries a refund, so the registrar is only told."""


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """Something that is open: what it is (a key of MATTERS), its title, and the number under which it is found."""

    kind: str
    title: Text
    number: str = ""
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class DeregistrationFacts:
    """What register and other cases say. `ending` is the number of another deregistration that is open."""

    case: CaseFacts
    organization_registered: bool = True
    ending: str | None = None
    open_matters: tuple[OpenMatter, ...] = ()
    missing_documents: tuple[str, ...] = ()


def in_the_way(matters: tuple[OpenMatter, ...]) -> tuple[OpenMatter, ...]:
    """Return what must be settled first; the rest ends with the organization."""
    told_only = (*ENDS_WITH_IT, *LEFT_TO_THE_LIQUIDATORS)
    return tuple(matter for matter in matters if matter.kind not in told_only)


def said_matter(matter: OpenMatter) -> Text:
    """Return an open matter in a few words."""
    kind = MATTERS[matter.kind]
    number = f"（{matter.number}）" if matter.number else ""
    return Text(f"{kind.zh}：{matter.title.zh}{number}",
                f"{kind.en}: {matter.title.en}" + (f" ({matter.number})" if matter.number else ""))


@guard(
    "nothing_open", Text("合同、款项和办件均已了结", "Contracts, money and cases are all settled"),
    needs=("open_matters",),
)
def nothing_open(facts: DeregistrationFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to end an organization that still has something to settle, and name all of it."""
    found = [said_matter(matter) for matter in in_the_way(facts.open_matters)]
    if not found:
        return None
    return Reason(
        "matters_open",
        Text(
            f"尚有未了结事项：{'；'.join(each.zh for each in found)}。请先结项、结清或者办结，再准予注销。",
            f"Not settled yet: {'; '.join(each.en for each in found)}. Close, pay or end these first.",
        ),
    )
