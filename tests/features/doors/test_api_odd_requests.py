"""Whatever is sent is taken or told apart, and is never a fault of ours."""

import json

import pytest

from tests.problems import is_problem


@pytest.mark.parametrize("body", [
    b"", b"no json", b"[]", b'"text"', b"1", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"data":' * 50_000,
    b"9" * 5000,
])
def test_a_body_that_is_no_json_object_is_400_not_json(desk, body):
    number = desk.asked()
    client = desk.app.test_client()
    for address in ("/api/v1/cases/loan", f"/api/v1/cases/loan/{number}/lend"):
        answer = client.post(
            address, data=body, content_type="application/json", headers=desk.headers("staff")
        )
        assert is_problem(answer, 400, "not_json")


def test_json_under_another_content_type_is_400_not_json(desk):
    answer = desk.app.test_client().post(
        "/api/v1/cases/loan", data=json.dumps({"data": {}}), content_type="text/plain", headers=desk.headers("staff")
    )

    assert is_problem(answer, 400, "not_json")


ODD = [
    None, True, 1, -1, 2**31, 2**63, -(2**63) - 1, 10**30, 1.5, 1e308, "", " ", "\0", "a\0b", "\ud800", "\udfff x",
    "\u202e", "x" * 100_000, [], [[]], [[[[]]]], {}, {"a": {"b": [1]}}, [None], ["x"], {"$c": "00"}, "🏮", "１２３",
    [{"slot": "plan", "document_id": 2**63}], [{"slot": "\0", "document_id": 1}], [{"slot": "plan"}], ["\ud800"],
    [{"slot": "\ud800", "document_id": 1}], [{"slot": "plan", "document_id": -1}], "2026-13-45", "0000-00-00",
    "99999-01-01", [{"\ud800": 1}],
]


@pytest.mark.parametrize("field", ["purpose", "day", "phone", "deposit_fen", "documents", "organization", "no_such"])
def test_odd_values_are_taken_or_told_apart_but_are_never_a_fault_of_ours(desk, field):
    for n, odd in enumerate(ODD):
        answer = desk.ask(key=f"{field}{n}", **{field: odd})
        assert answer.status_code in (201, 404, 422), (field, odd, answer.text)


@pytest.mark.parametrize("data", [None, [], "x", 1, True, [[]], {"\ud800": 1}, {"\0": 1}, {"": 1}, {"a" * 10_000: 1}])
def test_data_that_is_no_object_of_known_fields_is_422(desk, data):
    number = desk.asked()
    client = desk.app.test_client()

    opening = client.post("/api/v1/cases/loan", data=json.dumps({"data": data}), content_type="application/json",
                          headers=desk.headers("staff"))
    moving = desk.move(number, "lend", {"revision": 1, "data": data})

    assert is_problem(opening, 422, "invalid_input")
    assert is_problem(moving, 422, "invalid_input")


@pytest.mark.parametrize("trigger", ["%00", "%ED%A0%80", "x" * 5000, "%F0%9F%8F%AE", "..", "' OR 1=1"])
def test_odd_triggers_are_refused(desk, trigger):
    number = desk.asked()

    answer = desk.move(number, trigger, {"revision": 1, "data": {}})

    assert answer.status_code in (400, 403, 404), answer.text
    assert desk.case(number)["revision"] == 1


@pytest.mark.parametrize("key", ["键", "\x7f", "a" * 200, "' OR 1=1 --"])
def test_odd_keys_are_keys(desk, key):
    first = desk.ask(key=key.encode().decode("latin-1"))
    again = desk.ask(key=key.encode().decode("latin-1"))

    assert (first.status_code, again.json) == (201, first.json)


@pytest.mark.parametrize("kind", ["registration", "affiliation", "payment"])
def test_odd_values_of_the_real_kinds_are_never_a_fault_of_ours(seeded, kind):
    program = seeded.program(seeded.user("bj-staff8"))
    document = seeded.app.test_client().get("/api/v1/openapi.json").json
    body = document["paths"][f"/api/v1/cases/{kind}"]["post"]["requestBody"]["content"]["application/json"]
    example = body["example"]["data"]
    faults = []
    for field in body["schema"]["properties"]["data"]["properties"]:
        for n, odd in enumerate(ODD):
            answer = program.post(f"/api/v1/cases/{kind}", data=json.dumps({"data": {**example, field: odd}}),
                                  content_type="application/json",
                                  headers={"Idempotency-Key": f"{kind}{field}{n}"})
            if answer.status_code not in (201, 403, 404, 422):
                faults.append((field, odd if len(str(odd)) < 50 else "long", answer.status_code))
    for n, odd in enumerate([None, [], "x", 1, [[]]]):
        answer = program.post(f"/api/v1/cases/{kind}", json={"data": odd}, headers={"Idempotency-Key": f"{kind}odd{n}"})
        if answer.status_code != 422:
            faults.append(("data", odd, answer.status_code))

    assert not faults, "\n".join(map(str, faults))


def test_odd_values_in_moves_of_the_real_kinds_are_never_a_fault_of_ours(seeded):
    faults, tried = [], 0
    for user in seeded.one_per_role().values():
        program = seeded.program(user)
        for number in _numbers(program):
            case = program.get(f"/api/v1/cases/{number}").json
            for option in case["allowed"]:
                for field in option["schema"]["properties"]:
                    for n, odd in enumerate(ODD[::3]):
                        # The revision is right and every other field fits: what is odd is this field alone. A
                        # foreign declaration keeps the move from succeeding where the oddity is taken.
                        data = {**option["example"], field: odd, "no_such_field": True}
                        answer = program.post(
                            f"/api/v1/cases/{case['kind']}/{number}/{option['trigger']}",
                            data=json.dumps({"revision": case["revision"], "data": data}),
                            content_type="application/json",
                            headers={"Idempotency-Key": f"{number}{option['trigger']}{field}{n}"},
                        )
                        tried += 1
                        if answer.status_code != 422:
                            faults.append((option["trigger"], field, odd, answer.status_code))

    assert tried > 100
    assert not faults, "\n".join(map(str, faults))


def _numbers(program):
    return [row["number"] for row in program.get("/api/v1/worklist?limit=6").json["cases"]]
