"""What a story of bad luck needs: everybody at the API with what they were told, and every fen counted again."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.access.actor import Actor
from app.access.models import Person
from app.cases.due import move_clock
from app.clock import business_now, real_now
from app.ledger.queries import ledger_mistakes
from app.notices.expanding import MailStyle, expand_waiting
from tests.builders_access import apart, token_of

STYLE = MailStyle("枢纽 <no-reply@example.org>", "https://example.org")
PARTS = ("available", "reserved", "committed", "payable", "transit", "paid", "returned")
RECOUNT = text("""
SELECT a.name, sum(coalesce(c.taken, 0) - coalesce(d.given, 0))::bigint AS there FROM ledger_accounts a
  LEFT JOIN (SELECT credit_id, sum(amount) AS taken FROM transfers GROUP BY credit_id) c ON c.credit_id = a.id
  LEFT JOIN (SELECT debit_id, sum(amount) AS given FROM transfers GROUP BY debit_id) d ON d.debit_id = a.id
 WHERE a.budget_line_id = :line AND a.unit = 'fen' GROUP BY a.name
""")


@dataclass
class Caller:
    """One person at the doors: API and pages, in English."""

    story: "Story"
    actor: Actor
    headers: dict[str, str]
    sent: int = 0

    def get(self, path: str) -> Any:
        """Return the answer to a request."""
        return apart(self.story.client.get, path, headers=self.headers)

    def reads(self, path: str, status: int = 200) -> str:
        """Return the text of a page."""
        answer = self.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:500])
        return answer.text

    def post(self, path: str, **sent: Any) -> Any:
        """Send something under a key of its own."""
        self.sent += 1
        headers = {**self.headers, "Idempotency-Key": f"{self.actor.person_id}-{self.sent}"}
        return apart(self.story.client.post, path, headers=headers, **sent)

    def opens(self, kind: str, data: dict[str, Any]) -> str:
        """Open a case; return its number."""
        answer = self.post(f"/api/v1/cases/{kind}", json={"data": data})
        assert answer.status_code == 201, answer.text
        return str(answer.json["number"])

    def may_not_open(self, kind: str, data: dict[str, Any]) -> dict[str, str]:
        """Try to open a case; return why not: the words of every reason by its code."""
        return reasons(self.post(f"/api/v1/cases/{kind}", json={"data": data}))

    def case(self, number: str) -> Any:
        """Return what the API tells this person of a case."""
        answer = self.get(f"/api/v1/cases/{number}")
        assert answer.status_code == 200, (number, answer.text)
        return answer.json

    def last(self, number: str) -> tuple[str, str, dict[str, Any]]:
        """Return state, trigger and data of the last move, as this person reads them."""
        case = self.case(number)
        return case["state"], case["history"][-1]["trigger"], case["history"][-1]["data"]

    def sees(self, number: str) -> bool:
        """Say whether there is such a case for this person."""
        return bool(self.get(f"/api/v1/cases/{number}").status_code == 200)

    def tries(self, number: str, trigger: str, /, **data: Any) -> Any:
        """Make a move, whatever comes of it."""
        case = self.case(number)
        body = {"revision": case["revision"], "data": data}
        return self.post(f"/api/v1/cases/{case['kind']}/{number}/{trigger}", json=body)

    def moves(self, number: str, trigger: str, /, **data: Any) -> str:
        """Make a move; return the new state."""
        answer = self.tries(number, trigger, **data)
        assert answer.status_code == 200, answer.text
        return str(answer.json["state"])

    def may_not(self, number: str, trigger: str, /, **data: Any) -> dict[str, str]:
        """Try a move; return why not: the words of every reason by its code."""
        return reasons(self.tries(number, trigger, **data))

    def told(self) -> list[str]:
        """Return template and case of every notice that this person's page shows, the newest first."""
        self.story.tell()
        page = self.reads("/notices")
        rows = self.story.session.execute(TOLD, {"person": self.actor.person_id}).all()
        self.story.session.rollback()
        return [f"{row.template} {row.number}" for row in rows if f"/cases/{row.number}" in page]

    def waiting(self) -> list[str]:
        """Return the numbers on this person's worklist."""
        return [row["number"] for row in self.get("/api/v1/worklist").json["cases"]]


BEGINS = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
"""A Monday, 9:00 in Shanghai, after whatever the builders made in March: no holiday of a later year moves a day."""
DUE = text("""
SELECT max(k.due_at) FROM clocks k JOIN cases c ON c.id = k.case_id
 WHERE c.number = :number AND k.stopped_at IS NULL AND k.paused_since IS NULL
""")
TOLD = text("""
SELECT n.template, c.number FROM deliveries d JOIN notices n ON n.id = d.notice_id JOIN cases c ON c.id = n.case_id
 WHERE d.person_id = :person ORDER BY d.id DESC
""")


def reasons(answer: Any) -> dict[str, str]:
    """Return the words of every reason of a refusal, by code."""
    assert answer.status_code == 403, (answer.status_code, answer.text)
    return {reason["code"]: reason["message"] for reason in answer.json["reasons"]}


@dataclass
class Story:
    """The application with everybody in it, and one budget line; it is the 1st of June 2026 whenever it is told."""

    client: Any
    session: Any
    line_id: int
    callers: dict[int, Caller] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Everybody reads English, and has the day of the story."""
        self.client.set_cookie("lang", "en")
        ahead = int((BEGINS - real_now()).total_seconds())
        self.session.execute(text("UPDATE business_clock SET ahead_seconds = :ahead"), {"ahead": ahead})
        self.session.commit()

    def who(self, actor: Actor) -> Caller:
        """Return this person at the doors."""
        person = actor.person_id or 0
        if person not in self.callers:
            headers = token_of(self.session, self.session.get_one(Person, person))
            self.callers[person] = Caller(self, actor, headers)
        return self.callers[person]

    def tell(self) -> None:
        """Deliver the notices that wait, as the worker does every few seconds."""
        now = business_now(self.session)
        while expand_waiting(self.session, now=now, real_now=real_now(), style=STYLE):
            pass

    def now(self) -> datetime:
        """Return the time of the story."""
        found = business_now(self.session)
        self.session.rollback()
        return found

    def wait_until(self, to: datetime) -> None:
        """Let time pass, with all that falls due in it."""
        move_clock(self.session, to=to, environment="test")
        self.session.rollback()

    def wait_out(self, number: str) -> None:
        """Let time pass until what runs in this case is due, however many days off there are till then."""
        due = self.session.execute(DUE, {"number": number}).scalar_one()
        self.session.rollback()
        self.wait_until(due + timedelta(seconds=1))

    def money(self, *readers: Caller) -> dict[str, int]:
        """Return what stands where, zeros left out, counted anew from the transfers; these people read the same."""
        self.session.rollback()
        assert ledger_mistakes(self.session) == []
        counted = {row.name: int(row.there) for row in self.session.execute(RECOUNT, {"line": self.line_id})}
        self.session.rollback()
        assert sum(counted.values()) == 0, "a fen is astray"
        for reader in readers:
            shown = reader.get(f"/api/v1/budget-lines/{self.line_id}").json
            assert shown["balanced"] is True
            assert {part: shown[f"{part}_fen"] for part in PARTS} == {part: counted.get(part, 0) for part in PARTS}
        return {part: counted[part] for part in PARTS if counted.get(part)}
