"""A city in a database of its own whose people send moves over the API, at a clock that the test moves."""

import json
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg.rows import namedtuple_row
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.cases.due import fire_due
from app.clock import SHANGHAI, business_now, real_now
from app.database.embedded import EmbeddedServer
from app.delivery.steps import make_codes
from app.demo.building import Builder, Member
from app.extensions import db
from app.ledger.steps import Because, appropriate
from app.organizations.models import Organization
from app.purchasing.steps import ContractTerms, InstalmentTerm, sign_contract
from app.purchasing.tendering import Catalogue, CatalogueItem
from app.seed.city import City, Plan, build_city
from app.worker import Signer
from tests.conftest import TEMPLATE
from tests.random_moves.again import the_same_again
from tests.seeded import Apart, application, signer_of

START = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
"""Monday, 1 June 2026, 09:00 in Shanghai: whatever the machine's clock says, a seed tells the same story."""
CITY = Plan("110102", "110000", "xc", "北京市西城区")
APPROPRIATED = 9 * 10**14
"""In fen: enough for every plan of a run."""
CONDITIONS = ("none", "report", "mid_evaluation", "final_evaluation", "acceptance")
ENDINGS = (("social_service", "社会工作服务中心"), ("association", "志愿者协会"))
"""The legal classes that the district registers, and how their names end."""


@dataclass
class World:
    """The running application, who is in it, and the random numbers that decide what they do."""

    app: Flask
    builder: Builder
    city: City
    seed: int
    chance: random.Random
    superuser: str
    watch: psycopg.Connection[Any]
    signer: Signer
    codes: dict[int, list[str]] = field(default_factory=dict)
    evaluators: list[Member] = field(default_factory=list)
    papers: dict[tuple[int | None, int, str], int] = field(default_factory=dict)
    contracts: int = 0

    @property
    def session(self) -> Any:
        """The session of the test itself; whoever sends a request has another."""
        return db.session

    @property
    def now(self) -> datetime:
        """The business clock."""
        return business_now(self.session)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Return what the database answers to a connection that has nothing to do with the application's."""
        return self.watch.execute(as_the_driver_takes_it(statement), values).fetchall()

    def member(self, person_id: int) -> Member:
        """Return the person by id."""
        return next(m for m in self.builder.members if m.actor.person_id == person_id)

    def client(self, member: Member | None) -> FlaskClient:
        """Return a program that sends the person's token; None is anybody."""
        client = self.app.test_client()
        if member is not None:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {member.token}"
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = self.chance.choice(("en", "zh-CN"))
        return client

    def paper(self, member: Member, organization_id: int | None, slot: str) -> int:
        """Return the id of a paper that the person has handed in for the organization, or for an office."""
        key = (organization_id, member.actor.person_id or 0, slot)
        if key not in self.papers:
            organization = self.session.get(Organization, organization_id) if organization_id else Organization(id=None)
            self.builder.now = self.now
            self.papers[key] = self.builder.paper(member, organization, slot).id
        return self.papers[key]

    def move_clock(self, *, by: timedelta, fire: bool) -> int:
        """Let time pass; return how many due moves were fired. Unfired ones wait for whoever comes next."""
        if not fire:
            seconds = int(by.total_seconds())
            self.session.execute(text("UPDATE business_clock SET ahead_seconds = ahead_seconds + :s"), {"s": seconds})
            self.session.commit()
            return 0
        from_, fired = self.now, 0
        set_clock(self.session, from_ + by)
        while count := fire_due(self.session, self.now):
            fired += count
        return fired

    def sign_a_checkpoint(self) -> None:
        """Do what the worker does once a minute: put every new row into the log, and sign it."""
        self.signer.empty_queue()
        self.signer.sign()

    def sign_a_contract(self, organization: Organization) -> None:
        """Sign a contract in two to four instalments, each with a random condition."""
        self.contracts += 1
        parts = self.chance.randint(2, 4)
        shares = [10_000 // parts] * (parts - 1)
        shares.append(10_000 - sum(shares))
        terms = [InstalmentTerm(share, f"第{n}期", self.chance.choice(CONDITIONS)) for n, share in enumerate(shares, 1)]
        number, today = f"RM-{self.contracts:04d}", self.now.astimezone(SHANGHAI).date()
        sign_contract(self.session, ContractTerms(
            number=number, title=f"随机服务项目{self.contracts}", organization_id=organization.id,
            node_id=self.city.office.id, budget_line_id=self.city.line.id,
            amount_fen=self.chance.randint(10_000, 3_000_000), signed_on=today, ends_on=today + timedelta(days=300),
            instalments=terms, signed_by=self.city.people["buyer"].actor.person_id,
        ), now=self.now)
        self.session.commit()

    def found_an_organization(self, *, registered: bool) -> None:
        """Add an organization with its staff."""
        number = len(self.builder.members)
        legal_type, ending = self.chance.choice(ENDINGS)
        name = f"北京市西城区随机{number}号{ending}"
        self.builder.now = self.now
        organization = (
            self.builder.registered(CITY.division, name, self.city.people["registrar"], legal_type=legal_type)
            if registered else self.builder.founders(CITY.division, name, legal_type)
        )
        node = self.builder.node(organization.node_id)
        member = self.builder.person(f"经办{number}", f"random-staff{number}", [("staff", node)],
                                     organization=str(organization.id))
        (self.city.registered if registered else self.city.preparing).append((organization, member))

    def codes_of(self, case_id: int) -> list[str]:
        """Return the codes of an evaluation that nobody has used, made when first asked for."""
        if case_id not in self.codes:
            self.codes[case_id] = make_codes(self.session, case_id)
            self.session.commit()
        return self.codes[case_id]

    def damage(self, case_id: int) -> None:
        """Spoil what was sealed for a case, past every protection: as a broken disk would."""
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "UPDATE sealed_inputs SET ciphertext = set_byte(ciphertext, 70, 255 - get_byte(ciphertext, 70))"
                " WHERE case_id = %s", (case_id,)
            )


