"""The ranking of bids: exact, the same in whatever order bids and experts come, ties broken as documented."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rules.ranking import ReviewedBid, hundredths, price_points, ranked

SEED = b"s" * 32
PLAN, TEAM = "plan", "team"


def bid(number: str, price: int, plan: tuple[int, ...], team: tuple[int, ...]) -> ReviewedBid:
    return ReviewedBid(number, price, {PLAN: plan, TEAM: team})


def numbers(*bids: ReviewedBid, price_bp: int = 0) -> list[tuple[str, str | None]]:
    return [(place.number, place.tie) for place in ranked(bids, price_bp=price_bp, decisive=PLAN, drawn_with=SEED)]


points = st.integers(0, 50)
some_bids = st.integers(1, 5).flatmap(lambda experts: st.lists(
    st.tuples(st.integers(1, 10**9), st.lists(st.tuples(points, points), min_size=experts, max_size=experts)),
    min_size=1, max_size=6,
)).map(lambda rows: [
    bid(f"TB{n}", price, tuple(p for p, _t in sheet), tuple(t for _p, t in sheet))
    for n, (price, sheet) in enumerate(rows)
])


@given(some_bids, st.randoms(), st.sampled_from([0, 1000, 3000]))
def test_the_order_of_bids_and_of_experts_changes_nothing(bids, random, price_bp):
    experts = list(range(len(bids[0].scores[PLAN])))
    random.shuffle(experts)
    mixed = [
        ReviewedBid(one.number, one.price_fen, {n: [s[e] for e in experts] for n, s in one.scores.items()})
        for one in random.sample(bids, len(bids))
    ]
    first = ranked(bids, price_bp=price_bp, decisive=PLAN, drawn_with=SEED)
    again = ranked(mixed, price_bp=price_bp, decisive=PLAN, drawn_with=SEED)

    assert [(p.number, p.position, p.points, p.tie) for p in first] == [
        (p.number, p.position, p.points, p.tie) for p in again
    ]
    assert [p.position for p in first] == list(range(1, len(bids) + 1))


@given(some_bids, st.sampled_from([0, 1000, 3000]))
def test_points_are_the_exact_formula_and_never_leave_their_range(bids, price_bp):
    lowest = min(one.price_fen for one in bids)
    by_number = {one.number: one for one in bids}
    places = ranked(bids, price_bp=price_bp, decisive=PLAN, drawn_with=SEED)

    for place in places:
        one, experts = by_number[place.number], len(by_number[place.number].scores[PLAN])
        mean = Fraction(sum(sum(points) for points in one.scores.values()), experts)
        price = Fraction(price_bp, 100) * Fraction(lowest, one.price_fen)
        assert place.points == mean * (1 - Fraction(price_bp, 10_000)) + price
        assert 0 <= hundredths(place.price_points) <= hundredths(place.points) <= 10_000
    assert [place.points for place in places] == sorted((place.points for place in places), reverse=True)
    if price_bp:
        cheapest = [p for p in places if by_number[p.number].price_fen == lowest]
        assert {p.price_points for p in cheapest} == {Fraction(price_bp, 100)}


def test_a_third_of_a_point_is_neither_lost_nor_won():
    thirds = bid("A", 3, (10, 10, 11), (0, 0, 0))
    below = bid("B", 1, (10, 10, 10), (0, 0, 0))

    assert numbers(thirds, below) == [("A", None), ("B", None)]
    assert hundredths(Fraction(31, 3)) == 1033


@pytest.mark.parametrize(("bids", "found"), [
    ((bid("A", 20, (10,), (5,)), bid("B", 10, (5,), (10,))), [("B", "price"), ("A", "price")]),
    ((bid("A", 10, (10,), (5,)), bid("B", 10, (5,), (10,))), [("A", "criterion"), ("B", "criterion")]),
])
def test_ties_go_to_the_lower_price_then_to_the_named_criterion(bids, found):
    assert numbers(*bids) == found


def test_what_is_equal_in_everything_is_decided_by_the_lot_of_the_draw():
    same = [bid(name, 10, (5,), (5,)) for name in "ABC"]
    first = numbers(*same)

    assert {tie for _name, tie in first} == {"lot"}
    others = [ranked(same, price_bp=0, decisive=PLAN, drawn_with=bytes([n]) * 32)[0].number for n in range(40)]
    assert set(others) == {"A", "B", "C"}


def test_the_lowest_price_gets_the_whole_weight_and_twice_the_price_half_of_it():
    assert price_points(100, 100, 1000) == 10
    assert price_points(200, 100, 1000) == 5
    assert price_points(300, 100, 1000) == Fraction(10, 3)


@pytest.mark.parametrize("bids", [
    (), (bid("A", 0, (1,), (1,)),), (bid("A", 1, (1,), (1,)), bid("B", 1, (1, 2), (1, 2))), (bid("A", 1, (), ()),),
])
def test_what_was_not_scored_alike_has_no_ranking(bids):
    with pytest.raises(ValueError):
        ranked(bids, price_bp=0, decisive=PLAN, drawn_with=SEED)
