"""A register comes in: every kind of dirt is told, all or nothing, again changes nothing."""

import csv
from datetime import date

import pytest
from sqlalchemy import func, select, text

from app.access.models import Node
from app.organizations.importing import import_register
from app.organizations.models import Assessment, Organization, RegisterDecision, Registration
from app.organizations.queries import organizations_page, profile_of, register_size
from app.organizations.reading import Unreadable
from tests.builders_register import HEADER, a_code, a_decision, a_file, a_registration, an_office


@pytest.fixture
def take(session, now):
    """Import and return (report, faults)."""

    def run(path, **options):
        faults = []
        report = import_register(session, path, now=now, on_fault=faults.append, **options)
        return report, faults

    return run


def standing_of(session, code):
    organization = session.scalars(select(Organization).where(Organization.uscc == code)).one()
    return profile_of(session, organization.id).row.standing


def test_the_decisions_of_beijing_come_to_the_digit(session, take, shared):
    report, faults = take(shared / "beijing_social_org_licences.csv")

    assert faults == []
    assert register_size(session) == (583, 640)
    assert dict(report.stands) == {"registered": 360, "entry": 218, "known": 5}
    sources = session.execute(select(Registration.source, func.count()).group_by(Registration.source)).all()
    assert {tuple(row) for row in sources} == {("establishment_decision", 360), ("change_decision", 218)}
    assert report.taken.unknown_divisions == {}


def test_a_second_import_of_beijing_changes_nothing(session, take, shared):
    take(shared / "beijing_social_org_licences.csv")

    report, _ = take(shared / "beijing_social_org_licences.csv")

    assert register_size(session) == (583, 640)
    assert (report.taken.organizations, report.taken.already_known) == (0, 640)


def test_the_assessed_organizations_open_as_known_from_a_list(session, take, shared):
    report, faults = take(shared / "beijing_assessed_orgs_sample.csv")

    assert (faults, report.taken.organizations) == ([], 73)
    xicheng = session.execute(text(
        "SELECT count(*) FROM organizations o JOIN nodes n ON n.id = o.node_id "
        "JOIN nodes t ON t.id = n.parent_id WHERE t.code = '110102' AND o.known_from = 'list'"
    )).scalar_one()
    assert xicheng == 26
    assert session.scalar(select(func.count()).select_from(Registration)) == 0
    take(shared / "beijing_assessed_orgs_sample.csv")
    assert session.scalar(select(func.count()).select_from(Assessment)) == 73


def test_beijing_in_gb18030_is_the_same_register(session, take, shared, tmp_path):
    original = (shared / "beijing_social_org_licences.csv").read_text("utf-8-sig")
    path = tmp_path / "gb.csv"
    path.write_bytes(original.encode("gb18030"))

    report, _ = take(path)

    assert report.encoding == "gb18030"
    assert register_size(session) == (583, 640)
    names = {row["name"] for row in csv.DictReader(original.splitlines())}
    assert set(session.scalars(select(Organization.name))) == names


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_found_out(session, take, tmp_path, encoding):
    report, faults = take(a_file(tmp_path, a_decision(1, name="北京市镕示例中心"), encoding=encoding))

    assert (faults, report.written) == ([], True)
    assert session.scalars(select(Organization.name)).one() == "北京市镕示例中心"


@pytest.mark.parametrize(("header", "row"), [
    (
        "统一社会信用代码,社会组织名称,许可决定日期,行政许可决定文书号,许可机关",
        "{code},甲会,2017/10/13,某民登字[2017]1号,某市民政局",
    ),
    (
        "序号\t单位名称\t统一社会信用代码\t文号\t决定日期\t登记管理机关",
        "1\t甲会\t{code}\t某民登字〔2017〕1号\t20171013\t某市民政局",
    ),
    (
        "Name;Credit Code;Document No.;Decided on;Registrar",
        "甲会;{code};某民登字（2017）1号;13/10/2017;某市民政局",
    ),
    (
        "许可决定公开表,,,,\n名称,信用代码,文号,日期,机关",
        '"甲会",{code},某民登字〔2017〕1号,2017年10月13日,某市民政局',
    ),
])
def test_several_layouts_are_read(session, take, tmp_path, header, row):
    _report, faults = take(a_file(tmp_path, row.format(code=a_code(1)), header=header))

    assert faults == []
    decision = session.scalars(select(RegisterDecision)).one()
    assert (decision.doc_no, decision.decided_on) == ("某民登字〔2017〕1号", date(2017, 10, 13))


def test_the_code_is_read_in_lower_case_and_with_spaces(session, take, tmp_path):
    code = a_code(1)
    take(a_file(tmp_path, a_decision(1, code=f" {code[:6].lower()} {code[6:].lower()}")))

    assert session.scalars(select(Organization.uscc)).one() == code


def wrong(code, position):
    return code[:position] + ("1" if code[position] != "1" else "2") + code[position + 1:]


