"""Row-local rules in; clean rows, and rejected rows with their line and reason, out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from tenfold import sources
from tenfold.metrics import Task
from tenfold.params import Clean, Data, nearest
from tenfold.runtime import Refused
from tenfold.sources import RAW, REASON, ROW, Kind, Source, name, text

# Beyond this a double no longer holds every integer.
LARGEST = 2**53

INTEGER = "[ ]*[+-]?(0|[1-9][0-9]*)[ ]*"
PADDED = "[ ]*[+-]?0[0-9]+[ ]*"
WHOLE = r"[ ]*[+-]?[0-9]+(\.0*)?[ ]*"
NUMBER = r"[ ]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ ]*"
INFINITE = "(?i)[ ]*[+-]?inf(inity)?[ ]*"
NAN = "(?i)[ ]*[+-]?nan[ ]*"

# What SQL calls without brackets, so that DuckDB's syntax tree shows a column.
CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}


def clean(data: Data, rules: Clean, task: Task, out: Path) -> dict[str, Any]:
    """Write `out/table.parquet` and `out/rejected.parquet`, and return the report.

    Every source row is in exactly one of the two, in source order; its line in the source is
    column `ROW`. The table's last column is the target. Rows are judged one by one, so nothing
    can leak between them; duplicates of an earlier row are the one exception.

    Raises:
        Refused: if the source cannot be read, a rule names what is not there, or nothing is left
            that a model could learn from.
    """
    source = sources.read(data)
    _check_columns(data, rules, source)
    sources.seal(source.connection, out)
    _mark_missing(source, rules)
    types = _types(source, rules)
    _set_types(source, rules, types)
    _judge(source, data.target, rules)
    counts = _count(source, rules, data.target)
    described = _describe(source, types)
    dropped = _dropped(described, rules, counts["kept"], data.target)
    kept = [column for column in source.columns if column not in {*dropped, data.target}]
    _check_rest(source, data.target, task, kept, types)
    _write(source, [*kept, data.target], out)
    columns = {column: described[column] for column in [*kept, data.target]}
    return {**counts, "columns": columns, "dropped_columns": dropped}


def _check_columns(data: Data, rules: Clean, source: Source) -> None:
    declared = {
        "data.target": [data.target],
        "clean.types": list(rules.types),
        "clean.drop_columns": rules.drop_columns,
    }
    for where, columns in declared.items():
        for column in columns:
            if column not in source.columns:
                headless = any(re.fullmatch(NUMBER, known) for known in source.columns)
                hint = "; is its header line missing?" if headless else ""
                raise Refused(
                    f"{where}: {data.path} has no column {column!r}; "
                    f"{nearest(column, source.columns)}{hint}"
                )


def _mark_missing(source: Source, rules: Clean) -> None:
    """View `present`: the raw table, with NULL for every missing marker and NaN."""
    texts = ", ".join(map(text, rules.missing_values)) or "NULL"
    numbers = [marker for marker in rules.missing_values if re.fullmatch(NUMBER, marker)]
    values = ", ".join(f"{text(marker)}::DOUBLE" for marker in numbers) or "NULL"
    cells = []
    for column, kind in source.columns.items():
        cell = name(column)
        missing = f"{cell} IN ({texts})" if kind == "text" else f"{cell} IN ({values})"
        if kind == "double":
            missing += f" OR isnan({cell})"
        cells.append(f"CASE WHEN {missing} THEN NULL ELSE {cell} END AS {cell}")
    source.connection.execute(
        f"CREATE TEMP VIEW present AS SELECT {ROW}, {', '.join(cells)} FROM {RAW}"
    )


def _types(source: Source, rules: Clean) -> dict[str, Kind]:
    """The declared types, and what all present values of every other column have in common."""
    types: dict[str, Kind] = {}
    for column, kind in source.columns.items():
        if column in rules.types:
            types[column] = rules.types[column]
        elif kind == "double":
            types[column] = "double"
        else:
            types[column] = _inferred(source, column, kind)
    return types


def _inferred(source: Source, column: str, kind: Kind) -> Kind:
    cell = name(column)
    exact = f"TRY_CAST({cell} AS HUGEINT) BETWEEN -{LARGEST} AND {LARGEST}"
    if kind == "integer":
        form = f"CASE WHEN {exact} THEN 'integer' ELSE 'large' END"
    else:
        form = f"""CASE
            WHEN regexp_full_match({cell}, {text(INTEGER)})
                THEN CASE WHEN {exact} THEN 'integer' ELSE 'large' END
            WHEN regexp_full_match({cell}, {text(PADDED)}) THEN 'text'
            WHEN regexp_full_match({cell}, {text(NUMBER)}) THEN 'double'
            WHEN regexp_full_match({cell}, {text(INFINITE)}) THEN 'double'
            WHEN regexp_full_match({cell}, {text(NAN)}) THEN 'nan'
            ELSE 'text' END"""
    found = source.connection.execute(
        f"SELECT DISTINCT {form} FROM present WHERE {cell} IS NOT NULL"
    ).fetchall()
    forms = {row[0] for row in found} - {"nan"}
    # Integers too large for a double are ids, unless decimals show that the column measures.
    if "text" in forms or ("large" in forms and "double" not in forms):
        return "text"
    return "integer" if forms == {"integer"} else "double"


def _set_types(source: Source, rules: Clean, types: Mapping[str, Kind]) -> None:
    """Table `typed`: typed columns, and the first reason so far why a row must go."""
    cells, infinite, unfit = [], [], []
    for column, kind in types.items():
        cell = _typed(column, source.columns[column], kind)
        cells.append(f"{cell} AS {name(column)}")
        if kind == "double" and column not in rules.drop_columns:
            infinite.append(f"WHEN isinf({cell}) THEN {text(f'infinite: {column}')}")
        if column in rules.types and kind != "text":
            present = name(column)
            bad = f"{present} IS NOT NULL AND {cell} IS NULL AND {_not_nan(present)}"
            unfit.append(f"WHEN {bad} THEN {text(f'type: {column} is not {kind}')}")
    copies = f"WHEN {ROW} IN (FROM copies) THEN 'duplicate'" if rules.drop_duplicates else ""
    if rules.drop_duplicates:
        source.connection.execute(
            f"CREATE TEMP TABLE copies AS SELECT {ROW} FROM {RAW} QUALIFY row_number() OVER "
            f"(PARTITION BY {', '.join(map(name, types))} ORDER BY {ROW}) > 1"
        )
    source.connection.execute(
        f"CREATE TEMP TABLE typed AS SELECT {ROW}, {', '.join(cells)}, CASE {' '.join(infinite)} "
        f"{copies} {' '.join(unfit)} WHEN false THEN '' END AS {REASON} FROM present"
    )


def _typed(column: str, given: Kind, wanted: Kind) -> str:
    """SQL for a cell in its type; NULL where it is missing or does not fit."""
    cell = name(column)
    if given == wanted == "double":
        return cell
    words = f"{cell}::VARCHAR"
    if wanted == "text":
        return words
    if wanted == "integer":
        number = f"TRY_CAST(regexp_replace({words}, '\\.0*', '') AS BIGINT)"
        fits = f"regexp_full_match({words}, {text(WHOLE)})"
        return f"CASE WHEN {fits} AND abs({number}::HUGEINT) <= {LARGEST} THEN {number} END"
    fits = f"regexp_full_match({words}, {text(f'{NUMBER}|{INFINITE}')})"
    return f"CASE WHEN {fits} THEN TRY_CAST({words} AS DOUBLE) END"


def _not_nan(cell: str) -> str:
    return f"NOT regexp_full_match({cell}::VARCHAR, {text(NAN)})"


# Chapter: judging rows


def _judge(source: Source, target: str, rules: Clean) -> None:
    """Table `judged`: every row and the reason why it is rejected, or NULL."""
    connection = source.connection
    columns = ", ".join(map(name, source.columns))
    connection.execute(f"CREATE TEMP VIEW rows AS SELECT {ROW}, {columns} FROM typed")
    for predicate in rules.require:
        _check_predicate(source, predicate)
    reasons = [f"WHEN {REASON} IS NOT NULL THEN {REASON}"]
    if rules.drop_missing_target:
        reasons.append(f"WHEN {name(target)} IS NULL THEN 'missing target'")
    for predicate in rules.require:
        reasons.append(f"WHEN ({predicate}\n) IS FALSE THEN {text(f'require: {predicate}')}")
    try:
        connection.execute(
            f"CREATE TEMP TABLE judged AS SELECT {ROW}, CASE {' '.join(reasons)} END AS {REASON} "
            "FROM typed"
        )
    except duckdb.Error as error:
        for predicate in rules.require:
            _try_predicate(connection, predicate)
        raise Refused(f"clean.require: {sources.first_line(error)}") from None


def _check_predicate(source: Source, predicate: str) -> None:
    """A predicate is one boolean about the named columns of one row, the same every time.

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
    try:
        described = source.connection.execute(
            f"DESCRIBE SELECT ({predicate}\n) FROM (FROM rows) WHERE ({predicate}\n)"
        ).fetchall()
    except duckdb.Error as error:
        unknown = re.search(r'Referenced (?:column|table) "(.*?)" not found', str(error))
        if unknown:
            raise Refused(
                f"{where} names an unknown column {unknown[1]!r}; "
                f"{nearest(unknown[1], source.columns)}. Text goes in single quotes"
            ) from None
        raise Refused(f"{where} is not valid here: {sources.first_line(error)}") from None
    if described[0][1] != "BOOLEAN":
        raise Refused(f"{where} must be true or false, but is {described[0][1]}: compare it")


