"""The examples that the API offers, over every seeded case: valid by their schema, and good to send unchanged."""

import pytest
from jsonschema import Draft202012Validator


def test_every_example_offered_to_anybody_is_valid_by_the_schema_beside_it(seeded):
    seen = set()
    for user in seeded.users:
        program = seeded.program(user)
        after = ""
        numbers = []
        while True:
            page = program.get(f"/api/v1/worklist?limit=200{after}").json
            numbers += [row["number"] for row in page["cases"]]
            if page["after"] is None:
                break
            after = f"&after={page['after'].replace('+', '%2B')}"
        for number in numbers:
            case = program.get(f"/api/v1/cases/{number}").json
            for option in case["allowed"]:
                mistakes = [e.message for e in Draft202012Validator(option["schema"]).iter_errors(option["example"])]
                assert mistakes == [], (number, option["trigger"])
                seen.add((case["kind"], option["trigger"]))

    assert seen >= {
        ("registration", "accept"), ("registration", "approve"), ("registration", "ask_correction"),
        ("affiliation", "accept"), ("affiliation", "resubmit"), ("payment", "approve"), ("payment", "instruct"),
        ("payment", "check_business"), ("payment", "resubmit"), ("payment", "resume"),
    }


def test_the_auditor_of_all_is_listed_first_and_reaches_every_case(seeded):
    auditor = next(user for user in seeded.users if "auditor" in user.roles)
    program = seeded.program(auditor)

    assert {program.get(f"/api/v1/cases/{number}").status_code for number in seeded.cases()} == {200}


def test_the_example_of_an_approval_sent_unchanged_approves(seeded):
    program = seeded.program(seeded.user("bj-finance_approver"))
    number = next(row["number"] for row in program.get("/api/v1/worklist?kind=payment").json["cases"])
    case = program.get(f"/api/v1/cases/{number}").json
    example = next(option["example"] for option in case["allowed"] if option["trigger"] == "approve")

    answer = program.post(f"/api/v1/cases/payment/{number}/approve",
                          json={"revision": case["revision"], "data": example}, headers={"Idempotency-Key": "approve"})

    assert (answer.status_code, answer.json["state"]) == (200, "approved")


@pytest.mark.parametrize(("name", "state", "trigger", "to"), [
    ("gy-registrar", "submitted", "accept", "accepted"),
    ("gy-registrar", "expert_review", "finish_expert_review", "accepted"),
    ("gy-registrar", "approved", "deliver", "registered"),
    ("gy-hub_officer", "applied", "accept", "affiliated"),
    ("gy-project_officer", "applied", "check_business", "business_checked"),
    ("gy-finance_officer", "business_checked", "check_finance", "finance_checked"),
    ("gy-cashier", "approved", "instruct", "in_transit"),
    ("gy-finance_officer", "suspended", "resume", "approved"),
])
def test_the_examples_of_the_other_steps_sent_unchanged_succeed_too(seeded, name, state, trigger, to):
    program = seeded.program(seeded.user(name))
    rows = program.get("/api/v1/worklist").json["cases"]
    number = next(row["number"] for row in rows if row["state"] == state)
    case = program.get(f"/api/v1/cases/{number}").json
    example = next(option["example"] for option in case["allowed"] if option["trigger"] == trigger)

    answer = program.post(f"/api/v1/cases/{case['kind']}/{number}/{trigger}",
                          json={"revision": case["revision"], "data": example},
                          headers={"Idempotency-Key": f"{state}{trigger}"})

    assert (answer.status_code, answer.json["state"]) == (200, to)
