"""What does a person know that no list on a form can tell? One function per trigger that needs one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from stdnum.cn import ric

from app.cases.snapshot import CaseRow
from app.clock import SHANGHAI
from app.demo.building import Member
from tests.builders_register import CHANGE_SLOTS
from tests.random_moves.again import PASSPHRASE
from tests.random_moves.sealed_prices import a_price
from tests.random_moves.world import World

Data = dict[str, Any]
Knows = Callable[[World, CaseRow | None, Member, Data], Data | None]
_KNOWN: dict[tuple[str, str], Knows] = {}


def knows(kind: str, *triggers: str) -> Callable[[Knows], Knows]:
    """Register what changes the data of these triggers; it returns None where nothing sensible can be sent."""

    def register(function: Knows) -> Knows:
        for trigger in triggers:
            _KNOWN[kind, trigger] = function
        return function

    return register


def sensible(world: World, case: CaseRow | None, kind: str, trigger: str, member: Member, data: Data) -> Data | None:
    """Return the data as somebody would send it who knows what is going on; None: nobody would try now."""
    known = _KNOWN.get((kind, trigger))
    return known(world, case, member, data) if known else data


@knows("registration", "apply")
def _registration(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    if world.rows("SELECT FROM registrations WHERE organization_id = :o AND ended_on IS NULL",
                  o=data.get("organization")):
        return None
    ending, more = "社会工作服务中心", {}
    if "individual_members" in data:
        ending = "志愿者协会"
        more = {"individual_members": world.chance.choice((0, 30, 50, 80)),
                "unit_members": world.chance.choice((30, 45)), "registered_fund_fen": 3_000_000}
    name = f"北京市西城区{world.chance.randrange(10**6)}{ending}"
    # Whoever represents an association may represent no other one: so everybody founds one thing.
    body = f"1101021900010{world.chance.randrange(1, 10)}{world.chance.randrange(1000):03d}"
    return data | more | {
        "proposed_name": name, "sponsor": "北京市西城区示例局", "phone": "010-00000000",
        "identity_number": body + ric.calc_check_digit(f"{body}0"),
    }


@knows("registration", "answer_correction")
def _correction(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    told = ("organization", "answers", "documents", "declaration")
    return {name: value for name, value in data.items() if name in told}


@knows("registration", "approve")
def _approval(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    return {"document_number": data["document_number"]}


ITEMS = ("name", "domicile", "legal_representative", "scope", "fund_fen", "sponsor")
CHANGING = "SELECT item FROM registration_change_items WHERE organization_id = :o AND ended_at IS NULL"


@knows("registration_change", "apply")
def _change(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    """Change one item that no other case is to change, with every paper."""
    organization = data.get("organization")
    standing = world.rows("SELECT FROM registrations WHERE organization_id = :o AND ended_on IS NULL", o=organization)
    taken = {row.item for row in world.rows(CHANGING, o=organization)}
    free = [item for item in ITEMS if item not in taken]
    if not standing or not free or organization is None:
        return None
    item, number = world.chance.choice(free), world.chance.randrange(10**6)
    value = 10**6 + number if item == "fund_fen" else f"北京市西城区{number}社会工作服务中心"[:60]
    person = {"new_identity_number": "110102190001010002"} if item == "legal_representative" else {}
    papers = [{"slot": slot, "document_id": world.paper(member, organization, slot)} for slot in CHANGE_SLOTS]
    day = (world.now - timedelta(days=world.chance.randint(1, 60))).astimezone(SHANGHAI).date().isoformat()
    return {"organization": organization, f"new_{item}": value, "consented_on": day, "documents": papers,
            "declaration": True, **person}


@knows("registration_change", "answer_correction")
def _change_corrected(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    return {name: value for name, value in data.items() if not name.startswith("new_")}


@knows("registration_change", "approve")
def _change_approved(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    return {"document_number": data["document_number"]}


@knows("annual_report", "submit")
def _report_of_a_year(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    """Report a year that is not reported, with every paper."""
    organization = data.get("organization")
    if not world.rows("SELECT FROM registrations WHERE organization_id = :o AND ended_on IS NULL", o=organization):
        return None
    done = world.rows("SELECT year FROM annual_reports WHERE organization_id = :o AND released_at IS NULL",
                      o=organization)
    papers = [
        {"slot": slot, "document_id": world.paper(member, organization, slot)}
        for slot in ("report_form", "financial_report", "sponsor_opinion")
    ]
    return data | {"documents": papers} if data["year"] not in {row.year for row in done} else None


# Nobody who has something to do: else little would be bought and paid.
FREE_TO_END = """
SELECT FROM organizations o WHERE o.id = :o
   AND (SELECT count(*) FROM deregistrations d WHERE d.ended_at IS NULL) < 2
   AND EXISTS (SELECT FROM registrations r WHERE r.organization_id = o.id AND r.ended_on IS NULL)
   AND NOT EXISTS (SELECT FROM cases c WHERE c.organization_id = o.id AND c.closed_at IS NULL)
   AND NOT EXISTS (SELECT FROM contracts k WHERE k.organization_id = o.id)
