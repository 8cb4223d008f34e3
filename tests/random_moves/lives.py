"""What is seen through beside the tenders: an organization from its registration to the end of its incubation, and
what is said about its work."""

from datetime import timedelta
from typing import Any

from app.clock import SHANGHAI
from tests.random_moves.tenders import ANSWERS, CHECKS, DECIDES, Stuck, Tenders

REGISTRAR, OPERATOR, HUB = "xc-registrar", "xc-incubator_operator", "xc-hub_officer"
WITHOUT_A_CHECK, WITHOUT_PUTTING_RIGHT = 12.0, 2.5
SECOND_REGISTRAR, WITHOUT_A_STATEMENT = "second-registrar", 25.0
AGAINST_ADMISSION, AGAINST_A_RESULT = 15.0, 12.0
MONTHS_OF_LOGS = 24
SEATS = """
SELECT c.number, c.state, s.person_id FROM panel_seats s JOIN cases c ON c.id = s.review_case_id
 WHERE s.case_id = :case AND s.left_at IS NULL ORDER BY s.review_case_id
"""
NEWEST_CONTRACT = "SELECT id, number FROM contracts WHERE organization_id = :o ORDER BY id DESC LIMIT 1"
INSTALMENTS = "SELECT id FROM instalments WHERE contract_id = :c ORDER BY position"


