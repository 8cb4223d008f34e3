"""What a bank's file may look like, and everything that makes it unreadable."""

from datetime import date

import pytest

from app.payments.bank_file import StatementUnreadable, read_statement

GOOD = """账号,11001000000059600001
期初余额,"1,000,000.00"
期末余额,939500.50
交易日期,流水号,借方金额,贷方金额,余额,对方户名,对方账号,摘要
2026-03-03,A001,"60,000.00",,940000.00,晨光社区服务中心（示例）,0200001209001234,ZF2026030212345678 社区项目
2026-03-04,A002,500.00,,939500.00,供电公司,6222000011112222,电费
2026-03-04,A003,,0.50,939500.50,示例银行,,利息
"""


def defects(text, encoding="utf-8"):
    with pytest.raises(StatementUnreadable) as error:
        read_statement(text.encode(encoding) if isinstance(text, str) else text)
    return [(defect.row, defect.column, defect.code) for defect in error.value.defects]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_statement_is_read_in_the_encodings_banks_use(encoding):
    statement = read_statement(GOOD.encode(encoding))

    assert (statement.account_no, statement.opening_fen, statement.closing_fen) == (
        "11001000000059600001", 1_000_000_00, 939_500_50,
    )  # fmt: skip
    assert [(line.row, line.serial, line.amount_fen) for line in statement.lines] == [
        (5, "A001", -60_000_00), (6, "A002", -500_00), (7, "A003", 50),
    ]  # fmt: skip
    assert statement.lines[0].counterparty == "晨光社区服务中心（示例）"
    assert statement.lines[0].remark == "ZF2026030212345678 社区项目"


@pytest.mark.parametrize(
    ("titles", "row"),
    [
        ("记账日期,交易流水号,支出,收入", "20260303,A1,600.00,"),
        ("日期\t银行流水号\t借方发生额\t贷方发生额", "2026/3/3\tA1\t600\t0.00"),
        ("Date;Serial;Debit;Credit", "2026年3月3日;A1;600.00;-"),
        ("交易时间,业务流水号,金额", "2026-03-03 10:11:12,A1,-600.00"),
        ("交易日期,流水号,交易金额,借贷标志", "2026.03.03,A1,600.00,借"),
        ("交易日期,流水号,借方金额(元),贷方金额(元)", '2026-03-03,"=""A1""",600.00,'),
    ],
)
def test_the_columns_are_known_under_several_titles(titles, row):
    text = f"账号：6222 0000 1111 2222\n期初余额：1000.00\n期末余额：400.00\n{titles}\n{row}\n"

    line = read_statement(text.encode()).lines[0]

    assert (line.serial, line.booked_on, line.amount_fen) == ("A1", date(2026, 3, 3), -600_00)


def test_balances_may_stand_below_the_table_and_totals_are_no_lines():
    lines = GOOD.splitlines()
    text = "\n".join([lines[0], *lines[3:], "合计,,60500.00,0.50", lines[1], lines[2]])

    assert len(read_statement(text.encode()).lines) == 3


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("939500.50\n交易", "939500.51\n交易", [(0, "期末余额", "sum")]),
        ("期初余额", "别的", [(0, "期初余额", "opening_missing")]),
        ("期末余额", "别的", [(0, "期末余额", "closing_missing")]),
        ("账号,1100", "别的,1100", [(0, "账号", "account")]),
        ("A002", "A001", [(6, "流水号", "serial_twice")]),
        ("A002", "", [(6, "流水号", "serial_missing")]),
        ("2026-03-03,A001", "2026-02-30,A001", [(5, "交易日期", "date")]),
        ("500.00,,9395", "500.001,,9395", [(6, "借方金额", "money_decimals")]),
        ("500.00,,9395", "5e2,,9395", [(6, "借方金额", "money_exponent")]),
        ("500.00,,9395", "500.00,1.00,9395", [(6, "借方金额", "debit_or_credit")]),
        ("500.00,,9395", ",,9395", [(6, "借方金额", "debit_or_credit")]),
        ("电费", "电" * 501, [(6, "", "text_too_long")]),
        ("流水号,", "号,", [(0, "", "no_table")]),
    ],
)
def test_every_defect_is_named_with_its_place(old, new, expected):
    assert defects(GOOD.replace(old, new, 1)) == expected


def test_all_defects_are_told_at_once():
    text = GOOD.replace("2026-03-03", "gestern").replace("500.00,,9395", "x,,9395").replace("A003", "")

    assert defects(text) == [
        (5, "交易日期", "date"), (6, "借方金额", "money_not_a_number"), (7, "流水号", "serial_missing"),
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x01", b"PK\x03\x04\x00\x00", b"\x80\x81\xff"])
def test_what_is_no_text_is_not_read(data):
    assert defects(data)[0][2] in ("encoding", "no_table")


def test_nothing_at_all_is_no_statement():
    assert defects("") == [(0, "", "no_table")]
