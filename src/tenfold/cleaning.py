"""Row-local rules in; clean rows, and rejected rows with their line and reason, out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from tenfold import cells, predicates, sources
from tenfold.dataset import ROW
from tenfold.messages import nearest
from tenfold.metrics import Task
from tenfold.params import Clean, Data
from tenfold.predicates import ROWS
from tenfold.runtime import Refused
from tenfold.sources import RAW, REASON, Kind, Source, name, text


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
    report = {**counts, "columns": columns, "dropped_columns": dropped}
    return {**report, "remarks": remarks(report, data.target)}


def remarks(report: Mapping[str, Any], target: str) -> list[str]:
    """What a person should look at, in words: lost rows, likely ids, columns that say nothing."""
    rows, found = report["kept"], []
    if report["read"] > 10 and rows < 0.9 * report["read"]:
        found.append(f"{1 - rows / report['read']:.0%} of the rows are rejected")
    for column, facts in report["columns"].items():
        distinct, kind = facts["distinct"], facts["type"]
        if column == target:
            continue
        if distinct == 1:
            found.append(f"{column} has one value only")
        elif kind != "double" and rows > 20 and distinct == rows - facts["missing"]:
            found.append(f"{column} differs in every row: an id? then name it in drop_columns")
        elif kind == "text" and distinct > rows / 2:
            found.append(f"{column} is text with {distinct} categories in {rows} rows")
        elif kind == "text":
            found.append(f"{column} is text: {distinct} categories")
    return found


def _check_columns(data: Data, rules: Clean, source: Source) -> None:
    if len(source.columns) == 1:
        raise Refused(
            f"{data.path} has one column, {next(iter(source.columns))!r}, but a table needs a "
            "target and a feature: if its columns are there, set data.delimiter"
        )
    declared = {
        "data.target": [data.target],
        "clean.types": list(rules.types),
        "clean.drop_columns": rules.drop_columns,
    }
    for where, columns in declared.items():
        for column in columns:
            if column not in source.columns:
                headless = any(re.fullmatch(cells.NUMBER, known) for known in source.columns)
                hint = "; is its header line missing?" if headless else ""
                raise Refused(
                    f"{where}: {data.path} has no column {column!r}; "
                    f"{nearest(column, source.columns)}{hint}"
                )


def _mark_missing(source: Source, rules: Clean) -> None:
    """View `present`: the raw table, with NULL for every missing marker and NaN."""
    present = []
    for column, kind in source.columns.items():
        missing = cells.is_missing(column, kind, rules.missing_values)
        present.append(f"CASE WHEN {missing} THEN NULL ELSE {name(column)} END AS {name(column)}")
    source.connection.execute(
        f"CREATE TEMP VIEW present AS SELECT {ROW}, {', '.join(present)} FROM {RAW}"
    )


def _types(source: Source, rules: Clean) -> dict[str, Kind]:
    """The declared types, and what all present values of every other column have in common."""
    return {
        column: rules.types[column] if column in rules.types else _inferred(source, column, kind)
        for column, kind in source.columns.items()
    }


def _inferred(source: Source, column: str, kind: Kind) -> Kind:
    if kind == "double":
        return kind
    found = source.connection.execute(
        f"SELECT DISTINCT {cells.form(column, kind)} FROM present WHERE {name(column)} IS NOT NULL"
    ).fetchall()
    return cells.shared([row[0] for row in found])


def _set_types(source: Source, rules: Clean, types: Mapping[str, Kind]) -> None:
    """Table `typed`: typed columns, and the first reason so far why a row must go."""
    columns, infinite, copies, unfit = [], [], [], []
    for column, kind in types.items():
        given = source.columns[column]
        cell = cells.typed(column, given, kind)
        columns.append(f"{cell} AS {name(column)}")
        if kind == "double" and column not in rules.drop_columns:
            infinite.append(f"WHEN isinf({cell}) THEN {text(f'infinite: {column}')}")
            # Squares of larger numbers are no longer finite.
            infinite.append(f"WHEN abs({cell}) > 1e100 THEN {text(f'over 1e100: {column}')}")
        if column in rules.types and kind != "text":
            bad = cells.is_unfit(column, given, kind)
            unfit.append(f"WHEN {bad} THEN {text(f'type: {column} is not {kind}')}")
    if rules.drop_duplicates:
        source.connection.execute(
            f"CREATE TEMP TABLE copies AS SELECT {ROW} FROM {RAW} QUALIFY row_number() OVER "
            f"(PARTITION BY {', '.join(map(name, types))} ORDER BY {ROW}) > 1"
        )
        copies = [f"WHEN {ROW} IN (FROM copies) THEN 'duplicate'"]
    reasons = " ".join([*infinite, *copies, *unfit, "WHEN false THEN ''"])
    source.connection.execute(
        f"CREATE TEMP TABLE typed AS SELECT {ROW}, {', '.join(columns)}, "
        f"CASE {reasons} END AS {REASON} FROM present"
    )


# Chapter: judging rows


def _judge(source: Source, target: str, rules: Clean) -> None:
    """Table `judged`: every row and the reason why it is rejected, or NULL."""
    connection = source.connection
    columns = ", ".join(map(name, source.columns))
    connection.execute(f"CREATE TEMP VIEW {ROWS} AS SELECT {ROW}, {columns} FROM typed")
    for predicate in rules.require:
        predicates.check(source, predicate)
    reasons = [f"WHEN {REASON} IS NOT NULL THEN {REASON}"]
    if rules.drop_missing_target:
        reasons.append(f"WHEN {name(target)} IS NULL THEN 'missing target'")
    reasons += map(predicates.reason, rules.require)
    try:
        connection.execute(
            f"CREATE TEMP TABLE judged AS SELECT {ROW}, CASE {' '.join(reasons)} END AS {REASON} "
            "FROM typed"
        )
    except duckdb.Error as error:
        for predicate in rules.require:
            predicates.try_out(connection, predicate)
        raise Refused(f"clean.require: {sources.first_line(error)}") from None


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
        f"CREATE TEMP VIEW kept AS FROM {ROWS} SEMI JOIN "
        f"(SELECT {ROW} FROM judged WHERE {REASON} IS NULL) USING ({ROW})"
    )
    kept = connection.execute("SELECT count(*) FROM kept").fetchall()[0][0]
    if kept + sum(rejected.values()) != read:
        raise RuntimeError(f"{kept} kept and {rejected} rejected do not add up to {read} read")
    if kept == 0:
        raise Refused(f"no row is left of {read}; rejected: {rejected}: loosen a rule of clean")
    lost, first = connection.execute(
        f"SELECT count(*), min({ROW}) FROM kept WHERE {name(target)} IS NULL"
    ).fetchall()[0]
    if lost:
        raise Refused(
            f"clean.drop_missing_target is false, but {lost} rows have no {target!r} (first: "
            f"{source.unit} {first}): set it to true or fill them in"
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
    if "prediction" in features:
        raise Refused(
            "column 'prediction' has the name that an answer gets: rename it, or name it in "
            "clean.drop_columns"
        )
    if not features:
        raise Refused(
            f"no feature column is left beside the target {target!r}: drop fewer in "
            "clean.drop_columns or raise clean.max_missing"
        )
    if task != "regression" or types[target] != "text":
        return
    odd = source.connection.execute(
        f"SELECT {ROW}, {name(target)} FROM kept ORDER BY "
        f"{cells.matches(name(target), cells.NUMBER)}, "
        f"NOT {cells.matches(name(target), cells.PADDED)}, {ROW} LIMIT 1"
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
