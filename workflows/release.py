"""What has been released, and how does a place differ from base? A released file never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from workflows.definition import Definition, Transition
from workflows.loader import BASE, ROOT, Library, NoDefinition
from workflows.policy import PolicyFile, PolicyNumber
from workflows.reading import VERSIONED

LOCK = "definitions.lock"


class ReleasedFileChanged(ValueError):
    """A released file differs from its lock; a change is a new version beside it."""


def verify_lock(root: Path = ROOT) -> list[str]:
    """Return every released file that changed or is gone, and every versioned file not released yet."""
    locked, present = _locked(root), _present(root)
    gone = [f"{name} was released and is gone" for name in locked if name not in present]
    changed = [
        f"{name} changed after its release"
        for name, digest in locked.items()
        if present.get(name, digest) != digest
    ]
    new = [f"{name} is not released: it is not in {LOCK}" for name in present if name not in locked]
    return gone + changed + new


def write_lock(root: Path = ROOT) -> list[str]:
    """Release what is new and return its names; raise ReleasedFileChanged if a released file differs."""
    locked, present = _locked(root), _present(root)
    broken = [name for name, digest in locked.items() if present.get(name) != digest]
    if broken:
        raise ReleasedFileChanged(", ".join(broken))
    lines = [f"{digest}  {name}\n" for name, digest in sorted(present.items())]
    (root / LOCK).write_text("".join(lines), encoding="utf-8")
    return sorted(present.keys() - locked.keys())


def _present(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.glob("*/*.toml"))
        if VERSIONED.fullmatch(path.name)
    }


def _locked(root: Path) -> dict[str, str]:
    path = root / LOCK
    if not path.exists():
        return {}
    rows = (line.split("  ", 1) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return {name: digest for digest, name in rows}


def diff(library: Library, place: str, kind: str) -> list[str]:
    """Return how the newest definition and numbers of a place differ from base's, one line each.

    An empty list means that the place follows base. Raises NoDefinition for a place or kind nobody knows.
    """
    if place not in library.places or kind not in library.kinds():
        raise NoDefinition(f"nothing is known of {kind} in {place}")
    lines: list[str] = []
    for mine in _newest(library, place, kind):
        theirs = [item for item in _newest(library, BASE, kind) if item.legal_class == mine.legal_class]
        lines += _definitions(mine, theirs[0]) if theirs else [f"+ {mine.name}: base has no such class"]
    return lines + list(_numbers(library, place, kind))


def _newest(library: Library, place: str, kind: str) -> list[Definition]:
    newest: dict[str | None, Definition] = {}
    for item in library.definitions:
        known = newest.get(item.legal_class)
        if (item.place, item.kind) == (place, kind) and (known is None or known.version < item.version):
            newest[item.legal_class] = item
    return list(newest.values())


def _definitions(mine: Definition, base: Definition) -> Iterator[str]:
    yield f"= {mine.name} against {base.name}"
    yield from _compared("state", mine.states, base.states)
    yield from _compared("transition", _by_trigger(mine), _by_trigger(base))
    yield from _compared("document", mine.documents, base.documents)


def _by_trigger(definition: Definition) -> dict[str, Transition]:
    # A trigger may stand in several rows, from different states to different ends.
    return {f"{item.trigger} {'|'.join(item.from_) or '(opening)'}": item for item in definition.transitions}


def _compared(what: str, mine: Mapping[str, object], base: Mapping[str, object]) -> Iterator[str]:
    for name in sorted(base.keys() - mine.keys()):
        yield f"- {what} {name}"
    for name, item in mine.items():
        if name not in base:
            yield f"+ {what} {name}"
        elif item != base[name]:
            fields = getattr(type(item), "__dataclass_fields__", {})
            changed = [field for field in fields if getattr(item, field) != getattr(base[name], field)]
            yield f"~ {what} {name}: " + "; ".join(
                f"{field} {getattr(base[name], field)!r} -> {getattr(item, field)!r}" for field in changed
            )


def _numbers(library: Library, place: str, kind: str) -> Iterator[str]:
    own, base = _latest_policy(library, place), _latest_policy(library, BASE)
    if own is None or base is None or place == BASE:
        return
    for name, number in own.numbers.items():
        if name in _named(library, kind):
            yield f"~ number {name}: {_worded(base.numbers.get(name))} -> {_worded(number)}"


def _latest_policy(library: Library, place: str) -> PolicyFile | None:
    files = [file for file in library.policies if file.place == place]
    return max(files, key=lambda file: (file.effective_from, file.version), default=None)


def _named(library: Library, kind: str) -> frozenset[str]:
    names: set[str] = set()
    for item in library.definitions:
        if item.kind == kind:
            clocks = {clock for state in item.states.values() for clock in state.clocks}
            names |= clocks | {f"{clock}_extension" for clock in clocks}
    return frozenset(names)


def _worded(number: PolicyNumber | None) -> str:
    return f"{number.value} {number.unit} ({number.cite.zh})" if number is not None else "nothing"
