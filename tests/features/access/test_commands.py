"""What an outsider can ask at the command line, to check the rules against their own."""

import json

from app.access.roles import ROLES


def test_routes_are_told_as_json(app):
    answer = app.test_cli_runner().invoke(args=["access", "routes", "--json"])

    routes = json.loads(answer.stdout)
    assert {
        "rule": "/sign-in",
        "method": "POST",
        "endpoint": "access.sign_in_now",
        "allow": "public",
        "writes": True,
    } in routes
    assert all(route["allow"] for route in routes)


def test_the_policy_names_every_role_route_and_move(app):
    policy = json.loads(app.test_cli_runner().invoke(args=["access", "policy", "--json"]).stdout)

    assert [role["code"] for role in policy["roles"]] == list(ROLES)
    moves = [move for move in policy["moves"] if move["definition"] == "base/payment.v1"]
    approve = next(move for move in moves if move["trigger"] == "approve")
    assert approve["roles"] == ["finance_approver"]
    assert "four_eyes" in approve["guards"]
    assert policy["routes"]


def test_both_are_also_told_in_words(app):
    runner = app.test_cli_runner()

    assert "/sign-in" in runner.invoke(args=["access", "routes"]).stdout
    assert "auditor" in runner.invoke(args=["access", "policy"]).stdout