class Lives(Tenders):
    """The stories that are about one organization, or one paper."""

    def an_organization_is_registered(self) -> None:
        """One is registered after every delay there is; three more are turned away or turn away."""
        number, staff = self._applied()
        self.make(number, "ask_correction", REGISTRAR)
        self.make(number, "answer_correction", staff)
        self.make(number, "accept", REGISTRAR)
        self.make(number, "start_expert_review", REGISTRAR)
        self.make(number, "finish_expert_review", REGISTRAR)
        self.make(number, "extend_decision", REGISTRAR)
        self.make(number, "approve", REGISTRAR)
        self.make(number, "deliver", REGISTRAR)
        self.make(self._applied()[0], "refuse_acceptance", REGISTRAR)
        number, _staff = self._applied()
        self.make(number, "accept", REGISTRAR)
        self.make(number, "refuse", REGISTRAR)
        number, staff = self._applied()
        self.make(number, "withdraw", staff)

    def an_organization_changes(self) -> None:
        """One change is made after every delay there is; three more are turned away or turn away."""
        organization, staff = self._organization()
        number = self.open("registration_change", "apply", staff, organization=organization)
        self.make(number, "ask_correction", REGISTRAR)
        self.make(number, "answer_correction", staff)
        self.make(number, "accept", REGISTRAR)
        self.make(number, "extend_decision", REGISTRAR)
        self.make(number, "approve", REGISTRAR)
        self.make(number, "deliver", REGISTRAR)
        self.make(self.open("registration_change", "apply", staff, organization=organization),
                  "refuse_acceptance", REGISTRAR)
        number = self.open("registration_change", "apply", staff, organization=organization)
        self.make(number, "accept", REGISTRAR)
        self.make(number, "refuse", REGISTRAR)
        self.make(self.open("registration_change", "apply", staff, organization=organization), "withdraw", staff)
        self.open("registration_change", "apply", staff, organization=organization)
        self.days_pass(WITHOUT_A_CHECK)

    def an_organization_reports_its_years(self) -> None:
        """One year is in order and one put right at the second attempt; another organization never puts it right."""
        organization, staff = self._organization()
        self.make(self.open("annual_report", "submit", staff, organization=organization), "withdraw", staff)
        number = self.open("annual_report", "submit", staff, organization=organization)
        self.make(number, "ask_correction", REGISTRAR)
        self.make(number, "answer_correction", staff)
        self.make(number, "qualify", REGISTRAR)
        number = self.open("annual_report", "submit", staff, organization=organization)
        self.make(number, "qualify_basically", REGISTRAR)
        self.make(number, "report_put_right", staff)
        self.make(number, "send_back", REGISTRAR)
        self.make(number, "report_put_right", staff)
        self.make(number, "confirm_put_right", REGISTRAR)
        organization, staff = self._organization()
        number = self.open("annual_report", "submit", staff, organization=organization)
        tomorrow = (self.world.now + timedelta(days=1)).astimezone(SHANGHAI).date()
        self.make(number, "disqualify", REGISTRAR, put_right_by=tomorrow.isoformat())
        self.days_pass(WITHOUT_PUTTING_RIGHT)
        self.make(number, "close_not_put_right", REGISTRAR)

    def organizations_end(self) -> None:
        """One ends after every delay there is, one is refused and withdraws, and of one nobody looks in time."""
        organization, staff = self._organization()
        number = self.open("deregistration", "resolve", staff, organization=organization)
        self.make(number, "finish_liquidation", staff)
        self.make(number, "apply", staff)
        self.make(number, "ask_correction", REGISTRAR)
        self.make(number, "answer_correction", staff)
        self.make(number, "accept", REGISTRAR)
        self.make(number, "extend_decision", REGISTRAR)
        self.make(number, "approve", REGISTRAR)
        organization, staff = self._organization()
        number = self.open("deregistration", "resolve", staff, organization=organization)
        self.make(number, "finish_liquidation", staff)
        self.make(number, "apply", staff)
        self.days_pass(WITHOUT_A_CHECK)
        self.make(number, "refuse", REGISTRAR)
        self.make(number, "withdraw", staff)

    def an_organization_joins_a_hub(self) -> None:
        """One is refused, withdraws, is sent back, joins, thinks of leaving, and leaves twice."""
        organization, staff = self._organization()
        self.make(self.open("affiliation", "apply", staff, organization=organization), "refuse", HUB)
        self.make(self.open("affiliation", "apply", staff, organization=organization), "withdraw", staff)
        number = self.open("affiliation", "apply", staff, organization=organization)
        self.make(number, "return_for_changes", HUB)
        self.make(number, "resubmit", staff)
        self.make(number, "accept", HUB)
        self.make(self.open("disaffiliation", "give_notice", staff, organization=organization), "withdraw", staff)
        self.make(self.open("disaffiliation", "give_notice", staff, organization=organization), "confirm", HUB)
        self.make(self.open("affiliation", "apply", staff, organization=organization), "accept", HUB)
        self.open("disaffiliation", "give_notice", staff, organization=organization)
        self.days_pass(WITHOUT_A_STATEMENT)

    def an_organization_is_listed(self) -> None:
        """One is not listed, answers and is, is refused its removal and gets it; of another its time runs out."""
        organization, staff = self._organization()
        code = str(self.world.rows("SELECT uscc FROM organizations WHERE id = :o", o=organization)[0].uscc)
        put_right = {"lifting_reason": "put_right"}
        proposal = {"organization_code": code, "ground": "no_report"}
        self.make(self.open("restriction", "propose", REGISTRAR, **proposal), "dismiss", SECOND_REGISTRAR)
        number = self.open("restriction", "propose", REGISTRAR, **proposal)
        self.make(number, "answer", staff)
        self.make(number, "impose", SECOND_REGISTRAR)
        self.make(number, "apply_for_lifting", staff, **put_right)
        self.make(number, "refuse_lifting", REGISTRAR)
        self.make(number, "apply_for_lifting", staff, **put_right)
        self.make(number, "propose_lifting", REGISTRAR, **put_right)
        self.make(number, "lift", SECOND_REGISTRAR)
        silent = self.open("restriction", "propose", REGISTRAR, **proposal)
        self.days_pass(WITHOUT_A_STATEMENT)
        self.make(silent, "dismiss", SECOND_REGISTRAR)

    def an_organization_grows(self) -> None:
        """One is admitted at the second attempt, puts right what is wrong, and graduates at the second attempt."""
        number, staff = self._asks_for_incubation()
        self.make(number, "return_for_changes", OPERATOR)
        self.make(number, "resubmit", staff)
        self.make(number, "pass_preliminary", OPERATOR)
        self.make(number, "relieve_expert", OPERATOR)
        self.make(number, "name_expert", OPERATOR)
        self._all_score(number)
        self.make(number, "publish", REGISTRAR)
        self.make(number, "uphold_objection", REGISTRAR)
        self.make(number, "publish", REGISTRAR)
        self.days_pass(AGAINST_ADMISSION)
        self.make(number, "sign_agreement", staff)
        self.make(number, "start_mid_review", OPERATOR)
        self.make(number, "require_rectification", OPERATOR)
        self.make(number, "report_rectification", staff)
        self.make(number, "continue_incubation", OPERATOR)
        self.make(number, "extend_term", REGISTRAR)
        for _ in range(MONTHS_OF_LOGS):
            try:
                self.make(number, "submit_log", staff)
            except Stuck:
                break  # no month is left
        self.make(number, "apply_graduation", staff)
        self.make(number, "send_back", REGISTRAR)
        self.make(number, "apply_graduation", staff)
        self.make(number, "graduate", REGISTRAR)
        self.make(number, "hand_over", OPERATOR)

    def others_do_not_grow(self) -> None:
        """One withdraws from the panel; one leaves, one is stopped, and one is not admitted."""
        number, staff = self._asks_for_incubation()
        self.make(number, "pass_preliminary", OPERATOR)
        seats = self.world.rows(SEATS, case=self.case(number).id)
        self.make(seats[0].number, "recuse", seats[0].person_id)
        self.make(number, "withdraw", staff)
        number, _staff = self._asks_for_incubation()
        self.make(number, "refuse_admission", REGISTRAR)
        for end in ("leave", "stop"):
            number, staff = self._asks_for_incubation()
            self.make(number, "pass_preliminary", OPERATOR)
            self._all_score(number)
            self.make(number, "publish", REGISTRAR)
            self.days_pass(AGAINST_ADMISSION)
            self.make(number, "sign_agreement", staff)
            self.make(number, end, staff if end == "leave" else REGISTRAR)
            self.make(number, "hand_over_premises", OPERATOR)

    def an_evaluation_is_disputed(self) -> None:
        """A result is objected to and made anew; another is upheld, and two are not disputed."""
        organization, staff = self._organization()
        again = self._published(organization)
        self.make(again, "object", staff)
        self.make(again, "reopen", ANSWERS)
        self._scored(again)
        upheld = self._published(organization, "final")
        self.make(upheld, "object", staff)
        self.make(upheld, "uphold", ANSWERS)
        organization, staff = self._organization()
        self.make(self._published(organization), "accept_result", staff)
        self._published(organization, "final")
        self.days_pass(AGAINST_A_RESULT)
        organization, staff = self._organization()
        self.make(self._commissioned(organization, "mid"), "cancel", CHECKS)
        number = self._commissioned(organization, "mid")
        self.make(number, "hand_out_codes", self._evaluator(number))
        self.make(number, "recuse", self._evaluator(number))

    def reports_are_read(self) -> None:
        """One report is sent back and accepted, one rejected, one withdrawn."""
        organization, staff = self._organization()
        contract = self._contract(organization)
        first = next(iter(self.world.rows(INSTALMENTS, c=contract.id))).id
        number = self.open("milestone_report", "submit", staff, organization=organization, instalment=first)
        self.make(number, "withdraw", staff)
        number = self.open("milestone_report", "submit", staff, organization=organization, instalment=first)
        self.make(number, "reject", CHECKS)
        number = self.open("milestone_report", "submit", staff, organization=organization, instalment=first)
        self.make(number, "return_for_changes", CHECKS)
        self.make(number, "resubmit", staff)
        self.make(number, "accept_report", CHECKS)

    def an_office_thinks_twice(self) -> None:
        """Plans are sent back, refused and withdrawn, so are programmes, and a key is given back."""
        office = self.world.city.office.id
        for n, trigger in enumerate(("confirm", "refuse", "withdraw")):
            programme = self.open("programme", "enter", DECIDES, office=office, regime="P", price_bp=None,
                                  code=f"U{len(self.driver.watcher.cases)}{n}", most_per_organization=None)
            self.make(programme, trigger, DECIDES if trigger == "withdraw" else ANSWERS)
            if trigger == "confirm":
                rules = self.case(programme).id
        for trigger in ("refuse", "withdraw"):
            ((programme_id,),) = self.world.rows("SELECT id FROM programmes WHERE case_id = :c", c=rules)
            plan = self.open("plan", "propose", CHECKS, programme=programme_id, method="open_tender", negative=None,
                             method_reason="需求复杂。", amount_fen=10**12)
            self.make(plan, "return_for_changes", DECIDES)
            self.make(plan, "resubmit", CHECKS, programme=programme_id, method="open_tender", negative=None,
                      method_reason="需求复杂。", amount_fen=10**12)
            self.make(plan, trigger, DECIDES if trigger == "refuse" else CHECKS)
        officer = next(m for m in self.world.builder.members if m.login == ANSWERS).actor.person_id or 0
        key = self.open("opening_key", "enrol", officer, office=office)
        self.make(key, "retire", officer)

    # -- what several stories tell

    def _organization(self) -> tuple[int, int]:
        """Found a registered organization; return its id and who acts for it."""
        self.world.found_an_organization(registered=True)
        organization, member = self.world.city.registered[-1]
        return organization.id, member.actor.person_id or 0

    def _applied(self) -> tuple[str, int]:
        """Let founders apply for registration."""
        self.world.found_an_organization(registered=False)
        organization, member = self.world.city.preparing[-1]
        person = member.actor.person_id or 0
        return self.open("registration", "apply", person, organization=organization.id), person

    def _asks_for_incubation(self) -> tuple[str, int]:
        organization, staff = self._organization()
        return self.open("incubation", "apply", staff, organization=organization), staff

    def _all_score(self, number: str) -> None:
        for seat in self.world.rows(SEATS, case=self.case(number).id):
            if seat.state == "assigned":
                self.make(seat.number, "declare", seat.person_id)
            self.make(seat.number, "submit_scores", seat.person_id)

    def _contract(self, organization: int) -> Any:
        contract = next(iter(self.world.rows(NEWEST_CONTRACT, o=organization)), None)
        if contract is None:
            found = next(each for each, _member in self.world.city.registered if each.id == organization)
            self.world.sign_a_contract(found)
            ((contract),) = self.world.rows(NEWEST_CONTRACT, o=organization)
        return contract

    def _commissioned(self, organization: int, stage: str) -> str:
        evaluator = self.chance.choice(self.world.evaluators)
        return self.open("evaluation", "commission", CHECKS, contract=self._contract(organization).number, stage=stage,
                         evaluator=evaluator.login)

    def _evaluator(self, number: str) -> int:
        ((person,),) = self.world.rows(
            "SELECT person_id FROM role_grants WHERE case_id = :c AND role = 'evaluator'", c=self.case(number).id
        )
        return int(person)

    def _scored(self, number: str) -> str:
        self.make(number, "score", self._evaluator(number))
        self.make(number, "publish_result", CHECKS)
        return number

    def _published(self, organization: int, stage: str = "mid") -> str:
        return self._scored(self._commissioned(organization, stage))
