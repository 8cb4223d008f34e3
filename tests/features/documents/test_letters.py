"""What stands on the papers that we issue, and are they always the same?"""

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.documents.letters import (
    AcceptanceData,
    CertificateData,
    ConclusionData,
    CorrectionData,
    GrantData,
    Head,
    RefusalData,
    VoucherData,
    acceptance_pdf,
    certificate_pdf,
    certificate_title,
    conclusion_pdf,
    correction_pdf,
    grant_pdf,
    payment_voucher_pdf,
    refusal_pdf,
    verification_code,
)

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
HEAD = Head(
    authority="示例区民政局",
    document_number="示民社〔2026〕12号",
    case_number="DJ-2026-0001",
    sequence=5,
    verify_base="https://example.org/verify/",
    demo=True,
)
LONG_NAME = "示例区新时代社区居家养老与残障儿童康复综合服务及志愿者培力发展促进中心（社会服务机构）"
CERTIFICATE = CertificateData(
    HEAD,
    "social_service",
    "示例区绿能社区服务中心",
    "52110102MJ0000001X",
    "沈若溪",
    "示例区槐树街12号",
    "社区能源宣传教育；志愿者培训。",
    date(2026, 3, 2),
    5_000_000,
    "示例区教育委员会",
    date(2026, 3, 2),
    date(2030, 3, 1),
)
ACCEPTANCE = AcceptanceData(
    HEAD,
    LONG_NAME,
    "社会服务机构成立登记",
    date(2026, 2, 26),
    date(2026, 5, 1),
    "登记窗口",
    (("章程草案", date(2026, 2, 26)),),
    date(2026, 4, 1),
)
CORRECTION = CorrectionData(
    HEAD,
    LONG_NAME,
    "社会服务机构成立登记",
    date(2026, 2, 26),
    date(2026, 3, 16),
    (("验资报告", "金额不一致，请更正。"),),
    "登记窗口",
)
REFUSAL = RefusalData(
    HEAD,
    LONG_NAME,
    "社会服务机构成立登记",
    date(2026, 2, 26),
    True,
    ("开办资金未到位。",),
    "示例区人民政府",
    "示例区人民法院",
)
VOUCHER = VoucherData(
    HEAD,
    LONG_NAME,
    "示例银行",
    "**** 6688",
    128_650_000,
    "2026-0102 居家养老",
    "HT-1",
    "第一期（40%）",
    "2411",
    "ZL-1",
    (("审批", "高以宁", AT),),
)
GRANT = GrantData(
    HEAD,
    LONG_NAME,
    "社会组织变更登记",
    date(2026, 2, 26),
    "准予变更登记",
    "依据《中华人民共和国行政许可法》第三十八条第一款",
    ("变更事项", "变更前", "变更后"),
    (("住所", "示例区槐树街12号", "示例区槐树街14号"),),
    ("请换领登记证书。",),
)
CONCLUSION = ConclusionData(
    HEAD, "年度检查结论通知书", LONG_NAME, 2025, date(2026, 3, 2), "基本合格", "依据《示例条例》第二十三条",
    ("未按章程召开理事会。",), (("未按章程召开理事会。", "召开理事会并报送会议纪要。"),), date(2026, 6, 30),
)
ALL = [
    (conclusion_pdf, CONCLUSION),
    (grant_pdf, GRANT),
    (certificate_pdf, CERTIFICATE),
    (acceptance_pdf, ACCEPTANCE),
    (correction_pdf, CORRECTION),
    (refusal_pdf, REFUSAL),
    (payment_voucher_pdf, VOUCHER),
]
needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext (poppler-utils)")


def text_of(pdf: bytes) -> str:
    read = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return re.sub(r"\s+", "", read.stdout.decode())


def pages_of(pdf: bytes) -> int:
    read = subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True, check=True)
    return int(re.search(rb"Pages:\s+(\d+)", read.stdout)[1])


@pytest.mark.parametrize(("make", "data"), ALL, ids=lambda value: getattr(value, "__name__", ""))
def test_the_same_data_gives_the_same_bytes(make, data):
    assert make(data, AT) == make(replace(data), AT)


@pytest.mark.parametrize(("make", "data"), ALL, ids=lambda value: getattr(value, "__name__", ""))
def test_another_fact_or_another_time_gives_other_bytes(make, data):
    other = replace(data, head=replace(HEAD, sequence=6))

    assert make(data, AT) != make(other, AT)
    assert make(data, AT) != make(data, AT.replace(day=3))


