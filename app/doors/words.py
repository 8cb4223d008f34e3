"""The words of a move's data, which stand in app.cases.words since the audit needs them too."""

from app.cases.words import Shown, shown_data, shown_tables, shown_value

__all__ = ["Shown", "shown_data", "shown_tables", "shown_value"]