"""


@knows("deregistration", "resolve")
def _resolution(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    organization = data.get("organization")
    if not world.rows(FREE_TO_END, o=organization):
        return None
    papers = [
        {"slot": slot, "document_id": world.paper(member, organization, slot)}
        for slot in ("resolution", "sponsor_consent")
    ]
    return data | {"resolved_on": _day(world), "documents": papers}


@knows("deregistration", "finish_liquidation")
def _liquidated(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    return data | {"liquidated_on": _day(world)}


def _day(world: World) -> str:
    return world.now.astimezone(SHANGHAI).date().isoformat()


# Few at a time, and nobody who bids or has a contract to sign: else little would be bought and paid.
FREE_TO_LIST = """
SELECT o.uscc FROM organizations o
 WHERE o.uscc IS NOT NULL AND (SELECT count(*) FROM restriction_proposals p WHERE p.ended_at IS NULL) < 4
   AND EXISTS (SELECT FROM role_grants g WHERE g.node_id = o.node_id AND g.role = 'staff')
   AND NOT EXISTS (SELECT FROM cases c WHERE c.organization_id = o.id AND c.closed_at IS NULL
                    AND c.kind IN ('bid', 'contract')) ORDER BY 1
"""


@knows("restriction", "propose")
def _listing(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    free = world.rows(FREE_TO_LIST)
    return data | {"organization_code": world.chance.choice(free).uscc} if free else None


@knows("restriction", "apply_for_lifting", "propose_lifting")
def _removal(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    assert case is not None
    ((kind,),) = world.rows("SELECT kind FROM organization_restrictions WHERE case_id = :c", c=case.id)
    # Else most would wait two years.
    return data | {"lifting_reason": "mistaken" if kind == "dishonest" else "put_right"}


@knows("affiliation", "apply")
@knows("incubation", "apply")
@knows("bid", "withdraw")
def _by_whom_it_may_concern(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    """Leave registered organizations alone that have such a case open already."""
    organization = data.get("organization") if case is None else case.organization_id
    standing = world.rows("SELECT FROM registrations WHERE organization_id = :o AND ended_on IS NULL", o=organization)
    return data if standing else None


@knows("incubation", "pass_preliminary")
def _panel(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    free = _experts(world, case)
    if len(free) < 3:
        return None
    gates = dict.fromkeys(("early_stage", "grassroots", "operating", "public_benefit"), True)
    return data | gates | {"experts": [{"person": person} for person in world.chance.sample(free, 3)]}


@knows("incubation", "name_expert")
def _replacement(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    assert case is not None
    seated = {row.person_id for row in world.rows("SELECT person_id FROM panel_seats WHERE case_id = :c", c=case.id)}
    sitting = world.rows("SELECT 1 FROM panel_seats WHERE case_id = :c AND left_at IS NULL", c=case.id)
    ((size,),) = world.rows("SELECT panel_size FROM incubation_applications WHERE case_id = :c", c=case.id)
    free = [person for person in _experts(world, case) if person not in seated]
    wanted = size - len(sitting)
    if len(free) < wanted:
        return None
    return data | {"experts": [{"person": person} for person in world.chance.sample(free, wanted)]}


def _experts(world: World, case: CaseRow | None) -> list[int]:
    """Return the experts of the district whom nothing ties to the organization."""
    organization = case.organization_id if case is not None else None
    return [row.person_id for row in world.rows(
        "SELECT DISTINCT g.person_id FROM role_grants g WHERE g.role = 'expert' AND g.case_id IS NULL AND NOT EXISTS"
        " (SELECT FROM person_ties t WHERE t.person_id = g.person_id AND t.organization_id = :o) ORDER BY 1",
        o=organization,
    )]


@knows("incubation", "submit_log")
def _log(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    assert case is not None
    ((since, today),) = world.rows(
        "SELECT (SELECT from_on FROM residencies WHERE case_id = :c), cast(:now AS date)", c=case.id,
        now=world.now.astimezone(SHANGHAI).date(),
    )
    logged = {row.month for row in world.rows("SELECT month FROM incubation_logs WHERE case_id = :c", c=case.id)}
    month = since.replace(day=1)
    while month <= today:
        if month not in logged:
            return data | {"month": month.isoformat()}
        month = (month + timedelta(days=32)).replace(day=1)
    return None


PAYABLE = """
SELECT i.id FROM instalments i JOIN contracts c ON c.id = i.contract_id
  JOIN registrations r ON r.organization_id = c.organization_id AND r.ended_on IS NULL
 WHERE c.organization_id = :o AND NOT EXISTS (SELECT FROM contract_closures x WHERE x.contract_id = c.id)
   AND NOT EXISTS (SELECT FROM rectifications x WHERE x.contract_id = c.id AND x.ended_at IS NULL)
   AND NOT EXISTS (SELECT FROM payments p WHERE p.instalment_id = i.id AND p.released_at IS NULL)
   AND (i.waits_for = 'none' OR i.waits_for = 'report' AND EXISTS (SELECT FROM milestone_reports m
        WHERE m.instalment_id = i.id AND m.accepted_at IS NOT NULL)
        OR i.waits_for = 'acceptance' AND EXISTS (SELECT FROM acceptances a
        WHERE a.contract_id = c.id AND a.accepted_on IS NOT NULL)
        OR EXISTS (SELECT FROM evaluation_results e
        WHERE e.contract_id = c.id AND e.passed AND e.stage || '_evaluation' = i.waits_for))
 ORDER BY 1
