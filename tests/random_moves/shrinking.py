"""Which steps does a failure need? Steps are left out, and the rest told again, while the same thing breaks."""

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

FRAMES_OF_THE_TOLD = {"demand"}


def what_broke(error: BaseException) -> str:
    """Return what tells one failure from another: its type, and the line that found it."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name not in FRAMES_OF_THE_TOLD]
    at = frames[-1] if frames else None
    return f"{type(error).__name__} at {Path(at.filename).name}:{at.lineno}" if at else type(error).__name__


def fewest(steps: Sequence[int], breaks: Callable[[Sequence[int]], bool], *, seconds: float) -> list[int]:
    """Return fewer of the steps that still break: ever smaller parts are left out, until the time is up.

    Every step draws its random numbers from its own number, so leaving out another changes only what it meets.
    """
    kept, parts, until = list(steps), 2, time.monotonic() + seconds
    while len(kept) > 1 and time.monotonic() < until:
        size = -(-len(kept) // parts)
        for start in range(0, len(kept), size):
            fewer = kept[:start] + kept[start + size:]
            if breaks(fewer):
                kept, parts = fewer, max(parts - 1, 2)
                break
            if time.monotonic() >= until:
                return kept
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(kept))
    return kept
