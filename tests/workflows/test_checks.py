"""The shipped definitions are right, and each mistake planted in a copy of them is found by name."""

from pathlib import Path

import pytest

from tests.builders_workflows import copied_definitions, rewrite
from workflows.checks import RULES, Known, check, check_folder
from workflows.definition import ROLE_CODES
from workflows.loader import library, read_all

PAYMENT = "base/payment.v1.toml"
REGISTRATION = "base/registration.v1.toml"
AFFILIATION = "base/affiliation.v1.toml"
POLICY = "base/policy.v1.toml"


def test_the_shipped_definitions_hold():
    assert check(library()) == []
    assert check_folder() == []


# file, what stands there, what is planted instead, the mistake that must be told
PLANTED = [
    # names and prefixes
    (PAYMENT, 'number_prefix = "BF"', 'number_prefix = "b1"',
     "number_prefix 'b1' is not two to six capital letters"),
    (PAYMENT, 'number_prefix = "BF"', 'number_prefix = "DJ"', "number_prefix DJ belongs to payment"),
    (REGISTRATION, 'class = "social_service"', 'class = "Social"', "class 'Social' is no name"),
    (REGISTRATION, 'kind_title = { zh = "成立登记"', 'kind_title = { zh = "登记"',
     "registration: has several classes, so each definition must give the same kind_title"),
    (REGISTRATION, 'trigger = "deliver"', f'trigger = "d{"e" * 40}"', "at most 40)"),
    # both languages, and titles that fit
    (PAYMENT, 'en = "Payment of an instalment"', 'en = ""', "payment.v1: title has no English"),
    (PAYMENT, 'zh = "批准拨付"', 'zh = ""', "approve title has no Chinese"),
    (PAYMENT, 'zh = "批准拨付"', 'zh = "批准拨付这一期的全部款项"', "approve title is longer than"),
    (PAYMENT, '[states.paid]\ntitle', '[states.paid]\n#title', "state paid title has no Chinese"),
    (PAYMENT, 'applicant_says = { zh = "款项已到账', '#applicant_says = { zh = "',
     "state paid applicant_says has no"),
    (PAYMENT, 'consequence = { zh = "银行对账单', '#consequence = { zh = "',
     "settle does not say its consequence"),
    (PAYMENT, 'help = { zh = "按款项', '#help = { zh = "', "document invoice help has no Chinese"),
    # opening
    (PAYMENT, 'from = ["applied"]', "from = []",
     "needs exactly one opening transition, not 2 (apply, check_business)"),
    (PAYMENT, "from = []", 'from = ["applied"]', "needs exactly one opening transition, not 0"),
    # the graph
    (PAYMENT, 'to = "in_transit"', 'to = "on_the_way"', "instruct leads to on_the_way, which is no state"),
    (PAYMENT, 'from = ["in_transit"]', 'from = ["on_the_way"]',
     "settle comes from on_the_way, which is no state"),
    (PAYMENT, 'from = ["suspended"]', 'from = ["paid"]', "resume leaves paid, which is final"),
    (PAYMENT, 'trigger = "bounce"', 'trigger = "settle"', "settle stands twice on in_transit"),
    (PAYMENT, 'to = "suspended"', 'to = "approved"', "state suspended cannot be reached"),
    (REGISTRATION, 'from = ["approved"]', 'from = ["accepted"]', "state approved has no exit"),
    (REGISTRATION, 'from = ["approved"]\nto = "registered"', 'from = ["approved"]\nto = "approved"',
     "state approved cannot come to an end"),
    (PAYMENT, 'outcome = "success"', 'outcome = "done"',
     "state paid has outcome 'done', not success or failure"),
    (PAYMENT, 'outcome = "success"', 'outcome = "failure"', "no state has the outcome success"),
    # who waits, who may
    (AFFILIATION, 'waits_for = "hub_officer"', "", "state applied waits for nobody"),
    (PAYMENT, 'waits_for = "cashier"', 'waits_for = "teller"',
     "state approved waits for teller, which is no role"),
    (PAYMENT, 'waits_for = "cashier"', 'waits_for = "auditor"',
     "state approved waits for auditor, who can do nothing there"),
    (PAYMENT, 'outcome = "success"', 'outcome = "success"\nwaits_for = "staff"',
     "state paid is final, so nobody and no clock waits"),
    (PAYMENT, 'roles = ["cashier"]', 'roles = ["teller"]', "instruct is for teller, which is no role"),
    (PAYMENT, 'roles = ["cashier"]', "", "instruct can be fired by nobody"),
    (PAYMENT, 'roles = ["cashier"]', 'roles = ["cashier", "cashier"]', "instruct names a role twice"),
    (REGISTRATION, 'on_due = "intake_check"', 'on_due = "intake_check"\nroles = ["registrar"]',
     "deem_accepted is fired by the clock, so it has no roles"),
    # guards
    ("base/policy.v2.toml", "[association_fund]", "[association_fundus]",
     "guard enough_funds needs number association_fund, which base/policy.v2 does not have"),
    (PAYMENT, '"not_the_approver"', '"not_the_aprover"',
     "instruct has guard not_the_aprover, which does not exist"),
    (PAYMENT, '"not_the_approver"', '"hub_in_force"',
     "instruct has guard hub_in_force, which needs facts hub_in_force"),
    (PAYMENT, '"not_the_approver"', '"enough_payable"', "instruct names a guard twice"),
    (REGISTRATION, 'on_due = "intake_check"', 'on_due = "intake_check"\nguards = ["four_eyes"]',
     "deem_accepted is fired by the clock, so no guard may stop it"),
    # clocks and their numbers
    (PAYMENT, 'clocks = ["approval"]', 'clocks = ["aproval"]',
     "state finance_checked needs number aproval, which base/policy.v1 does not have"),
    (POLICY, 'en = "Approval" }\nworking_days', 'en = "Approval" }\nfen',
     "needs a length of time, but approval is in fen"),
    (POLICY, "effective_from = 2020-01-01", "effective_from = 2020-01-02",
     "but no base policy is in force on 2020-01-01"),
    (PAYMENT, 'paused = ["disbursement"]', 'paused = ["disbursement"]\nclocks = ["disbursement"]',
     "state suspended both runs and pauses disbursement"),
    (PAYMENT, 'paused = ["disbursement"]', 'paused = ["approval"]',
     "state suspended pauses approval, which does not run in any state before it"),
    (REGISTRATION, 'on_due = "intake_check"', 'on_due = "delivery"',
     "deem_accepted is fired by delivery, which does not run in submitted"),
    (REGISTRATION, 'cite = { zh = "《行政许可法》第三十二条第一款第四项", en', '#cite = { zh = "", en',
     "deem_accepted happens by lapse of time and must cite what allows it"),
    (REGISTRATION, 'extends = "decision"', 'extends = "delivery"',
     "extend_decision extends delivery, which does not run in accepted"),
    (REGISTRATION, 'extends = "decision"', 'extends = "decision_promised"',
     "extend_decision needs number decision_promised_extension"),
    (POLICY, "\ndays = 10", "\nworking_days = 10",
     "decision_extension is in working_days, but decision in days"),
    # documents
    (PAYMENT, '["invoice", "stage_report", "evaluation_result"]', '["invoise"]',
     "apply takes document invoise, which does not exist"),
    (PAYMENT, '["invoice", "stage_report", "evaluation_result"]', '["invoice", "instruction"]',
     "apply takes document instruction, which the authority issues"),
    (PAYMENT, "issued = true", "issued = true\nrequired = true",
     "document instruction is issued, so nobody is required to hand it in"),
    (PAYMENT, "issued = true", "issued = false", "document instruction is taken by no transition"),
    (PAYMENT, 'media = ["application/pdf", "image/jpeg", "image/png"]', "",
     "document invoice does not say which media it takes"),
    (PAYMENT, '"application/pdf"', '"pdf"', "document invoice takes 'pdf', which is no media type"),
    (REGISTRATION, 'on_due = "intake_check"', 'on_due = "intake_check"\ndocuments = ["application"]',
     "deem_accepted takes documents, but no person fires it"),
    # notices
    (PAYMENT, '{ to = "cashier", template', '{ to = "teller", template',
     "approve tells teller, which is no role"),
    (PAYMENT, 'template = "payment_settled"', 'template = "payment_setled"',
     "settle has notice payment_setled, which has no template"),
    (PAYMENT, 'template = "payment_settled"', 'template = "Paid!"',
     "settle has notice 'Paid!', which is no name"),
    # the spine
    (PAYMENT, '"in_transit", "paid"]', '"in_transit"]', "spine ends with in_transit, which is no success"),
    (PAYMENT, 'spine = ["applied", ', "spine = [",
     "spine begins with business_checked, which no opening leads to"),
    (PAYMENT, '"finance_checked", "approved",', '"approved",',
     "spine goes from business_checked to approved, but no transition does"),
    (PAYMENT, '"finance_checked", "approved",', '"approved", "approved",',
     "spine must name different states"),
    (PAYMENT, 'spine = ["applied"', '#spine = ["applied"', "spine is empty"),
    # danger and control points
    (PAYMENT, "danger = true", "danger = false",
     "refuse ends the case in failure and must say danger = true"),
    (PAYMENT, '"four_eyes", ', "", "approve is control approve and must have guard four_eyes"),
    (PAYMENT, 'control = "approve"\n', "", "state paid can be reached without control approve"),
    (PAYMENT, 'from = ["suspended"]', 'from = ["suspended", "applied"]',
     "state paid can be reached without control approve"),
    (PAYMENT, 'control = "approve"', 'control = "aprove"', "approve is control aprove, unknown to payment"),
    (AFFILIATION, "danger = true", 'danger = true\ncontrol = "approve"',
     "refuse is control approve, unknown to affiliation"),
    # numbers and places
    (POLICY, 'zh = "默认值，无来源"', 'zh = ""', "correction_reply: cite has no Chinese"),
    (POLICY, 'en = "Approval"', 'en = ""', "approval: title has no English"),
    (POLICY, "\nverified = true", "\nverified = false",
     "intake_check: is not verified, so its cite must say"),
    (POLICY, "days = 30", "days = 0", "correction_reply: 0 days is out of range"),
    (POLICY, "\nverified = false", "\nverified = true",
     "correction_reply: is verified, but its cite says that it is not"),
    ("110102-xicheng/place.toml", 'en = "Street"', 'en = ""', "110102: level has no English"),
    ("110102-xicheng/place.toml", 'zh = "社会组织联合会"', 'zh = ""',
     "110102: local name hub has no Chinese"),
    # sealed kinds, and clocks that end on a given day
    ("base/bid.v1.toml", 'sealed_until = ["opened", ', 'sealed_until = ["nowhere", ',
     "sealed_until names nowhere, which is no state"),
    ("base/package.v1.toml", "clock_until = { bidding", "clock_until = { opening",
     "state open says until when opening runs, which does not run there"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "mistake"), PLANTED, ids=[row[3] for row in PLANTED])
