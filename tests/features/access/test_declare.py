"""What a route must say of itself, and what happens to a caller who is not meant."""

import pytest
from flask import Flask

from app.access.declare import UndeclaredRoute, allow, check_all_routes, policy_from, routes


@pytest.fixture
def bare():
    return Flask("bare")


def test_declared_views_pass(bare):
    bare.get("/a")(allow("public")(lambda: "a"))
    bare.add_url_rule(
        "/b", view_func=allow("role:auditor,cashier")(lambda: "b"), methods=["POST"], endpoint="b"
    )
    bare.get("/c", endpoint="c")(allow("moves", writes="reads")(lambda: "c"))

    check_all_routes(bare)

    assert [route["allow"] for route in routes(bare) if len(route["rule"]) == 2] == [
        "public", "role:auditor,cashier", "moves",
    ]


def test_every_mistake_is_named_at_once(bare):
    bare.get("/silent", endpoint="silent")(lambda: "")
    bare.route("/both", methods=["GET", "POST"], endpoint="both")(allow("signed_in")(lambda: ""))
    bare.get("/writing", endpoint="writing")(allow("signed_in", writes=True)(lambda: ""))
    bare.post("/naming", endpoint="naming")(allow("signed_in", writes="reads")(lambda: ""))

    with pytest.raises(UndeclaredRoute) as raised:
        check_all_routes(bare)

    told = str(raised.value).splitlines()
    assert [line.split(" ")[0] for line in told] == ["/silent", "/both", "/writing", "/naming"]


@pytest.mark.parametrize(
    "text", ["", "anybody", "role", "role:", "role:emperor", "public:auditor", "signed_in:x"]
)
def test_a_declaration_that_means_nothing_is_refused(text):
    with pytest.raises((ValueError, KeyError)):
        policy_from(text)


def test_a_get_may_write_only_what_the_list_names():
    with pytest.raises(ValueError, match="everything"):
        allow("signed_in", writes="everything")


def test_routes_are_listed_with_method_policy_and_writes(bare):
    bare.get("/a", endpoint="read")(allow("role:auditor", writes="reads")(lambda: ""))
    bare.post("/a", endpoint="write")(allow("signed_in")(lambda: ""))

    listed = [route for route in routes(bare) if route["rule"] == "/a"]

    assert listed == [
        {"rule": "/a", "method": "GET", "endpoint": "read", "allow": "role:auditor", "writes": "reads"},
        {"rule": "/a", "method": "POST", "endpoint": "write", "allow": "signed_in", "writes": True},
    ]


def test_every_route_of_the_app_declares_itself(app):
    check_all_routes(app)

    assert [route["rule"] for route in routes(app) if not route["allow"]] == []
