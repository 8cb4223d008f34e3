"""How is a project evaluated? Rubrics and bands as data, and exact arithmetic in hundredths of a point."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from workflows.definition import Text
from workflows.rules.bands import Band, Bands

FULL = 10_000
"""A hundred points, in hundredths."""
STAGES = ("mid", "final")
POINTS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")
MOST_STARS = 5


@dataclass(frozen=True)
class Criterion:
    """One line of a rubric: at most `most` hundredths; `from_ratings` when the beneficiaries' ratings fill it."""

    code: str
    title: Text
    most: int
    from_ratings: bool = False


@dataclass(frozen=True)
class Rubric:
    """What is scored at a stage; the lines sum to FULL. `cite` says where it comes from."""

    stage: str
    criteria: tuple[Criterion, ...]
    cite: Text

    @property
    def scored(self) -> tuple[Criterion, ...]:
        """The lines that the evaluator fills."""
        return tuple(line for line in self.criteria if not line.from_ratings)


def _line(code: str, zh: str, en: str, points: int, *, from_ratings: bool = False) -> Criterion:
    return Criterion(code, Text(zh, en), points * 100, from_ratings)


RUBRICS = {
    "mid": Rubric(
        "mid",
        (
            _line("progress", "进度", "Progress", 20),
            _line("outputs", "服务产出（指标完成率）", "Outputs (indicators achieved)", 25),
            _line("method", "专业方法与质量", "Method and quality", 15),
            _line("finance", "财务规范与预算执行", "Finance and budget", 20),
            _line("team", "团队稳定", "A stable team", 5),
            _line("satisfaction", "服务对象反馈", "Beneficiaries' ratings", 10, from_ratings=True),
            _line("files", "档案资料", "Files", 5),
        ),
        Text("未核实：通行做法，来源待核实", "Unverified: common practice, source to be confirmed"),
    ),
    "final": Rubric(
        "final",
        (
            _line("decision", "决策", "Decision", 10),
            _line("process", "过程", "Process", 20),
            _line("output", "产出", "Output", 30),
            _line("benefit", "效益", "Benefit", 30),
            _line("satisfaction", "服务对象满意度", "Beneficiaries' satisfaction", 10, from_ratings=True),
        ),
        Text(
            "未核实：参照财预〔2020〕10号，产出与效益合计不低于60%",
            "Unverified: after Caiyu [2020] 10, output and benefit at least 60 %",
        ),
    ),
}

# The printed rule ("90 and above, 80 to 89, …") leaves 89.5 to nobody; half-open bands leave nothing out.
BANDS = Bands(
    [
        Band("fail", 0, 6_000),
        Band("pass", 6_000, 8_000),
        Band("good", 8_000, 9_000),
        Band("excellent", 9_000, FULL + 1),
    ],
    low=0,
    high=FULL,
)
BANDS_CITE = Text(
    "深圳市政府购买社会组织服务项目评估办法（据报道，条文待核实），各等次之间的空隙按左闭右开补齐",
    "Shenzhen's rules on evaluating purchased projects (as reported, to be confirmed), gaps between the bands closed",
)
GRADES = {
    "excellent": Text("优秀", "Excellent"),
    "good": Text("良好", "Good"),
    "pass": Text("合格", "Pass"),
    "fail": Text("不合格", "Fail"),
}
CAP = "pass"
"""Too few ratings: no grade above this one. A choice of ours, for the rule that satisfaction is the core."""


@dataclass(frozen=True)
class Ratings:
    """How many codes were handed out, how many came back as ratings, and the sum of their stars."""

    handed: int
    answered: int
    stars: int

    @property
    def average(self) -> int:
        """The average in hundredths of a star, halves up; 0 without ratings."""
        return _divided(self.stars * 100, self.answered)

    @property
    def response_bp(self) -> int:
        """The response rate in basis points, rounded down: a threshold is reached or not."""
        return self.answered * 10_000 // self.handed if self.handed else 0

    def points(self, most: int) -> int:
        """The points that the ratings earn on a line of `most` hundredths; no ratings, no points."""
        return _divided(self.stars * most, self.answered * MOST_STARS)


@dataclass(frozen=True)
class Outcome:
    """A total in hundredths, its grade, and why the grade was capped ('' when it was not)."""

    total: int
    grade: str
    capped: str

    @property
    def passed(self) -> bool:
        """Whether the stage is passed."""
        return self.grade != "fail"


class WrongPoints(ValueError):
    """Points that no rubric allows; `criterion` says for which line, `code` says why."""

    def __init__(self, criterion: str, code: str) -> None:
        super().__init__(f"{criterion}: {code}")
        self.criterion = criterion
        self.code = code


def points_from(text: str) -> int:
    """Return points such as '18.5' in hundredths; ValueError for anything else."""
    if not POINTS.fullmatch(text):
        raise ValueError(text)
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or "0")


def points_text(hundredths: int) -> str:
    """Return hundredths as people write points: 18.5, 20."""
    whole, part = divmod(hundredths, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") if part else str(whole)


def outcome_of(
    stage: str, points: Mapping[str, int], ratings: Ratings, *, sample: int, response_bp: int
) -> Outcome:
    """Return the outcome of a stage; WrongPoints unless every line the evaluator fills has fitting points.

    Fewer ratings than `sample`, or a lower response rate than `response_bp`, cap the grade at CAP.
    """
    rubric = RUBRICS[stage]
    lines = {line.code: line for line in rubric.scored}
    for code in points:
        if code not in lines:
            raise WrongPoints(code, "unknown")
    for code, line in lines.items():
        if code not in points:
            raise WrongPoints(code, "missing")
        if not 0 <= points[code] <= line.most:
            raise WrongPoints(code, "range")
    rated = sum(ratings.points(line.most) for line in rubric.criteria if line.from_ratings)
    total = sum(points.values()) + rated
    capped = "sample" if ratings.answered < sample else "response" if ratings.response_bp < response_bp else ""
    grade = BANDS.of(total).name
    above = [band.name for band in BANDS.bands if band.low > next(b.low for b in BANDS.bands if b.name == CAP)]
    if not capped or grade not in above:
        return Outcome(total, grade, capped if grade in above else "")
    return Outcome(total, CAP, capped)


def _divided(above: int, below: int) -> int:
    return (2 * above + below) // (2 * below) if below else 0
