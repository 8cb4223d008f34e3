"""How do the page and the API ask for a download? In one way, under one key."""

import json
from datetime import date
from typing import Any

from flask import current_app

from app.audit.bundles import Known
from app.audit.exports.asked import AUDITOR, reach_of
from app.audit.exports.asking import ask_for_export
from app.audit.exports.models import Export
from app.audit.pages import KNOWN
from app.clock import real_now
from app.doors.caller import actor, held
from app.doors.keys import once
from app.extensions import db
from app.language import current_locale
from workflows.definition import Text


def export_asked(asked: dict[str, Any], title: Text, key: str) -> tuple[int, bool]:
    """Ask for it once under the key and commit; return its id, and whether it was asked for before."""
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in asked.items()}
    plain["purpose"] = plain["purpose"] or None
    own = [one for one in held() if one.role == AUDITOR]
    locale = current_locale()

    def write() -> dict[str, Any]:
        export = ask_for_export(
            db.session, person_id=actor().person_id or 0, asked=plain, title=title, held=own, locale=locale,
            now=real_now(),
        )
        return {"id": export.id}

    told = json.dumps(["export", plain], sort_keys=True).encode()
    answer, replayed = once(actor(), key, told, write)
    return int(answer["id"]), replayed


def auditing(export: Export) -> bool:
    """Tell whether the caller reaches today, as an auditor, what was reached when this was asked for."""
    return reach_of([one for one in held() if one.role == AUDITOR]) == export.reach


def known_log() -> Known:
    """Return what this process knows of the log."""
    known: Known = current_app.extensions[KNOWN]
    return known
