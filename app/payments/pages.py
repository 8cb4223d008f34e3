"""Bank statements: take one in, see what it proved, and the files that go to the bank."""

from datetime import date
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import ColumnElement
from werkzeug.wrappers import Response as AnyResponse

from app.access.api_auth import current_holdings
from app.access.declare import allow
from app.access.reach import visible_by
from app.access.reads import record_read
from app.cases.models import Case
from app.clock import SHANGHAI, business_now, real_now
from app.errors import CaseNotFound
from app.extensions import db
from app.language import localized
from app.payments import contract_page, fund_files, fund_pages, line_page
from app.payments.bank_file import Defect, StatementUnreadable
from app.payments.bank_orders import export_instructions, sample_statement
from app.payments.models import BankStatement
from app.payments.queries import (
    LIST_LIMIT,
    StatementRow,
    in_transit,
    statement_lines,
    statements,
    visible_statements,
)
from app.payments.statements import Importer, finish_statement, import_statement
from app.payments.words import OUTCOMES, TONES, reason_of

LARGEST_FILE = 5 * 1024 * 1024
MOST_DEFECTS_SHOWN = 100
MOST_SERIALS_SHOWN = 20
RESULT = "result-"
MAY_ANSWER = {"finance_officer", "cashier"}

pages = Blueprint("payments", __name__)


class StatementForm(FlaskForm):
    """The file of a bank statement."""

    class Meta:
        csrf = False  # every write is asked for its token before it gets here

    statement = FileField(_l("Statement file (CSV)"), validators=[FileRequired()])


def register(app: Flask) -> None:
    """Add the pages of statements, of one budget line and of one contract to the app."""
    app.register_blueprint(pages)
    app.register_blueprint(line_page.pages)
    app.register_blueprint(contract_page.pages)
    app.register_blueprint(fund_pages.pages)
    app.register_blueprint(fund_files.pages)


@pages.get("/statements")
@allow("role:finance_officer,cashier,auditor")
def list_page() -> str:
    """Show the statements of the caller's offices, and the instructions that no line has answered."""
    return _list_page([])


@pages.post("/statements")
@allow("role:finance_officer")
def take_in() -> AnyResponse | tuple[str, int]:
    """Import a statement; the same file again writes nothing new."""
    file = request.files.get("statement")
    data = file.read(LARGEST_FILE + 1) if file else b""
    if not data:
        return _list_page([("statement", _("Choose the file of the statement."))]), 422
    if len(data) > LARGEST_FILE:
        return _list_page([("statement", _("The file is larger than 5 MB. Export shorter periods."))]), 422
    try:
        report = import_statement(db.session, data, _importer())
    except StatementUnreadable as unreadable:
        db.session.rollback()
        return _list_page([("statement", _told(defect)) for defect in unreadable.defects]), 422
    if report.seen_before:
        flash(_("This file was imported before; no line was added."), "blue")
    else:
        moved = sum(line.moved for line in report.lines)
        flash(_("%(new)s new lines; %(moved)s payments moved.", new=report.new_lines, moved=moved), "green")
        known = [line.serial for line in report.lines if line.outcome == "duplicate"]
        if known:
            told = ", ".join(known[:MOST_SERIALS_SHOWN]) + (" …" if len(known) > MOST_SERIALS_SHOWN else "")
            flash(_("On file before and not booked again: %(serials)s", serials=told), "amber")
    return redirect(url_for("payments.statement_page", statement_id=report.statement_id), 303)


@pages.get("/statements/<int:statement_id>")
@allow("role:finance_officer,cashier,auditor")
def statement_page(statement_id: int) -> str:
    """Show what became of each line of a statement."""
    statement = _visible_statement(statement_id)
    after = request.args.get("after", default=0, type=int)
    lines = statement_lines(
        db.session, statement_id, _visible_cases(), after=min(after, 2**62), limit=LIST_LIMIT + 1
    )
    shown, more = lines[:LIST_LIMIT], len(lines) > LIST_LIMIT
    again = statement.open and "finance_officer" in {each.role for each in current_holdings()}
    return render_template(
        "pages/statement.html",
        statement={
            "account_no": statement.account_masked,
            "opening_fen": statement.opening_fen,
            "closing_fen": statement.closing_fen,
            "imported_at": statement.imported_at,
            "who": statement.who,
            "sha256": statement.sha256,
        },
        figures=_figures(statement),
        again_action=url_for("payments.try_again", statement_id=statement_id) if again else None,
        lines=[
            {
                "booked_on": line.booked_on,
                "counterparty": line.counterparty or "—",
                "remark": line.remark,
                "amount_fen": line.amount_fen,
                "bank_serial": line.bank_serial,
                "instruction_no": line.instruction_no,
                "outcome": OUTCOMES[line.outcome],
                "tone": TONES[line.outcome],
                "case_number": line.proves,
                "case_href": f"/cases/{line.proves}" if line.proves else None,
                "reason": reason_of(line),
            }
            for line in shown
        ],
        pages={
            "words": "",
            "previous": url_for("payments.statement_page", statement_id=statement_id) if after else None,
            "next": url_for("payments.statement_page", statement_id=statement_id, after=shown[-1].id)
            if more
            else None,
        },
    )


