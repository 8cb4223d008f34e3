"""What the tests over everything stand on."""

from tests.seeded import seeded

__all__ = ["seeded"]
