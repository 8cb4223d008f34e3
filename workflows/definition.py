"""What is a procedure made of? The frozen parts of a definition, and nothing that acts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
SYSTEM_ROLE = "system"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in Chinese and in English; both are always there once checks.py has passed."""

    zh: str
    en: str

    def localized(self, locale: object) -> str:
        """Return the Chinese sentence for every zh locale, the English one for any other."""
        return self.zh if str(locale).lower().startswith("zh") else self.en


ROLE_TITLES: Mapping[str, Text] = {
    "staff": Text("社会组织经办人", "Organization staff"),
    "legal_representative": Text("法定代表人", "Legal representative"),
    "hub_officer": Text("枢纽组织工作人员", "Hub officer"),
    "incubator_operator": Text("孵化基地运营人员", "Incubator operator"),
    "mentor": Text("导师", "Mentor"),
    "community_reviewer": Text("街道、社区审核人", "Street and community reviewer"),
    "registrar": Text("登记管理机关工作人员", "Registrar"),
    "sponsor_reviewer": Text("业务主管单位审查人", "Supervising unit reviewer"),
    "buyer": Text("购买主体负责人", "Buyer"),
    "project_officer": Text("购买主体项目经办人", "Project officer"),
    "expert": Text("评审专家", "Expert"),
    "evaluator": Text("第三方评估人员", "Third-party evaluator"),
    "finance_officer": Text("财务人员", "Finance officer"),
    "finance_approver": Text("财务审批人", "Finance approver"),
    "cashier": Text("出纳", "Cashier"),
    "procurement_supervisor": Text("采购监督人员", "Procurement supervisor"),
    "auditor": Text("审计人员", "Auditor"),
    "resident": Text("居民", "Resident"),
    "system_admin": Text("系统管理员", "System administrator"),
    "security_admin": Text("安全管理员", "Security administrator"),
    "audit_admin": Text("审计管理员", "Audit administrator"),
}
ROLE_CODES = frozenset(ROLE_TITLES)


@dataclass(frozen=True, slots=True)
class State:
    """A place where a case waits: for the role `waits_for`, or for ever when it has an outcome.

    `clock_until` names for a clock the input field (or what the effect said) that holds its end.
    """

    name: str
    title: Text
    waits_for: str | None = None
    clocks: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()
    clock_until: tuple[tuple[str, str], ...] = ()
    outcome: str | None = None
    applicant_says: Text = Text("", "")

    @property
    def final(self) -> bool:
        """Whether nothing can happen here any more."""
        return self.outcome is not None


@dataclass(frozen=True, slots=True)
class Notice:
    """Whoever holds role `to` for the case is told by `template` when the move is made."""

    to: str
    template: str


@dataclass(frozen=True, slots=True)
class DocumentSlot:
    """One place for papers: handed in by the applicant or, when `issued`, made by the authority.

    `needed_with` names fields of what is handed in: where one of them is filled in, the paper is required too.
    """

    name: str
    title: Text
    help: Text = Text("", "")
    required: bool = False
    needed_with: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    issued: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """One arrow: who may fire `trigger` where, under which guards, and where the case waits then."""

    trigger: str
    title: Text
    from_: tuple[str, ...]
    to: str
    roles: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    on_due: str | None = None
    documents: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    control: str | None = None
    extends: str | None = None
    consequence: Text | None = None
    danger: bool = False
    cite: Text | None = None

    @property
    def opens(self) -> bool:
        """Whether this move makes the case."""
        return not self.from_

    @property
    def by_person(self) -> bool:
        """Whether a person fires it, not the clock and not another case."""
        return self.on_due is None and self.roles != (SYSTEM_ROLE,)


@dataclass(frozen=True, eq=False)
class Definition:
    """One released version of one procedure in one place. Compared by identity; never changes.

    What is handed in stays sealed, and the case unknown to others, until it comes to a state of `sealed_until`.
    `kind_title` is what cases of all legal classes are called together; empty where there is one class only.
    """

    kind: str
    place: str
    version: int
    effective_from: date
    title: Text
    number_prefix: str
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    legal_class: str | None = None
    kind_title: Text = Text("", "")
    summary: Text = Text("", "")
    who_may_apply: Text = Text("", "")
    legal_basis: tuple[Text, ...] = ()
    documents: Mapping[str, DocumentSlot] = field(default_factory=dict)
    spine: tuple[str, ...] = ()
    sealed_until: tuple[str, ...] = ()
    digest: str = ""

    @property
    def title_of_kind(self) -> Text:
        """Return what cases of the kind are called, of whatever legal class."""
        return self.kind_title if self.kind_title.zh else self.title

    @cached_property
    def _by_state(self) -> dict[str | None, dict[str, Transition]]:
        table: dict[str | None, dict[str, Transition]] = {None: {}}
        for transition in self.transitions:
            for state in transition.from_ or (None,):
                table.setdefault(state, {}).setdefault(transition.trigger, transition)
        return table

    @cached_property
    def _fired(self) -> dict[tuple[str, str], str]:
        firing = [transition for transition in self.transitions if transition.on_due is not None]
        return {(state, t.on_due or ""): t.trigger for t in reversed(firing) for state in t.from_}

    def fired_by(self, clock: str, state: str) -> str | None:
        """Return the trigger that the system performs when this clock is due in this state."""
        return self._fired.get((state, clock))

    @property
    def name(self) -> str:
        """Return what history prints, such as `base/payment.v1`."""
        return f"{self.place}/{self.kind}.v{self.version}"

    def transition(self, state: str | None, trigger: str) -> Transition | None:
        """Return the arrow `trigger` out of `state` (None: opening), or None when there is none."""
        return self._by_state.get(state, {}).get(trigger)

    def transitions_from(self, state: str | None) -> tuple[Transition, ...]:
        """Return the arrows out of `state` in the order of the file."""
        return tuple(self._by_state.get(state, {}).values())

    def opening_transitions(self) -> tuple[Transition, ...]:
        """Return the moves that make a case."""
        return self.transitions_from(None)

    def triggers(self) -> tuple[str, ...]:
        """Return every trigger once, in the order of the file."""
        return tuple(dict.fromkeys(transition.trigger for transition in self.transitions))

    def sealed_after(self, state: str | None, to_state: str, *, sealed: bool) -> bool:
        """Return whether a case that was `sealed` in `state` still is when it has come to `to_state`."""
        begins = bool(self.sealed_until) and state is None
        return (begins or sealed) and to_state not in self.sealed_until

    def required_documents(self) -> tuple[str, ...]:
        """Return the slots that must be filled before the applicant may hand in."""
        return tuple(name for name, slot in self.documents.items() if slot.required)
