"""What would a person type? Data for any input, from its schema, the lists that it offers and its examples.

Nothing here knows a kind: a new one is filled as its form would be. What no list can tell is in `knowing.py`.
"""

from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields, validate

from app.cases.kinds import choices_for_person, example_of, input_of
from app.cases.snapshot import CaseRow
from app.demo.building import Member
from tests.random_moves.world import World
from workflows.definition import Transition

OPTIONAL_FILLED = 0.5
EXAMPLE_KEPT = 0.7


class Filler:
    """Fills in one form for one person."""

    def __init__(self, world: World, case: CaseRow | None, member: Member, organization_id: int | None) -> None:
        self.world, self.case, self.member, self.organization_id = world, case, member, organization_id
        self.chance = world.chance

    def filled(self, kind: str, transition: Transition, schema_type: Any, slots: dict[str, bool]) -> dict[str, Any]:
        """Return data for a trigger; `slots` are those of its papers, with whether each is required."""
        if schema_type is None:
            return {}
        schema = schema_type()
        data = self._object(schema)
        if "documents" in schema.fields:
            data["documents"] = [
                {"slot": slot, "document_id": self.world.paper(self.member, self.organization_id, slot)}
                for slot, required in slots.items() if required or self.chance.random() < OPTIONAL_FILLED
            ]
        if "organization" in schema.fields:
            data["organization"] = self.organization_id
        return data

    def _object(self, schema: Schema) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, made in schema.fields.items():
            if not made.required and self.chance.random() > OPTIONAL_FILLED:
                continue
            data[name] = self._value(made)
        return data

    def _value(self, made: fields.Field) -> Any:
        metadata = made.metadata
        if metadata.get("example_from") and self.case is not None:
            return example_of(metadata["example_from"])(self.world.session, self.case)
        if metadata.get("choices_from"):
            return self._chosen(metadata["choices_from"], metadata.get("example"))
        if metadata.get("widget") == "table":
            return self._table(made)
        if metadata.get("prefill_from"):
            known = choices_for_person(
                metadata["prefill_from"], self.world.session, self.case, self.organization_id,
                self.member.actor.person_id,
            )
            if known is not None:
                return known
        if metadata.get("widget") == "choice":
            return self.chance.choice([value for value, _label in metadata["choices"]])
        return self._plain(made)

    def _chosen(self, name: str, example: Any) -> Any:
        offered = choices_for_person(
            name, self.world.session, self.case, self.organization_id, self.member.actor.person_id
        )
        return self.chance.choice(offered)[0] if offered else example

    def _table(self, made: Any) -> Any:
        row = made.metadata["row"]()
        fewest = next((c.min or 0 for c in made.validators if isinstance(c, validate.Length)), 0)
        rows = [self._object(row) for _ in range(max(fewest, self.chance.randint(0, 3)))]
        # A form does not offer what another row has chosen already.
        chosen = [name for name, column in row.fields.items() if column.metadata.get("choices_from")]
        seen: set[tuple[Any, ...]] = set()
        unlike = []
        for each in rows:
            key = tuple(each.get(name) for name in chosen)
            if not chosen or key not in seen:
                unlike.append(each)
            seen.add(key)
        return unlike

    def _plain(self, made: fields.Field) -> Any:
        metadata = made.metadata
        if metadata.get("widget") == "moment":
            return (self.world.now + timedelta(days=self.chance.randint(1, 40))).isoformat()
        if metadata.get("widget") == "date":
            return (self.world.now + timedelta(days=self.chance.randint(-20, 40))).date().isoformat()
        if isinstance(made, fields.Integer) and self.chance.random() > EXAMPLE_KEPT:
            limits = next((c for c in made.validators if isinstance(c, validate.Range)), None)
            if limits is not None and limits.min is not None and limits.max is not None:
                return self.chance.randint(limits.min, min(limits.max, limits.min + 10_000_000))
        example = metadata.get("example")
        if isinstance(made, fields.String) and not made.validators[2:] and self.chance.random() > EXAMPLE_KEPT:
            return f"{example or '说明'}（{self.chance.randrange(1000)}）"
        return example


def fill(
    world: World, case: CaseRow | None, kind: str, transition: Transition, member: Member,
    organization_id: int | None, slots: dict[str, bool],
) -> dict[str, Any]:
    """Return what the person would type into the form of this trigger."""
    filler = Filler(world, case, member, organization_id)
    if case is not None:
        legal_class = case.legal_class
    else:
        found = world.rows("SELECT legal_type FROM organizations WHERE id = :o", o=organization_id)
        legal_class = found[0].legal_type if found else None
    return filler.filled(kind, transition, input_of(kind, transition.trigger, legal_class), slots)
