"""Invented organizations and their cases, by the thousand: rows as the product itself would have written them.

History is real (canonical bodies, hashes, links), so it verifies. What a city would not do, for the sake of
volume: an organization asks for the three instalments of its contract at once, and nothing hands in papers.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from app.cases.chain import link
from app.clock import SHANGHAI
from app.ledger.models import PACKAGE_ACCOUNTS
from workflows.rules.uscc import issue

FIELDS = ("为老服务", "社会工作", "助残", "青少年发展", "社区营造", "心理服务", "环境保护", "法律援助", "科技普及",
          "文化传播", "教育支持", "健康促进")
ENDS = ("服务中心", "事务所", "促进会", "发展中心", "研究院")
REGISTRATION, AFFILIATION, PAYMENT = "registration", "affiliation", "payment"
PREFIX = {REGISTRATION: "DJ", AFFILIATION: "SN", PAYMENT: "BF"}
BOUNCE = ("start_expert_review", "finish_expert_review")
INSTALMENTS = (500, 300, 200)
CONTRACT_FEN = 10_000_000

# Trigger, role, state after it; how often such a road is taken.
Step = tuple[str, str, str]
ENTERED: tuple[tuple[int, tuple[Step, ...]], ...] = (
    (1, (("apply", "staff", "submitted"), ("accept", "registrar", "accepted"), ("approve", "registrar", "approved"),
         ("deliver", "registrar", "registered"))),
    (1, (("apply", "staff", "submitted"), ("accept", "registrar", "accepted"),
         ("start_expert_review", "registrar", "expert_review"), ("finish_expert_review", "registrar", "accepted"),
         ("approve", "registrar", "approved"), ("deliver", "registrar", "registered"))),
)
PREPARING: tuple[tuple[int, tuple[Step, ...]], ...] = (
    (4, (("apply", "staff", "submitted"),)),
    (2, (("apply", "staff", "submitted"), ("ask_correction", "registrar", "correcting"))),
    (3, (("apply", "staff", "submitted"), ("accept", "registrar", "accepted"))),
    (1, (("apply", "staff", "submitted"), ("accept", "registrar", "accepted"),
         ("start_expert_review", "registrar", "expert_review"))),
)
WITHDRAWN: tuple[Step, ...] = (("apply", "staff", "submitted"), ("withdraw", "staff", "withdrawn"))
JOINING: tuple[tuple[int, tuple[Step, ...]], ...] = (
    (7, (("apply", "staff", "applied"),)),
    (3, (("apply", "staff", "applied"), ("return_for_changes", "hub_officer", "returned"))),
)
TURNED_AWAY: tuple[Step, ...] = (("apply", "staff", "applied"), ("refuse", "hub_officer", "refused"))
CHECKED: tuple[Step, ...] = (("apply", "staff", "applied"), ("check_business", "project_officer", "business_checked"),
                             ("check_finance", "finance_officer", "finance_checked"))
PAYING: tuple[tuple[int, tuple[Step, ...]], ...] = (
    (3, CHECKED[:1]), (3, CHECKED[:2]), (3, CHECKED),
    (1, (*CHECKED[:1], ("return_for_changes", "project_officer", "returned"))),
)


@dataclass(frozen=True)
class District:
    """Where an organization stands: nodes and the people who work there."""

    code: str
    name: str
    node: int
    path: str
    hub: int
    office: int
    line: int
    people: dict[str, int]


@dataclass
class Ids:
    """The next free id of each table that is filled."""

    next: dict[str, int] = field(default_factory=dict)

    def take(self, table: str) -> int:
        """Return the next id of the table."""
        id_ = self.next.setdefault(table, 1)
        self.next[table] = id_ + 1
        return id_


@dataclass(frozen=True)
class Rules:
    """What a case of one kind is pinned to, and who waits in which state under which clock."""

    definition: str
    place: str
    version: int
    legal_class: str | None
    policy: str
    waits: dict[str, str]
    clocks: dict[str, tuple[str, int, str, str | None]]
    final: frozenset[str]


class Invention:
    """Invents organizations one after the other into rows by table, the same ones for the same seed."""

    def __init__(self, districts: list[District], rules: dict[str, Rules], ids: Ids, seed: int, now: datetime) -> None:
        self.districts = districts
        self.rules = rules
        self.ids = ids
        self.now = now
        self.chance = random.Random(seed)
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.moves = 0
        self._cases = 0
        self._days: dict[int, datetime] = {}
        # A few characters are in many names, most in few: what a search finds differs as much.
        signs = [chr(code) for code in range(0x4E00, 0x9000)]
        self.chance.shuffle(signs)
        self._signs = signs[:6000]
        self._weights = [1 / (rank + 8) for rank in range(len(self._signs))]
        self._drawn: list[str] = []

    def organization(self, number: int) -> None:
        """Invent one organization, its person, its cases and their history."""
        district = self.districts[number % len(self.districts)]
        name = f"北京市{district.name}{self._word()}{self.chance.choice(FIELDS)}{self.chance.choice(ENDS)}"
        node, id_, person = (self.ids.take(table) for table in ("nodes", "organizations", "people"))
        registered = number % 3 != 0
        born = self.now - timedelta(days=self.chance.randrange(400, 3000), seconds=self.chance.randrange(86_400))
        uscc = issue("52", district.code, f"MK{number:06d}") if registered else None
        self.rows["nodes"].append((node, district.node, f"{district.path}{node}/", "organization", name, born.date()))
        self.rows["organizations"].append((id_, node, name, "social_service", uscc, "case", born))
        self.rows["people"].append((person, self._person_name(), born))
        self.rows["accounts"].append((self.ids.take("accounts"), person, f"staff-{number:07d}", born))
        self.rows["role_grants"].append((self.ids.take("role_grants"), person, "staff", node, born.date(), born))
        if registered:
            self._registered(district, id_, node, name, uscc or "", person, born)
        else:
            self._case(REGISTRATION, WITHDRAWN, district, id_, node, name, person, born)
            self._case(REGISTRATION, self._road(PREPARING), district, id_, node, name, person, self._lately())

    def deep_case(self, length: int) -> None:
        """Invent a registration of the last organization that went to the experts and back for a very long time."""
        organization, node, name = self.rows["organizations"][-1][:3]
        person = self.rows["people"][-1][0]
        steps: list[Step] = [("apply", "staff", "submitted"), ("accept", "registrar", "accepted")]
        while len(steps) < length:
            back = steps[-1][2] == "expert_review"
            steps.append((BOUNCE[back], "registrar", "accepted" if back else "expert_review"))
        district = self.districts[0]
        self._case(REGISTRATION, tuple(steps), district, organization, node, name, person,
                   self.now - timedelta(days=390))

    def _registered(
        self, district: District, organization: int, node: int, name: str, uscc: str, person: int, born: datetime
    ) -> None:
        road = self._road(ENTERED)
        case = self._case(REGISTRATION, road, district, organization, node, name, person, born)
        entered = born.astimezone(SHANGHAI).date() + timedelta(days=len(road))
        self.rows["registrations"].append((
            self.ids.take("registrations"), organization, uscc, name, entered, entered, "case",
            f"{district.name}民政局", case, len(road) - 1, born + timedelta(days=len(road)),
        ))
        self._case(AFFILIATION, TURNED_AWAY, district, organization, node, f"{district.name}枢纽", person,
                   born + timedelta(days=100))
        self._case(AFFILIATION, self._road(JOINING), district, organization, node, f"{district.name}枢纽", person,
                   self._lately())
        self._contract(district, organization, node, name, person)

    def _contract(self, district: District, organization: int, node: int, name: str, person: int) -> None:
        contract = self.ids.take("contracts")
        number, title = f"PC{contract:08d}", f"{name[3:9]}服务项目"
        today = self.now.date()
        self.rows["contracts"].append((
            contract, number, title, organization, district.office, district.line, CONTRACT_FEN,
            today - timedelta(days=60), today + timedelta(days=300),
        ))
        self._money(district.line, number)
        for position, share in enumerate(INSTALMENTS, start=1):
            instalment = self.ids.take("instalments")
            amount = CONTRACT_FEN * share // 1000
            self.rows["instalments"].append((instalment, contract, position, share * 10, amount, "按合同约定"))
            case = self._case(PAYMENT, self._road(PAYING), district, organization, node, f"{title} ({position}/3)",
                              person, self._lately())
            self.rows["payments"].append((case, instalment, amount, f"2611700000{contract:010d}", name, "示例银行",
                                          f"02{contract:015d}"))

    def _money(self, line: int, package: str) -> None:
        accounts = {name: self.ids.take("ledger_accounts") for name in PACKAGE_ACCOUNTS}
        for name, id_ in accounts.items():
            debits = CONTRACT_FEN if name == "reserved" else 0
            credits = CONTRACT_FEN if name in ("reserved", "committed") else 0
            self.rows["ledger_accounts"].append((id_, line, package, name, True, debits, credits))
        self.rows["reservations"].append((line, accounts["reserved"], accounts["committed"], package))

    def _case(
        self, kind: str, steps: tuple[Step, ...], district: District, organization: int, node: int, subject: str,
        staff: int, opened: datetime,
    ) -> int:
        id_ = self.ids.take("cases")
        rules, number = self.rules[kind], self._number(PREFIX[kind])
        place = {REGISTRATION: district.node, AFFILIATION: district.hub, PAYMENT: district.office}[kind]
        head, state, at = b"", None, opened
        gap = (self.now - opened) / (len(steps) + 1) if len(steps) > 10 else timedelta(hours=7)
        for sequence, (trigger, role, to_state) in enumerate(steps, start=1):
            actor = staff if role == "staff" else district.people[role]
            written = link(
                number=number, kind=kind, sequence=sequence, prev=head, at=at, person_id=actor, on_behalf_of=None,
                role=role, trigger=trigger, from_state=state, to_state=to_state,
                data={"organization": organization, "remark": f"{subject}：{trigger}"}, changes=[],
                definition=rules.definition, policy=rules.policy, files=[], reasons=[], request_id="population",
            )
            self.rows["history"].append((id_, sequence, at, actor, role, trigger, state, to_state, "population", head,
                                         written.hash, written.body))
            head, state, at = written.hash, to_state, at + gap
        self.moves += len(steps)
        self._case_row(id_, number, kind, rules, str(state), len(steps), subject, organization, place, node, opened,
                       at - gap, head, district)
        if kind == REGISTRATION:
            self.rows["registration_applications"].append((
                id_, organization, subject, "community_service", "社区服务", f"{district.name}幸福里1号", 3_000_000,
                True, "林示例", 6, "[]",
            ))
        elif kind == AFFILIATION:
            self.rows["affiliation_applications"].append((id_, True))
        return id_

    def _case_row(
        self, id_: int, number: str, kind: str, rules: Rules, state: str, revision: int, subject: str,
        organization: int, place: int, node: int, opened: datetime, last: datetime, head: bytes, district: District,
    ) -> None:
        final = state in rules.final
        role = None if final else rules.waits[state]
        waits_node = None if final else node if role == "staff" else place
        due = None
        if not final and (clock := rules.clocks.get(state)):
            name, length, unit, fires = clock
            due = self._due(self.chance.randrange(1 if fires else -20, 60))
            self.rows["clocks"].append((id_, name, 1, last, length, unit, due, False, False, fires))
        self.rows["cases"].append((
            id_, number, kind, rules.place, rules.version, rules.legal_class, rules.policy, state, revision, subject,
            organization, place, role, waits_node, due, opened, last if final else None, head,
        ))
        if not final:
            notice = self.ids.take("notices")
            template = "task_waiting" if role != "staff" else "returned_for_changes"
            self.rows["notices"].append((notice, id_, revision, role, waits_node, template, last, last))
            if role != "staff":
                self.rows["deliveries"].append((self.ids.take("deliveries"), notice, district.people[str(role)], None))

    def _road(self, roads: tuple[tuple[int, tuple[Step, ...]], ...]) -> tuple[Step, ...]:
        return self.chance.choices([road for _, road in roads], [weight for weight, _ in roads])[0]

    def _due(self, days: int) -> datetime:
        """Return the end of the day so many days from now: clocks end at 24:00 in Shanghai."""
        if days not in self._days:
            day = self.now.astimezone(SHANGHAI).date() + timedelta(days=days + 1)
            self._days[days] = datetime.combine(day, time(), SHANGHAI)
        return self._days[days]

    def _lately(self) -> datetime:
        return self.now - timedelta(days=self.chance.randrange(2, 60), seconds=self.chance.randrange(86_400))

    def _number(self, prefix: str) -> str:
        self._cases += 1
        # An odd number that 5 does not divide walks through all eight digits before it repeats.
        digits = f"{self._cases * 61_803_399 % 10**8:08d}"
        return f"{prefix}25-{digits[:4]}-{digits[4:]}"

    def _word(self) -> str:
        return "".join(self._sign() for _ in range(self.chance.randrange(2, 5)))

    def _sign(self) -> str:
        if not self._drawn:
            self._drawn = self.chance.choices(self._signs, self._weights, k=20_000)
        return self._drawn.pop()

    def _person_name(self) -> str:
        return f"{self.chance.choice('赵钱孙李周吴郑王冯陈')}{self._sign()}"


def in_batches(
    invention: Invention, organizations: int, deep: int, size: int = 2_000
) -> Iterator[dict[str, list[Any]]]:
    """Yield the rows of so many organizations at a time, by table; at last one case of `deep` moves."""
    for number in range(organizations):
        invention.organization(number)
        if (number + 1) % size == 0 or number + 1 == organizations:
            if number + 1 == organizations:
                invention.deep_case(deep)
            yield invention.rows
            invention.rows = defaultdict(list)
