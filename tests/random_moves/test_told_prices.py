"""Whatever table a sealed price is written to, in whatever form, the watcher of the random moves finds it."""

import random
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from tests.random_moves.sealed_prices import SealedPrices, a_price
from tests.random_moves.world import as_the_driver_takes_it
from workflows.rules.money import format_yuan

PLANTED = (
    "INSERT INTO people (name) VALUES (:told)",
    "INSERT INTO people (name, identity_digest) VALUES ('', convert_to(:told, 'UTF8'))",
    "INSERT INTO attempts (at, kind, trigger, code, reasons, request_id)"
    " VALUES (now(), 'bid', 'hand_in', 'too_late', jsonb_build_object('why', CAST(:told AS text)), '')",
)
NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next"


class LookingOn:
    """Of a world only what is asked for here: the connection that looks on."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Return what the database answers."""
        cursor = self.connection.execute(as_the_driver_takes_it(statement), values)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("shown", [str, format_yuan])
@pytest.mark.parametrize("planted", PLANTED)
def test_a_price_in_any_table_is_found_and_an_older_row_is_not_looked_at_again(
    common_database: Any, database: str, planted: str, shown: Any
) -> None:
    _name, superuser = common_database
    info = superuser.info
    with psycopg.connect(info.dsn, password=info.password, row_factory=namedtuple_row) as connection:
        world, bid = LookingOn(connection), a_price(random.Random(1))
        prices = SealedPrices(world)  # type: ignore[arg-type]
        prices.sent(bid, None)
        assert prices.told_in_the_database() == []

        ((before,),) = world.rows(NEXT)
        world.rows(planted, told=f"[{shown(bid['price_fen'])}]")
        connection.commit()

        ((after,),) = world.rows(NEXT)
        assert len(prices.told_in_the_database()) == len(prices.told_in_the_database(before)) == 1
        assert prices.told_in_the_database(after) == []
