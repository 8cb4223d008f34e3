"""What does a paper that we issue look like? Plain data in, the same PDF bytes out, for ever.

The PDF is PDF/A-2a and PDF/UA-1, its fonts come from one package and its time is given, so whoever has the
data can make the file again and compare its SHA-256 with the history. Papers are always in Chinese.
"""

import hashlib
import io
import json
import threading
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import segno
import typst

from app.clock import SHANGHAI
from workflows.rules.money import format_yuan, in_words

TEMPLATES = Path(__file__).parent / "typst"
STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PDF = "application/pdf"

_CERTIFICATE_TITLES = {
    "social_service": "民办非企业单位（法人）登记证书",
    "association": "社会团体法人登记证书",
    "foundation": "基金会法人登记证书",
}
_FUND_LABELS = {"social_service": "开办资金", "association": "注册资金", "foundation": "原始基金数额"}
_local = threading.local()


@dataclass(frozen=True)
class Head:
    """Who issues the paper, under which number, on which step of which case.

    `verify_base` is the address under which a verification code can be asked for ('' where there is none);
    `demo` adds the seal placeholder and says that the paper has no legal effect.
    """

    authority: str
    document_number: str
    case_number: str
    sequence: int
    verify_base: str = ""
    demo: bool = False


@dataclass(frozen=True)
class CertificateData:
    """What a certificate of registration states; optional facts that are None get no row."""

    head: Head
    legal_type: str
    name: str
    uscc: str
    legal_representative: str
    domicile: str
    business_scope: str
    registered_on: date
    fund_fen: int | None = None
    sponsor: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    activity_area: str | None = None
    public_fundraising: bool | None = None


@dataclass(frozen=True)
class AcceptanceData:
    """What an applicant learns when the case is accepted; `documents` are (name, received on)."""

    head: Head
    applicant: str
    matter: str
    applied_on: date
    decide_by: date
    contact: str
    documents: tuple[tuple[str, date], ...] = ()
    promised_by: date | None = None
    legal_basis: str = "依据《中华人民共和国行政许可法》第三十二条第一款第五项"


@dataclass(frozen=True)
class CorrectionData:
    """Everything that must be corrected, told once; `items` are (paper or matter, what to correct)."""

    head: Head
    applicant: str
    matter: str
    applied_on: date
    reply_by: date
    items: tuple[tuple[str, str], ...]
    contact: str
    legal_basis: str = "依据《中华人民共和国行政许可法》第三十二条第一款第四项"


@dataclass(frozen=True)
class RefusalData:
    """A decision not to accept or, once `accepted`, not to grant, with reasons and remedies."""

    head: Head
    applicant: str
    matter: str
    applied_on: date
    accepted: bool
    reasons: tuple[str, ...]
    review_authority: str
    court: str
    legal_basis: str = "依据《中华人民共和国行政许可法》第三十二条、第三十八条"


@dataclass(frozen=True)
class GrantData:
    """A decision to grant what is no new registration: `rows` under `columns` say what, `follows` what comes of it."""

    head: Head
    applicant: str
    matter: str
    applied_on: date
    granted: str
    legal_basis: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    follows: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConclusionData:
    """What was concluded of the report of a year; `items` are (what must be put right, how), `by` until when."""

    head: Head
    title: str
    applicant: str
    year: int
    handed_in_on: date
    conclusion: str
    legal_basis: str
    reasons: tuple[str, ...]
    items: tuple[tuple[str, str], ...] = ()
    by: date | None = None
    published: bool = True


@dataclass(frozen=True)
class VoucherData:
    """One payment as the books keep it; the account arrives masked, `signatures` are (step, name, at)."""

    head: Head
    payee: str
    payee_bank: str
    payee_account_masked: str
    amount_fen: int
    budget_line: str
    contract: str
    instalment: str
    invoice_number: str
    instruction_number: str
    signatures: tuple[tuple[str, str, datetime], ...] = field(default=())


def certificate_title(legal_type: str) -> str:
    """Return the name that the certificate of this legal type bears."""
    return _CERTIFICATE_TITLES.get(legal_type, "社会组织登记证书")


def certificate_pdf(data: CertificateData, decided_at: datetime) -> bytes:
    """Return the certificate of registration as a PDF of one page; equal data and time give equal bytes."""
    rows = [
        ("名　　称", data.name),
        ("法定代表人", data.legal_representative),
        ("住　　所", data.domicile),
        ("业务范围", data.business_scope),
    ]
    if data.activity_area is not None:
        rows.append(("活动地域", data.activity_area))
    if data.public_fundraising is not None:
        rows.append(("类　　型", "公募基金会" if data.public_fundraising else "非公募基金会"))
    if data.fund_fen is not None:
        fund = f"{in_words(data.fund_fen)}（¥ {format_yuan(data.fund_fen)}）"
        rows.append((_FUND_LABELS.get(data.legal_type, "注册资金"), fund))
    if data.sponsor is not None:
        rows.append(("业务主管单位", data.sponsor))
    rows.append(("登记日期", _day(data.registered_on)))
    if data.valid_from is not None and data.valid_to is not None:
        rows.append(("有效期限", f"{_day(data.valid_from)}至{_day(data.valid_to)}"))
    page = {"title": certificate_title(data.legal_type), "uscc": data.uscc, "rows": rows}
    return _compile("certificate", data, page, decided_at)


