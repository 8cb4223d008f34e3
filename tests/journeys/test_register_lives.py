"""The register lives: an organization gets another name and another is gone, over HTTP, as its people see it."""

from collections.abc import Iterator

import pytest

from app.demo.district import ENDING_NAME, OTHERS, RENAMED
from tests.journeys.test_four_people_api import Program
from tests.journeys.town import Town, a_town

NEW = "北京市西城区里仁社区与家庭发展中心"
OLD = OTHERS[1][0]
PAPERS = ("application", "resolution", "charter")


@pytest.fixture(scope="module")
def town(server, tmp_path_factory) -> Iterator[Town]:
    """The demo's district."""
    with a_town(server, tmp_path_factory, "journey_lives") as made:
        yield made


def number_of(town: Town, kind: str, state: str) -> str:
    """Return the number of the demo's only case of a kind in a state."""
    return str(town.one("SELECT number FROM cases WHERE kind = :k AND state = :s", k=kind, s=state))


def test_a_change_is_applied_for_decided_and_read_everywhere(town):
    staff, registrar = Program(town, "staff6"), Program(town, "registrar")
    waiting = number_of(town, "registration_change", "submitted")
    assert registrar.waiting(waiting)
    page = town.person("registrar").see(f"/cases/{waiting}")
    assert "days late" in page and "广安门内街道槐柏树街9号" in page and "示例街道幸福里2号楼底商" in page
    assert "石榴" not in page and "何示例" not in page  # masked until somebody asks, which is recorded

    form = town.person("staff6").see("/apply/registration_change")
    assert "At present" in form and OLD in form and "Required with: New domicile" in form
    described = town.app.test_client().get("/api/v1/openapi.json").json["paths"]["/api/v1/cases/registration_change"]
    example = described["post"]["requestBody"]["content"]["application/json"]["example"]["data"]
    data = {**example, "new_domicile": None, "new_name": NEW, "consented_on": "2026-01-05",
            "documents": [staff.upload(slot) for slot in PAPERS[:-1]]}
    missing = staff.post("/cases/registration_change", {"data": data}, 403)
    assert [reason["code"] for reason in missing["reasons"]] == ["documents_missing"]
    data["documents"].append(staff.upload(PAPERS[-1]))
    taken = staff.post("/cases/registration_change", {"data": {**data, "new_name": RENAMED}}, 403)
    assert [reason["code"] for reason in taken["reasons"]] == ["name_taken"]
    number = staff.post("/cases/registration_change", {"data": data}, 201)["number"]
    again = staff.post("/cases/registration_change", {"data": data}, 403)
    assert [reason["code"] for reason in again["reasons"]] == ["change_under_way"]

    for trigger, state in (("accept", "accepted"), ("approve", "approved"), ("deliver", "changed")):
        assert registrar.do(number, trigger)["state"] == state
    case = staff.case(number)
    assert {"decision", "certificate"} <= {paper["slot"] for paper in case["documents"]}
    for name in (OLD, NEW):
        (found,) = staff.get(f"/organizations?q={name}")["organizations"]
        assert (found["name"], found["former_names"]) == (NEW, [OLD])
        listed = town.person("staff2").see(f"/organizations?q={name}")
        assert NEW in listed and f"Formerly: {OLD}" in listed
    file = town.person("staff6").see(f"/organizations/{found['id']}")
    assert "changed here: name" in file and OLD in file and NEW in file
    old_cases = town.rows("SELECT subject FROM cases WHERE organization_id = :o AND kind = 'bid'", o=found["id"])
    assert all(NEW not in row.subject for row in old_cases)


def test_an_organization_ends_and_its_file_stays(town):
    staff, registrar = Program(town, "staff11"), Program(town, "registrar")
    number = number_of(town, "deregistration", "submitted")
    organization = town.one("SELECT organization_id FROM cases WHERE number = :n", n=number)
    assert registrar.waiting(number)
    refused = staff.post("/cases/affiliation", {"data": {
        "hub": town.one("SELECT node_id FROM hubs"), "wants_primary": True,
    }}, 403)
    assert "organization_dissolving" in [reason["code"] for reason in refused["reasons"]]
    change = staff.post("/cases/registration_change", {"data": {
        "new_domicile": "示例街3号", "consented_on": "2026-01-05", "declaration": True, "documents": [],
    }}, 403)
    assert "deregistration_under_way" in [reason["code"] for reason in change["reasons"]]
    file = town.person("registrar").see(f"/organizations/{organization}")
    assert "Frozen" in file and "Liquidation and deregistration" in file

    page = town.person("registrar").see(f"/cases/{number}")
    assert "Contracts, money and cases are all settled" in page
    assert registrar.do(number, "accept")["state"] == "accepted"
    assert registrar.do(number, "approve")["state"] == "deregistered"

    assert "decision" in {paper["slot"] for paper in staff.case(number)["documents"]}
    (found,) = registrar.get(f"/organizations?q={ENDING_NAME}")["organizations"]
    assert (found["standing"], found["registered"]) == ("ended", False)
    file = town.person("staff11").see(f"/organizations/{organization}")
    assert "No longer registered" in file and "Deregistered" in file and "Frozen" not in file
    assert "Change of a registration" not in file and "/apply/registration" not in file


def test_the_guide_shows_both_kinds_to_everybody(town):
    client = town.app.test_client()
    client.set_cookie("lang", "en")
    for kind, words in (("registration_change", "Financial audit report"), ("deregistration", "Liquidation report")):
        page = client.get(f"/guide/{kind}").text
        assert words in page and "Time limits and numbers" in page


def test_an_auditor_takes_both_away_and_the_bundles_hold(town):
    auditor = Program(town, "auditor")
    for kind in ("registration_change", "deregistration"):
        for row in town.rows("SELECT number FROM cases WHERE kind = :k AND closed_at IS NOT NULL", k=kind):
            answer = auditor.client.get(f"/api/v1/cases/{row.number}/bundle")
            assert (answer.status_code, answer.data[:2]) == (200, b"PK")
