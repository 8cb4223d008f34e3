"""A fund's rules are entered by one person, add up, and hold once a second person has confirmed them."""


import pytest
from sqlalchemy import select

from app.errors import InvalidInput, MoveRefused
from app.purchasing.tendering import Programme
from tests.builders_purchasing import a_programme, an_office, moved, opened, state_of


def test_a_second_person_puts_the_rules_into_force_with_a_version(session):
    office = an_office(session)
    answer = opened(session, office, "programme", "enter", office.buyer, office=office.node_id)
    assert session.scalars(select(Programme)).one().version is None

    with pytest.raises(MoveRefused) as refused:
        moved(session, office, answer.number, "confirm", office.buyer)
    assert [reason["code"] for reason in refused.value.reasons] == ["four_eyes"]
    moved(session, office, answer.number, "confirm", office.second_buyer)

    row = session.scalars(select(Programme)).one()
    assert (row.version, row.entered_by, row.confirmed_by) == (
        1, office.buyer.person_id, office.second_buyer.person_id
    )
    assert state_of(session, answer.number) == "in_force"


def test_the_same_code_again_is_the_next_version(session):
    office = an_office(session)

    a_programme(session, office)
    a_programme(session, office)

    assert session.scalars(select(Programme.version).order_by(Programme.id)).all() == [1, 2]


@pytest.mark.parametrize(("field", "rows"), [
    ("instalments", [{"share_bp": 9999, "condition": "合同签订后"}]),
    ("criteria", [{"title": "方案", "points": 99}]),
    ("bands", [{"title": "合格", "low": 60}]),
])
def test_rules_that_do_not_add_up_are_not_entered(session, field: str, rows: list):
    office = an_office(session)

    with pytest.raises(InvalidInput) as invalid:
        opened(session, office, "programme", "enter", office.buyer, office=office.node_id, **{field: rows})

    assert set(invalid.value.errors) == {field}
    assert session.scalars(select(Programme)).all() == []


def test_a_buyer_of_another_office_enters_nothing_here(session):
    office = an_office(session)

    with pytest.raises(InvalidInput) as refused:
        opened(session, office, "programme", "enter", office.outsider, office=office.node_id)

    assert list(refused.value.errors) == ["office"]
    assert session.scalars(select(Programme)).all() == []
