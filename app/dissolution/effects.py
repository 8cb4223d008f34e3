"""What does each step of a deregistration write? The freeze, the papers, and at last the end of the entry."""

from datetime import date, datetime, time

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.affiliation.steps import end_memberships
from app.cases.kinds import effect
from app.cases.move import Move
from app.cases.telling import tell_offices
from app.clock import SHANGHAI
from app.dissolution.models import Deregistration
from app.errors import InvalidInput
from app.ledger.transfers import constraint_of
from app.organizations.models import Organization, OrganizationRestriction
from app.organizations.steps import end_entry, lift_restriction, restrict
from app.registration import papers
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.kinds.deregistration import GROUNDS
from workflows.rules.working_days import deadline, local_day, official_calendar
from workflows.subjects import named

KIND = "deregistration"
GRANTED = "准予注销登记"
BASIS = {
    "association": "依据《社会团体登记管理条例》第十九条至第二十三条",
    "social_service": "依据《民办非企业单位登记管理暂行条例》第十六条至第十八条",
    "foundation": "依据《基金会管理条例》第十八条",
}
GENERAL_BASIS = "依据《中华人民共和国行政许可法》第三十八条第一款"
FOLLOWS = ("该单位的法人登记自本决定作出之日起终止，登记证书、印章和财务凭证已经收回，并予公告。",)
JUST_RESOLVED = Reason(
    "deregistration_under_way",
    Text(
        zh="刚刚有人为本单位报告了终止；请刷新后查看该件。",
        en="Somebody has just reported the end of this organization; reload and look at that case.",
    ),
)


@effect(KIND, "resolve")
def resolve(move: Move) -> None:
    """Write why it is to end, freeze the organization from today, and tell the offices that carry its open cases."""
    organization, today = _organization(move), local_day(move.now)
    _not_after(move.data["resolved_on"], today, "resolved_on")
    row = Deregistration(
        case_id=move.case.id, organization_id=organization.id, ground=move.data["ground"],
        resolved_on=move.data["resolved_on"], liquidators=move.data["liquidators"],
    )
    move.session.add(row)
    try:
        move.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_deregistrations_open":
            raise Refused(JUST_RESOLVED) from error
        raise
    move.case.subject = named(organization.name, GROUNDS[row.ground].zh)
    restrict(
        move.session, organization_id=organization.id, kind="dissolving", from_on=today, evidence=move.case.number,
        case_id=move.case.id, sequence=move.sequence, by=move.person_id, now=move.now,
    )
    tell_offices(move, "liquidation_elsewhere")


@effect(KIND, "finish_liquidation")
def finish_liquidation(move: Move) -> None:
    """Note since when the liquidation is over: the time for the application runs from that day."""
    row, ended_on = _row(move), move.data["liquidated_on"]
    if ended_on < row.resolved_on:
        raise InvalidInput({"liquidated_on": [str(_l("Choose a day after the resolution."))]})
    _not_after(ended_on, local_day(move.now), "liquidated_on")
    row.liquidated_on = ended_on
    move.ends["apply_by"] = _apply_by(move, ended_on)


@effect(KIND, "apply", "answer_correction")
def apply(move: Move) -> None:
    """Note what became of the assets, as it was told last."""
    if move.data.get("assets"):
        _row(move).assets = move.data["assets"]


@effect(KIND, "accept", "deem_accepted")
def accept(move: Move) -> None:
    """Issue the notice of acceptance."""
    contact = move.data.get("contact") or ""
    papers.issue_acceptance(move, _organization(move).name, contact=contact, limit="deregistration_decision")


@effect(KIND, "ask_correction")
def ask_correction(move: Move) -> None:
    """Issue the one notice that lists everything to correct."""
    papers.issue_correction(move, _organization(move).name)


@effect(KIND, "refuse")
def refuse(move: Move) -> None:
    """Issue the decision with its reasons and remedies; the organization stays in liquidation and may apply again."""
    papers.issue_refusal(move, _organization(move).name, accepted=True, granted="注销登记")
    move.ends["apply_by"] = _apply_by(move, local_day(move.now))


@effect(KIND, "approve")
def approve(move: Move) -> None:
    """End the entry and the memberships of hubs today, issue the decision, and tell who carried the organization."""
    organization, row, today = _organization(move), _row(move), local_day(move.now)
    tell_offices(move, "deregistered_elsewhere")
    end_entry(move.session, organization.id, on=today)
    end_memberships(move)
    _unfreeze(move)
    row.ended_at = move.now
    papers.issue_grant(
        move, organization.name, granted=GRANTED, legal_basis=BASIS.get(organization.legal_type, GENERAL_BASIS),
        columns=("登记事项", "内容"), follows=FOLLOWS,
        rows=(
            ("单位名称", organization.name), ("统一社会信用代码", organization.uscc or "—"),
            ("注销原因", GROUNDS[row.ground].zh), ("清算结束日期", _on_paper(row.liquidated_on)),
            ("注销日期", _on_paper(today)),
        ),
    )


@effect(KIND, "withdraw")
def withdraw(move: Move) -> None:
    """Nothing is frozen any more; the organization goes on, and may end later by another case."""
    _unfreeze(move)
    _row(move).ended_at = move.now
    tell_offices(move, "restriction_gone_elsewhere")


def _apply_by(move: Move, since: date) -> datetime:
    """Return the end of the time for the application: so many days after that day, and never a day of rest."""
    number = move.facts.case.policy.number("deregistration_application")
    begin = datetime.combine(since, time(12), SHANGHAI)
    return deadline(begin, number.value, number.unit, official_calendar()).due


def _unfreeze(move: Move) -> None:
    query = select(OrganizationRestriction.id).where(
        OrganizationRestriction.case_id == move.case.id, OrganizationRestriction.to_on.is_(None)
    )
    lift_restriction(move.session, move.session.scalars(query).one(), on=local_day(move.now))


def _not_after(day: date, today: date, name: str) -> None:
    if day > today:
        raise InvalidInput({name: [str(_l("Choose a day that is not in the future."))]})


def _on_paper(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day is not None else "—"


def _organization(move: Move) -> Organization:
    return move.session.get_one(Organization, move.case.organization_id, with_for_update={"key_share": True})


def _row(move: Move) -> Deregistration:
    return move.session.get_one(Deregistration, move.case.id)
