"""Builders of moves to be audited: loans of a room made by perform(), and a signer beside them."""

import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine

from app.access.actor import Actor
from app.access.sign_in import open_session
from app.cases.perform import perform
from app.clock import real_now
from app.documents.folder import documents_folder
from app.documents.store import receive
from app.errors import Answer
from app.worker import Signer
from tests.builders import District
from tests.builders_access import apart
from tests.builders_papers import a_pdf

ASK = {"purpose": "居民议事会", "day": "2026-03-20", "phone": "13800001234", "deposit_fen": 10000}


def a_paper(session: Any, district: District, now: datetime, body: bytes = b"the plan\n") -> int:
    """Return the id of a paper of the organization."""
    paper = receive(
        session, io.BytesIO(a_pdf(body)), folder=documents_folder(), filename="活动方案.pdf",
        organization_id=district.organization.id, person_id=district.actors["staff"].person_id or 0, now=now,
    )
    session.commit()
    return paper.id


def a_loan(session: Any, district: District, now: datetime, **more: Any) -> str:
    """Return the number of a loan that was asked for, with a paper."""
    documents = [{"slot": "plan", "document_id": a_paper(session, district, now)}]
    data = {**ASK, "documents": documents, **more}
    return perform(session, kind="loan", trigger="ask", actor=district.actors["staff"], data=data, now=now).number


def lend(session: Any, district: District, number: str, now: datetime, revision: int = 1) -> Answer:
    """Let the registrar lend the room."""
    return perform(
        session, kind="loan", number=number, trigger="lend", actor=district.actors["registrar"],
        data={"remark": "请保持整洁"}, revision=revision, now=now, request_id="request-7",
    )


@dataclass(frozen=True)
class Browser:
    """A client whose requests stand in contexts of their own, as a server's do."""

    client: FlaskClient

    def get(self, address: str, **more: Any) -> Any:
        """Fetch a page."""
        return apart(self.client.get, address, **more)

    def post(self, address: str, **more: Any) -> Any:
        """Send a form."""
        return apart(self.client.post, address, **more)


def client_of(app: Flask, session: Any, actor: Actor) -> Browser:
    """Return a browser that is signed in as the actor."""
    token = open_session(session, account_id=actor.account_id or 0, user_agent="test", now=real_now())
    session.commit()
    client = app.test_client()
    client.set_cookie("sid", token)
    return Browser(client)


@contextmanager
def a_signer(app: Flask) -> Iterator[Signer]:
    """Run what the worker runs every second, more often, until the block ends."""
    engine = create_engine(app.config["SIGNER_URL"])
    signer = Signer(engine, Path(app.config["SIGNING_KEY"]))
    end = threading.Event()

    def work() -> None:
        while not end.wait(0.02):
            signer.empty_queue()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield signer
    finally:
        end.set()
        thread.join()
        engine.dispose()


def verified(folder: Path, bundle: bytes, *asked: str, verifier: bytes | None = None) -> tuple[int, str]:
    """Run the bundle's verify.py (or another) on it, as anybody would; return exit status and words."""
    folder.mkdir(exist_ok=True)
    (folder / "bundle.zip").write_bytes(bundle)
    (folder / "verify.py").write_bytes(verifier or member(bundle, "verify.py"))
    run = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "bundle.zip", *asked], cwd=folder, capture_output=True,
        text=True, encoding="utf-8", timeout=60, check=False, env={"PYTHONUTF8": "1"},
    )
    return run.returncode, run.stdout + run.stderr


def member(bundle: bytes, name: str) -> bytes:
    """Return one member of the bundle."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return archive.read(name)


def members(bundle: bytes) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {info.filename: info for info in archive.infolist()}


def flipped(bundle: bytes, name: str) -> bytes:
    """Return the bundle with one bit changed in the middle of a member."""
    info = members(bundle)[name]
    start = info.header_offset + 30 + len(name.encode()) + info.compress_size // 2
    changed = bytearray(bundle)
    changed[start] ^= 1
    return bytes(changed)
