"""The JSON contract, word for word: who builds on it may rely on every line here. Moves, cases, lists, callers."""

import json

import pytest

from tests.problems import is_problem
from tests.queries import rows_in

# What is sealed enters the log at its opening: the size of a checkpoint tells nobody of a bid.
MOVES_THAT_MAY_BE_KNOWN = "SELECT count(*) FROM history h JOIN cases c ON c.id = h.case_id WHERE NOT c.sealed"



# -- opening and moving


def test_opening_a_case_answers_201_with_number_state_revision_and_receipt(desk):
    answer = desk.ask()

    assert answer.status_code == 201
    assert set(answer.json) == {"number", "state", "revision", "receipt"}
    assert (answer.json["state"], answer.json["revision"]) == ("asked", 1)
    assert answer.json["receipt"].startswith(f"{answer.json['number']}:1:")


def test_a_move_answers_200_with_state_revision_and_receipt(desk):
    number = desk.asked()

    answer = desk.move(number, "lend", {"revision": 1, "data": {}})

    assert answer.status_code == 200
    assert (answer.json["state"], answer.json["revision"]) == ("lent", 2)
    assert answer.json["receipt"].startswith(f"{number}:2:")


def test_data_may_be_left_out_where_nothing_is_required(desk):
    number = desk.asked()

    assert desk.move(number, "lend", {"revision": 1}).status_code == 200


def test_a_number_may_be_typed_in_lower_case_and_without_hyphens(desk):
    number = desk.asked()

    assert desk.case(number.replace("-", "").lower())["number"] == number


def test_the_same_key_with_the_same_request_gets_the_first_answer_again(desk):
    first, again = desk.ask(key="once"), desk.ask(key="once")

    assert (again.status_code, again.json) == (201, first.json)
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert rows_in(desk.session, "cases") == 1


def test_a_moves_key_is_replayed_even_though_the_revision_is_stale_by_then(desk):
    number = desk.asked()
    first = desk.move(number, "lend", {"revision": 1, "data": {}}, key="once")
    again = desk.move(number, "lend", {"revision": 1, "data": {}}, key="once")

    assert (again.status_code, again.json) == (200, first.json)
    assert rows_in(desk.session, "history") == 2


def test_a_key_used_for_another_request_is_422_key_reused(desk):
    desk.ask(key="once")

    assert is_problem(desk.ask(key="once", purpose="别的用途"), 422, "key_reused")
    assert rows_in(desk.session, "cases") == 1


def test_two_people_may_use_the_same_key(desk):
    number = desk.asked()
    desk.ask(key="once")

    assert desk.move(number, "lend", {"revision": 1, "data": {}}, key="once").status_code == 200


# -- what comes before what


def test_a_stale_revision_is_told_before_input_rights_and_guards(desk):
    number = desk.asked()
    desk.move(number, "lend", {"revision": 1, "data": {}})

    for role, trigger, data in (
        ("registrar", "lend", {"no": "such field"}), ("staff", "lend", {}), ("auditor", "no_such_trigger", {}),
        ("registrar", "lend", ["no object"]),
    ):
        answer = desk.move(number, trigger, {"revision": 1, "data": data}, role=role)
        assert is_problem(answer, 409, "stale_revision"), (role, trigger)
        assert (answer.json["revision"], answer.json["state"]) == (2, "lent")
        assert [move["trigger"] for move in answer.json["moves"]] == ["lend"]


def test_input_is_told_before_rights(desk):
    number = desk.asked()

    assert is_problem(desk.move(number, "lend", {"revision": 1, "data": {"x": 1}}, role="staff"), 422, "invalid_input")


def test_a_case_out_of_reach_is_told_before_anything_else_of_it(desk):
    stranger = desk.district.actors["cashier"]  # a role of the buyer's office, which loans do not reach
    assert stranger is not None
    number = desk.asked()
    for case in (number, "JY26-0000-0000"):
        for revision, data in ((1, {}), (99, {}), (1, {"x": 1})):
            answer = desk.move(case, "lend", {"revision": revision, "data": data}, role="cashier")
            assert is_problem(answer, 404, "not_found")


def test_a_refusal_is_403_with_every_reason_and_is_kept(desk):
    number = desk.asked()

    answer = desk.move(number, "lend", {"revision": 1, "data": {}}, role="staff")

    assert is_problem(answer, 403, "refused")
    assert [reason["code"] for reason in answer.json["reasons"]] == ["role_missing"]
    assert rows_in(desk.session, "attempts") == 1


