"""A year is reported: by a service organization in a browser, and by a foundation through a program."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.clock import business_now
from app.demo.building import Builder
from app.demo.district import OTHERS, RENAMED
from app.demo.reporting import report_year
from app.extensions import db
from app.organizations.models import Organization
from tests.browsing import form_on
from tests.journeys.test_four_people_api import Program
from tests.journeys.town import Town, a_town
from workflows.kinds.annual_report import due_on

FORM = "/apply/annual_report"
NAME = OTHERS[1][0]
FOUNDATION = "北京市示例晚晴公益基金会"
SAID = {
    "activities": "全年入户探访1200人次，开展社区活动36场。", "income_fen": "860,000.00", "expenditure_fen": "795000",
    "assets_fen": "520,000.00", "liabilities_fen": "0", "staff_count": "6", "declaration": "y",
}


@pytest.fixture(scope="module")
def town(server, tmp_path_factory) -> Iterator[Town]:
    """The demo's district, with a foundation that the city registered years ago."""
    with a_town(server, tmp_path_factory, "journey_annual") as made:
        with made.app.app_context():
            builder = Builder(db.session, made.app.config["DOCUMENTS"], business_now(db.session), subject=990_000)
            foundation = builder.registered("110000", FOUNDATION, made.members["registrar3"], legal_type="foundation")
            staff = builder.person("向晚", "evening", [("staff", builder.node(foundation.node_id))])
            db.session.remove()
        yield replace(made, members={**made.members, "evening": staff})


def last_year(town: Town) -> int:
    with town.app.app_context():
        return business_now(db.session).year - 1


def test_a_service_organization_reports_its_year_and_puts_right_what_is_named(town, tmp_path):
    year = last_year(town)
    number = hands_in_once(town, year)
    corrects_what_one_list_says(town, number)
    is_concluded_and_told_what_to_put_right(town, number, year)
    puts_it_right(town, number)
    everybody_reads_the_conclusion(town, year)
    the_bundle_holds(town, number, tmp_path)


def hands_in_once(town: Town, year: int) -> str:
    staff, registrar = town.person("staff6"), town.person("registrar")
    assert f"Annual report of {year}" in staff.see("/")
    assert NAME in registrar.see("/annual-reports")
    page = staff.see(f"{FORM}?year={year}")
    assert 'name="public_benefit_fen"' not in page and "fee" not in page.lower().replace("feedback", "")
    files = [f"documents-{slot}-file" for slot in ("report_form", "financial_report")]
    few = staff.send(FORM, form_on(page, FORM), status=403, files=files[:1], year=str(year), **SAID)
    assert "Financial report" in few.text and "Still missing" in few.text
    answer = staff.send(FORM, form_on(few.text, FORM), files=files[1:])
    number = str(answer.headers["Location"].split("/")[2])

    case = staff.see(f"/cases/{number}")
    assert f"31 May {year + 1}" in case and "CNY 520,000.00" in case and "all is as registered" in case
    assert f"Annual report of {year}" not in staff.see("/")
    assert NAME not in registrar.see("/annual-reports")
    again = staff.send(FORM, form_on(staff.see(FORM), FORM), status=403, files=files, **{**SAID, "year": str(year)})
    assert number in again.text
    return number


def corrects_what_one_list_says(town: Town, number: str) -> None:
    staff, registrar = town.person("staff6"), town.person("registrar")
    assert number in registrar.see("/worklist?kind=annual_report")
    registrar.fill(f"/cases/{number}/do/ask_correction", **{
        "items-0-what": "财务会计报告", "items-0-wrong": "缺现金流量表。", "items-0-mend": "请补充。",
        "contact": "窗口",
    })
    assert "缺现金流量表" in staff.see(f"/cases/{number}")
    staff.fill(f"/cases/{number}/do/answer_correction", answers="已补充。", income_fen="861,000.00", declaration="y")
    page = registrar.see(f"/cases/{number}")
    assert "CNY 861,000.00" in page and "CNY 795,000.00" in page
    assert "ask_correction" not in registrar.offered(number)


def is_concluded_and_told_what_to_put_right(town: Town, number: str, year: int) -> None:
    staff, registrar = town.person("staff6"), town.person("registrar")
    with town.app.app_context():
        today = business_now(db.session).date()
    said = {
        "document_number": "西民社检〔2026〕9号", "reasons": "未按章程召开理事会。",
        "to_put_right-0-what": "未按章程召开理事会。", "to_put_right-0-how": "召开理事会并报送会议纪要。",
    }
    address = f"/cases/{number}/do/qualify_basically"
    past = registrar.fill(address, status=422, put_right_by=(today - timedelta(days=1)).isoformat(), **said)
    assert "still to come" in past.text
    registrar.fill(address, put_right_by=(today + timedelta(days=30)).isoformat(), **said)

    page = staff.see(f"/cases/{number}")
    assert "basically qualified" in page and "年度检查结论通知书.pdf" in page and "召开理事会并报送会议纪要" in page
    assert page.count("召开理事会并报送会议纪要") == 1
    assert number in staff.see("/worklist")
    told = town.rows("SELECT n.audience_role FROM notices n JOIN cases c ON c.id = n.case_id WHERE c.number = :n"
                     " AND n.template = 'annual_report_to_put_right'", n=number)
    assert [row.audience_role for row in told] == ["staff"]
    refused = Program(town, "registrar").force(number, "close_not_put_right", {"reason": "没有整改。"}, 403)
    assert [reason["code"] for reason in refused["reasons"]] == ["term_not_over"]


