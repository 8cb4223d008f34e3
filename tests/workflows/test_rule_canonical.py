"""Canonical JSON: one spelling, or none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rules.canonical import LARGEST_INT, NotCanonical, canonical

texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_INT, LARGEST_INT) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


def test_keys_are_sorted_and_nothing_is_put_between():
    spelled = canonical({"b": [1, True, None], "a": {"名": "枢纽"}})

    assert spelled.decode() == '{"a":{"名":"枢纽"},"b":[1,true,null]}'


@given(values)
def test_what_is_read_back_has_the_same_spelling(value):
    spelled = canonical(value)

    assert json.loads(spelled) == value
    assert canonical(json.loads(spelled)) == spelled


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), LARGEST_INT + 1, -LARGEST_INT - 1, {1: "a"}, {"a": [0.5]}, b"bytes", {1, 2}, "\ud800",
     {"\udfff": 1}],
)
def test_what_has_no_single_spelling_is_refused(value):
    with pytest.raises(NotCanonical):
        canonical(value)
