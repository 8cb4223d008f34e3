"""Do all files fit together? Places, numbers and prefixes, and the wording that every file shares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflows.definition import NAME, Text
from workflows.loader import BASE, Library
from workflows.policy import PolicyNumber
from workflows.rubrics import RubricFile
from workflows.rules.scoring import Rubric, rubric_mistakes

# Longer titles no longer fit a button, a stepper or the diagram.
TITLE_ZH, TITLE_EN = 10, 28
OWN_NOTES = re.compile(
    r"领域资料|种子文件|domain note|founding document|凭记忆|from memory"
    r"|\[[A-Z]\d*\]|(?<![A-Za-z0-9])[A-Z]\d{1,2}(?![A-Za-z0-9])|\.(?:md|toml|py)\b", re.IGNORECASE
)
"""Words that send the reader to our notes: who looks a number up needs the name of the law or of the document."""
UNSURE = (("未核实", "unverified"), ("默认值，无来源", "default, no source"))


def library_mistakes(library: Library) -> Iterator[str]:
    """Yield what is wrong when all files are seen together, and with numbers and places."""
    yield from _places(library)
    yield from _prefixes(library)
    yield from _rivals(library)
    yield from _classes(library)
    base_names = {name for file in library.policies if file.place == BASE for name in file.numbers}
    for file in library.policies:
        for number in file.numbers.values():
            where = f"{file.place}/policy.v{file.version} {number.name}"
            if number.name not in base_names:
                yield f"{where}: base has no number of this name"
            yield from (f"{where}: {mistake}" for mistake in _policy_number(number))
    for rubrics in library.rubric_files:
        yield from _rubric_file(rubrics)
    for kind in library.kinds():
        if not any(item.kind == kind and item.place == BASE for item in library.definitions):
            yield f"{kind}: base has no definition of this kind"


def _policy_number(number: PolicyNumber) -> Iterator[str]:
    if not NAME.fullmatch(number.name):
        yield "is no name"
    if number.value < 1 or (number.unit == "basis_points" and number.value > 10_000):
        yield f"{number.value} {number.unit} is out of range"
    yield from both("title", number.title)
    yield from both("cite", number.cite)
    yield from certain(number.cite, verified=number.verified)


def certain(cite: Text, *, verified: bool) -> Iterator[str]:
    """Yield where a source and what is said of it do not fit: only what somebody has read is verified."""
    unsure = any(zh in cite.zh and en in cite.en.lower() for zh, en in UNSURE)
    if verified and unsure:
        yield "is verified, but its cite says that it is not"
    if not verified and not unsure:
        yield "is not verified, so its cite must say 未核实/unverified or 默认值，无来源/default, no source"


def _rubric_file(file: RubricFile) -> Iterator[str]:
    for rubric in file.rubrics.values():
        where = f"{file.place}/rubrics.v{file.version} {rubric.name}"
        for mistake in (*_rubric(rubric), *rubric_mistakes(rubric)):
            yield f"{where}: {mistake}"


def _rubric(rubric: Rubric) -> Iterator[str]:
    yield from both("title", rubric.title)
    yield from both("cite", rubric.cite)
    yield from certain(rubric.cite, verified=rubric.verified)
    for leaf in rubric.leaves():
        yield from both(f"criterion {leaf.name} title", leaf.title)
    for level in rubric.levels:
        yield from both(f"level {level.name} title", level.title)


def _places(library: Library) -> Iterator[str]:
    if BASE not in library.places:
        yield "base: place.toml is missing"
    for place in library.places.values():
        yield from both(f"{place.code}: title", place.title)
        if not place.levels:
            yield f"{place.code}: has no levels"
        for level in place.levels:
            yield from both(f"{place.code}: level", level)
        for name in place.local_names:
            yield from both(f"{place.code}: local name {name.key}", name.title)
            yield from both(f"{place.code}: local name {name.key} cite", name.cite)


def _prefixes(library: Library) -> Iterator[str]:
    taken: dict[str, str] = {}
    for definition in library.definitions:
        kind = taken.setdefault(definition.number_prefix, definition.kind)
        if kind != definition.kind:
            yield f"{definition.name}: number_prefix {definition.number_prefix} belongs to {kind}"


def _rivals(library: Library) -> Iterator[str]:
    seen: dict[tuple[object, ...], str] = {}
    for definition in library.definitions:
        key = (definition.kind, definition.place, definition.legal_class, definition.effective_from)
        if key in seen:
            yield f"{definition.name}: comes into force with {seen[key]}, so nobody knows which holds"
        seen[key] = definition.name


def _classes(library: Library) -> Iterator[str]:
    """Yield what is wrong where a kind has several legal classes: lists and filters call them by one name."""
    for kind in library.kinds():
        found = [item for item in library.definitions if item.kind == kind]
        if len({item.legal_class for item in found}) < 2:
            continue
        called = {item.kind_title for item in found}
        if len(called) > 1 or not all(title.zh and title.en for title in called):
            yield f"{kind}: has several classes, so each definition must give the same kind_title"


def both(what: str, text: Text) -> Iterator[str]:
    """Yield which language is missing, and whether a source is named that no reader can look up."""
    if not text.zh:
        yield f"{what} has no Chinese"
    if not text.en:
        yield f"{what} has no English"
    if OWN_NOTES.search(text.zh) or OWN_NOTES.search(text.en):
        yield f"{what} speaks of our own notes; name the law or document and its article, or say that it is unverified"


def title(what: str, text: Text) -> Iterator[str]:
    """Yield what is wrong with a title: a language is missing, or it is too long."""
    yield from both(what, text)
    if len(text.zh) > TITLE_ZH or len(text.en) > TITLE_EN:
        yield f"{what} is longer than {TITLE_ZH} characters in Chinese or {TITLE_EN} in English"
