"""Which band does a value fall into? Half-open bands that leave no gap and never overlap."""

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Band:
    """All values from `low` up to but not including `high`."""

    name: str
    low: int
    high: int


def mistakes(bands: list[Band], *, low: int, high: int) -> list[str]:
    """Return what keeps the bands from covering every value of low..high, both included, exactly once."""
    if not bands:
        return ["there is no band"]
    found = [
        f"{band.name}: empty, {band.low} is not below {band.high}" for band in bands if band.low >= band.high
    ]
    names = [band.name for band in bands]
    found += [f"{name}: named twice" for name in sorted(set(names)) if names.count(name) > 1]
    in_order = sorted(bands, key=lambda band: (band.low, band.high))
    if in_order[0].low != low:
        found.append(f"{in_order[0].name}: begins at {in_order[0].low} instead of {low}")
    for below, above in pairwise(in_order):
        if below.high < above.low:
            found.append(f"nothing covers {below.high} to {above.low}")
        elif below.high > above.low:
            found.append(f"{below.name} and {above.name} overlap from {above.low}")
    top = max(bands, key=lambda band: band.high)
    # The highest value must be inside, so the top band ends one step above it.
    if top.high != high + 1:
        found.append(f"{top.name}: ends before {top.high} instead of {high + 1}")
    return found


class Bands:
    """A partition of low..high, both included; anything less raises ValueError with every mistake."""

    def __init__(self, bands: list[Band], *, low: int, high: int) -> None:
        found = mistakes(bands, low=low, high=high)
        if found:
            raise ValueError("; ".join(found))
        self.low = low
        self.high = high
        self.bands = tuple(sorted(bands, key=lambda band: band.low))

    def of(self, value: int) -> Band:
        """Return the one band that holds the value; ValueError when it lies outside low..high."""
        for band in self.bands:
            if band.low <= value < band.high:
                return band
        raise ValueError(f"{value} lies outside {self.low} to {self.high}")
