"""Read the rows of a query from an SQLite file, every cell as text; the file is never written."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tenfold.runtime import UserError, nearest
from tenfold.sources.column_names import check_names
from tenfold.sources.text_rows import Row, TextRows

READ_ONLY_ACTIONS = {
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_SELECT,
}
MISSING_TABLE = "no such table: "


def read(path: Path, query: str) -> TextRows:
    """The rows of one SELECT: integers as digits, real numbers in their shortest exact form.

    Raises:
        UserError: if the file is no whole database, the query does more than read, or a column's
            name cannot be one; while the rows are read, if a cell is binary.
    """
    connection = _open(path)
    try:
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description or ()]
        if not names:
            raise UserError(
                f"data.query must be one SELECT, but is {query!r}: nothing else has rows"
            )
        _check_columns(path, names)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise UserError(_cause(connection, path, error)) from None
    except UserError:
        connection.close()
        raise
    return TextRows(names, _rows(connection, cursor, path, names), ordered=False)


def _open(path: Path) -> sqlite3.Connection:
    for ending in ("-wal", "-journal"):
        beside = path.with_name(path.name + ending)
        if beside.is_file() and any(_start(beside, 8)):
            raise UserError(
                f"{path}: some of its changes are still in {beside.name}: end the program that "
                f"writes to it, then run `sqlite3 {path.name} .tables`, which brings them home"
            )
    # Reading a database in WAL mode creates two files beside it, unless it is opened immutable.
    mode = "mode=ro&immutable=1" if _in_wal_mode(path) else "mode=ro"
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
    except sqlite3.Error as error:
        raise UserError(f"{path} cannot be read as SQLite: {error}") from None
    # ATTACH would create a file even on a read-only connection.
    connection.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_OK if action in READ_ONLY_ACTIONS else sqlite3.SQLITE_DENY
    )
    return connection


def _in_wal_mode(path: Path) -> bool:
    """Byte 18 of the header (sqlite.org/fileformat2.html)."""
    return path.is_file() and _start(path, 19)[18:] == b"\2"


def _start(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _check_columns(path: Path, names: list[str]) -> None:
    check_names(path, names, " in data.query, with AS")
    for name in names:
        if name.startswith('"'):
            raise UserError(
                f"data.query: {path} has no column {name}, and SQLite takes a name in double "
                "quotes that it does not know for a text: mend the name"
            )


def _cause(connection: sqlite3.Connection, path: Path, error: Exception) -> str:
    problem = str(error)
    with contextlib.closing(connection):
        return _sentence(connection, path, problem)


def _sentence(connection: sqlite3.Connection, path: Path, problem: str) -> str:
    if "not a database" in problem or "malformed" in problem or "unable to open" in problem:
        cure = "name an SQLite database, or write it again"
        return f"{path} cannot be read as SQLite: {problem}: {cure}"
    if "authoriz" in problem or "prohibited" in problem:
        return f"data.query must only read rows, but {path} was asked for more: write one SELECT"
    if problem.startswith(MISSING_TABLE):
        found = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        ).fetchall()
        table = problem.removeprefix(MISSING_TABLE)
        return f"data.query: {path} has no table {table!r}; {nearest(table, [r[0] for r in found])}"
    return f"data.query fails on {path}: {problem.rstrip('.')}: correct it"


TEXTS: dict[type, Callable[[Any], str]] = {int: str, float: repr, str: str}


def _rows(
    connection: sqlite3.Connection, cursor: sqlite3.Cursor, path: Path, names: list[str]
) -> Iterator[Row]:
    number = 0
    try:
        for row in cursor:
            number += 1
            yield [None if cell is None else TEXTS[type(cell)](cell) for cell in row]
    except KeyError:
        column = next(name for name, cell in zip(names, row, strict=True) if type(cell) is bytes)
        raise UserError(
            f"{path}: column {column!r} holds a blob in row {number} of the answer, not a value: "
            "leave it out of data.query"
        ) from None
    except sqlite3.Error as error:
        raise UserError(
            f"data.query fails on {path} after {number} rows: "
            f"{str(error).split(' with text ')[0]}: mend that row, or leave the column out of "
            "data.query"
        ) from None
    finally:
        connection.close()