@pytest.mark.parametrize(("row", "column", "why"), [
    (a_decision(1, code=wrong(a_code(1), 17)), "uscc", "check character"),
    (a_decision(1, code=wrong(a_code(1), 16)), "uscc", "subject"),
    (a_decision(1, code=a_code(1)[:-1]), "uscc", "18 characters"),
    (a_decision(1, code="91110102MA00000000"), "uscc", "check character"),
    (a_decision(1, date="2017-02-30"), "decision_date", "no such day"),
    (a_decision(1, date="5/11/2018"), "decision_date", "Which is the day"),
    (a_decision(1, date=""), "decision_date", "empty"),
    (a_decision(1, name=" "), "name", "empty"),
    (a_decision(1, name="……"), "name", "no name"),
    (a_decision(1, authority=""), "authority", "empty"),
    (a_decision(1) + ",多一格", "", "more cells"),
])
def test_a_bad_row_is_told_with_line_column_and_reason(session, take, tmp_path, row, column, why):
    report, faults = take(a_file(tmp_path, a_decision(2), row))

    assert [(fault.line, fault.column) for fault in faults] == [(3, column)]
    assert why in faults[0].text.en
    assert faults[0].text.zh
    assert (report.rows, report.bad_rows, report.written) == (2, 1, False)
    assert register_size(session) == (0, 0)


def test_a_short_row_tells_every_cell_that_it_lacks(take, tmp_path):
    _report, faults = take(a_file(tmp_path, f"甲会,{a_code(1)}"))

    assert [fault.column for fault in faults] == ["doc_no", "decision_date", "authority"]


def test_every_fault_of_a_row_is_told_at_once(take, tmp_path):
    _report, faults = take(a_file(tmp_path, ",xyz,文号,never,某市民政局"))

    assert [fault.column for fault in faults] == ["name", "uscc", "decision_date"]


def test_a_line_is_counted_where_its_row_begins(take, tmp_path):
    two_lines = f'"甲\n会",{a_code(1)},文号,2017-10-13,某市民政局'
    _report, faults = take(a_file(tmp_path, two_lines, "", a_decision(2, date="x")))

    assert [(fault.line, fault.column) for fault in faults] == [(2, "name"), (5, "decision_date")]


def test_bytes_that_are_no_text_are_told(take, tmp_path):
    path = a_file(tmp_path, a_decision(1), a_decision(2))
    path.write_bytes(path.read_bytes().replace("示例组织2".encode(), b"\xff\xfe2"))

    _report, faults = take(path)

    assert [(fault.line, fault.column) for fault in faults] == [(3, "name")]
    assert "no text" in faults[0].text.en


def test_skip_bad_takes_the_good_rows(session, take, tmp_path):
    path = a_file(tmp_path, a_decision(1), a_decision(2, date="x"), a_decision(3))

    report, faults = take(path, skip_bad=True)

    assert (len(faults), report.written) == (1, True)
    assert register_size(session) == (2, 2)


def test_a_dry_run_does_everything_and_keeps_nothing(session, take, tmp_path):
    report, _ = take(a_file(tmp_path, a_decision(1), a_decision(2)), dry_run=True)

    assert (report.taken.organizations, report.written) == (2, False)
    assert register_size(session) == (0, 0)
    assert session.scalar(select(func.count()).select_from(Node)) == 0


def test_a_row_that_stands_twice_is_taken_once_and_told(session, take, tmp_path):
    row = a_decision(1)
    other_brackets, other_date = row.replace("〔2017〕", "[2017]"), row.replace("2017-10-13", "2017/10/13")

    report, _ = take(a_file(tmp_path, row, other_brackets, other_date))

    assert report.taken.repeated == [3, 4]
    assert register_size(session) == (1, 1)


def test_a_division_that_nobody_knows_becomes_a_place_named_by_its_code(session, take, tmp_path):
    rows = [a_decision(n, code=a_code(n, division="320505")) for n in (1, 2)]
    report, faults = take(a_file(tmp_path, *rows))

    assert (faults, report.taken.unknown_divisions) == ([], {"320505": 2})
    place = session.scalars(select(Node).where(Node.code == "320505")).one()
    parent = session.get(Node, place.parent_id)
    assert (place.name_zh, parent.name_zh) == ("320505", "江苏省")


def test_another_authoritys_row_opens_an_organization_without_registration(session, take, tmp_path):
    take(a_file(tmp_path, a_decision(1, authority="某区卫生健康委员会")))

    assert standing_of(session, a_code(1)) == "known_from_decision"
    assert session.scalar(select(func.count()).select_from(Registration)) == 0


