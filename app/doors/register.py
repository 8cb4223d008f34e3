"""Which doors are there? The generic pages and JSON, their frame and their errors; then every route is checked."""

from flask import Flask, abort, request
from werkzeug.wrappers import Response

from app.access.declare import allow, check_all_routes
from app.doors import (
    api,
    assets,
    award_pages,
    calendar_pages,
    case_pages,
    clock_pages,
    export_api,
    export_pages,
    frame,
    health,
    home_pages,
    hub_pages,
    incubator_pages,
    list_pages,
    markup,
    opening_pages,
    organization_pages,
    personal_pages,
    problems,
    styleguide,
)


def register(app: Flask) -> None:
    """Add all doors; raise UndeclaredRoute when any route of the application does not say who may use it."""
    markup.register_markup(app)
    frame.register(app)
    problems.register(app)
    for door in (
        api, award_pages, calendar_pages, case_pages, clock_pages, export_api, export_pages, home_pages, hub_pages,
        incubator_pages, list_pages, opening_pages, organization_pages, personal_pages,
    ):
        door.register(app)
    app.register_blueprint(health.blueprint)
    app.add_url_rule("/assets/<name>", "asset", asset)
    if app.config["ENVIRONMENT"] != "production":
        app.add_url_rule("/_styleguide", "styleguide", allow("public")(styleguide.styleguide))
    check_all_routes(app)


@allow("public")
def asset(name: str) -> Response:
    """Send the style sheet, the script or the mark; their names carry their hash, so they never change."""
    found = assets.asset(name)
    if found is None:
        abort(404)
    response = Response(found.content, content_type=assets.MEDIA_TYPES[name.rpartition(".")[2]])
    response.headers["Cache-Control"] = assets.CACHE_CONTROL
    response.set_etag(name)
    return response.make_conditional(request)


