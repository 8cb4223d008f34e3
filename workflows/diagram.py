"""What does a procedure look like, and which way did a case take? An SVG that classes colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from workflows.definition import Definition, Text
from workflows.layout import START, Box, Label, Layout, Link, Point, lay_out

RADIUS = 6
Pair = tuple[str | None, str]

STYLE = (
    "svg{font-family:sans-serif;background:#fff}"
    ".c-map__box rect{fill:#fff;stroke:#7d8899}.c-map__line{fill:none;stroke:#7d8899}"
    ".c-map__label{font-size:12px;fill:#435062;paint-order:stroke;stroke:#fff;stroke-width:3px}"
    ".c-map__box.is-end rect{stroke-dasharray:4 3}.c-map__box.is-done rect{fill:#e6f4ea;stroke:#11733a}"
    ".c-map__box.is-current rect{fill:#0b4fb3}.c-map__box.is-current text,.c-map__dot{fill:#fff}"
    ".c-map__line.is-taken{stroke:#11733a;stroke-width:2}.c-map__head.is-taken{fill:#11733a}"
)


def svg(
    definition: Definition,
    *,
    current: str | None = None,
    taken: Sequence[Pair] = (),
    locale: str = "zh_Hans_CN",
    counts: Mapping[str, int] | None = None,
    standalone: bool = False,
) -> str:
    """Return the diagram of a definition, with the moves `taken` (openings from None) and where the case is.

    The same arguments give the same bytes. Boxes carry is-done, is-current, is-end or is-todo, lines is-taken
    or is-todo; a page colours them. `standalone` adds a style of its own, for a file.
    """
    layout = lay_out(definition, locale)
    walked = {(source or START, target) for source, target in taken}
    name = f"map-{definition.kind}"
    title, description = _words(definition, current, taken, locale)
    parts = [
        f'<svg class="c-map" viewBox="0 0 {_n(layout.width)} {_n(layout.height)}" width="{_n(layout.width)}"'
        f' height="{_n(layout.height)}" role="img" aria-labelledby="{name}-title {name}-desc"'
        f' xmlns="http://www.w3.org/2000/svg"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>',
        f"<style>{STYLE}</style>" if standalone else "",
        "<defs>" + _head(name, "is-todo") + _head(name, "is-taken") + "</defs>",
    ]
    # The way taken is drawn last, so that nothing lies on top of it; the words come after all lines.
    links = sorted(layout.links, key=lambda link: (link.source, link.target) in walked)
    parts += [_line(link, name, (link.source, link.target) in walked) for link in links]
    parts += [_label(label) for link in links for label in link.labels]
    been = {state for pair in walked for state in pair}
    parts += [_box(box, _standing(box, layout, current, been), counts or {}) for box in layout.boxes.values()]
    return "".join(parts) + "</svg>"


def _standing(box: Box, layout: Layout, current: str | None, been: set[str]) -> str:
    if box.name == START:
        return "is-start"
    if box.name == current:
        return "is-current"
    if box.name in been:
        return "is-done"
    dead_end = box.y > layout.boxes[START].y
    return "is-end" if dead_end else "is-todo"


def _line(link: Link, name: str, is_taken: bool) -> str:
    state = "is-taken" if is_taken else "is-todo"
    return (
        f'<path class="c-map__line {state}" data-from="{escape(link.source)}" data-to="{escape(link.target)}"'
        f' data-triggers="{escape(" ".join(link.triggers))}" d="{_path(link.points)}" fill="none"'
        f' stroke="currentColor" marker-end="url(#{name}-{state})"/>'
    )


def _path(points: list[Point]) -> str:
    """Return a line through the points with round corners, ending where its arrow head touches the box."""
    steps = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _toward(corner, before), _toward(corner, after)
        steps.append(
            f"L{_n(near[0])} {_n(near[1])}Q{_n(corner[0])} {_n(corner[1])} {_n(far[0])} {_n(far[1])}"
        )
    return "".join(steps) + f"L{_n(points[-1][0])} {_n(points[-1][1])}"


def _toward(corner: Point, other: Point) -> Point:
    """Return the point near `corner` on the way to `other`; half the way when that is short."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    if length == 0:
        return corner
    share = min(RADIUS, length / 2) / length
    return corner[0] + dx * share, corner[1] + dy * share


def _label(label: Label) -> str:
    return (
        f'<text class="c-map__label" x="{_n(label.x)}" y="{_n(label.y)}" text-anchor="{label.anchor}"'
        f' font-size="12">{escape(label.text)}</text>'
    )


def _box(box: Box, standing: str, counts: Mapping[str, int]) -> str:
    if box.name == START:
        return f'<circle class="c-map__start" cx="{_n(box.x)}" cy="{_n(box.y)}" r="{_n(box.width / 2)}"/>'
    mark, shift = "", 0
    if standing == "is-done":
        mark = (
            f'<path class="c-map__tick" d="M{_n(box.left + 9)} {_n(box.y)}l3.2 3.4l6 -6.8" fill="none"'
            ' stroke="currentColor"/>'
        )
        shift = 7
    elif standing == "is-current":
        mark = f'<circle class="c-map__dot" cx="{_n(box.left + 13)}" cy="{_n(box.y)}" r="3.6"/>'
        shift = 7
    count = ""
    if box.name in counts:
        count = (
            f'<text class="c-map__count" x="{_n(box.right - 4)}" y="{_n(box.top - 4)}" text-anchor="end"'
            f' font-size="12">{counts[box.name]}</text>'
        )
    return (
        f'<g class="c-map__box {standing}" data-state="{escape(box.name)}"><rect x="{_n(box.left)}"'
        f' y="{_n(box.top)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="9" fill="none"'
        f' stroke="currentColor"/>{mark}<text x="{_n(box.x + shift)}" y="{_n(box.y + 5)}"'
        f' text-anchor="middle" font-size="14">{escape(box.title)}</text>{count}</g>'
    )


def _head(name: str, state: str) -> str:
    return (
        f'<marker id="{name}-{state}" viewBox="0 0 8 8" refX="7.4" refY="4" markerWidth="7" markerHeight="7"'
        f' markerUnits="userSpaceOnUse" orient="auto"><path class="c-map__head {state}"'
        ' d="M0 .6L7.4 4L0 7.4z" fill="currentColor"/></marker>'
    )


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _words(
    definition: Definition, current: str | None, taken: Sequence[Pair], locale: str
) -> tuple[str, str]:
    """Return title and description: the same in words, for whoever does not see the picture."""
    chinese = Text("zh", "en").localized(locale) == "zh"
    arrow, stop = (" → ", "。") if chinese else (" → ", ". ")
    kind = definition.title.localized(locale)

    def named(states: Sequence[str]) -> str:
        return arrow.join(definition.states[state].title.localized(locale) for state in states)

    usual = ("通常的路径：" if chinese else "The usual way: ") + named(definition.spine)
    if current is None:
        return kind, usual + stop.strip()
    here = definition.states[current].title.localized(locale)
    following = [definition.states[item.to] for item in definition.transitions_from(current)]
    ahead = dict.fromkeys(state.title.localized(locale) for state in following)
    sentences = [
        ("已走过：" if chinese else "The way so far: ") + named([target for _, target in taken] or [current]),
        ("现在：" if chinese else "Now: ") + here,
        ("接下来可能：" if chinese else "Next may be: ") + ("、" if chinese else ", ").join(ahead)
        if ahead
        else "",
        usual,
    ]
    title = f"{kind}：{here}" if chinese else f"{kind}: {here}"
    return title, stop.join(filter(None, sentences)) + stop.strip()
