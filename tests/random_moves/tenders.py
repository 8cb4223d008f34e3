"""What somebody needs who sees a tender through, move by move over the API, from the programme to the ranking.

Every move is made by somebody who may, and looked at like any other. What is told with them stands in `stories.py`.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.random_moves.again import PASSPHRASE
from tests.random_moves.knowing import OFFICERS
from tests.random_moves.sealed_prices import LOWEST, a_price
from tests.random_moves.steering import Way, in_force
from tests.random_moves.watching import definition_of

if TYPE_CHECKING:
    from tests.random_moves.driving import Driver

AT_MOST_ASKED = 9
# Whoever checks the bidders may not decide on them, and whoever decided may not answer an objection.
CHECKS, DECIDES, ANSWERS = "xc-project_officer", "xc-buyer", "second-buyer"
BAND = 5 * 10**10
SEATS = """
SELECT c.number, c.state, b.person_id FROM bid_reviews b JOIN cases c ON c.id = b.case_id
 WHERE b.package_id = :package AND b.left_at IS NULL ORDER BY b.position
"""
BIDDERS = """
SELECT o.id, (SELECT min(g.person_id) FROM role_grants g WHERE g.node_id = o.node_id AND g.role = 'staff') AS person
  FROM organizations o WHERE EXISTS (SELECT FROM registrations r WHERE r.organization_id = o.id AND r.ended_on IS NULL)
   AND NOT EXISTS (SELECT FROM rectifications x JOIN contracts c ON c.id = x.contract_id
                    WHERE c.organization_id = o.id AND x.ended_at IS NULL) ORDER BY 1
