"""pydantic's errors as sentences: the key, the rule, the value, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from tenfold.runtime.errors import did_you_mean, nearest

Location = tuple[str, ...]

# Type of pydantic's error: what the value must be.
RULES = {
    "bool_type": "true or false",
    "dict_type": "a mapping of keys to values",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_from_float": "an integer",
    "int_type": "an integer",
    "list_type": "a list",
    "model_type": "a mapping of keys to values",
    "none_required": "null",
    "string_pattern_mismatch": "a name of letters, digits, spaces and _ . -",
    "string_too_long": "a text of at most {max_length} characters",
    "string_too_short": "a text that is not empty",
    "string_type": "a text",
    "too_long": "a list of {max_length}",
    "tuple_type": "a list",
}


def explain(
    error: ValidationError,
    document: Any,
    schema: type[BaseModel],
    prefix: Location = (),
) -> list[str]:
    """One sentence for every key at which `document` breaks a rule of `schema`.

    A value that fits none of several alternatives gets one sentence, about the innermost key.
    """
    places: dict[Location, list[Mapping[str, Any]]] = {}
    for problem in error.errors():
        places.setdefault(_path(problem, document), []).append(problem)
    return [
        _sentence(path, ".".join([*prefix, *path]), problems, schema)
        for path, problems in places.items()
        if not any(_inside(other, path) for other in places)
    ]


def _inside(path: Location, outer: Location) -> bool:
    return len(path) > len(outer) and path[: len(outer)] == outer


def _path(problem: Mapping[str, Any], document: Any) -> Location:
    """The keys that lead to the value, without the alternatives that pydantic tried."""
    path: list[str] = []
    node = document
    for position, part in enumerate(problem["loc"]):
        if (isinstance(node, Mapping) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        ):
            node = node[part]
        elif problem["type"] != "missing" or position < len(problem["loc"]) - 1:
            continue
        path.append(str(part))
    return tuple(path)


def _sentence(
    path: Location, where: str, problems: Sequence[Mapping[str, Any]], schema: type[BaseModel]
) -> str:
    # A value of the right shape that breaks a rule says more than the shapes that it has not.
    broken = [one for one in problems if one["type"] == "value_error"]
    problem = (broken or problems)[0]
    value = problem["input"]
    if problem["loc"][-1:] == ("[key]",):
        return f"{where}: a key must be a text, but got {value!r}: put it in quotes"
    match problem["type"]:
        case "extra_forbidden":
            return _unknown_key(path, where, schema)
        case "missing":
            if isinstance(problem["loc"][-1], int):
                outer, _, place = where.rpartition(".")
                return f"{outer} is too short a list, {value!r}: add number {int(place) + 1}"
            cure = (
                f"add `{where}: {{}}` for its defaults" if _has_defaults(schema, path) else "add it"
            )
            return f"{where!r} is required: {cure}"
        case "too_short":
            return f"{where} must not be empty: name one or more"
        case "value_error":
            message = str(problem["ctx"]["error"])
            return f"{where}: {message}" if where else message
    rules = list(dict.fromkeys(_rule(one) for one in problems))
    choices = [name for one in problems for name in _choices(one)]
    guess = f"; {did_you_mean(value, choices)}".rstrip("; ")
    return f"{where} must be {' or '.join(rules)}, but got {value!r}{guess}"


def _unknown_key(path: Location, where: str, schema: type[BaseModel]) -> str:
    keys = _keys(schema, path[:-1])
    if did_you_mean(path[-1], keys):
        return f"unknown key {where!r}; {nearest(path[-1], keys)}"
    known = f" {nearest(path[-1], keys)}" if keys else ""
    return f"unknown key {where!r}: remove it{known}"


def _rule(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "literal_error":
        return str(problem["ctx"]["expected"])
    if problem["type"] == "string_too_long" and problem["ctx"]["max_length"] == 1:
        return "a single character"
    if problem["type"] in RULES:
        return RULES[problem["type"]].format_map(problem.get("ctx", {}))
    return str(problem["msg"]).removeprefix("Input should be ")


def _choices(problem: Mapping[str, Any]) -> list[str]:
    if problem["type"] != "literal_error":
        return []
    expected = problem["ctx"]["expected"].replace(" or ", ", ")
    return [name.strip("'") for name in expected.split(", ")]


def _keys(schema: type[BaseModel], path: Location) -> list[str]:
    """The keys that a section may have."""
    section = _section(schema, path)
    return list(section.model_fields) if section else []


def _has_defaults(schema: type[BaseModel], path: Location) -> bool:
    """Whether a key holds a section whose keys all have defaults."""
    section = _section(schema, path)
    return section is not None and not any(
        field.is_required() for field in section.model_fields.values()
    )


def _section(schema: type[BaseModel], path: Location) -> type[BaseModel] | None:
    parts = iter(path)
    for part in parts:
        field = schema.model_fields.get(part)
        sections = list(_sections(field.annotation)) if field else []
        if not sections:
            return None
        schema = sections[0]
        if field and get_origin(field.annotation) is dict and next(parts, None) is None:
            return None  # The mapping itself, whose keys are names.
    return schema


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """The sections among an annotation's alternatives, and among a mapping's values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)
