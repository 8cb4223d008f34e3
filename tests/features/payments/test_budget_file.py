"""A budget comes in by a file: every row is checked, all or none is kept, and again changes nothing."""

import pytest
from sqlalchemy import text

from app.doors.office_commands import group as offices
from app.ledger.transfers import transfer
from app.payments.commands import group as budget
from tests.queries import rows_in

HEAD = "code,name,year,office,amount,reference"
GOOD = "XC-2026-07,社区助老服务,2026,XC-MZ,\"1,286,500.00\",西财预〔2026〕7号"
OTHER = "XC-2026-08,儿童之家,2026,XC-MZ,50万元,西财预〔2026〕8号"


@pytest.fixture
def run(app, session):
    """Run a command of an operator and return its result; one buyer is there."""
    runner = app.test_cli_runner()
    assert runner.invoke(offices, ["buyer", "XC-MZ", "西城区民政局", "--below", "110102"]).exit_code == 0
    return lambda *words: runner.invoke(budget, [str(word) for word in words])


@pytest.fixture
def file(tmp_path):
    """Write a file of these rows and return where it is."""
    def written(*rows, head=HEAD, encoding="utf-8"):
        path = tmp_path / "budget.csv"
        path.write_text("\n".join((head, *rows)) + "\n", encoding=encoding)
        return path

    return written


def lines(session):
    session.rollback()
    return session.execute(text("""
        SELECT l.code, l.name, l.year, n.code, t.amount, t.code, t.reference, t.case_id
          FROM budget_lines l JOIN nodes n ON n.id = l.node_id JOIN ledger_accounts a ON a.budget_line_id = l.id
          JOIN transfers t ON t.credit_id = a.id ORDER BY l.code, t.id
    """)).all()


def test_each_row_opens_a_line_and_appropriates_its_sum_on_the_word_of_a_paper(run, file, session):
    result = run("import", file(GOOD, OTHER))

    assert result.exit_code == 0
    assert "rows 2 bad 0" in result.output and "opened 2, unchanged 0" in result.output
    assert lines(session) == [
        ("XC-2026-07", "社区助老服务", 2026, "XC-MZ", 128_650_000, "APPROPRIATE", "西财预〔2026〕7号", None),
        ("XC-2026-08", "儿童之家", 2026, "XC-MZ", 50_000_000, "APPROPRIATE", "西财预〔2026〕8号", None),
    ]


def test_a_file_of_the_bureau_with_chinese_titles_in_its_own_encoding_is_read(run, file):
    path = file(GOOD, head="指标编号,指标名称,年度,单位编号,金额（元）,文号", encoding="gb18030")

    assert "opened 1, unchanged 0" in run("import", path).output


def test_the_same_file_again_changes_nothing(run, file, session):
    run("import", file(GOOD))

    result = run("import", file(GOOD, OTHER))

    assert (result.exit_code, "opened 1, unchanged 1" in result.output) == (0, True)
    assert len(lines(session)) == 2


def test_every_bad_row_is_told_with_line_column_and_reason_and_nothing_is_kept(run, file, session):
    result = run("import", file(
        GOOD, "XC-2026-09,,26,NOBODY,-5,", "XC-2026-07,又一条,2026,XC-MZ,1,文", "XC-2026-10,名,2026,XC-MZ,1.234,文",
    ))

    assert result.exit_code == 1
    told = [line for line in result.output.splitlines() if "Line " in line]
    assert [line.partition("Line ")[2].partition(":")[0] for line in told] == [
        "3, column name", "3, column reference", "3, column year", "3, column office", "3, column amount",
        "4, column code", "5, column amount",
    ]
    assert "rows 4 bad 3" in result.output and "Nothing was imported" in result.output
    assert (rows_in(session, "budget_lines"), rows_in(session, "transfers")) == (0, 0)


