"""Two servers, one with three bids and one with seven, answer everybody who does not bid alike, byte by byte.

Both begin as one seeded database with a published call; then bids come in by all ways (drafted with papers, handed
in, replaced, withdrawn, refused), and then ordinary work goes on, whose ids and rows would show what came between.
The clock stands still and numbers come in order, so that nothing else can differ.
"""

import io
import itertools
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from nacl import pwhash
from sqlalchemy import select

from app import clock
from app.access.actor import Actor
from app.access.models import Account, Node, Person
from app.access.sign_in import open_session
from app.cases import numbers
from app.cases.drafts import save_draft
from app.cases.models import Case
from app.documents.folder import documents_folder
from app.documents.sealed import receive_sealed
from app.documents.store import receive
from app.errors import MoveRefused
from app.extensions import db
from app.ledger.models import BudgetLine
from app.notices.jobs import tell
from app.organizations.models import Organization
from app.purchasing import sealing
from app.purchasing.sealed import Bid
from app.purchasing.tendering import Catalogue, CatalogueItem, Package
from tests import seeded as seeds
from tests.builders import District, make_actor
from tests.builders_papers import a_pdf
from tests.builders_purchasing import (
    A_BID,
    Bidder,
    Office,
    Tender,
    a_bid,
    a_bidder,
    a_plan,
    a_programme,
    call_data,
    moved,
    opened,
    plan_data,
    some_officers,
)
from tests.seeded import Seeded, User, application, signing
from tests.whole import test_routes as routes

SERVERS = {"three": 3, "seven": 7}
# A number is spent on what is refused, too: of the third who bids, on both servers, and of the fourth, on one only.
ON_BOTH, ON_ONE = "TB26-9006-1000", "TB26-9008-1000"
DIFFERS = re.compile(r"\b[0-9a-f]{16}\b|name=\"(_key|csrf_token)\" value=\"[^\"]*\"|[\w-]{22}(?=\")")


@dataclass
class Scene:
    """What both servers begin with, and what to ask them."""

    base: Seeded
    tender: Tender
    bidders: list[Bidder]
    programme: int
    staff_node: dict[int, int]
    now: datetime


def office_of(session: Any, users: dict[str, User], now: datetime) -> Office:
    """Return the first seeded city's buying office, with a catalogue and a second buyer."""
    def actor(name: str) -> Actor:
        account = session.scalars(select(Account).where(Account.login == name)).one()
        return Actor(account.person_id, account.id, session.get_one(Person, account.person_id).name)

    city, district = (session.scalars(select(Node).where(Node.code == code)).one() for code in ("110000", "110102"))
    line = session.scalars(select(BudgetLine).order_by(BudgetLine.id)).first()
    buyer = session.get_one(Node, line.node_id)
    catalogue = Catalogue(division="110000", source="示例目录", imported_at=now)
    session.add(catalogue)
    session.flush()
    item = None
    for level, code in ((1, "A"), (2, "A10"), (3, "A1003")):
        above = item.id if item else None
        item = CatalogueItem(catalogue_id=catalogue.id, code=code, name=code, level=level, parent_id=above)
        session.add(item)
        session.flush()
    some = session.scalars(select(Organization).order_by(Organization.id)).first()
    return Office(
        District(city, district, buyer, some, {}), line, line.id, buyer.id, item.id, item.id,
        actor("bj-project_officer"), actor("bj-buyer"), make_actor(session, "负责人乙", ("buyer", buyer.id)),
        actor("gy-buyer"), now,
    )


def in_order(start: int) -> Callable[[str, datetime], str]:
    """Return a maker of numbers that counts: both servers then give the same ones."""
    count = itertools.count()
    return lambda prefix, now: f"{prefix}26-9{next(count):03d}-{start:04d}"


def stand_still(patch: pytest.MonkeyPatch, at: datetime) -> None:
    """Let every module of the application see the same moment for ever."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("app", "tests") and getattr(module, "real_now", None) is not None:
            patch.setattr(module, "real_now", lambda: at)


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Changes that last for the module: the same clock, numbers in order, quick keys."""
    with pytest.MonkeyPatch.context() as context:
        context.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))
        yield context


