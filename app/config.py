"""Which settings does an instance run with? Read from the environment once, checked, never guessed."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENVIRONMENTS = ("production", "demo", "test")
ROOT = Path(__file__).resolve().parent.parent


class BadSetting(Exception):
    """A setting in the environment cannot be used; the message says which and what to set."""


@dataclass(frozen=True)
class Settings:
    """What the environment says about this instance."""

    environment: str
    instance: Path
    database_url: str | None
    host: str
    port: int
    smtp_url: str | None
    mail_from: str
    public_url: str
    proxies: int = 0
    export_rows_at_once: int = 20_000
    export_days: int = 7


def settings_from(environ: "os._Environ[str] | dict[str, str]") -> Settings:
    """Return the settings, or raise BadSetting naming the variable and the values it may have."""
    environment = environ.get("SHUNIU_ENV", "production")
    if environment not in ENVIRONMENTS:
        raise BadSetting(f"SHUNIU_ENV is {environment!r}; set it to one of {', '.join(ENVIRONMENTS)}")
    try:
        port = int(environ.get("PORT", "5000"))
    except ValueError:
        raise BadSetting(f"PORT is {environ['PORT']!r}; set it to a number such as 5000") from None
    try:
        proxies = int(environ.get("TRUSTED_PROXIES", "0"))
    except ValueError:
        raise BadSetting("TRUSTED_PROXIES must be the number of proxies in front, such as 1") from None
    at_once = _whole(environ, "EXPORT_ROWS_AT_ONCE", 20_000, least=0)
    days = _whole(environ, "EXPORT_DAYS", 7, least=1)
    host = environ.get("HOST", "127.0.0.1")
    return Settings(
        environment=environment,
        instance=Path(environ.get("SHUNIU_INSTANCE") or ROOT / "instance").resolve(),
        database_url=environ.get("DATABASE_URL") or None,
        host=host,
        port=port,
        smtp_url=environ.get("SMTP_URL") or None,
        mail_from=environ.get("MAIL_FROM", "Shuniu <no-reply@localhost>"),
        public_url=environ.get("PUBLIC_URL", f"http://{host}:{port}").rstrip("/"),
        proxies=proxies,
        export_rows_at_once=at_once,
        export_days=days,
    )


def _whole(environ: "os._Environ[str] | dict[str, str]", name: str, otherwise: int, *, least: int) -> int:
    try:
        number = int(environ.get(name) or otherwise)
    except ValueError:
        number = -1
    if number < least:
        raise BadSetting(f"{name} is {environ[name]!r}; set it to a whole number from {least}, such as {otherwise}")
    return number


def secret_key(instance: Path) -> str:
    """Return the instance's secret for CSRF tokens and keyed digests, made at first use, mode 0600."""
    path = instance / "keys" / "secret"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f"secret.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first: its secret holds
        finally:
            draft.unlink()
    return path.read_text()


def flask_config(settings: Settings, app_database_url: str) -> dict[str, Any]:
    """Return the mapping that create_app loads; `app_database_url` is the application role's."""
    url = app_database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    return {
        "ENVIRONMENT": settings.environment,
        "INSTANCE": settings.instance,
        "DOCUMENTS": settings.instance / "documents",
        "EXPORTS": settings.instance / "exports",
        "EXPORT_ROWS_AT_ONCE": settings.export_rows_at_once or None,  # 0: everything leaves at once
        "EXPORT_DAYS": settings.export_days,
        "SECRET_KEY": secret_key(settings.instance),
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_size": 4, "max_overflow": 8},
        "SMTP_URL": settings.smtp_url,
        "MAIL_FROM": settings.mail_from,
        "PUBLIC_URL": settings.public_url,
        "MAX_CONTENT_LENGTH": 32 * 1024 * 1024,
        "BABEL_DEFAULT_LOCALE": "zh_Hans_CN",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        "WTF_CSRF_TIME_LIMIT": None,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_HTTPONLY": True,
    }
