"""Which guards exist? The registry, and the guards that any kind of case can use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.kinds.case import Acting, Facts, Reason

# Facts is Any here because each kind's guards read that kind's own dataclass; checks.py proves the fields.
GuardFunction = Callable[[Any, Acting, Mapping[str, Any] | None, datetime], Reason | None]


@dataclass(frozen=True, slots=True)
class Guard:
    """A named question about facts. `needs` are the fact fields it reads besides `case`, `numbers` those of the policy.

    A guard that `reads_input` asks about what the move brings along (a chosen contract, papers), so it
    stays open when options() asks what could be done before anything has been filled in. What asks about the
    organization alone does not: an application that is refused whatever is typed is not even offered. `reads` names
    the fields of a choice that such a guard asks about: once they are chosen it is asked before the rest is typed.
    """

    name: str
    title: Text
    ask: GuardFunction
    needs: tuple[str, ...] = ()
    reads_input: bool = False
    numbers: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


_GUARDS: dict[str, Guard] = {}


class UnknownGuard(LookupError):
    """No guard of this name is registered."""


def guard(
    name: str, title: Text, *, needs: tuple[str, ...] = (), reads_input: bool = False,
    numbers: tuple[str, ...] = (), reads: tuple[str, ...] = (),
) -> Callable[[GuardFunction], GuardFunction]:
    """Register a function as guard `name`; a name can be taken once."""

    def register(function: GuardFunction) -> GuardFunction:
        if name in _GUARDS:
            raise ValueError(f"guard {name} is registered already")
        _GUARDS[name] = Guard(name, title, function, needs, reads_input or bool(reads), numbers, reads)
        return function

    return register


def guard_named(name: str) -> Guard:
    """Return the guard, or raise UnknownGuard. Never imports, never evaluates the name."""
    try:
        return _GUARDS[name]
    except KeyError:
        raise UnknownGuard(name) from None


def registered_guards() -> Mapping[str, Guard]:
    """Return every registered guard by name."""
    return dict(_GUARDS)


@guard(
    "four_eyes", Text("双人复核：本案经手人不得批准", "Four eyes: nobody who handled the case approves it")
)
def four_eyes(facts: Facts, acting: Acting, data: Mapping[str, Any] | None, now: datetime) -> Reason | None:
    """Refuse whoever made any earlier move on this case, as staff of the applicant or in office."""
    if acting.person_id is None:
        return Reason("needs_a_person", Text("这一步必须由人作出。", "A person must take this step."))
    if facts.case.performed(acting.person_id):
        return Reason(
            "four_eyes",
            Text(
                "您已经手本案，不能再批准；请由未经手的审批人办理。",
                "You have already handled this case, so you may not approve it; another approver must.",
            ),
        )
    return None


@guard("not_the_applicant", Text("申请人不得审自己的件", "Nobody reviews an application they handed in"))
def not_the_applicant(
    facts: Facts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse whoever acted for the applicant on this case."""
    as_staff = any(
        step.role == "staff" and step.person_id == acting.person_id
        for step in facts.case.steps
        if step.person_id is not None
    )
    if as_staff:
        return Reason(
            "not_the_applicant",
            Text(
                "本件由您代表申请单位提交，不能由您审核；请转给其他工作人员。",
                "You handed this in for the applicant, so somebody else must review it.",
            ),
        )
    return None


def once(trigger: str, code: str, text: Text) -> GuardFunction:
    """Return a guard function that refuses when `trigger` was fired on this case before."""

    def ask(facts: Facts, acting: Acting, data: Mapping[str, Any] | None, now: datetime) -> Reason | None:
        return Reason(code, text) if facts.case.happened(trigger) else None

    return ask


def unless(fact: str, code: str, text: Text) -> GuardFunction:
    """Return a guard function that refuses unless the fact of this name holds."""

    def ask(facts: Any, acting: Acting, data: Mapping[str, Any] | None, now: datetime) -> Reason | None:
        return None if getattr(facts, fact) else Reason(code, text)

    return ask


def performed_by(trigger: str, code: str, text: Text) -> GuardFunction:
    """Return a guard function that refuses whoever fired `trigger` on this case."""

    def ask(facts: Facts, acting: Acting, data: Mapping[str, Any] | None, now: datetime) -> Reason | None:
        return Reason(code, text) if facts.case.performed(acting.person_id, trigger) else None

    return ask


