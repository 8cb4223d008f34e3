"""What does an auditor see of a case? Everything that is recorded, with the chain recomputed for this very page."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext as _

from app.audit.case_check import PAGE, checked, page_of, verdict_on
from app.audit.checking import stands
from app.audit.members import account_name
from app.audit.queries import names_of_case, reads_of, refused_on, transfers_of
from app.audit.rendering import move_title, role_title, state_title
from app.audit.search_page import reasons_of
from app.audit.tree import LogTree
from app.cases.facts import definition_of
from app.cases.log import LAST
from app.cases.queries import Page
from app.cases.snapshot import CaseRow
from app.cases.titles import title_of_case
from app.cases.words import shown_data, shown_tables
from app.documents.folder import documents_folder
from app.documents.queries import Standing, documents_of_case
from app.extensions import db
from app.formats import text
from app.language import current_locale, localized
from app.ledger.words import CODES
from workflows.definition import Definition

TONES = {"success": "green", "failure": "red"}


@dataclass(frozen=True)
class Places:
    """Where the lists of an audit page begin: moves, attempts and transfers behind a key, reads before one."""

    after: int | None = None
    attempts: int | None = None
    transfers: int | None = None
    reads: str | None = None


def audit_view(case: CaseRow, places: Places, tree: LogTree | None = None) -> dict[str, Any]:
    """Return the context of the page with its lists at `places`; with the log's tree everything is checked.

    That is the whole chain, the signed log and the papers. Without it a fixed number of queries and of moves,
    however long the history.
    """
    definition = definition_of(case)
    last = db.session.execute(LAST).one_or_none()
    signed = last.size if last else 0
    found = checked(case, places.after, signed, all_of_it=tree is not None)
    papers = documents_of_case(db.session, case.id)
    hold = {paper.document.sha256: stands(documents_folder(), paper.document.sha256) for paper in papers if tree}
    by_hash = {paper.document.sha256: paper for paper in papers}
    attempts = refused_on(db.session, case.id, after=places.attempts)
    transfers = transfers_of(db.session, case.id, after=places.transfers)
    reads = reads_of(db.session, case.number, [paper.document.id for paper in papers], before=places.reads)
    return {
        "case": _case(case, definition),
        "check": verdict_on(found, tree, last, hold),
        "verify_action": f"/audit/cases/{case.number}/verify",
        "bundle_href": f"/cases/{case.number}/bundle",
        "export_href": f"/audit/exports?case={case.number}",
        "bundle_help": _("Whoever takes it can check it with nothing but Python. The download is recorded."),
        "moves": [_move(case, definition, row, by_hash, signed) for row in found.moves],
        "pages": _pager(case, places.after), "page_size": PAGE,
        "attempts": [_attempt(definition, row) for row in attempts.rows],
        "attempt_pages": _beside(case, "attempts", places.attempts, attempts),
        "reads": [{"at": row.at, "who": row.who, "what": _read(row, papers)} for row in reads.rows],
        "read_pages": _beside(case, "reads", places.reads, reads),
        "transfers": [_transfer(row) for row in transfers.rows],
        "transfer_pages": _beside(case, "transfers", places.transfers, transfers),
        "documents": [_document(definition, paper, hold) for paper in papers],
    }


def _pager(case: CaseRow, after: int | None) -> dict[str, Any] | None:
    """Return the links to the moves before and behind; the sequence is the key, without gaps."""
    if case.revision <= PAGE:
        return None
    first, last = page_of(after, case.revision)
    here = f"/audit/cases/{case.number}"
    return {
        "words": _("Moves %(first)s to %(last)s of %(all)s", first=first, last=last, all=case.revision),
        "previous": f"{here}?after={max(first - 1 - PAGE, 0)}" if first > 1 else None,
        "next": f"{here}?after={last}" if last < case.revision else None,
    }


def _beside(case: CaseRow, name: str, here: int | str | None, page: Page) -> dict[str, Any]:
    """Return the links from a list beside the moves to its beginning and to what follows; its name is its anchor."""
    address = f"/audit/cases/{case.number}"
    return {
        "words": "", "previous": f"{address}#{name}" if here is not None else None,
        "next": f"{address}?{urlencode({name: page.after})}#{name}" if page.after else None,
    }


def _case(case: CaseRow, definition: Definition) -> dict[str, Any]:
    node, organization = names_of_case(db.session, case.node_id, case.organization_id)
    state = definition.states[case.state or ""]
    return {
        "number": case.number, "subject": title_of_case(case),
        "kind_title": localized(definition.title),
        "state_title": localized(state.title), "tone": TONES.get(state.outcome or "", "blue"),
        "href": f"/cases/{case.number}", "definition": definition.name, "policy": case.policy,
        "organization": organization, "place": node.name(current_locale()),
    }


def _move(
    case: CaseRow, definition: Definition, row: Any, papers: dict[str, Standing], signed: int
) -> dict[str, Any]:
    body = json.loads(bytes(row.body))
    return {
        "sequence": row.sequence, "at": row.at, "who": row.who, "role": localized(role_title(row.role)),
        "on_behalf_of": row.behalf, "trigger": row.trigger,
        "title": localized(move_title(definition, row.from_state, row.trigger)),
        "from_title": text(state_title(definition, row.from_state)) or None,
        "to_title": text(state_title(definition, row.to_state)),
        "data": _data(case, row.trigger, body["data"]), "changes": list(_changes(body["changes"])),
        "files": [_file(sha256, papers) for sha256 in body["files"]], "reasons": body["reasons"],
        "request_id": row.request_id, "hash": bytes(row.hash).hex(), "previous_hash": bytes(row.prev).hex(),
        "logged": row.position is not None and row.position < signed,
        "receipt": f"{case.number}:{row.sequence}:{bytes(row.hash).hex()}",
    }


def _data(case: CaseRow, trigger: str, data: dict[str, Any]) -> list[tuple[str, str]]:
    tables = [
        (table["title"], "; ".join(" · ".join(row) for row in table["rows"]))
        for table in shown_tables(case.kind, trigger, data, legal_class=case.legal_class)
    ]
    return [*shown_data(case.kind, trigger, data, legal_class=case.legal_class), *tables]


def _changes(changes: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for change in changes:
        before, after = change["before"] or {}, change["after"] or {}
        for name in sorted({*before, *after}):
            yield {
                "table": change["table"], "key": change["key"], "field": name,
                "before": before.get(name), "after": after.get(name),
            }


def _file(sha256: str, papers: dict[str, Standing]) -> dict[str, Any]:
    paper = papers.get(sha256)
    if paper is None:
        return {"name": sha256, "sha256": sha256, "href": None}
    return {"name": paper.document.name, "sha256": sha256, "href": f"/documents/{paper.document.id}"}


def _attempt(definition: Definition, row: Any) -> dict[str, Any]:
    return {
        "at": row.at, "who": row.who, "role": None, "request_id": row.request_id, "reasons": reasons_of(row),
        "trigger": localized(move_title(definition, row.state, row.trigger)),
    }


def _read(row: Any, papers: list[Standing]) -> str:
    names = {f"document {paper.document.id}": paper.document.name for paper in papers}
    words = {"bundle": _("evidence bundle"), "audit view": _("audit view"), "document": _("paper"),
             "csv": _("tables (CSV)"), "xlsx": _("spreadsheet (XLSX)")}
    what = words.get(row.what, row.what)
    return f"{what}: {names[row.subject]}" if row.subject in names else what


def _transfer(row: Any) -> dict[str, Any]:
    return {
        "made_at": row.made_at, "debit": account_name(row.debit, row.line, row.debit_package),
        "credit": account_name(row.credit, row.line, row.credit_package), "amount_fen": row.amount,
        "code": CODES.get(row.code, row.code), "sequence": row.sequence,
    }


def _document(definition: Definition, paper: Standing, hold: dict[str, bool | None]) -> dict[str, Any]:
    slot = definition.documents.get(paper.slot)
    sha256 = paper.document.sha256
    return {
        "title": localized(slot.title) if slot else paper.slot, "name": paper.document.name, "sha256": sha256,
        "size": paper.document.size, "at": paper.at, "href": f"/documents/{paper.document.id}",
        "holds": bool(hold[sha256]) if sha256 in hold else None,
    }
