"""What goes to the bank, and in a demo, what comes back from it? UTF-8 with a mark for Excel."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date

from app.access.masking import mask_account_number
from app.payments.queries import InTransit
from workflows.rules.money import format_yuan, in_words

DEMO_ACCOUNT = "11001000000059600001"
DEMO_OPENING_FEN = 100_000_000_00


def export_instructions(orders: Sequence[InTransit]) -> bytes:
    """Return the file that a cashier hands to the bank: one row per instruction that was not answered."""
    head = ["指令编号", "收款人名称", "收款人账号", "收款人开户行", "金额", "大写金额", "附言"]
    rows = [
        [
            order.instruction_no,
            order.payee_name,
            order.payee_account,
            order.payee_bank,
            format_yuan(order.amount_fen),
            in_words(order.amount_fen),
            f"{order.instruction_no} {order.purpose}",
        ]
        for order in orders
    ]
    return _csv([head, *rows])


def sample_statement(orders: Sequence[InTransit], results: Mapping[str, str], *, on: date) -> bytes:
    """Return a statement as a bank would write it: `results` says per instruction 'settled' or 'rejected'.

    Made for demo and tests, where no bank answers. An instruction without a result does not appear. The same
    instruction always has the same serials, so a file made twice proves nothing twice.
    """
    rows: list[list[str]] = []
    balance = DEMO_OPENING_FEN
    for order in orders:
        result = results.get(order.instruction_no)
        if result not in ("settled", "rejected"):
            continue
        serial, amount = f"S{order.instruction_no[2:]}", format_yuan(order.amount_fen)
        payee = [order.payee_name, mask_account_number(order.payee_account)]
        balance -= order.amount_fen
        remark = f"{order.instruction_no} {order.purpose}"
        rows.append([f"{on:%Y-%m-%d}", f"{serial}1", amount, "", format_yuan(balance), *payee, remark])
        if result == "rejected":
            balance += order.amount_fen
            remark = f"退汇 {order.instruction_no}"
            rows.append([f"{on:%Y-%m-%d}", f"{serial}2", "", amount, format_yuan(balance), *payee, remark])
    head = ["交易日期", "流水号", "借方金额", "贷方金额", "余额", "对方户名", "对方账号", "摘要"]
    before = [["账号", DEMO_ACCOUNT], ["期初余额", format_yuan(DEMO_OPENING_FEN)]]
    return _csv([*before, ["期末余额", format_yuan(balance)], [], head, *rows])


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    # A spreadsheet would run what begins like a formula, and long digits would lose their tail.
    return (
        f"'{cell}"
        if cell.startswith(("=", "+", "-", "@", "\t")) or (cell.isdigit() and len(cell) > 11)
        else cell
    )
