"""Random people make random moves, legal and not, while time passes: what must always hold holds after every step.

SHUNIU_SEED=N repeats a run, SHUNIU_STEPS=N makes it so long. A failure prints its seed and the last steps.
"""

import os
import random
from collections import Counter

import pytest
from nacl import pwhash

from app.database.embedded import EmbeddedServer
from app.purchasing import sealing
from tests.random_moves.driving import Driver
from tests.random_moves.separation import untold
from tests.random_moves.watching import Broken
from tests.random_moves.world import a_world
from workflows.loader import library

LEAST, MOST = 1200, 3000
"""A run goes on until nothing is left that has to come in a run of this length, within these bounds."""
LEFT_AT_MOST = 8
"""So many triggers of kinds without a story may chance to stay out of a run of this length; of a long one none."""
LONG = 30_000
EVERYTHING_EVERY = 300
SHOWN = 25
SEED = 1

TOLD = ("bid", "bid_review", "call", "contract", "objection", "package", "pool_entry")
"""Kinds whose every move is part of a story (`stories.py`); that each was refused too is certain at length only."""
ONLY_AFTER_YEARS = {"opening_key.expire", "pool_entry.lapse"}
"""What comes when at the end of a run three years pass at once."""


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))


def test_every_guard_that_compares_persons_is_told_once_more() -> None:
    assert untold(library().definitions) == []


@pytest.mark.timeout(1200)
def test_nothing_that_must_hold_is_ever_broken(
    server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    driver = _watched(server, tmp_path_factory, seed=_seed(SEED), steps=_steps(LEAST), most=_steps(MOST))

    if "SHUNIU_STEPS" not in os.environ:
        fired = driver.steering.never_fired()
        refused = [trigger for trigger in driver.steering.never_refused() if not _has_a_story(trigger)]
        assert [trigger for trigger in fired if _has_a_story(trigger)] == [], driver.stories.stuck
        assert len(fired) <= LEFT_AT_MOST, fired
        assert len(refused) <= LEFT_AT_MOST, refused


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_nothing_that_must_hold_is_ever_broken_at_length(
    server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    seed = _seed(random.randrange(2, 10**6))

    driver = _watched(server, tmp_path_factory, seed=seed, steps=_steps(LONG), most=_steps(LONG))

    if "SHUNIU_STEPS" not in os.environ:
        assert (driver.steering.never_fired(), driver.steering.never_refused()) == ([], []), driver.stories.stuck


def _seed(otherwise: int) -> int:
    return int(os.environ.get("SHUNIU_SEED") or otherwise)


def _steps(otherwise: int) -> int:
    return int(os.environ.get("SHUNIU_STEPS") or otherwise)


def _watched(
    server: EmbeddedServer, factory: pytest.TempPathFactory, *, seed: int, steps: int, most: int
) -> Driver:
    """Run; where only the check of everything saw a mistake, run again with it after every step to find the one."""
    try:
        return _run(server, factory, seed, steps, most, every=EVERYTHING_EVERY)
    except Broken as broken:
        if broken.late:
            _run(server, factory, seed, steps, most, every=1)
        raise


def _run(
    server: EmbeddedServer, factory: pytest.TempPathFactory, seed: int, steps: int, most: int, *, every: int
) -> Driver:
    with a_world(server, factory, seed) as world:
        driver, done = Driver(world), 0
        try:
            while done < steps or (done < most and _something_is_left(driver)):
                done += 1
                driver.step()
                if done % every == 0:
                    _everything(driver)
            driver.years_pass()
            _everything(driver)
            read = driver.everybody_reads_what_is_sealed()
        except BaseException:
            print(f"SHUNIU_SEED={seed} SHUNIU_STEPS={done}: the last steps were\n" + "\n".join(driver.told[-SHOWN:]))
            raise
        finally:
            _report(driver, seed, done)
        print(f"{read} answers about calls, packages and bids read by people of every role")
        return driver


def _something_is_left(driver: Driver) -> bool:
    steering = driver.steering
    refused = {trigger for trigger in steering.never_refused() if not _has_a_story(trigger)}
    return bool({*steering.never_fired(), *refused} - ONLY_AFTER_YEARS)


def _has_a_story(trigger: str) -> bool:
    return trigger.partition(".")[0] in TOLD


def _everything(driver: Driver) -> None:
    try:
        driver.watcher.everything()
    except Broken as broken:
        broken.late = True
        raise


def _report(driver: Driver, seed: int, done: int) -> None:
    steering = driver.steering
    print(f"seed {seed}, {done} steps: {dict(driver.statuses)}")
    kinds = sorted({kind for kind, _trigger in [*steering.fired, *steering.refused]})
    for kind in kinds:
        fired = Counter({trigger: n for (k, trigger), n in steering.fired.items() if k == kind})
        refused = Counter({trigger: n for (k, trigger), n in steering.refused.items() if k == kind})
        print(f"  {kind}: " + ", ".join(f"{t} {fired[t]}/{refused[t]}" for t in sorted({*fired, *refused})))
    print("  (fired/refused)  never fired:", steering.never_fired(), " never refused:", steering.never_refused())
    print("  stories that could not go on:", driver.stories.stuck)