def test_skip_bad_takes_the_rest_and_a_dry_run_takes_nothing(run, file, session):
    path = file(GOOD, "XC-2026-09,,2026,XC-MZ,1,文")

    assert run("import", path, "--skip-bad", "--dry-run").exit_code == 0
    assert rows_in(session, "budget_lines") == 0
    session.rollback()
    assert run("import", path, "--skip-bad").exit_code == 0
    assert [line[0] for line in lines(session)] == ["XC-2026-07"]


def test_a_line_that_is_there_with_another_sum_is_a_fault_that_says_how_to_change_it(run, file, session):
    run("import", file(GOOD))

    result = run("import", file(GOOD.replace("286,500", "286,501")))

    assert (result.exit_code, "`budget change` raises or lowers" in result.output) == (1, True)
    assert [line[4] for line in lines(session)] == [128_650_000]


@pytest.mark.parametrize("head", ["code,name,year,office,amount", HEAD + ",code", "a,b"])
def test_a_file_without_its_columns_is_not_read_at_all(run, file, session, head):
    result = run("import", file(GOOD, head=head))

    assert (result.exit_code, rows_in(session, "budget_lines")) == (2, 0)


def test_a_failure_half_way_leaves_neither_line_nor_money(run, file, session, monkeypatch):
    calls = iter((transfer,))
    monkeypatch.setattr("app.ledger.steps.transfer", lambda *a, **named: next(calls)(*a, **named))

    assert isinstance(run("import", file(GOOD, OTHER)).exception, StopIteration | RuntimeError)
    session.rollback()
    assert (rows_in(session, "budget_lines"), rows_in(session, "transfers")) == (0, 0)


def test_a_line_is_raised_and_lowered_by_a_paper_and_never_below_what_is_available(run, file, session):
    run("import", file(GOOD))

    raised = run("change", "XC-2026-07", "13500.00", "--reference", "西财预〔2026〕9号")
    lowered = run("change", "XC-2026-07", "-300000", "--reference", "西财预〔2026〕10号")
    too_much = run("change", "XC-2026-07", "-1000000.01", "--reference", "西财预〔2026〕11号")

    assert raised.output == "XC-2026-07 appropriated 1,300,000.00 available 1,300,000.00\n"
    assert lowered.output == "XC-2026-07 appropriated 1,000,000.00 available 1,000,000.00\n"
    assert (too_much.exit_code, "nothing was changed" in too_much.output) == (1, True)
    assert rows_in(session, "transfers") == 3


def test_the_same_command_again_moves_no_money_twice_and_another_paper_or_direction_does(run, file, session):
    run("import", file(GOOD))
    raised = ("change", "XC-2026-07", "13500.00", "--reference", "西财预〔2026〕9号")

    first, again = run(*raised), run(*raised)
    back = run("change", "XC-2026-07", "-13500.00", "--reference", "西财预〔2026〕9号")
    part = run("change", "XC-2026-07", "13500.00", "--reference", "西财预〔2026〕9号第二笔")

    assert [first.exit_code, again.exit_code, back.exit_code, part.exit_code] == [0, 1, 0, 0]
    assert "nothing was changed" in again.output
    assert part.output == "XC-2026-07 appropriated 1,300,000.00 available 1,300,000.00\n"
    assert rows_in(session, "transfers") == 4


@pytest.mark.parametrize(("code", "amount", "reference", "word"), [
    ("XC-1", "1", "文", "no budget line"), ("XC-2026-07", "0", "文", "more than zero"),
    ("XC-2026-07", "--5", "文", "amount"), ("XC-2026-07", "1", " ", "--reference"), ("XC-2026-07", "x", "文", ""),
])
def test_a_change_that_says_too_little_changes_nothing(run, file, session, code, amount, reference, word):
    run("import", file(GOOD))

    result = run("change", code, amount, "--reference", reference)

    assert (result.exit_code, word in result.output) == (1, True)
    assert rows_in(session, "transfers") == 1
