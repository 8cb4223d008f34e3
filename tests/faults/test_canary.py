"""A canary in sealed bids is nowhere before the opening: not on the disk, not in a log, not in anybody's answer.

Bids are drafted, saved by themselves, corrected after mistakes, handed in, replaced and withdrawn through the pages
and the API, on a PostgreSQL that logs every statement with its parameters. Then every byte is searched: data files
and write-ahead log before and after VACUUM FULL and recycling, logs, documents, temporary files, answers, and a backup.
"""

import base64
import io
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from nacl import pwhash
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app.access.sign_in import open_session
from app.backup.manifest import DATABASE
from app.backup.programs import program
from app.backup.writing import Source, make_backup
from app.cases.models import Case, SealedInput
from app.clock import business_now, real_now
from app.database.embedded import ROLES, EmbeddedServer
from app.database.migrate import migrate
from app.database.provision import Urls
from app.extensions import db
from app.organizations.models import Organization
from app.purchasing import sealing
from tests import seeded as seeds
from tests.browsing import Person as Browsing
from tests.builders import make_actor
from tests.builders_papers import a_pdf
from tests.builders_purchasing import (
    Office,
    Tender,
    a_bidder,
    a_plan,
    a_programme,
    an_office,
    call_data,
    moved,
    opened,
    some_officers,
)

PRICES = {"first": 98_765_41, "second": 87_654_13}
WORDS = "金丝雀在矿井里歌唱"
LATIN = "canary-in-the-coal-mine"


def encodings() -> dict[str, bytes]:
    """Return every form in which a canary could lie around, by name."""
    found: dict[str, bytes] = {}
    for which, fen in PRICES.items():
        yuan = f"{fen // 100}.{fen % 100:02d}"
        texts = {"fen": str(fen), "yuan": yuan, "formatted": f"{fen // 100:,}.{fen % 100:02d}",
                 "ten thousand": f"{fen / 1_000_000:.6f}"}
        found |= {f"{which} {name}": words.encode() for name, words in texts.items()}
        found |= {f"{which} binary {order}": fen.to_bytes(8, order) for order in ("big", "little")}
        found[f"{which} utf-16"] = yuan.encode("utf-16-le")
    for name, words in (("words", WORDS), ("latin", LATIN)):
        found |= {f"{name} {code}": words.encode(code) for code in ("utf-8", "gb18030", "utf-16-le")}
        found[f"{name} json"] = json.dumps(words)[1:-1].encode()
        found[f"{name} url"] = quote(words).encode()
        found[f"{name} hex"] = words.encode().hex().encode()
        for shift in range(3):  # base64 reads differently at each of three offsets; its rim depends on neighbours
            found[f"{name} base64 {shift}"] = base64.b64encode(b"\0" * shift + words.encode())[4:-4]
    return found


CANARIES = encodings()


def sung(content: bytes) -> list[str]:
    """Return the canaries in these bytes."""
    return [name for name, canary in CANARIES.items() if canary in content]


