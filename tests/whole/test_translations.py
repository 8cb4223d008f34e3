"""Every word that a person reads is in that person's language: catalogues, pages and messages of libraries."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from flask import Flask
from marshmallow import ValidationError

from app.cases.inputs import Input
from app.translations.catalogue import FOLDER, TEMPLATE, catalogues, extract, read
from tests.seeded import Seeded, User
from tests.whole.page_words import CHINESE_SIGN, chinese_in, english_in, words_of

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
# Formats, units, names of keys and of what has no other name.
ALLOWED = {
    "Shuniu", "PDF", "JPG", "JPEG", "PNG", "DOCX", "XLSX", "CSV", "JSON", "TXT", "QR", "SHA", "UTF", "KB", "MB",
    "SMTP", "HTTP", "Python", "Enter", "Esc",
}
PAGES: dict[str | None, list[str]] = {
    None: ["/", "/guide", "/guide/registration", "/guide/payment", "/sign-in", "/help", "/no-such-page", "/verify/"],
    "staff": ["/", "/apply", "/apply/registration", "/cases", "/notices", "/account", "/organizations", "/people"],
    "registrar": ["/", "/worklist", "/cases", "/organizations", "/hubs"],
    "finance_officer": ["/", "/worklist", "/budget-lines", "/statements"],
    "hub_officer": ["/", "/worklist"],
    "system_admin": ["/", "/people", "/outbox"],
    "auditor": ["/audit", "/budget-lines"],
}
PAGES_OF_CASES: dict[str | None, list[str]] = {
    "staff": ["/cases/{}", "/cases/{}/receipt"],
    "registrar": ["/cases/{}"],
    "project_officer": ["/cases/{}"],
    "auditor": ["/cases/{}", "/audit/cases/{}"],
}
ONE_PER_STATE = "SELECT DISTINCT ON (kind, state) number FROM cases ORDER BY kind, state, id"


def test_the_catalogues_lie_where_the_application_looks_for_them():
    assert [path.relative_to(FOLDER) for path in catalogues()] == [Path("zh_Hans_CN/LC_MESSAGES/messages.po")]


def test_the_template_and_every_catalogue_have_the_msgids_of_the_code_and_no_others():
    found = {_ids(message) for message in extract() if message.id}
    kept = {path.parent.parent.name: {_ids(m) for m in read(path) if m.id} for path in (TEMPLATE, *catalogues())}

    assert {name: found ^ ids for name, ids in kept.items()} == {name: set() for name in kept}, (
        "run .venv/bin/python -m app.translations, then translate"
    )


def test_every_msgid_is_translated_and_none_by_guessing():
    open_ones = [m.id for path in catalogues() for m in read(path) if m.id and (m.fuzzy or not all(_strings(m)))]

    assert open_ones == []


def test_a_translation_has_the_placeholders_of_its_msgid():
    different = [
        (message.id, words)
        for path in catalogues() for message in read(path) if message.id for words in _strings(message)
        if set(PLACEHOLDER.findall(words)) != set(PLACEHOLDER.findall(_ids(message)[-1]))
    ]

    assert different == []


def test_no_msgid_hides_where_extraction_cannot_see_it():
    hidden = [
        f"{path}:{call.lineno}"
        for path in FOLDER.parent.rglob("*.py") for call in _unreadable(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert hidden == []


def _unreadable(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield calls of gettext whose msgid is put together, or that stand in an f-string."""
    names = {"_", "_l", "gettext", "lazy_gettext", "ngettext", "lazy_ngettext"}
    for node in ast.walk(tree):
        inside = ast.walk(node) if isinstance(node, ast.JoinedStr) else [node]
        for call in inside:
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names and (
                isinstance(node, ast.JoinedStr) or not (call.args and isinstance(call.args[0], ast.Constant))
            ):
                yield call


def test_the_pages_in_chinese_show_no_english(seeded):
    known = ALLOWED | _latin_data(seeded)

    found = {
        (word, words): address for address, words in _shown(seeded, "zh-CN") for word in english_in(words, known)
    }

    assert found == {}


