"""Does a sheet hold every bid by every criterion once, within its range, with words where points are extreme?"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from app.errors import InvalidInput

Row = Mapping[str, Any]


def check_sheet(rows: Sequence[Row], bids: Sequence[str], criteria: Mapping[str, int]) -> None:
    """Raise InvalidInput with every mistake at its row, or with what is missing; `criteria` gives the most points."""
    pairs = [(row["bid"], row["criterion"]) for row in rows]
    missing = [f"{bid} {name}" for bid in bids for name in criteria if (bid, name) not in pairs]
    if missing:
        raise InvalidInput({"scores": [str(_l("Score these as well: %(criteria)s", criteria=", ".join(missing[:5])))]})
    errors = {index: found for index, row in enumerate(rows) if (found := _mistake(row, pairs, bids, criteria))}
    if errors:
        raise InvalidInput({"scores": errors})


def _mistake(
    row: Row, pairs: Sequence[tuple[str, str]], bids: Sequence[str], criteria: Mapping[str, int]
) -> dict[str, list[str]]:
    if row["bid"] not in bids:
        return {"bid": [str(_l("Choose one of the list."))]}
    if row["criterion"] not in criteria:
        return {"criterion": [str(_l("Choose one of the list."))]}
    if pairs.count((row["bid"], row["criterion"])) > 1:
        return {"criterion": [str(_l("Score every criterion once."))]}
    most = criteria[row["criterion"]]
    if row["points"] > most:
        return {"points": [str(_l("Give 0 to %(most)s points.", most=most))]}
    if row["points"] in (0, most) and len(row["remark"] or "") < 2:
        return {"remark": [str(_l("Say why it gets no points or full points."))]}
    return {}