"""


@knows("payment", "apply", "resubmit")
def _claim(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    organization = data.get("organization") if case is None else case.organization_id
    ((name,),) = world.rows("SELECT name FROM organizations WHERE id = :o", o=organization)
    data |= {"payee_name": name, "payee_bank": "示例银行", "payee_account": "0200 0012 0900 1234",
             "invoice_no": "26117000000012345678", "report": "本阶段完成全部约定服务。"}
    if case is not None:
        return data
    payable = world.rows(PAYABLE, o=organization)
    return data | {"instalment": world.chance.choice(payable).id} if payable else None


@knows("payment", "settle", "bounce")
def _by_statement(world: World, case: CaseRow | None, member: Member, data: Data) -> None:
    return None  # the import of a statement makes these moves: `bank.py`


@knows("milestone_report", "submit")
def _report(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    free = world.rows(
        "SELECT i.id FROM instalments i JOIN contracts c ON c.id = i.contract_id WHERE c.organization_id = :o"
        " AND c.id NOT IN (SELECT contract_id FROM contract_closures)"
        " AND i.id NOT IN (SELECT instalment_id FROM milestone_reports WHERE released_at IS NULL) ORDER BY 1",
        o=data.get("organization"),
    )
    return data | {"instalment": world.chance.choice(free).id} if free else None


@knows("evaluation", "commission")
def _commission(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    free = world.rows(
        "SELECT c.number, s.stage FROM contracts c, (VALUES ('mid'), ('final')) AS s(stage)"
        " WHERE NOT EXISTS (SELECT FROM evaluations e WHERE e.contract_id = c.id AND e.stage = s.stage"
        " AND e.released_at IS NULL) ORDER BY 1, 2"
    )
    if not free:
        return None
    contract, evaluator = world.chance.choice(free), world.chance.choice(world.evaluators)
    return data | {"contract": contract.number, "stage": contract.stage, "evaluator": evaluator.login}


@knows("evaluation", "hand_out_codes")
def _few_codes(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    return {"count": world.chance.randint(1, 12)}


@knows("evaluation", "score")
def _points(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    points = world.chance.choice(("4.5", "5", "3.25", "0"))
    return data | {"scores": [{**row, "points": points} for row in data["scores"]]}


@knows("acceptance", "request")
def _acceptance(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    free = world.rows(
        "SELECT c.id FROM contracts c WHERE c.organization_id = :o AND NOT EXISTS (SELECT FROM acceptances a"
        " WHERE a.contract_id = c.id AND a.released_at IS NULL) AND NOT EXISTS (SELECT FROM contract_closures x"
        " WHERE x.contract_id = c.id) ORDER BY 1", o=data.get("organization"),
    )
    return data | {"contract": world.chance.choice(free).id} if free else None


@knows("acceptance", "accept_with_deduction")
def _deduction(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    return data | {"deduction_fen": world.chance.randint(1, 2000)}


@knows("rectification", "order")
def _order(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    free = world.rows("SELECT number FROM contracts WHERE id NOT IN (SELECT contract_id FROM contract_closures)"
                      " AND id NOT IN (SELECT contract_id FROM rectifications WHERE ended_at IS NULL) ORDER BY 1")
    return data | {"contract": world.chance.choice(free).number} if free else None


@knows("closure", "close")
def _closure(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    ready = world.rows(
        "SELECT c.number FROM contracts c JOIN acceptances a ON a.contract_id = c.id AND a.accepted_on IS NOT NULL"
        " WHERE c.id NOT IN (SELECT contract_id FROM contract_closures)"
        " AND c.id NOT IN (SELECT contract_id FROM rectifications WHERE ended_at IS NULL) AND NOT EXISTS"
        " (SELECT FROM payments p JOIN instalments i ON i.id = p.instalment_id JOIN cases k ON k.id = p.case_id"
        "  WHERE i.contract_id = c.id AND k.closed_at IS NULL) ORDER BY 1"
    )
    return data | {"contract": world.chance.choice(ready).number, "confirmed": True} if ready else None


@knows("opening_key", "enrol")
def _key(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    return data | {"passphrase": PASSPHRASE}


@knows("opening_key", "rehearse", "retire")
def _own_key(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    assert case is not None
    mine = world.rows(
        "SELECT FROM opening_keys WHERE case_id = :c AND id = (SELECT max(id) FROM opening_keys"
        " WHERE person_id = :p AND retired_at IS NULL)", c=case.id, p=member.actor.person_id,
    )
    if not mine:
        return None
    return data | ({"passphrase": PASSPHRASE} if "passphrase" in data else {})


@knows("programme", "enter")
def _programme(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    regime = world.chance.choice("PPG")
    shares = world.chance.choice(([10_000], [6000, 4000], [5000, 3000, 2000]))
    return data | {
        "office": world.city.office.id, "code": f"P{world.chance.randrange(4)}", "year": 2026, "regime": regime,
        "criteria": [{"title": "需求与目标", "points": 60}, {"title": "团队", "points": 40}],
        "bands": [{"title": "不合格", "low": 0}, {"title": "合格", "low": 60}], "cap_fen": 5 * 10**12,
        "instalments": [{"share_bp": share, "condition": f"第{n}期"} for n, share in enumerate(shares, 1)],
        "publicity_days": world.chance.randint(1, 7), "most_per_organization": None,
    }


@knows("plan", "propose", "resubmit")
def _plan(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    programmes = world.rows("SELECT id, regime FROM programmes WHERE version IS NOT NULL ORDER BY id")
    if not programmes:
        return None
    programme = world.chance.choice(programmes)
    method = "grant_call" if programme.regime == "G" else world.chance.choice(("open_tender", "consultation"))
    return data | {
        "programme": programme.id, "budget_line": world.city.line.id, "method": method, "method_reason": "需求复杂。",
        "negative": None, "amount_fen": world.chance.randint(15 * 10**11, 3 * 10**12),
    }


OFFICERS = """
SELECT DISTINCT ON (person_id) person_id, rehearsed_at >= :since AS ready FROM opening_keys
 WHERE retired_at IS NULL ORDER BY person_id, id DESC
