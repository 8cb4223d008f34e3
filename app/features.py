"""Of what is the application made? The list of features, in their order; nothing is found by magic."""

import os
from importlib import import_module
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask

ROOT = Path(__file__).resolve().parent

# Each feature's models, inputs, facts and effects register themselves when imported.
MODULES = (
    "app.access.models",
    "app.documents.models",
    "app.notices.models",
    "app.cases.models",
    "app.ledger.models",
    "app.organizations.models", "app.organizations.file_parts",
    "app.purchasing.models", "app.purchasing.tendering",
    "app.purchasing.programme.inputs", "app.purchasing.programme.facts", "app.purchasing.programme.effects",
    "app.purchasing.plan.inputs", "app.purchasing.plan.facts", "app.purchasing.plan.effects",
    "app.purchasing.sealed", "app.purchasing.opening_key.inputs", "app.purchasing.opening_key.effects",
    "app.purchasing.call.inputs", "app.purchasing.call.facts", "app.purchasing.call.effects",
    "app.purchasing.call.overview",
    "app.purchasing.package.inputs", "app.purchasing.package.facts", "app.purchasing.package.effects",
    "app.purchasing.package.overview",
    "app.purchasing.bid.inputs", "app.purchasing.bid.facts", "app.purchasing.bid.effects",
    "app.purchasing.awarding", "app.purchasing.award.inputs", "app.purchasing.award.facts",
    "app.purchasing.award.effects",
    "app.purchasing.objection.inputs", "app.purchasing.objection.facts", "app.purchasing.objection.effects",
    "app.purchasing.contract.inputs", "app.purchasing.contract.facts", "app.purchasing.contract.effects",
    "app.purchasing.award.overview", "app.purchasing.objection.overview", "app.purchasing.contract.overview",
    "app.purchasing.file_parts",
    "app.purchasing.experts", "app.purchasing.pool_entry.inputs", "app.purchasing.pool_entry.facts",
    "app.purchasing.pool_entry.effects",
    "app.purchasing.panel.inputs", "app.purchasing.panel.effects",
    "app.purchasing.bid_review.inputs", "app.purchasing.bid_review.facts", "app.purchasing.bid_review.effects",
    "app.purchasing.bid_review.overview",
    "app.registration.models", "app.registration.inputs", "app.registration.facts", "app.registration.effects",
    "app.registration.overview",
    "app.registration.change_inputs", "app.registration.change_facts", "app.registration.change_effects",
    "app.registration.change_overview",
    "app.standing.models", "app.standing.inputs", "app.standing.facts", "app.standing.effects",
    "app.standing.overview", "app.standing.file_parts",
    "app.annual.models", "app.annual.inputs", "app.annual.facts", "app.annual.effects", "app.annual.overview",
    "app.annual.file_parts", "app.annual.duties",
    "app.incubation.models", "app.incubation.inputs", "app.incubation.choices", "app.incubation.facts",
    "app.incubation.effects", "app.incubation.review_effects", "app.incubation.overview",
    "app.incubation.file_parts",
    "app.affiliation.models", "app.affiliation.inputs", "app.affiliation.facts", "app.affiliation.effects",
    "app.affiliation.overview", "app.affiliation.file_parts",
    "app.delivery.models", "app.delivery.inputs", "app.delivery.choices", "app.delivery.facts", "app.delivery.effects",
    "app.delivery.overview", "app.delivery.file_parts",
    "app.payments.models", "app.payments.inputs", "app.payments.choices", "app.payments.facts", "app.payments.effects",
    "app.payments.overview", "app.payments.file_parts",
    "app.dissolution.models", "app.dissolution.inputs", "app.dissolution.facts", "app.dissolution.effects",
    "app.dissolution.overview", "app.dissolution.file_parts",
    "app.audit.exports.models",
)

# Each has a function register(app) that adds its routes.
PAGES = (
    "app.access.pages",
    "app.documents.pages",
    "app.notices.pages",
    "app.organizations.pages",
    "app.annual.pages",
    "app.ledger.pages",
    "app.delivery.pages",
    "app.payments.pages",
    "app.audit.pages",
    "app.portal.pages",
    "app.demo.pages",
    "app.doors.register",
)


def load_models() -> None:
    """Import everything that registers a table, an input, a fact or an effect."""
    for name in MODULES:
        import_module(name)


def register(app: Flask) -> None:
    """Add every feature to the application."""
    load_models()
    for name in PAGES:
        import_module(name).register(app)


def translations(instance: Path) -> str:
    """Compile the catalogues that are newer than their cache in the instance; return the folder to load from."""
    target = instance / "translations"
    for source in sorted((ROOT / "translations").glob("*/LC_MESSAGES/messages.po")):
        compiled = target / source.relative_to(ROOT / "translations").with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        compiled.parent.mkdir(parents=True, exist_ok=True)
        draft = compiled.with_suffix(f".{os.getpid()}.tmp")
        with source.open("rb") as catalogue, draft.open("wb") as out:
            write_mo(out, read_po(catalogue))
        draft.replace(compiled)
    return str(target)