@pytest.fixture(scope="module")
def scene(server: Any, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Scene:
    """Two seeded cities with a published call in the first, seven organizations that may bid, and no bid."""
    template, folder, told = seeds._seed_once(server, tmp_path_factory.mktemp("seed"))
    server.create_database("sealed_base", template)
    instance = tmp_path_factory.mktemp("sealed_base") / "instance"
    shutil.copytree(folder, instance)
    app = application(server, "sealed_base", instance)
    app.test_client_class = seeds.Apart
    base = Seeded(app, server.url("owner", "sealed_base"), told)
    with app.app_context():
        session = db.session
        now = clock.business_now(session)
        office = office_of(session, {user.name: user for user in base.users}, now)
        session.commit()
        programme = a_programme(session, office)
        plan = a_plan(session, office, programme)
        officers = some_officers(session, office)
        due = now + timedelta(days=25)
        said = {"bids_due_at": due.isoformat(), "documents_until": due.date().isoformat()}
        call = opened(session, office, "call", "draft", officers[0], **call_data(session, plan, officers, **said))
        moved(session, office, call.number, "publish", office.buyer)
        bidders = [a_bidder(session, office) for _ in range(7)]
        nodes = {row.id: row.node_id for row in session.execute(select(Organization.id, Organization.node_id))}
        packages = packages_of(session, call.number)
        session.expunge_all()
        made = Scene(base, Tender(office, call.number, packages, officers), bidders, programme, nodes, now)
    stand_still(patch, now + timedelta(hours=2))
    return made


def packages_of(session: Any, call: str) -> list[Case]:
    """Return the packages of this call, and of no other that the seed published."""
    call_id = select(Case.id).where(Case.number == call).scalar_subquery()
    found = select(Case).join(Package, Package.case_id == Case.id).where(Package.call_id == call_id)
    return list(session.scalars(found.order_by(Case.id)))


def bids_come_in(scene: Scene, many: int) -> None:
    """Let so many organizations bid for the first package, each in all the ways a bid takes."""
    session, tender, late = db.session, scene.tender, scene.now + timedelta(days=26)
    for n, bidder in enumerate(scene.bidders[:many]):
        who = bidder.staff
        open_session(session, account_id=who.account_id, user_agent="bidder", now=scene.now)
        kept = receive_sealed(
            session, io.BytesIO(a_pdf(b"%d" % n)), folder=documents_folder(), filename="方案.pdf",
            organization_id=bidder.organization_id, person_id=who.person_id, now=scene.now,
        )
        session.commit()
        save_draft(
            session, holder_node_id=scene.staff_node[bidder.organization_id], kind="bid", trigger="hand_in",
            case_id=None, data=A_BID, revision=0, person_id=who.person_id, now=scene.now,
        )
        with pytest.raises(MoveRefused):
            a_bid(session, tender, bidder, at=late)
        number = a_bid(session, tender, bidder, documents=[{"slot": "proposal", "document_id": kept}])
        moved(session, tender.office, number, "replace", who, at=scene.now + timedelta(hours=1), **A_BID)
        with pytest.raises(MoveRefused):
            moved(session, tender.office, number, "withdraw", who, at=late)
        if n % 2:
            moved(session, tender.office, number, "withdraw", who, at=scene.now + timedelta(hours=1))
            a_bid(session, tender, bidder)


def bids_for(session: Any, package: int) -> set[str]:
    """Return the numbers of all bids for this package, in whatever state."""
    return set(session.scalars(select(Case.number).join(Bid, Bid.case_id == Case.id).where(Bid.package_id == package)))


def ordinary_work(scene: Scene) -> None:
    """Let others go on: a case, a refused attempt, a paper, notices; then the worker does its jobs."""
    session, office = db.session, scene.tender.office
    data = plan_data(office, scene.programme, title="后来的计划", amount_fen=100_00)
    plan = opened(session, office, "plan", "propose", office.project_officer, **data)
    with pytest.raises(MoveRefused):
        moved(session, office, plan.number, "approve", office.project_officer)
    receive(
        session, io.BytesIO(a_pdf(b"later")), folder=documents_folder(), filename="后来.pdf",
        organization_id=None, person_id=office.project_officer.person_id, now=scene.now,
    )
    session.commit()
    tell()
    session.commit()


@pytest.fixture(scope="module")
def questions(scene: Scene) -> dict[str, tuple[User | None, list[str]]]:
    """Everybody who does not bid, one for each role and nobody, and all addresses to ask as them."""
    gets = [
        routes.Get(rule.rule, rule.endpoint, tuple(dict.fromkeys(routes._addresses(scene.base, rule))))
        for rule in scene.base.app.url_map.iter_rules() if "GET" in (rule.methods or ())
    ]
    tender = [scene.tender.call, *(package.number for package in scene.tender.packages)]
    bids = [ON_BOTH, ON_ONE]
    more = ["/cases?kind=bid", "/cases?kind=package", "/cases?q=投标组织", "/worklist?kind=bid", "/audit?kind=bid",
            "/audit?kind=bid&view=attempts", "/audit?view=attempts", "/api/v1/worklist?limit=1", "/apply/bid",
            "/api/v1/worklist?limit=2", "/api/v1/organizations?limit=1", "/guide/bid"]
    more += [f"/organizations/{bidder.organization_id}" for bidder in scene.bidders[:5]]
    asked = {}
    for role, user in routes.everybody(scene.base):
        addresses: list[str] = list(more)
        for get in gets:
            addresses += routes.addresses_for(scene.base, user, get)[:1]
            if "<number>" in get.rule:
                sample = get.addresses[0]
                at = re.search(r"[A-Z]+\d\d-\d{4}-\d{4}", sample)
                assert at is not None, sample
                which = tender[:1] if "bundle" in get.endpoint else [*tender[:2], *bids]
                addresses += [sample.replace(at[0], number) for number in which]
        asked[role] = user, list(dict.fromkeys(addresses))
    return asked


@pytest.fixture(scope="module")
def servers(
    server: Any, scene: Scene, questions: dict[str, Any], tmp_path_factory: pytest.TempPathFactory,
    patch: pytest.MonkeyPatch,
) -> Iterator[dict[str, Seeded]]:
    """Two copies of the scene, with three and with seven bids, on which ordinary work went on."""
    with scene.base.app.app_context():
        db.session.remove()
        db.engine.dispose()
    made = {}
    with ExitStack() as stack:
        for name, many in SERVERS.items():
            server.create_database(f"sealed_{name}", "sealed_base")
            instance = tmp_path_factory.mktemp(name) / "instance"
            shutil.copytree(Path(scene.base.app.config["INSTANCE"]), instance)
            app: Flask = application(server, f"sealed_{name}", instance)
            app.test_client_class = seeds.Apart
            with app.app_context():
                patch.setattr(numbers, "new_number", in_order(1000))
                bids_come_in(scene, many)
                patch.setattr(numbers, "new_number", in_order(2000))
                ordinary_work(scene)
                made_here = bids_for(db.session, scene.tender.packages[0].id)
                assert len(made_here) == many + many // 2
                assert {ON_BOTH, ON_ONE} & made_here == ({ON_BOTH, ON_ONE} if name == "seven" else {ON_BOTH})
                db.session.remove()
            seeds._do_the_workers_jobs(app)
            stack.enter_context(signing(app))
            made[name] = Seeded(app, server.url("owner", f"sealed_{name}"), scene.base.told)
        yield made
        for each in made.values():
            with each.app.app_context():
                db.engine.dispose()


def answer(client: Any, address: str) -> tuple[int, str, bytes]:
    """Return what came back, without what differs in every answer of one server too."""
    told = client.get(address)
    body = told.get_data()
    if told.mimetype.startswith(("text/html", "application/json", "application/problem")):
        body = DIFFERS.sub("", body.decode()).encode()
    return told.status_code, f"{told.headers.get('Content-Type')} {told.headers.get('Location', '')}", body


# A thousand answers and more: a minute or two on a quiet machine, several times that on a loaded one.
@pytest.mark.timeout(1800)
def test_two_servers_with_three_and_with_seven_bids_answer_every_non_bidder_alike(servers, questions):
    asked, unlike = 0, []
    for role, (user, addresses) in questions.items():
        clients = [each.browser(user) for each in servers.values()]
        for address in addresses:
            three, seven = (answer(client, address) for client in clients)
            asked += 1
            if three != seven:
                unlike.append((role, address, three[:2], seven[:2], _first_difference(three[2], seven[2])))

    print(f"{asked} addresses asked of both servers")
    assert not unlike, "\n" + "\n".join(map(str, unlike[:40]))
    assert asked > 1000, asked


def _first_difference(one: bytes, other: bytes) -> tuple[bytes, bytes] | None:
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return (one[max(0, at - 60):at + 60], other[max(0, at - 60):at + 60]) if one != other else None


def test_the_log_and_its_checkpoints_grow_by_what_everybody_may_know_only(servers):
    sizes = {
        name: [each.rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("log_leaves", "log_queue")]
        for name, each in servers.items()
    }
    checkpoints = [each.rows("SELECT size, root FROM checkpoints ORDER BY size") for each in servers.values()]

    assert sizes["three"] == sizes["seven"] and sizes["three"][1] == 0
    assert checkpoints[0] == checkpoints[1]