"""


class Stuck(Exception):
    """A story cannot go on: something that chance did stands in its way."""


class Tenders:
    """The steps of a tender, each made by somebody who may."""

    def __init__(self, driver: "Driver") -> None:
        self.driver, self.world, self.chance = driver, driver.world, driver.chance
        self.experts = 0

    # -- making moves

    def case(self, number: str) -> Any:
        """Return the case as it stands."""
        return next(case for case in self.driver.watcher.cases.values() if case.number == number)

    def open(self, kind: str, trigger: str, by: str | int = "", **said: Any) -> str:
        """Open a case; return its number."""
        definition = in_force()[kind]
        opening = definition.transition(None, trigger)
        assert opening is not None
        return str(self._made(Way(None, definition, opening), by, said)["number"])

    def make(self, number: str, trigger: str, by: str | int = "", **said: Any) -> str:
        """Move a case, by this person or login if they may, else by another; return where it stands then."""
        case = self.case(number)
        transition = definition_of(case).transition(case.state, trigger)
        if transition is None:
            raise Stuck(f"{trigger} is not possible: {number} is {case.state}")
        return str(self._made(Way(case, definition_of(case), transition), by, said)["state"])

    def _made(self, way: Way, by: str | int, said: dict[str, Any]) -> dict[str, Any]:
        driver, why = self.driver, "nobody may"
        people = driver.who_may(way)
        self.chance.shuffle(people)
        first = [m.actor.person_id for m in self.world.builder.members if by in (m.login, m.actor.person_id)]
        for person in sorted(people, key=lambda person: person not in first)[:AT_MOST_ASKED]:
            member = self.world.member(person)
            data = driver.data_for(way, member, knowing=way.place != ("bid", "hand_in"), complete=True)
            if data is None and way.case is not None:
                continue
            # What an officer knows of a new case is said by the story.
            data = data if data is not None else driver.data_for(way, member, knowing=False, complete=True)
            sent = driver.send(way, member, (data or {}) | said)
            if sent.status < 300:
                return dict(sent.answer)
            why = driver.told[-1]
            if isinstance(by, int):
                break  # nobody can do it for this one
        raise Stuck(f"{way.place}: {why}")

    def days_pass(self, days: float) -> None:
        """Let days pass, with all that falls due in them."""
        self.world.move_clock(by=timedelta(days=days), fire=True)
        self.driver.looked(f"{days} days of a story passed")

    def number_of(self, case_id: int) -> str:
        """Return the number of a case."""
        return str(self.driver.watcher.cases[case_id].number)

    # -- experts

    def enter_an_expert(self) -> str:
        """Let somebody new be an expert, and enter them for the pool; return the number of the entry."""
        self.experts += 1
        self.world.builder.now = self.world.now
        member = self.world.builder.person(
            f"入库{self.experts}", f"listed-expert{self.experts}", [("expert", self.world.city.district)]
        )
        return self.open("pool_entry", "enter", CHECKS, office=self.world.city.office.id,
                         person=member.actor.person_id, employer="示例大学", employer_uscc="")

    def list_an_expert(self) -> str:
        """List somebody new in the pool; return the number of the entry."""
        number = self.enter_an_expert()
        self.make(number, "confirm", DECIDES)
        return number

    def a_panel(self, package: str) -> list[Any]:
        """Publish the pool, sign a checkpoint and draw; return the seats."""
        for more in range(6):
            try:
                self.make(package, "publish_pool", CHECKS, panel_size=None)
                break
            except Stuck:
                if more == 5:
                    raise
                self.list_an_expert()
        self.world.sign_a_checkpoint()
        self.make(package, "draw_experts", CHECKS)
        return self.seats(package)

    def seats(self, package: str) -> list[Any]:
        """Return who sits on the panel: number and state of the review, and the person."""
        return self.world.rows(SEATS, package=self.case(package).id)

    def all_score(self, package: str, bids: list[str], *, sign: bool = True) -> None:
        """Let every expert score; the earlier a bid stands, the more points. The report is signed, or silence is."""
        points = {bid: 38 - 5 * place for place, bid in enumerate(bids)}
        for seat in self.seats(package):
            if seat.state == "assigned":
                self.make(seat.number, "declare", seat.person_id)
            case = self.case(seat.number)
            way = Way(case, definition_of(case), definition_of(case).transition("scoring", "submit_scores"))  # type: ignore[arg-type]
            data = self.driver.data_for(way, self.world.member(seat.person_id)) or {}
            rows = [{**row, "points": points[row["bid"]], "remark": "理由充分"} for row in data["scores"]]
            self.make(seat.number, "submit_scores", seat.person_id, scores=rows, opinion="")
        signs = self.seats(package) if sign else []
        for n, seat in enumerate(signs):
            self.make(seat.number, "dissent" if n == 0 else "agree", seat.person_id)
        if not sign:
            self.days_pass(5)
        self.make(package, "finish_review", CHECKS)

    # -- from the programme to the opening

    def a_published_call(self, lots: int, *, regime: str = "P", most: int | None = None) -> list[str]:
        """Bring a call to its publication; return the numbers of its packages."""
        office = self.world.city.office.id
        code = f"T{len(self.driver.watcher.cases)}"
        programme = self.open("programme", "enter", DECIDES, office=office, regime=regime, code=code,
                              most_per_organization=most, price_bp=None, publicity_days=5)
        self.make(programme, "confirm", ANSWERS)
        method = "grant_call" if regime == "G" else "open_tender"
        ((rules,),) = self.world.rows("SELECT id FROM programmes WHERE case_id = :c", c=self.case(programme).id)
        plan = self.open("plan", "propose", CHECKS, programme=rules, method=method,
                         method_reason="需求复杂。", amount_fen=7 * 10**11 * lots, negative=None)
        self.make(plan, "approve", DECIDES)
        self.officers_are_ready()
        said = {
            "plan": self.case(plan).id, "bids_due_at": (self.world.now + timedelta(days=24)).isoformat(),
            "packages": [{"title": f"第{n}包", "amount_fen": 6 * 10**11} for n in range(1, lots + 1)],
            "documents_until": (self.world.now + timedelta(days=24)).date().isoformat(),
        }
        call = self.open("call", "draft", CHECKS, **said)
        if lots == 1 and regime == "P":
            self.make(call, "return_for_changes", DECIDES)
            self.make(call, "withdraw", CHECKS)
            call = self.open("call", "draft", CHECKS, **said)
            self.make(call, "return_for_changes", DECIDES)
            self.make(call, "redraft", CHECKS, **said)
        self.make(call, "publish", DECIDES)
        below = [case for case in self.driver.watcher.cases.values() if case.parent_id == self.case(call).id]
        return [case.number for case in sorted(below, key=lambda case: case.id) if case.kind == "package"]

    def officers_are_ready(self) -> None:
        """See that three officers have keys that they tried of late."""
        for login in (CHECKS, DECIDES, ANSWERS):
            member = next(m for m in self.world.builder.members if m.login == login)
            person = member.actor.person_id or 0
            rows = self.world.rows(OFFICERS, since=self.world.now - timedelta(days=10))
            if person not in {row.person_id for row in rows if row.ready}:
                # The key they have may have been made with a passphrase that chance typed.
                key = self.open("opening_key", "enrol", person, office=self.world.city.office.id)
                self.make(key, "rehearse", person)

    def bids_for(self, package: str, count: int) -> list[str]:
        """Let so many organizations bid; the first is the cheapest."""
        found = [row for row in self.world.rows(BIDDERS) if row.person is not None]
        numbers: list[str] = []
        for bidder in found:
            if len(numbers) == count:
                return numbers
            try:
                numbers.append(self.open("bid", "hand_in", bidder.person, **self.a_price(len(numbers)),
                                         organization=bidder.id, package=self.case(package).id))
            except Stuck:
                continue  # one with a grave violation
        if len(numbers) < count:
            raise Stuck(f"only {len(numbers)} organizations can bid")
        return numbers

    def a_price(self, place: int) -> dict[str, Any]:
        """Return a price that nobody else has asked, the higher the further down."""
        low = LOWEST + place * BAND
        return a_price(self.chance, low, low + BAND) | {"partners": []}

    def opened(self, package: str) -> None:
        """Open the bids of a package: the officers arrive, two of them unseal."""
        parent = self.case(package).parent_id
        ((officers,),) = self.world.rows("SELECT officers FROM calls WHERE case_id = :c", c=parent)
        for person in officers[:2]:
            self.make(package, "arrive", person, passphrase=PASSPHRASE)
        self.make(package, "open_bids", officers[0], officer=officers[0], passphrase=PASSPHRASE,
                  second_officer=officers[1], second_passphrase=PASSPHRASE)

    def qualified(self, package: str, bids: list[str]) -> None:
        """Let bids qualify, and finish."""
        for bid in bids:
            self.make(bid, "qualify", CHECKS)
        self.make(package, "finish_qualification", CHECKS)
