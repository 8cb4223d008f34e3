"""Everybody at once, over HTTP against the running product: one decision, one effect, one payment."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import app.cases.models  # noqa: F401 - tables that the ledger's rows point to
from app.clock import real_now
from app.database.embedded import EmbeddedServer
from app.ledger.queries import budget_position, ledger_mistakes
from app.ledger.steps import Because, appropriate, open_budget_line
from app.ledger.transfers import NotEnough
from app.organizations.models import Organization
from app.purchasing.steps import ContractTerms, InstalmentTerm, sign_contract
from tests.product import Product, Program, Reply, Seed, at_once, own_product

CROWD = 100


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Product, Seed]]:
    """One server for this module, with the two cities of the seed."""
    with own_product(SHUNIU_ENV="test") as product:
        seed = product.seed()
        product.start()
        yield product, seed


def row(product: Product, statement: str, *values: object) -> tuple[object, ...]:
    with psycopg.connect(product.address()) as connection:
        found = connection.execute(statement.encode(), values).fetchone()
        assert found is not None
        return found


def moves_of(product: Product, number: str, trigger: str) -> object:
    return row(
        product, "SELECT count(*) FROM history h JOIN cases c ON c.id = h.case_id"
        " WHERE c.number = %s AND h.trigger = %s", number, trigger,
    )[0]


def statuses(replies: list[Reply]) -> Counter[int]:
    assert all(isinstance(reply, Reply) for reply in replies), replies
    return Counter(reply.status for reply in replies)


@pytest.mark.parametrize("which", [0, pytest.param(2, marks=pytest.mark.long)])
def test_of_a_hundred_approvals_of_one_payment_one_counts(running: tuple[Product, Seed], which: int) -> None:
    product, seed = running
    number = seed.cases("payment", "finance_checked")[which]
    approver = Program(product.port, seed.token("bj-finance_approver" if which < 2 else "gy-finance_approver"))
    revision, data = approver.offered(number, "approve")
    payable = "SELECT sum(credits - debits) FROM ledger_accounts WHERE name = 'payable'"
    before = row(product, payable)[0]

    replies = at_once(CROWD, lambda _n: approver.post(
        f"/api/v1/cases/payment/{number}/approve", {"revision": revision, "data": data}, uuid4().hex
    ))

    assert statuses(replies) == {200: 1, 409: 99}
    assert {reply.body["code"] for reply in replies if reply.status == 409} == {"stale_revision"}
    assert moves_of(product, number, "approve") == 1
    assert row(product, payable)[0] - before == data["amount_fen"]  # type: ignore[operator]
    assert row(product, "SELECT count(*) FROM transfers t JOIN cases c ON c.id = t.case_id"
                        " WHERE c.number = %s AND t.code = 'ACCRUE'", number) == (1,)


def test_the_same_key_a_hundred_times_has_one_effect_and_a_hundred_equal_receipts(
    running: tuple[Product, Seed]
) -> None:
    product, seed = running
    number = seed.cases("payment", "finance_checked")[1]
    approver = Program(product.port, seed.token("bj-finance_approver"))
    revision, data = approver.offered(number, "approve")
    path, key = f"/api/v1/cases/payment/{number}/approve", uuid4().hex

    replies = at_once(CROWD, lambda _n: approver.post(path, {"revision": revision, "data": data}, key))

    assert statuses(replies) == {200: CROWD}
    assert len({reply.body["receipt"] for reply in replies}) == 1
    assert [reply.replayed for reply in replies].count(False) == 1
    assert moves_of(product, number, "approve") == 1

    other = {"revision": revision, "data": {**data, "amount_fen": data["amount_fen"] + 1}}
    refused = at_once(CROWD, lambda _n: approver.post(path, other, key))
    assert statuses(refused) == {422: CROWD}
    assert {reply.body["code"] for reply in refused} == {"key_reused"}
    assert moves_of(product, number, "approve") == 1


def test_the_same_key_a_hundred_times_opens_one_case(running: tuple[Product, Seed]) -> None:
    product, seed = running
    staff = Program(product.port, seed.token("bj-staff14"))
    hub = row(product, "SELECT node_id FROM hubs ORDER BY node_id LIMIT 1")[0]
    data, key = {"hub": hub, "wants_primary": False}, uuid4().hex
    before = row(product, "SELECT count(*) FROM cases")[0]

    replies = at_once(CROWD, lambda _n: staff.post("/api/v1/cases/affiliation", {"data": data}, key))

    assert statuses(replies) == {201: CROWD}
    assert len({reply.body["receipt"] for reply in replies}) == 1
    assert row(product, "SELECT count(*) FROM cases")[0] - before == 1  # type: ignore[operator]


def test_of_a_hundred_applications_for_one_instalment_one_is_taken(running: tuple[Product, Seed]) -> None:
    product, seed = running
    staff = Program(product.port, seed.token("gy-staff7"))
    earlier = seed.cases("payment", "applied")[1]
    revision, _data = staff.offered(earlier, "withdraw")
    instalment, invoice, name = row(
        product, "SELECT p.instalment_id, p.invoice_no, p.payee_name FROM payments p"
        " JOIN cases c ON c.id = p.case_id WHERE c.number = %s", earlier,
    )
    papers = staff.get(f"/api/v1/cases/{earlier}").body["documents"]
    withdrawn = staff.post(
        f"/api/v1/cases/payment/{earlier}/withdraw", {"revision": revision, "data": {}}, uuid4().hex
    )
    assert withdrawn.status == 200, withdrawn.body
    data = {
        "instalment": instalment, "invoice_no": invoice, "payee_name": name, "payee_bank": "示例银行",
        "payee_account": "0200001209001234567", "report": "本阶段服务已经完成，材料齐全，请予核对。",
        "documents": [{"slot": paper["slot"], "document_id": paper["id"]} for paper in papers],
    }

    replies = at_once(CROWD, lambda _n: staff.post("/api/v1/cases/payment", {"data": data}, uuid4().hex))

    assert statuses(replies) == {201: 1, 403: 99}
    assert row(product, "SELECT count(*) FROM payments WHERE instalment_id = %s AND released_at IS NULL",
               instalment) == (1,)


@pytest.mark.parametrize("round_number", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, 20))])
def test_of_a_hundred_contracts_that_race_for_the_last_fen_one_gets_it(
    running: tuple[Product, Seed], round_number: int
) -> None:
    product, _seed = running
    amount, now = 1_000_00, real_now()
    engine = create_engine(EmbeddedServer(product.instance).app_url(), pool_size=CROWD, max_overflow=0)
    with Session(engine) as session:
        organization = session.query(Organization).order_by(Organization.id).first()
        assert organization is not None
        organization_id, node_id = organization.id, organization.node_id
        line = open_budget_line(session, code=f"RACE-{round_number}", name="末笔资金", year=now.year, node_id=node_id)
        appropriate(session, line.id, amount, Because(now=now, reference="测试"))
        line_id = line.id
        session.commit()

    def sign(number: int) -> str:
        terms = ContractTerms(
            number=f"RACE-{round_number}-{number}", title="示例", organization_id=organization_id, node_id=node_id,
            budget_line_id=line_id, amount_fen=amount, signed_on=date(2026, 3, 2), ends_on=date(2026, 12, 31),
            instalments=[InstalmentTerm(10_000, "验收后")],
        )
        with Session(engine) as session:
            try:
                sign_contract(session, terms, now=now)
                session.commit()
            except NotEnough:
                return "not enough"
        return "signed"

    answers = Counter(map(str, at_once(CROWD, sign)))

    assert answers == {"signed": 1, "not enough": 99}
    with Session(engine) as session:
        position = budget_position(session, line_id)
        assert (position.available_fen, position.committed_fen) == (0, amount)
        assert ledger_mistakes(session) == []
    engine.dispose()
    assert row(product, "SELECT count(*) FROM contracts WHERE budget_line_id = %s", line_id) == (1,)
