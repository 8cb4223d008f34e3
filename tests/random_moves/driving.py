"""One step after the other: a move that should do, one that must not, or time and the world going on."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.cases.reading import read_case
from app.clock import SHANGHAI
from app.demo.building import Member
from app.organizations.ties import record_tie
from tests.random_moves import bank
from tests.random_moves.filling import fill
from tests.random_moves.knowing import sensible, urgent
from tests.random_moves.mischief import spoilt
from tests.random_moves.sealed_prices import SealedPrices, a_price
from tests.random_moves.steering import Steering, Way, in_force
from tests.random_moves.stories import Stories
from tests.random_moves.watching import LEFT_BY_A_REFUSAL, Watcher, definition_of, demand
from tests.random_moves.world import World

HOLDERS = """
SELECT DISTINCT g.person_id, g.role FROM role_grants g JOIN nodes n ON n.id = g.node_id
  JOIN cases c ON c.id = :case JOIN nodes place ON place.id = c.node_id
  LEFT JOIN organizations o ON o.id = c.organization_id
 WHERE g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on)
   AND (g.case_id = c.id OR g.case_id IS NULL AND (
        g.role IN ('staff', 'legal_representative') AND g.node_id = o.node_id
        OR g.role NOT IN ('staff', 'legal_representative', 'expert', 'evaluator', 'mentor', 'resident', 'system_admin',
                          'security_admin', 'audit_admin')
           AND NOT c.sealed AND starts_with(place.path, n.path)))
 ORDER BY 1, 2
"""
OPENERS = """
SELECT DISTINCT g.person_id FROM role_grants g WHERE g.role = ANY(:roles) AND g.case_id IS NULL
   AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on) ORDER BY 1
"""
OWN = """
SELECT o.id FROM organizations o JOIN role_grants g ON g.node_id = o.node_id
 WHERE g.person_id = :person AND g.role = 'staff' ORDER BY 1
"""
RUNNING = """
SELECT c.kind, k.fires, k.due_at FROM clocks k JOIN cases c ON c.id = k.case_id
 WHERE k.stopped_at IS NULL AND k.paused_since IS NULL AND k.fires IS NOT NULL ORDER BY k.due_at, c.id
