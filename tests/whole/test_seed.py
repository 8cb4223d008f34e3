"""What somebody who measures us finds in the seed: every kind in several states, and examples that can be sent."""

from collections import defaultdict

from workflows.loader import library

ONE_STATE_ONLY = {"closure"}
"""Kinds whose definition has no second state."""
# A passphrase is nobody's but the officer's: no example holds it, and the answer names its field.
SECRETS = {("opening_key", "rehearse"), ("package", "arrive"), ("package", "open_bids")}
CITIES = ("bj", "gy")


def states_by_kind(seeded):
    """Return the states in which each kind was seeded."""
    found = defaultdict(set)
    for case in seeded.told["cases"]:
        found[case["kind"]].add(case["state"])
    return found


def test_every_kind_stands_in_two_states_at_least(seeded):
    found = states_by_kind(seeded)
    kinds = {definition.kind for definition in library().definitions}

    assert set(found) == kinds
    assert {kind for kind in kinds if len(found[kind]) < 2} == ONE_STATE_ONLY
    assert {kind for kind in kinds if len(library_states(kind)) < 2} == ONE_STATE_ONLY


def library_states(kind):
    return {state for each in library().definitions if each.kind == kind for state in each.states}


def test_the_road_of_purchases_stands_in_every_state_of_interest(seeded):
    found = states_by_kind(seeded)

    assert found["package"] >= {
        "open", "opened", "reviewing", "ranked", "suspended", "awarded", "contracted", "failed"
    }
    assert found["bid_review"] >= {"assigned", "scoring", "submitted", "agreed"}
    assert found["contract"] >= {"sent", "in_performance"}


def test_both_cities_have_both_regimes_and_rules_of_their_own(seeded):
    rows = seeded.rows("""
        SELECT n.code, p.regime, p.code FROM programmes p
          JOIN nodes o ON o.id = p.node_id JOIN nodes n ON n.id = o.parent_id
         WHERE p.confirmed_by IS NOT NULL ORDER BY 1, 2""")

    assert [tuple(row) for row in rows] == [
        ("110102", "G", "WCT"), ("110102", "P", "ZFGM"), ("520115", "G", "GYCT"), ("520115", "P", "ZFGM"),
    ]


def test_each_legal_class_stands_in_several_states_of_its_registration(seeded):
    found = defaultdict(set)
    for row in seeded.rows("SELECT legal_class, state FROM cases WHERE kind = 'registration'"):
        found[row.legal_class].add(row.state)

    assert found["association"] == {"submitted", "correcting", "accepted", "approved", "registered"}
    assert found["foundation"] == {"submitted", "accepted", "registered"}
    assert found["social_service"] >= {"submitted", "correcting", "accepted", "registered", "refused"}


def actors_of(seeded, case):
    """Return whoever of the case's city could make one of its moves."""
    roles = {
        role for each in library().definitions if each.kind == case["kind"]
        for transition in each.transitions if transition.by_person for role in transition.roles
    }
    return [user for user in seeded.users if roles & set(user.roles) and user.name.startswith(CITIES)]


def test_every_example_that_is_offered_is_taken_or_refused_for_a_reason_of_business(seeded):
    tried, faults, taken = set(), [], set()
    people = {kind: actors_of(seeded, {"kind": kind}) for kind in states_by_kind(seeded)}
    for case in seeded.told["cases"]:
        address = f"/api/v1/cases/{case['number']}"
        for user in people[case["kind"]]:
            program = seeded.program(user)
            for option, revision, state in offered(program, address):
                key = (case["kind"], state, option["trigger"])
                if key in tried:
                    continue
                tried.add(key)
                answer = program.post(
                    f"/api/v1/cases/{case['kind']}/{case['number']}/{option['trigger']}",
                    json={"revision": revision, "data": option["example"]},
                    headers={"Idempotency-Key": f"example {case['number']} {option['trigger']}"},
                )
                if answer.status_code == 200:
                    taken.add(key)
                    break
                of_business = answer.status_code == 403 and answer.json["reasons"]
                if not of_business and not ((key[0], key[2]) in SECRETS and answer.status_code == 422):
                    faults.append((user.name, key, answer.text[:300]))

    assert not faults, "\n".join(map(str, faults))
    assert {kind for kind, _state, _trigger in taken} >= set(people) - ONE_STATE_ONLY - {"opening_key"}


def offered(program, address):
    """Return the moves that this person may make, with revision and state of the case."""
    answer = program.get(address)
    if answer.status_code != 200:
        return []
    return [(option, answer.json["revision"], answer.json["state"]) for option in answer.json["allowed"]]
