"""What does each step of a change write? The application, the papers, and at last the next version of the entry."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from app.cases.kinds import effect
from app.cases.move import Move
from app.cases.telling import tell_offices
from app.errors import InvalidInput
from app.ledger.transfers import constraint_of
from app.organizations.models import Organization, Registration
from app.organizations.steps import Particulars, change_entry, open_registration, representative_key
from app.registration import papers
from app.registration.change_facts import KIND, NEEDED, given_items, held, items_of, lacking
from app.registration.models import RegistrationChange, RegistrationChangeItem
from app.registration.names import demand_free_name
from app.registration.representatives import demand_free_representative, hand_over_role
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.kinds.registration_change import ITEMS, changed
from workflows.rules.money import format_yuan
from workflows.rules.working_days import local_day
from workflows.subjects import named

GRANTED = "准予变更登记"
BASIS = {
    "association": "依据《社会团体登记管理条例》第十八条和《中华人民共和国行政许可法》第三十八条第一款",
    "social_service": "依据《民办非企业单位登记管理暂行条例》第十五条和《中华人民共和国行政许可法》第三十八条第一款",
}
GENERAL_BASIS = "依据《中华人民共和国行政许可法》第三十八条第一款"
FOLLOWS = (
    "一、本决定自作出之日起生效，登记簿中原来的登记事项保留。",
    "二、请凭本决定书换领登记证书，交回原证书，并办理印章、银行账户和税务登记的变更。",
)
JUST_APPLIED = Reason(
    "change_under_way",
    Text(
        zh="刚刚有人提交了同一事项的变更申请；请刷新后查看该件。",
        en="Somebody has just applied to change the same item; reload and look at that case.",
    ),
)


@effect(KIND, "apply")
def apply(move: Move) -> None:
    """Write what is to change beside what is registered; the case is called after both. Nothing changes yet."""
    organization = _organization(move)
    consented_on: date = move.data["consented_on"]
    if consented_on > local_day(move.now):
        raise InvalidInput({"consented_on": [str(_l("Choose a day that is not in the future."))]})
    move.session.add(RegistrationChange(
        case_id=move.case.id, organization_id=organization.id, consented_on=consented_on,
    ))
    move.session.flush()
    _keep_representative(move, organization)
    _write_items(move, organization)
    _name_case(move, organization)


@effect(KIND, "answer_correction")
def answer_correction(move: Move) -> None:
    """Take over what was corrected, and an item that was added."""
    organization = _organization(move)
    _keep_representative(move, organization)
    _write_items(move, organization)
    _name_case(move, organization)


@effect(KIND, "accept", "deem_accepted")
def accept(move: Move) -> None:
    """Issue the notice of acceptance."""
    contact = move.data.get("contact") or ""
    papers.issue_acceptance(move, _organization(move).name, contact=contact, limit="change_decision")


@effect(KIND, "ask_correction")
def ask_correction(move: Move) -> None:
    """Issue the one notice that lists everything to correct."""
    papers.issue_correction(move, _organization(move).name)


@effect(KIND, "refuse_acceptance", "refuse")
def refuse(move: Move) -> None:
    """Issue the decision with its reasons and remedies; the items may be applied for anew."""
    papers.issue_refusal(move, _organization(move).name, accepted=move.trigger == "refuse", granted="变更登记")
    _end_items(move)


@effect(KIND, "withdraw")
def withdraw(move: Move) -> None:
    """The items may be applied for anew."""
    _end_items(move)


@effect(KIND, "approve")
def approve(move: Move) -> None:
    """End the entry's version of today, add the changed one, issue decision and certificate, and tell who must know."""
    organization = _organization(move)
    present = open_registration(move.session, organization.id)
    assert present is not None, "guarded: the registration is in force"
    former_name, items = organization.name, items_of(move.session, move.case)
    if any(row.item == "legal_representative" for row in items):
        hand_over_role(move, organization)
    entry = _changed(move, organization, present, {row.item: row.after for row in items})
    rows = tuple(
        (ITEMS[row.item].zh, *(_on_paper(row.item, value) for value in (row.before, row.after))) for row in items
    )
    papers.issue_grant(
        move, former_name, granted=GRANTED, legal_basis=BASIS.get(organization.legal_type, GENERAL_BASIS),
        columns=("变更事项", "变更前", "变更后"), rows=rows, follows=FOLLOWS,
    )
    papers.issue_certificate(move, entry, organization.legal_type)
    _end_items(move)
    tell_offices(move, "entry_changed_elsewhere")


