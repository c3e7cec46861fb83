"""The user's SQL in `clean:`: predicates and derived columns, each about one row alone."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

import duckdb

from tenfold import sources
from tenfold.params import Clean
from tenfold.runtime import UserError, nearest
from tenfold.sources import Kind, Source, first_line, text

# The view that they are about: the typed columns, named as in the source.
ROWS = "rows"

# What SQL calls without brackets, so that DuckDB's syntax tree shows a column.
CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
SESSION = {
    "current_catalog", "current_role", "current_schema", "current_user", "session_user", "user",
}  # fmt: skip
# Functions that DuckDB calls consistent, and whose answer depends on the day or on the program.
CHANGING = {"current_localtime", "current_localtimestamp", "json_serialize_plan", "version"}
# What an expression may be made of, besides functions.
PLAIN = {
    "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT",
    "FUNCTION", "LAMBDA", "OPERATOR", "TYPE",
}  # fmt: skip

# DuckDB's type -> the kind of column, by how its name begins.
KINDS: dict[str, Kind] = {
    "BOOLEAN": "integer",
    "DATE": "date",
    "DECIMAL": "double",
    "DOUBLE": "double",
    "FLOAT": "double",
    "TIMESTAMP": "date",
    "VARCHAR": "text",
}


def check_predicate(connection: Any, predicate: str, view: str, columns: Collection[str]) -> None:
    """Check that a predicate is one boolean about the named columns of one row.

    Raises:
        UserError: quoting the predicate.
    """
    where = f"clean.require: {predicate!r}"
    sql_type = _check(connection, where, predicate, view, columns)
    if sql_type != "BOOLEAN":
        raise UserError(f"{where} must be true or false, but is {sql_type}: compare it")


def check_derived(
    connection: Any,
    column: str,
    expression: str,
    view: str,
    columns: Collection[str],
    target: str,
) -> Kind:
    """Check that a new column is a value of one row's columns without the target.

    Returns:
        The kind of column it makes.

    Raises:
        UserError: quoting the expression.
    """
    where = f"clean.derive.{column}: {expression!r}"
    sql_type = _check(connection, where, expression, view, columns)
    # DuckDB takes names in any case.
    if target.lower() in columns_of(connection, expression):
        raise UserError(
            f"{where} must not look at the target {target!r}, which it would give away: leave it "
            "out"
        )
    for beginning, kind in KINDS.items():
        if sql_type.startswith(beginning) and not sql_type.endswith("]"):
            return kind
    if "INT" in sql_type and not sql_type.endswith("]") and "(" not in sql_type:
        return "integer"
    raise UserError(
        f"{where} must be a number, a text, a date or true or false, but is {sql_type}: cast it"
    )


def _check(
    connection: Any, where: str, expression: str, view: str, columns: Collection[str]
) -> str:
    """The SQL type of an expression about one row of `view`."""
    parsed, alone = _parse(connection, expression), _parse(connection, expression, closed=False)
    if parsed["error"]:
        raise UserError(
            f"{where} is not valid SQL: {_syntax_error(connection, expression)}: correct it"
        )
    expressions = parsed["statements"][0]["node"].get("select_list", [])
    if _shape(parsed, "select_list") != _shape(_parse(connection, "true"), "select_list"):
        raise UserError(
            f"{where} must be one expression about a row, without FROM, UNION, LIMIT or a second "
            "statement"
        )
    beside = [] if alone["error"] else alone["statements"][0]["node"].get("select_list", [])
    if len(expressions) != 1 or len(beside) > 1:
        raise UserError(f"{where} must be one expression: put each in its own line")
    # In brackets, `a) OR (b` is another expression than it is alone, where it is none.
    if alone["error"] or _shape(parsed) != _shape(alone):
        raise UserError(
            f"{where} must be one expression about a row, but its brackets do not match: close "
            "every bracket that it opens"
        )
    problem = _beyond_one_row(connection, expressions[0])
    if problem:
        raise UserError(
            f"{where} must look at one row only, but holds {problem}: say it without, or make such "
            "a column before tenfold reads the table"
        )
    closed = closing(expression)
    try:
        # A condition may not hold what a selection may.
        described = connection.execute(
            f"DESCRIBE SELECT {closed} FROM (FROM {view}) WHERE {closed} IS NOT NULL"
        ).fetchall()
    except duckdb.Error as error:
        unknown = re.search(r'Referenced (?:column|table) "(.*?)" not found', str(error))
        if unknown:
            raise UserError(
                f"{where} names an unknown column {unknown[1]!r}; "
                f"{nearest(unknown[1], columns)}. Text goes in single quotes"
            ) from None
        raise UserError(
            f"{where} is not valid here: {first_line(error)}: cast it, or correct it"
        ) from None
    return str(described[0][1])


def check_format(connection: Any, where: str, form: str) -> None:
    """Check that a date format is one.

    Raises:
        UserError: quoting it.
    """
    try:
        connection.execute(f"SELECT TRY_STRPTIME('', {text(form)})")
    except duckdb.Error:
        raise UserError(
            f"{where}.format must be made of %d, %m, %Y and the like, but got {form!r}"
        ) from None


def try_out(source: Source, rules: Clean) -> None:
    """Find the expression that fails on a row of a source that can be read.

    Raises:
        UserError: quoting it.
    """
    every = {f"clean.derive.{column}": made for column, made in rules.derive.items()}
    tried = [*every.items(), *(("clean.require", predicate) for predicate in rules.require)]
    if not tried or not sources.is_readable(source):
        return
    for where, expression in tried:
        try:
            source.connection.execute(f"SELECT count({closing(expression)}) FROM {ROWS}")
        except duckdb.CatalogException:
            # There is no such view yet: something else has failed before.
            return
        except duckdb.Error as error:
            raise UserError(
                f"{where}: {expression!r} fails on a row: {first_line(error)}: correct it, or let "
                "it be NULL there with TRY(...) or TRY_CAST"
            ) from None


def closing(expression: str) -> str:
    """An expression in brackets; the line end closes a comment in it."""
    return f"({expression}\n)"


def columns_of(connection: Any, expression: str) -> set[str]:
    """The columns that an expression names, in lower case."""
    return {
        str(node["column_names"][-1]).lower()
        for node in _nodes(_parse(connection, expression))
        if node.get("class") == "COLUMN_REF"
    }


def _parse(connection: Any, expression: str, *, closed: bool = True) -> dict[str, Any]:
    """An expression's syntax tree, as DuckDB itself sees it; in brackets if `closed`."""
    query = f"SELECT {closing(expression) if closed else expression}\nFROM {ROWS}"
    tree = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchall()[0][0]
    return dict(json.loads(tree))