"""


@knows("call", "draft", "redraft")
def _call(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    plans = world.rows(
        "SELECT p.case_id FROM plans p JOIN cases c ON c.id = p.case_id WHERE c.state = 'approved' AND NOT EXISTS"
        " (SELECT FROM calls k WHERE k.plan_id = p.case_id AND k.released_at IS NULL) ORDER BY 1"
    ) if case is None else world.rows("SELECT plan_id AS case_id FROM calls WHERE case_id = :c", c=case.id)
    officers = [row.person_id for row in world.rows(OFFICERS, since=world.now - timedelta(days=20)) if row.ready]
    if not plans or len(officers) < 3:
        return None
    due = world.now + timedelta(days=world.chance.randint(21, 30))
    chosen = dict(zip(("officer_1", "officer_2", "officer_3"), world.chance.sample(officers, 3), strict=True))
    packages = [
        {"title": f"第{n}包", "amount_fen": world.chance.randint(5 * 10**11, 7 * 10**11)}
        for n in range(1, world.chance.randint(1, 2) + 1)
    ]
    return data | chosen | {
        "plan": world.chance.choice(plans).case_id, "bids_due_at": due.isoformat(), "packages": packages,
        "documents_until": due.date().isoformat(),
    }


@knows("package", "arrive")
def _arrival(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    assert case is not None
    ((officers,),) = world.rows("SELECT officers FROM calls WHERE case_id = :c", c=case.parent_id)
    person = member.actor.person_id
    return data | {"passphrase": PASSPHRASE} if person in officers else None


@knows("package", "open_bids")
def _opening(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    assert case is not None
    ((officers,),) = world.rows("SELECT officers FROM calls WHERE case_id = :c", c=case.parent_id)
    first, second = world.chance.sample(officers, 2)
    return data | {
        "officer": first, "passphrase": PASSPHRASE,
        "second_officer": second, "second_passphrase": PASSPHRASE,
    }


@knows("bid", "hand_in", "replace")
def _bid(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    data |= a_price(world.chance) | {"partners": []}
    if case is not None:
        return data
    packages = world.rows(WAITING_FOR_BIDS.format(
        more="AND NOT EXISTS (SELECT FROM bids b WHERE b.package_id = c.id AND b.organization_id = :o"
        " AND b.withdrawn_at IS NULL)"
    ), o=data.get("organization"), now=world.now)
    standing = world.rows("SELECT FROM registrations WHERE organization_id = :o AND ended_on IS NULL",
                          o=data.get("organization"))
    return data | {"package": world.chance.choice(packages).id} if packages and standing else None


# Some packages shall end with too few bids, others with plenty.
WAITING_FOR_BIDS = """
SELECT c.id FROM cases c JOIN clocks k ON k.case_id = c.id AND k.name = 'bidding' AND k.stopped_at IS NULL
 WHERE c.kind = 'package' AND c.state = 'open' AND k.due_at > :now
   AND (SELECT count(*) FROM bids b WHERE b.package_id = c.id AND b.withdrawn_at IS NULL)
     < CASE WHEN c.id % 4 = 0 THEN 2 ELSE 4 END {more} ORDER BY 1