def test_a_trigger_that_does_not_lead_on_from_here_is_403_and_so_is_an_unknown_one(desk):
    number = desk.asked()

    wrong_state = desk.move(number, "bring_back", {"revision": 1, "data": {}}, role="staff")
    unknown = desk.move(number, "no_such_trigger", {"revision": 1, "data": {}})
    clocks_own = desk.move(number, "lend_by_silence", {"revision": 1, "data": {}})

    assert is_problem(wrong_state, 403, "refused") and is_problem(unknown, 403, "refused")
    assert is_problem(clocks_own, 403, "refused")
    assert unknown.json["reasons"][0]["code"] == "unknown_trigger"
    assert desk.case(number)["revision"] == 1


def test_the_kind_in_the_address_must_be_the_cases_own(desk):
    number = desk.asked()
    answer = desk.app.test_client().post(
        f"/api/v1/cases/payment/{number}/approve", json={"revision": 1, "data": {}}, headers=desk.headers("registrar")
    )

    assert is_problem(answer, 404, "not_found")


def test_an_unknown_kind_is_404(desk):
    client = desk.app.test_client()

    assert is_problem(client.post("/api/v1/cases/no_such", json={"data": {}}, headers=desk.headers("staff")),
                      404, "not_found")


@pytest.mark.parametrize("revision", [None, "1", 1.5, True, [], {}])
def test_a_revision_that_is_no_whole_number_is_422_and_names_the_field(desk, revision):
    number = desk.asked()

    answer = desk.move(number, "lend", {"revision": revision, "data": {}})

    assert is_problem(answer, 422, "invalid_input")
    assert set(answer.json["errors"]) == {"revision"}


@pytest.mark.parametrize("revision", [0, -1, 2, 2**31, 2**63, 10**40])
def test_any_other_whole_number_is_a_stale_revision(desk, revision):
    number = desk.asked()

    assert is_problem(desk.move(number, "lend", {"revision": revision, "data": {}}), 409, "stale_revision")


def test_without_a_revision_nothing_moves(desk):
    number = desk.asked()

    assert is_problem(desk.move(number, "lend", {"data": {}}), 422, "invalid_input")
    assert desk.case(number)["revision"] == 1


# -- what a case tells


def test_a_case_tells_everything_the_contract_names(desk):
    number = desk.asked()

    case = desk.case(number)

    assert set(case) >= {
        "kind", "state", "revision", "clocks", "waits_for", "allowed", "refused", "history", "history_next", "documents"
    }
    assert (case["kind"], case["state"], case["revision"]) == ("loan", "asked", 1)
    assert case["waits_for"]["role"] == "registrar"
    assert [clock["name"] for clock in case["clocks"]] == ["intake_check"]
    assert {"due_at", "started_at", "cite", "number", "unit", "provisional", "fires"} <= set(case["clocks"][0])
    assert [(move["trigger"], move["to"]) for move in case["history"]] == [("ask", "asked")]


def test_what_is_allowed_carries_title_schema_and_example_and_what_is_refused_every_reason(desk):
    number = desk.asked()

    registrar, staff = desk.case(number), desk.case(number, role="staff")

    assert [option["trigger"] for option in registrar["allowed"]] == ["lend", "decline"]
    assert all(set(option) >= {"trigger", "title", "schema", "example"} for option in registrar["allowed"])
    assert staff["allowed"] == []
    assert {option["trigger"] for option in staff["refused"]} == {"lend", "decline"}
    assert all(option["reasons"] for option in staff["refused"])


def test_a_personal_value_stands_nowhere_in_the_answer(desk):
    number = desk.asked()

    for role in ("registrar", "staff", "auditor"):
        assert "13800001234" not in json.dumps(desk.case(number, role=role))
    assert set(desk.case(number)["history"][0]["data"]["phone"]) == {"$c"}


def test_the_receipts_of_the_history_are_those_that_the_moves_answered(desk):
    first = desk.ask().json
    second = desk.move(first["number"], "lend", {"revision": 1, "data": {}}).json

    assert [move["receipt"] for move in desk.case(first["number"])["history"]] == [first["receipt"], second["receipt"]]


