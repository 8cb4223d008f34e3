"""Does the process live, and does the database take writes? For balancers and supervisors."""

import shutil

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.access.declare import allow
from app.extensions import db

blueprint = Blueprint("health", __name__)
LEAST_FREE_BYTES = 100_000_000
HEARTBEAT = text("INSERT INTO heartbeat (one, at) VALUES (true, clock_timestamp()) "
                 "ON CONFLICT (one) DO UPDATE SET at = excluded.at")


@blueprint.get("/healthz")
@allow("public")
def healthz() -> Response:
    """Answer that the process lives."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
@allow("public", writes="heartbeat")
def readyz() -> tuple[Response, int]:
    """Answer 200 only if the database takes a write and the disk has room."""
    try:
        db.session.execute(HEARTBEAT)
        db.session.commit()
    except DBAPIError:
        db.session.rollback()
        return jsonify({"status": "unavailable", "reason": "the database takes no writes"}), 503
    if shutil.disk_usage(current_app.config["INSTANCE"]).free < LEAST_FREE_BYTES:
        return jsonify({"status": "unavailable", "reason": "the disk is nearly full"}), 503
    return jsonify({"status": "ok"}), 200
