"""Invented people, organizations and cases for the style guide. Long names and odd states on purpose."""

from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from app.doors.markup import DueWords

LONG_NAME = "河畔区新时代社区养老服务与残障人士居家康复互助志愿者联合促进发展中心（有限）"
HASH = "9f2c41d0aa17be5590c2e41a9f2c41d0aa17be5590c2e41a9f2c41d0aa17e41a"
MESSAGE = "请修改此项，例如 300,000.00。"
WRONG = "（有误）"
AT = datetime(2026, 3, 2, 1, 20, tzinfo=UTC)
TONES = ("blue", "green", "amber", "red", "violet")

FORM_DATA: dict[str, Any] = {
    "text": LONG_NAME,
    "textarea": "手语翻译培训、听障人士陪同就医与办事。",
    "money": "300,000.00",
    "integer": "12",
    "radio": "service",
    "table": [
        {"item": "房屋租赁", "basis": "每月 8,000 元 × 12", "amount": "96,000.00"},
        {"item": "培训设备", "basis": "询价单三份", "amount": "54,000.00"},
    ],
}
FORM_HELP = {
    "text": "与住所地的区名、业务领域相符，不与已登记的名称相同。",
    "textarea": "不超过 500 字。",
    "money": "不低于 30,000.00 元。",
    "table": "列出第一年的主要支出。",
    "documents": "提交过的材料可再次使用。",
}
TABLE_COLUMNS = [
    {"name": "item", "title": "科目", "kind": "text", "total": False},
    {"name": "basis", "title": "依据", "kind": "text", "total": False},
    {"name": "amount", "title": "金额（元）", "kind": "money", "total": True},
]


def slots(with_errors: bool) -> list[dict[str, Any]]:
    """Return one slot with a paper and one without, which can be filled from earlier papers."""
    paper = {"document_id": 3, "name": "章程.pdf", "size": 412_000, "at": AT}
    return [
        {
            "name": "charter",
            "title": "章程草案",
            "help": "按示范文本拟定。",
            "required": True,
            "accept": ".pdf",
            "limit": "PDF，不超过 20 MB",
            "errors": [],
            "attached": [paper],
            "reusable": [],
        },
        {
            "name": "lease",
            "title": "场所使用权证明",
            "help": None,
            "required": False,
            "accept": ".pdf,.jpg",
            "limit": "PDF 或 JPG",
            "errors": [MESSAGE] if with_errors else [],
            "attached": [],
            "reusable": [paper],
        },
    ]


DUES = [
    DueWords("逾期 2 个工作日", "应于 2 月 26 日办结", "late"),
    DueWords("今天到期", "3 月 2 日", "today"),
    DueWords("剩 3 个工作日", "3 月 5 日", "soon"),
    DueWords("剩 27 个工作日", "4 月 9 日（暂定）", "ok"),
    DueWords("时限已暂停", "补正中，不计入时限", "paused"),
    DueWords("无时限", "", "none"),
]


def _row(
    subject: str, number: str, due: DueWords, tone: str = "", amount_fen: int | None = None
) -> dict[str, Any]:
    return {"subject": subject, "number": number, "due": due, "tone": tone, "amount_fen": amount_fen}


def _move(sequence: int, title: str, tone: str, **more: Any) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "at": AT,
        "who": "赵一帆",
        "role": "登记审核人",
        "title": title,
        "tone": tone,
        "from_title": "已提交",
        "to_title": "已受理",
        "reasons": [],
        "fields": [],
        "papers": [],
        "receipt": f"HP-2026-000133:{sequence}:{HASH}",
        **more,
    }


def _file(name: str) -> dict[str, Any]:
    return {"name": name, "size": 6_120_000, "at": AT, "by": "李敏", "href": "#", "sha256": HASH}


def _panel(**more: Any) -> dict[str, Any]:
    return {
        "action": "#",
        "key": "sample",
        "revision": 4,
        "allowed": [],
        "refused": [],
        "waits": None,
        "after": [],
        "closed": None,
        "draft": None,
        **more,
    }


