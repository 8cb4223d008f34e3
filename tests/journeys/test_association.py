"""From the start page to the certificate of an association, and what a foundation is told in a district."""

import re
import subprocess
import sys
import zipfile

import pytest

from tests.browsing import form_on
from tests.journeys.town import Town, a_town
from workflows.rules.uscc import parse

NAME = "北京市西城区晨光志愿者协会"
FORM = "/apply/registration?legal_type=association"
PAPERS = ("application", "premises_right", "capital_verification", "responsible_persons", "charter_draft")
APPLICATION = {
    "proposed_name": NAME, "field": "community_service", "scope": "会员交流；组织社区志愿服务。",
    "domicile": "幸福里1号楼底商", "individual_members": "30", "unit_members": "12", "activity_area": "北京市西城区",
    "registered_fund_fen": "30,000.00", "route": "direct", "legal_representative": "林示例",
    "identity_number": "110102190001010002", "phone": "010-00000000", "staff_count": "2",
    "founders-0-name": "林示例", "founders-0-role": "发起人", "declaration": "y",
}


@pytest.fixture(scope="module")
def town(server, tmp_path_factory):
    """The demo's district."""
    with a_town(server, tmp_path_factory, "journey_classes") as made:
        yield made


def test_from_the_start_page_to_the_certificate_and_a_hub(town, tmp_path):
    chooses_on_the_start_page(town)
    number = applies_with_too_few_members_and_then_enough(town)
    is_registered_with_a_code_of_its_own_type(town, number)
    joins_the_hub(town)
    the_bundle_holds(town, number, tmp_path)


def chooses_on_the_start_page(town: Town) -> None:
    staff = town.person("staff")
    start = staff.see("/")
    for legal_class in ("social_service", "association", "foundation"):
        assert f'href="/guide/registration?class={legal_class}"' in start
    guide = staff.see("/guide/registration?class=association")
    assert "Registration of an association" in guide and f'href="{FORM}"' in guide
    assert "30,000" in guide and ">50<" in guide and "art. 10(1)" in guide  # the numbers, with their articles
    form = staff.see("/apply/registration")
    assert 'name="start_up_fund_fen"' in form and "legal_type=association" in form


def applies_with_too_few_members_and_then_enough(town: Town) -> str:
    staff = town.person("staff")
    page = staff.see(FORM)
    assert 'name="individual_members"' in page and 'name="start_up_fund_fen"' not in page
    staff.send(FORM, form_on(page, FORM.partition("?")[0]), proposed_name=NAME, unit_members="12", _save="1")
    kept = form_on(staff.see("/apply/registration"), "/apply/registration")  # the draft says what is founded
    assert dict(kept.values)["legal_type"] == "association"
    assert dict(kept.values)["unit_members"] == "12"

    files = [f"documents-{slot}-file" for slot in PAPERS]
    few = staff.send(FORM, kept, status=403, files=files, **APPLICATION)
    assert "Too few members: 30 people, 12 units" in few.text
    again = form_on(few.text, "/apply/registration")
    answer = staff.send(FORM, again, individual_members="45")
    number = answer.headers["Location"].split("/")[2]
    case = staff.see(f"/cases/{number}")
    assert "45 people, 12 units" in case and "Registered funds" in case and "110102190001010002" not in case
    return number


def is_registered_with_a_code_of_its_own_type(town: Town, number: str) -> None:
    staff, registrar = town.person("staff"), town.person("registrar")
    assert number in registrar.see("/worklist?kind=registration")
    registrar.decide(number, "accept", contact="登记窗口 010-00000000")
    registrar.decide(number, "approve", document_number="西民社许准成字〔2026〕9号")
    registrar.decide(number, "deliver", method="counter")

    page = staff.see(f"/cases/{number}")
    assert "Registered" in page and "社会团体法人登记证书.pdf" in page
    found = staff.see(f"/organizations?q={NAME}")
    assert "Association" in found
    code = parse(re.search(r"\b51110102[0-9A-Z]{10}\b", found).group(0))
    assert (code.division, code.legal_type) == ("110102", "association")
    body = town.one("SELECT body FROM history h JOIN cases c ON c.id = h.case_id WHERE c.number = :n AND sequence = 1",
                    n=number)
    assert b'"individual_members":45' in bytes(body) and "林示例".encode() not in bytes(body)


def joins_the_hub(town: Town) -> None:
    staff, officer = town.person("staff"), town.person("hub")
    hub = town.one("SELECT node_id FROM hubs")
    answer = staff.fill("/apply/affiliation", hub=str(hub), wants_primary="y", purpose="业务指导")
    officer.decide(answer.headers["Location"].split("/")[2], "accept", remark="欢迎加入。")

    assert NAME in officer.see(f"/hubs/{hub}")


def the_bundle_holds(town: Town, number: str, folder) -> None:
    answer = town.person("auditor").client.get(f"/cases/{number}/bundle")
    bundle = folder / "bundle.zip"
    bundle.write_bytes(answer.data)
    with zipfile.ZipFile(bundle) as opened:
        (folder / "verify.py").write_bytes(opened.read("verify.py"))
        told = opened.read("history.html").decode()
    command = [sys.executable, "-I", folder / "verify.py", bundle]

    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    assert "Individual members" in told  # labels are in the language of who asked


def test_a_district_tells_founders_of_a_foundation_where_to_apply(town):
    staff = town.person("staff4")

    page = staff.see("/apply/registration?legal_type=foundation")

    # Before anything is typed: whom the law asks to be told the right authority.
    assert "apply to 北京市民政局" in page
    assert 'name="original_fund_fen"' not in page


def test_the_city_registers_foundations(town):
    registrar = town.person("registrar3")
    number = town.one("SELECT number FROM cases WHERE legal_class = 'foundation'")
    town.person("staff10").fill(f"/cases/{number}/do/answer_correction", answers="已补充身份证明。", declaration="y")
    for trigger, typed in (("accept", {}), ("approve", {"document_number": "京民基许准成字〔2026〕1号"}),
                           ("deliver", {"method": "counter"})):
        registrar.decide(number, trigger, **typed)

    assert "基金会法人登记证书.pdf" in registrar.see(f"/cases/{number}")
    code = town.one("SELECT o.uscc FROM organizations o JOIN cases c ON c.organization_id = o.id WHERE c.number = :n",
                    n=number)
    assert parse(code).legal_type == "foundation" and parse(code).division == "110000"
