"""The rows behind a number of the overview of funds, as files: read from the database page by page.

A file is written whole before it is sent, past a megabyte on disk: it arrives complete or not at all.
"""

from collections.abc import Iterator

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from app.access.declare import allow
from app.clock import business_now
from app.csv_files import BOM, csv_file, csv_line
from app.extensions import db
from app.formats import day_and_time
from app.ledger.words import CODES
from app.payments.fund_pages import ROLES, asked_for, case_numbers, selection_for
from app.payments.funds import fund_rows
from app.payments.late import CAUSES, late_instalments
from app.payments.words import CAUSES as CAUSE_WORDS
from workflows.rules.money import format_yuan

pages = Blueprint("fund_files", __name__)
A_PAGE = 500


@pages.get("/funds/rows.csv")
@allow(ROLES)
def rows_file() -> Response:
    """Send all transfers behind one number, newest first."""
    chosen, _words = selection_for(asked_for())
    heads = [_("Transfer"), _("Time"), _("What"), _("Amount (yuan)"), _("Budget line"), _("Name"), _("Package"),
             _("Contract"), _("Organization"), _("Case"), _("Reference")]

    def lines() -> Iterator[str]:
        yield BOM + csv_line(heads)
        before = None
        while rows := fund_rows(db.session, chosen, before=before, limit=A_PAGE):
            numbers = case_numbers([row.case_id for row in rows])
            for row in rows:
                yield csv_line([
                    row.id, day_and_time(row.made_at), str(CODES[row.code]), format_yuan(row.fen).replace(",", ""),
                    row.line_code, row.line_name, row.package, row.contract_title or "", row.organization or "",
                    numbers.get(row.case_id or 0, ""), row.reference,
                ])
            before = rows[-1].key

    return csv_file(lines(), "transfers.csv")


@pages.get("/funds/late.csv")
@allow(ROLES)
def late_file() -> Response:
    """Send all late instalments of one cause, or all."""
    asked, now = asked_for(), business_now(db.session)
    cause = request.args.get("cause") if request.args.get("cause") in CAUSES else None
    heads = [_("Contract"), _("Name"), _("Organization"), _("Instalment"), _("Amount (yuan)"), _("Since"), _("Cause"),
             _("Case")]

    def lines() -> Iterator[str]:
        yield BOM + csv_line(heads)
        after = 0
        while rows := late_instalments(db.session, asked.visible, now, cause=cause, after=after, limit=A_PAGE):
            numbers = case_numbers([row.case_id for row in rows])
            for row in rows:
                yield csv_line([
                    row.contract_number, row.title, row.organization, row.position,
                    format_yuan(row.amount_fen).replace(",", ""), row.due_on.isoformat(), str(CAUSE_WORDS[row.cause]),
                    numbers.get(row.case_id or 0, ""),
                ])
            after = rows[-1].id

    return csv_file(lines(), "late-instalments.csv")
