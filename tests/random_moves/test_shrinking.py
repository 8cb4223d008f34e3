"""A failure is brought down to the steps that it needs, and stays the same failure; a price that is told is found."""

import random

import pytest

from tests.random_moves.again import PASSPHRASE
from tests.random_moves.sealed_prices import SealedPrices, a_price
from tests.random_moves.shrinking import fewest, what_broke
from tests.random_moves.watching import Broken, demand
from workflows.rules.money import format_yuan


@pytest.mark.parametrize("needed", [{7}, {3, 90}, {1, 50, 99, 100}, set(range(1, 101))])
def test_only_the_steps_that_a_failure_needs_are_left(needed: set[int]) -> None:
    assert fewest(range(1, 101), lambda steps: needed <= set(steps), seconds=60) == sorted(needed)


def test_when_the_time_is_up_what_was_found_so_far_is_left() -> None:
    assert fewest([1, 2, 3], lambda steps: True, seconds=0) == [1, 2, 3]


def test_two_failures_are_the_same_where_the_same_line_found_them() -> None:
    def found(said: str) -> str:
        with pytest.raises(Broken) as broken:
            demand(False, said)
        return what_broke(broken.value)

    def elsewhere() -> str:
        with pytest.raises(Broken) as broken:
            demand(False, "this")
        return what_broke(broken.value)

    assert found("this") == found("that") != elsewhere()


@pytest.mark.parametrize("said", ["{}", '{{"price_fen": {}}}', "({})", "x:{},"])
def test_a_sealed_price_is_found_as_a_number_and_as_yuan_until_its_bid_is_opened(said: str) -> None:
    prices, bid = SealedPrices(None), a_price(random.Random(1))  # type: ignore[arg-type]
    fen = bid["price_fen"]
    shown = [said.format(fen), said.format(format_yuan(fen)), said.format(f"{fen // 100}.{fen % 100:02d}")]

    assert [prices.told_in(each) for each in shown] == [[], [], []]
    prices.sent(bid, "TB26-0000-0001")
    told = [f"{format_yuan(fen)} of TB26-0000-0001"]
    assert [prices.told_in(each) for each in shown] == [told, told, told]
    assert prices.told_in(said.format(fen + 1)) == []
    prices.opened("TB26-0000-0001", bid)
    assert [prices.told_in(each) for each in shown] == [[], [], []]


def test_a_passphrase_is_found_even_where_nothing_is_sealed() -> None:
    assert SealedPrices(None).told_in(f"<p>{PASSPHRASE}</p>") == ["a passphrase"]  # type: ignore[arg-type]


def test_the_lines_of_a_budget_make_its_price() -> None:
    for seed in range(100):
        bid = a_price(random.Random(seed))
        assert sum(line["amount_fen"] for line in bid["budget"]) == bid["price_fen"]
