"""What does each route ask of its caller? Declared on the view, checked at start, enforced.

    @blueprint.get("/budget")
    @allow("role:finance_officer,auditor")
    def budget(): ...

A view answers one method: GET and POST of one address are two views with two declarations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask
from werkzeug.routing import Rule

from app.access.roles import role_of

READING = frozenset({"GET", "HEAD", "OPTIONS"})
GETS_THAT_WRITE = ("reads", "sessions", "heartbeat", "checkpoints")
"""What a GET may leave behind, and nothing else: each such view names its one."""

View = TypeVar("View", bound=Callable[..., Any])


class UndeclaredRoute(Exception):
    """Some routes do not say who may call them, or say it wrongly; the message lists all of them."""


@dataclass(frozen=True)
class Policy:
    """Who may call a view, and what it writes.

    `who` is 'public', 'signed_in', 'role' (one of `roles`, held anywhere) or 'moves' (signed in; the
    engine decides). `writes` is true, false, or for a GET the name of the one thing it leaves behind.
    """

    who: str
    roles: tuple[str, ...] = ()
    writes: bool | str | None = None

    @property
    def needs_sign_in(self) -> bool:
        """Tell whether a caller must be known."""
        return self.who != "public"

    def roles_held_among(self, held: frozenset[str]) -> frozenset[str]:
        """Return those of the caller's roles that open the route."""
        return held.intersection(self.roles)

    def as_text(self) -> str:
        """Return the policy as it was declared, as in 'role:auditor,cashier'."""
        return f"role:{','.join(self.roles)}" if self.roles else self.who


def policy_from(text: str, writes: bool | str | None = None) -> Policy:
    """Return the policy that a declaration means; an unknown word or role is a programming error."""
    who, _, names = text.partition(":")
    roles = tuple(name.strip() for name in names.split(",")) if names else ()
    if who not in ("public", "signed_in", "moves", "role") or bool(roles) != (who == "role"):
        raise ValueError(f"{text!r} is no policy: say public, signed_in, moves or role:code,code")
    for role in roles:
        role_of(role)
    if isinstance(writes, str) and writes not in GETS_THAT_WRITE:
        raise ValueError(f"a GET may write only {', '.join(GETS_THAT_WRITE)}, not {writes!r}")
    return Policy(who=who, roles=roles, writes=writes)


def allow(text: str, *, writes: bool | str | None = None) -> Callable[[View], View]:
    """Declare who may call the view. Without `writes` a GET writes nothing and every other method writes."""
    policy = policy_from(text, writes)

    def declare(view: View) -> View:
        view.access_policy = policy  # type: ignore[attr-defined]
        return view

    return declare


def policy_of(app: Flask, endpoint: str) -> Policy | None:
    """Return what the endpoint declares, or None. Flask's own static files are public."""
    view = app.view_functions.get(endpoint)
    policy: Policy | None = getattr(view, "access_policy", None)
    if policy is None and (endpoint == "static" or endpoint.endswith(".static")):
        return Policy("public")
    return policy


def methods_of(rule: Rule) -> tuple[str, ...]:
    """Return the methods that the route's author asked for: HEAD and OPTIONS come with every route."""
    return tuple(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def check_all_routes(app: Flask) -> None:
    """Raise UndeclaredRoute, naming every mistake, unless each route has one method and one policy."""
    mistakes = [mistake for rule in app.url_map.iter_rules() for mistake in _mistakes(app, rule)]
    if mistakes:
        raise UndeclaredRoute("\n".join(mistakes))


def _mistakes(app: Flask, rule: Rule) -> list[str]:
    where = f"{rule.rule} ({rule.endpoint})"
    methods = methods_of(rule)
    policy = policy_of(app, rule.endpoint)
    found = []
    if policy is None:
        found.append(f"{where}: nobody said who may call it; add @allow(...)")
    if len(methods) != 1:
        found.append(f"{where}: answers {' and '.join(methods) or 'nothing'}; one view answers one method")
    if policy is not None and methods == ("GET",) and policy.writes is True:
        found.append(f"{where}: a GET may write only {', '.join(GETS_THAT_WRITE)}; name it")
    if policy is not None and methods != ("GET",) and isinstance(policy.writes, str):
        found.append(f"{where}: only a GET names what it leaves behind")
    return found


def routes(app: Flask) -> list[dict[str, Any]]:
    """Return every route with its method, its declaration and what it writes, ordered by address."""
    listed = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, methods_of(rule))):
        policy = policy_of(app, rule.endpoint)
        for method in methods_of(rule):
            listed.append(
                {
                    "rule": rule.rule,
                    "method": method,
                    "endpoint": rule.endpoint,
                    "allow": policy.as_text() if policy else None,
                    "writes": _writes(policy, method),
                }
            )
    return listed


def _writes(policy: Policy | None, method: str) -> bool | str:
    if policy is None or policy.writes is None:
        return method not in READING
    return policy.writes
