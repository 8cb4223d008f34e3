"""The diagram shows every state and every move once, on a straight line, with nothing upon anything."""

import re
from dataclasses import replace
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders_workflows import shipped
from workflows.definition import Definition, State, Text, Transition
from workflows.diagram import svg
from workflows.layout import START, Box, Layout, lay_out
from workflows.topology import arrows

KINDS = ("affiliation", "payment", "registration")
LOCALES = ("zh_Hans_CN", "en")
SVG = "{http://www.w3.org/2000/svg}"
both = [(kind, locale) for kind in KINDS for locale in LOCALES]


def crosses(box: Box, one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Tell whether a straight piece of a line runs through the inside of a box."""
    left, right = sorted((one[0], other[0]))
    top, bottom = sorted((one[1], other[1]))
    return (
        left < box.right - 0.5
        and box.left + 0.5 < right + 0.001
        and top < box.bottom - 0.5
        and (box.top + 0.5 < bottom + 0.001)
    )


def assert_well_drawn(definition: Definition, layout: Layout) -> None:
    """Assert what makes a picture readable."""
    for one, other in combinations(layout.boxes.values(), 2):
        apart = (
            one.right <= other.left
            or other.right <= one.left
            or one.bottom <= other.top
            or other.bottom <= one.top
        )
        assert apart, (one, other)
    spine = [layout.boxes[name] for name in (START, *definition.spine)]
    assert len({box.y for box in spine}) == 1
    assert [box.x for box in spine] == sorted(box.x for box in spine)
    for link in layout.links:
        for one, other in pairwise(link.points):
            assert one[0] == other[0] or one[1] == other[1], "lines are level or upright"
            for box in layout.boxes.values():
                assert not crosses(box, one, other), (link, box)
        assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in link.points)


@pytest.mark.parametrize(("kind", "locale"), both)
def test_the_shipped_procedures_are_well_drawn(kind: str, locale: str):
    definition = shipped(kind)

    layout = lay_out(definition, locale)

    assert_well_drawn(definition, layout)
    for box in layout.boxes.values():
        assert box.left >= 0 and box.right <= layout.width


@pytest.mark.parametrize(("kind", "locale"), both)
def test_no_words_lie_on_other_words(kind: str, locale: str):
    labels = [label for link in lay_out(shipped(kind), locale).links for label in link.labels]

    for one, other in combinations(labels, 2):
        assert one.right <= other.left or other.right <= one.left or abs(one.y - other.y) >= 12, (one, other)


@pytest.mark.parametrize(("kind", "locale"), both)
def test_lines_to_different_ends_do_not_lie_on_each_other(kind: str, locale: str):
    def upright(points: list[tuple[float, float]]) -> list[tuple[float, float, float]]:
        return [(a[0], *sorted((a[1], b[1]))) for a, b in pairwise(points) if a[0] == b[0]]

    for one, other in combinations(lay_out(shipped(kind), locale).links, 2):
        if one.target != other.target:
            for x1, top1, bottom1 in upright(one.points):
                for x2, top2, bottom2 in upright(other.points):
                    assert abs(x1 - x2) > 2 or bottom1 <= top2 or bottom2 <= top1, (one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_every_move_stands_once(kind: str):
    definition = shipped(kind)

    root = ElementTree.fromstring(svg(definition, current=None, taken=(), locale="en"))

    drawn = [
        (path.get("data-from"), path.get("data-to"), trigger)
        for path in root.iter(f"{SVG}path")
        if path.get("data-to")
        for trigger in (path.get("data-triggers") or "").split()
    ]
    wanted = [(source or START, target, item.trigger) for source, target, item in arrows(definition)]
    assert sorted(drawn) == sorted(wanted)
    assert [group.get("data-state") for group in root.iter(f"{SVG}g")] == list(definition.states)


WAY = [
    (None, "submitted"),
    ("submitted", "correcting"),
    ("correcting", "submitted"),
    ("submitted", "accepted"),
]


def test_the_way_taken_is_marked_and_nothing_else_is():
    text = svg(shipped("registration"), current="accepted", taken=WAY, locale="zh_Hans_CN")

    root = ElementTree.fromstring(text)

    taken = {
        (path.get("data-from"), path.get("data-to"))
        for path in root.iter(f"{SVG}path")
        if "is-taken" in (path.get("class") or "") and path.get("data-to")
    }
    assert taken == {(source or START, target) for source, target in WAY}
    standing = {
        group.get("data-state"): (group.get("class") or "").split()[1] for group in root.iter(f"{SVG}g")
    }
    assert standing == {
        "submitted": "is-done",
        "correcting": "is-done",
        "accepted": "is-current",
        "expert_review": "is-todo",
        "approved": "is-todo",
        "registered": "is-todo",
        "not_accepted": "is-end",
        "refused": "is-end",
        "withdrawn": "is-end",
    }


def test_the_way_taken_is_drawn_last():
    text = svg(shipped("registration"), current="accepted", taken=WAY, locale="en")

    classes = re.findall(r'c-map__line (is-\w+)"', text)

    assert classes == sorted(classes, reverse=True)


def test_title_and_description_say_the_same_in_words():
    root = ElementTree.fromstring(
        svg(shipped("registration"), current="accepted", taken=WAY, locale="zh_Hans_CN")
    )

    assert root.findtext(f"{SVG}title") == "社会服务机构成立登记：已受理"
    assert root.findtext(f"{SVG}desc") == (
        "已走过：已提交 → 待补正 → 已提交 → 已受理。现在：已受理。"
        "接下来可能：专家评审、已受理、准予登记、不予登记、已撤回。"
        "通常的路径：已提交 → 已受理 → 准予登记 → 已登记。"
    )
    assert root.get("role") == "img"
    named = (root.get("aria-labelledby") or "").split()
    assert named == ["map-registration-title", "map-registration-desc"]


def test_english_speaks_english_throughout():
    text = svg(shipped("payment"), current="paid", taken=[(None, "applied")], locale="en")

    assert not re.search(r"[\u4e00-\u9fff]", text)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_question_gives_the_same_bytes(kind: str):
    assert svg(shipped(kind), locale="en") == svg(replace(shipped(kind)), locale="en")


def test_counts_stand_at_their_states():
    root = ElementTree.fromstring(svg(shipped("payment"), counts={"applied": 12}, locale="en"))

    assert [item.text for item in root.iter(f"{SVG}text") if item.get("class") == "c-map__count"] == ["12"]


def test_titles_are_escaped():
    evil = Text("<script>&", '"><b>')
    definition = shipped("payment")
    states = {name: replace(state, title=evil) for name, state in definition.states.items()}

    text = svg(replace(definition, states=states, title=evil), current="paid", locale="en")

    assert "<b>" not in text and "<script>" not in text
    ElementTree.fromstring(text)


@st.composite
def procedures(draw: st.DrawFn) -> Definition:
    """Return any procedure with a spine, states beside it and moves between them, however odd."""
    spine = [f"s{number}" for number in range(draw(st.integers(2, 7)))]
    beside = [f"b{number}" for number in range(draw(st.integers(0, 5)))]
    states = [*spine, *beside]
    titles = st.sampled_from(["甲", "已提交", "专家评审意见汇总", "Sent", "Checked by finance"])
    pairs = [(None, spine[0]), *pairwise(spine)]
    pairs += [(draw(st.sampled_from(states)), name) for name in beside]
    pairs += draw(st.lists(st.tuples(st.sampled_from(states), st.sampled_from(states)), max_size=12))
    transitions = []
    for number, (source, target) in enumerate(pairs):
        title = draw(titles)
        from_ = (source,) if source else ()
        transitions.append(Transition(f"t{number}", Text(title, title), from_, target, ("staff",)))
    return replace(
        shipped("payment"),
        states={name: State(name, Text(draw(titles), name)) for name in states},
        transitions=tuple(transitions),
        spine=tuple(spine),
    )


@given(definition=procedures())
def test_any_procedure_is_well_drawn(definition: Definition):
    layout = lay_out(definition, "zh_Hans_CN")

    assert_well_drawn(definition, layout)
    assert {(link.source or None, link.target) for link in layout.links} == {
        (source, target) for source, target, _ in arrows(definition)
    }
    ElementTree.fromstring(svg(definition, locale="zh_Hans_CN"))
