"""Who is asking, and may they? Answered before every request, for pages and API alike, in this order:

the caller becomes `g.actor` (a bearer token, or else the session cookie); what the route declares is
demanded; a write that rests on a cookie must prove that it comes from one of our own pages.
"""

from datetime import date, datetime
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from app.access import cookies
from app.access.actor import Actor
from app.access.declare import READING, policy_of
from app.access.headers import add_headers
from app.access.reach import Holding, holdings
from app.access.sign_in import Known, Limits, known_by_session
from app.access.tokens import known_by_token
from app.clock import SHANGHAI, business_now, real_now
from app.errors import Problem
from app.extensions import csrf, db

LANGUAGE_TAGS = ("zh_Hans_CN", "zh-CN", "zh", "en")


class NotSignedIn(Problem):
    """The route is for people who are signed in, or for programs with a valid token."""

    status = 401
    code = "not_signed_in"
    title: Any = _l("Not signed in")

    def __init__(self) -> None:
        super().__init__(_l("Sign in, or send a valid bearer token."))
        self.headers = {"WWW-Authenticate": "Bearer"}


class NotForYou(Problem):
    """The person holds none of the roles that the route is for."""

    status = 403
    code = "not_for_you"
    title: Any = _l("This page is not for your role")

    def __init__(self) -> None:
        super().__init__(_l("Ask an administrator if it should be."))


class ForeignRequest(Problem):
    """A write came from a page that is not ours, or from one that is too old."""

    status = 400
    code = "foreign_request"
    title: Any = _l("This form cannot be accepted any more")

    def __init__(self) -> None:
        super().__init__(_l("Load the page again and send the form once more. Nothing was changed."))


def watch(app: Flask) -> None:
    """Make the app ask these questions before, and add its headers after, every request."""
    # Asked below instead, where it is known whether a cookie matters at all.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.session_interface = cookies.FormCookie()
    app.before_request(load_actor)
    app.before_request(demand_what_is_declared)
    app.before_request(refuse_foreign_writes)
    app.after_request(_finish)


def limits() -> Limits:
    """Return how long sessions live in this app: the settings SESSION_LIMITS, or the defaults."""
    configured: Limits = current_app.config.get("SESSION_LIMITS") or Limits()
    return configured


def load_actor() -> None:
    """Set `g.actor` to the caller, or None; `g.session_id` when a browser's session says so."""
    g.actor, g.session_id, g.by_token, g.keep_nowhere = None, None, False, False
    for asked_once in ("holdings", "business_now"):
        g.pop(asked_once, None)
    g.locale = cookies.read_cookie(cookies.LANGUAGE)
    if request.endpoint == "static":
        return
    known = _known()
    if known is None:
        return
    g.actor = Actor(
        person_id=known.person_id,
        account_id=known.account_id,
        name=known.name,
        locale=known.locale,
        request_id=getattr(g, "request_id", ""),
    )
    g.session_id = known.session_id
    g.locale = g.locale or known.locale


def _known() -> Known | None:
    credentials = request.headers.get("Authorization")
    if credentials is not None:
        # A request that brings a token stands or falls with it, whatever cookie it carries besides.
        g.by_token = True
        scheme, _, token = credentials.partition(" ")
        return (
            known_by_token(db.session, token.strip(), now=real_now()) if scheme.lower() == "bearer" else None
        )
    cookie = cookies.read_cookie(cookies.SESSION)
    return known_by_session(db.session, cookie, now=real_now(), limits=limits()) if cookie else None


def demand_what_is_declared() -> AnyResponse | None:
    """Let the request through if the route's declaration allows it; a browser is sent to sign in first."""
    if request.endpoint is None:
        return None  # no such address, or not this method: Flask says so
    policy = policy_of(current_app, request.endpoint)
    if policy is None:
        raise NotForYou
    if not policy.needs_sign_in:
        return None
    if g.actor is None:
        writes = request.method not in READING
        if request.path.startswith("/api/") or g.by_token or (writes and "X-Partial" in request.headers):
            raise NotSignedIn
        came_for = request.full_path.rstrip("?") if _can_be_read() else None
        return redirect(url_for("access.sign_in_page", next=came_for, ended=1 if writes else None), 303)
    if policy.roles and not policy.roles_held_among(current_roles()):
        raise NotForYou
    return None


def _can_be_read() -> bool:
    """Tell whether a page stands at this address: a form leads back to itself."""
    try:
        current_app.url_map.bind("").match(request.path, method="GET")
    except HTTPException:
        return False
    return True


def refuse_foreign_writes() -> None:
    """Raise ForeignRequest for a write that a browser may have been tricked into."""
    if request.method in READING or g.by_token:
        return
    if request.path.startswith("/api/") and g.actor is None:
        return  # carries nothing that anybody could misuse
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise ForeignRequest
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise ForeignRequest
    if current_app.config["WTF_CSRF_ENABLED"]:
        try:
            csrf.protect()
        except CSRFError:
            raise ForeignRequest from None


def today() -> date:
    """Return the day on which role grants are judged: that of the business clock, in China."""
    if "business_now" not in g:
        g.business_now = business_now(db.session)
    return cast(datetime, g.business_now).astimezone(SHANGHAI).date()


def current_holdings() -> tuple[Holding, ...]:
    """Return what the caller holds today; nothing for somebody not signed in. Asked once per request."""
    if "holdings" not in g:
        g.holdings = holdings(db.session, g.actor.person_id, today()) if g.actor is not None else ()
    return cast(tuple[Holding, ...], g.holdings)


def current_roles() -> frozenset[str]:
    """Return every role the caller holds anywhere today."""
    return frozenset(holding.role for holding in current_holdings())


def _finish(response: Response) -> Response:
    if request.args.get("lang") in LANGUAGE_TAGS:
        # Chosen by a link: holds for this browser from now on, before what the person's profile says.
        cookies.set_cookie(response, cookies.LANGUAGE, request.args["lang"], life=cookies.LANGUAGE_LIFE)
    return add_headers(response)