def _parse(connection: Any, expression: str) -> dict[str, Any]:
    """An expression's syntax tree, as DuckDB itself sees it."""
    parsed = connection.execute(
        "SELECT json_serialize_sql(?)", [f"SELECT ({expression}\n) FROM rows"]
    ).fetchall()[0][0]
    return dict(json.loads(parsed))


def _not_row_local(connection: Any, tree: Any) -> str | None:
    """What in a syntax tree looks beyond one row's named columns, if anything."""
    for node in _nodes(tree):
        kind, function = node.get("class"), str(node.get("function_name", "")).lower()
        if kind in ("SUBQUERY", "WINDOW"):
            return f"a {kind.lower()}"
        if kind == "COLUMN_REF" and str(node["column_names"][-1]).lower() in CLOCKS:
            return "the time, which changes"
        if kind in ("STAR", "POSITIONAL_REFERENCE"):
            return "columns without their names"
        if kind == "FUNCTION":
            problem = _not_plain(connection, function)
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
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(child, dict | list):
            yield from _nodes(child)


def _try_predicate(connection: Any, predicate: str) -> None:
    try:
        connection.execute(f"SELECT count(*) FROM rows WHERE ({predicate}\n) IS FALSE")
    except duckdb.Error as error:
        raise Refused(
            f"clean.require: {predicate!r} fails on a row: {sources.first_line(error)}"
        ) from None