def test_a_planted_mistake_is_told(tmp_path: Path, file: str, old: str, new: str, mistake: str):
    root = copied_definitions(tmp_path)
    rewrite(root / file, old, new)

    found = check_folder(root, templates=shipped_templates())

    assert [line for line in found if mistake in line], found


def shipped_templates() -> set[str]:
    """Return the templates that the shipped definitions name: the app has one for each."""
    return {
        notice.template
        for definition in library().definitions
        for transition in definition.transitions
        for notice in transition.notices
    }


def test_all_mistakes_are_told_at_once(tmp_path: Path):
    root = copied_definitions(tmp_path)
    rewrite(root / AFFILIATION, 'waits_for = "hub_officer"', "")
    rewrite(root / PAYMENT, '"not_the_approver"', '"no_such_guard"')
    rewrite(root / REGISTRATION, 'to = "not_accepted"', 'to = "nowhere"')

    found = check_folder(root)

    assert found == [
        "base/affiliation.v1: state applied waits for nobody",
        "base/payment.v1: instruct has guard no_such_guard, which does not exist",
        "base/registration.v1: refuse_acceptance leads to nowhere, which is no state",
        "base/registration.v1: state not_accepted cannot be reached",
    ]


def test_a_role_that_the_app_does_not_have_is_told():
    found = check(library(), roles=ROLE_CODES - {"cashier"})

    assert "base/payment.v1: state approved waits for cashier, which is no role" in found
    assert "base/payment.v1: instruct is for cashier, which is no role" in found