def _on_paper(item: str, value: str | None) -> str:
    """Return a value as a paper states it, which is always in Chinese."""
    if value is None:
        return "（本机关登记簿未载）"
    return f"{format_yuan(int(value))} 元" if item == "fund_fen" else value


def _changed(
    move: Move, organization: Organization, present: Registration, after: dict[str, str]
) -> Registration:
    """Write the next version: what changes, what the registrar read off the certificate, and else what is held."""
    missing = [item for item in lacking(move.session, move.case) if item in NEEDED and not move.data.get(item)]
    if missing:
        words = str(_l("The register does not hold this; read it off the present certificate."))
        raise InvalidInput({item: [words] for item in missing})
    today = local_day(move.now)
    registered_on = present.registered_on or move.data["registered_on"]
    if registered_on > today:
        raise InvalidInput({"registered_on": [str(_l("Choose a day that is not in the future."))]})

    def value(item: str) -> Any:
        if item in after:
            return int(after[item]) if item == "fund_fen" else after[item]
        stated = getattr(present, item)
        return stated if stated is not None else move.data.get(item) or None

    key = present.representative_key
    if "legal_representative" in after:
        key = move.session.get_one(RegistrationChange, move.case.id).representative_key
        demand_free_representative(
            move.session, key, legal_class=organization.legal_type, organization_id=organization.id
        )
    if "name" in after:
        demand_free_name(move.session, after["name"], organization_id=organization.id)
    stated = {item: value(item) for item in ITEMS if item != "name"}
    return change_entry(
        move.session, organization, name=after.get("name", organization.name), registered_on=registered_on,
        stated=Particulars(
            **stated, activity_area=present.activity_area, public_fundraising=present.public_fundraising,
            representative_key=key,
        ),
        changed_on=today,
        authority=papers.authority_of(move), case_id=move.case.id, sequence=move.sequence, now=move.now,
    )


def _keep_representative(move: Move, organization: Organization) -> None:
    """Keep who is to represent, and refuse at once whoever may not."""
    if move.data.get("new_representative_person"):
        items = {*given_items(move.data), *(row.item for row in items_of(move.session, move.case))}
        if "legal_representative" not in items:
            words = _l("Write the name of the new legal representative too, or leave this empty.")
            raise InvalidInput({"new_representative_person": [str(words)]})
        change = move.session.get_one(RegistrationChange, move.case.id)
        change.successor_id = move.data["new_representative_person"]
    number = move.data.get("new_identity_number")
    if not number:
        return
    key = representative_key(number)
    demand_free_representative(move.session, key, legal_class=organization.legal_type, organization_id=organization.id)
    move.session.get_one(RegistrationChange, move.case.id).representative_key = key


def _write_items(move: Move, organization: Organization) -> None:
    entry = open_registration(move.session, organization.id)
    known = {row.item: row for row in items_of(move.session, move.case)}
    for item, after in given_items(move.data).items():
        if item in known:
            known[item].after = after
        else:
            move.session.add(RegistrationChangeItem(
                case_id=move.case.id, item=item, organization_id=organization.id, after=after,
                before=held(entry, item) if entry is not None else None,
            ))
    try:
        move.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_registration_change_items_open":
            raise Refused(JUST_APPLIED) from error
        raise


def _name_case(move: Move, organization: Organization) -> None:
    """Call the case after the organization as it is called today, and what is to change."""
    # An opening has no state yet; what was just written is there all the same.
    rows = move.session.query(RegistrationChangeItem.item).filter_by(case_id=move.case.id)
    move.case.subject = named(organization.name, changed(tuple(item for (item,) in rows)).zh)


def _end_items(move: Move) -> None:
    for row in items_of(move.session, move.case):
        row.ended_at = move.now


def _organization(move: Move) -> Organization:
    return move.session.get_one(Organization, move.case.organization_id, with_for_update={"key_share": True})
