"""Who may not do what, told once more: from history and plain rows, without a guard of the product.

A trigger whose guards compare persons must stand here, or the test that drives moves says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.random_moves.world import World
from workflows.definition import Definition
from workflows.guards import guard_named

NOBODY = "whoever acted before"
AS = "whoever acted before as "
DID = "whoever fired "
NOT_ONE_S_OWN = "whoever did not fire "
SIGNED = "whoever signed the contract"
CHECKED = "whoever judged the bidders of the package"
NAMED = "whoever named the candidate who stands"
PREPARED = "whoever judged the bidders or made the award"
THIS_REMOVAL = "whoever applied for this removal or proposed it"
NO_OFFICER = "whoever is no opening officer of the call, or is there already"

STAFF = f"{AS}staff"
APART: dict[tuple[str, str], tuple[str, ...]] = {
    ("registration", "accept"): (STAFF,),
    ("registration", "approve"): (STAFF,),
    ("registration_change", "accept"): (STAFF,),
    ("registration_change", "approve"): (STAFF,),
    ("registration_change", "refuse"): (STAFF,),
    ("deregistration", "accept"): (STAFF,),
    ("deregistration", "approve"): (STAFF,),
    ("deregistration", "refuse"): (STAFF,),
    ("annual_report", "qualify"): (STAFF,),
    ("annual_report", "qualify_basically"): (STAFF,),
    ("annual_report", "disqualify"): (STAFF,),
    ("annual_report", "confirm_put_right"): (STAFF,),
    ("annual_report", "send_back"): (STAFF,),
    ("annual_report", "accept_report"): (STAFF,),
    ("annual_report", "refuse_report"): (STAFF,),
    ("affiliation", "accept"): (STAFF,),
    ("disaffiliation", "confirm"): (STAFF,),
    ("restriction", "impose"): (NOBODY,),
    ("restriction", "dismiss"): (NOBODY,),
    ("restriction", "propose_lifting"): (THIS_REMOVAL,),
    ("restriction", "lift"): (THIS_REMOVAL,),
    ("incubation", "pass_preliminary"): (STAFF,),
    ("incubation", "continue_incubation"): (STAFF,),
    ("incubation", "publish"): (STAFF, f"{AS}incubator_operator"),
    ("incubation", "stop"): (STAFF, f"{AS}incubator_operator"),
    ("incubation", "graduate"): (STAFF, f"{AS}incubator_operator"),
    ("opening_key", "rehearse"): (f"{NOT_ONE_S_OWN}enrol",),
    ("opening_key", "retire"): (f"{NOT_ONE_S_OWN}enrol",),
    ("programme", "confirm"): (NOBODY,),
    ("programme", "refuse"): (NOBODY,),
    ("package", "arrive"): (NO_OFFICER,),
    ("package", "confirm_candidate"): (CHECKED,),
    ("package", "pass_over"): (CHECKED,),
    ("package", "award"): (CHECKED, NAMED),
    ("objection", "accept"): (STAFF,),
    ("objection", "reject_inadmissible"): (STAFF, PREPARED),
    ("objection", "dismiss"): (STAFF, PREPARED),
    ("objection", "uphold"): (STAFF, PREPARED),
    ("contract", "sign"): (NOBODY,),
    ("contract", "sign_grant"): (NOBODY,),
    ("pool_entry", "confirm"): (NOBODY,),
    ("pool_entry", "refuse"): (NOBODY,),
    ("plan", "approve"): (NOBODY,),
    ("call", "publish"): (NOBODY,),
    ("bid", "qualify"): (STAFF,),
    ("bid", "disqualify"): (STAFF,),
    ("milestone_report", "accept_report"): (STAFF,),
    ("milestone_report", "reject"): (STAFF,),
    ("evaluation", "publish_result"): (f"{DID}score",),
    ("evaluation", "uphold"): (f"{DID}publish_result",),
    ("evaluation", "reopen"): (f"{DID}publish_result",),
    ("acceptance", "accept"): (STAFF, SIGNED),
    ("acceptance", "accept_with_deduction"): (STAFF, SIGNED),
    ("acceptance", "reject"): (STAFF, SIGNED),
    ("rectification", "confirm_done"): (f"{DID}order",),
    ("rectification", "send_back"): (f"{DID}order",),
    ("rectification", "lift"): (f"{DID}order",),
    ("payment", "check_business"): (STAFF,),
    ("payment", "check_finance"): (STAFF, f"{DID}check_business"),
    ("payment", "approve"): (NOBODY,),
    ("payment", "instruct"): (f"{DID}approve",),
}

JUDGES = ("expert", "evaluator")
STEPPING_BACK = ("recuse", "hand_out_codes", "agree", "dissent")
"""What a judge may do whose tie became known later: step back, and what decides nothing any more."""

SIGNERS = "SELECT c.signed_by FROM acceptances a JOIN contracts c ON c.id = a.contract_id WHERE a.case_id = :case"
JUDGED = """
SELECT h.trigger FROM history h JOIN cases c ON c.id = h.case_id
 WHERE h.person_id = :person AND h.trigger = ANY(:triggers)
   AND (c.id = ({package}) OR c.kind = 'bid' AND c.parent_id = ({package}))
