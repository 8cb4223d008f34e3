"""Which pages are there, and who opens each? One list for all tests that look at every page."""

from sqlalchemy import func, select

from app.access.models import Account
from app.affiliation.models import Hub
from app.cases.models import Case
from app.delivery.models import Evaluation
from app.delivery.steps import make_codes
from app.demo.district import NEW_NAME, OLD_NAME, THIRD_NAME
from app.extensions import db
from app.incubation.models import Incubator
from app.organizations.models import Organization
from app.purchasing.awarding import AwardCandidate
from app.purchasing.experts import BidReview
from app.purchasing.models import Contract
from app.purchasing.tendering import BidRanking
from tests.browser.conftest import Site

KINDS = ("registration", "affiliation", "payment")
TENDER = ("programme", "plan", "call", "opening_key", "pool_entry")
"""What an office opens for its purchases; bids and objections are an organization's."""


def pages_by_reader(site: Site) -> dict[str | None, list[str]]:
    """Return the addresses of all pages of the demo district, by the login of who opens them (None: nobody)."""
    with site.app.app_context():
        cases = {kind: _one(select(Case.number).where(Case.kind == kind).order_by(Case.id)) for kind in KINDS}
        new, old, third = (_one(select(Organization.id).where(Organization.name == name))
                           for name in (NEW_NAME, OLD_NAME, THIRD_NAME))
        hub, incubator = _one(select(Hub.node_id)), _one(select(Incubator.node_id))
        contract = _one(select(Contract.id).where(Contract.organization_id == third))
        bought = {kind: _each_state(kind) for kind in ("package", "contract", "call", "bid_review", "objection")}
        reports = _each_state("annual_report")
        ranked = _numbers(BidRanking.package_id)
        named = _numbers(AwardCandidate.case_id)
        evaluation = _one(select(Case.number).where(Case.kind == "evaluation", Case.state == "commissioned"))
        code = make_codes(db.session, _one(select(Evaluation.case_id)))[0]
        db.session.commit()
    awards = [f"/awards/{number}" for number in ranked]
    joined, asked, applied = cases["affiliation"], cases["payment"], cases["registration"]
    rooms = [f"/openings/{number}" for number in bought["package"]]
    purchases = [f"/cases/{number}" for numbers in bought.values() for number in numbers]
    return {
        None: ["/", "/guide", "/guide/registration", "/guide/payment?place=110102", "/sign-in", "/help", "/nowhere",
               "/publicity", "/publicity/annual-reports",
               *(f"/publicity/{number}" for number in named), f"/rate/{code}", "/rate/USED-CODE", *rooms],
        "staff": ["/", "/worklist", "/apply/registration", f"/organizations/{new}", "/account", "/organizations?q=无",
                  "/calendar"],
        "staff2": [f"/organizations/{old}", f"/organizations/{old}/timeline", "/apply/bid", "/apply/objection",
                   "/apply/incubation", "/incubators"],
        "staff3": [f"/organizations/{third}", f"/apply/payment?organization={third}", f"/cases/{asked}",
                   f"/cases/{joined}/receipt", "/notices", f"/hubs/{hub}", "/apply/affiliation",
                   "/apply/disaffiliation", "/apply/registration_change", "/apply/deregistration",
                   "/apply/annual_report", f"/contracts/{contract}"],
        "registrar": ["/", "/worklist", "/cases", f"/cases/{applied}", f"/cases/{applied}/do/ask_correction",
                      f"/cases/{applied}/personal", "/organizations", "/audit", "/calendar", "/calendar/list",
                      "/annual-reports", *(f"/cases/{number}" for number in reports)],
        "buyer": [f"/apply/{kind}" for kind in TENDER] + rooms + awards + purchases,
        "finance": ["/worklist", f"/cases/{asked}", "/budget-lines", "/budget-lines/1", "/statements",
                    "/funds", "/funds/rows?part=committed", "/funds/rows?part=returned", "/funds/late"],
        "auditor": ["/audit", "/audit/access", f"/audit/cases/{asked}", f"/cases/{asked}", "/cases?status=closed",
                    "/audit/exports", f"/audit/exports?organization={third}",
                    f"/audit/exports?case={asked}", f"/organizations/{third}/timeline"],
        "incubator": ["/incubators", f"/incubators/{incubator}", "/worklist"],
        "evaluator": ["/worklist", f"/cases/{evaluation}", f"/cases/{evaluation}/do/score",
                      f"/evaluations/{evaluation}/codes"],
        "admin": ["/people", "/demo/clock", "/worklist"],
    }


def composed_pages(site: Site) -> dict[str | None, list[str]]:
    """Return one of each page that is more than a form or a case, by who opens it: those that people live in."""
    listed = pages_by_reader(site)
    ways = ("/awards/", "/openings/", "/publicity/", "/rate/", "/funds", "/calendar", "/contracts/", "/incubators/")
    found: dict[str | None, list[str]] = {}
    for reader, addresses in listed.items():
        one_each = {way: next((each for each in addresses if each.startswith(way)), None) for way in ways}
        found[reader] = [each for each in one_each.values() if each is not None]
    package = next(each.replace("/awards/", "/cases/") for each in listed["buyer"] if each.startswith("/awards/"))
    found["buyer"].append(package)
    return {reader: addresses for reader, addresses in found.items() if addresses}


def sheet_to_score(site: Site) -> tuple[str, str] | None:
    """Return the login of an expert who has declared and not yet scored, and the address of the sheet."""
    with site.app.app_context():
        query = (
            select(Account.login, Case.number).join(BidReview, BidReview.person_id == Account.person_id)
            .join(Case, Case.id == BidReview.case_id).where(Case.state == "scoring").order_by(Case.id)
        )
        found = db.session.execute(query).first()
    return (found.login, f"/cases/{found.number}/do/submit_scores") if found else None


def _each_state(kind: str) -> list[str]:
    """Return the newest case of a kind in each state that one stands in."""
    newest = select(func.max(Case.id)).where(Case.kind == kind).group_by(Case.state)
    return list(db.session.scalars(select(Case.number).where(Case.id.in_(newest)).order_by(Case.id)))


def _numbers(column) -> list[str]:
    """Return the numbers of the cases that a column names, each once."""
    return list(db.session.scalars(select(Case.number).where(Case.id.in_(select(column))).order_by(Case.id)))


def _one(query):
    return db.session.execute(query.limit(1)).scalar_one()
