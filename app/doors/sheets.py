"""A sheet in two panes: what is read on the left, what is filled in for it on the right, part by part."""

from collections.abc import Sequence
from typing import Any

from wtforms import Form

from app.cases.overview import Material
from app.doors.case_view import board


def sheet(form: Form, materials: Sequence[Material]) -> dict[str, Any]:
    """Return `parts`, `rest` and `table` of pages/case_sheet.html: the table's rows go to the material they name."""
    table = next(field for field in form if getattr(field, "kind", None) == "table")
    key = table.columns[0]["name"]
    parts = [
        {
            "key": one.key, "title": one.title, "facts": [vars(fact) for fact in one.facts], "texts": one.texts,
            "boards": [board(each) for each in one.boards], "papers": one.papers,
            "rows": [_row(entry.form, key) for entry in table.entries if entry.form[key].data == one.key],
        }
        for one in materials
    ]
    return {"parts": parts, "table": table, "rest": [field for field in form if field is not table]}


def _row(form: Any, key: str) -> dict[str, Any]:
    kept, named, number, words = (form[name] for name in form._fields)
    titles = {choice.value: choice.label for choice in named.choices}
    return {"kept": (kept, named), "title": titles.get(str(named.data), named.data), "points": number, "remark": words}
