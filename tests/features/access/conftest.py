"""People whom an administrator of a city looks after."""

import pytest

from tests.builders_access import PASSWORD, browser_of, somebody


@pytest.fixture
def clerk(session, district):
    """Somebody of the district who has forgotten the password."""
    person = somebody(session, "registrar", district, name="林小溪", login="linxi", password=PASSWORD)
    session.commit()
    return person


@pytest.fixture
def chief(session, city):
    """The administrator of the city."""
    return somebody(session, "system_admin", city, name="管理员甲", login="chief")


@pytest.fixture
def administrator(app, session, chief):
    """The administrator's browser."""
    return browser_of(app, session, chief)