@lru_cache(maxsize=1024)
def as_the_driver_takes_it(statement: str) -> bytes:
    return re.sub(r"(?<!:):([a-z_]+)", r"%(\1)s", statement.replace("%", "%%")).encode()


def set_clock(session: Any, to: datetime) -> None:
    """Set the business clock."""
    seconds = int((to - real_now()).total_seconds())
    session.execute(text("UPDATE business_clock SET ahead_seconds = :s"), {"s": seconds})
    session.commit()


def _more_people(world: World) -> None:
    """Add second holders of every office, people of many hats, and evaluators from outside."""
    builder, city = world.builder, world.city
    hub, office, district = city.hub_node, city.office, city.district
    base = builder.session.execute(text("SELECT node_id FROM incubators ORDER BY id LIMIT 1")).scalar_one()
    places = {
        "registrar": district, "hub_officer": hub, "incubator_operator": builder.node(base), "buyer": office,
        "project_officer": office, "finance_officer": office, "finance_approver": office, "cashier": office,
        "procurement_supervisor": office,
    }
    for role, node in places.items():
        builder.person(f"第二{role}", f"second-{role}", [(role, node)])
    organization = builder.node(city.registered[0][0].node_id)
    # They may do everything by their roles: only what they did before stands in their way.
    for n in range(2):
        builder.person(f"多面手{n}", f"hats{n}", [*places.items(), ("staff", organization)])
    for n in range(3, 8):
        builder.person(f"评审{n}", f"random-expert{n}", [("expert", district)])
    world.evaluators += [
        builder.person(f"评估{n}", f"random-evaluator{n}", [("evaluator", district)]) for n in range(4)
    ]
    builder.person("外地登记", "elsewhere", [("registrar", builder.place("520115"))])


def _catalogue(builder: Builder) -> None:
    catalogue = Catalogue(division="110000", source="示例目录", imported_at=builder.now)
    builder.session.add(catalogue)
    builder.session.flush()
    above = None
    for level, code in ((1, "A"), (2, "A10"), (3, "A1001"), (3, "A1002"), (3, "A1003")):
        item = CatalogueItem(catalogue_id=catalogue.id, code=code, name=f"示例{code}", level=level, parent_id=above)
        builder.session.add(item)
        builder.session.flush()
        above = item.id if level < 3 else above
    builder.session.commit()


def _superuser(server: EmbeddedServer, name: str) -> str:
    password = json.loads((server.instance / "database.json").read_text())["superuser"]
    url = make_url(server.url("owner", name)).set(drivername="postgresql", username="postgres", password=password)
    return url.render_as_string(hide_password=False)


@contextmanager
def a_world(server: EmbeddedServer, factory: pytest.TempPathFactory, seed: int) -> Iterator[World]:
    """Yield a city with people and cases in many states, on the morning of START."""
    name = f"random_{seed}_{random.randrange(10**6)}"
    server.create_database(name, TEMPLATE)
    app = application(server, name, factory.mktemp("random") / "instance", PROPAGATE_EXCEPTIONS=True)
    app.test_client_class = Apart
    chance = random.Random(seed)
    try:
        with the_same_again(seed, START), app.app_context():
            set_clock(db.session, START)
            builder = Builder(db.session, app.config["DOCUMENTS"], START)
            city = build_city(builder, CITY, chance)
            set_clock(db.session, START)
            superuser = _superuser(server, name)
            with psycopg.connect(superuser, autocommit=True, row_factory=namedtuple_row) as watch:
                signer = signer_of(app)
                world = World(app, builder, city, seed, chance, superuser, watch, signer)
                _more_people(world)
                _catalogue(builder)
                appropriate(db.session, city.line.id, APPROPRIATED, Because(now=builder.now, reference="随机"))
                db.session.commit()
                yield world
                signer.engine.dispose()
            db.session.remove()
            db.engine.dispose()
    finally:
        server.drop_database(name)

