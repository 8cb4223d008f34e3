"""Which bytes stand for a value? One spelling of JSON, so that equal values have equal hashes."""

import json
from typing import Any

# Beyond this a reader that keeps numbers as doubles (every browser) would read another number.
LARGEST_INT = 2**53 - 1


_SPELLING = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_TEXT = frozenset({str})
_ALWAYS_SPELLED = frozenset({str, bool, type(None)})
_SPELLED_WHEN_EMPTY = frozenset({list, tuple, dict})


class NotCanonical(ValueError):
    """The value has no canonical spelling (a float, a large integer, a key that is no text, another type)."""


def canonical(value: Any) -> bytes:
    """Return the only JSON spelling of the value as UTF-8: sorted keys, no spaces, no needless escapes."""
    _refuse_what_has_no_spelling(value, "$")
    try:
        return _SPELLING.encode(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("text with half a surrogate pair has no UTF-8 spelling") from error


def _refuse_what_has_no_spelling(value: Any, place: str) -> None:
    if isinstance(value, dict):
        if not _TEXT.issuperset(map(type, value)):
            raise NotCanonical(f"{place}: among the keys {list(value)!r} is one that is no text")
        # Every move comes this way with some forty values: what is plainly spelled is passed over here.
        for key, item in value.items():
            if (kind := type(item)) not in _ALWAYS_SPELLED and (item or kind not in _SPELLED_WHEN_EMPTY):
                _refuse_what_has_no_spelling(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            if type(item) not in _ALWAYS_SPELLED:
                _refuse_what_has_no_spelling(item, f"{place}[{position}]")
    elif isinstance(value, int):
        if abs(value) > LARGEST_INT:
            raise NotCanonical(f"{place}: {value} is too large to be read the same everywhere")
    elif value is not None and not isinstance(value, str):
        raise NotCanonical(f"{place}: {type(value).__name__} has no canonical spelling")