def test_a_move_without_an_input_is_told_and_a_clock_s_move_needs_none():
    inputs = {
        (definition.kind, transition.trigger)
        for definition in library().definitions
        for transition in definition.transitions
        if transition.by_person
    }

    assert check(library(), inputs=inputs) == []
    assert check(library(), inputs=inputs - {("payment", "approve")}) == [
        "base/payment.v1: approve has no input"
    ]


def test_a_place_s_number_must_exist_in_base(tmp_path: Path):
    root = copied_definitions(tmp_path)
    (root / "520100-guiyang/policy.v1.toml").write_text(
        'effective_from = 2020-01-01\n[decisionn]\ntitle = { zh = "决定", en = "Decision" }\ndays = 30\n'
        'cite = { zh = "默认值，无来源", en = "Default, no source" }\nverified = false\n',
        encoding="utf-8",
    )

    assert check_folder(root) == ["520100/policy.v1 decisionn: base has no number of this name"]


def test_a_place_cannot_have_a_kind_or_a_trigger_with_a_meaning_of_its_own(tmp_path: Path):
    root = copied_definitions(tmp_path)
    source = (root / PAYMENT).read_text(encoding="utf-8")
    own = root / "520100-guiyang/payment.v1.toml"
    own.write_text(source, encoding="utf-8")
    assert check_folder(root) == []

    rewrite(own, 'control = "approve"\n', "")
    (root / "520100-guiyang/grant.v1.toml").write_text(
        source.replace('"payment"', '"grant"').replace('"BF"', '"ZZ"').replace('control = "approve"\n', ""),
        encoding="utf-8",
    )

    assert check_folder(root) == [
        "grant: base has no definition of this kind",
        "520100/payment.v1: state paid can be reached without control approve",
        "520100/payment.v1: approve means something else than in base/payment.v1",
    ]