def acceptance_pdf(data: AcceptanceData, decided_at: datetime) -> bytes:
    """Return the notice of acceptance as a PDF."""
    rows = [
        ("办理事项", data.matter),
        ("办件编号", data.head.case_number),
        ("受理日期", _day(_business_day(decided_at))),
        ("法定办结日期", _day(data.decide_by)),
    ]
    if data.promised_by is not None:
        rows.append(("承诺办结日期", _day(data.promised_by)))
    page = _addressed(data) | {
        "rows": rows,
        "contact": data.contact,
        "legal_basis": data.legal_basis,
        "documents": [(name, _day(received)) for name, received in data.documents],
    }
    return _compile("acceptance", data, page, decided_at)


def correction_pdf(data: CorrectionData, decided_at: datetime) -> bytes:
    """Return the one notice of all corrections as a PDF."""
    page = _addressed(data) | {
        "items": data.items,
        "reply_by": _day(data.reply_by),
        "contact": data.contact,
        "legal_basis": data.legal_basis,
    }
    return _compile("correction", data, page, decided_at)


def refusal_pdf(data: RefusalData, decided_at: datetime) -> bytes:
    """Return the decision not to accept or not to grant as a PDF, with reasons and remedies."""
    page = _addressed(data) | {
        "title": "不予行政许可决定书" if data.accepted else "不予受理决定书",
        "decision": "不予行政许可" if data.accepted else "不予受理",
        "reasons": data.reasons,
        "legal_basis": data.legal_basis,
        "review_authority": data.review_authority,
        "court": data.court,
    }
    return _compile("refusal", data, page, decided_at)


def grant_pdf(data: GrantData, decided_at: datetime) -> bytes:
    """Return the decision to grant a change or an end of a registration as a PDF."""
    page = _addressed(data) | {
        "title": f"{data.granted}决定书", "decision": data.granted, "legal_basis": data.legal_basis,
        "columns": data.columns, "rows": data.rows, "follows": data.follows,
    }
    return _compile("grant", data, page, decided_at)


def conclusion_pdf(data: ConclusionData, decided_at: datetime) -> bytes:
    """Return the notice of what was concluded of an annual report as a PDF."""
    page = {
        "title": data.title, "applicant": data.applicant, "year": data.year, "conclusion": data.conclusion,
        "handed_in_on": _day(data.handed_in_on), "legal_basis": data.legal_basis, "reasons": data.reasons,
        "items": data.items, "by": _day(data.by) if data.by is not None else None, "published": data.published,
    }
    return _compile("conclusion", data, page, decided_at)


def payment_voucher_pdf(data: VoucherData, decided_at: datetime) -> bytes:
    """Return the voucher of one payment as a PDF of one page."""
    page = {
        "amount": format_yuan(data.amount_fen),
        "amount_in_words": in_words(data.amount_fen),
        "rows": [
            ("收款单位", data.payee),
            ("开户银行", data.payee_bank),
            ("收款账号", data.payee_account_masked),
            ("预算项目", data.budget_line),
            ("合同", data.contract),
            ("拨付期次", data.instalment),
            ("发票号码", data.invoice_number),
            ("支付指令号", data.instruction_number),
        ],
        "signatures": [(step, name, _minute(at)) for step, name, at in data.signatures],
    }
    return _compile("payment_voucher", data, page, decided_at)


def verification_code(data: Any) -> str:
    """Return the short code (60 bits, XXXX-XXXX-XXXX) of the SHA-256 over a paper's data."""
    digest = hashlib.sha256(_canonical({"paper": type(data).__name__, **asdict(data)})).digest()
    number = int.from_bytes(digest[:8], "big") >> 4
    letters = "".join(CODE_ALPHABET[number >> shift & 31] for shift in range(55, -1, -5))
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def _compile(template: str, data: Any, page: dict[str, Any], decided_at: datetime) -> bytes:
    day = _business_day(decided_at)
    code = verification_code(data)
    head: Head = data.head
    page = page | {
        "head": asdict(head),
        "code": code,
        "date_text": _day(day),
        "date": {"year": day.year, "month": day.month, "day": day.day},
    }
    target = f"{head.verify_base}{code}" if head.verify_base else f"{head.case_number} {code}"
    pdf = _compiler().compile(
        input=str(TEMPLATES / f"{template}.typ"),
        format="pdf",
        sys_inputs={"data": _canonical(page).decode(), "qr": _qr(target)},
        pdf_standards=STANDARDS,
        timestamp=int(decided_at.timestamp()),
    )
    assert isinstance(pdf, bytes)
    return pdf


def _compiler() -> typst.Compiler:
    # A compiler belongs to one thread; the fonts behind it are read once per process.
    if not hasattr(_local, "compiler"):
        _local.compiler = typst.Compiler(root=TEMPLATES, font_paths=_fonts())
    compiler: typst.Compiler = _local.compiler
    return compiler


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    # Fonts of the machine would make the bytes depend on the machine.
    folder = pylopdf_fonts_zh_cn.serif_path().parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(folder)])


def _qr(text: str) -> str:
    drawing = io.BytesIO()
    segno.make(text, error="m").save(drawing, kind="svg", border=0, xmldecl=False, dark="#17202c")
    return drawing.getvalue().decode()


def _addressed(data: AcceptanceData | CorrectionData | RefusalData | GrantData) -> dict[str, Any]:
    return {"applicant": data.applicant, "matter": data.matter, "applied_on": _day(data.applied_on)}


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_iso).encode()


def _iso(value: date | datetime) -> str:
    return value.isoformat()


def _business_day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _minute(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
