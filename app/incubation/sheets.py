"""Does a filled-in score sheet hold every criterion once, within its range? Mistakes name the row."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from app.errors import InvalidInput
from app.language import localized
from workflows.loader import library
from workflows.rules.scoring import Rubric, ScoreMistake, score_mistakes, total


def checked_total(rubric: Rubric, rows: Sequence[dict[str, Any]]) -> int:
    """Return the total of the sheet, or raise InvalidInput with every mistake at its row."""
    given = [(row["criterion"], row["points"]) for row in rows]
    mistakes = score_mistakes(rubric, given)
    if not mistakes:
        return total(rubric, dict(given))
    titles = {leaf.name: localized(leaf.title) for leaf in rubric.leaves()}
    if any(mistake.fault == "missing" for mistake in mistakes):
        absent = [titles[m.criterion] for m in mistakes if m.fault == "missing"]
        raise InvalidInput({"scores": [str(_l("Score these as well: %(criteria)s", criteria=", ".join(absent)))]})
    errors: dict[int, dict[str, list[str]]] = {}
    for mistake in mistakes:
        for index, (name, points) in enumerate(given):
            wrong = mistake.fault != "out_of_range" or not 0 <= points <= mistake.most
            if name == mistake.criterion and wrong:
                errors[index] = _words(mistake)
    raise InvalidInput({"scores": errors})


def criterion_title(name: str) -> str:
    """Return how a criterion reads that a sheet holds by its name; the newest file that has the name says it."""
    newest_first = sorted(library().rubric_files, key=lambda file: file.effective_from, reverse=True)
    leaves = (leaf for file in newest_first for rubric in file.rubrics.values() for leaf in rubric.leaves())
    return next((localized(leaf.title) for leaf in leaves if leaf.name == name), name)


def _words(mistake: ScoreMistake) -> dict[str, list[str]]:
    if mistake.fault == "out_of_range":
        return {"points": [str(_l("Give 0 to %(most)s points.", most=mistake.most))]}
    if mistake.fault == "twice":
        return {"criterion": [str(_l("Score every criterion once."))]}
    return {"criterion": [str(_l("Choose one of the list."))]}
