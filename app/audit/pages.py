"""The auditor's pages, and bundles for whoever reaches a case. They read; what is downloaded is remembered.

A bundle leaves a row in `reads`, and asks the worker for a checkpoint, which is why its route says so.
"""

import re
from collections.abc import Generator
from dataclasses import replace

from flask import Blueprint, Flask, Response, current_app, render_template, request
from flask_babel import lazy_gettext as _l

from app.access.api_auth import current_holdings
from app.access.declare import allow
from app.access.reach import visible_by
from app.access.reads import record_read
from app.audit.access_page import access_view
from app.audit.asking import (
    audited,
    audited_case,
    auditing,
    caller,
    day_asked,
    purpose_of,
    reached_case,
    request_id,
)
from app.audit.bundles import Known, bundle
from app.audit.case_page import Places, audit_view
from app.audit.members import Wanted
from app.audit.queries import organization_name
from app.audit.scopes import Scope, family_of, of_case, of_organization, of_period
from app.audit.search_page import search_view
from app.audit.signing import WAIT_SECONDS, AskTheWorker
from app.cases.models import Case
from app.clock import real_now
from app.documents.folder import documents_folder
from app.errors import CaseNotFound, InvalidInput
from app.extensions import db

pages = Blueprint("audit", __name__)
KNOWN = "shuniu_audit"
OLDER, MOST_OLDER = re.compile(r"[1-9][0-9]{0,17}"), 10


def register(app: Flask) -> None:
    """Add the routes of the audit."""
    app.extensions[KNOWN] = Known()
    app.register_blueprint(pages)


@pages.get("/cases/<number>/bundle")
@allow("signed_in", writes="checkpoints")
def case_bundle(number: str) -> Response:
    """Send a case with all that belongs to it, to be verified anywhere."""
    return _case_bundle(number)


@pages.get("/api/v1/cases/<number>/bundle")
@allow("signed_in", writes="checkpoints")
def case_bundle_for_programs(number: str) -> Response:
    """Send the same to a program."""
    return _case_bundle(number)


@pages.get("/audit")
@allow("role:auditor")
def search_page() -> str:
    """Search all moves and all refused attempts in the cases that the auditor reaches."""
    return render_template("pages/audit_search.html", **search_view())


@pages.get("/audit/access")
@allow("role:auditor,audit_admin")
def access_page() -> tuple[str, int]:
    """Show who gave, ended or issued what for whom, at and below the caller's places; 422 for days that are none."""
    view = access_view()
    return render_template("pages/audit_access.html", **view), 422 if view["errors"] else 200


@pages.get("/audit/cases/<number>")
@allow("role:auditor", writes="reads")
def case_page(number: str) -> str:
    """Show all that is recorded of a case, page by page, with its chain recomputed."""
    case = audited_case(number)
    view = audit_view(case, _places())
    _remember(f"case {case.number}", "audit view")
    return render_template("pages/audit_case.html", **view)


@pages.post("/audit/cases/<number>/verify")
@allow("role:auditor", writes=False)
def verify_case(number: str) -> str:
    """Check again: the chain, its place in the signed log, and the bytes of every paper."""
    known: Known = current_app.extensions[KNOWN]
    return render_template("pages/audit_case.html", **audit_view(audited_case(number), _places(), known.tree))


@pages.get("/audit/bundle")
@allow("role:auditor", writes="checkpoints")
def period_bundle() -> Response:
    """Send what happened between two days, in one organization's cases or in all that the auditor reaches."""
    scope = _scope_asked()
    purpose = purpose_of(frozenset(holding.role for holding in auditing()))
    places = sorted({holding.node_name_zh for holding in auditing()})
    told = {**scope.told, "places": places}
    name = "-".join(str(told[part]) for part in ("kind", "from", "to") if part in told)
    return _sent(replace(scope, told=told), name, scope.title.zh, purpose)


def _key(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _places() -> Places:
    asked = request.args
    return Places(asked.get("after", type=int), _key("attempts"), _key("transfers"), asked.get("reads"))


def _case_bundle(number: str) -> Response:
    case, roles = reached_case(number)
    purpose = purpose_of(roles)
    family = family_of(db.session, case.number, visible_by(current_holdings(), Case))
    return _sent(of_case(family, case.number), case.number, f"case {case.number}", purpose)


def _scope_asked() -> Scope:
    first, last = day_asked("from"), day_asked("to")
    organization = request.args.get("organization", type=int)
    name = organization_name(db.session, organization) if organization is not None else None
    if organization is not None and name is None:
        raise CaseNotFound
    whose = (organization, name) if organization is not None and name is not None else None
    if first is not None and last is not None and first <= last:
        return of_period(first, last, audited(), organization=whose)
    if whose is not None and first is last is None:
        return of_organization(*whose, audited())
    raise InvalidInput({"from": [str(_l("Say the first and the last day, or an organization."))]})


def _sent(scope: Scope, name: str, subject: str, purpose: str | None) -> Response:
    db.session.rollback()  # nothing is pending; the connection is free while the signer is waited for
    signer = AskTheWorker(db.engine, float(current_app.config.get("SIGNING_WAIT_SECONDS", WAIT_SECONDS)))
    wanted = Wanted(documents_folder(), personal=purpose is not None, older=_older_asked())
    known: Known = current_app.extensions[KNOWN]
    pieces: Generator[bytes] = bundle(db.engine, scope, wanted, signer, known, purpose=purpose)
    try:
        _remember(subject, f"bundle with personal values: {purpose}" if purpose else "bundle")
    except BaseException:
        pieces.close()
        raise
    return Response(pieces, mimetype="application/zip", headers={
        "Content-Disposition": f'attachment; filename="{name}.zip"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    })


def _older_asked() -> tuple[int, ...]:
    """Return the sizes of older checkpoints that the bundle is to be compared with; raise InvalidInput for others."""
    asked = request.args.getlist("older")
    if len(asked) > MOST_OLDER or not all(OLDER.fullmatch(one) for one in asked):
        raise InvalidInput({"older": [str(_l("Say the number in the second line of a checkpoint; ten at the most."))]})
    return tuple(map(int, asked))


def _remember(subject: str, what: str) -> None:
    record_read(
        db.session, person_id=caller().person_id or 0, subject=subject, what=what, now=real_now(),
        request_id=request_id(),
    )
    db.session.commit()
