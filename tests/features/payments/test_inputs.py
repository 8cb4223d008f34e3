"""What is handed in with each step: every example is valid, and that of a case succeeds as it stands."""

from datetime import timedelta

import pytest
from sqlalchemy import true

from app.cases.kinds import choices_of, registered_inputs
from app.cases.options import choices_for, example_for
from app.cases.perform import perform
from app.cases.reading import read_case
from app.payments.bank_orders import sample_statement
from app.payments.models import BankLine
from app.payments.queries import in_transit
from app.payments.statements import Importer, import_statement
from tests.builders_ledger import MORNING
from tests.builders_payments import a_payment, a_project

LATER = MORNING + timedelta(hours=2)


@pytest.fixture
def project(session):
    return a_project(session)


def test_every_trigger_of_a_person_has_an_input(app):
    registered = {trigger for kind, trigger, _class in registered_inputs() if kind == "payment"}

    assert registered == {
        "apply", "check_business", "check_finance", "approve", "instruct", "settle", "bounce",
        "return_for_changes", "resubmit", "refuse", "suspend", "resume", "withdraw",
    }  # fmt: skip


def test_every_example_is_valid_by_its_schema(app):
    for (kind, trigger, _class), schema in registered_inputs().items():
        if kind == "payment":
            assert schema().validate(example_for(None, schema(), None)) == {}, trigger


@pytest.mark.parametrize(
    ("until", "role", "trigger", "state"),
    [
        ("applied", "project_officer", "check_business", "business_checked"),
        ("business_checked", "finance_officer", "check_finance", "finance_checked"),
        ("finance_checked", "finance_approver", "approve", "approved"),
        ("approved", "cashier", "instruct", "in_transit"),
        ("applied", "project_officer", "return_for_changes", "returned"),
        ("finance_checked", "finance_approver", "refuse", "refused"),
        ("approved", "finance_officer", "suspend", "suspended"),
        ("applied", "staff", "withdraw", "withdrawn"),
    ],
)
def test_the_example_of_a_case_succeeds_unchanged(session, project, until, role, trigger, state):
    number = a_payment(session, project, until=until)
    case = read_case(session.connection(), number)
    option = next(
        each
        for each in choices_for(session, case, project.actors[role], LATER).allowed
        if each.transition.trigger == trigger
    )

    answer = perform(
        session, kind="payment", number=number, trigger=trigger, actor=project.actors[role], now=LATER,
        data=example_for(session, option.schema, case), revision=case.revision,
    )  # fmt: skip

    assert answer.state == state


def test_settling_is_offered_only_when_a_bank_line_proves_it(session, project):
    number = a_payment(session, project, until="in_transit")
    officer = project.actors["finance_officer"]

    found = choices_for(session, read_case(session.connection(), number), officer, LATER)
    refused = {each.transition.trigger: [reason.code for reason in each.reasons] for each in found.refused}

    assert found.allowed == ()
    assert refused == {"settle": ["no_bank_line"], "bounce": ["no_bank_line"]}


def test_a_line_that_a_cashier_imported_can_be_named_by_the_officer(session, project):
    number = a_payment(session, project, until="in_transit")
    orders = in_transit(session, true())
    data = sample_statement(orders, {orders[0].instruction_no: "settled"}, on=LATER.date())
    import_statement(session, data, Importer(project.actors["cashier"], project.place.buyer.id, LATER))
    case = read_case(session.connection(), number)
    option = choices_for(session, case, project.actors["finance_officer"], LATER).allowed[0]
    line = session.query(BankLine).one()

    chosen = choices_of("payment_bank_lines")(session, case, None)
    answer = perform(
        session, kind="payment", number=number, trigger=option.transition.trigger,
        actor=project.actors["finance_officer"], now=LATER,
        data=example_for(session, option.schema, case), revision=case.revision,
    )  # fmt: skip

    assert [value for value, _label in chosen] == [line.id]
    assert answer.state == "paid"


def test_only_instalments_that_can_be_asked_for_are_offered(session, project):
    offered = choices_of("instalments_open")
    organization = project.place.organization.id
    before = offered(session, None, organization)
    a_payment(session, project)

    after = offered(session, None, organization)

    assert [value for value, _label in before] == list(project.instalments)
    assert [value for value, _label in after] == list(project.instalments[1:])
    assert offered(session, None, None) == []
    assert "60,000.00" in before[0][1]