def test_a_history_is_whole_up_to_a_number_and_says_where_it_goes_on(desk, monkeypatch):
    monkeypatch.setattr("app.doors.case_json.MOST_MOVES", 1)
    number = desk.asked()
    short = desk.case(number)
    desk.move(number, "lend", {"revision": 1, "data": {}})
    first = desk.case(number)
    second = desk.app.test_client().get(first["history_next"], headers=desk.headers("registrar")).json
    beyond = desk.app.test_client().get(
        f"/api/v1/cases/{number}?history_after={10**30}", headers=desk.headers("registrar")
    ).json

    assert [move["sequence"] for case in (short, first, second, beyond) for move in case["history"]] == [1, 1, 2]
    assert (short["history_next"], second["history_next"], beyond["history_next"]) == (None, None, None)
    assert first["history_next"] == f"/api/v1/cases/{number}?history_after=1"


# -- who comes in


def test_without_a_token_it_is_401_and_with_a_wrong_one_too(desk):
    client = desk.app.test_client()
    for headers in ({}, {"Authorization": "Bearer no-such-token"}, {"Authorization": "Basic eDp5"},
                    {"Authorization": "Bearer "}):
        assert is_problem(client.get("/api/v1/worklist", headers=headers), 401, "not_signed_in")
        assert client.get("/api/v1/worklist", headers=headers).headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("address", ["/api/v1/openapi.json", "/healthz", "/readyz"])
def test_these_are_public(desk, address):
    assert desk.app.test_client().get(address).status_code == 200


def test_the_latest_checkpoint_is_public(seeded):
    answer = seeded.app.test_client().get("/api/v1/checkpoints/latest")

    assert answer.status_code == 200
    assert set(answer.json) >= {"size", "root", "note"}
    assert answer.json["size"] == seeded.rows(MOVES_THAT_MAY_BE_KNOWN)[0][0]


def test_a_session_may_use_the_api_too(desk):
    assert desk.browser("registrar").get("/api/v1/worklist").status_code == 200


def test_an_unknown_address_and_a_wrong_method_are_problems_too(desk):
    client = desk.app.test_client()

    assert is_problem(client.get("/api/v1/no-such"), 404, "not_found")
    assert is_problem(client.delete("/api/v1/worklist"), 405, "method_not_allowed")


# -- lists


def test_the_worklist_pages_by_key_and_shows_each_case_once(seeded):
    program = seeded.program(seeded.user("bj-registrar"))
    whole = [row["number"] for row in program.get("/api/v1/worklist?limit=200").json["cases"]]

    paged, after = [], ""
    for _ in range(50):
        page = program.get(f"/api/v1/worklist?limit=1{after}").json
        paged += [row["number"] for row in page["cases"]]
        if page["after"] is None:
            break
        after = f"&after={page['after'].replace('+', '%2B')}"

    assert len(whole) >= 3
    assert paged == whole


def test_organizations_page_by_key_and_are_found_by_name(seeded):
    program = seeded.program(seeded.user("bj-registrar"))
    whole = [row["id"] for row in program.get("/api/v1/organizations?limit=200").json["organizations"]]

    paged, after = [], ""
    for _ in range(50):
        page = program.get(f"/api/v1/organizations?limit=4{after}").json
        paged += [row["id"] for row in page["organizations"]]
        if page["after"] is None:
            break
        after = f"&after={page['after']}"
    named = program.get("/api/v1/organizations?q=辛社会工作").json["organizations"]

    assert len(whole) == len(set(whole)) >= 10
    assert sorted(paged) == sorted(whole)
    assert len(paged) == len(whole)
    assert named and all("辛社会工作" in row["name"] for row in named)


def test_a_budget_line_tells_where_the_money_stands_and_is_not_for_outsiders(seeded):
    line = seeded.told["budget_lines"][0]["id"]

    told = seeded.program(seeded.user("bj-finance_officer")).get(f"/api/v1/budget-lines/{line}")
    outside = seeded.program(seeded.user("gy-finance_officer")).get(f"/api/v1/budget-lines/{line}")
    nowhere = seeded.program(seeded.user("bj-finance_officer")).get("/api/v1/budget-lines/999999")

    assert told.status_code == 200
    assert all(f'"{name}' in json.dumps(told.json)
               for name in ("available", "reserved", "committed", "payable", "transit", "paid"))
    assert is_problem(outside, 404, "not_found") and is_problem(nowhere, 404, "not_found")
