"""How does an input look as a JSON schema? One walk over marshmallow fields, for OpenAPI and for `allowed`."""

from typing import Any

from marshmallow import Schema, fields, validate

from app.cases.inputs import Input


def json_schema(schema: Schema) -> dict[str, Any]:
    """Return the JSON schema (2020-12, as OpenAPI 3.1 uses it) of what the marshmallow schema loads."""
    properties = {name: _field(field) for name, field in schema.fields.items() if not field.dump_only}
    required = [name for name, field in schema.fields.items() if field.required]
    answer: dict[str, Any] = {
        "type": "object", "properties": properties,
        "additionalProperties": not isinstance(schema, Input),
    }
    if required:
        answer["required"] = required
    return answer


def _field(field: fields.Field) -> dict[str, Any]:
    answer = _type(field)
    _limits(field, answer)
    if field.allow_none:
        answer = _nullable(answer)
    metadata = field.metadata
    if metadata.get("label"):
        answer["title"] = str(metadata["label"])
    if metadata.get("help"):
        answer["description"] = str(metadata["help"])
    if metadata.get("personal"):
        answer["x-personal"] = True
    return answer


def _type(field: fields.Field) -> dict[str, Any]:
    if isinstance(field, fields.Boolean):
        return {"type": "boolean"}
    if isinstance(field, fields.Integer):
        return {"type": "integer"}
    if isinstance(field, fields.DateTime):
        return {"type": "string", "format": "date-time"}
    if isinstance(field, fields.Date):
        return {"type": "string", "format": "date"}
    if isinstance(field, fields.Nested):
        return json_schema(field.schema)
    if isinstance(field, fields.List):
        return {"type": "array", "items": _field(field.inner)}
    if isinstance(field, fields.String):
        return {"type": "string"}
    return {}


def _limits(field: fields.Field, answer: dict[str, Any]) -> None:
    for check in field.validators:
        if isinstance(check, validate.Length):
            low, high = ("minItems", "maxItems") if answer.get("type") == "array" else ("minLength", "maxLength")
            if check.min is not None:
                answer[low] = check.min
            if check.max is not None:
                answer[high] = check.max
        elif isinstance(check, validate.Range):
            if check.min is not None:
                answer["minimum"] = check.min
            if check.max is not None:
                answer["maximum"] = check.max
        elif isinstance(check, validate.OneOf):
            answer["enum"] = list(check.choices)
        elif isinstance(check, validate.Equal):
            answer["const"] = check.comparable
        elif isinstance(check, validate.Regexp):
            answer["pattern"] = check.regex.pattern


def _nullable(answer: dict[str, Any]) -> dict[str, Any]:
    nullable = {**answer, "type": [answer["type"], "null"]} if isinstance(answer.get("type"), str) else answer
    if "enum" in nullable:
        nullable["enum"] = [*nullable["enum"], None]
    return nullable
