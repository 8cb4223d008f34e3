"""Shares: read exactly to the basis point or refused, printed with two decimals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rules.percent import WHOLE_BP, PercentError, format_percent, parse_percent


@pytest.mark.parametrize(
    ("text", "share_bp"),
    [("0", 0), ("30", 3000), ("30.5", 3050), ("33.33", 3333), ("100", 10_000), (" 12.30 ", 1230), ("30%", 3000),
     ("30 %", 3000), ("３０．５０％", 3050), ("007", 700), ("0.01", 1), ("250", 25_000)],
)
def test_a_share_is_read_to_the_basis_point(text, share_bp):
    assert parse_percent(text) == share_bp


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "percent_not_a_number"), ("三十", "percent_not_a_number"), ("-1", "percent_not_a_number"),
     ("+1", "percent_not_a_number"), ("1e2", "percent_not_a_number"), ("1,000", "percent_not_a_number"),
     ("10²", "percent_not_a_number"), ("①", "percent_not_a_number"), (".5", "percent_not_a_number"),
     ("5.", "percent_not_a_number"), ("1/3", "percent_not_a_number"), ("9" * 40, "percent_not_a_number"),
     ("30‰", "percent_not_a_number"), (30, "percent_not_a_number"),
     ("33.333", "percent_decimals"), ("33.000", "percent_decimals")],
)
def test_what_is_no_share_is_refused_with_a_reason(text, code):
    with pytest.raises(PercentError) as refused:
        parse_percent(text)
    assert refused.value.code == code
    assert refused.value.text.zh and refused.value.text.en


@given(st.integers(min_value=0, max_value=10 * WHOLE_BP))
def test_what_is_printed_is_read_again(share_bp):
    assert parse_percent(format_percent(share_bp)) == share_bp
    assert parse_percent(f"{format_percent(share_bp)} %") == share_bp


def test_a_share_below_nothing_keeps_its_sign():
    assert format_percent(-50) == "-0.50"
