"""The predicates of `clean.require`: each one boolean about one row, the same every time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb

from tenfold.messages import nearest
from tenfold.runtime import Refused
from tenfold.sources import Source, first_line, text

# The view that predicates are about: the typed columns, named as in the source.
ROWS = "rows"

# What SQL calls without brackets, so that DuckDB's syntax tree shows a column.
CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}


def check(source: Source, predicate: str) -> None:
    """Check that a predicate is one boolean about the named columns of one row.

    Raises:
        Refused: quoting the predicate.
    """
    where = f"clean.require: {predicate!r}"
    parsed = _parse(source.connection, predicate)
    if parsed.get("error"):
        raise Refused(f"{where} is not valid SQL: {parsed['error_message']}")
    expressions = parsed["statements"][0]["node"]["select_list"]
    if len(expressions) != 1:
        raise Refused(f"{where} must be one predicate: put each in its own line")
    problem = _not_row_local(source.connection, expressions[0])
    if problem:
        raise Refused(f"{where} must look at one row only, but holds {problem}")
    closed = _closed(predicate)
    try:
        described = source.connection.execute(
            f"DESCRIBE SELECT {closed} FROM (FROM {ROWS}) WHERE {closed}"
        ).fetchall()
    except duckdb.Error as error:
        unknown = re.search(r'Referenced (?:column|table) "(.*?)" not found', str(error))
        if unknown:
            raise Refused(
                f"{where} names an unknown column {unknown[1]!r}; "
                f"{nearest(unknown[1], source.columns)}. Text goes in single quotes"
            ) from None
        raise Refused(f"{where} is not valid here: {first_line(error)}") from None
    if described[0][1] != "BOOLEAN":
        raise Refused(f"{where} must be true or false, but is {described[0][1]}: compare it")


def reason(predicate: str) -> str:
    """SQL of a CASE: the reason why a row that breaks the predicate is rejected."""
    return f"WHEN {_closed(predicate)} IS FALSE THEN {text(f'require: {predicate}')}"


def try_out(connection: Any, predicate: str) -> None:
    """Evaluate a predicate on every row.

    Raises:
        Refused: if it fails on one, quoting the predicate.
    """
    try:
        connection.execute(f"SELECT count(*) FROM {ROWS} WHERE {_closed(predicate)} IS FALSE")
    except duckdb.Error as error:
        raise Refused(f"clean.require: {predicate!r} fails on a row: {first_line(error)}") from None


def _closed(expression: str) -> str:
    """An expression in brackets; the line end closes a comment in it."""
    return f"({expression}\n)"


def _parse(connection: Any, expression: str) -> dict[str, Any]:
    """An expression's syntax tree, as DuckDB itself sees it."""
    query = f"SELECT {_closed(expression)} FROM {ROWS}"
    tree = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchall()[0][0]
    return dict(json.loads(tree))


def _not_row_local(connection: Any, tree: Any) -> str | None:
    """What in a syntax tree looks beyond one row's named columns, if anything."""
    for node in _nodes(tree):
        kind = node.get("class")
        if kind in ("SUBQUERY", "WINDOW"):
            return f"a {kind.lower()}"
        if kind == "COLUMN_REF" and str(node["column_names"][-1]).lower() in CLOCKS:
            return "the time, which changes"
        if kind in ("STAR", "POSITIONAL_REFERENCE"):
            return "columns without their names"
        if kind == "FUNCTION":
            problem = _not_plain(connection, node["function_name"].lower())
            if problem:
                return problem
    return None


def _not_plain(connection: Any, function: str) -> str | None:
    found = connection.execute(
        "SELECT DISTINCT function_type, stability, macro_definition FROM duckdb_functions() "
        "WHERE function_name = ? ORDER BY ALL",
        [function],
    ).fetchall()
    for kind, stability, definition in found:
        if kind == "aggregate":
            return f"the aggregate {function}()"
        if kind == "macro":
            if _not_row_local(connection, _parse(connection, definition)):
                return f"the function {function}()"
        elif stability != "CONSISTENT":
            return f"{function}(), whose answer changes"
    return None


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object in a tree of JSON, from the outside in."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for child in tree:
            yield from _nodes(child)