def test_two_versions_cannot_come_into_force_on_one_day(tmp_path: Path):
    root = copied_definitions(tmp_path)
    (root / "base/payment.v2.toml").write_bytes((root / PAYMENT).read_bytes())

    assert check_folder(root) == [
        "base/payment.v2: comes into force with base/payment.v1, so nobody knows which holds"
    ]


def test_a_later_base_policy_must_keep_the_numbers_that_definitions_name(tmp_path: Path):
    root = copied_definitions(tmp_path)
    newest = (root / "base/policy.v2.toml").read_text(encoding="utf-8")
    later = root / "base/policy.v3.toml"
    later.write_text(newest.replace("2026-01-01", "2026-07-01"), encoding="utf-8")
    assert check_folder(root) == []

    rewrite(later, "[bank_answer]", "[bank_reply]")

    assert check_folder(root) == [
        "base/payment.v1: state in_transit needs number bank_answer, which base/policy.v3 does not have"
    ]


# These two compare with what lies outside of one file; they have tests of their own above.
ELSEWHERE = {"_inputs", "_same_meaning"}


def test_every_rule_finds_a_planted_mistake(tmp_path: Path):
    finding = set(ELSEWHERE)
    for number, (file, old, new, _) in enumerate(PLANTED):
        root = copied_definitions(tmp_path / str(number))
        rewrite(root / file, old, new)
        damaged, _ = read_all(root)
        known = Known(damaged, ROLE_CODES, None, shipped_templates())
        finding |= {rule.__name__ for rule in RULES for item in damaged.definitions if any(rule(item, known))}

    assert finding == {rule.__name__ for rule in RULES}
