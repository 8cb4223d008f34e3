"""Does a filled-in score sheet hold every criterion once, within its range? Mistakes name the row.

And how do a rubric's criteria and levels read, which cases keep by their names?
"""

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from app.errors import InvalidInput
from app.language import localized
from workflows.loader import library
from workflows.rules.scoring import Rubric, ScoreMistake, score_mistakes, total


def checked_total(rubric: Rubric, rows: Sequence[dict[str, Any]]) -> int:
    """Return the total of the sheet in points, or raise InvalidInput with every mistake at its row."""
    given = [(row["criterion"], row["points"]) for row in rows]
    demand_whole(rubric, given)
    return total(rubric, dict(given))


def demand_whole(rubric: Rubric, given: Sequence[tuple[str, int]], *, unit: int = 1) -> None:
    """Raise InvalidInput with every mistake at its row unless each criterion stands there once, within its range.

    `unit` says in how many parts of a point the scores count.
    """
    mistakes = score_mistakes(rubric, given, unit=unit)
    if not mistakes:
        return
    titles = {leaf.name: localized(leaf.title) for leaf in rubric.leaves()}
    if any(mistake.fault == "missing" for mistake in mistakes):
        absent = [titles[m.criterion] for m in mistakes if m.fault == "missing"]
        raise InvalidInput({"scores": [str(_l("Score these as well: %(criteria)s", criteria=", ".join(absent)))]})
    errors: dict[int, dict[str, list[str]]] = {}
    for mistake in mistakes:
        for index, (name, points) in enumerate(given):
            wrong = mistake.fault != "out_of_range" or not 0 <= points <= mistake.most * unit
            if name == mistake.criterion and wrong:
                errors[index] = _words(mistake)
    raise InvalidInput({"scores": errors})


def criterion_title(*rubrics: str) -> Callable[[str], str]:
    """Return what says how a criterion of these rubrics reads, by its name; the newest file that has it says it."""

    def title(name: str) -> str:
        newest_first = sorted(library().rubric_files, key=lambda file: file.effective_from, reverse=True)
        named = (file.rubrics[each] for file in newest_first for each in rubrics if each in file.rubrics)
        leaves = (leaf for rubric in named for leaf in rubric.leaves())
        return next((localized(leaf.title) for leaf in leaves if leaf.name == name), name)

    return title


def criteria_to_choose(rubric: Rubric) -> list[tuple[str, str]]:
    """Return the criteria of a sheet, each with the most points that it can have."""
    return [(leaf.name, f"{localized(leaf.title)} (0–{leaf.max})") for leaf in rubric.scored()]


def level_title(pin: str, name: str) -> str:
    """Return how a level of the pinned rubric reads."""
    return localized(library().rubric_pinned(pin).level(name).title)


def _words(mistake: ScoreMistake) -> dict[str, list[str]]:
    if mistake.fault == "out_of_range":
        return {"points": [str(_l("Give 0 to %(most)s points.", most=mistake.most))]}
    if mistake.fault == "twice":
        return {"criterion": [str(_l("Score every criterion once."))]}
    return {"criterion": [str(_l("Choose one of the list."))]}
