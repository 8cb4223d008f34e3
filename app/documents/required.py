"""Which papers does a move still lack? Pure: the definition says what it takes, the caller what is there."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from workflows.definition import Definition, DocumentSlot, Transition


def missing_documents(
    definition: Definition, transition: Transition, given: Collection[str],
    filled: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[str, ...]:
    """Return the required slots of this move that nothing stands in, in the order of the definition.

    `given` are the slots filled by the case so far and by the move itself, `filled` the fields that were filled in:
    some papers are needed with them only. A slot that the transition names but the definition does not require may
    stay empty.
    """
    wanted = set(transition.documents)
    return tuple(
        name
        for name, slot in definition.documents.items()
        if name in wanted and name not in given and is_required(slot, filled)
    )


def is_required(slot: DocumentSlot, filled: Mapping[str, Any]) -> bool:
    """Tell whether a paper must stand in the slot, with these fields filled in."""
    return slot.required or any(filled.get(name) not in (None, "", [], False) for name in slot.needed_with)


def takes(slot: DocumentSlot, media_type: str) -> bool:
    """Tell whether papers of this type may stand in the slot; a slot that names none takes every type."""
    return not slot.media or media_type in slot.media
