"""The rules of the invented funds: numbers that a source gives say so in `cite`; the others are the demo's own."""

from datetime import date
from typing import Any

CRITERIA = [
    {"title": "需求与目标", "points": 20}, {"title": "服务方案", "points": 35}, {"title": "团队与业绩", "points": 25},
    {"title": "预算合理性", "points": 10}, {"title": "社会效益", "points": 10},
]
# Regime G in Guiyang: what is judged there, in the words of the notice; it gives no points, so these are the demo's.
GUIYANG_CRITERIA = [
    {"title": "公益性突出", "points": 25}, {"title": "理念创新", "points": 15}, {"title": "方案科学", "points": 20},
    {"title": "运行经济", "points": 15}, {"title": "成长性", "points": 15}, {"title": "普及性", "points": 10},
]
BANDS = [
    {"title": "优", "low": 90}, {"title": "良", "low": 80}, {"title": "合格", "low": 60}, {"title": "不合格", "low": 0},
]
THIRDS = [
    {"share_bp": 5000, "condition": "合同签订后", "waits_for": "none"},
    {"share_bp": 3000, "condition": "中期评估合格后", "waits_for": "mid_evaluation"},
    {"share_bp": 2000, "condition": "验收合格后", "waits_for": "acceptance"},
]
HALVES = [
    {"share_bp": 6000, "condition": "协议签订后", "waits_for": "none"},
    {"share_bp": 4000, "condition": "验收合格后", "waits_for": "acceptance"},
]


def procurement(on: date, place: str) -> dict[str, Any]:
    """Return the rules of a fund that buys by government procurement (regime P)."""
    return {
        "code": "ZFGM", "title": f"{place}政府购买社会组织服务项目", "year": on.year, "regime": "P",
        "cite": "演示数据；法定期限见政策数值所引条文", "directions": _rows("为老服务", "助残服务", "社区治理"),
        "cap_fen": 50_000_000, "most_per_organization": 3, "publicity_days": 5, "rubric": "综合评分法（示例）",
        "criteria": CRITERIA, "price_bp": 1000, "bands": BANDS, "instalments": THIRDS,
    }


def grants(on: date, place: str) -> dict[str, Any]:
    """Return the rules of a fund that grants (regime G): no price weight, its own publicity and instalments."""
    return {
        "code": "WCT", "title": f"{place}社区微创投", "year": on.year, "regime": "G", "cite": "演示数据，无来源",
        "directions": _rows("儿童关爱", "邻里互助"), "cap_fen": 12_000_000, "most_per_organization": 1,
        "publicity_days": 5, "rubric": "项目评审（示例）", "criteria": CRITERIA, "price_bp": None, "bands": BANDS,
        "instalments": HALVES,
    }


def guanshanhu_grants(on: date, place: str) -> dict[str, Any]:
    """Return the rules of Guanshanhu's venture fund (regime G); what its notice does not give is the demo's."""
    return {
        **grants(on, place), "code": "GYCT", "title": f"{place}公益创投",
        "cite": "未核实：贵阳市观山湖区公益创投项目公告只给出评审要点和实施期限，其余为演示数据",
        "criteria": GUIYANG_CRITERIA,
    }


def _rows(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]
