"""When is a case due? Pure: from the state entered and the clocks so far to the clocks from now on.

A clock runs while the case is in a state that lists it, stands still in a state that pauses it, and stops
on entering a state that lists it in neither.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.cases.snapshot import ClockRun
from workflows.definition import Definition
from workflows.loader import Policy
from workflows.rules.working_days import due_after_pauses, official_calendar

UNTIL = "until"


def next_clocks(
    definition: Definition,
    policy: Policy,
    *,
    to_state: str,
    runs: tuple[ClockRun, ...],
    extends: str | None,
    now: datetime,
    ends: Mapping[str, Any] | None = None,
    lengths: Mapping[str, tuple[int, str]] | None = None,
) -> list[ClockRun]:
    """Return the clocks that change or start when the case enters `to_state` at `now`; the others stand.

    `ends` holds the moments that the move brings along, for clocks that run until one of them; `lengths` how long
    a clock runs where a row says it (a programme its days of publicity) and not the policy.
    """
    state = definition.states[to_state]
    changed: list[ClockRun] = []
    open_runs = {run.name: run for run in runs if run.stopped_at is None}
    for name, run in open_runs.items():
        moved = run
        if name in state.paused:
            moved = _paused(run, to_state, now)
        elif name in state.clocks:
            moved = _running(run, now)
        else:
            moved = _running(run, now)._replace(stopped_at=now)
        if extends == name and moved.stopped_at is None:
            moved = recounted(moved._replace(extended_by=policy.number(f"{name}_extension").value))
        fires = definition.fired_by(name, to_state)
        if moved.fires != fires:
            moved = moved._replace(fires=fires)
        if moved is not run and moved != run:
            changed.append(moved)
    for name in state.clocks:
        if name not in open_runs:
            started = _started(definition, policy, name, to_state, runs, now, (lengths or {}).get(name))
            field = dict(state.clock_until).get(name)
            changed.append(_until(started, (ends or {})[field]) if field else started)
    return changed


def _until(run: ClockRun, end: datetime) -> ClockRun:
    """Return the clock as one that ends at a given moment, whatever the calendar says."""
    return run._replace(number=0, unit=UNTIL, due_at=end, provisional=False)


def earliest_due(runs: list[ClockRun]) -> datetime | None:
    """Return the earliest due time of the clocks that run; a paused clock counts down nothing."""
    return min((run.due_at for run in runs if run.stopped_at is None and run.paused_since is None), default=None)


def merged(runs: tuple[ClockRun, ...], changed: list[ClockRun]) -> list[ClockRun]:
    """Return all clocks with the changed ones in their place."""
    by_key = {(run.name, run.run): run for run in runs}
    by_key.update({(run.name, run.run): run for run in changed})
    return list(by_key.values())


def _started(
    definition: Definition, policy: Policy, name: str, state: str, runs: tuple[ClockRun, ...], now: datetime,
    length: tuple[int, str] | None = None,
) -> ClockRun:
    number = policy.number(name)
    value, unit = length or (number.value, number.unit)
    earlier = [run.run for run in runs if run.name == name]
    run = ClockRun(
        name=name, run=max(earlier, default=0) + 1, started_at=now, number=value, unit=unit,
        extended_by=0, pauses=(), paused_since=None, paused_for=None, due_at=now, provisional=False,
        promised=name.endswith("_promised"), fires=definition.fired_by(name, state),
    )
    return recounted(run)


def _paused(run: ClockRun, state: str, now: datetime) -> ClockRun:
    if run.paused_since is not None:
        return run
    return run._replace(paused_since=now, paused_for=state)


def _running(run: ClockRun, now: datetime) -> ClockRun:
    if run.paused_since is None:
        return run
    pauses = (*run.pauses, (run.paused_since, now))
    return recounted(run._replace(pauses=pauses, paused_since=None, paused_for=None))


def recounted(run: ClockRun) -> ClockRun:
    """Return the clock with its due time counted by the official calendar as it is known today."""
    if run.unit == UNTIL:
        return run
    deadline = due_after_pauses(
        run.started_at, run.unit, run.number + run.extended_by, list(run.pauses), official_calendar()
    )
    return run._replace(due_at=deadline.due, provisional=deadline.provisional)
