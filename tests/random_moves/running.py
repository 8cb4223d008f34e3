"""One run: a world, its steps, everything looked at now and then; what a run that failed can be brought down to."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pytest

from app.database.embedded import EmbeddedServer
from tests.random_moves.driving import Driver
from tests.random_moves.shrinking import fewest, what_broke
from tests.random_moves.world import a_world

EVERYTHING_EVERY = 300
SHRINK_SECONDS = 240
SHOWN = 40
Enough = Callable[[Driver, int], bool]


@dataclass
class Trail:
    """What a run did: the numbers of its steps, what each told, and whether all steps were done."""

    numbers: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    ending: bool = False


@dataclass
class Run:
    """A run of one seed: the steps with these numbers, until there were enough."""

    server: EmbeddedServer
    factory: pytest.TempPathFactory
    seed: int

    def watched(self, numbers: Iterable[int], enough: Enough) -> Driver:
        """Do the steps; where something breaks, print the fewest steps with which the same thing breaks."""
        trail = Trail()
        try:
            return self._run(numbers, trail, enough)
        except Exception as error:
            self._explain(what_broke(error), trail)
            raise

    def _run(self, numbers: Iterable[int], trail: Trail, enough: Enough | None) -> Driver:
        """Do the steps. Without `enough` it is a failed run told again: everything is looked at when all is done."""
        with a_world(self.server, self.factory, self.seed) as world:
            driver = Driver(world)
            trail.told = driver.told
            try:
                for number in numbers:
                    if enough is not None and enough(driver, number):
                        break
                    trail.numbers.append(number)
                    driver.step(number)
                    if enough is not None and number % EVERYTHING_EVERY == 0:
                        driver.watcher.everything()
                if enough is None and not trail.ending:
                    driver.watcher.everything()
                    return driver
                trail.ending = True
                driver.years_pass()
                driver.watcher.everything()
                read = driver.everybody_reads_what_is_sealed()
            finally:
                if enough is not None:
                    _report(driver, self.seed, len(trail.numbers))
            print(f"{read} answers about calls, packages and bids read by people of every role")
            return driver

    def _explain(self, wanted: str, trail: Trail) -> None:
        smallest = trail

        def breaks(numbers: Sequence[int]) -> bool:
            nonlocal smallest
            again = Trail(ending=trail.ending)
            try:
                self._run(numbers, again, None)
            except Exception as error:
                if what_broke(error) == wanted:
                    smallest = again
                    return True
            return False

        fewest(trail.numbers, breaks, seconds=SHRINK_SECONDS)
        steps = "".join(f"{number}," for number in smallest.numbers)
        print(f"\n{wanted}, in step {trail.numbers[-1] if trail.numbers else 0} of seed {self.seed}.")
        if smallest is trail:
            print(f"Fewer steps did not break it within {SHRINK_SECONDS} s. SHUNIU_SEED={self.seed}; the last moves:")
            print("\n".join(trail.told[-SHOWN:]))
        else:
            print(f"{len(smallest.numbers)} steps break it too: SHUNIU_SEED={self.seed} SHUNIU_STEPS={steps}")
            print("\n".join(smallest.told))


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