"""
AT_MOST_ASKED = 6
AT_MOST_LOOKED_FOR = 10
A_STORY_EVERY = 20
ONE_ATTEMPT = ("refused", "stale_revision")


@dataclass(frozen=True)
class Sent:
    """One request and its answer."""

    member: Member | None
    path: str
    body: Any
    key: str
    status: int
    answer: Any


class Driver:
    """Makes the steps, and has each one looked at."""

    def __init__(self, world: World) -> None:
        self.world, self.chance = world, world.chance
        self.prices = SealedPrices(world)
        self.watcher = Watcher(world, self.prices)
        self.steering = Steering(world)
        self.told: list[str] = []
        self.kept: list[Sent] = []
        self.statuses: Counter[str] = Counter()
        self.serial = 0
        self.stories = Stories(self)
        self.at = 0
        for row in self.watcher.look():
            self.steering.fired[self.watcher.cases[row.case_id].kind, row.trigger] += 1
        self.steering.fired.clear()
        self.acts = (
            (50, self.try_a_move), (8, self.by_a_stranger), (8, self.out_of_turn), (5, self.stale),
            (7, self.with_nonsense), (3, self.once_more), (3, self.key_for_another), (2, self.nowhere),
            (8, self.time_passes), (2, self.bank_answers), (2, self.world_goes_on), (3, self.somebody_reads),
        )
        self.when_all_was_fired = (
            (15, self.try_a_move), (30, self.by_a_stranger), (30, self.out_of_turn), (5, self.with_nonsense),
            (10, self.time_passes), (5, self.world_goes_on), (5, self.somebody_reads),
        )

    def step(self, number: int) -> None:
        """Do one thing and check what came of it; its random numbers are its own, whatever came before."""
        self.at = number
        self.chance.seed(f"{self.world.seed}/{number}")
        if number % A_STORY_EVERY == 0:
            self.stories.tell()
            return
        acts = self.acts if self.steering.never_fired() else self.when_all_was_fired
        act = self.chance.choices([act for _w, act in acts], [weight for weight, _a in acts])[0]
        act()

    def _tell(self, line: str) -> None:
        self.told.append(f"{self.at}: {line}")

    # -- sending

    def post(self, member: Member | None, path: str, body: Any, key: str | None = None) -> Sent:
        """Send a request and check everything that any answer must keep to."""
        key = key or f"{self.chance.getrandbits(128):032x}"
        self.watcher.mark()
        # Our own dump lets lone surrogates and infinities through, as a careless program would.
        response = self.world.client(member).post(
            path, data=json.dumps(body).encode(), content_type="application/json", headers={"Idempotency-Key": key}
        )
        sent = Sent(member, path, body, key, response.status_code, response.json)
        self._tell(f"{member.login if member else None} {path} {body!r:.300} -> {sent.status} {_why(sent.answer)}")
        self.statuses[f"{sent.status} {sent.answer.get('code', '')}".strip()] += 1
        demand(sent.status < 500, "a failure of ours:", self.told[-1], response.text)
        accepted = sent.status < 300
        number = sent.answer.get("number") if accepted else None
        if "/bid" in path and isinstance(body, dict):
            self.prices.sent(body.get("data"), number)
            told = self.prices.told_in_the_database(self.watcher.since)
            demand(not told, "the database tells:", told)
        demand(not (told := self.prices.told_in(response.text)), "the answer tells", told)
        new = self.watcher.look()
        self._count(new)
        if accepted and response.headers.get("Idempotent-Replay") != "true":
            self.watcher.receipt(sent.answer)
            self.kept.append(sent)
        else:
            self._left_nothing(sent, new)
        return sent

    def _count(self, new: list[Any]) -> None:
        for row in new:
            kind = self.watcher.cases[row.case_id].kind
            self.steering.fired[kind, row.trigger] += 1
            if (kind, row.trigger) == ("bid", "open"):
                self.prices.opened(self.watcher.cases[row.case_id].number, _data_of(row))

    def _left_nothing(self, sent: Sent, new: list[Any]) -> None:
        """A refused move leaves its attempt and nothing else; what was due anyway may have happened."""
        for row in new:
            way = definition_of(self.watcher.cases[row.case_id]).transition(row.from_state, row.trigger)
            demand(way is not None and way.on_due is not None, "a refused request moved", row.trigger, self.told[-1])
        written = self.watcher.written()
        wanted = int(sent.answer.get("code") in ONE_ATTEMPT and sent.status >= 400)
        demand(written.get("attempts", 0) == wanted, "attempts:", written, "after", self.told[-1])
        demand(new or not written.keys() - LEFT_BY_A_REFUSAL, "a refusal left", written, "after", self.told[-1])

    def _path(self, way: Way) -> str:
        kind, trigger = way.place
        number = way.case.number if way.case is not None else None
        return f"/api/v1/cases/{kind}/{number}/{trigger}" if number else f"/api/v1/cases/{kind}"

    # -- who, and with what

    def today(self) -> Any:
        """Return the day on which rights are judged."""
        return self.world.now.astimezone(SHANGHAI).date()

    def holders(self, case: Any) -> dict[int, set[str]]:
        """Return the roles with which people reach a case, by person: asked of plain rows."""
        found: dict[int, set[str]] = {}
        for row in self.world.rows(HOLDERS, case=case.id, on=self.today()):
            found.setdefault(row.person_id, set()).add(row.role)
        return found

    def who_may(self, way: Way) -> list[int]:
        """Return who holds a role for the move."""
        roles = set(way.transition.roles)
        if way.case is None:
            rows = self.world.rows(OPENERS, roles=list(roles), on=self.today())
            return [row.person_id for row in rows]
        return [person for person, held in self.holders(way.case).items() if held & roles]

    def data_for(
        self, way: Way, member: Member, *, knowing: bool = True, complete: bool = False
    ) -> dict[str, Any] | None:
        """Return what this person would hand in, or None where somebody who is `knowing` would not try at all.

        `complete`: with every paper that can be handed in, also those that only some must.
        """
        kind, trigger = way.place
        own = [row.id for row in self.world.rows(OWN, person=member.actor.person_id)]
        case = read_case(self.world.session.connection(), way.case.number) if way.case is not None else None
        if case is not None:
            about = case.organization_id
        else:
            about = self.chance.choice(own) if own and "staff" in way.transition.roles else None
        slots = {name: complete or way.definition.documents[name].required for name in way.transition.documents}
        with self.world.app.test_request_context():
            data = fill(self.world, case, kind, way.transition, member, about, slots)
            if about not in own:
                for paper in data.get("documents", ()):
                    paper["document_id"] = self.world.paper(member, None, paper["slot"])
            if way.definition.sealed_until and "price_fen" in data:
                data |= a_price(self.chance)
            return sensible(self.world, case, kind, trigger, member, data) if knowing else data

    def _body(self, way: Way, data: Any, revision: Any = None) -> dict[str, Any]:
        if way.case is None:
            return {"data": data}
        return {"revision": way.case.revision if revision is None else revision, "data": data}

    # -- moves that should do

    def try_a_move(self) -> Sent | None:
        """Let somebody with the role make the move that is wanted most."""
        self.steering.press(urgent(self.world))
        way = self.steering.next(self.watcher.cases)
        people = self.who_may(way)
        if not people:
            self.steering.tired[way.tired_of] += 2
            return None
        for person in self.chance.sample(people, min(len(people), AT_MOST_ASKED)):
            member = self.world.member(person)
            data = self.data_for(way, member)
            if data is not None:
                break
        else:
            self.steering.tired[way.tired_of] += 1
            return None
        return self.send(way, member, data)

    def send(self, way: Way, member: Member, data: dict[str, Any]) -> Sent:
        """Let somebody make a move that should do, and check that it was theirs to make if it was taken."""
        held = self.holders(way.case).get(member.actor.person_id or 0, set()) if way.case is not None else None
        sent = self.post(member, self._path(way), self._body(way, data))
        if sent.status >= 300:
            self.steering.tired[way.tired_of] += 1
            self.steering.refused[way.place] += 1
        else:
            self._by_right(way, sent, held, member)
        return sent

    def _by_right(self, way: Way, sent: Sent, held: set[str] | None, member: Member) -> None:
        case = next(case for case in self.watcher.cases.values() if case.number == sent.answer["number"])
        row = self.watcher.rows_of[case.id][sent.answer["revision"] - 1]
        roles = self.holders(case).get(member.actor.person_id or 0, set()) if held is None else held
        demand(row.person_id == member.actor.person_id, "history names somebody else:", row.person_id)
        demand(row.role in roles, case.number, row.trigger, "as", row.role, "by somebody who holds", roles)

    # -- moves that must not do

    def _must_refuse(self, sent: Sent, place: tuple[str, str], *codes: int) -> None:
        demand(sent.status in codes, "this should have been refused:", self.told[-1])
        self.steering.refused[place] += 1

    def _some_case(self, *, closed: bool | None = False) -> Any:
        cases = [c for c in self.watcher.cases.values() if closed is None or (c.closed_at is not None) == closed]
        kind = self.chance.choice(sorted({case.kind for case in cases}))
        return self.chance.choice([case for case in cases if case.kind == kind])

    def _way_to_refuse(self, *, possible: bool) -> Way | None:
        """Return a trigger that was seldom refused, at a case where it is possible now, or where it is not."""
        for _ in range(AT_MOST_LOOKED_FOR):
            if (way := self._refusable(*self.steering.to_refuse(), possible)) is not None:
                return way
        return None

    def _refusable(self, kind: str, trigger: str, possible: bool) -> Way | None:
        definition = in_force()[kind]
        if possible and (opening := definition.transition(None, trigger)) is not None:
            return Way(None, definition, opening)
        ways = []
        for case in self.watcher.cases.values():
            if case.kind == kind:
                own = definition_of(case)
                here = own.transition(case.state, trigger)
                if (here is not None) == possible:
                    any_ = next((t for t in own.transitions if t.trigger == trigger), None)
                    ways += [Way(case, own, here or any_)] if here or any_ else []  # type: ignore[arg-type]
        return self.chance.choice(ways) if ways else None

    def by_a_stranger(self) -> None:
        """Let somebody without the role try what is possible for others, or for the system alone."""
        way = self._way_to_refuse(possible=True)
        if way is None:
            return
        may = set(self.who_may(way)) if way.transition.by_person else set()
        member = self.chance.choice([m for m in self.world.builder.members if m.actor.person_id not in may])
        data = self.data_for(way, member, knowing=False)
        sent = self.post(member, self._path(way), self._body(way, data))
        self._must_refuse(sent, way.place, 403, 404, 409, 422)

    def out_of_turn(self) -> None:
        """Let somebody who reaches a case fire what cannot be fired from its state."""
        way = self._way_to_refuse(possible=False)
        people = list(self.holders(way.case)) if way is not None else []
        if way is None or not people:
            return
        member = self.world.member(self.chance.choice(people))
        data = self.data_for(way, member, knowing=False)
        sent = self.post(member, self._path(way), self._body(way, data))
        self._must_refuse(sent, way.place, 403, 404, 409, 422)

    def stale(self) -> None:
        """Let somebody decide on what they have not seen."""
        way = self._way_to_refuse(possible=True)
        people = self.who_may(way) if way is not None and way.case is not None else []
        if way is None or not people:
            return
        revision = self.chance.choice((way.case.revision - 1, way.case.revision + 1, 0, -1, 2**40))
        sent = self.post(
            self.world.member(self.chance.choice(people)), self._path(way), self._body(way, {}, revision)
        )
        self._must_refuse(sent, way.place, 409)

    def with_nonsense(self) -> None:
        """Spoil what would otherwise do; that it is refused is likely, that nothing breaks is certain."""
        way = self.steering.next(self.watcher.cases)
        people = self.who_may(way)
        if not people:
            return
        member = self.world.member(self.chance.choice(people))
        body = self._body(way, spoilt(self.chance, self.data_for(way, member) or {}))
        if self.chance.random() < 0.1:
            body = spoilt(self.chance, body)
        sent = self.post(member, self._path(way), body)
        if sent.status >= 300:
            self.steering.refused[way.place] += 1

    def once_more(self) -> None:
        """Send an accepted request again under its key: the same answer, and nothing happens."""
        if not self.kept:
            return
        first = self.chance.choice(self.kept)
        sent = self.post(first.member, first.path, first.body, first.key)
        reached = sent.status < 300 and sent.answer == first.answer
        # Whoever has lost the role meanwhile (an expert who stepped back) does not find the case any more.
        demand(reached or sent.status == 404, "another answer to the same key:", self.told[-1], first.answer)

    def key_for_another(self) -> None:
        """Send another request under a key that was used."""
        if not self.kept:
            return
        first = self.chance.choice(self.kept)
        body = {**first.body, "data": {**first.body["data"], "more": self.chance.randrange(1000)}}
        sent = self.post(first.member, first.path, body, first.key)
        known = sent.status == 422 and sent.answer["code"] in ("key_reused", "invalid_input")
        demand(known or sent.status in (403, 404), "the key was taken for another request:", self.told[-1])

    def nowhere(self) -> None:
        """Ask for cases, kinds and triggers that are not there, or for a case under another kind."""
        case, member = self._some_case(closed=None), self.chance.choice([*self.world.builder.members, None])
        path = self.chance.choice((
            f"/api/v1/cases/{case.kind}/XX26-0000-0000/withdraw", "/api/v1/cases/nothing",
            f"/api/v1/cases/{case.kind}x/{case.number}/withdraw", f"/api/v1/cases/{case.kind}/{case.number}/nothing",
        ))
        sent = self.post(member, path, {"revision": case.revision, "data": {}})
        demand(sent.status in (401, 403, 404), "something is there that should not be:", self.told[-1])

    # -- the world goes on

    def time_passes(self) -> None:
        """Let minutes to weeks pass; half of the time what is due waits for whoever comes next."""
        by = self.chance.choices(
            (timedelta(minutes=10), timedelta(hours=5), timedelta(days=1), timedelta(days=3), self._until_due()),
            (20, 30, 0, 0, 0) if ("bid", "hand_in") in self.steering.urgent else (20, 30, 25, 10, 15),
        )[0]
        fired = self.world.move_clock(by=by, fire=self.chance.random() < 0.6)
        self._tell(f"{by} passed, {fired} due")
        self.world.sign_a_checkpoint()
        if by >= timedelta(days=1):
            self.steering.rest()
        self._looked()

    def _until_due(self) -> timedelta:
        """Return how long it is until some clock has a move to make, a rare one rather than another."""
        now = self.world.now
        running = [row for row in self.world.rows(RUNNING) if row.due_at < now + timedelta(days=35)]
        if not running:
            return timedelta(days=1)
        weights = [self.steering.rarity((row.kind, row.fires)) for row in running]
        return max(self.chance.choices(running, weights)[0].due_at - now, timedelta()) + timedelta(seconds=1)

    def years_pass(self) -> None:
        """Let so much time pass that every clock has run out."""
        fired = self.world.move_clock(by=timedelta(days=1100), fire=True)
        self._tell(f"three years passed, {fired} due")
        self._looked()

    def bank_answers(self) -> None:
        """Let the bank answer what is in transit."""
        self.serial += 1000
        bank.take(self.world, bank.statement(self.world, self.serial))
        self._tell("a bank statement")
        self._looked()

    def world_goes_on(self) -> None:
        """Sign contracts, found organizations, rate, tie, and break a disk."""
        act = self.chance.choice((self._contract, self._found, self._found_registered, self._rate, self._tie,
                                  self._damage))
        act()
        self._tell(act.__name__)
        self._looked()

    def _contract(self) -> None:
        self.world.sign_a_contract(self.chance.choice(self.world.city.registered)[0])

    def _found(self) -> None:
        self.world.found_an_organization(registered=False)

    def _found_registered(self) -> None:
        self.world.found_an_organization(registered=True)

    def _rate(self) -> None:
        rated = [c for c in self.watcher.cases.values() if c.kind == "evaluation" and c.state == "commissioned"
                 and any(row.trigger == "hand_out_codes" for row in self.watcher.rows_of[c.id])]
        if not rated:
            return
        codes = self.world.codes_of(self.chance.choice(rated).id)
        for code in codes[: self.chance.randint(0, len(codes))]:
            self.world.client(None).post(f"/rate/{code}", data={"stars": str(self.chance.randint(1, 5))})

    def _tie(self) -> None:
        experts = [m for m in self.world.builder.members if "expert" in m.roles] + self.world.evaluators
        organization, _member = self.chance.choice(self.world.city.registered)
        record_tie(
            self.world.session, person_id=self.chance.choice(experts).actor.person_id or 0,
            organization_id=organization.id, kind=self.chance.choice(("employment", "kinship", "mentoring")),
            from_on=self.today() - timedelta(days=self.chance.randint(1000, 2000)),
            to_on=self.chance.choice((None, self.today() - timedelta(days=self.chance.randint(0, 1000)))),
        )
        self.world.session.commit()

    def _damage(self) -> None:
        bids = [case for case in self.watcher.cases.values() if case.kind == "bid" and case.state == "handed_in"]
        if bids:
            self.world.damage(self.chance.choice(bids).id)

    def looked(self, told: str) -> None:
        """Note what happened beside the moves, and look at what came of it."""
        self._tell(told)
        self._looked()

    def _looked(self) -> None:
        self._count(self.watcher.look())

    def somebody_reads(self) -> None:
        """Let somebody read something: no answer tells what is sealed."""
        member = self.chance.choice(self.world.builder.members)
        case = self._some_case(closed=None)
        self.read(member, self.chance.choice((
            f"/api/v1/cases/{case.number}", f"/api/v1/cases/{case.number}", f"/cases/{case.number}",
            "/api/v1/worklist", "/cases", "/worklist", "/notices", "/",
        )))

    def read(self, member: Member, path: str) -> None:
        """Read a page or an answer, and look for what must not be told."""
        response = self.world.client(member).get(path)
        demand(response.status_code < 500, "a failure of ours:", path, response.text)
        demand(not (told := self.prices.told_in(response.text)), member.login, "reads at", path, told)

    def everybody_reads_what_is_sealed(self) -> int:
        """Let one person of every role read all that has to do with sealed bids; return how many answers."""
        people: dict[str, Member] = {}
        for member in self.world.builder.members:
            for role in member.roles:
                people.setdefault(role, member)
        sealed = [case for case in self.watcher.cases.values() if case.kind in ("bid", "package", "call")]
        paths = [f"/api/v1/cases/{case.number}" for case in sealed]
        for member in people.values():
            for path in paths:
                self.read(member, path)
        return len(people) * len(paths)


def _data_of(row: Any) -> Any:
    return json.loads(bytes(row.body))["data"]


def _why(answer: Any) -> str:
    if not isinstance(answer, dict):
        return str(answer)
    reasons = [reason.get("code") for reason in answer.get("reasons") or []]
    return " ".join(map(str, (answer.get("code") or answer.get("state"), reasons or "", answer.get("errors") or "")))
