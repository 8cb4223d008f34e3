"""Forms are built from inputs, speak yuan and percent, and lose nothing of what was typed."""

import pytest
from werkzeug.datastructures import MultiDict

from app.cases.inputs import (
    Input,
    bool_field,
    choice_field,
    date_field,
    declaration_field,
    document_list_field,
    integer_field,
    money_field,
    percent_field,
    row_choice_field,
    table_field,
    text_field,
)
from app.cases.kinds import registered_inputs
from app.cases.options import example_for
from app.doors.forms import as_input, form_for, merged, put_errors

ROOMS = [(7, "会议室"), (8, "礼堂")]


class Line(Input):
    """A row of a budget."""

    item = text_field("项目", max=40)
    cost_fen = money_field("金额", total=True)


class Shares(Input):
    """A weight, and parts of a whole."""

    weight_bp = percent_field("权重", min_bp=0, max_bp=9999, required=False)
    parts = table_field("各期", type("Part", (Input,), {
        "share_bp": percent_field("比例", total=True), "points": integer_field("分", total=True),
    }), max_rows=5)


class Everything(Input):
    """One field of each sort."""

    name = text_field("名称", max=10)
    note = text_field("说明", multiline=True, required=False)
    sum_fen = money_field("金额")
    count = integer_field("数量", min=1, max=9)
    day = date_field("日期")
    kind = choice_field("类型", [("a", "甲"), ("b", "乙")])
    room = row_choice_field("房间", "rooms")
    urgent = bool_field("加急")
    true = declaration_field("属实")
    lines = table_field("预算", Line, max_rows=3)
    documents = document_list_field()


TYPED = {
    "name": "议事会", "note": "", "sum_fen": "1,286,500.05", "count": "3", "day": "2026-03-20", "kind": "b",
    "room": "8", "urgent": "y", "true": "y", "lines-0-item": "茶水", "lines-0-cost_fen": "12.30",
    "lines-4-item": "场地", "lines-4-cost_fen": "100",
}


@pytest.fixture
def context(app):
    with app.test_request_context():
        yield


def form(data=None, **typed):
    posted = MultiDict({**TYPED, **typed}) if typed or data is None else None
    return form_for(Everything(), rows_of=lambda _name: ROOMS, formdata=posted, data=data)


def test_what_was_typed_is_what_the_schema_loads(context):
    data, unreadable = as_input(Everything(), form(**{"documents-plan": "5"}))

    assert unreadable == {}
    loaded = Everything().load(data)
    assert loaded["sum_fen"] == 128650005
    assert loaded["lines"] == [{"item": "茶水", "cost_fen": 1230}, {"item": "场地", "cost_fen": 10000}]
    assert (loaded["count"], loaded["room"], loaded["kind"]) == (3, 8, "b")
    assert (loaded["urgent"], loaded["true"]) == (True, True)
    assert loaded["day"].isoformat() == "2026-03-20"
    assert loaded["note"] is None
    assert loaded["documents"] == [{"slot": "plan", "document_id": 5}]


@pytest.mark.parametrize(("typed", "fen"), [
    ("0.01", 1), ("100", 10000), ("１００．５", 10050), ("1,286,500.00", 128650000), (" 35 ", 3500), ("¥12.30", None),
    ("12.345", None), ("-5", None), ("1e5", None), ("NaN", None), ("一百", None), ("", None),
])
def test_money_is_yuan_on_the_page_and_fen_inside(context, typed, fen):
    made = form(sum_fen=typed)
    data, unreadable = as_input(Everything(), made)

    errors = merged(Everything().validate(data), unreadable)
    if fen is None and typed != "¥12.30":
        assert "sum_fen" in errors
        assert made.sum_fen.data == typed
    elif fen is not None:
        assert (data["sum_fen"], "sum_fen" in errors) == (fen, False)


def test_money_inside_is_shown_as_yuan(context):
    made = form({"sum_fen": 128650005, "lines": [{"item": "x", "cost_fen": 5}]})

    assert 'value="1,286,500.05"' in str(made.sum_fen())
    assert 'value="0.05"' in str(made.lines.entries[0].form.cost_fen())
    assert made.lines.totals == {"cost_fen": "0.05"}


@pytest.mark.parametrize(("typed", "share_bp"), [
    ("33.34", 3334), ("10 %", 1000), ("０．５", 50), ("0", 0), ("100", None), ("33.333", None),
    ("1/3", None), ("-1", None),
])
def test_shares_are_percent_on_the_page_and_basis_points_inside(context, typed, share_bp):
    made = form_for(Shares(), rows_of=lambda _name: [], formdata=MultiDict({
        "weight_bp": typed, "parts-0-share_bp": "66.67", "parts-0-points": "60", "parts-1-share_bp": "33.33",
        "parts-1-points": "40",
    }))
    data, unreadable = as_input(Shares(), made)

    errors = merged(Shares().validate(data), unreadable)
    assert data["parts"] == [{"share_bp": 6667, "points": 60}, {"share_bp": 3333, "points": 40}]
    assert made.parts.totals == {"share_bp": "100.00", "points": "100"}
    assert ("weight_bp" in errors, made.weight_bp.data) == (share_bp is None, typed)
    assert share_bp is None or data["weight_bp"] == share_bp


