"""`flask registry`: one line for a count, a line per bad row, and exit codes that scripts can rely on."""

import pytest
from sqlalchemy import select

from app.access.models import Account
from app.organizations.commands import registry
from app.organizations.models import Organization, UsccAllotment
from app.organizations.queries import is_registered
from tests.builders_register import a_code, a_decision, a_file, an_office


@pytest.fixture
def run(app):
    """Run `flask registry …` and return its result."""
    app.cli.add_command(registry)
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["registry", *map(str, words)])


def test_a_good_file_is_imported_and_counted(run, tmp_path):
    result = run("import", a_file(tmp_path, a_decision(1), a_decision(2)))

    assert result.exit_code == 0
    assert "new organizations 2 decisions 2" in result.output
    assert run("count").output == "organizations 2 decisions 2\n"


def test_a_bad_file_is_told_row_by_row_and_nothing_is_imported(run, tmp_path):
    result = run("import", a_file(tmp_path, a_decision(1), a_decision(2, date="5/11/2018")))

    assert result.exit_code == 1
    assert "Line 3, column decision_date: Which is the day" in result.output
    assert "第 3 行「decision_date」列 [5/11/2018]" in result.output
    assert "Nothing was imported" in result.output
    assert run("count").output == "organizations 0 decisions 0\n"


def test_skip_bad_imports_the_rest(run, tmp_path):
    path = a_file(tmp_path, a_decision(1), a_decision(2, date="x"))

    result = run("import", path, "--skip-bad")

    assert (result.exit_code, "Line 3" in result.output) == (0, True)
    assert run("count").output == "organizations 1 decisions 1\n"


def test_a_dry_run_says_so_and_keeps_nothing(run, tmp_path):
    result = run("import", a_file(tmp_path, a_decision(1)), "--dry-run")

    assert (result.exit_code, "Dry run: nothing was kept" in result.output) == (0, True)
    assert run("count").output == "organizations 0 decisions 0\n"


def test_a_dry_run_of_a_bad_file_fails_like_the_import_would(run, tmp_path):
    assert run("import", a_file(tmp_path, a_decision(1, date="x")), "--dry-run").exit_code == 1


def test_a_file_that_is_no_register_has_an_exit_code_of_its_own(run, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")

    assert run("import", path).exit_code == 2
    assert run("import", tmp_path / "absent.csv").exit_code == 2


def test_an_unknown_division_is_told_once(run, tmp_path):
    rows = [a_decision(n, code=a_code(n, division="320505")) for n in (1, 2, 3)]

    result = run("import", a_file(tmp_path, *rows))

    assert (result.exit_code, result.output.count("division 320505")) == (0, 1)


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "GB18030"])
def test_the_encoding_can_be_said(run, tmp_path, encoding):
    path = a_file(tmp_path, a_decision(1), encoding="gb18030")

    assert run("import", path, "--encoding", encoding).exit_code == 0


def test_a_registrar_confirms_by_command_as_on_the_page(run, session, now, tmp_path):
    office = an_office(session, now)
    login = session.scalars(select(Account.login).where(Account.id == office.registrar.account_id)).one()
    staff = session.scalars(select(Account.login).where(Account.id == office.staff.account_id)).one()
    run("import", a_file(tmp_path, f"甲会,{a_code(1)}", header="name,uscc"))
    words = ("confirm", a_code(1), "--registered-on", "2015-05-05", "--authority", "某区民政局",
             "--evidence", "证书副本", "--by")

    assert run(*words, staff).exit_code == 1
    assert run(*words, login).exit_code == 0

    session.expire_all()
    organization = session.scalars(select(Organization).where(Organization.uscc == a_code(1))).one()
    assert is_registered(session, organization.id)


def test_a_company_is_opened_as_a_supplier_and_bids_once_its_licence_is_confirmed(run, session, now):
    office = an_office(session, now)
    login = session.scalars(select(Account.login).where(Account.id == office.registrar.account_id)).one()
    code = a_code(1, type_code="91")

    assert run("supplier", "示例养老服务有限公司", code).exit_code == 0
    company = session.scalars(select(Organization).where(Organization.uscc == code)).one()
    assert (company.legal_type, is_registered(session, company.id)) == ("other", False)
    confirmed = run("confirm", code, "--registered-on", "2015-05-05", "--authority", "某区市场监督管理局",
                    "--evidence", "营业执照", "--by", login)

    assert confirmed.exit_code == 0, confirmed.output
    assert is_registered(session, company.id)


def test_a_supplier_that_is_known_or_a_social_organization_is_refused(run, session):
    code = a_code(1, type_code="91")
    run("supplier", "示例养老服务有限公司", code)

    for name, wrong, why in (
        ("又一公司", code, "已有使用该代码的组织"), ("示例社工所", a_code(2), "这是社会组织的代码"),
        ("示例公司", "91", "18 characters"),
    ):
        refused = run("supplier", name, wrong)
        assert (refused.exit_code, why in refused.output) == (1, True), refused.output
    assert session.scalars(select(Organization.uscc)).all() == [code]


def test_code_ranges_and_preparations_are_entered_by_command(run, session):
    allotted = run("allot", "--division", "110102", "--type", "social_service", "--first", 1, "--last", 9)
    prepared = run("prepare", "示例组织", "--division", "110102")

    assert (allotted.exit_code, prepared.exit_code) == (0, 0)
    assert session.scalars(select(UsccAllotment.last_number)).one() == 9
    organization = session.scalars(select(Organization)).one()
    assert prepared.output == f"organization {organization.id} node {organization.node_id}\n"


def test_a_range_that_cannot_be_is_refused(run):
    words = ("allot", "--division", "110102", "--type", "social_service")

    assert run(*words, "--first", 9, "--last", 1).exit_code == 1
    assert run(*words, "--first", 1, "--last", 9999999).exit_code == 1
