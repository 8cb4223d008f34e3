"""Random people make random moves, legal and not, while time passes: what must always hold holds after every step.

A failure prints its seed and the fewest steps with which the same thing still breaks. SHUNIU_SEED=N repeats a run,
SHUNIU_STEPS=N makes it so long, SHUNIU_STEPS=3,17,240 makes just these steps.
"""

import os
from collections.abc import Sequence

import pytest

from app.database.embedded import EmbeddedServer
from tests.random_moves.driving import Driver
from tests.random_moves.running import Run
from tests.random_moves.separation import untold
from workflows.loader import library

LEAST, MOST = 700, 3000
"""A run goes on until nothing is left that has to come in a run of this length, within these bounds."""
LONG, RUNS = 3000, 10
"""At length: so many moves with each of so many new seeds."""

ONLY_AFTER_YEARS = {"opening_key.expire", "pool_entry.lapse"}
"""What comes when at the end of a run three years pass at once."""
NEVER_FIRED: dict[str, str] = {}
"""Triggers to which a run of the default length does not come, and why: none, the stories lead to every one."""


def test_every_guard_that_compares_persons_is_told_once_more() -> None:
    assert untold(library().definitions) == []


@pytest.mark.timeout(2400)
def test_nothing_that_must_hold_is_ever_broken(
    server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    run = Run(server, tmp_path_factory, seed)

    driver = run.watched(_steps(MOST), lambda driver, number: number > LEAST and not _something_is_left(driver))

    if "SHUNIU_STEPS" not in os.environ:
        assert driver.steering.never_fired() == sorted(NEVER_FIRED), driver.stories.stuck
        assert driver.steering.never_refused() == []


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("_run", range(RUNS))
def test_nothing_that_must_hold_is_ever_broken_at_length(
    server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory, seed: int, _run: int
) -> None:
    run = Run(server, tmp_path_factory, seed)

    # Any seed: what chance has not led to by then gets as many steps again.
    driver = run.watched(_steps(2 * LONG), lambda driver, number: number > LONG and not _something_is_left(driver))

    if "SHUNIU_STEPS" not in os.environ:
        assert (driver.steering.never_fired(), driver.steering.never_refused()) == ([], []), driver.stories.stuck


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_seed_tells_the_same_story_twice(
    server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    first, again = (
        Run(server, tmp_path_factory, seed).watched(range(1, 301), lambda driver, number: False) for _ in range(2)
    )

    assert again.told == first.told


def _steps(otherwise: int) -> Sequence[int]:
    wanted = os.environ.get("SHUNIU_STEPS") or str(otherwise)
    return [int(number) for number in wanted.split(",") if number] if "," in wanted else range(1, int(wanted) + 1)


def _something_is_left(driver: Driver) -> bool:
    steering = driver.steering
    return bool({*steering.never_fired()} - ONLY_AFTER_YEARS - NEVER_FIRED.keys() or steering.never_refused())
