"""Nobody learns by guessing numbers what there is: what is out of reach is answered as what does not exist."""

import pytest

from app import features
from app.cases.kinds import schema_of
from app.cases.named import rule_of
from app.cases.options import example_for
from workflows.loader import library

# What a field may name, and one such thing in Guiyang, where nobody of Beijing has anything to do.
ELSEWHERE = {
    "budget_lines_held": "SELECT b.id FROM budget_lines b JOIN nodes n ON n.id = b.node_id WHERE {there}",
    "programmes_held": "SELECT p.id FROM programmes p JOIN nodes n ON n.id = p.node_id WHERE {there}",
    "plans_held": "SELECT p.case_id FROM plans p JOIN nodes n ON n.id = p.node_id WHERE {there}",
    "offices_held": "SELECT n.id FROM nodes n WHERE n.kind = 'buyer' AND {there}",
    "offices_to_open_for": "SELECT n.id FROM nodes n WHERE n.kind = 'buyer' AND {there}",
    "opening_officers": "SELECT k.person_id FROM opening_keys k JOIN nodes n ON n.id = k.node_id WHERE {there}",
    "experts_to_list": """SELECT g.person_id FROM role_grants g JOIN nodes n ON n.id = g.node_id
                           WHERE g.role = 'expert' AND g.case_id IS NULL AND {there}""",
    "instalments_open": "SELECT i.id FROM instalments i JOIN contracts c ON c.id = i.contract_id "
                        "JOIN nodes n ON n.id = c.node_id WHERE {there}",
    "contracts_to_accept": "SELECT c.id FROM contracts c JOIN nodes n ON n.id = c.node_id WHERE {there}",
    "contracts_of_offices": "SELECT c.number FROM contracts c JOIN nodes n ON n.id = c.node_id WHERE {there}",
}
ELSEWHERE |= {
    "evaluators_of_the_place": """SELECT a.login FROM accounts a JOIN role_grants g ON g.person_id = a.person_id
                                    JOIN nodes n ON n.id = g.node_id
                                   WHERE g.role = 'evaluator' AND g.case_id IS NULL AND {there}""",
    "members_of_hubs_held": "SELECT f.id FROM affiliations f JOIN nodes n ON n.id = f.hub_node_id "
                            "WHERE f.to_on IS NULL AND {there}",
    "people_of_the_organization": "SELECT g.person_id FROM role_grants g JOIN nodes n ON n.id = g.node_id "
                                  "WHERE g.role = 'staff' AND {there}",
}
ELSEWHERE["instalments_to_report"] = ELSEWHERE["instalments_open"]
THERE = "starts_with(n.path, (SELECT path FROM nodes WHERE code = '520115'))"
# Hubs, incubators, catalogues and published packages are for everybody to read, and a year is nobody's secret.
PUBLIC = {
    "hubs_in_force", "hubs_of_the_organization", "incubators_in_force", "catalogue_items", "packages_open",
    "packages_to_object", "reporting_years",
}
# The codes of organizations too: the register is open.
NOT_THERE = {"contracts_of_offices": "NO-SUCH-CONTRACT", "evaluators_of_the_place": "nobody-at-all"}


def openings():
    """Return every (kind, trigger, role) by which a person opens a case."""
    features.load_models()
    found = {
        (each.kind, opening.trigger): opening.roles
        for each in library().definitions for opening in each.opening_transitions() if opening.by_person
    }
    return sorted((*key, role) for key, roles in found.items() for role in roles if role != "system")


def named_by(kind, trigger):
    schema = schema_of(kind, trigger)
    rules = {name: rule_of(field) for name, field in schema.fields.items()} if schema is not None else {}
    return {name: rule for name, rule in rules.items() if rule is not None}


def user_of(seeded, role):
    return next(user for user in seeded.users if role in user.roles and user.name.startswith("bj"))


def answer_to(seeded, user, kind, trigger, key, **named):
    with seeded.app.app_context():
        data = example_for(None, schema_of(kind, trigger), None) | named
    if "organization" in schema_of(kind, trigger).fields:
        data["organization"] = user.organization
    answer = seeded.program(user).post(
        f"/api/v1/cases/{kind}", json={"data": data}, headers={"Idempotency-Key": f"{user.name} {kind} {key}"},
    )
    told = {name: value for name, value in answer.json.items() if name not in ("request_id", "instance")}
    return answer.status_code, told


def test_every_field_of_an_opening_that_names_something_is_known_here():
    rules = {rule for kind, trigger, _role in openings() for rule in named_by(kind, trigger).values()}

    assert rules == set(ELSEWHERE) | PUBLIC


@pytest.mark.parametrize(("kind", "trigger", "role"), openings())
def test_who_opens_a_case_is_told_the_same_of_what_is_elsewhere_and_of_what_is_nowhere(seeded, kind, trigger, role):
    user = user_of(seeded, role)
    for field, rule in named_by(kind, trigger).items():
        if rule in PUBLIC:
            continue
        elsewhere = seeded.rows(ELSEWHERE[rule].format(there=THERE) + " LIMIT 1")[0][0]
        there = answer_to(seeded, user, kind, trigger, f"{field} there", **{field: elsewhere})
        nowhere = answer_to(seeded, user, kind, trigger, f"{field} no", **{field: NOT_THERE.get(rule, 2**40)})

        assert there == nowhere
        assert there[0] == 422 and field in there[1]["errors"], (field, there)


@pytest.mark.parametrize(("kind", "trigger", "role"), openings())
def test_who_opens_nothing_of_the_kind_is_told_that_alone(seeded, kind, trigger, role):
    user = user_of(seeded, "auditor")
    fields = {field: rule for field, rule in named_by(kind, trigger).items() if rule not in PUBLIC}
    if not fields:
        return
    values = {
        field: seeded.rows(ELSEWHERE[rule].format(there=THERE) + " LIMIT 1")[0][0] for field, rule in fields.items()
    }
    there = answer_to(seeded, user, kind, trigger, "there", **values)
    nowhere = answer_to(
        seeded, user, kind, trigger, "no", **{field: NOT_THERE.get(rule, 2**40) for field, rule in fields.items()}
    )

    assert there == nowhere
    assert there[0] == 403 and [reason["code"] for reason in there[1]["reasons"]] == ["role_missing"]
