"""Instalments: to the fen, nothing lost, nothing negative."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rules.instalments import split


@st.composite
def shares(draw):
    cuts = sorted(draw(st.sets(st.integers(1, 9_999), max_size=8)))
    return [high - low for low, high in zip([0, *cuts], [*cuts, 10_000], strict=True)]


def test_a_sum_is_split_by_basis_points():
    assert split(1286500_00, [5000, 3000, 2000]) == [643250_00, 385950_00, 257300_00]


def test_the_last_instalment_takes_what_rounding_leaves():
    assert split(100_00, [3333, 3333, 3334]) == [33_33, 33_33, 33_34]
    assert split(1_01, [5000, 5000]) == [51, 50]


@given(st.integers(0, 10**15), shares())
def test_instalments_add_up_and_none_is_negative(amount, parts_bp):
    parts = split(amount, parts_bp)

    assert sum(parts) == amount
    assert len(parts) == len(parts_bp)
    assert min(parts) >= 0


@given(st.integers(10**6, 10**15), shares())
def test_every_instalment_is_within_a_fen_per_share_of_exact(amount, parts_bp):
    for part, share in zip(split(amount, parts_bp), parts_bp, strict=True):
        assert abs(part * 10_000 - amount * share) <= 10_000 * len(parts_bp)


@pytest.mark.parametrize("wrong", [[], [9999], [10_001], [5000, 5001], [10_000, 0], [11_000, -1000]])
def test_shares_that_do_not_make_the_whole_are_refused(wrong):
    with pytest.raises(ValueError):
        split(100, wrong)


def test_a_negative_sum_is_refused():
    with pytest.raises(ValueError):
        split(-1, [10_000])