# Chapter: what is left


def _count(source: Source, rules: Clean, target: str) -> dict[str, Any]:
    """Rows read, kept and rejected by reason: always adding up."""
    connection = source.connection
    read = connection.execute(f"SELECT count(*) FROM {RAW}").fetchall()[0][0]
    rejected = dict(
        connection.execute(
            f"SELECT {REASON}, count(*) FROM judged WHERE {REASON} IS NOT NULL GROUP BY ALL"
        ).fetchall()
    )
    connection.execute(
        f"CREATE TEMP VIEW kept AS FROM rows SEMI JOIN "
        f"(SELECT {ROW} FROM judged WHERE {REASON} IS NULL) USING ({ROW})"
    )
    kept = connection.execute("SELECT count(*) FROM kept").fetchall()[0][0]
    if kept + sum(rejected.values()) != read:
        raise RuntimeError(f"{kept} kept and {rejected} rejected do not add up to {read} read")
    if kept == 0:
        raise Refused(f"no row is left of {read}; rejected: {rejected}: loosen a rule of clean")
    lost = connection.execute(
        f"SELECT count(*), min({ROW}) FROM kept WHERE {name(target)} IS NULL"
    ).fetchall()[0]
    if lost[0]:
        raise Refused(
            f"clean.drop_missing_target is false, but {lost[0]} rows have no {target!r} (first: "
            f"{source.unit} {lost[1]}): set it to true or fill them in"
        )
    return {"read": read, "kept": kept, "rejected": rejected}


def _describe(source: Source, types: Mapping[str, Kind]) -> dict[str, dict[str, Any]]:
    """Type, missing cells and distinct values of every column, over the kept rows."""
    described = {}
    for column, kind in types.items():
        missing, distinct = source.connection.execute(
            f"SELECT count(*) - count({name(column)}), count(DISTINCT {name(column)}) FROM kept"
        ).fetchall()[0]
        described[column] = {"type": kind, "missing": missing, "distinct": distinct}
    return described


def _dropped(
    described: Mapping[str, Mapping[str, Any]], rules: Clean, rows: int, target: str
) -> dict[str, str]:
    """The columns that no model will see, and why."""
    dropped = {}
    for column, facts in described.items():
        share = facts["missing"] / rows
        if column in rules.drop_columns:
            dropped[column] = "named in clean.drop_columns"
        elif facts["distinct"] == 0:
            dropped[column] = "no value in any row"
        elif share > rules.max_missing and column != target:
            dropped[column] = f"{share:.1%} missing, more than clean.max_missing"
    return dropped


def _check_rest(
    source: Source, target: str, task: Task, features: list[str], types: Mapping[str, Kind]
) -> None:
    if not features:
        raise Refused(
            f"no feature column is left beside the target {target!r}: drop fewer in "
            "clean.drop_columns or raise clean.max_missing"
        )
    if task != "regression" or types[target] != "text":
        return
    odd = source.connection.execute(
        f"SELECT {ROW}, {name(target)} FROM kept ORDER BY "
        f"regexp_full_match({name(target)}, {text(f'{INTEGER}|{NUMBER}')}), "
        f"NOT regexp_full_match({name(target)}, {text(PADDED)}), {ROW} LIMIT 1"
    ).fetchall()[0]
    raise Refused(
        f"task regression needs a numeric target, but {target!r} is {odd[1]!r} in {source.unit} "
        f"{odd[0]}: change task or data.target, or declare it in clean.types"
    )


def _write(source: Source, columns: list[str], out: Path) -> None:
    raw = ", ".join(f"{RAW}.{name(column)}::VARCHAR AS {name(column)}" for column in source.columns)
    tables = {
        "table.parquet": f"SELECT {ROW}, {', '.join(map(name, columns))} FROM kept",
        "rejected.parquet": f"SELECT {ROW}, {REASON}, {raw} FROM {RAW} JOIN judged USING ({ROW}) "
        f"WHERE {REASON} IS NOT NULL",
    }
    for file, query in tables.items():
        target = text(str(out.resolve() / file))
        source.connection.execute(
            f"COPY ({query} ORDER BY {ROW}) TO {target} (FORMAT parquet, COMPRESSION zstd)"
        )
