"""Records taken away: every row of the database that the auditor reaches, in each format, and not one more."""

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from nacl import pwhash
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from app.audit.exports.csv_files import STARTS_FORMULA, safe
from app.audit.exports.tables import TABLES
from app.cases.models import Case
from app.clock import SHANGHAI
from app.extensions import db
from app.purchasing import sealing
from tests.builders import make_district
from tests.builders_audit import a_loan, a_signer, client_of, verified
from tests.builders_award import a_ranked_package, a_signed_contract, pay
from tests.builders_payments import a_payment, a_project
from tests.features.audit.scene import a_scene
from tests.fourth_kind import loan_kind

MARCH = {"scope": "period", "from_day": "2026-03-01", "to_day": "2026-03-31"}
ODD = ["=1+1", "+86", "-5", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "plain", "'quoted", "", "a,\"b\"\n中文", "😀" * 3]


@pytest.fixture
def scene(session, now):
    with loan_kind():
        yield a_scene(session, now)


@pytest.fixture
def auditor(app, session, scene):
    return client_of(app, session, scene.district.actors["auditor"])


def take(browser: Any, **asked: Any) -> Any:
    """Ask for a download as the page's form does."""
    return browser.post("/audit/exports", data={"format": "csv", "scope": "period", **asked})


def tables(answer: bytes) -> dict[str, list[dict[str, str]]]:
    """Return the tables of a zip of CSVs by their codes, the columns by theirs."""
    with zipfile.ZipFile(io.BytesIO(answer)) as archive:
        assert archive.testzip() is None
        return {
            name.removesuffix(".csv"): rows_of(archive.read(name))
            for name in archive.namelist() if name.endswith(".csv")
        }


