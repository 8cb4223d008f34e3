"""The whole product as processes: started, stopped in order, killed, started again on what is there."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.database.embedded import EmbeddedServer
from app.database.provision import libpq
from tests.product import Product, eventually, own_product


@pytest.fixture
def product() -> Iterator[Product]:
    with own_product() as product:
        yield product


def test_it_starts_answers_ends_on_sigterm_and_starts_again(product: Product) -> None:
    product.start()
    began = time.monotonic()
    assert product.send(signal.SIGTERM) == 0
    assert time.monotonic() - began < 20
    assert product.processes() == {}
    log = (product.instance / "log" / "postgresql.log").read_text()
    assert log.rstrip().endswith("database system is shut down")
    product.start()
    assert product.send(signal.SIGINT) == 0
    assert product.processes() == {}


def test_a_command_joins_the_running_server_and_leaves_it_running(product: Product) -> None:
    alone = product.flask("database", "check")
    assert alone.returncode == 69, "an empty database is not one that may be served from"
    assert product.processes() == {}
    product.start()
    before = set(product.processes())
    answer = product.flask("access", "routes", "--json")
    assert answer.returncode == 0, answer.stderr
    assert isinstance(json.loads(answer.stdout), list), "stdout holds something else than the answer"
    assert set(product.processes()) == before
    assert product.answers()


def test_each_process_is_given_only_what_it_needs(product: Product) -> None:
    product.start()
    passwords = json.loads((product.instance / "database.json").read_text())

    def given(name: str) -> set[str]:
        environment = Path(f"/proc/{product.child(name)}/environ").read_text()
        known = {role for role, password in passwords.items() if password in environment}
        return known | ({"key"} if "SHUNIU_SIGNING_KEY" in environment else set())

    assert given("web") == {"app"}
    assert given("worker") == {"app", "signer", "key"}


def test_killed_it_leaves_nothing_behind_and_starts_again(product: Product) -> None:
    product.start()
    assert product.process is not None
    product.send(signal.SIGKILL)
    assert eventually(lambda: product.processes() == {}, 25), product.processes()
    product.start()
    product.send(signal.SIGKILL)
    product.start()
    assert product.send(signal.SIGTERM) == 0


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_killed_child_is_started_again(product: Product, name: str) -> None:
    product.start()
    old = product.child(name)
    os.kill(old, signal.SIGKILL)
    assert eventually(lambda: old not in product.processes())
    assert eventually(lambda: any(c.rstrip().endswith(f"app.{name}") for c in product.processes().values()))
    assert eventually(product.answers)
    assert product.send(signal.SIGTERM) == 0


def test_it_refuses_to_serve_without_a_trigger_and_names_it(product: Product) -> None:
    product.start()
    server = EmbeddedServer(product.instance)
    with psycopg.connect(libpq(server.url("owner"))) as owner:
        owner.execute("DROP TRIGGER history_keeps ON history")
    assert product.send(signal.SIGTERM) == 0
    with pytest.raises(AssertionError, match="trigger history_keeps on table history is missing"):
        product.start()
    assert product.process is not None and product.process.returncode == 78
    assert product.flask("access", "routes").returncode == 78
    assert product.processes() == {}


def test_a_taken_port_is_said_before_anything_is_started(product: Product) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", product.port))
        taken.listen()
        with pytest.raises(AssertionError, match="Choose another"):
            product.start()
    assert product.processes() == {}
