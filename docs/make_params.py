"""Write docs/params.md from the schema of params.yaml.

Run from the project's root: `python docs/make_params.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenfold import models, params

TARGET = Path(__file__).parent / "params.md"
HEAD = """# params.yaml

Written by `python docs/make_params.py` from the schema that checks the file. A key without a
default is required. In a family, any value may be replaced by `{low, high, log?, step?}` or
`{choices: [...]}`, and is then tuned.
"""


def page() -> str:
    """The whole page."""
    schema = params.json_schema(models)
    definitions = schema["$defs"]
    lines = [HEAD, "## At the top", "", *_table(schema, definitions)]
    for name, described in schema["properties"].items():
        section = _section(described, definitions)
        if section is not None:
            lines += ["", f"## {name}", "", section["description"], ""]
            lines += _table(section, definitions, name)
            for key, inner in section["properties"].items():
                nested = _section(inner, definitions)
                if nested is not None:
                    # A mapping's sections have names of the user's own.
                    own = ".{name}" if _values(inner) else ""
                    lines += ["", f"### {name}.{key}{own}", "", nested["description"], ""]
                    lines += _table(nested, definitions)
    for name in models.names():
        family = models.parameters(name)
        lines += ["", f"## models.{name}", "", family.__doc__ or "", ""]
        described = family.model_json_schema()
        lines += _table(described, described.get("$defs", {}), f"models{name}")
        for key, inner in described["properties"].items():
            nested = _section(inner, described.get("$defs", {}))
            if nested is not None:
                lines += ["", f"### models.{name}.{key}", "", nested["description"], ""]
                lines += _table(nested, {})
    return "\n".join(lines) + "\n"


def _section(described: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any] | None:
    options = (described, _values(described), *described.get("anyOf", ()))
    reference = next((option["$ref"] for option in options if "$ref" in option), "")
    section: dict[str, Any] | None = definitions.get(reference.removeprefix("#/$defs/"))
    return section


def _values(described: dict[str, Any]) -> dict[str, Any]:
    """What a mapping holds, if it says so."""
    held = described.get("additionalProperties")
    return held if isinstance(held, dict) else {}


def _table(schema: dict[str, Any], definitions: dict[str, Any], path: str = "") -> Iterator[str]:
    properties = schema.get("properties", {})
    if not properties:
        return
    yield "| key | value | default | |"
    yield "| --- | --- | --- | --- |"
    for key, described in properties.items():
        if _section(described, definitions) is not None:
            # GitHub drops punctuation from a title's anchor.
            own = "name" if _values(described) else ""
            others = [_value(one) for one in described.get("anyOf", ()) if "$ref" not in one]
            value = " or ".join([*others, f"[below](#{path}{key}{own})"])
        else:
            value = _value(described)
        default = f"`{_yaml(described['default'])}`" if "default" in described else ""
        yield f"| `{key}` | {value} | {default} | {described.get('description', '')} |"


def _value(described: dict[str, Any]) -> str:
    """The rule of a value, in words."""
    if "anyOf" in described:
        return " or ".join(_value(option) for option in described["anyOf"])
    if "enum" in described:
        return ", ".join(f"`{_yaml(option)}`" for option in described["enum"])
    if "const" in described:
        return f"`{described['const']}`"
    kind = str(described.get("type", "anything"))
    if kind == "array":
        if "prefixItems" in described:
            return f"list of {len(described['prefixItems'])}"
        return f"list of {_value(described['items'])}"
    signs = {
        "minimum": "≥",
        "exclusiveMinimum": ">",
        "maximum": "≤",
        "exclusiveMaximum": "<",
    }
    limits = [f"{sign} {described[limit]:g}" for limit, sign in signs.items() if limit in described]
    words = {"string": "text", "object": "mapping", "boolean": "true or false"}
    return " ".join([words.get(kind, kind), ", ".join(limits)]).strip()


def _yaml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{}"  # All defaults, which stand in a table of their own.
    return "null" if value is None else str(value)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
