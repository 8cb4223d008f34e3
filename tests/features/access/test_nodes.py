"""Where places stand, and what moves with them."""

import pytest

from app.access.nodes import (
    ImpossibleMove,
    ancestors,
    children,
    create_node,
    division_code,
    ensure_root,
    find_by_code,
    move_node,
    subtree,
)
from tests.builders_access import a_place


def test_a_node_carries_the_path_of_its_parents(session):
    root = ensure_root(session)

    city = a_place(session, "110000")
    district = a_place(session, "110102", parent=city)

    assert district.path == f"/{root.id}/{city.id}/{district.id}/"
    assert [node.id for node in ancestors(session, district)] == [root.id, city.id, district.id]


def test_the_root_is_made_once(session):
    assert ensure_root(session).id == ensure_root(session).id


def test_children_are_the_nodes_directly_below_of_the_kind_asked_for(session):
    city = a_place(session, "110000")
    district = a_place(session, "110102", parent=city)
    hub = a_place(session, "HUB-1", parent=city, kind="hub")
    a_place(session, "HUB-2", parent=district, kind="hub")

    assert [node.id for node in children(session, city)] == [district.id, hub.id]
    assert [node.id for node in children(session, city, kind="hub")] == [hub.id]


def test_moving_a_node_takes_everything_below_it_along(session):
    old, new = a_place(session, "110000"), a_place(session, "520000")
    district = a_place(session, "110102", parent=old)
    street = a_place(session, "110102001", parent=district)

    move_node(session, district, parent=new)

    assert street.path == f"{new.path}{district.id}/{street.id}/"
    assert [node.id for node in subtree(session, new)] == [new.id, district.id, street.id]
    assert [node.id for node in subtree(session, old)] == [old.id]
    assert district.parent_id == new.id


def test_a_node_may_not_be_moved_below_itself(session):
    city = a_place(session, "110000")
    district = a_place(session, "110102", parent=city)
    before = district.path

    with pytest.raises(ImpossibleMove):
        move_node(session, city, parent=district)

    assert district.path == before


def test_a_path_that_is_a_prefix_only_in_letters_is_not_above(session):
    parent = ensure_root(session)
    nodes = [create_node(session, parent=parent, kind="territory", name_zh="区") for _ in range(11)]
    one = nodes[0]
    look_alike = create_node(session, parent=parent, kind="territory", name_zh="区")
    look_alike_path = look_alike.path

    assert subtree(session, one) == [one]
    assert not look_alike_path.startswith(one.path)


def test_the_division_of_a_hub_is_that_of_the_territory_above_it(session):
    district = a_place(session, "110102")
    hub = a_place(session, "HUB-1", parent=district, kind="hub")

    assert division_code(session, hub) == "110102"
    assert find_by_code(session, "999999") is None


def test_an_unknown_kind_of_node_is_refused(session):
    with pytest.raises(ValueError, match="castle"):
        create_node(session, parent=None, kind="castle", name_zh="城堡")