def _syntax_error(connection: Any, expression: str) -> str:
    """What the parser says of an expression, if it can, without a word that only tenfold wrote."""
    # At the end of a query, the parser meets nothing that the user did not write.
    query = "SELECT json_serialize_sql(?)"
    for written in (f"SELECT {expression}", f"SELECT {closing(expression)}"):
        tree = json.loads(connection.execute(query, [written]).fetchall()[0][0])
        if tree["error"]:
            break
    return str(tree["error_message"])


def _shape(parsed: dict[str, Any], *left_out: str) -> Any:
    """Parsed statements without where in the text each part stands, and without some parts."""

    def shape(tree: Any) -> Any:
        if isinstance(tree, list):
            return [shape(child) for child in tree]
        if not isinstance(tree, dict):
            return tree
        dropped = {"query_location", "query_location_length", *left_out}
        return {key: shape(child) for key, child in tree.items() if key not in dropped}

    return shape(parsed["statements"])


def _beyond_one_row(connection: Any, tree: Any, opened: frozenset[str] = frozenset()) -> str | None:
    """What in a syntax tree looks beyond one row's named columns, if anything.

    `opened` are the macros that the tree is part of.
    """
    for node in _nodes(tree):
        kind = node.get("class")
        if kind == "COLUMN_REF":
            name = str(node["column_names"][-1]).lower()
            if name in CLOCKS:
                return "the time, which changes"
            if name in SESSION:
                return f"{name}, which is not about a row"
        elif kind == "FUNCTION":
            problem = _not_plain(connection, node, opened)
            if problem:
                return problem
        elif kind in ("SUBQUERY", "WINDOW"):
            return f"a {kind.lower()}"
        elif kind in ("STAR", "POSITIONAL_REFERENCE"):
            return "columns without their names"
        elif kind and kind not in PLAIN:
            return f"a {kind.lower()}, which is not about a row"
    return None


def _not_plain(connection: Any, call: Any, opened: frozenset[str]) -> str | None:
    """Why a function may not be called: only those that answer alike for equal cells may."""
    function = call["function_name"].lower()
    found = connection.execute(
        "SELECT function_type, stability, has_side_effects, macro_definition "
        "FROM duckdb_functions() WHERE function_name = ? "
        "ORDER BY function_type = 'macro', function_type, stability",
        [function],
    ).fetchall()
    kinds = {kind for kind, *_ in found}
    if "aggregate" in kinds:
        return f"the aggregate {function}()"
    if function in CHANGING or (function == "age" and len(call["arguments"]) != 2):
        return f"{function}(), whose answer changes"
    for kind, stability, acts, definition in found:
        if kind == "scalar" and (acts or stability != "CONSISTENT"):
            return f"{function}(), whose answer changes"
        if kind == "macro" and function not in opened:
            body = _parse(connection, definition)["statements"]
            if _beyond_one_row(connection, body, opened | {function}):
                return f"the function {function}()"
    # Of a function that is none, DuckDB names the nearest one.
    if found and not kinds & {"scalar", "macro"}:
        return f"{function}(), which gives no single value"
    return None


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object in a tree of JSON, from the outside in."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for child in tree:
            yield from _nodes(child)
