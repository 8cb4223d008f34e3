"""Which layout does a register have? Told from the words in its header, Chinese or English."""

import re
import unicodedata
from dataclasses import dataclass

from app.organizations.reading import SourceRow, Unreadable
from workflows.definition import Text

HEADER_WITHIN = 10  # rows of title that may stand above the header

_WORDS = {
    "name": (
        "name, organization, organisation, orgname, organizationname, 名称, 单位名称, 组织名称, 社会组织, "
        "社会组织名称, 机构名称, 法人名称, 行政相对人名称, 单位, 单位全称"
    ),
    "uscc": (
        "uscc, code, creditcode, socialcreditcode, unifiedsocialcreditcode, 统一社会信用代码, 社会信用代码, "
        "信用代码, 统一信用代码, 统一代码, 行政相对人代码, 行政相对人代码1统一社会信用代码, 代码"
    ),
    "doc_no": (
        "docno, docnumber, documentno, documentnumber, decisionno, decisionnumber, 文号, 决定书文号, "
        "决定文书号, 决定文号, 许可文号, 批准文号, 行政许可决定书文号, 行政许可决定文书号, 许可决定书文号, "
        "文书号, 批文号"
    ),
    "decision_date": (
        "decisiondate, decidedon, date, dateofdecision, 决定日期, 许可决定日期, 作出决定日期, "
        "行政许可决定日期, 日期, 许可日期, 批准日期, 决定时间, 许可决定时间"
    ),
    "authority": (
        "authority, registrar, issuedby, 机关, 许可机关, 决定机关, 批准机关, 登记机关, 登记管理机关, "
        "行政许可机关, 许可单位, 发证机关, 作出决定机关"
    ),
    "grade": "grade, tag, assessmentgrade, 等级, 评估等级, 评估结果, 评估等级结果",
}
FIELD_OF = {word.strip(): field for field, words in _WORDS.items() for word in words.split(",")}
DECISION = ("doc_no", "decision_date", "authority")


@dataclass(frozen=True)
class Layout:
    """What the file is (`decisions` or a `list`, perhaps with grades) and where each field stands."""

    kind: str
    columns: dict[str, int]
    headers: dict[str, str]
    ignored: tuple[str, ...]
    width: int

    @property
    def graded(self) -> bool:
        """Say whether the rows carry an assessment grade."""
        return "grade" in self.columns


def _word(header: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", header)).lower()


def layout_of(row: SourceRow) -> Layout | None:
    """Return the layout that this row is the header of; None when it is no header."""
    columns: dict[str, int] = {}
    ignored = []
    for position, header in enumerate(row.cells):
        field = FIELD_OF.get(_word(header))
        if field and field not in columns:
            columns[field] = position
        elif header.strip():
            ignored.append(header.strip())
    if not {"name", "uscc"} <= columns.keys():
        return None
    headers = {field: row.cells[position].strip() for field, position in columns.items()}
    decision = [field for field in DECISION if field in columns]
    if "doc_no" in decision and len(decision) < len(DECISION):
        _refuse_half_a_decision(sorted(set(DECISION) - set(decision)))
    kind = "decisions" if "doc_no" in decision else "list"
    if kind == "list":  # a date or an authority of something else is not ours to read
        ignored += [headers.pop(field) for field in decision]
        columns = {field: position for field, position in columns.items() if field not in decision}
    return Layout(kind, columns, headers, tuple(ignored), len(row.cells))


def _refuse_half_a_decision(missing: list[str]) -> None:
    raise Unreadable(Text(
        zh=f"表头有文号，但缺少列：{'、'.join(missing)}。决定清单要有名称、统一社会信用代码、文号、决定日期、机关。",
        en=f"The header has document numbers but lacks: {', '.join(missing)}. "
           "A list of decisions has name, uscc, doc_no, decision_date and authority.",
    ))


def no_layout() -> Unreadable:
    """Return the error of a file in whose first rows no header was found."""
    return Unreadable(Text(
        zh="没有找到表头。至少要有「名称」「统一社会信用代码」两列；决定清单另有「文号」「决定日期」"
           "「机关」，评估清单另有「等级」。",
        en="No header was found. It needs at least the columns name and uscc; a list of decisions also has "
           "doc_no, decision_date and authority, a list of grades has grade.",
    ))
