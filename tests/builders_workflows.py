"""Facts, steps, actors and folders of definitions for tests of the pure package."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from workflows.definition import Definition
from workflows.engine import Acting
from workflows.kinds.affiliation import AffiliationFacts
from workflows.kinds.case import CaseFacts, Step
from workflows.kinds.payment import PaymentFacts
from workflows.kinds.registration import RegistrationFacts
from workflows.loader import ROOT, library

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
APPLICANT, SOMEBODY = 1, 99


def shipped(kind: str, version: int = 1) -> Definition:
    """Return the definition of a kind as base ships it; the first version, or this one."""
    return library().exact(kind, "base", version)


def step(trigger: str, person: int | None = APPLICANT, role: str = "staff", to: str = "submitted") -> Step:
    """Return a move made an hour ago."""
    return Step(1, trigger, person, role, NOW - timedelta(hours=1), None, to)


def case(*steps: Step, state: str | None = None) -> CaseFacts:
    """Return a case with these moves behind it."""
    policy = library().policy(("base",), TODAY)
    return CaseFacts("T-1", state, len(steps), NOW if steps else None, 7, steps, policy)


def registration_facts(*steps: Step, **changes: Any) -> RegistrationFacts:
    """Return facts with which every registration guard is content."""
    facts = RegistrationFacts(
        case=case(*steps),
        organization_registered=False,
        name_is_free=True,
        name_conflict=None,
        missing_documents=(),
        has_code_allotment=True,
        legal_class="social_service",
        proposed_name="北京市西城区示例服务中心",
        registrar_level=3,
        provincial_registrar="北京市民政局",
        individual_members=0,
        unit_members=0,
        fund_fen=3_000_000,
        public_fundraising=False,
        represented=(),
    )
    return replace(facts, **changes)


def association_facts(*steps: Step, **changes: Any) -> RegistrationFacts:
    """Return facts with which every guard of an association's registration is content."""
    facts = registration_facts(
        *steps, legal_class="association", proposed_name="北京市西城区示例协会", individual_members=50
    )
    return replace(facts, **changes)


def foundation_facts(*steps: Step, **changes: Any) -> RegistrationFacts:
    """Return facts with which every guard of a foundation's registration is content."""
    facts = registration_facts(
        *steps, legal_class="foundation", proposed_name="北京市示例基金会", registrar_level=1, fund_fen=200_000_000
    )
    return replace(facts, **changes)


def affiliation_facts(*steps: Step, **changes: Any) -> AffiliationFacts:
    """Return facts with which every affiliation guard is content."""
    facts = AffiliationFacts(case(*steps), True, True, False, False, True)
    return replace(facts, **changes)


def payment_facts(*steps: Step, **changes: Any) -> PaymentFacts:
    """Return facts with which every payment guard is content."""
    facts = PaymentFacts(
        case=case(*steps),
        organization_registered=True,
        contract_with_organization=True,
        instalment_found=True,
        instalment_amount_fen=30_000_00,
        amount_fen=30_000_00,
        committed_fen=100_000_00,
        payable_fen=30_000_00,
        transit_fen=30_000_00,
        open_payment_elsewhere=False,
        earlier_instalments_settled=True,
        payee_is_organization=True,
        bank_line_matches=True,
        missing_documents=(),
    )
    return replace(facts, **changes)


def acting(*roles: str, person: int | None = SOMEBODY) -> Acting:
    """Return a person who has done nothing on the case yet, in these roles."""
    return Acting(person, frozenset(roles))


SYSTEM = Acting(None, frozenset(), system=True)


def copied_definitions(tmp_path: Path) -> Path:
    """Return a copy of the shipped definitions that a test may damage."""
    return Path(shutil.copytree(ROOT, tmp_path / "definitions"))


def rewrite(path: Path, old: str, new: str) -> None:
    """Replace the first `old` in a file, which must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