def sung_in(*folders: Path) -> list[tuple[str, list[str]]]:
    """Return the files below the folders in which a canary sings, and all files were read."""
    found = []
    for folder in folders:
        files = [path for path in Path(os.path.realpath(folder)).rglob("*") if path.is_file()]
        for path in files:
            with suppress(FileNotFoundError):  # PostgreSQL goes on working meanwhile
                if names := sung(path.read_bytes()):
                    found.append((str(path), names))
    return found


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[EmbeddedServer, Path]]:
    """A PostgreSQL of its own that logs all statements with what was bound, and a folder for temporary files."""
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))
    with tempfile.TemporaryDirectory(prefix="shuniu-canary-") as folder:
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        server = EmbeddedServer(Path(folder), fsync=False)
        server.start()
        try:
            server.create_database("mine")
            migrate(server.url("owner", "mine"))
            as_superuser(server, "ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
            yield server, temporary
        finally:
            server.stop()


def as_superuser(server: EmbeddedServer, *statements: str) -> None:
    password = json.loads((server.instance / "database.json").read_text())["superuser"]
    url = make_url(server.url("owner", "mine")).set(drivername="postgresql", username="postgres", password=password)
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def a_town(session: Any) -> tuple[Tender, list[Any], Any]:
    """Return a published call, five organizations that may bid, and an auditor; committed."""
    office: Office = an_office(session)
    office.now = business_now(session)
    session.commit()
    plan = a_plan(session, office, a_programme(session, office))
    officers = some_officers(session, office)
    due = office.now + timedelta(days=25)
    said = {"bids_due_at": due.isoformat(), "documents_until": due.date().isoformat()}
    call = opened(session, office, "call", "draft", officers[0], **call_data(session, plan, officers, **said))
    moved(session, office, call.number, "publish", office.buyer)
    auditor = make_actor(session, "审计", ("auditor", office.place.city.id))
    bidders = [a_bidder(session, office) for _ in range(5)]
    session.commit()
    packages = list(session.scalars(select(Case).where(Case.kind == "package").order_by(Case.id)))
    session.expunge_all()
    return Tender(office, call.number, packages, officers), bidders, auditor


def browser_of(app: Any, actor: Any) -> Browsing:
    client = app.test_client()
    with app.app_context():
        token = open_session(db.session, account_id=actor.account_id, user_agent="test", now=real_now())
        db.session.commit()
    client.set_cookie("sid", token)
    client.set_cookie("lang", "en")
    return Browsing(client)


def typed(price_fen: int, package: int, **more: Any) -> dict[str, Any]:
    """Return what a person types into the form of a bid."""
    yuan = f"{price_fen // 100:,}.{price_fen % 100:02d}"
    return {
        "package": str(package), "price_fen": yuan, "budget-0-name": LATIN, "budget-0-amount_fen": yuan,
        "approach": f"{WORDS}，{LATIN}", "team": WORDS, "declaration": "y", **more,
    }


def a_file() -> tuple[io.BytesIO, str]:
    """Return an upload whose name and content sing; larger than what is kept in memory on the way in."""
    words = f"% {WORDS} {LATIN} {PRICES['first']}\n".encode() * 20_000
    return io.BytesIO(a_pdf(words)), f"{LATIN}-{WORDS}.pdf"


def bids_are_made(app: Any, tender: Tender, bidders: list[Any]) -> list[str]:
    """Draft, correct, hand in, replace and withdraw through the pages; return the numbers of the bids."""
    package = tender.packages[0].id
    first, second, third, late = (browser_of(app, bidder.staff) for bidder in bidders[:4])
    form = typed(PRICES["first"], package)
    drafts = f"/drafts/bid/hand_in?holder={_node(app, bidders[0])}"
    saved = first.client.post(drafts, data={**form, "_draft_revision": "0"})
    assert saved.status_code in (200, 303), saved.text
    wrong_sum = first.client.post("/apply/bid", data={
        **form, "budget-0-amount_fen": "1.00", "_key": "k1", "documents-proposal-file": a_file(),
    })
    too_much = first.client.post("/apply/bid", data={
        **form, "price_fen": "98,765,410.00", "budget-0-amount_fen": "98,765,410.00", "_key": "k2",
    })
    assert (wrong_sum.status_code, too_much.status_code) == (422, 422)
    numbers = []
    for n, browser in enumerate((first, second, third)):
        sent = {**form, "_key": f"hand-in-{n}", "documents-proposal-file": a_file()}
        answer = browser.client.post("/apply/bid", data=sent)
        assert answer.status_code == 303, answer.text
        numbers.append(answer.headers["Location"].split("/")[2])
    again = first.client.post("/apply/bid", data={
        **form, "_key": "hand-in-0", "documents-proposal-file": a_file(),
    })
    assert (again.status_code, again.headers["Location"].split("/")[2]) == (303, numbers[0])
    replaced = second.client.post(f"/cases/{numbers[1]}/do/replace", data={
        **typed(PRICES["second"], package), "_revision": "1", "_key": "r", "documents-proposal-file": a_file(),
    })
    withdrawn = third.client.post(f"/cases/{numbers[2]}", data={
        "trigger": "withdraw", "withdraw-reason": WORDS, "_revision": "1", "_key": "w",
    })
    assert (replaced.status_code, withdrawn.status_code) == (303, 303), withdrawn.text
    unsent = late.client.post(f"/drafts/bid/hand_in?holder={_node(app, bidders[3])}", data={
        **form, "_draft_revision": "0", "documents-proposal-file": a_file(),
    })
    assert unsent.status_code in (200, 303), unsent.text
    return numbers


def _node(app: Any, bidder: Any) -> int:
    with app.app_context():
        return db.session.get_one(Organization, bidder.organization_id).node_id


def answers(app: Any, tender: Tender, bids: list[str], actor: Any) -> Iterator[tuple[str, bytes]]:
    """Yield what one person is answered on every page without parameters and on every page of a case."""
    client = browser_of(app, actor).client
    numbers = [tender.call, *(package.number for package in tender.packages), *bids]
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or "bundle" in rule.endpoint:
            continue
        addresses = [rule.rule] if not rule.arguments else []
        if rule.arguments == {"number"}:
            addresses = [rule.rule.replace("<number>", number) for number in numbers]
        for address in addresses:
            yield address, client.get(address).get_data()


def test_a_canary_in_a_sealed_bid_is_nowhere_before_the_opening(mine, tmp_path, capfd):
    server, temporary = mine
    app = seeds.application(server, "mine", tmp_path / "instance")
    app.test_client_class = seeds.Apart
    with app.app_context():
        tender, bidders, auditor = a_town(db.session)
        db.session.remove()
    bids = bids_are_made(app, tender, bidders)
    office = tender.office
    with app.app_context():
        assert len(db.session.scalars(select(SealedInput)).all()) == 5
        db.session.remove()

    heard = [
        (actor.name, address, sung(body))
        for actor in (office.project_officer, office.buyer, auditor, bidders[4].staff)
        for address, body in answers(app, tender, bids, actor) if sung(body)
    ]
    logged = sung("".join(capfd.readouterr()).encode())
    as_superuser(server, "CHECKPOINT")
    places = [server.instance, server.instance / "postgresql", tmp_path / "instance", temporary]
    before = sung_in(*places)
    as_superuser(server, "VACUUM FULL", "SELECT pg_switch_wal()", "CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT")
    after = sung_in(*places)

    shelf = tmp_path / "shelf"
    urls = Urls(*(server.url(role, "mine") for role in ROLES))
    made = make_backup(Source(urls, tmp_path / "instance"), shelf, with_keys=True)
    # A dump is packed: the script that it holds is what lies in it.
    script = ["-f", str(shelf / "script.sql"), str(made.folder / DATABASE)]
    subprocess.run([program("pg_restore"), *script], check=True)
    assert len(made.manifest.papers) > 1 and made.manifest.flaws == []

    assert (heard, logged, before, after, sung_in(shelf)) == ([], [], [], [], [])
    with app.app_context():
        case = db.session.scalars(select(Case).where(Case.number == bids[0])).one()
        assert (case.state, case.sealed) == ("handed_in", True)
        db.session.remove()
        db.engine.dispose()


def test_the_search_finds_what_is_there():
    for name, canary in CANARIES.items():
        assert name in sung(b"before " + canary + b" after")
    assert sung(b"nothing sings here 1234567") == []