def _act(trigger: str, title: str, consequence: str | None, **more: Any) -> dict[str, Any]:
    return {
        "trigger": trigger,
        "title": title,
        "consequence": consequence,
        "danger": False,
        "chosen": False,
        "href": None,
        "form": None,
        **more,
    }


REFUSED = [
    {
        "title": "批准拨付",
        "reasons": ["您在本办件中做过业务审核，审批须由另一人办理。", "合同已承诺余额不足。"],
    },
    {"title": "告知补正", "reasons": ["补正只能一次性告知，2 月 14 日已告知过。"]},
]
STEPS = [
    {"title": "已提交", "state": "done", "when": "2 月 10 日", "note": "补正 1 次"},
    {"title": "已受理", "state": "current", "when": "剩 3 个工作日", "note": "赵一帆"},
    {"title": "已决定", "state": "todo", "when": None, "note": "20 个工作日"},
    {"title": "已登记", "state": "todo", "when": None, "note": None},
]
ENDED = [STEPS[0], {"title": "不予受理", "state": "failed", "when": "2 月 20 日", "note": None}, *STEPS[2:]]
PARTS = [
    {"title": "已支付", "fen": 80_000_000, "series": 6},
    {"title": "在途", "fen": 20_000_000, "series": 5},
    {"title": "应付", "fen": 30_000_000, "series": 4},
    {"title": "已承诺", "fen": 168_650_000, "series": 1},
    {"title": "预留", "fen": 80_000_000, "series": 2},
    {"title": "可用", "fen": 121_350_000, "series": 3},
]

