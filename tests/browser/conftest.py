"""A real browser before the whole product: the app on its own port, CSRF on, the signer beside it, a demo district.

Every page that a test opens is watched: a script error, a broken content policy or a request to anybody else fails it.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright
from sqlalchemy import create_engine
from werkzeug.serving import make_server

from app import create_app
from app.clock import business_now
from app.config import Settings
from app.database.embedded import EmbeddedServer
from app.demo.building import Builder
from app.demo.district import PASSWORD, build_district
from app.extensions import db
from app.worker import Signer
from tests.conftest import TEMPLATE

NAMES = ("chromium", "google-chrome", "chromium-browser")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]
# A machine that does much else at once is slow, not broken.
PATIENCE = 30_000
# How a browser tells an answer of 4xx, which tests of mistakes ask for.
ASKED_FOR = "Failed to load resource: the server responded with a status of 4"
expect.set_options(timeout=PATIENCE // 2)
DISTRICT = "district"
SIGNING_KEY = Path("keys", "signing")
PHONE, DESK = 390, 1440
Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def browser_path() -> str | None:
    """Return the browser of $CHROME, or the first known one on the PATH."""
    return os.environ.get("CHROME") or next(filter(None, map(shutil.which, NAMES)), None)


# Not for the whole run: Playwright keeps an event loop open, which tests that have one of their own trip over.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a Chromium; without one the tests are skipped here and fail where CI=true."""
    path = browser_path()
    if path is None:
        words = f"NO BROWSER: set CHROME, or install one of {', '.join(NAMES)} (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Site:
    """The product as it runs for one file of tests."""

    url: str
    app: Flask


@pytest.fixture(scope="session")
def district(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load the demo district once; return its folder. Its database, DISTRICT, is a template for all files."""
    server.create_database(DISTRICT, TEMPLATE)
    instance = tmp_path_factory.mktemp(DISTRICT) / "instance"
    app = create_app(
        _settings(instance), server.url("app", DISTRICT), SIGNER_URL=server.url("signer", DISTRICT),
        SIGNING_KEY=str(instance / SIGNING_KEY),
    )
    with app.app_context():
        build_district(Builder(db.session, app.config["DOCUMENTS"], business_now(db.session)))
        db.session.remove()
        db.engine.dispose()
    return instance


@pytest.fixture(scope="module")
def site(
    server: EmbeddedServer, district: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """Serve the application with the demo district on a database of its own, until the file is done."""
    name = request.module.__name__.rpartition(".")[2]
    server.create_database(name, DISTRICT)
    instance = tmp_path_factory.mktemp(name) / "instance"
    shutil.copytree(district, instance)
    app = create_app(_settings(instance), server.url("app", name))
    web = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=web.serve_forever, daemon=True)
    serving.start()
    with _signing(server.url("signer", name), instance / SIGNING_KEY):
        yield Site(f"http://127.0.0.1:{web.port}", app)
    web.shutdown()
    serving.join()
    web.server_close()
    with app.app_context():
        db.engine.dispose()


def _settings(instance: Path) -> Settings:
    return Settings(
        environment="demo", instance=instance, database_url=None, host="127.0.0.1", port=0, smtp_url=None,
        mail_from="Shuniu <no-reply@localhost>", public_url="http://127.0.0.1",
    )


class _signing:  # noqa: N801 - used as a context only
    """Signs what the web process asks for, as the worker does."""

    def __init__(self, url: str, key: Path) -> None:
        self.engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
        self.signer = Signer(self.engine, key)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        while not self.ended.wait(0.2):
            self.signer.empty_queue()

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_raised: object) -> None:
        self.ended.set()
        self.thread.join()
        self.engine.dispose()


@dataclass
class Watch:
    """What went wrong on the pages of a test."""

    home: str
    troubles: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("request", self._asked)

    def _said(self, kind: str, words: str) -> None:
        if kind in ("error", "warning") and not words.startswith(ASKED_FOR):
            self.troubles.append(f"{kind}: {words}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and f"{address.scheme}://{address.netloc}" != self.home:
            self.troubles.append(f"a request to {request.url}")


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Open]:
    """Return a function that opens a browser window: open_page(login, width=…, english=…, script=…, dark=…)."""
    watch = Watch(site.url)
    contexts = []

    def opened(
        login: str | None = None, *, width: int = DESK, english: bool = False, script: bool = True, dark: bool = False,
    ) -> Page:
        context = browser.new_context(
            base_url=site.url, viewport={"width": width, "height": 900 if width > 600 else 844},
            locale="en-GB" if english else "zh-CN", timezone_id="Asia/Shanghai", java_script_enabled=script,
            color_scheme="dark" if dark else "light", accept_downloads=True,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        watch.over(page)
        if login is not None:
            sign_in(page, login)
            speak(page, "en" if english else "zh-CN")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert watch.troubles == []


def speak(page: Page, language: str) -> None:
    """Choose the language of the account, if it is not this one already."""
    if page.locator("html").get_attribute("lang") != language:
        with page.expect_navigation():
            page.locator("form[action='/language'] button").click()
    assert page.locator("html").get_attribute("lang") == language


def sign_in(page: Page, login: str) -> None:
    """Sign in as somebody of the demo."""
    page.goto("/sign-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/")
