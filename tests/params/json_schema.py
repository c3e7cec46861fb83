"""A validator of the few words that our JSON Schema uses."""

from __future__ import annotations

import re
from typing import Any

from tenfold import models, params

# A validator of the few words that our schema uses; jsonschema is not among our dependencies.
IS: dict[str, Any] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


NOTES = {"title", "description", "default", "$schema", "$defs"}


def accepts(schema: Any, value: Any, root: dict[str, Any]) -> bool:
    if isinstance(schema, bool):
        return schema
    checks: dict[str, Any] = {
        "$ref": lambda ref: accepts(root["$defs"][ref.removeprefix("#/$defs/")], value, root),
        "anyOf": lambda options: any(accepts(option, value, root) for option in options),
        "type": lambda name: IS[name](value),
        "enum": lambda options: value in options,
        "const": lambda constant: value == constant,
        "pattern": lambda text: not isinstance(value, str) or bool(re.search(text, value)),
        "minLength": lambda n: not isinstance(value, str) or len(value) >= n,
        "maxLength": lambda n: not isinstance(value, str) or len(value) <= n,
        "minItems": lambda n: not isinstance(value, list) or len(value) >= n,
        "maxItems": lambda n: not isinstance(value, list) or len(value) <= n,
        "prefixItems": lambda ones: (
            not isinstance(value, list)
            or all(accepts(one, item, root) for one, item in zip(ones, value, strict=False))
        ),
        "minProperties": lambda n: not isinstance(value, dict) or len(value) >= n,
        "minimum": lambda end: not IS["number"](value) or value >= end,
        "maximum": lambda end: not IS["number"](value) or value <= end,
        "exclusiveMinimum": lambda end: not IS["number"](value) or value > end,
        "exclusiveMaximum": lambda end: not IS["number"](value) or value < end,
        "items": lambda one: (
            not isinstance(value, list) or all(accepts(one, item, root) for item in value)
        ),
        "required": lambda keys: not isinstance(value, dict) or set(keys) <= set(value),
        "properties": lambda known: (
            not isinstance(value, dict)
            or all(accepts(known[key], value[key], root) for key in known.keys() & value.keys())
        ),
        "additionalProperties": lambda one: (
            not isinstance(value, dict)
            or all(
                accepts(one, value[key], root)
                for key in value.keys() - schema.get("properties", {}).keys()
            )
        ),
    }
    return all(checks[word](rule) for word, rule in schema.items() if word not in NOTES)


def schema_accepts(document: Any) -> bool:
    schema = params.json_schema(models)
    return accepts(schema, document, schema)
