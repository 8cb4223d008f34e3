"""Registration: what decides whether an organization may enter the register?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason
from workflows.policy import PolicyNumber
from workflows.rules.money import format_yuan
from workflows.rules.names import Misnamed, misnamed

PROVINCE = 1


@dataclass(frozen=True, slots=True)
class RegistrationFacts:
    """What the register and the application say. `name_conflict` is the name that stands in the way.

    `registrar_level` is 0 for the ministry, 1 for a province, 2 for a city, 3 for a district. `represented` holds the
    legal classes of the other registered organizations that the intended legal representative represents, as far as
    the register knows: of whoever was entered from a certificate or a list it does not.
    """

    case: CaseFacts
    organization_registered: bool
    name_is_free: bool
    name_conflict: str | None
    missing_documents: tuple[str, ...]
    has_code_allotment: bool
    legal_class: str
    proposed_name: str
    registrar_level: int | None
    provincial_registrar: str
    individual_members: int
    unit_members: int
    fund_fen: int
    public_fundraising: bool
    represented: tuple[str, ...]
    # It was registered and is so no more: what has ended does not begin again.
    organization_ended: bool = False
    # The number of another application that is open.
    under_way: str | None = None


@guard(
    "not_registered_yet",
    Text("申请单位尚未登记", "The organization is not registered yet"),
    needs=("organization_registered", "organization_ended"),
)
def not_registered_yet(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse an organization that stands in the register already."""
    if facts.organization_ended:
        return Reason(
            "registration_ended",
            Text(
                "该单位的登记已经终止，不能重新申请；另行成立的，请先在登记管理机关建档。",
                "The registration of this organization has ended and does not begin again; a new organization is opened"
                " by the registrar first.",
            ),
        )
    if not facts.organization_registered:
        return None
    return Reason(
        "already_registered",
        Text(
            "该单位已经登记；改变登记事项请办理变更登记。",
            "This organization is registered already; to change an entry, apply for a change.",
        ),
    )