SAMPLE: dict[str, Any] = {
    "tones": TONES,
    "long_name": LONG_NAME,
    "hash": HASH,
    "at": AT,
    "dues": DUES,
    "steps": STEPS,
    "ended": ENDED,
    "clocks": [
        {
            "used": used,
            "number": 20,
            "unit_word": "个工作日",
            "words": due.words,
            "detail": due.detail,
            "tone": due.tone,
        }
        for used, due in zip((22, 20, 17, 2, 9), DUES, strict=False)
    ],
    "strip": [
        {"title": "已逾期", "count": 2, "note": "最久 2 个工作日", "tone": "red", "href": "#"},
        {"title": "今天到期", "count": 3, "note": "含 1 件加急", "tone": "amber", "href": "#"},
        {"title": "本周内", "count": 7, "note": None, "tone": "blue", "href": "#"},
        {"title": "其后", "count": 9, "note": "最晚 4 月 9 日", "tone": "", "href": "#"},
    ],
    "tabs": [
        {"title": "全部", "href": "#", "count": 21, "current": True},
        {"title": "成立登记", "href": "#", "count": 11, "current": False},
        {"title": "拨付", "href": "#", "count": None, "current": False},
    ],
    "filters": {
        "action": "#",
        "search": {"name": "q", "label": "在待办中查找", "value": ""},
        "selects": [
            {"name": "kind", "label": "事项", "value": "", "options": [("", "全部事项"), ("payment", "拨付")]}
        ],
        "dates": [{"name": "since", "label": "自", "value": ""}],
        "keep": [],
        "sort": {"name": "sort", "label": "排序", "value": "due", "options": [("due", "时限由近到远")]},
        "chips": [{"title": "成立登记", "href": "#"}, {"title": LONG_NAME, "href": "#"}],
        "clear": "#",
    },
    "groups": [
        {
            "title": "已逾期",
            "note": "1",
            "tone": "red",
            "rows": [_row(LONG_NAME, "HP-2026-000097", DUES[0], "late")],
        },
        {
            "title": "今天到期",
            "note": "1",
            "tone": "amber",
            "rows": [_row("第一期拨付 · 社区助餐项目", "HP-2026-000103", DUES[1], "today", 128_650_000)],
        },
        {
            "title": "其后",
            "note": "2",
            "tone": "",
            "rows": [
                _row("加入社区服务枢纽", "HP-2026-000118", DUES[4]),
                _row("成立登记", "HP-2026-000121", DUES[3]),
            ],
        },
    ],
    "pages": {"words": "第 26–50 件，共 312 件", "previous": "#", "next": "#"},
    "facts": [
        {"label": "拟定名称", "value": LONG_NAME, "note": None, "big": True, "wide": True},
        {"label": "开办资金", "value": "300,000.00", "note": "元", "big": True, "wide": False},
        {"label": "业务领域", "value": "残障服务", "note": "社会服务机构", "big": False, "wide": False},
        {"label": "英文名称", "value": None, "note": None, "big": False, "wide": False},
    ],
    "documents": [
        {"title": "章程草案", "required": True, "issued": False, "files": [_file(LONG_NAME + ".pdf")]},
        {"title": "场所使用权证明", "required": True, "issued": False, "files": []},
        {"title": "业务主管单位批准文件", "required": False, "issued": False, "files": []},
        {"title": "受理通知书", "required": False, "issued": True, "files": [_file("受理通知书.pdf")]},
    ],
    "history": [
        _move(
            4,
            "受理申请",
            "good",
            fields=[("意见", "材料齐全。")],
            papers=[{"name": "受理通知书", "href": "#"}],
        ),
        _move(3, "逾期视为受理", "", who=None, role=None, from_title=None, to_title=None, receipt=None),
        _move(2, "一次性告知补正", "back", reasons=["行政许可法 第三十二条"], to_title="补正中"),
        _move(1, "不予受理", "bad", to_title="不予受理"),
    ],
    "panels": {
        "waiting": _panel(
            waits={"who": "登记审核人", "since": "自 2 月 26 日起", "due": None}, refused=REFUSED
        ),
        "closed": _panel(closed="本办件已于 2026 年 3 月 1 日办结。"),
        "single": _panel(allowed=[_act("withdraw", "撤回申请", "撤回后不能恢复", danger=True)]),
        "several": _panel(
            allowed=[
                _act("accept", "受理", "决定期限开始计时，20 个工作日", chosen=True),
                _act("ask_correction", "告知补正", "只能一次性告知，期间暂停计时"),
                _act("refuse", "不予受理", "生成决定书，告知救济途径", danger=True),
                _act("extend", "延长决定期限", "经负责人批准，仅一次", href="#"),
            ],
            refused=REFUSED[1:],
            after=["通知申请人（站内信、邮件）"],
            draft={"href": "#", "revision": 1, "saved_at": "草稿已于 10:42 保存"},
        ),
    },
    "people": [
        {"name": "赵一帆", "role": "承办 · 河畔区民政局", "tone": ""},
        {"name": "李敏", "role": "申请人", "tone": "green"},
        {"name": "Chen Li", "role": "审核", "tone": "violet"},
    ],
    "tasks": [
        {
            "title": "成立登记",
            "href": "#",
            "note": "HP-2026-000133",
            "status": None,
            "tone": "",
            "due": DUES[0],
        },
        {"title": "预算", "href": "#", "note": None, "status": "已完成", "tone": "green", "due": None},
        {"title": "声明", "href": None, "note": "待材料齐全", "status": "未开始", "tone": "", "due": None},
    ],
    "answers": [
        {"label": "拟定名称", "value": LONG_NAME, "href": "#"},
        {"label": "英文名称", "value": None, "href": "#"},
    ],
    "next_steps": [
        {"title": "审查材料", "note": "3 月 9 日前决定是否受理"},
        {"title": "颁发登记证书", "note": None},
    ],
    "figures": [
        {"title": "年度预算", "value": "5,000,000.00", "note": "元", "tone": ""},
        {"title": "逾期", "value": 2, "note": "最久 2 个工作日", "tone": "red"},
        {"title": "成员单位", "value": 42, "note": None, "tone": ""},
    ],
    "total_fen": 500_000_000,
    "parts": PARTS,
    "flow": [{"title": part["title"], "fen": part["fen"], "note": None} for part in reversed(PARTS)],
    "bullets": [
        {"title": "城西街道", "share": 0.94, "target": 0.9, "words": "94%"},
        {"title": "河湾街道", "share": 0.52, "target": 0.75, "words": "52%"},
        {"title": "临江街道", "share": 0.3, "target": None, "words": "30%"},
    ],
    "errors": [("wrong-text", MESSAGE), ("wrong-money", MESSAGE), (None, "办件已有变化。")],
    "lead": Markup('3 月 2 日 · <b class="u-red">2 件已逾期</b>'),
}
