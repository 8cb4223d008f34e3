"""What does each step of a registration write? The application, the papers, and at last the register."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select

from app.cases.kinds import effect
from app.cases.models import Case
from app.cases.move import Move
from app.errors import InvalidInput
from app.organizations.checking import social_organization_code
from app.organizations.models import Organization
from app.organizations.steps import (
    Particulars,
    allot_code,
    code_is_taken,
    enter_registration,
    registrar_place,
    rename,
    representative_key,
)
from app.registration import papers
from app.registration.applying import fund_of
from app.registration.models import RegistrationApplication
from app.registration.names import demand_free_name
from app.registration.representatives import demand_free_representative
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.rules.working_days import local_day

STATED = (
    "proposed_name", "field", "scope", "domicile", "sponsor", "legal_representative", "staff_count", "founders",
)
ONLY_SOME = ("individual_members", "unit_members", "activity_area")
CORRECTABLE = ("proposed_name", "scope", "domicile")


JUST_APPLIED = Reason(
    "registration_under_way",
    Text(
        zh="刚刚有人为本单位提交了登记申请；请刷新后在该件中继续办理。",
        en="Somebody has just applied for this organization; reload and go on there.",
    ),
)


@effect("registration", "apply")
def apply(move: Move) -> None:
    """Write the application; the organization in preparation takes the name and the legal class it applies with."""
    organization = _organization(move)  # of two that apply at once the second waits here
    if _applied_otherwise(move):
        raise Refused(JUST_APPLIED)
    direct = move.data["route"] == "direct"
    application = RegistrationApplication(
        case_id=move.case.id, organization_id=organization.id, direct=direct, start_up_fund_fen=fund_of(move.data),
        representative_key=representative_key(move.data["identity_number"]),
        public_fundraising=move.data["fundraising"] == "public" if "fundraising" in move.data else None,
        **{name: move.data[name] for name in STATED}, **{name: move.data.get(name) for name in ONLY_SOME},
    )
    organization.legal_type = move.facts.legal_class
    if direct:
        application.sponsor = None
    move.session.add(application)
    rename(move.session, organization, name=application.proposed_name)
    move.case.subject = application.proposed_name


@effect("registration", "answer_correction")
def answer_correction(move: Move) -> None:
    """Take over what was corrected."""
    application = _application(move)
    for name in CORRECTABLE:
        if move.data.get(name):
            setattr(application, name, move.data[name])
    for name in ONLY_SOME:
        if move.data.get(name) is not None:  # none of a sort is a number too
            setattr(application, name, move.data[name])
    application.start_up_fund_fen = fund_of(move.data) or application.start_up_fund_fen
    rename(move.session, _organization(move), name=application.proposed_name)


@effect("registration", "accept", "deem_accepted")
def accept(move: Move) -> None:
    """Issue the notice of acceptance."""
    papers.issue_acceptance(
        move, _application(move).proposed_name, contact=move.data.get("contact") or "", promise="decision_promised"
    )


@effect("registration", "ask_correction")
def ask_correction(move: Move) -> None:
    """Issue the one notice that lists everything to correct."""
    papers.issue_correction(move, _application(move).proposed_name)


@effect("registration", "refuse_acceptance", "refuse")
def refuse(move: Move) -> None:
    """Issue the decision with its reasons and remedies."""
    papers.issue_refusal(move, _application(move).proposed_name, accepted=move.trigger == "refuse")


@effect("registration", "approve")
def approve(move: Move) -> None:
    """Allot the code, enter the organization into the register and issue its certificate."""
    organization, application = _organization(move), _application(move)
    registered_on = move.data.get("registered_on") or local_day(move.now)
    if not local_day(move.case.opened_at) <= registered_on <= local_day(move.now):
        raise InvalidInput(
            {"registered_on": [str(_l("Choose a day between the application and today."))]}
        )
    demand_free_representative(
        move.session, application.representative_key, legal_class=move.facts.legal_class,
        organization_id=application.organization_id,
    )
    demand_free_name(move.session, application.proposed_name, organization_id=organization.id)
    organization.legal_type = move.facts.legal_class
    code = _code_for(move, organization)
    entry = enter_registration(
        move.session, organization, uscc=code, name=application.proposed_name, registered_on=registered_on,
        authority=papers.authority_of(move), case_id=move.case.id, sequence=move.sequence, now=move.now,
        stated=Particulars(
            domicile=application.domicile, legal_representative=application.legal_representative,
            scope=application.scope, fund_fen=application.start_up_fund_fen, sponsor=application.sponsor,
            activity_area=application.activity_area, public_fundraising=application.public_fundraising,
            representative_key=application.representative_key,
        ),
    )
    papers.issue_certificate(move, entry, organization.legal_type)


def _code_for(move: Move, organization: Organization) -> str:
    """Return the organization's code: its own, the one that the registrar typed, or a new one."""
    typed = move.data.get("uscc")
    if not typed:
        place = registrar_place(move.session, move.case.node_id)
        assert place is not None, "a registration happens in a place with a code"
        return organization.uscc or allot_code(move.session, place, organization.legal_type)
    code = social_organization_code(typed)
    if code.legal_type != organization.legal_type:
        raise InvalidInput({"uscc": [str(_l("This code belongs to another type of organization."))]})
    if code_is_taken(move.session, code.uscc, except_id=organization.id):
        raise InvalidInput({"uscc": [str(_l("Another organization has this code."))]})
    if organization.uscc not in (None, code.uscc):
        raise InvalidInput({"uscc": [str(_l("The organization has another code already."))]})
    return code.uscc


def _organization(move: Move) -> Organization:
    return move.session.get_one(Organization, move.case.organization_id, with_for_update={"key_share": True})


def _applied_otherwise(move: Move) -> bool:
    query = select(exists().where(
        Case.organization_id == move.case.organization_id, Case.kind == "registration", Case.closed_at.is_(None),
        Case.id != move.case.id,
    ))
    return bool(move.session.execute(query).scalar_one())


def _application(move: Move) -> RegistrationApplication:
    return move.session.get_one(RegistrationApplication, move.case.id)


