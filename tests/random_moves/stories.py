"""Whole tenders, and lives of organizations, that somebody sees through: the far ends to which chance seldom comes.

A story is told in one go, between the moves that chance makes; where something stands in its way it is given up and
told again later, with other people.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.random_moves.lives import Lives
from tests.random_moves.tenders import ANSWERS, CHECKS, DECIDES, Stuck

if TYPE_CHECKING:
    from tests.random_moves.driving import Driver

Targets = dict[str, tuple[str, ...]]
AT_MOST_TOLD = 4
UNTIL_THE_DEADLINE, PUBLICITY = 24.1, 12.0
ADVANCE_FIRST = [
    {"share_bp": 6000, "condition": "协议签订后", "waits_for": "none"},
    {"share_bp": 4000, "condition": "验收合格后", "waits_for": "acceptance"},
]
RESERVE = """
SELECT (SELECT count(*) FROM drawn_experts WHERE package_id = :p)
     - (SELECT count(*) FROM bid_reviews WHERE package_id = :p) AS left
"""


class Stories(Lives):
    """Tells the stories, one after the other, until everything to which they lead has happened."""

    def __init__(self, driver: "Driver") -> None:
        super().__init__(driver)
        self.told: dict[str, int] = {}
        self.stuck: list[str] = []

    def tell(self) -> None:
        """Tell the next story that leads to something new, if there is one."""
        for story, targets in self._stories():
            fired, name = self.driver.steering.fired, story.__name__
            new = any(not fired[kind, trigger] for kind, triggers in targets.items() for trigger in triggers)
            if new and self.told.get(name, 0) < AT_MOST_TOLD:
                self.told[name] = self.told.get(name, 0) + 1
                try:
                    story()
                except Stuck as why:
                    self.stuck.append(f"{name}: {why}")
                return

    def _stories(self) -> list[tuple[Callable[[], None], Targets]]:
        return [
            (self.experts_come_and_go, {"pool_entry": ("enter", "confirm", "refuse", "withdraw", "end")}),
            (self.a_call_is_cancelled, {
                "call": ("draft", "return_for_changes", "redraft", "withdraw", "publish", "cancel"),
                "package": ("arrive", "open_bids", "cancel"), "bid": ("lapse",), "bid_review": ("cancel",),
            }),
            (self.a_grant_is_given_and_ended, {
                "contract": ("sign_grant", "terminate"), "bid_review": ("deem_agreed",), "call": ("finish",),
                "payment": ("call_off",),
            }),
            (self.a_purchase_is_made, {
                "bid": ("replace", "withdraw", "set_aside", "disqualify", "win", "lose", "tell_result"),
                "bid_review": ("recuse", "relieve", "dissent", "agree", "reveal"),
                "package": ("seat_vacated", "relieve_expert", "replace_expert", "supplement_pool", "suspend", "resume",
                            "award", "contract_signed"),
                "objection": ("withdraw", "dismiss"),
                "contract": ("ask_changes", "take_back", "sign", "publish", "file_copy", "close"),
            }),
            (self.a_candidate_falls, {
                "bid": ("exclude",), "contract": ("cancel",),
                "package": ("pass_over", "overturn", "void", "decline_award", "fail"),
                "objection": ("reject_inadmissible", "uphold", "lapse"),
            }),
            (self.an_organization_grows, {
                "incubation": ("return_for_changes", "resubmit", "relieve_expert", "name_expert", "panel_complete",
                               "uphold_objection", "close_publicity", "sign_agreement", "require_rectification",
                               "report_rectification", "continue_incubation", "extend_term", "submit_log",
                               "send_back", "graduate", "hand_over"),
            }),
            (self.others_do_not_grow, {
                "incubation": ("seat_vacated", "withdraw", "refuse_admission", "leave", "stop", "hand_over_premises"),
                "incubation_review": ("recuse", "cancel"),
            }),
            (self.an_organization_is_registered, {
                "registration": ("ask_correction", "answer_correction", "accept", "start_expert_review",
                                 "finish_expert_review", "extend_decision", "approve", "deliver", "refuse_acceptance",
                                 "refuse", "withdraw"),
            }),
            (self.an_organization_changes, {
                "registration_change": ("ask_correction", "answer_correction", "accept", "deem_accepted",
                                        "extend_decision", "approve", "deliver", "refuse_acceptance", "refuse",
                                        "withdraw"),
            }),
            (self.an_organization_reports_its_years, {
                "annual_report": ("submit", "ask_correction", "answer_correction", "withdraw", "qualify",
                                  "qualify_basically", "disqualify", "report_put_right", "confirm_put_right",
                                  "send_back", "close_not_put_right"),
            }),
            (self.organizations_end, {
                "deregistration": ("resolve", "finish_liquidation", "apply", "ask_correction", "answer_correction",
                                   "accept", "deem_accepted", "extend_decision", "approve", "refuse", "withdraw"),
            }),
            (self.an_organization_joins_a_hub, {
                "affiliation": ("return_for_changes", "resubmit", "accept", "refuse", "withdraw"),
                "disaffiliation": ("give_notice", "confirm", "leave_by_itself", "withdraw"),
            }),
            (self.an_organization_is_listed, {
                "restriction": ("propose", "answer", "close_hearing", "impose", "dismiss", "apply_for_lifting",
                                "propose_lifting", "refuse_lifting", "lift"),
            }),
            (self.an_evaluation_is_disputed, {
                "evaluation": ("object", "reopen", "uphold", "accept_result", "stand", "cancel", "recuse",
                               "hand_out_codes"),
            }),
            (self.reports_are_read, {
                "milestone_report": ("withdraw", "reject", "return_for_changes", "resubmit", "accept_report"),
            }),
            (self.an_office_thinks_twice, {
                "programme": ("refuse", "withdraw"), "plan": ("return_for_changes", "resubmit", "refuse", "withdraw"),
                "opening_key": ("retire",),
            }),
        ]

    def experts_come_and_go(self) -> None:
        """Some are listed, some are not, and one leaves before the term is over."""
        listed = [self.list_an_expert() for _ in range(7)]
        self.make(listed[0], "end")
        for trigger in ("withdraw", "refuse"):
            self.make(self.enter_an_expert(), trigger)

    def a_call_is_cancelled(self) -> None:
        """The task is gone while the panel scores."""
        (package,) = self.a_published_call(1)
        bids = self.bids_for(package, 3)
        self.days_pass(UNTIL_THE_DEADLINE)
        self.opened(package)
        self.qualified(package, bids)
        self.a_panel(package)
        self.make(self.number_of(self.case(package).parent_id), "cancel", DECIDES)

    def a_grant_is_given_and_ended(self) -> None:
        """Three apply, the experts keep silent about the report, and both sides end the agreement before it is paid."""
        (package,) = self.a_published_call(1, regime="G")
        bids = self.bids_for(package, 3)
        self.days_pass(UNTIL_THE_DEADLINE)
        self.opened(package)
        self.qualified(package, bids)
        self.a_panel(package)
        self.all_score(package, bids, sign=False)
        contract, staff = self.awarded(package, bids[0]), self.staff_of(bids[0])
        self.make(contract, "send", CHECKS, instalments=ADVANCE_FIRST)
        self.make(contract, "agree", staff)
        self.make(contract, "sign_grant", DECIDES)
        ((advance,),) = self.world.rows(
            "SELECT i.id FROM instalments i JOIN contracts c ON c.id = i.contract_id"
            " WHERE c.case_id = :c AND i.waits_for = 'none'", c=self.case(contract).id,
        )
        self.open("payment", "apply", staff, instalment=advance, organization=self.case(contract).organization_id)
        self.make(contract, "terminate", DECIDES, ground="agreed")

    def a_purchase_is_made(self) -> None:
        """Six bid, three are ranked by a panel that changes, two object in vain, and the project is closed."""
        (package,) = self.a_published_call(1)
        bids = self.bids_for(package, 6)
        self.make(bids[0], "replace", self.staff_of(bids[0]), **self.a_price(0))
        self.make(bids[5], "withdraw", self.staff_of(bids[5]))
        self.world.damage(self.case(bids[4]).id)
        self.days_pass(UNTIL_THE_DEADLINE)
        self.opened(package)
        self.make(bids[3], "disqualify", CHECKS)
        self.qualified(package, bids[:3])
        self.a_panel(package)
        self.the_panel_changes(package)
        self.all_score(package, bids[:3])
        self.make(package, "confirm_candidate", DECIDES, candidate=self.case(bids[0]).id)
        self.make(self.objection(package, bids[1]), "withdraw", self.staff_of(bids[1]))
        objection = self.objection(package, bids[2])
        self.make(objection, "accept", CHECKS)
        self.make(objection, "dismiss", ANSWERS)
        self.a_contract_is_signed_and_closed(self.award_after_publicity(package), self.staff_of(bids[0]))

    def a_contract_is_signed_and_closed(self, contract: str, staff: int) -> None:
        """Both sides ask for changes before they sign; what was promised is delivered at once."""
        self.make(contract, "send", CHECKS)
        self.make(contract, "ask_changes", staff)
        self.make(contract, "send", CHECKS)
        self.make(contract, "agree", staff)
        self.make(contract, "take_back", CHECKS)
        self.make(contract, "send", CHECKS)
        self.make(contract, "agree", staff)
        self.make(contract, "sign", DECIDES)
        self.make(contract, "publish", CHECKS)
        self.make(contract, "file_copy", CHECKS)
        ((signed, number),) = self.world.rows(
            "SELECT id, number FROM contracts WHERE organization_id = :o ORDER BY id DESC LIMIT 1",
            o=self.case(contract).organization_id,
        )
        acceptance = self.open("acceptance", "request", staff, contract=signed)
        self.make(acceptance, "accept", ANSWERS)
        self.open("closure", "close", CHECKS, contract=number, confirmed=True)

    def a_candidate_falls(self) -> None:
        """One after the other: at the most of the programme, struck out, not signing, and the package is void."""
        first, second, empty = self.a_published_call(3, most=1)
        won, bids = self.bids_for(first, 3), self.bids_for(second, 5)
        self.bids_for(empty, 2)
        self.days_pass(UNTIL_THE_DEADLINE)
        self.make(empty, "fail", CHECKS, ground="too_few")
        for package, ranked in ((first, won), (second, bids)):
            self.opened(package)
            self.qualified(package, ranked)
            self.a_panel(package)
            self.all_score(package, ranked)
        self.awarded(first, won[0])
        self.make(second, "pass_over", DECIDES)
        self.make(second, "confirm_candidate", DECIDES, candidate=self.case(bids[1]).id)
        self.make(self.objection(second, bids[2]), "reject_inadmissible", ANSWERS)
        upheld, without_object = self.objection(second, bids[3]), self.objection(second, bids[4])
        self.make(upheld, "accept", CHECKS)
        self.make(upheld, "uphold", ANSWERS, remedy="exclude")
        if self.case(without_object).state != "lapsed":
            raise Stuck(f"{without_object} has an object still")
        self.awarded(second, bids[2])
        self.make(second, "decline_award", DECIDES)
        self.make(second, "confirm_candidate", DECIDES, candidate=self.case(bids[3]).id)
        upheld = self.objection(second, bids[4])
        self.make(upheld, "accept", CHECKS)
        self.make(upheld, "uphold", ANSWERS, remedy="void")

    # -- what several stories tell

    def the_panel_changes(self, package: str) -> None:
        """Experts leave until the draw has nobody left and the pool must be supplemented."""
        leave = 0
        while True:
            seat = next(seat for seat in self.seats(package) if seat.state in ("assigned", "scoring"))
            if leave % 2:
                self.make(package, "relieve_expert", CHECKS, expert=seat.person_id)
            else:
                self.make(seat.number, "recuse", seat.person_id, ground="other", bid=None)
            leave += 1
            ((reserve,),) = self.world.rows(RESERVE, p=self.case(package).id)
            if not reserve and leave > 1:
                break
            if reserve:
                self.make(package, "replace_expert", CHECKS)
        for _ in range(2):
            self.list_an_expert()
        self.make(package, "supplement_pool", CHECKS)
        self.world.sign_a_checkpoint()
        while len(self.seats(package)) < 5:
            self.make(package, "replace_expert", CHECKS)

    def awarded(self, package: str, bid: str) -> str:
        """Publish the candidate and award after the time for it; return the contract's case."""
        self.make(package, "confirm_candidate", DECIDES, candidate=self.case(bid).id)
        return self.award_after_publicity(package)

    def award_after_publicity(self, package: str) -> str:
        """Let publicity run and award; return the contract's case."""
        self.days_pass(PUBLICITY)
        self.make(package, "award", DECIDES)
        parent = self.case(package).id
        found = [c for c in self.driver.watcher.cases.values() if c.kind == "contract" and c.parent_id == parent]
        return str(max(found, key=lambda case: case.id).number)

    def objection(self, package: str, bid: str) -> str:
        """Let a bidder object; return the number."""
        return self.open("objection", "file", self.staff_of(bid), package=self.case(package).id,
                         organization=self.case(bid).organization_id)

    def staff_of(self, bid: str) -> int:
        """Return who acts for a bidder."""
        rows = self.driver.watcher.rows_of[self.case(bid).id]
        return int(rows[0].person_id)
