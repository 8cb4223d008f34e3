"""Places that tests of several features stand on."""

import pytest

from tests.builders_access import a_place


@pytest.fixture
def city(session):
    """A city."""
    return a_place(session, "110000", "甲市")


@pytest.fixture
def other_city(session):
    """Another city, where nobody of the first has anything to do."""
    return a_place(session, "520000", "乙市")


@pytest.fixture
def district(session, city):
    """A district of the city."""
    return a_place(session, "110102", "甲区", parent=city)
