"""How is a refusal told? One table from domain errors to HTTP: problem+json for the API, a page for people."""

from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from app.errors import Problem
from app.extensions import db
from app.language import current_locale

log = structlog.get_logger("shuniu.problems")

CODES = {
    400: "bad_request", 401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    409: "conflict", 413: "too_large", 415: "unsupported_media_type", 422: "invalid_input", 429: "too_many_requests",
    500: "our_fault", 503: "try_again",
}


def register(app: Flask) -> None:
    """Answer every error of the application."""
    app.before_request(_refuse_unreadable)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(DataError, _no_such_value)
    app.register_error_handler(Exception, _our_fault)


def wants_json() -> bool:
    """Tell whether the caller is a program: the API, or a page's script asking for JSON."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"


def problem_json(
    status: int, code: str, title: str, detail: str, reasons: list[dict[str, str]] | None = None, **more: Any
) -> Response:
    """Return an application/problem+json answer (RFC 9457)."""
    body = {
        "type": f"urn:shuniu:problem:{code}", "title": title, "status": status, "code": code, "detail": detail,
        "reasons": reasons or [], "request_id": getattr(g, "request_id", ""), **more,
    }
    response = jsonify(_plain(body))
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def localized_reasons(reasons: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return reasons with the sentence in the reader's language beside the stable code."""
    language = "zh" if current_locale().startswith("zh") else "en"
    return [{"code": r["code"], "message": str(r.get(language) or r.get("message", ""))} for r in reasons]


def _problem(problem: Problem) -> Response:
    reasons = localized_reasons(problem.reasons)
    if wants_json():
        response = problem_json(
            problem.status, problem.code, str(problem.title), str(problem.detail), reasons, **problem.more
        )
    else:
        response = make_response(_page(problem.status, str(problem.title), str(problem.detail), reasons))
    if "retry_after" in vars(problem):
        response.headers["Retry-After"] = str(problem.retry_after)  # type: ignore[attr-defined]
    response.headers.update(getattr(problem, "headers", {}))
    return response


def _refuse_unreadable() -> None:
    """Nothing is called by a name with NUL in it, and PostgreSQL takes no such text."""
    if "\0" in request.path or any("\0" in value for values in request.args.listvalues() for value in values):
        raise NotFound
    if any("\0" in value for values in request.form.listvalues() for value in values):
        raise BadRequest


def _http(error: HTTPException) -> Response | tuple[str, int] | HTTPException:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    title, detail = _words(status)
    if wants_json():
        response = problem_json(status, CODES.get(status, "error"), title, detail)
        retry = getattr(error, "retry_after", None)
        if retry:
            response.headers["Retry-After"] = str(retry)
        return response
    return _page(status, title, detail, [])


def _database_away(error: OperationalError) -> Response | tuple[str, int]:
    db.session.rollback()
    log.error("database_away", error=type(error.orig).__name__, request_id=getattr(g, "request_id", ""))
    title, detail = _words(503)
    if wants_json():
        response = problem_json(503, "try_again", title, detail)
        response.headers["Retry-After"] = "5"
        return response
    return _page(503, title, detail, [])


def _no_such_value(error: DataError) -> Response | tuple[str, int]:
    """A number or a text that no column can hold: nothing is there, and nothing was changed."""
    db.session.rollback()
    log.warning("no_such_value", error=type(error.orig).__name__, request_id=getattr(g, "request_id", ""))
    title, detail = _words(400)
    return problem_json(400, CODES[400], title, detail) if wants_json() else _page(400, title, detail, [])


def _our_fault(error: Exception) -> Response | tuple[str, int]:
    db.session.rollback()
    log.exception("our_fault", request_id=getattr(g, "request_id", ""), path=request.path)
    title, detail = _words(500)
    if wants_json():
        return problem_json(500, "our_fault", title, detail)
    return _page(500, title, detail, [])


def _page(status: int, title: str, detail: str, reasons: list[dict[str, str]]) -> tuple[str, int]:
    page = render_template(
        "pages/error.html", status=status, title=title, detail=detail,
        reasons=[reason["message"] for reason in reasons], request_id=getattr(g, "request_id", ""),
    )
    return page, status


def _words(status: int) -> tuple[str, str]:
    words = {
        400: (_("The request cannot be answered"), _("Go back, reload the page and try again.")),
        401: (_("Sign in first"), _("Sign in, then open this address again.")),
        403: (_("You may not do this"), _("Ask the administrator of your office for the role that may.")),
        404: (_("Not found"), _("Check the number, or ask whoever gave it to you.")),
        405: (_("This address does not do that"), _("Go back and use the buttons of the page.")),
        413: (_("Too large"), _("A file may have at most 30 MB. Send a smaller one.")),
        415: (_("This form of content is not taken here"), _("Send JSON with Content-Type: application/json.")),
        429: (_("Too many tries"), _("Wait a little, then try again.")),
        503: (_("Not possible at this moment"), _("Send the same request again in a moment.")),
    }
    fault = (_("Something went wrong on our side"), _("Nothing was changed. Tell us the number below."))
    return words.get(status, fault)


def _plain(value: Any) -> Any:
    """Return a value as JSON can say it; half a character (a lone surrogate) that somebody sent becomes '?'."""
    if isinstance(value, dict):
        return {_plain(str(name)): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int | float | bool | None):
        return value
    return str(value).encode("utf-8", "replace").decode()
