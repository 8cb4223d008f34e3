"""Which tables does a download hold, and what is in their columns? Each is one query over a scope.

A column has a stable code, a title in two languages, and its value as the database gives it. What people wrote
is marked as free: in CSV a spreadsheet could take it for a formula.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Numeric, and_, case, cast, exists, func, literal_column, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import aliased

from app.access.models import Node, Person
from app.audit.exports.titles import kind_title, move_title, state_title
from app.audit.members import not_sealed
from app.audit.scopes import Query, Scope
from app.cases.models import Attempt, Case, History, PersonalValue
from app.documents.models import CaseDocument, Document
from app.ledger.models import BudgetLine, LedgerAccount, Transfer
from app.organizations.models import Organization
from app.payments.models import BankLine, Payment, PaymentInstruction
from app.purchasing.models import Contract, Instalment
from workflows.definition import Text

FREE, OURS, NUMBER, MOMENT, DAY = "free", "ours", "number", "moment", "day"


@dataclass(frozen=True)
class Column:
    """One column: `form` says what it holds; free and ours are text."""

    code: str
    title: Text
    value: Any
    form: str = OURS

    def header(self, locale: str) -> str:
        """Return what stands above it: the title in that language, and the code that never changes."""
        return f"{self.title.localized(locale)} ({self.code})"


@dataclass(frozen=True)
class Table:
    """One table: its columns for readers of a language, and the rows of a scope, in an order that is always the same.

    `unmasked` tells the columns whether personal values are wanted; `personal` tables exist for them alone.
    """

    code: str
    title: Text
    label: Any
    columns: Callable[[str, bool], list[Column]]
    rows: Callable[[Query, Scope], Query]
    personal: bool = False


_person, _behalf, _debit, _credit = aliased(Person), aliased(Person), aliased(LedgerAccount), aliased(LedgerAccount)
_above, _node = aliased(Case), aliased(Node)


def _happened(scope: Scope) -> list[ColumnElement[bool]]:
    """Of a period only the cases in which something happened then."""
    if scope.named or scope.whole:
        return [scope.cases]
    return [scope.cases, exists().where(History.case_id == Case.id, scope.moves)]


def _yuan(fen: Any) -> Any:
    return cast(fen, Numeric) / 100


def _case_number() -> Column:
    return Column("case_number", Text("办件编号", "Case"), Case.number)


def _cases(locale: str, _unmasked: bool) -> list[Column]:
    return [
        _case_number(),
        Column("kind", Text("类型代码", "Kind code"), Case.kind),
        Column("kind_title", Text("类型", "Kind"), kind_title(locale)),
        Column("subject", Text("事项", "Subject"), Case.subject, FREE),
        Column("state", Text("状态代码", "State code"), Case.state),
        Column("state_title", Text("状态", "State"), state_title(locale, Case.state)),
        Column("organization", Text("组织", "Organization"), Organization.name, FREE),
        Column("uscc", Text("统一社会信用代码", "Credit code"), Organization.uscc),
        Column("place", Text("办理地", "Place"), _node.name_zh, FREE),
        Column("parent_number", Text("上级办件", "Belongs to"), _above.number),
        Column("definition", Text("流程定义", "Definition"),
               func.concat(Case.place, "/", Case.kind, " v", Case.version)),
        Column("policy", Text("数值依据", "Policy"), Case.policy),
        Column("revision", Text("步骤数", "Moves"), Case.revision, NUMBER),
        Column("opened_at", Text("开始时间", "Opened"), Case.opened_at, MOMENT),
        Column("due_at", Text("期限", "Due"), Case.due_at, MOMENT),
        Column("closed_at", Text("办结时间", "Closed"), Case.closed_at, MOMENT),
    ]


def _case_rows(query: Query, scope: Scope) -> Query:
    inside = select(Case.id).where(scope.cases).correlate(None)
    return (
        query.select_from(Case).join(_node, _node.id == Case.node_id)
        .outerjoin(Organization, Organization.id == Case.organization_id)
        # A case above that the reader does not see is not named either.
        .outerjoin(_above, and_(_above.id == Case.parent_id, _above.id.in_(inside)))
        .where(*_happened(scope)).order_by(Case.id)
    )


def _history(locale: str, _unmasked: bool) -> list[Column]:
    body = cast(func.convert_from(History.body, "UTF8"), JSON)
    return [
        Column("at", Text("时间", "Time"), History.at, MOMENT),
        _case_number(),
        Column("sequence", Text("步骤", "Move no."), History.sequence, NUMBER),
        Column("kind", Text("类型代码", "Kind code"), Case.kind),
        Column("trigger", Text("动作代码", "Move code"), History.trigger),
        Column("move_title", Text("动作", "Move"), move_title(locale, History.from_state, History.trigger)),
        Column("from_state", Text("原状态", "From"), History.from_state),
        Column("to_state", Text("新状态", "To"), History.to_state),
        Column("person", Text("经办人", "Who"), _person.name, FREE),
        Column("on_behalf_of", Text("代表", "On behalf of"), _behalf.name, FREE),
        Column("role", Text("角色", "Role"), History.role),
        Column("request", Text("请求", "Request"), History.request_id),
        Column("hash", Text("哈希", "Hash"), func.encode(History.hash, "hex")),
        # As it was hashed; personal values are commitments there.
        Column("data", Text("内容", "Data"), cast(body["data"], SqlText)),
    ]


def _history_rows(query: Query, scope: Scope) -> Query:
    return (
        query.select_from(History).join(Case, Case.id == History.case_id)
        .outerjoin(_person, _person.id == History.person_id)
        .outerjoin(_behalf, _behalf.id == History.on_behalf_of)
        .where(scope.cases, scope.moves).order_by(History.at, History.case_id, History.sequence)
    )


def _transfers(_locale: str, _unmasked: bool) -> list[Column]:
    def account(side: Any) -> Any:
        return func.concat(side.name, ":", BudgetLine.code, func.nullif("/" + side.package, "/"))

    return [
        Column("transfer", Text("编号", "No."), Transfer.id, NUMBER),
        Column("made_at", Text("时间", "Time"), Transfer.made_at, MOMENT),
        _case_number(),
        Column("sequence", Text("步骤", "Move no."), Transfer.sequence, NUMBER),
        Column("code", Text("含义", "Meaning"), Transfer.code),
        Column("debit", Text("借方", "Debit"), account(_debit), FREE),
        Column("credit", Text("贷方", "Credit"), account(_credit), FREE),
        Column("amount_fen", Text("金额（分）", "Amount (fen)"), Transfer.amount, NUMBER),
        Column("amount_yuan", Text("金额（元）", "Amount (yuan)"), _yuan(Transfer.amount), NUMBER),
        Column("unit", Text("单位", "Unit"), Transfer.unit),
        Column("budget_line", Text("预算指标", "Budget line"), BudgetLine.code, FREE),
        Column("reference", Text("备注", "Reference"), Transfer.reference, FREE),
    ]


def _transfer_rows(query: Query, scope: Scope) -> Query:
    return (
        query.select_from(Transfer)
        .join(History, and_(History.case_id == Transfer.case_id, History.sequence == Transfer.sequence))
        .join(Case, Case.id == Transfer.case_id)
        .join(_debit, _debit.id == Transfer.debit_id).join(_credit, _credit.id == Transfer.credit_id)
        .join(BudgetLine, BudgetLine.id == Transfer.budget_line_id)
        .where(scope.cases, scope.moves).order_by(Transfer.id)
    )


def _payments(_locale: str, unmasked: bool) -> list[Column]:
    account: Any = Payment.payee_account
    # As app/access/masking.py does it: the last four digits, unless hardly more are there.
    plain = func.regexp_replace(account, r"\s", "", "g")
    length = func.length(plain)
    masked = case(
        (length < 7, func.repeat("*", length)), else_=func.repeat("*", length - 4).concat(func.right(plain, 4))
    )
    return [
        _case_number(),
        Column("contract", Text("合同编号", "Contract"), Contract.number, FREE),
        Column("instalment", Text("期次", "Instalment"), Instalment.position, NUMBER),
        Column("amount_fen", Text("金额（分）", "Amount (fen)"), Payment.amount_fen, NUMBER),
        Column("amount_yuan", Text("金额（元）", "Amount (yuan)"), _yuan(Payment.amount_fen), NUMBER),
        Column("invoice_no", Text("发票号", "Invoice"), Payment.invoice_no, FREE),
        Column("payee_name", Text("收款人", "Payee"), Payment.payee_name, FREE),
        Column("payee_bank", Text("开户行", "Payee's bank"), Payment.payee_bank, FREE),
        Column("payee_account", Text("收款账号", "Payee's account"), account if unmasked else masked, FREE),
        Column("released_at", Text("撤回时间", "Given up"), Payment.released_at, MOMENT),
        Column("instruction_no", Text("支付指令号", "Instruction"), PaymentInstruction.instruction_no, FREE),
        Column("issued_at", Text("指令时间", "Instructed"), PaymentInstruction.issued_at, MOMENT),
        Column("outcome", Text("银行结果", "Bank's answer"), PaymentInstruction.outcome),
        Column("outcome_at", Text("结果时间", "Answered"), PaymentInstruction.outcome_at, MOMENT),
        Column("bank_serial", Text("银行流水号", "Bank's serial"), BankLine.bank_serial, FREE),
        Column("booked_on", Text("入账日", "Booked"), BankLine.booked_on, DAY),
    ]


def _payment_rows(query: Query, scope: Scope) -> Query:
    return (
        query.select_from(Payment).join(Case, Case.id == Payment.case_id)
        .join(Instalment, Instalment.id == Payment.instalment_id)
        .join(Contract, Contract.id == Instalment.contract_id)
        .outerjoin(PaymentInstruction, PaymentInstruction.case_id == Payment.case_id)
        .outerjoin(BankLine, BankLine.id == PaymentInstruction.bank_line_id)
        .where(*_happened(scope)).order_by(Payment.case_id, PaymentInstruction.id)
    )


def _documents(_locale: str, _unmasked: bool) -> list[Column]:
    return [
        _case_number(),
        Column("sequence", Text("步骤", "Move no."), CaseDocument.sequence, NUMBER),
        Column("slot", Text("材料项", "Slot"), CaseDocument.slot),
        Column("document", Text("材料号", "Document"), Document.id, NUMBER),
        Column("name", Text("文件名", "Name"), Document.name, FREE),
        Column("media_type", Text("格式", "Media type"), Document.media_type),
        Column("size", Text("字节数", "Bytes"), Document.size, NUMBER),
        Column("sha256", Text("SHA-256", "SHA-256"), Document.sha256),
        Column("issued", Text("系统出具", "Issued here"), cast(Document.issued, SqlText)),
        Column("uploaded_by", Text("上传人", "Uploaded by"), _person.name, FREE),
        Column("uploaded_at", Text("上传时间", "Uploaded"), Document.uploaded_at, MOMENT),
    ]


def _document_rows(query: Query, scope: Scope) -> Query:
    moved = and_(History.case_id == CaseDocument.case_id, History.sequence == CaseDocument.sequence)
    return (
        query.select_from(CaseDocument).join(History, moved).join(Case, Case.id == CaseDocument.case_id)
        .join(Document, Document.id == CaseDocument.document_id)
        .outerjoin(_person, _person.id == Document.uploaded_by)
        .where(scope.cases, scope.moves)
        .order_by(CaseDocument.case_id, CaseDocument.sequence, CaseDocument.slot, CaseDocument.document_id)
    )


def _attempts(locale: str, _unmasked: bool) -> list[Column]:
    return [
        Column("attempt", Text("编号", "No."), Attempt.id, NUMBER),
        Column("at", Text("时间", "Time"), Attempt.at, MOMENT),
        _case_number(),
        Column("kind", Text("类型代码", "Kind code"), Attempt.kind),
        Column("trigger", Text("动作代码", "Move code"), Attempt.trigger, FREE),
        Column("move_title", Text("动作", "Move"), move_title(locale, Attempt.state, Attempt.trigger)),
        Column("state", Text("当时状态", "State then"), Attempt.state),
        Column("person", Text("操作人", "Who"), _person.name, FREE),
        Column("code", Text("拒绝代码", "Refusal"), Attempt.code),
        Column("reasons", Text("理由", "Reasons"), cast(Attempt.reasons, SqlText)),
        Column("request", Text("请求", "Request"), Attempt.request_id),
    ]


def _attempt_rows(query: Query, scope: Scope) -> Query:
    return (
        query.select_from(Attempt).join(Case, Case.id == Attempt.case_id)
        .outerjoin(_person, _person.id == Attempt.person_id)
        .where(scope.cases, scope.attempts, not_sealed()).order_by(Attempt.id)
    )


def _personal(_locale: str, _unmasked: bool) -> list[Column]:
    return [
        _case_number(),
        Column("sequence", Text("步骤", "Move no."), PersonalValue.sequence, NUMBER),
        Column("trigger", Text("动作代码", "Move code"), History.trigger),
        Column("path", Text("字段", "Field"), PersonalValue.path),
        Column("value", Text("值", "Value"), literal_column("personal_values.value #>> '{}'", SqlText), FREE),
    ]


def _personal_rows(query: Query, scope: Scope) -> Query:
    moved = and_(History.case_id == PersonalValue.case_id, History.sequence == PersonalValue.sequence)
    return (
        query.select_from(PersonalValue).join(History, moved).join(Case, Case.id == PersonalValue.case_id)
        .where(scope.cases, scope.moves)
        .order_by(PersonalValue.case_id, PersonalValue.sequence, PersonalValue.path)
    )


TABLES = (
    Table("cases", Text("办件", "Cases"), _l("Cases"), _cases, _case_rows),
    Table("history", Text("办理历史", "History"), _l("History"), _history, _history_rows),
    Table("transfers", Text("资金划转", "Transfers"), _l("Transfers"), _transfers, _transfer_rows),
    Table("payments", Text("支付", "Payments"), _l("Payments"), _payments, _payment_rows),
    Table("documents", Text("材料", "Papers"), _l("Papers"), _documents, _document_rows),
    Table("attempts", Text("被拒绝的操作", "Refused attempts"), _l("Refused attempts"), _attempts, _attempt_rows),
    Table("personal", Text("个人信息", "Personal values"), _l("Personal values"), _personal, _personal_rows, True),
)


def tables_of(only: str | None, *, unmasked: bool) -> list[Table]:
    """Return the tables of a download: all, or one; those of personal values only where they are wanted."""
    return [table for table in TABLES if only in (None, table.code) and (unmasked or not table.personal)]


def counting(table: Table, scope: Scope) -> Query:
    """Return the query of the table's rows, for counting them."""
    return select(func.count().label("rows")).select_from(
        table.rows(select(Case.id), scope).order_by(None).subquery()
    )
