"""What does the log say? One JSON line per refused or failed request and per write, on stderr, without bodies.

No personal value, no input and no address's query is ever logged; the request id is the one in history, on the
error page and in the answer's header.
"""

import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request

SILENT = frozenset({"GET", "HEAD", "OPTIONS"})
log = structlog.get_logger("shuniu.requests")


def configure() -> None:
    """Send log lines to stderr as JSON: stdout belongs to the answers of commands."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def watch(app: Flask) -> None:
    """Log requests of the app and name each answer after its request."""
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    g.began = time.monotonic()


def _finish(response: Response) -> Response:
    name = getattr(g, "request_id", "")
    response.headers["X-Request-Id"] = name
    if response.status_code >= 400 or request.method not in SILENT:
        actor: Any = getattr(g, "actor", None)
        log.info(
            "request", request_id=name, method=request.method, endpoint=request.endpoint,
            status=response.status_code, person=actor.person_id if actor else None,
            milliseconds=round((time.monotonic() - getattr(g, "began", time.monotonic())) * 1000),
        )
    return response
