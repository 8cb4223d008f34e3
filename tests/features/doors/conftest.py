"""A district with the throw-away kind, and the ways in: a browser and a program."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.models import Person
from tests.builders import District, make_district
from tests.builders_access import browser_of, token_of
from tests.fourth_kind import loan_kind
from tests.seeded import Apart, seeded

__all__ = ["seeded"]

JSON = "application/json"
ASK = {"purpose": "居民议事会", "day": "2026-03-20", "phone": "13800001234", "deposit_fen": 10000, "documents": []}


@dataclass(frozen=True)
class Desk:
    """A district in a running application, with a way in for everybody."""

    app: Flask
    session: Any
    district: District
    keys: Callable[[], str]

    def browser(self, role: str) -> FlaskClient:
        """Return a browser of the person with this role."""
        person = self.session.get(Person, self.district.actors[role].person_id)
        client = browser_of(self.app, self.session, person)
        client.set_cookie("lang", "en")
        return client

    def headers(self, role: str, key: str | None = None) -> dict[str, str]:
        """Return what a program of the person with this role sends."""
        person = self.session.get(Person, self.district.actors[role].person_id)
        return {**token_of(self.session, person), "Idempotency-Key": key or self.keys(), "Accept-Language": "en"}

    def ask(self, key: str | None = None, role: str = "staff", **data: Any) -> Any:
        """Ask for a room through the API."""
        return self.app.test_client().post(
            "/api/v1/cases/loan", data=json.dumps({"data": {**ASK, **data}}), content_type=JSON,
            headers=self.headers(role, key),
        )

    def asked(self) -> str:
        """Return the number of a new case."""
        answer = self.ask()
        assert answer.status_code == 201, answer.text
        return str(answer.json["number"])

    def move(self, number: str, trigger: str, body: Any, role: str = "registrar", key: str | None = None) -> Any:
        """Move a case through the API with this very body."""
        return self.app.test_client().post(
            f"/api/v1/cases/loan/{number}/{trigger}", data=json.dumps(body), content_type=JSON,
            headers=self.headers(role, key),
        )

    def case(self, number: str, role: str = "registrar") -> Any:
        """Return the case as the API tells it."""
        return self.app.test_client().get(f"/api/v1/cases/{number}", headers=self.headers(role)).json


@pytest.fixture
def desk(app: Flask, session: Any) -> Iterator[Desk]:
    """A district where rooms can be borrowed."""
    numbers = iter(range(10_000))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.test_client_class = Apart
    with loan_kind():
        yield Desk(app, session, make_district(session), lambda: f"key-{next(numbers)}")


@pytest.fixture
def staff(desk):
    """The applicant's browser."""
    return desk.browser("staff")


@pytest.fixture
def registrar(desk):
    """The registrar's browser."""
    return desk.browser("registrar")
