"""Which cookies does a browser carry? Session, device, language and form; none readable by scripts.

Over HTTPS their names begin with `__Host-`: no other host, and no plain connection, can have set them.
"""

from datetime import timedelta

from flask import Flask, current_app, has_request_context, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response as AnyResponse

from app.access.secrets import digest_of, new_token

SESSION = "sid"
DEVICE = "device"
FORM = "form"
LANGUAGE = "lang"
DEVICE_LIFE = timedelta(days=180)
LANGUAGE_LIFE = timedelta(days=365)


def cookie_name(name: str) -> str:
    """Return the name under which this request's cookie is kept."""
    return f"__Host-{name}" if request.is_secure else name


def read_cookie(name: str) -> str | None:
    """Return the value of one of our cookies, or None. Over HTTPS a cookie without the prefix is not ours."""
    return request.cookies.get(cookie_name(name)) or None


def set_cookie(response: AnyResponse, name: str, value: str, *, life: timedelta | None = None) -> None:
    """Put one of our cookies on the response; without `life` it ends with the browser."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=life,
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def drop_cookie(response: AnyResponse, name: str) -> None:
    """Take one of our cookies out of the browser."""
    response.delete_cookie(
        cookie_name(name), path="/", secure=request.is_secure, httponly=True, samesite="Lax"
    )


def device_of(login: str) -> bytes | None:
    """Return the digest of this browser's device cookie if it proves an earlier sign-in with this login."""
    try:
        kept = _devices().loads(read_cookie(DEVICE) or "", max_age=int(DEVICE_LIFE.total_seconds()))
    except BadSignature:
        return None
    if not isinstance(kept, list) or len(kept) != 2 or kept[0] != login.strip().lower():
        return None
    return digest_of(str(kept[1]))


def remember_device(response: AnyResponse, login: str) -> None:
    """Let this browser prove later that somebody signed in here with this login."""
    set_cookie(response, DEVICE, str(_devices().dumps([login, new_token()])), life=DEVICE_LIFE)


def _devices() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="shuniu device")


class FormCookie(SecureCookieSessionInterface):
    """Flask's own signed cookie, which holds the CSRF token and flashed words, named as the others."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name for this request."""
        return cookie_name(FORM) if has_request_context() else FORM

    def get_cookie_secure(self, app: Flask) -> bool:
        """Tell whether the browser may send it over HTTPS only."""
        return has_request_context() and request.is_secure
