"""Read the columns of a clean table on which its split depends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenfold import runtime, sources
from tenfold.dataset import ROW, dates
from tenfold.dataset.copies import MAX_SAMPLE_ROWS, repeat_by_nature
from tenfold.metrics import Task
from tenfold.params import Split
from tenfold.runtime import UserError, nearest
from tenfold.sources import name, stored_rows, text
from tenfold.splitting.equal_rows import find_equal_rows
from tenfold.splitting.strategy import EqualRows, SplitColumns, Times


def read(table: Path, target: str, task: Task, rules: Split) -> SplitColumns:
    """Read the columns that the strategy of `rules` needs.

    Raises:
        UserError: if a column is missing, has no value in a row, or holds no times.
    """
    schema = pq.read_schema(table)
    features = feature_names(schema, target, rules)
    y, classes = _target(table, target, task)
    scratch = runtime.TemporaryFolder("split")
    connection = sources.connect(Path(scratch.name))
    connection.execute(f"CREATE VIEW clean AS FROM {sources.rows_of(table)}")
    for column in rules.strategy_columns.values():
        _check_present(connection, column)
    groups, times, given, names = None, None, None, list[str]()
    if rules.group is not None:
        groups, names = _labelled(table, rules.group)
    if rules.column is not None:
        given, names = _labelled(table, rules.column)
    if rules.time is not None:
        times = _times(connection, rules.time, schema.field(rules.time).type)
    copies, n_copies, n_parted = EqualRows(), 0, 0
    # Rows of the same time are never separated, and a later copy is a row of its own.
    if rules.time is None:
        copies = find_equal_rows(_fetch(connection, f"hash({', '.join(map(name, features))})"))
        n_copies = len(y) - len(y[copies.first])
        if given is not None:
            n_parted = int(np.count_nonzero(given != given[copies.first][copies.inverse]))
        if _independent(connection, features, len(y), n_copies, rules):
            copies = EqualRows()
    rows = stored_rows.column_of(table, ROW)
    return SplitColumns(
        rows=rows,
        target=target,
        y=y,
        classes=classes,
        copies=copies,
        n_copies=n_copies,
        n_parted=n_parted,
        groups=groups,
        times=times,
        given=given,
        labels=names,
    )


def _independent(
    connection: Any, features: list[str], n_rows: int, n_copies: int, rules: Split
) -> bool:
    """Whether rows that are equal in all features are drawn like any others."""
    if rules.copies != "auto":
        return rules.copies == "independent"
    one_in = max(1, n_rows // MAX_SAMPLE_ROWS)
    sample = f"SELECT {', '.join(map(name, features))} FROM clean WHERE hash({ROW}) % {one_in} = 0"
    return repeat_by_nature(n_rows, n_copies, connection.sql(sample).to_arrow_table)


def feature_names(schema: Any, target: str, rules: Split) -> list[str]:
    """The columns that models see: all but the target and those that decide the split.

    Raises:
        UserError: if a column of the strategy is missing, or no feature is left.
    """
    columns = [column for column in schema.names if column not in (ROW, target)]
    named = rules.strategy_columns
    for key, column in named.items():
        if column not in columns:
            raise UserError(
                f"split.{key}: the clean table has no column {column!r}; {nearest(column, columns)}"
            )
    hidden = {column for key, column in named.items() if key != "time" or not rules.time_is_feature}
    features = [column for column in columns if column not in hidden]
    if not features:
        beside = ", ".join(map(repr, named.values()))
        raise UserError(
            f"split.{' and split.'.join(named)}: no feature column is left beside {beside} and the "
            f"target {target!r}: {'set split.time_is_feature: true, ' if 'time' in named else ''}"
            "name another column, drop fewer in clean.drop_columns, or add a column"
        )
    return features


def _target(table: Path, target: str, task: Task) -> tuple[NDArray[Any], list[Any]]:
    column = _column(table, target)
    if task == "regression":
        return column.to_numpy(), []
    codes, values = _codes(labels(column, target))
    classes = sorted(values)
    place = {label: number for number, label in enumerate(classes)}
    # numpy sorts two-byte integers in linear time; `check_target` refuses more classes.
    kind = np.int16 if len(classes) < 2**15 else np.int64
    return np.array([place[label] for label in values], kind)[codes], classes


def _column(table: Path, column: str) -> Any:
    """A column of the table, texts dictionary-encoded."""
    return pq.read_table(table, columns=[column], read_dictionary=[column])[column]


def _codes(column: Any) -> tuple[NDArray[np.int32], list[Any]]:
    """Codes (n,) of the rows' values, and the values in order of appearance."""
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary.to_pylist()


def _labelled(table: Path, column: str) -> tuple[NDArray[np.int64], list[str]]:
    codes, values = _codes(_column(table, column))
    return codes.astype(np.int64), list(map(str, values))


def labels(column: Any, target: str) -> Any:
    """Class labels as integers or texts: 1.0 becomes 1.

    Raises:
        UserError: if a number has a fraction.
    """
    if not pa.types.is_floating(column.type):
        return column
    broken = pc.filter(column, pc.not_equal(pc.floor(column), column))
    if len(broken):
        raise UserError(
            f"data.target: {target!r} holds numbers such as {broken[0].as_py()}, not classes: "
            "set task: regression, or name another target"
        )
    return column.cast(pa.int64())


def _check_present(connection: Any, column: str) -> None:
    empty = f"{name(column)} IS NULL OR trim({name(column)}::VARCHAR) = ''"
    missing, first = connection.execute(
        f"SELECT count(*), min({ROW}) FROM clean WHERE {empty}"
    ).fetchall()[0]
    if missing:
        raise UserError(
            f"split: {column!r} decides where a row belongs, but is empty in {missing} rows "
            f"(first: line {first} of the source): fill it in, or reject such rows with "
            f"clean.require: ['{name(column)} IS NOT NULL']"
        )


def _times(connection: Any, column: str, kind: Any) -> Times:
    cell = name(column)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return Times(_fetch(connection, cell), dated=False)
    if not pa.types.is_temporal(kind):
        moment = f"CASE WHEN regexp_full_match({cell}, {text(dates.ISO.pattern)}) THEN {cell} END"
        moment = f"TRY_CAST({moment} AS TIMESTAMPTZ)"
        odd = connection.execute(
            f"SELECT {ROW}, {cell} FROM clean WHERE {moment} IS NULL ORDER BY {ROW} LIMIT 1"
        ).fetchall()
        if odd:
            raise UserError(
                f"split.time: {column!r} must hold numbers or dates such as 2024-01-31 or "
                f"2024-01-31T23:59:00, but line {odd[0][0]} of the source has {odd[0][1]!r}: "
                "write it so, declare its format in clean.types, or name another column"
            )
        cell = moment
    return Times(_fetch(connection, f"epoch_us({cell}::TIMESTAMPTZ)"), dated=True)


def _fetch(connection: Any, expression: str) -> NDArray[Any]:
    """A value for every row, in table order."""
    fetched: NDArray[Any] = connection.execute(
        f"SELECT {expression} AS value FROM clean"
    ).fetchnumpy()["value"]
    return fetched
