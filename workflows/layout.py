"""Where does everything stand in a state diagram? Pure geometry: boxes, lines and labels, no drawing.

The usual way is one straight row, the spine. A state one comes back from stands above the spine, a dead end
below it. Lines run in lanes between the rows, so they cross lines but never a box.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from workflows.definition import Definition
from workflows.topology import arrows

START = ""
BOX_HEIGHT = 36
PORT = 22  # room between two lines that leave the same side of a box
LANE = 14
LINE_OF_TEXT = 14
MARGIN = 20
LEAST_GAP = 40
CORRIDOR = 12

Point = tuple[float, float]


@dataclass
class Box:
    """One state; x is its centre, y its middle."""

    name: str
    title: str
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = BOX_HEIGHT

    @property
    def left(self) -> float:
        """Return the left edge."""
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        """Return the right edge."""
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        """Return the upper edge."""
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        """Return the lower edge."""
        return self.y + self.height / 2


@dataclass
class Label:
    """One line of text; y is its baseline, anchor as in SVG."""

    text: str
    x: float
    y: float
    anchor: str

    @property
    def left(self) -> float:
        """Return where the text begins."""
        return self.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * label_width(self.text)

    @property
    def right(self) -> float:
        """Return where the text ends."""
        return self.left + label_width(self.text)


@dataclass
class Link:
    """All transitions from one state to another: one line, with the titles of all its triggers."""

    source: str
    target: str
    triggers: tuple[str, ...]
    titles: tuple[str, ...]
    points: list[Point] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)


@dataclass
class Layout:
    """The whole picture."""

    boxes: dict[str, Box]
    links: list[Link]
    width: float
    height: float


def lay_out(definition: Definition, locale: str) -> Layout:
    """Return the picture of a definition; the same definition and locale give the same picture."""
    return _Plan(definition, locale).drawn()


def label_width(text: str) -> float:
    """Return about how wide a label is, in the small size."""
    return sum(12.0 if _is_wide(character) else 6.6 for character in text)


def box_width(text: str) -> float:
    """Return how wide a box must be for its title."""
    return 38 + sum(14.0 if _is_wide(character) else 7.7 for character in text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


@dataclass(frozen=True)
class _End:
    """One end of a link at a box."""

    link: int
    arrives: bool


class _Plan:
    """The steps of the layout, in order; each uses what the steps before it have settled."""

    def __init__(self, definition: Definition, locale: str) -> None:
        self.links = _links(definition, locale)
        self.spine = (START, *definition.spine)
        leaving = {link.source for link in self.links}
        beside = [name for name in definition.states if name not in self.spine]
        self.uppers = [name for name in beside if name in leaving]
        self.sinks = [name for name in beside if name not in leaving]
        self.boxes = {
            name: Box(name, state.title.localized(locale)) for name, state in definition.states.items()
        }
        self.boxes[START] = Box(START, "", width=14, height=14)
        self.column = {name: number for number, name in enumerate(self.spine)}
        self.column |= {name: self._column_of_upper(name) for name in self.uppers}
        self.ways = [self._way(link) for link in self.links]
        self.ports: dict[_End, float] = {}
        self.corridors: dict[int, float] = {}
        self.labels: list[Label] = []

    def drawn(self) -> Layout:
        """Run all steps and return the result."""
        self._place_columns()
        self._place_rows()
        self._route_between_rows()
        for number, link in enumerate(self.links):
            self._label(number, link)
        self._place_sinks()
        xs = [box.right for box in self.boxes.values()] + [label.right for label in self.labels]
        xs += [x for link in self.links for x, _ in link.points]
        ys = [box.bottom for box in self.boxes.values()] + [label.y for label in self.labels]
        ys += [y for link in self.links for _, y in link.points]
        return Layout(self.boxes, self.links, max(xs) + MARGIN, max(ys) + MARGIN)

    # Which way does each link run?

    def _column_of_upper(self, name: str) -> int:
        """Return the first column that leads to this state from the spine, else the first it leads to."""
        leading = [link.source for link in self.links if link.target == name]
        led = [link.target for link in self.links if link.source == name]
        on_spine = [self.column[other] for other in leading if other in self.spine]
        back = [self.column[other] for other in led if other in self.spine]
        return min(on_spine or back or [1])

    def _way(self, link: Link) -> str:
        """Return how a link runs: along the spine, straight up or down, over it, under it, or to a sink."""
        if link.target in self.sinks:
            return "drop"
        ahead = self.column[link.target] - self.column[link.source]
        on_spine = (link.source in self.spine) + (link.target in self.spine)
        if on_spine == 2:
            return "along" if ahead == 1 else "over" if ahead > 1 else "under"
        return "straight" if on_spine == 1 and ahead == 0 else "over"

    # Columns: how wide, and where do lines leave a box?

    def _place_columns(self) -> None:
        x = float(MARGIN)
        for column, name in enumerate(self.spine):
            box = self.boxes[name]
            uppers = [self.boxes[upper] for upper in self.uppers if self.column[upper] == column]
            above = {upper.name: self._ends(upper.name, "straight", "over") for upper in uppers}
            own, below = self._ends(name, "over"), self._ends(name, "under", "drop")
            for upper in uppers:
                upper.width = max(box_width(upper.title), PORT * (len(above[upper.name]) + 1))
            if name != START:
                over = sum(upper.width + LANE for upper in uppers) - LANE * bool(uppers) + PORT * len(own)
                box.width = max(box_width(box.title), over, PORT * (max(len(below), len(own)) + 1))
            box.x = x + box.width / 2
            left = box.left
            for upper in uppers:
                # The last one takes the rest, so that a lone upper box is as wide as its column.
                rest = box.right - PORT * len(own) - left
                upper.width = rest if upper is uppers[-1] else upper.width
                upper.x = left + upper.width / 2
                self._spread(above[upper.name], upper.left, upper.right)
                left = upper.right + LANE
            self._spread(own, box.right - PORT * len(own) if uppers else box.left, box.right)
            self._spread(below, box.left, box.right)
            x = self._next_column(column, box.right)

    def _ends(self, name: str, *ways: str) -> list[_End]:
        """Return the ends at a box of the links that run these ways, from left to right."""
        # Up on the left, down on the right: what an upper box gets from the spine comes first.
        arriving_first = name in self.uppers
        ends = []
        for number, link in enumerate(self.links):
            if self.ways[number] in ways:
                if link.source == name:
                    ends.append(
                        (self._side(name, link.target), self._sink(link), arriving_first, False, number)
                    )
                if link.target == name:
                    ends.append(
                        (self._side(name, link.source), self._sink(link), not arriving_first, True, number)
                    )
        return [_End(number, arrives) for _, _, _, arrives, number in sorted(ends)]

    def _side(self, name: str, other: str) -> int:
        return self.column.get(other, self.column[name]) - self.column[name]

    def _sink(self, link: Link) -> int:
        return self.sinks.index(link.target) if link.target in self.sinks else -1

    def _spread(self, ends: list[_End], left: float, right: float) -> None:
        for number, end in enumerate(ends, start=1):
            self.ports[end] = left + (right - left) * number / (len(ends) + 1)

    def _next_column(self, column: int, right: float) -> float:
        """Reserve corridors for what falls past the spine, then room for the titles; return the next x."""
        for number, link in enumerate(self.links):
            if (
                self.ways[number] == "drop"
                and link.source in self.uppers
                and self.column[link.source] == column
            ):
                right += CORRIDOR
                self.corridors[number] = right
        titles = [
            label_width(title) + 26
            for number, link in enumerate(self.links)
            if self.ways[number] == "along" and self.column[link.source] == column
            for title in link.titles
        ]
        return right + max([LEAST_GAP, *titles])

    # Rows: upper boxes, the band with its lanes, the spine.

    def _place_rows(self) -> None:
        lanes = len([way for way in self.ways if way == "over"])
        rows = 3 if self.corridors else 2
        top = float(MARGIN)
        if self.uppers:
            top += BOX_HEIGHT + 12 + rows * LINE_OF_TEXT
        if lanes:
            top += LANE * (lanes + 1)
        for name in self.uppers:
            self.boxes[name].y = MARGIN + BOX_HEIGHT / 2
        for name in self.spine:
            self.boxes[name].y = top + BOX_HEIGHT / 2

    def _route_between_rows(self) -> None:
        over, under = 0, 0
        for number, link in enumerate(self.links):
            source, target, way = self.boxes[link.source], self.boxes.get(link.target), self.ways[number]
            assert target is not None
            leave, arrive = self.ports.get(_End(number, False), 0.0), self.ports.get(_End(number, True), 0.0)
            if way == "along":
                link.points = [(source.right, source.y), (target.left, target.y)]
            elif way == "straight":
                # Only the upper box spreads this line; the spine box below it takes it as it comes.
                x = arrive if link.target in self.uppers else leave
                ends = (
                    (source.top, target.bottom) if link.target in self.uppers else (source.bottom, target.top)
                )
                link.points = [(x, ends[0]), (x, ends[1])]
            elif way == "over":
                over += 1
                y = self.boxes[self.spine[1]].top - LANE * over
                link.points = _detour(leave, self._band_side(source), y, arrive, self._band_side(target))
            elif way == "under":
                under += 1
                y = source.bottom + 8 + LINE_OF_TEXT * under
                link.points = _detour(leave, source.bottom, y, arrive, target.bottom)

    def _band_side(self, box: Box) -> float:
        return box.bottom if box.name in self.uppers else box.top

    # Labels: each takes the first free place near its line.

    def _label(self, number: int, link: Link) -> None:
        way = self.ways[number]
        if way == "along":
            (left, y), (right, _) = link.points
            corridor = max([left, *(x for x in self.corridors.values() if left < x < right)])
            for line, title in enumerate(link.titles):
                below = 2 + LINE_OF_TEXT * line if line else -7
                self._put(link, title, [((corridor + right) / 2 - 2, y + below, "middle")])
            return
        title = " / ".join(link.titles)
        if way == "drop" and number in self.corridors:
            self._put(link, title, self._beside(self.corridors[number], self._band_rows(), "start", "start"))
        elif way == "drop":
            x, bottom = self.ports[_End(number, False)], self.boxes[link.source].bottom
            rows = [bottom + LINE_OF_TEXT * (row + 1) for row in range(12)]
            self._put(link, title, self._beside(x, rows, "end", "start"))
        elif way == "straight":
            first, second = ("end", "start") if link.target in self.uppers else ("start", "end")
            self._put(link, title, self._beside(link.points[0][0], self._band_rows(), first, second))
        else:
            (x1, y), (x2, _) = link.points[1:3]
            self._put(link, title, [((x1 + x2) / 2, y - 4, "middle"), ((x1 + x2) / 2, y + 12, "middle")])

    def _band_rows(self) -> list[float]:
        top, bottom = MARGIN + BOX_HEIGHT + 16, self.boxes[self.spine[1]].top - 4
        return [top + LINE_OF_TEXT * row for row in range(int((bottom - top) // LINE_OF_TEXT) + 1)]

    def _beside(self, x: float, rows: list[float], *anchors: str) -> list[tuple[float, float, str]]:
        return [(x + (5 if anchor == "start" else -5), y, anchor) for anchor in anchors for y in rows]

    def _put(self, link: Link, text: str, places: list[tuple[float, float, str]]) -> None:
        labels = [Label(text, x, y, anchor) for x, y, anchor in places]
        chosen = next((label for label in labels if self._is_free(label)), labels[0])
        link.labels.append(chosen)
        self.labels.append(chosen)

    def _is_free(self, label: Label) -> bool:
        boxes = [self.boxes[name] for name in (*self.spine, *self.uppers)]
        return (
            label.left > 2
            and not any(
                _overlap(label, other.left, other.right, other.y - 11, other.y + 3) for other in self.labels
            )
            and not any(_overlap(label, box.left, box.right, box.top, box.bottom) for box in boxes)
        )

    # Dead ends: one lane each, all lines to the same end share it.

    def _place_sinks(self) -> None:
        spine = self.boxes[self.spine[1]]
        lowest = max(
            [spine.bottom + 10]
            + [label.y for label in self.labels if label.y > spine.bottom]
            + [y for link in self.links for _, y in link.points if y > spine.bottom]
        )
        lanes = {name: lowest + 10 + LANE * number for number, name in enumerate(self.sinks)}
        row = lowest + 10 + LANE * len(self.sinks) + 12 + BOX_HEIGHT / 2
        free_from = float(MARGIN)
        for name in sorted(self.sinks, key=self._wanted_x):
            box = self.boxes[name]
            box.width, box.y = box_width(box.title), row
            box.x = max(self._wanted_x(name), free_from + box.width / 2)
            while any(abs(box.x - x) < 8 for x in self._falling_elsewhere(name)):
                # Two lines on top of each other could not be told apart.
                box.x += 8
            free_from = box.right + 24
        for number, link in enumerate(self.links):
            if self.ways[number] == "drop":
                sink, lane = self.boxes[link.target], lanes[link.target]
                link.points = [*self._down_to(number, link, lane), (sink.x, lane), (sink.x, sink.top)]

    def _falling_x(self, number: int) -> float:
        return self.corridors.get(number, self.ports.get(_End(number, False), 0.0))

    def _falling_elsewhere(self, name: str) -> list[float]:
        return [
            self._falling_x(number)
            for number, link in enumerate(self.links)
            if self.ways[number] == "drop" and link.target != name
        ]

    def _wanted_x(self, name: str) -> float:
        """Return the middle of the lines that end here, so that most of them stay short."""
        xs = [self._falling_x(number) for number, link in enumerate(self.links) if link.target == name]
        return sum(xs) / len(xs) if xs else 0.0

    def _down_to(self, number: int, link: Link, lane: float) -> list[Point]:
        if number not in self.corridors:
            x = self.ports[_End(number, False)]
            return [(x, self.boxes[link.source].bottom), (x, lane)]
        x, box = self.corridors[number], self.boxes[link.source]
        same_column = [other for other in self.uppers if self.column[other] == self.column[link.source]]
        # Another upper box to the right would be in the way: go round it through the band.
        if link.source != same_column[-1]:
            band = box.bottom + 6
            return [(box.right - 8, box.bottom), (box.right - 8, band), (x, band), (x, lane)]
        return [(box.right, box.y), (x, box.y), (x, lane)]


def _links(definition: Definition, locale: str) -> list[Link]:
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for source, target, transition in arrows(definition):
        titles = found.setdefault((source or START, target), [])
        titles.append((transition.trigger, transition.title.localized(locale)))
    return [
        Link(source, target, tuple(trigger for trigger, _ in rows), tuple(title for _, title in rows))
        for (source, target), rows in found.items()
    ]


def _detour(x1: float, y1: float, lane: float, x2: float, y2: float) -> list[Point]:
    return [(x1, y1), (x1, lane), (x2, lane), (x2, y2)]


def _overlap(label: Label, left: float, right: float, top: float, bottom: float) -> bool:
    return label.left - 4 < right and left < label.right + 4 and label.y - 11 < bottom and top < label.y + 3
