"""What does the bank say? Statements that pay, send back, repeat, and name what nobody sent."""

from app.payments.statements import Importer, import_statement
from tests.random_moves.world import World

IN_TRANSIT = """
SELECT i.instruction_no, i.amount_fen, p.payee_name FROM payment_instructions i
  JOIN payments p ON p.case_id = i.case_id WHERE i.outcome IS NULL ORDER BY i.id
"""
ACCOUNT = "11001000000059600001"


def statement(world: World, serial: int) -> bytes:
    """Return a file that answers each open instruction in some way, or not at all."""
    lines: list[tuple[int, int, str]] = []
    for order in world.rows(IN_TRANSIT):
        answer = world.chance.choices(("paid", "back", "twice", "differs", "silence"), (6, 3, 1, 1, 1))[0]
        if answer in ("paid", "back", "twice"):
            lines.append((order.amount_fen, 0, order.instruction_no))
        if answer == "back":
            lines.append((0, order.amount_fen, f"退票 {order.instruction_no}"))
        if answer == "twice":
            lines.append((order.amount_fen, 0, order.instruction_no))
        if answer == "differs":
            lines.append((order.amount_fen + 1, 0, order.instruction_no))
    lines.append((world.chance.randint(1, 10**6), 0, "手续费"))
    lines.append((world.chance.randint(1, 10**6), 0, f"ZF20260101{world.chance.randrange(10**8):08d}"))
    return file_of(lines, first=serial, on=world.now.date().isoformat())


def file_of(lines: list[tuple[int, int, str]], *, first: int, on: str) -> bytes:
    """Return a statement of (debit, credit, remark) in fen; its serials count from `first`."""
    opening = 10**12
    closing = opening - sum(debit - credit for debit, credit, _remark in lines)
    head = f"账号,{ACCOUNT}\n期初余额,{_yuan(opening)}\n期末余额,{_yuan(closing)}\n日期,流水号,借方,贷方,附言\n"
    rows = [
        f"{on},S{first + n:08d},{_yuan(debit)},{_yuan(credit)},{remark}"
        for n, (debit, credit, remark) in enumerate(lines)
    ]
    return (head + "\n".join(rows)).encode()


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def take(world: World, data: bytes) -> None:
    """Let the finance officer take a statement in."""
    officer = world.city.people["finance_officer"].actor
    import_statement(world.session, data, Importer(officer, world.city.office.id, world.now, "bank"))
