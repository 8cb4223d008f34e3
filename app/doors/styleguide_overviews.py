"""Invented data for the style guide's pictures, calendar clocks and organization file. Long names and odd states."""

from typing import Any

from app.doors.styleguide_samples import AT, LONG_NAME, PARTS


def _bar(title: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    shown = [{**part, "href": "#"} for part in parts]
    return {"title": title, "href": "#", "total_fen": sum(part["fen"] for part in parts), "parts": shown}


def _clock(title: str, **more: Any) -> dict[str, Any]:
    return {
        "title": title, "number": "HP-2026-000133", "href": "#", "subject": LONG_NAME, "kind_title": "成立登记",
        "organization": None, "waits_for": "登记审核人", "cite": None, "source": None, "verified": True,
        "promised": False, "provisional": False, "paused": None, "late": False, **more,
    }


def _entry(title: str, **more: Any) -> dict[str, Any]:
    return {
        "title": title, "href": "#", "from_on": AT.date(), "to_on": None, "lasts": False, "number": None, "note": None,
        "state": None, "tone": "", "amount_fen": None, "step": None, "below": [], **more,
    }


def _happened(title: str, tone: str, **more: Any) -> dict[str, Any]:
    return {
        "at": AT, "who": "赵一帆", "role": "登记审核人", "title": title, "to_title": "已受理", "kind_title": "成立登记",
        "subject": LONG_NAME, "number": "HP-2026-000133", "href": "#", "tone": tone, **more,
    }


SAMPLE: dict[str, Any] = {
    "bars": [_bar(LONG_NAME, PARTS), _bar("只有一部分", PARTS[:1]), _bar("没有", [])],
    "bar_titles": {part["title"]: part["title"] for part in PARTS},
    "bar_series": {part["title"]: part["series"] for part in PARTS},
    "months": [
        {"title": f"2026 年 {month} 月", "short": str(month), "fen": fen, "href": "#"}
        for month, fen in ((1, 0), (2, 128_650_000), (3, 5_600_000), (4, -1_200_000))
    ],
    "day_clocks": [
        _clock("决定"), _clock("受理", late=True), _clock("补正", paused="自 3 月 2 日起暂停"),
        _clock("办结", promised=True), _clock("公示", provisional=True),
    ],
    "file_parts": [
        {"title": "合同", "note": "1 份", "empty": "", "step": None, "entries": [
            _entry(LONG_NAME, number="XC2026-001", state="履行中", tone="blue", amount_fen=128_650_000, lasts=True,
                   below=[_entry("第 1 期", state="已付", tone="green", amount_fen=64_325_000, href=None),
                          _entry("第 2 期", state="未申请", amount_fen=64_325_000,
                                 step={"title": "申请", "href": "#"})]),
        ]},
        {"title": "孵化", "note": None, "entries": [], "empty": "没有申请过孵化。",
         "step": {"title": "查看孵化基地", "href": "#"}},
    ],
    "happened": [
        _happened("批准", "good"), _happened("告知补正", "back"), _happened("不予受理", "bad"),
        _happened("逾期视为受理", "", who=None, role=None),
    ],
}
