"""What do the schemas keep from everything behind them?"""

from marshmallow import ValidationError, fields

from app import features
from app.cases.inputs import LARGEST_ID
from app.cases.kinds import registered_inputs


def row_choices():
    features.load_models()
    for (kind, trigger, _class), schema in registered_inputs().items():
        for name, field in schema().fields.items():
            if field.metadata.get("widget") == "row_choice" and isinstance(field, fields.Integer):
                yield f"{kind}.{trigger}.{name}", field


def test_what_can_be_the_id_of_no_row_is_taken_by_no_field_that_chooses_a_row():
    chosen = list(row_choices())

    taken = [
        (where, repr(odd))
        for where, field in chosen
        for odd in (0, -1, LARGEST_ID + 1, True, 1.5, "1", "x", [1], {})
        if not refused(field, odd)
    ]
    kept_out = [where for where, field in chosen if refused(field, 1) or refused(field, LARGEST_ID)]

    assert len(chosen) > 20
    assert (taken, kept_out) == ([], [])


def refused(field, value):
    try:
        field.deserialize(value)
    except ValidationError:
        return True
    return False