def test_the_pages_in_english_show_chinese_only_in_what_people_wrote(seeded):
    data = _chinese_data(seeded)

    found = {words: address for address, words in _shown(seeded, "en") if chinese_in(words, data)}

    assert found == {}


def _shown(seeded: Seeded, language: str) -> Iterator[tuple[str, str]]:
    """Yield (who and where, words) for all texts of the main pages in a language, 'zh-CN' or 'en'."""
    people: list[tuple[str | None, User | None]] = [(None, None), *seeded.one_per_role().items()]
    cases = [number for (number,) in seeded.rows(ONE_PER_STATE)]
    for role, user in people:
        patterns = PAGES_OF_CASES.get(role, [])
        addresses = PAGES.get(role, []) + [pattern.format(number) for number in cases for pattern in patterns]
        client = seeded.browser(user)
        for address in addresses:
            answer = client.get(address, query_string={"lang": language}, follow_redirects=False)
            if answer.status_code < 500 and (answer.content_type or "").startswith("text/html"):
                for words in words_of(answer.get_data(as_text=True), language[:2]):
                    yield f"{role} {address}", words


def _chinese_data(seeded: Seeded) -> list[str]:
    """Return everything Chinese that stands in the database, longest first, and the examples in our own words."""
    found = set()
    tables = seeded.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    for (table,) in tables:
        for (row,) in seeded.rows(f'SELECT to_jsonb(t) FROM "{table}" t'):
            found |= set(_strings_in(row))
    for (content,) in seeded.rows("SELECT convert_from(body, 'UTF8') FROM history"):
        found |= set(_strings_in(json.loads(content)))
    initials = {row[0][0] for row in seeded.rows("SELECT name FROM people")}
    msgids = {_ids(message)[0] for message in extract() if message.id}
    examples = {run for msgid in msgids for run in re.findall(r"[\u3400-\u9fff…]+", msgid)}
    return sorted(found | initials | examples, key=len, reverse=True)


def _latin_data(seeded: Seeded) -> set[str]:
    names = seeded.rows("SELECT name FROM api_tokens UNION SELECT code FROM programmes")
    return {row[0] for row in names} | {user.name for user in seeded.users}


def _strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings_in(part)
    elif isinstance(value, str) and CHINESE_SIGN.search(value):
        yield value
        yield from value.split("\n")


WRONG: tuple[Any, ...] = (None, "", "x", "x" * 5000, 5, -1, 10**30, 1.5, True, [], [None], {}, {"no": 1}, [{"no": 1}])


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
def test_no_wrong_value_makes_a_library_speak_for_us(app, language):
    ours = {str(_ids(message)[0]) for message in extract() if message.id}
    said = {words for schema in _inputs(Input) for words in _complaints(app, schema, language)}

    if language == "en":
        patterns = [re.sub(r"%\\\(\w+\\\)[sd]", ".*", re.escape(words)) for words in ours]
        assert [words for words in said if not any(re.fullmatch(p, words, re.DOTALL) for p in patterns)] == []
    else:
        assert [words for words in said if not CHINESE_SIGN.search(words)] == []


def _inputs(base: type[Input]) -> Iterator[type[Input]]:
    for schema in base.__subclasses__():
        yield schema
        yield from _inputs(schema)


def _complaints(app: Flask, schema: type[Input], language: str) -> Iterator[str]:
    with app.test_request_context(query_string={"lang": language.replace("_", "-")}):
        names = list(schema().fields)
        wrong: list[Any] = [[], {}, {"no_such_field": 1}, *(dict.fromkeys(names, value) for value in WRONG)]
        for data in wrong:
            try:
                schema().load(data)
            except ValidationError as mistakes:
                yield from _flat(mistakes.messages)


def _flat(messages: Any) -> Iterator[str]:
    if isinstance(messages, dict | list):
        for part in messages.values() if isinstance(messages, dict) else messages:
            yield from _flat(part)
    else:
        yield str(messages)


def _ids(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, tuple | list) else (message.id,)


def _strings(message: Message) -> tuple[str, ...]:
    words = message.string or ""
    return (words,) if isinstance(words, str) else tuple(words)