@guard(
    "no_registration_under_way",
    Text("没有在办的登记申请", "No application for registration is under way"),
    needs=("under_way", "organization_registered"),
)
def no_registration_under_way(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse a second application while one is open, and say which; who is registered is told that instead."""
    if facts.under_way is None or facts.organization_registered:
        return None
    return Reason("registration_under_way", Text(
        f"已有在办的登记申请（{facts.under_way}）；请在该件中继续办理，或者撤回后重新申请。",
        f"An application for registration is under way ({facts.under_way}): go on there, or withdraw it first.",
    ))


@guard(
    "name_is_free",
    Text("名称不与已登记单位重复", "No registered organization has the name"),
    needs=("name_is_free", "name_conflict"),
    reads_input=True,
)
def name_is_free(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse a name that another organization of the area holds, and say which."""
    return None if facts.name_is_free else name_taken(facts.name_conflict or "")


def name_taken(other: str) -> Reason:
    """Return why a name cannot be had that another organization, known by this code or name, holds."""
    return Reason(
        "name_taken",
        Text(
            f"名称与“{other}”重复；请另取名称。" if other else "名称已被使用；请另取名称。",
            f"The name clashes with “{other}”; choose another."
            if other
            else "The name is taken; choose another.",
        ),
    )


@guard(
    "code_can_be_allotted",
    Text("本机关有可用的统一社会信用代码", "The authority has a unified social credit code to give"),
    needs=("has_code_allotment",),
)
def code_can_be_allotted(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse to decide for an organization that could then get no code."""
    if facts.has_code_allotment:
        return None
    return Reason(
        "no_code_allotment",
        Text(
            "本机关的统一社会信用代码号段已用完或者尚未配置；请系统管理员补充号段。",
            "No range of unified social credit codes is left here; ask the administrator to add one.",
        ),
    )


@guard(
    "name_is_proper",
    Text("名称符合规定", "The name follows the rules"),
    needs=("proposed_name", "legal_class", "registrar_level"),
    reads_input=True,
)
def name_is_proper(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse a local body that calls itself national, and a name that belongs to another legal class."""
    if not facts.proposed_name:
        return None  # a change that leaves the name as it is
    national = facts.registrar_level == 0
    wrong = misnamed(facts.proposed_name, facts.legal_class, national=national)
    return Reason(wrong.value, _MISNAMED[wrong]) if wrong is not None else None


_MISNAMED = {
    Misnamed.NATIONAL: Text(
        "地方性社会组织的名称不得冠以“中国”“全国”“中华”等字样（《社会团体登记管理条例》第十条、"
        "《民办非企业单位登记管理暂行条例》第八条）；请另取名称。",
        "A local body's name may not begin with 中国, 全国 or 中华 (Regulations on Social Organizations art. 10,"
        " Interim Regulations on Private Non-enterprise Units art. 8); choose another.",
    ),
    Misnamed.NOT_A_FOUNDATION: Text(
        "只有基金会的名称以“基金会”结尾；请另取名称，或者改为申请设立基金会。",
        "Only a foundation's name ends in 基金会; choose another name, or apply for a foundation.",
    ),
    Misnamed.FOUNDATION: Text(
        "基金会的名称应当以“基金会”结尾；请改正名称。", "A foundation's name ends in 基金会; correct the name."
    ),
}


@guard(
    "enough_members",
    Text("会员达到法定数量", "There are as many members as the law asks for"),
    needs=("individual_members", "unit_members"),
    reads_input=True,
    numbers=("association_people", "association_units", "association_members"),
)
def enough_members(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse an association with too few people, too few units, or too few of both together."""
    policy = facts.case.policy
    people, units = facts.individual_members, facts.unit_members
    name = "association_units" if not people else "association_people" if not units else "association_members"
    if people + units >= policy.number(name).value:
        return None
    least = [policy.number(each) for each in ("association_people", "association_units", "association_members")]
    asked = (least[0].value, least[1].value, least[2].value)
    return Reason(
        "too_few_members",
        Text(
            f"会员不足：个人会员 {people} 个、单位会员 {units} 个。社会团体应当有 {asked[0]} 个以上的个人会员，或者"
            f" {asked[1]} 个以上的单位会员；由个人会员和单位会员混合组成的，总数不得少于 {asked[2]} 个"
            f"（{least[0].cite.zh}）。",
            f"Too few members: {people} people, {units} units. An association needs {asked[0]} people, or {asked[1]}"
            f" units, or {asked[2]} of both together ({least[0].cite.en}).",
        ),
    )


@guard(
    "enough_funds",
    Text("活动资金达到最低数额", "The registered funds reach the least sum"),
    needs=("fund_fen",),
    reads_input=True,
    numbers=("association_fund",),
)
def enough_funds(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse an association with less than the least sum."""
    return _too_little(facts.fund_fen, facts.case.policy.number("association_fund"))


@guard(
    "enough_original_fund",
    Text("原始基金达到最低数额", "The original fund reaches the least sum"),
    needs=("fund_fen", "public_fundraising"),
    reads_input=True,
    numbers=("foundation_fund_public", "foundation_fund_private"),
)
def enough_original_fund(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse a foundation with less than the least sum for its way of raising funds."""
    name = "foundation_fund_public" if facts.public_fundraising else "foundation_fund_private"
    return _too_little(facts.fund_fen, facts.case.policy.number(name))


def _too_little(fund_fen: int, least: PolicyNumber) -> Reason | None:
    if fund_fen >= least.value:
        return None
    has, needs = format_yuan(fund_fen), format_yuan(least.value)
    return Reason(
        "fund_too_small",
        Text(
            f"资金不足：验资 {has} 元，不得低于 {needs} 元（{least.cite.zh}）。",
            f"The funds are too small: {has} yuan where at least {needs} are asked for ({least.cite.en}).",
        ),
    )


@guard(
    "representative_is_free",
    Text("拟任法定代表人可以任职", "The intended legal representative may serve"),
    needs=("legal_class", "represented"),
    reads_input=True,
)
def representative_is_free(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse who represents another organization already, as far as the register knows and the class forbids it."""
    return representative_barred(facts.legal_class, facts.represented)


def representative_barred(legal_class: str, represented: Collection[str]) -> Reason | None:
    """Return why somebody who represents organizations of these classes cannot represent one of `legal_class` too."""
    if legal_class == "foundation" and represented:
        return Reason("representative_taken", _REPRESENTS_ANOTHER)
    if "foundation" in represented:
        return Reason("representative_taken", _REPRESENTS_A_FOUNDATION)
    if legal_class == "association" and "association" in represented:
        return Reason("representative_taken", _REPRESENTS_AN_ASSOCIATION)
    return None


_REPRESENTS_AN_ASSOCIATION = Text(
    "拟任法定代表人已经是另一社会团体的法定代表人，不能再担任（《社会团体登记管理条例》第十二条）；请另行推选。",
    "The intended legal representative represents another association already (Regulations on Social Organizations"
    " art. 12); choose somebody else.",
)
_REPRESENTS_A_FOUNDATION = Text(
    "拟任法定代表人是一家基金会的法定代表人，不得同时担任其他组织的法定代表人（《基金会管理条例》第二十三条）；请另行推选。",
    "The intended legal representative represents a foundation and may represent no other organization (Regulations on"
    " Foundations art. 23); choose somebody else.",
)
_REPRESENTS_ANOTHER = Text(
    "基金会的法定代表人不得同时担任其他组织的法定代表人（《基金会管理条例》第二十三条）；拟任人选已担任，请另行推选。",
    "A foundation's legal representative may represent no other organization (Regulations on Foundations art. 23), and"
    " the intended one does; choose somebody else.",
)


@guard(
    "registered_by_province",
    Text("由省级以上登记管理机关登记", "Registered by a province or the ministry"),
    needs=("registrar_level", "provincial_registrar"),
)
def registered_by_province(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse at a district or city, and name the authority to turn to (行政许可法 art. 32(2))."""
    if facts.registrar_level is not None and facts.registrar_level <= PROVINCE:
        return None
    where_zh = facts.provincial_registrar or "省、自治区、直辖市人民政府民政部门"
    where_en = facts.provincial_registrar or "the civil affairs department of the province"
    return Reason(
        "not_registered_here",
        Text(
            f"基金会由国务院民政部门或者省级人民政府民政部门登记，本机关无权受理（《基金会管理条例》第六条）；请向{where_zh}申请。",
            "Foundations are registered by the Ministry of Civil Affairs or a province, not here (Regulations on"
            f" Foundations art. 6); apply to {where_en}.",
        ),
    )
