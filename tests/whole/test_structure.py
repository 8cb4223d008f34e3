"""What the design says of the code itself, read from the code."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from app import features
from app.access.roles import ROLES
from app.cases.kinds import (
    choices_of,
    effect_of,
    example_of,
    facts_of,
    input_of,
    registered_choices,
    registered_effects,
    registered_inputs,
)
from app.notices.templates import template_names
from workflows.checks import check
from workflows.loader import library

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "workflows").rglob("*.py")])
# perform() opens and moves; its closing statement writes; a new row begins without a state.
WRITES_STATE = {"app/cases/closing.py", "app/cases/perform.py"}
WRITES_CASES_IN_SQL = re.compile(r"\b(update|insert\s+into|merge\s+into|delete\s+from)\s+(only\s+)?cases\b", re.I)


def parsed() -> Iterator[tuple[str, ast.Module]]:
    for path in SOURCES:
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def _assigned_state(node: ast.AST) -> bool:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    return any(isinstance(t, ast.Attribute) and t.attr == "state" for t in targets)


def _sets_state_by_call(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "setattr":
        return any(isinstance(a, ast.Constant) and a.value == "state" for a in node.args)
    if name in ("Case", "values"):
        return any(
            k.arg == "state" and not (isinstance(k.value, ast.Constant) and k.value.value is None)
            for k in node.keywords
        )
    return False


def test_nothing_but_the_closing_statement_writes_a_cases_state():
    found = [
        f"{name}:{getattr(node, 'lineno', '?')}" for name, tree in parsed() for node in ast.walk(tree)
        if name.startswith("app/") and name not in WRITES_STATE and (_assigned_state(node) or _sets_state_by_call(node))
    ]

    assert found == []


def test_no_statement_but_the_closing_one_touches_the_table_of_cases():
    found = [
        f"{name}:{node.lineno}" for name, tree in parsed() for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        and WRITES_CASES_IN_SQL.search(node.value) and name not in WRITES_STATE
    ]

    # Neither is a move, and both leave state, revision and head alone: provisional due dates are counted anew;
    # sealed cases that ended on their own are made known when the case above them is opened or ends.
    beside = ("app/cases/recount.py", "app/cases/sealed.py")
    assert [each for each in found if not each.startswith(tuple(f"{name}:" for name in beside))] == []
    assert [name for name in beside if sum(each.startswith(f"{name}:") for each in found) != 1] == []
    for name in beside:
        assert not re.search(r"\b(state|revision|head) =", (ROOT / name).read_text()), name


def test_imports_stand_at_the_top():
    found = [
        f"{name}:{node.lineno}"
        for name, tree in parsed()
        for function in ast.walk(tree) if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert found == []


def test_the_contracts_between_packages_hold():
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--config", "pyproject.toml", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, timeout=100,
    )

    assert result.returncode == 0, result.stdout


def test_only_the_clock_asks_the_machine_what_time_it_is():
    asking = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)\(")
    found = [path.relative_to(ROOT).as_posix() for path in SOURCES if asking.search(path.read_text())]

    assert found == ["app/clock.py"]


def test_only_doors_pages_and_access_know_a_request():
    feature = re.compile(r"app/[a-z]+/(models|queries|facts|inputs|effects|steps)\.py$")
    found = []
    for name, tree in parsed():
        if feature.match(name):
            imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            found += [f"{name}:{node.lineno}" for node in imports if node.module == "flask"]

    assert found == []


def test_every_trigger_that_a_person_can_fire_has_an_input():
    features.load_models()
    without = [
        (definition.name, transition.trigger)
        for definition in library().definitions for transition in definition.transitions
        if transition.by_person and input_of(definition.kind, transition.trigger) is None
    ]

    assert without == []


def test_every_input_and_every_effect_belongs_to_a_trigger_that_exists():
    features.load_models()
    known = {(d.kind, t.trigger) for d in library().definitions for t in d.transitions}

    of_classes = {(d.kind, t.trigger, d.legal_class) for d in library().definitions for t in d.transitions}
    assert set(registered_inputs()) <= of_classes | {(kind, trigger, None) for kind, trigger in known}
    assert set(registered_effects()) <= known


def test_every_kind_has_facts_and_every_move_of_money_an_effect():
    features.load_models()
    for kind in library().kinds():
        assert callable(facts_of(kind))
    for trigger in ("approve", "instruct", "settle", "bounce"):
        assert effect_of("payment", trigger) is not None


def test_every_list_and_example_that_an_input_names_is_registered():
    features.load_models()
    finders = (("prefill_from", choices_of), ("example_from", example_of))
    for schema in registered_inputs().values():
        for field in schema().fields.values():
            for named, find in finders:
                if field.metadata.get(named):
                    assert callable(find(field.metadata[named]))
            assert field.metadata.get("choices_from") in {None, *registered_choices()}


def test_every_definition_passes_every_check_with_the_apps_own_roles_inputs_and_templates():
    features.load_models()

    inputs = {key[:2] for key in registered_inputs()}
    assert check(library(), roles=set(ROLES), inputs=inputs, templates=template_names()) == []


def test_no_page_style_or_script_fetches_anything_from_elsewhere():
    outside = re.compile(r"""(?:src|href|action|url\(|import|fetch\(|@import)\s*[=(]?\s*["']?(?:https?:)?//""", re.I)
    files = [*(ROOT / "app/templates").rglob("*.html"), *(ROOT / "app/static").rglob("*.*")]
    found = [path.relative_to(ROOT).as_posix() for path in files if outside.search(path.read_text())]

    assert found == []


def test_no_module_is_called_by_a_word_that_says_nothing():
    empty = {"utils", "helpers", "common", "manager", "misc"}

    assert [path for path in SOURCES if path.stem in empty or path.parent.name in empty] == []
