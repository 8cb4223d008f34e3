"""Which pages are there, and who opens each? One list for all tests that look at every page."""

from sqlalchemy import select

from app.affiliation.models import Hub
from app.cases.models import Case
from app.demo.district import NEW_NAME, THIRD_NAME
from app.extensions import db
from app.organizations.models import Organization
from tests.browser.conftest import Site

KINDS = ("registration", "affiliation", "payment")


def pages_by_reader(site: Site) -> dict[str | None, list[str]]:
    """Return the addresses of all pages of the demo district, by the login of who opens them (None: nobody)."""
    with site.app.app_context():
        cases = {kind: _one(select(Case.number).where(Case.kind == kind).order_by(Case.id)) for kind in KINDS}
        third = _one(select(Organization.id).where(Organization.name == THIRD_NAME))
        new = _one(select(Organization.id).where(Organization.name == NEW_NAME))
        hub = _one(select(Hub.node_id))
    joined, asked, applied = cases["affiliation"], cases["payment"], cases["registration"]
    return {
        None: ["/", "/guide", "/guide/registration", "/guide/payment?place=110102", "/sign-in", "/help", "/nowhere"],
        "staff": ["/", "/worklist", "/apply/registration", f"/organizations/{new}", "/account", "/organizations?q=无"],
        "staff3": [f"/organizations/{third}", f"/apply/payment?organization={third}", f"/cases/{asked}",
                   f"/cases/{joined}/receipt", "/notices", f"/hubs/{hub}", "/apply/affiliation"],
        "registrar": ["/", "/worklist", "/cases", f"/cases/{applied}", f"/cases/{applied}/do/ask_correction",
                      f"/cases/{applied}/personal", "/organizations", "/audit", "/calendar", "/calendar/list"],
        "finance": ["/worklist", f"/cases/{asked}", "/budget-lines", "/budget-lines/1", "/statements",
                    "/funds", "/funds/rows?part=committed", "/funds/late"],
        "auditor": ["/audit", f"/audit/cases/{asked}", f"/cases/{asked}", "/cases?status=closed"],
        "admin": ["/people", "/demo/clock", "/worklist"],
    }


def _one(query):
    return db.session.execute(query.limit(1)).scalar_one()
