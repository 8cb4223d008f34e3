"""Change of a registration: which items of an entry can change, and what stands against it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason

Data = Mapping[str, Any] | None

ITEMS: Mapping[str, Text] = {
    "name": Text("名称", "name"),
    "domicile": Text("住所", "domicile"),
    "legal_representative": Text("法定代表人", "legal representative"),
    "scope": Text("业务范围", "scope of business"),
    "fund_fen": Text("开办（注册）资金", "start-up or registered fund"),
    "sponsor": Text("业务主管单位", "supervising unit"),
}
"""What an entry states and a decision can change, in the order of the certificate."""


@dataclass(frozen=True, slots=True)
class RegistrationChangeFacts:
    """What the register and other cases say of the items that are to change.

    `ending` is the number of a deregistration that is open; `under_way` are (item, number of the case that has it).
    """

    case: CaseFacts
    organization_registered: bool = True
    ending: str | None = None
    unchanged: tuple[str, ...] = ()
    under_way: tuple[tuple[str, str], ...] = ()
    name_is_free: bool = True
    name_conflict: str | None = None
    # The new name, or '' where it stays; the authority's level as in a registration.
    proposed_name: str = ""
    legal_class: str = ""
    registrar_level: int | None = None
    missing_documents: tuple[str, ...] = ()


def named_items(items: tuple[str, ...]) -> Text:
    """Return the titles of items as one enumeration, in the order of the certificate."""
    listed = [title for item, title in ITEMS.items() if item in items]
    return Text("、".join(each.zh for each in listed), ", ".join(each.en for each in listed))


def subject_words() -> tuple[Text, ...]:
    """Return what a subject of such a case can end with: every set of items, the longest first."""
    names = tuple(ITEMS)
    sets = (tuple(n for place, n in enumerate(names) if bits >> place & 1) for bits in range(1, 2 ** len(names)))
    words = (changed(items) for items in sets)
    return tuple(sorted(words, key=lambda each: -len(each.zh)))


def changed(items: tuple[str, ...]) -> Text:
    """Return what a change of these items is called."""
    titles = named_items(items)
    return Text(f"变更{titles.zh}", f"change of {titles.en}")


def days_late(consented_on: date, applied_on: date, allowed: int) -> int:
    """Return how many days after its time an application came, 0 where in time. The first day is not counted."""
    return max((applied_on - (consented_on + timedelta(days=allowed))).days, 0)


@guard("not_ending", Text("没有正在办理的注销登记", "No deregistration is under way"), needs=("ending",))
def not_ending(facts: Any, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an organization whose deregistration is under way: its entry is about to end."""
    if facts.ending is None:
        return None
    return Reason(
        "deregistration_under_way",
        Text(
            f"该单位正在办理注销登记（{facts.ending}）；撤回注销后才能办理。",
            f"Its deregistration is under way ({facts.ending}); this is possible once that is withdrawn.",
        ),
    )


@guard(
    "items_differ", Text("变更的内容与登记的不同", "What changes differs from what is registered"),
    needs=("unchanged",), reads_input=True,
)
def items_differ(facts: RegistrationChangeFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an item whose new value is what the register states already; name all of them."""
    if not facts.unchanged:
        return None
    titles = named_items(facts.unchanged)
    return Reason(
        "nothing_changes",
        Text(
            f"{titles.zh}与登记的内容相同；只填写要变更的事项。",
            f"The register states this already: {titles.en}. Fill in only what changes.",
        ),
    )


@guard(
    "items_not_under_way", Text("同一事项没有其他在办的变更", "No other change of the same item is under way"),
    needs=("under_way",), reads_input=True,
)
def items_not_under_way(facts: RegistrationChangeFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an item that another open case is to change, and say which."""
    if not facts.under_way:
        return None
    zh = "；".join(f"{ITEMS[item].zh}（{number}）" for item, number in facts.under_way)
    en = "; ".join(f"{ITEMS[item].en} ({number})" for item, number in facts.under_way)
    return Reason(
        "change_under_way",
        Text(
            f"已有在办的变更：{zh}。请等其办结，或者撤回后一并申请。",
            f"A change is under way already: {en}. Wait for it, or withdraw it and apply for both at once.",
        ),
    )