"""


def urgent(world: World) -> set[tuple[str, str]]:
    """Return what is not to be put off: bids, while a package waits for them; and that officers rehearse."""
    waiting = world.rows(WAITING_FOR_BIDS.format(more=""), now=world.now)
    pressing = {("bid", "hand_in")} if waiting else set()
    officers = world.rows(OFFICERS, since=world.now - timedelta(days=15))
    ready = sum(bool(row.ready) for row in officers)
    return pressing | ({("opening_key", "rehearse")} if ready < 3 <= len(officers) else set())


@knows("objection", "file")
def _objection(world: World, case: CaseRow | None, member: Member, data: Data) -> Data | None:
    packages = world.rows(
        "SELECT c.id FROM cases c JOIN cases b ON b.parent_id = c.id AND b.kind = 'bid' AND b.organization_id = :o"
        " WHERE c.kind = 'package' AND c.state IN ('publicized', 'publicity_over', 'awarded', 'suspended') ORDER BY 1",
        o=data.get("organization"),
    )
    return data | {"package": world.chance.choice(packages).id} if packages else None


@knows("contract", "send")
def _contract(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    shares = world.chance.choice(([10_000], [6000, 4000], [5000, 3000, 2000]))
    return data | {
        "title": "随机合同", "ends_on": (world.now + timedelta(days=world.chance.randint(60, 330))).date().isoformat(),
        "instalments": [{"share_bp": share, "condition": f"第{n}期", "waits_for": world.chance.choice(
            ("none", "report", "mid_evaluation", "acceptance"))} for n, share in enumerate(shares, 1)],
    }


@knows("contract", "publish", "file_copy")
def _announced(world: World, case: CaseRow | None, member: Member, data: Data) -> Data:
    today = world.now.astimezone(SHANGHAI).date().isoformat()
    return {name: today if name in ("published_on", "filed_on") else value for name, value in data.items()}