@pages.post("/statements/<int:statement_id>/again")
@allow("role:finance_officer")
def try_again(statement_id: int) -> AnyResponse:
    """Let the lines that fit but did not move their payments try again."""
    _visible_statement(statement_id)
    moved = finish_statement(db.session, statement_id, _importer())
    flash(_("%(moved)s payments moved.", moved=moved), "green" if moved else "amber")
    return redirect(url_for("payments.statement_page", statement_id=statement_id), 303)


@pages.get("/statements/orders.csv")
@allow("role:cashier", writes="reads")
def bank_orders() -> Response:
    """Return the file for the bank, with whole account numbers; who took it is written down."""
    orders = in_transit(db.session, _visible_cases("cashier"))
    for order in orders:
        record_read(
            db.session,
            person_id=g.actor.person_id,
            subject=f"case {order.number}",
            what="payee account",
            now=real_now(),
            request_id=g.request_id,
        )
    db.session.commit()
    return _file(export_instructions(orders), "payment-orders.csv")


@pages.get("/statements/sample.csv")
@allow("role:finance_officer,cashier")
def sample() -> Response:
    """Return what a bank would answer, for demo and test, where no bank does."""
    if current_app.config["ENVIRONMENT"] == "production":
        raise CaseNotFound
    orders = in_transit(db.session, _visible_cases())
    chosen = {name[len(RESULT) :]: value for name, value in request.args.items() if name.startswith(RESULT)}
    results = chosen or {order.instruction_no: "settled" for order in orders}
    return _file(sample_statement(orders, results, on=_today()), "statement.csv")


def _list_page(errors: list[tuple[str, str]]) -> str:
    before = request.args.get("before", type=int)
    found = statements(
        db.session, visible_statements(current_holdings()), before=before, limit=LIST_LIMIT + 1
    )
    shown, more = found[:LIST_LIMIT], len(found) > LIST_LIMIT
    roles = {each.role for each in current_holdings()}
    form = StatementForm()
    form.statement.errors = [words for _anchor, words in errors[:1]]
    is_demo = current_app.config["ENVIRONMENT"] != "production"
    waiting = [
        {
            "instruction_no": order.instruction_no,
            "number": order.number,
            "href": f"/cases/{order.number}",
            "payee": order.payee_name,
            "amount_fen": order.amount_fen,
            "issued_at": order.issued_at,
        }
        for order in in_transit(db.session, _visible_cases())
    ]
    return render_template(
        "pages/statements.html",
        form=form,
        may_import="finance_officer" in roles,
        errors=errors[:MOST_DEFECTS_SHOWN],
        key=None,
        help=_(
            "Columns: serial number, date, debit and credit (or amount), remark; above or below them the"
            " account number, opening and closing balance. CSV in UTF-8 or GB18030, up to 5 MB."
        ),
        sample_href=None,
        answers_href=url_for("payments.sample") if is_demo and roles & MAY_ANSWER else None,
        orders_href=url_for("payments.bank_orders") if "cashier" in roles else None,
        imports=[_import_row(row) for row in shown],
        pages={
            "words": "",
            "previous": url_for("payments.list_page") if before else None,
            "next": url_for("payments.list_page", before=shown[-1].id) if more else None,
        },
        waiting=waiting,
    )


def _import_row(row: StatementRow) -> dict[str, Any]:
    return {
        "account_no": row.account_masked,
        "imported_at": row.imported_at,
        "who": row.who,
        "lines": row.lines,
        "matched": row.matched,
        "rejected": row.rejected,
        "unknown": row.unknown,
        "href": url_for("payments.statement_page", statement_id=row.id),
    }


def _figures(row: StatementRow) -> list[dict[str, Any]]:
    figures = [
        (_("Arrived"), row.matched, None, "green"),
        (_("Came back"), row.rejected, None, "amber"),
        (_("Unknown"), row.unknown, _("a person must look"), None),
        (_("Not booked"), row.open, _("fits, but the payment was not moved"), "red"),
    ]
    return [
        {"title": title, "value": count, "note": note, "tone": tone if count else None}
        for title, count, note, tone in figures
    ]


def _visible_statement(statement_id: int) -> StatementRow:
    if not 0 < statement_id < 2**63:
        raise CaseNotFound
    visible = visible_statements(current_holdings()) & (BankStatement.id == statement_id)
    found = statements(db.session, visible, limit=1)
    if not found:
        raise CaseNotFound
    return found[0]


def _visible_cases(*roles: str) -> ColumnElement[bool]:
    held = [each for each in current_holdings() if not roles or each.role in roles]
    return visible_by(held, Case)


def _importer() -> Importer:
    office = next(each for each in current_holdings() if each.role == "finance_officer")
    return Importer(g.actor, office.node_id, business_now(db.session), g.request_id)


def _today() -> date:
    return business_now(db.session).astimezone(SHANGHAI).date()


def _told(defect: Defect) -> str:
    words = localized(defect.text)
    if not defect.row:
        return f"{defect.column}: {words}" if defect.column else words
    return _("Row %(row)s, %(column)s: %(words)s", row=defect.row, column=defect.column, words=words)


def _file(data: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, mimetype="text/csv", headers=headers)