def rows_of(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV by the codes of their columns."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return [dict(zip(map(code, lines[0]), line, strict=True)) for line in lines[1:]]


def code(header: str) -> str:
    """Return the code in a column's header."""
    return header.rpartition("(")[2].rstrip(")")


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    """Return the sheets of a spreadsheet by name."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def told(session: Any, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return what the database says."""
    return [tuple(row) for row in session.execute(text(statement), values)]


def at(moment: Any) -> str:
    """Return a moment as a table writes it."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def test_a_period_in_csv_holds_exactly_the_rows_of_the_database(session, scene, auditor):
    found = tables(take(auditor, **MARCH).data)

    assert set(found) == {table.code for table in TABLES if not table.personal}
    history = found["history"]
    assert [(r["case_number"], int(r["sequence"]), r["trigger"], r["person"], r["hash"]) for r in history] == told(
        session, "SELECT c.number, h.sequence, h.trigger, p.name, encode(h.hash, 'hex') FROM history h"
        " JOIN cases c ON c.id = h.case_id JOIN people p ON p.id = h.person_id ORDER BY h.at, c.id, h.sequence")
    assert [r["at"] for r in found["history"]] == [at(row[0]) for row in told(
        session, "SELECT at FROM history ORDER BY at, case_id, sequence")]
    assert [(r["case_number"], r["state"], int(r["revision"])) for r in found["cases"]] == told(
        session, "SELECT number, state, revision FROM cases ORDER BY id")
    assert [(r["case_number"], r["name"], r["sha256"], int(r["size"])) for r in found["documents"]] == told(
        session, "SELECT c.number, d.name, d.sha256, d.size FROM case_documents x JOIN cases c ON c.id = x.case_id"
        " JOIN documents d ON d.id = x.document_id ORDER BY x.case_id, x.sequence, x.slot")
    assert [(int(r["attempt"]), r["trigger"], r["code"]) for r in found["attempts"]] == told(
        session, "SELECT id, trigger, code FROM attempts WHERE case_id IS NOT NULL ORDER BY id")
    assert found["history"][0]["move_title"] != ""


def test_money_and_payments_are_there_to_the_fen_with_the_account_masked_unless_a_purpose_is_given(app, session):
    project = a_project(session)
    a_payment(session, project, until="in_transit")
    browser = client_of(app, session, project.actors["auditor"])
    account = told(session, "SELECT payee_account FROM payments")[0][0]

    plain = tables(take(browser, scope="organization", organization=str(project.place.organization.id)).data)
    asked = tables(take(browser, scope="organization", organization=str(project.place.organization.id),
                        purpose="专项审计").data)

    transfers = told(session, "SELECT id, amount, code FROM transfers WHERE case_id IS NOT NULL ORDER BY id")
    assert transfers
    assert [(int(r["transfer"]), int(r["amount_fen"]), r["code"]) for r in plain["transfers"]] == transfers
    assert [r["payee_account"] for r in plain["payments"]] == ["*" * (len(account) - 4) + account[-4:]]
    assert [r["payee_account"] for r in asked["payments"]] == [account]
    assert "personal" not in plain
    assert account in {r["value"] for r in asked["personal"]}
    assert account not in str(plain)
    assert told(session, "SELECT what FROM reads ORDER BY id") == [("csv",), ("csv with personal values: 专项审计",)]


def test_a_spreadsheet_holds_what_the_csv_holds(scene, auditor):
    found = tables(take(auditor, **MARCH).data)
    book = sheets(take(auditor, **MARCH, format="xlsx").data)

    for table in TABLES:
        if table.personal:
            continue
        titles, *rows = book[table.title.zh]
        assert len(rows) == len(found[table.code])
        for row, line in zip(rows, found[table.code], strict=True):
            for title, value in zip(titles, row, strict=True):
                assert spelled(value) == line[code(title)], (table.code, title)


def spelled(value: Any) -> str:
    """Return a cell of a spreadsheet as the CSV writes it."""
    if hasattr(value, "strftime"):
        # A spreadsheet keeps days as fractions: the nearest second is the one that was meant.
        return (value + timedelta(milliseconds=500)).strftime("%Y-%m-%d %H:%M:%S")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else safe(str(value))


@pytest.mark.parametrize("name", ODD[:9])
def test_no_cell_is_ever_a_formula_and_every_text_comes_back_as_it_was(session, scene, auditor, name):
    session.execute(text("UPDATE cases SET subject = :name"), {"name": name})
    session.execute(text("UPDATE organizations SET name = :name"), {"name": name})
    session.commit()

    (row,) = rows_of(take(auditor, **MARCH, table="cases").data)
    content = take(auditor, **MARCH, format="xlsx").data
    titles, line = sheets(content)["办件"]
    cells = dict(zip(map(code, titles), line, strict=True))

    assert row["subject"] == row["organization"] == safe(name)
    assert not row["subject"].startswith(STARTS_FORMULA)
    assert cells["subject"].replace("\r", "\n") == name.replace("\r", "\n")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        written = [book.read(part) for part in book.namelist() if part.startswith("xl/worksheets/")]
    assert not any(b"<f>" in part or b"<f " in part or b"hyperlink" in part for part in written)


def test_the_guard_of_the_database_is_that_of_python(session):
    guarded = [
        session.execute(text("SELECT CASE WHEN left(:v, 1) IN (" + ", ".join(
            f"U&'\\{ord(start):04x}'" for start in STARTS_FORMULA) + ") THEN concat('''', :v) ELSE :v END"),
            {"v": value}).scalar_one() for value in ODD
    ]

    assert guarded == [safe(value) for value in ODD]


def test_a_text_too_long_for_a_cell_is_cut_with_a_word_where_it_is_whole(session, scene, auditor):
    session.execute(text("UPDATE cases SET subject = repeat('字', 40000)"))
    session.commit()

    titles, line = sheets(take(auditor, **MARCH, format="xlsx").data)["办件"]

    subject = dict(zip(map(code, titles), line, strict=True))["subject"]
    assert len(subject) < 32767
    assert "证据包" in subject


def test_other_days_other_places_and_other_auditors_hold_nothing_of_it(app, session, scene, auditor):
    stranger = client_of(app, session, make_district(session, "520102").actors["auditor"])
    elsewhere = tables(take(stranger, **MARCH).data)
    later = tables(take(auditor, **{**MARCH, "from_day": "2026-03-03"}).data)

    assert [row for rows in (*elsewhere.values(), *later.values()) for row in rows] == []
    assert take(auditor, **MARCH, place=str(scene.district.district.id)).status_code == 200
    foreign = session.execute(text("SELECT id FROM nodes WHERE code = '520102'")).scalar_one()
    assert take(auditor, **MARCH, place=str(foreign)).status_code == 404
    assert take(stranger, scope="project", number=scene.number).status_code == 404
    assert take(stranger, scope="project", number="JY26-0000-0000").status_code == 404


def test_what_is_sealed_is_in_no_table(session, scene, auditor):
    session.execute(text("UPDATE cases SET sealed = true"))
    session.commit()

    assert [row for rows in tables(take(auditor, **MARCH).data).values() for row in rows] == []


def test_a_project_is_a_case_with_all_below_it(session, scene, auditor, now):
    child = a_loan(session, scene.district, now + timedelta(hours=2))
    a_loan(session, scene.district, now + timedelta(hours=3))
    session.execute(
        text("UPDATE cases SET parent_id = (SELECT id FROM cases WHERE number = :above) WHERE number = :child"),
        {"above": scene.number, "child": child},
    )
    session.commit()

    found = tables(take(auditor, scope="project", number=scene.number.replace("-", "").lower()).data)

    cases = [(r["case_number"], r["parent_number"]) for r in found["cases"]]
    assert cases == [(scene.number, ""), (child, scene.number)]
    assert {r["case_number"] for r in found["history"]} == {scene.number, child}
    assert told(session, "SELECT subject, what FROM reads") == [(f"case {scene.number}", "csv")]


def test_a_contract_is_a_project_too(app, session):
    project = a_project(session)
    number = a_payment(session, project, until="in_transit")
    contract = told(session, "SELECT number FROM contracts")[0][0]
    browser = client_of(app, session, project.actors["auditor"])

    found = tables(take(browser, scope="project", number=contract).data)

    assert [r["case_number"] for r in found["cases"]] == [number]
    assert [r["contract"] for r in found["payments"]] == [contract]


def test_a_call_is_a_project_with_its_contracts_and_their_payments(app, session, now, monkeypatch):
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))
    ranked = a_ranked_package(session)
    case, contract = a_signed_contract(session, ranked)
    payment = pay(session, ranked, contract, 1, "instruct")
    browser = client_of(app, session, ranked.tender.office.place.actors["auditor"])

    found = tables(take(browser, scope="project", number=ranked.tender.call).data)

    there = {r["case_number"] for r in found["cases"]}
    assert {ranked.tender.call, ranked.package, *ranked.bids, case, payment} <= there
    assert [(r["case_number"], r["contract"]) for r in found["payments"]] == [(payment, contract.number)]


@pytest.mark.parametrize("kind", ["organization", "project", "period"])
def test_a_bundle_of_each_scope_verifies_without_us(app, session, scene, auditor, tmp_path, kind):
    asked = {
        "organization": {"organization": str(scene.district.organization.id)}, "project": {"number": scene.number},
        "period": MARCH,
    }[kind]
    with a_signer(app):
        answer = take(auditor, **{**asked, "scope": kind, "format": "bundle"})

    assert answer.status_code == 200
    status, words = verified(tmp_path, answer.data, "--receipt", scene.receipt)
    assert status == 0, words


def test_a_bundle_of_an_organization_without_a_case_verifies(app, session, scene, auditor, tmp_path):
    empty = session.execute(text(
        "INSERT INTO organizations (node_id, name, legal_type, known_from, created_at)"
        " SELECT id, '尚无办件', 'association', 'list', now() FROM nodes WHERE code = '520102' OR parent_id IS NULL"
        " ORDER BY id LIMIT 1 RETURNING id")).scalar_one()
    session.commit()
    with a_signer(app):
        answer = take(auditor, scope="organization", organization=str(empty), format="bundle")

    assert verified(tmp_path, answer.data)[0] == 0


def test_one_table_comes_as_one_file_with_or_without_the_mark_for_excel(scene, auditor):
    marked, plain = take(auditor, **MARCH, table="history", bom="y"), take(auditor, **MARCH, table="history")

    assert marked.data == b"\xef\xbb\xbf" + plain.data
    assert plain.headers["Content-Disposition"] == (
        'attachment; filename="period-2026-03-01-2026-03-31-history.csv"')
    assert plain.headers["Cache-Control"] == "private, no-store"


def test_titles_are_in_the_readers_language_and_their_codes_never_change(scene, auditor):
    chinese, english = (
        take(auditor, **MARCH, table="cases", lang=None).data.split(b"\n")[0].decode(),
        auditor.post("/audit/exports?lang=en", data={"format": "csv", **MARCH, "table": "cases"})
        .data.split(b"\n")[0].decode(),
    )

    assert chinese.startswith("办件编号 (case_number),")
    assert english.startswith("Case (case_number),")
    assert [code(title) for title in chinese.split(",")] == [code(title) for title in english.split(",")]


@pytest.mark.parametrize("asked", [
    {}, {"scope": "period"}, {**MARCH, "to_day": "2026-02-01"}, {"scope": "organization"}, {"scope": "project"},
    {**MARCH, "format": "doc"}, {**MARCH, "format": "xlsx", "table": "cases"}, {**MARCH, "table": "personal"},
    {"scope": "organization", "organization": "x"}, {"scope": "organization", "organization": "9" * 25},
    {**MARCH, "from_day": "yesterday"},
])
def test_what_cannot_be_meant_is_asked_again_and_nothing_is_recorded(session, auditor, asked):
    assert take(auditor, **asked).status_code == 422
    assert told(session, "SELECT 1 FROM reads UNION ALL SELECT 1 FROM exports") == []


@pytest.mark.parametrize("role", ["staff", "registrar", "finance_officer"])
def test_nobody_but_an_auditor_takes_records_away(app, session, scene, role):
    browser = client_of(app, session, scene.district.actors[role])

    assert browser.get("/audit/exports").status_code == 403
    assert take(browser, **MARCH).status_code == 403
    assert browser.get("/audit/exports/1/file").status_code == 403


def test_long_tables_go_on_in_further_sheets(session, scene, auditor, now, monkeypatch):
    for n in range(4):
        a_loan(session, scene.district, now + timedelta(seconds=n))
    monkeypatch.setattr("app.audit.exports.xlsx_files.write_xlsx.__kwdefaults__",
                        {"rows_of_a_sheet": 2}, raising=False)

    book = sheets(take(auditor, **MARCH, format="xlsx").data)

    parts = [book["办件"], book["办件 (2)"], book["办件 (3)"]]
    assert [len(part) for part in parts] == [3, 3, 2]
    assert len({tuple(part[0]) for part in parts}) == 1
    assert [row[0] for part in parts for row in part[1:]] == list(
        session.scalars(db.select(Case.number).order_by(Case.id)))


def test_the_page_leads_from_where_one_came(session, scene, auditor):
    organization = scene.district.organization
    assert f"{organization.name}" in auditor.get(f"/audit/exports?organization={organization.id}").text
    assert scene.number in auditor.get(f"/audit/exports?case={scene.number}").text
    assert 'value="2026-03-02"' in auditor.get("/audit/exports?from=2026-03-02&to=2026-03-09").text
    assert f"/audit/exports?case={scene.number}" in auditor.get(f"/cases/{scene.number}").text
    assert f"/audit/exports?organization={organization.id}" in auditor.get(f"/organizations/{organization.id}").text
    assert 'href="/audit/exports"' in auditor.get("/audit").text