def test_a_share_inside_is_shown_as_percent_and_a_draft_keeps_basis_points(context):
    made = form_for(Shares(), rows_of=lambda _name: [], data={"weight_bp": 1000, "parts": [{"share_bp": 3334}]})

    assert 'value="10.00"' in str(made.weight_bp())
    assert 'value="33.34"' in str(made.parts.entries[0].form.share_bp())
    assert as_input(Shares(), made)[0]["weight_bp"] == 1000


def test_every_mistake_is_told_at_its_field_at_once_and_everything_typed_stays(context):
    wrong = {"name": "x" * 11, "sum_fen": "abc", "count": "many", "day": "morgen", "kind": "z", "room": "99x",
             "true": "", "lines-0-cost_fen": "free"}
    made = form(**wrong)
    data, unreadable = as_input(Everything(), made)

    listed = put_errors(made, merged(Everything().validate(data), unreadable))

    fields = {"name", "sum_fen", "count", "day", "kind", "room"}
    assert {anchor for anchor, _words in listed} == fields | {"true", "lines-0-cost_fen"}
    told = dict(listed)
    assert all(told[name].startswith(str(made[name].label.text)) for name in fields)
    assert "金额" in told["lines-0-cost_fen"] and "属实" not in told["true"]
    assert all(made[name].errors for name in fields)
    assert made.lines.entries[0].form.cost_fen.errors
    assert not made.lines.entries[1].form.cost_fen.errors
    assert all(made[name].data == wrong[name] for name in fields)
    assert made.lines.entries[0].form.cost_fen.data == "free"
    assert made.lines.entries[1].form.item.data == "场地"


def test_a_message_about_a_row_stands_at_that_row_though_empty_rows_lie_before_it(context):
    made = form(**{"lines-0-item": "", "lines-0-cost_fen": "", "lines-4-item": "", "lines-4-cost_fen": "3"})
    data, unreadable = as_input(Everything(), made)
    told = merged(Everything().validate(data), unreadable)

    assert put_errors(made, told) is not None
    assert set(told) <= set(Everything().fields)

    assert data["lines"] == [{"item": None, "cost_fen": 300}]
    assert not made.lines.entries[0].form.item.errors
    assert made.lines.entries[1].form.item.errors


def test_a_table_without_a_row_says_so_at_the_table(context):
    made = form(**{"lines-0-item": "", "lines-0-cost_fen": "", "lines-4-item": "", "lines-4-cost_fen": ""})
    data, _unreadable = as_input(Everything(), made)
    listed = put_errors(made, Everything().validate(data))

    assert data["lines"] == []
    assert [anchor for anchor, _words in listed] == ["lines"]


def test_a_draft_fills_the_form_with_what_was_typed_even_where_it_cannot_be_read(context):
    made = form({"name": "x", "sum_fen": "abc", "day": "morgen", "lines": [{"item": "y", "cost_fen": "free"}]})

    assert (made.sum_fen.data, made.day.data) == ("abc", "morgen")
    assert made.lines.entries[0].form.cost_fen.data == "free"


def test_a_draft_of_an_older_form_does_no_harm(context):
    made = form({"name": "x", "no_such_field": 1, "lines": []})

    assert made.name.data == "x"
    assert len(made.lines.entries) == 1


def test_a_choice_offers_the_lists_values_and_a_first_line_that_chooses_nothing(context):
    made = form({})

    assert [choice[0] for choice in made.kind.iter_choices()] == ["", "a", "b"]
    assert [choice[0] for choice in made.room.iter_choices()] == ["", "7", "8"]


@pytest.mark.parametrize(("name", "posted"), [
    ("count", "9" * 30), ("count", "1.5"), ("count", "--1"), ("count", "１"), ("room", "-"), ("day", "2026-02-30"),
    ("documents-plan", "9" * 30), ("documents-plan", "x"), ("documents-", "1"), ("lines-x-item", "1"),
    ("lines-99999999-item", "1"),
])
def test_odd_posts_are_told_apart_and_break_nothing(context, name, posted):
    made = form(**{name: posted})
    data, unreadable = as_input(Everything(), made)

    put_errors(made, merged(Everything().validate(data), unreadable))


def test_a_form_is_made_of_every_input_of_the_product_and_takes_its_example(context):
    for (kind, trigger, _class), schema_type in registered_inputs().items():
        schema = schema_type()
        example = example_for(None, schema, None)
        made = form_for(schema, rows_of=lambda _name: [(1, "一")], data=example)
        posted = MultiDict(_as_browser(made))

        again = form_for(schema, rows_of=lambda _name: [(1, "一")], formdata=posted)
        data, unreadable = as_input(schema, again)

        assert (unreadable, schema.validate(data)) == ({}, {}), (kind, trigger)
        assert _said(schema.load(data)) == _said(schema.load(example)), (kind, trigger)


def _said(loaded):
    """Leave out what says nothing: a browser sends an empty text where a program leaves the field away."""
    if isinstance(loaded, list):
        return [_said(each) for each in loaded]
    if isinstance(loaded, dict):
        return {name: _said(value) for name, value in loaded.items() if value not in (None, "")}
    return loaded


def _as_browser(made):
    """Yield what a browser would post of a form that nobody touched."""
    for field in made:
        if hasattr(field, "entries"):
            for entry in field.entries:
                yield from _as_browser(entry.form)
        elif field.type == "BooleanField":
            if field.data:
                yield field.name, "y"
        elif field.type == "DocumentsField":
            for item in field.data:
                yield f"{field.name}-{item['slot']}", str(item["document_id"])
        else:
            yield field.name, field._value() if hasattr(field, "_value") else str(field.data or "")