"""
JUDGING = ("qualify", "disqualify", "finish_qualification", "finish_review")
AWARDING = ("confirm_candidate", "pass_over", "award")
OFFICERS = "SELECT k.officers FROM cases c JOIN calls k ON k.case_id = c.parent_id WHERE c.id = :case"
WALLS = """
SELECT t.kind FROM person_ties t
 WHERE t.person_id = :person AND t.organization_id = :organization AND t.from_on <= :on
   AND (t.to_on IS NULL OR t.to_on + make_interval(months => CAST(:months AS int)) > :on)
UNION ALL
SELECT g.role FROM role_grants g JOIN organizations o ON o.node_id = g.node_id
 WHERE g.person_id = :person AND o.id = :organization AND g.role IN ('staff', 'legal_representative')
   AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to + make_interval(months => CAST(:months AS int)) > :on)
"""
MONTHS = 36


@dataclass(frozen=True)
class Person:
    """Who made a move, of which case, which trigger."""

    kind: str
    case_id: int
    row: Any


def acted_against(world: World, move: Person, earlier: Sequence[Any]) -> list[str]:
    """Return the rules that a move broke; `earlier` are the rows of its case before it."""
    person = move.row.person_id
    by_people = [row for row in earlier if row.person_id is not None]
    broken = []
    for rule in APART.get((move.kind, move.row.trigger), ()):
        if rule == NOBODY:
            wrong = any(row.person_id == person for row in by_people)
        elif rule in (CHECKED, PREPARED):
            package = "SELECT parent_id FROM cases WHERE id = :case" if rule == PREPARED else "SELECT :case"
            wrong = bool(world.rows(
                JUDGED.format(package=package), case=move.case_id, person=person,
                triggers=[*JUDGING, *(AWARDING if rule == PREPARED else ())],
            ))
        elif rule == NAMED:
            named = [row.person_id for row in by_people if row.trigger == "confirm_candidate"]
            wrong = named[-1:] == [person]
        elif rule == THIS_REMOVAL:
            before = [n for n, row in enumerate(earlier) if row.trigger in ("impose", "refuse_lifting")]
            wrong = any(row.person_id == person for row in earlier[before[-1] + 1:])
        elif rule == NO_OFFICER:
            officers = [officer for row in world.rows(OFFICERS, case=move.case_id) for officer in row.officers]
            twice = any(row.person_id == person and row.trigger == move.row.trigger for row in by_people)
            wrong = twice or person not in officers
        elif rule == SIGNED:
            wrong = any(row.signed_by == person for row in world.rows(SIGNERS, case=move.case_id))
        elif rule.startswith(NOT_ONE_S_OWN):
            first = rule.removeprefix(NOT_ONE_S_OWN)
            wrong = not any(row.person_id == person and row.trigger == first for row in by_people)
        elif rule.startswith(AS):
            wrong = any(row.person_id == person and row.role == rule.removeprefix(AS) for row in by_people)
        else:
            wrong = any(row.person_id == person and row.trigger == rule.removeprefix(DID) for row in by_people)
        if wrong:
            broken.append(rule)
    return broken


def behind_a_wall(world: World, move: Person, organizations: Sequence[int]) -> list[str]:
    """Return what ties a judge to one of the organizations that the move judges."""
    if move.row.role not in JUDGES or move.row.trigger in STEPPING_BACK:
        return []
    return [
        row[0]
        for organization in organizations
        for row in world.rows(
            WALLS, person=move.row.person_id, organization=organization, on=move.row.at.date(), months=MONTHS
        )
    ]


def compares_persons(guard_name: str) -> bool:
    """Tell whether a guard looks at who acts: its function reads the person."""
    return bool({"person_id", "performed"} & set(guard_named(guard_name).ask.__code__.co_names))


def untold(definitions: Sequence[Definition]) -> list[str]:
    """Return the triggers whose guards compare persons and that have no rule here."""
    return sorted({
        f"{definition.kind}.{transition.trigger}: {name}"
        for definition in definitions for transition in definition.transitions for name in transition.guards
        if compares_persons(name) and (definition.kind, transition.trigger) not in APART
    })