def puts_it_right(town: Town, number: str) -> None:
    staff, registrar = town.person("staff6"), town.person("registrar")
    address = f"/cases/{number}/do/report_put_right"
    staff.fill(address, done="已召开理事会。", files=["documents-put_right_report-file"])
    registrar.fill(f"/cases/{number}/do/confirm_put_right", checked="已核对会议纪要。")
    assert "Put right" in staff.see(f"/cases/{number}")


def everybody_reads_the_conclusion(town: Town, year: int) -> None:
    client = town.app.test_client()
    client.set_cookie("lang", "en")
    page = client.get(f"/publicity/annual-reports?year={year}").text
    assert NAME in page and "basically qualified" in page and "put right on" in page
    organization = town.one("SELECT id FROM organizations WHERE name = :n", n=NAME)
    file = town.person("staff2").see(f"/organizations/{organization}")
    assert "Annual reports" in file and "basically qualified" in file


def the_bundle_holds(town: Town, number: str, folder) -> None:
    answer = town.person("auditor").client.get(f"/cases/{number}/bundle")
    bundle = folder / "bundle.zip"
    bundle.write_bytes(answer.data)
    with zipfile.ZipFile(bundle) as opened:
        (folder / "verify.py").write_bytes(opened.read("verify.py"))
    command = [sys.executable, "-I", folder / "verify.py", bundle]

    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0


def test_a_foundation_reports_with_its_auditors_report_and_everybody_reads_that_it_did(town):
    year, staff, registrar = last_year(town), Program(town, "evening"), Program(town, "registrar3")
    operation = town.app.test_client().get("/api/v1/openapi.json").json["paths"]["/api/v1/cases/annual_report"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]["data"]
    data = {**example, "year": year, "donations_fen": 5_000_000, "public_benefit_fen": 4_000_000,
            "documents": [staff.upload(slot) for slot in ("report_form", "financial_report")]}
    missing = staff.post("/cases/annual_report", {"data": data}, 403)
    assert [reason["code"] for reason in missing["reasons"]] == ["documents_missing"]
    data["documents"].append(staff.upload("audit_report"))
    early = staff.post("/cases/annual_report", {"data": {**data, "year": year + 1}}, 403)
    assert [reason["code"] for reason in early["reasons"]] == ["year_not_over"]
    number = staff.post("/cases/annual_report", {"data": data}, 201)["number"]
    twice = staff.post("/cases/annual_report", {"data": data}, 403)
    assert [reason["code"] for reason in twice["reasons"]] == ["year_reported"]

    assert registrar.waiting(number)
    page = town.person("registrar3").see(f"/cases/{number}")
    assert f"31 Mar {year + 1}" in page and "Spent on public benefit" in page and "CNY 40,000.00" in page
    refused = registrar.force(number, "refuse_report", {
        "document_number": "京民基金报〔2026〕2号", "reasons": "缺审计报告。"}, 403)
    assert [reason["code"] for reason in refused["reasons"]] == ["correction_first"]
    assert registrar.do(number, "accept_report")["state"] == "accepted"
    assert "conclusion_notice" in {paper["slot"] for paper in staff.case(number)["documents"]}

    public = town.app.test_client().get(f"/publicity/annual-reports?q={FOUNDATION}").text
    assert FOUNDATION in public and "已接收并公布" in public


def test_the_demo_has_one_report_to_check_and_one_to_put_right(town):
    states = town.rows("SELECT state FROM cases WHERE kind = 'annual_report' AND organization_id IN"
                       " (SELECT o.id FROM organizations o JOIN role_grants g ON g.node_id = o.node_id"
                       " JOIN people p ON p.id = g.person_id WHERE p.name IN ('周禾', '何青'))")

    assert sorted(row.state for row in states) == ["putting_right", "submitted"]


def test_late_is_said_in_days_and_the_guide_names_the_law(town):
    year, renamed = last_year(town), town.one("SELECT id FROM organizations WHERE name = :n", n=RENAMED)
    with town.app.app_context():
        builder = Builder(db.session, town.app.config["DOCUMENTS"], business_now(db.session))
        organization = db.session.get_one(Organization, renamed)
        number = report_year(builder, town.members["staff5"], organization, year - 1)
        late = (builder.today - due_on(year - 1, 5)).days
        db.session.remove()

    assert f"{late} days late" in town.person("staff5").see(f"/cases/{number}")
    client = town.app.test_client()
    client.set_cookie("lang", "en")
    guide = client.get("/guide/annual_report").text
    assert "5 months" in guide and "art. 28" in guide and "MCA Order 27 art. 3" in guide
    assert "Auditors&#39; report by a CPA" in client.get("/guide/annual_report?class=foundation").text
