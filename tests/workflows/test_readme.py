"""The package's page names every file and every key there is."""

from dataclasses import fields
from pathlib import Path

import pytest

from workflows.definition import DocumentSlot, State, Transition

PACKAGE = Path(__file__).resolve().parents[2] / "workflows"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
IN_THE_EXAMPLE = {
    "title",
    "help",
    "trigger",
    "from_",
    "to",
    "roles",
    "guards",
    "cite",
    "name",
    "applicant_says",
}


def test_every_module_is_named():
    modules = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}

    assert {name for name in modules if f"`{name}`" not in README} == set()


@pytest.mark.parametrize("part", [State, Transition, DocumentSlot])
def test_every_key_of_a_definition_is_explained(part: type):
    keys = {field.name for field in fields(part)} - IN_THE_EXAMPLE

    assert {key for key in keys if f"`{key}`" not in README} == set()


def test_only_the_engine_knows_the_transitions_library():
    knowing = {path.name for path in PACKAGE.rglob("*.py") if "from transitions" in path.read_text("utf-8")}

    assert knowing == {"engine.py"}
