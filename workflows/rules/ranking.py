"""In which order do reviewed bids stand? Exact fractions from the first score to the last place, nothing rounded.

Each expert's total is a sheet of whole points out of 100. With a price weight w (regime P) a bid gets
mean x (1 - w) + 100 x w x lowest price / its price; without one, the mean. Points are shown in hundredths, a half
rounded up; places are decided by the exact fractions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from workflows.rules.draw import lot

FULL = 100
WHOLE_BP = 10_000
HUNDREDTHS = 100
PRICE, CRITERION, LOT = "price", "criterion", "lot"


@dataclass(frozen=True)
class ReviewedBid:
    """A bid as the panel leaves it: its price, and for each criterion the points of all experts, in one order."""

    number: str
    price_fen: int
    scores: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Place:
    """The place of a bid: exact `points` and `price_points`; `tie` says what set it before its equals, if any."""

    number: str
    position: int
    points: Fraction
    price_points: Fraction
    means: Mapping[str, Fraction]
    totals: tuple[int, ...]
    tie: str | None = None


def ranked(
    bids: Sequence[ReviewedBid], *, price_bp: int, decisive: str, drawn_with: bytes
) -> list[Place]:
    """Return the places, the best first, whatever the order in which the bids are given.

    Equal points go to the lower price, then to the higher mean of the `decisive` criterion, then to the smaller lot
    of the seed that drew the panel. ValueError when there is no bid, or bids were not scored alike.
    """
    _refuse_uneven(bids, decisive)
    lowest = min(bid.price_fen for bid in bids)
    found = [(_place(bid, lowest, price_bp), bid) for bid in bids]
    found.sort(key=lambda pair: _key(pair[0], pair[1], decisive, drawn_with))
    places = []
    for position, (place, bid) in enumerate(found, start=1):
        equals = [other for other, _bid in found if other.points == place.points and other.number != place.number]
        tie = _tie(place, bid, [(o, b) for o, b in found if o in equals], decisive) if equals else None
        places.append(Place(
            place.number, position, place.points, place.price_points, place.means, place.totals, tie
        ))
    return places


def price_points(price_fen: int, lowest_fen: int, price_bp: int) -> Fraction:
    """Return the points for the price: the lowest gets all of the weight, another in proportion."""
    return Fraction(FULL * price_bp * lowest_fen, WHOLE_BP * price_fen)


def hundredths(points: Fraction) -> int:
    """Return points in hundredths, a half rounded up: only for showing."""
    return int((points * HUNDREDTHS * 2 + 1) // 2)


def _place(bid: ReviewedBid, lowest: int, price_bp: int) -> Place:
    means = {name: Fraction(sum(points), len(points)) for name, points in bid.scores.items()}
    totals = tuple(sum(column) for column in zip(*bid.scores.values(), strict=True))
    price = price_points(bid.price_fen, lowest, price_bp)
    points = sum(means.values(), Fraction()) * Fraction(WHOLE_BP - price_bp, WHOLE_BP) + price
    return Place(bid.number, 0, points, price, means, totals)


def _key(place: Place, bid: ReviewedBid, decisive: str, drawn_with: bytes) -> tuple[Fraction, int, Fraction, str, str]:
    return -place.points, bid.price_fen, -place.means[decisive], lot(bid.number, drawn_with), bid.number


def _tie(place: Place, bid: ReviewedBid, equals: Sequence[tuple[Place, ReviewedBid]], decisive: str) -> str:
    """Return what had to be asked to tell a bid from all that have as many points."""
    if all(other.price_fen != bid.price_fen for _place, other in equals):
        return PRICE
    same_price = [other for other, each in equals if each.price_fen == bid.price_fen]
    if all(other.means[decisive] != place.means[decisive] for other in same_price):
        return CRITERION
    return LOT


def _refuse_uneven(bids: Sequence[ReviewedBid], decisive: str) -> None:
    if not bids:
        raise ValueError("no bid was reviewed")
    shapes = {tuple((name, len(points)) for name, points in sorted(bid.scores.items())) for bid in bids}
    if len(shapes) != 1 or decisive not in bids[0].scores or not all(bids[0].scores.values()):
        raise ValueError("the bids were not scored alike")
    if any(bid.price_fen <= 0 for bid in bids):
        raise ValueError("a price is above zero")
