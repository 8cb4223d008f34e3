"""What stands as a source is a law or a document that a reader can look up, never a note or file of our own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.translations.catalogue import catalogues, read
from workflows.definition import Text
from workflows.library_checks import OWN_NOTES, both, library_mistakes
from workflows.loader import library

ROOT = Path(__file__).parents[2]
OURS = ("领域资料", "种子文件", "domain note", "domain.md", "Founding document", "凭记忆", "from memory")


@pytest.mark.parametrize("words", [
    "未核实：见领域资料P48", "Unverified: domain note 3.1", "see domain.md", "办法 [P20]", "excerpt [L5]",
    "种子文件 003 第 1 项", "Founding document 001, item 7", "通行做法，凭记忆", "policy.v1.toml", "rules of P20",
])
def test_a_source_that_speaks_of_our_notes_is_refused_in_both_languages(words):
    assert list(both("cite", Text(words, "A law"))) and list(both("cite", Text("某法", words)))


@pytest.mark.parametrize("words", [
    "《政府采购法》第三十八条第一项：三人以上的单数", "Procurement Law art. 38(1): at least three", "Caiku 2014",
    "MOF Order 102 art. 24", "默认值，无来源", "Unverified: source to be confirmed",
])
def test_a_law_and_its_article_or_an_honest_doubt_is_taken(words):
    assert list(both("cite", Text(words, words))) == []


def test_no_number_no_rubric_and_no_place_speaks_of_our_notes():
    assert [mistake for mistake in library_mistakes(library()) if "our own notes" in mistake] == []


def said(folder: str) -> Iterator[tuple[str, str]]:
    """Yield (file, string) of every string of the programs that is no docstring."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                yield str(path.relative_to(ROOT)), node.value


def test_nothing_that_the_programs_say_and_no_translation_speaks_of_our_notes():
    checked = [("catalogue", str(words)) for path in catalogues() for message in read(path) for words in (
        message.id, message.string)]
    checked += [each for folder in ("app", "workflows/rules", "workflows/kinds") for each in said(folder)]

    assert [each for each in checked for ours in OURS if ours in each[1]] == []
    assert OWN_NOTES.search("P20")


def test_no_definition_and_no_template_speaks_of_our_notes_in_what_it_shows():
    files = [*(ROOT / "workflows/definitions").rglob("*.toml"), *(ROOT / "app/templates").rglob("*.html")]
    shown = [(path.name, line) for path in files for line in path.read_text(encoding="utf-8").splitlines()
             if not line.lstrip().startswith("#")]

    assert [each for each in shown for ours in OURS if ours in each[1]] == []