@needs_poppler
def test_a_certificate_says_who_is_registered():
    text = text_of(certificate_pdf(CERTIFICATE, AT))

    for words in (
        "民办非企业单位（法人）登记证书",
        "示例区绿能社区服务中心",
        "52110102MJ0000001X",
        "沈若溪",
        "伍万元整",
        "2026年3月2日至2030年3月1日",
        "示例区民政局",
        verification_code(CERTIFICATE),
    ):
        assert words in text


@needs_poppler
@pytest.mark.parametrize("scope", ["社区服务。", "社区能源宣传教育、老旧小区节能改造咨询；" * 30])
def test_a_certificate_has_one_page_however_long_its_words(scope):
    data = replace(CERTIFICATE, name=LONG_NAME, business_scope=scope, domicile="示例区槐树街" * 12)

    assert pages_of(certificate_pdf(data, AT)) == 1


@needs_poppler
def test_a_refusal_gives_reasons_and_remedies():
    text = text_of(refusal_pdf(REFUSAL, AT))

    for words in (
        "不予行政许可决定书",
        "开办资金未到位",
        "六十日内向示例区人民政府申请行政复议",
        "六个月内向示例区人民法院提起行政诉讼",
    ):
        assert words in text
    assert "不予受理决定书" in text_of(refusal_pdf(replace(REFUSAL, accepted=False), AT))


@needs_poppler
def test_a_grant_says_what_it_was_and_what_it_is_now():
    text = text_of(grant_pdf(GRANT, AT))

    for words in ("准予变更登记决定书", "示例区槐树街12号", "示例区槐树街14号", "请换领登记证书", "第三十八条第一款"):
        assert words in text


@needs_poppler
def test_a_conclusion_says_what_must_be_put_right_by_when_and_that_it_is_published():
    text = text_of(conclusion_pdf(CONCLUSION, AT))
    in_order = text_of(conclusion_pdf(replace(CONCLUSION, conclusion="合格", items=(), by=None), AT))
    refused = text_of(conclusion_pdf(replace(CONCLUSION, items=(), by=None, published=False), AT))

    for words in ("2025年度工作报告", "基本合格", "召开理事会并报送会议纪要", "2026年6月30日前整改", "向社会公示",
                  "不收取任何费用"):
        assert words in text
    assert "整改" not in in_order and "向社会公示" in in_order
    assert "向社会公示" not in refused and "重新报送" in refused


@needs_poppler
def test_a_voucher_says_the_amount_twice_and_masks_the_account():
    text = text_of(payment_voucher_pdf(VOUCHER, AT))

    for words in ("1,286,500.00", "壹佰贰拾捌万陆仟伍佰元整", "****6688", LONG_NAME, "2026-03-0209:30"):
        assert words in text


@needs_poppler
def test_data_is_printed_and_never_run():
    data = replace(CORRECTION, items=(('#panic("x") *b* $x$ <a>', "= 1 \\ `c` @ref {}"),))

    text = text_of(correction_pdf(data, AT))

    assert '#panic("x")*b*$x$<a>' in text
    assert "=1\\`c`@ref{}" in text


@needs_poppler
def test_rare_characters_of_names_are_there():
    data = replace(CERTIFICATE, legal_representative="䶮㛃堃犇淼·喆昇玥")

    assert "䶮㛃堃犇淼·喆昇玥" in text_of(certificate_pdf(data, AT))


@needs_poppler
def test_only_a_demonstration_says_that_it_is_one():
    real = replace(CERTIFICATE, head=replace(HEAD, demo=False))

    assert "演示数据，不具法律效力" in text_of(certificate_pdf(CERTIFICATE, AT))
    assert "演示" not in text_of(certificate_pdf(real, AT))


def test_papers_are_for_archives_and_for_everybody():
    pdf = certificate_pdf(CERTIFICATE, AT)

    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf


def test_a_verification_code_is_short_and_of_this_very_data():
    code = verification_code(CERTIFICATE)

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", code)
    assert verification_code(replace(CERTIFICATE)) == code
    assert verification_code(replace(CERTIFICATE, name="别的名称")) != code


def test_every_legal_type_has_a_certificate_of_its_name():
    assert certificate_title("association") == "社会团体法人登记证书"
    assert certificate_title("foundation") == "基金会法人登记证书"
    assert certificate_title("other") == "社会组织登记证书"
