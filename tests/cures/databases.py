"""Refusals of what is no file: databases, and tables that come with scikit-learn."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from unittest import mock

from tenfold.sources.readers import postgresql, sqlite
from tenfold.sources.text_rows import TextRows
from tests.bad_input.making import as_csv
from tests.cures.refusals import (
    COLUMNS,
    REMOVED,
    Change,
    Refusal,
    check_experiment,
    database,
    refusal,
)

ALL = "SELECT * FROM t"
NAMED = ", ".join(COLUMNS)


def of_query(name: str, says: str, query: str, words: str, cured: str) -> Refusal:
    """A refusal of a query of the table t; the cure is another."""
    asked = {"data.path": "sqlite:t.db", "data.query": query}
    return refusal(
        name, Change(says, asked, {"t.db": database}), Change(words, {"data.query": cured})
    )


def check_with_a_server() -> None:
    """Run the check where a PostgreSQL server answers with the rows of the SQLite database."""

    def read(address: str, query: str) -> TextRows:
        assert address.startswith("postgresql://")
        return sqlite.read(Path("t.db"), query)

    with mock.patch.object(postgresql, "read", read):
        check_experiment()


def with_blob(path: Path) -> None:
    """The table with a column of bytes."""
    database(path)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE t ADD COLUMN photo BLOB")
        connection.execute("UPDATE t SET photo = x'00ff'")


def with_latin(path: Path) -> None:
    """The table with a text that is no UTF-8."""
    database(path)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE t SET z = CAST(x'e9' AS TEXT) WHERE x > 5")


CASES = [
    of_query(
        "a query that is none",
        "data.query must only read rows",
        "PRAGMA user_version = 3",
        "write one SELECT",
        ALL,
    ),
    of_query(
        "a query without rows",
        "data.query must be one SELECT, but is",
        "-- nothing",
        "must be one SELECT",
        ALL,
    ),
    of_query(
        "a query that writes",
        "data.query must only read rows",
        "DELETE FROM t",
        "write one SELECT",
        ALL,
    ),
    of_query(
        "a query of an unknown table",
        "t.db has no table 'tt'",
        "SELECT * FROM tt",
        "did you mean 't'?",
        ALL,
    ),
    of_query(
        "a query of an unknown column",
        "data.query fails on t.db: no such column: xx",
        "SELECT xx FROM t",
        "correct it",
        ALL,
    ),
    of_query(
        "a name in double quotes that is no column",
        't.db has no column "xx"',
        'SELECT *, "xx" FROM t',
        "mend the name",
        'SELECT *, "x" AS x2 FROM t',
    ),
    of_query(
        "an answer with a name twice",
        "2 columns are named 'x'",
        "SELECT *, x FROM t",
        "rename one in data.query, with AS",
        "SELECT *, x AS x2 FROM t",
    ),
    refusal(
        "a blob",
        Change(
            "column 'photo' holds a blob in row 1 of the answer",
            {"data.path": "sqlite:t.db", "data.query": ALL},
            {"t.db": with_blob},
        ),
        Change("leave it out of data.query", {"data.query": f"SELECT {NAMED} FROM t"}),
    ),
    refusal(
        "a text that is no UTF-8",
        Change(
            "data.query fails on t.db after",
            {"data.path": "sqlite:t.db", "data.query": ALL},
            {"t.db": with_latin},
        ),
        Change("leave the column out of", {"data.query": "SELECT x, g, t, f, y FROM t"}),
        Change("mend that row", files={"t.db": database}),
    ),
    refusal(
        "a database that is none",
        Change(
            "t.db cannot be read as SQLite",
            {"data.path": "sqlite:t.db", "data.query": ALL},
            {"t.db": as_csv(COLUMNS)},
        ),
        Change("name an SQLite database", files={"t.db": database}),
    ),
    refusal(
        "a database that is not there",
        Change(
            "there is no file t.db",
            {"data.path": "sqlite:t.db", "data.query": ALL},
        ),
        Change("correct the path", {"data.path": "t.csv", "data.query": REMOVED}),
    ),
    refusal(
        "a database whose changes lie beside it",
        Change(
            "some of its changes are still in t.db-wal",
            {"data.path": "sqlite:t.db", "data.query": ALL},
            {"t.db": database, "t.db-wal": b"12345678"},
        ),
        Change("which brings them home", files={"t.db-wal": REMOVED}),
    ),
    refusal(
        "an address in place of a variable",
        Change(
            "path must not hold a database's address, which may hold a password",
            {"data.path": "postgresql://me:secret@host/shop", "data.query": ALL},
            {"t.db": database},
            run=check_with_a_server,
        ),
        Change(
            "put it into an environment variable, such as DATABASE",
            {"data.path": "postgresql:DATABASE"},
            environment={"DATABASE": "postgresql://me:secret@host/shop"},
        ),
    ),
    refusal(
        "a variable that is not there",
        Change(
            "the environment has no variable 'DATABASE'",
            {"data.path": "postgresql:DATABASE", "data.query": ALL},
            {"t.db": database},
            run=check_with_a_server,
        ),
        Change("let it hold the address", environment={"DATABASE": "postgresql://me@host/shop"}),
    ),
    refusal(
        "an unknown table of scikit-learn",
        Change(
            "scikit-learn brings no table 'irs'",
            {"data.path": "sklearn:irs", "data.target": "target", "task": "multiclass"},
        ),
        Change("did you mean 'sklearn:iris'?", {"data.path": "sklearn:iris"}),
    ),
]
