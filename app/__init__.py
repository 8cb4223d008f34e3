"""Shuniu 枢纽: make the web application. Everything it is made of is named here, in one place."""

import secrets
from typing import Any

from flask import Flask, g, has_request_context, request
from werkzeug.middleware.proxy_fix import ProxyFix

from app import features, logs
from app.config import Settings, flask_config
from app.database.connections import tend
from app.extensions import babel, csrf, db
from app.language import CHINESE, known_locale, register_words


def create_app(settings: Settings, app_database_url: str, **config: Any) -> Flask:
    """Return the application for an instance; `app_database_url` is that of the unprivileged database role.

    Raises UndeclaredRoute when a route does not declare who may use it.
    """
    app = Flask("app", root_path=str(features.ROOT))
    app.config.update(flask_config(settings, app_database_url))
    app.config.update(config)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    if settings.proxies:
        # Only as many hops as the operator says stand in front: a client's own headers are never believed.
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    db.init_app(app)
    with app.app_context():
        tend(db.engine)
    csrf.init_app(app)
    babel.init_app(
        app, locale_selector=_chosen_locale, default_translation_directories=features.translations(settings.instance)
    )
    register_words(app)
    app.before_request(_name_request)
    logs.configure()
    logs.watch(app)
    features.register(app)
    return app


def _name_request() -> None:
    """Give the request a name that the log, history and the error page share."""
    g.request_id = secrets.token_hex(8)


def _chosen_locale() -> str:
    if not has_request_context():
        return CHINESE  # a worker or a command
    chosen = request.args.get("lang") or getattr(g, "locale", None) or request.cookies.get("lang")
    return known_locale(chosen or request.accept_languages.best_match(["zh-CN", "zh", "en"], "zh-CN"))