@guard(
    "documents_complete",
    Text("必交材料齐全", "Every required document is there"),
    needs=("missing_documents",),
    reads_input=True,
)
def documents_complete(
    facts: Any, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse while a required paper is neither on file nor handed in with this move; name all of them."""
    return papers_missing(tuple(facts.missing_documents)) if facts.missing_documents else None


def papers_missing(slots: tuple[str, ...]) -> Reason:
    """Return the reason that asks for the papers of these slots."""
    return Reason(
        "documents_missing",
        Text("还缺材料：{documents}。请补齐后提交。", "Still missing: {documents}. Add them, then hand in."),
        documents=slots,
    )


@guard(
    "registered_organization",
    Text("申请单位登记有效", "The organization's registration is in force"),
    needs=("organization_registered",),
)
def registered_organization(
    facts: Any, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse an organization that has no registration in force."""
    if facts.organization_registered:
        return None
    return Reason(
        "organization_not_registered",
        Text(
            "该单位没有有效登记；请先办理登记，或请登记管理机关核对登记信息。",
            "The organization has no registration in force; register first, or ask the registrar to check.",
        ),
    )


RESTRICTIONS: Mapping[str, Text] = {
    "dissolving": Text("正在办理注销清算", "it is being dissolved"),
    "abnormal": Text("被列入活动异常名录", "it is on the list of abnormal activity"),
    "dishonest": Text("被列入严重违法失信名单", "it is on the list of grave dishonesty"),
}
"""What freezes an organization: it may not bid or ask for payment, and nothing is awarded to it, signed or paid."""


LIQUIDATING = Reason(
    "organization_dissolving",
    Text(
        "该单位正在办理注销清算，清算期间只能开展清算活动（不能投标、签约、加入枢纽、申请孵化和领取预付款）；已验收的工作仍可申请付款。"
        "依据见该单位档案。",
        "The organization is frozen: it is being dissolved and does nothing but its liquidation: no bid, contract, hub,"
        " incubation or advance. Accepted work is still paid. Its file says on what ground.",
    ),
)


@guard(
    "organization_not_dissolving", Text("该单位不在清算中", "The organization is not in liquidation"),
    needs=("dissolving",),
)
def organization_not_dissolving(
    facts: Any, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse an organization in liquidation, which begins nothing new."""
    return LIQUIDATING if facts.dissolving else None


@guard(
    "organization_not_ended", Text("该单位的登记没有终止", "The organization's registration has not ended"),
    needs=("organization_ended",),
)
def organization_not_ended(
    facts: Any, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse an organization that was registered and is so no more: it begins nothing."""
    if not facts.organization_ended:
        return None
    return Reason("organization_ended", Text(
        "该单位的登记已经终止，不能再申请；过去的办件和档案仍可查阅。",
        "The registration of this organization has ended: it begins nothing any more. Its cases and files can be read.",
    ))


@guard("organization_not_frozen", Text("该单位未被冻结", "The organization is not frozen"), needs=("frozen",))
def organization_not_frozen(
    facts: Any, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse while a restriction stands against the organization, and say which."""
    if not facts.frozen:
        return None
    if facts.frozen == "dissolving":
        return LIQUIDATING
    why = RESTRICTIONS[facts.frozen]
    return Reason(
        f"organization_{facts.frozen}",
        Text(
            f"该单位{why.zh}，在移出之前不能投标、定标、签约、申请拨付或者付款；依据和移出办法见该单位档案“名录与冻结”。",
            f"The organization is frozen: {why.en}. Until that is lifted it may not bid, win, sign, ask for payment or"
            " be paid; its file says on what ground, and how it is removed.",
        ),
    )


guard("first_correction", Text("补正只能通知一次", "Correction is asked for once"))(
    once(
        "ask_correction",
        "correction_asked_before",
        Text(
            "补正内容应当一次性告知，本件已通知过补正；请受理或者不予受理。",
            "Everything to be corrected is told once, and it has been; accept the application or do not.",
        ),
    )
)
guard("first_return", Text("只能退回修改一次", "An application is returned for changes once"))(
    once(
        "return_for_changes",
        "returned_before",
        Text(
            "本件已退回修改过一次；请作出决定。", "It has been returned for changes once; please decide now."
        ),
    )
)
guard("first_extension", Text("期限只能延长一次", "A time limit is extended once"))(
    once(
        "extend_decision",
        "extended_before",
        Text("办理期限已经延长过一次，不能再延长。", "The time limit has been extended once already."),
    )
)