def test_a_later_file_completes_what_an_earlier_one_began(session, take, tmp_path):
    take(a_file(tmp_path, f"甲会,{a_code(1)}", header="name,uscc"))
    assert standing_of(session, a_code(1)) == "known_from_list"
    take(a_file(tmp_path, a_decision(1, family="变", date="2019-01-01", name="甲新会")))
    assert standing_of(session, a_code(1)) == "entry_from_decision"
    take(a_file(tmp_path, a_decision(1, family="成", name="甲会")))
    assert standing_of(session, a_code(1)) == "registered"
    registration = session.scalars(select(Registration)).one()
    assert (registration.registered_on, registration.name) == (date(2017, 10, 13), "甲新会")
    take(a_file(tmp_path, a_decision(1, family="注", date="2020-01-01")))
    assert standing_of(session, a_code(1)) == "ended"


def test_the_order_of_files_makes_no_difference(session, take, tmp_path):
    decision = a_decision(1, authority="某区税务局")
    take(a_file(tmp_path, decision))
    take(a_file(tmp_path, f"甲会,{a_code(1)}", header="name,uscc"))

    assert standing_of(session, a_code(1)) == "known_from_decision"


def test_a_change_decision_with_another_name_leaves_the_old_one_to_be_found(session, take, tmp_path):
    rows = (
        a_decision(1, name="甲旧名中心", date="2017-01-02"),
        a_decision(1, name="甲中名中心", family="变", date="2018-01-02"),
        a_decision(1, name="甲新名中心", family="变", date="2019-01-02"),
    )
    for order in (rows, rows[::-1]):
        take(a_file(tmp_path, *order))
        for name in ("甲旧名", "甲中名中心", "甲新名"):
            (row,) = organizations_page(session, search=name).rows
            assert (row.name, row.formerly) == ("甲新名中心", ["甲旧名中心", "甲中名中心"])


def test_a_published_change_does_not_overwrite_what_a_case_here_decided(session, take, tmp_path, now):
    office = an_office(session, now)
    a_registration(session, office)
    code = session.get(Organization, office.organization_id).uscc
    take(a_file(tmp_path, a_decision(1, code=code, name="印错名中心", family="变", date="2026-03-01")))

    row = organizations_page(session, search=code).rows[0]
    assert (row.name, row.formerly) == ("北京市西城区示例社会工作服务中心", [])
    assert session.scalar(select(func.count()).select_from(RegisterDecision)) == 1


def test_a_list_keeps_the_registers_name_and_tells_the_other(session, take, tmp_path):
    take(a_file(tmp_path, a_decision(1, name="甲会")))

    report, _ = take(a_file(tmp_path, f"京甲会,{a_code(1)},5A", header="name,uscc,grade"))

    assert report.taken.other_names == [(2, "京甲会", "甲会")]
    assert session.scalars(select(Organization.name)).one() == "甲会"
    assert session.scalars(select(Assessment.grade)).one() == "5A"


def test_the_type_comes_from_the_code_and_never_from_the_name(session, take, tmp_path):
    take(a_file(tmp_path, a_decision(1, name="示例服务中心", code=a_code(1, type_code="51"))))

    assert session.scalars(select(Organization.legal_type)).one() == "association"


def test_an_enterprise_is_no_social_organization(take, tmp_path):
    _report, faults = take(a_file(tmp_path, a_decision(1, code=a_code(1, type_code="91"))))

    assert "no social organization" in faults[0].text.en


@pytest.mark.parametrize(
    "content", [b"", b"\r\n\r\n", b"a,b,c\n1,2,3\n", b"PK\x03\x04rest", b"name,uscc,doc_no\n"]
)
def test_a_file_that_is_no_register_is_refused_whole(session, take, tmp_path, content):
    path = tmp_path / "other.csv"
    path.write_bytes(content)

    with pytest.raises(Unreadable):
        take(path)
    assert register_size(session) == (0, 0)


def test_an_open_quote_is_told_with_its_line_and_nothing_is_kept(session, take, tmp_path):
    rows = [a_decision(n) for n in range(1, 3000)]
    path = a_file(tmp_path, a_decision(5000), f'"{a_decision(5001)}', *rows)

    with pytest.raises(Unreadable) as refused:
        take(path)

    assert "line 3" in refused.value.text.en
    assert register_size(session) == (0, 0)


def test_many_rows_are_taken_in_batches_and_settled_together(session, take, tmp_path):
    rows = [a_decision(n, family="变") for n in range(1, 6001)]
    again = [a_decision(1, family="登", date="2016-01-01"), a_decision(6000)]

    report, _ = take(a_file(tmp_path, *rows, *again))

    assert register_size(session) == (6000, 6002)
    assert dict(report.stands) == {"registered": 2, "entry": 5998}


def test_a_failure_half_way_leaves_nothing(session, take, tmp_path, monkeypatch):
    def fail(*_args, **_named):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("app.organizations.importing.settle", fail)
    with pytest.raises(RuntimeError):
        take(a_file(tmp_path, a_decision(1)))

    assert register_size(session) == (0, 0)


def test_the_header_may_be_all_there_is(session, take, tmp_path):
    report, faults = take(a_file(tmp_path, header=HEADER))

    assert (report.rows, faults, register_size(session)) == (0, [], (0, 0))
