"""A query to a real SQLite file: every cell as text, and the file as it was before."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenfold.runtime import UserError
from tenfold.sources.readers.sqlite import read
from tests.project import files_below


@contextlib.contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        yield connection
        connection.commit()


def database(path: Path, rows: Sequence[Sequence[Any]] = ((1, "x"), (2, "y"))) -> Path:
    with writing(path) as connection:
        connection.execute("CREATE TABLE houses (price, name)")
        connection.executemany("INSERT INTO houses VALUES (?, ?)", rows)
    return path


def cells(path: Path, query: str = "SELECT * FROM houses") -> list[list[str | None]]:
    return [list(row) for row in read(path, query).rows]


def refusal(path: Path, query: str = "SELECT * FROM houses") -> str:
    with pytest.raises(UserError) as refused:
        cells(path, query)
    message = str(refused.value)
    assert "\n" not in message
    return message


def as_text(value: Any) -> str | None:
    if value is None:
        return None
    return repr(value) if isinstance(value, float) else str(value)


VALUES = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=8).filter(lambda text: "\0" not in text)
)


@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6))
def test_any_value_arrives_as_python_writes_it(rows: list[tuple[Any, ...]], tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    path.unlink(missing_ok=True)
    expected = [[as_text(value) for value in row] for row in rows]
    assert cells(database(path, rows), "SELECT * FROM houses ORDER BY rowid") == expected


def test_columns_have_the_names_that_the_query_gives(tmp_path: Path) -> None:
    found = read(
        database(tmp_path / "t.db"), 'SELECT name AS "the name", price + 1 AS more FROM houses;'
    )
    assert found.names == ["the name", "more"]
    assert not found.ordered


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_reading_leaves_the_file_and_its_folder_as_they_were(tmp_path: Path, mode: str) -> None:
    path = database(tmp_path / "t.db")
    with writing(path) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
    before = files_below(tmp_path)
    assert cells(path) == [["1", "x"], ["2", "y"]]
    assert files_below(tmp_path) == before


def test_rows_that_are_not_yet_in_the_file_are_not_left_out_in_silence(tmp_path: Path) -> None:
    path = database(tmp_path / "t.db")
    with writing(path) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("INSERT INTO houses VALUES (3, 'z')")
        connection.commit()
        assert "some of its changes are still in t.db-wal: end the program" in refusal(path)
    assert len(cells(path)) == 3


def test_a_transaction_that_broke_off_is_not_read_as_if_it_were_whole(tmp_path: Path) -> None:
    path, copy = database(tmp_path / "t.db"), tmp_path / "copy.db"
    with writing(path) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.executemany("INSERT INTO houses VALUES (?, ?)", [(3, "z" * 5000)] * 100)
        copy.write_bytes(path.read_bytes())
        (tmp_path / "copy.db-journal").write_bytes((tmp_path / "t.db-journal").read_bytes())
    assert "still in copy.db-journal" in refusal(copy)


def test_a_journal_that_is_over_is_no_hindrance(tmp_path: Path) -> None:
    path = database(tmp_path / "t.db")
    with writing(path) as connection:
        connection.execute("PRAGMA journal_mode = persist")
        connection.execute("INSERT INTO houses VALUES (3, 'z')")
    assert (tmp_path / "t.db-journal").stat().st_size
    assert len(cells(path)) == 3


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT 1 AS a; SELECT 2 AS a", "one statement at a time"),
        ("DELETE FROM houses", "must only read rows"),
        ("INSERT INTO houses VALUES (3, 'z') RETURNING price", "must only read rows"),
        ("DROP TABLE houses", "must only read rows"),
        ("CREATE TEMP TABLE mine AS SELECT 1", "must only read rows"),
        ("ATTACH 'new.db' AS other", "must only read rows"),
        ("PRAGMA user_version = 3", "must only read rows"),
        ("VACUUM INTO 'new.db'", "must only read rows"),
        ("SELECT load_extension('x')", "must only read rows"),
        ("", "must be one SELECT, but is ''"),
        ("-- SELECT", "must be one SELECT"),
        ("SELEC * FROM houses", "syntax error"),
        ("SELECT prise FROM houses", "no such column: prise"),
        ('SELECT "prise" FROM houses', 'has no column "prise", and SQLite takes'),
        ("SELECT * FROM house", "has no table 'house'; did you mean 'houses'? (known: houses)"),
        (
            "SELECT price, price FROM houses",
            "2 columns are named 'price': rename one in data.query",
        ),
        ("SELECT price, price AS PRICE FROM houses", "differ only in case"),
        ("SELECT price AS tenfold_row FROM houses", "a name that tenfold keeps for itself"),
    ],
)
def test_a_query_that_is_not_one_reading_statement_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = database(tmp_path / "t.db")
    before = files_below(tmp_path)
    assert message in refusal(path, query)
    assert files_below(tmp_path) == before


def test_a_blob_is_refused_by_column_and_row(tmp_path: Path) -> None:
    path = database(tmp_path / "t.db", [(1, "x"), (2, b"\x89PNG")])
    assert "column 'name' holds a blob in row 2" in refusal(path)


def test_text_that_is_not_utf8_is_refused_by_column(tmp_path: Path) -> None:
    path = database(tmp_path / "t.db")
    with writing(path) as connection:
        connection.execute("INSERT INTO houses VALUES (3, CAST(x'ff' AS TEXT))")
    assert "after 2 rows: Could not decode to UTF-8 column 'name'" in refusal(path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    path.write_text("price,name\n" * 100)
    assert "cannot be read as SQLite: file is not a database" in refusal(path)
    assert "cannot be read as SQLite: unable to open" in refusal(tmp_path / "none.db")
    assert [file.name for file in tmp_path.iterdir()] == ["t.db"]


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = database(tmp_path / "t.db", [(number, "x" * 50) for number in range(1000)])
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xff" * 4096 + content[12288:])
    assert "malformed" in refusal(path)


def test_a_name_with_pattern_and_address_marks_is_one_file(tmp_path: Path) -> None:
    assert len(cells(database(tmp_path / "a?b=1&c#d %25.db"))) == 2
