"""A query to a real PostgreSQL: every cell as the server's own text, and no word of the address."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenfold.runtime import UserError
from tenfold.sources.readers.postgresql import read
from tests.project import wait_until
from tests.sources.servers import PASSWORD, Postgres, postgres


def cells(server: Postgres, query: str) -> list[list[str | None]]:
    return [list(row) for row in read(server.address(), query).rows]


def refusal(address: str, query: str = "SELECT 1 AS a") -> str:
    with pytest.raises(UserError) as refused:
        list(read(address, query).rows)
    message = str(refused.value)
    assert "\n" not in message
    for secret in (PASSWORD, "wrongword", "owner", "postgres.", "127.0.0.1", "nowhere"):
        assert secret not in message
    return message


@pytest.fixture
def houses(server: Postgres) -> Postgres:
    server.execute(
        "DROP TABLE IF EXISTS houses, any_value CASCADE",
        "CREATE TABLE houses (price int, name text)",
        "INSERT INTO houses VALUES (1, 'x'), (2, 'y')",
    )
    return server


BIGINTS = st.none() | st.integers(-(2**63), 2**63 - 1)
DOUBLES = st.none() | st.floats(allow_nan=False)
NUMERICS = st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=4)
TEXTS = st.none() | st.text(max_size=8).filter(lambda text: "\0" not in text)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.lists(
        st.tuples(BIGINTS, DOUBLES, NUMERICS, TEXTS, st.none() | st.booleans()), min_size=1
    )
)
def test_any_value_arrives_exactly(server: Postgres, rows: list[tuple[Any, ...]]) -> None:
    server.execute(
        "DROP TABLE IF EXISTS any_value",
        "CREATE TABLE any_value (place serial, i int8, d float8, n numeric, t text, b bool)",
    )
    with psycopg.connect(server.address()) as connection:
        connection.cursor().executemany(
            "INSERT INTO any_value (i, d, n, t, b) VALUES (%s, %s, %s, %s, %s)", rows
        )
    found = cells(server, "SELECT i, d, n, t, b FROM any_value ORDER BY place")
    for row, (i, d, n, t, b) in zip(found, rows, strict=True):
        assert row[0] == (None if i is None else str(i))
        assert (row[1] is None) == (d is None)
        assert row[1] is None or repr(float(row[1])) == repr(d)
        assert row[2] == (None if n is None else f"{n:f}".replace("-0.0000", "0.0000", n == 0))
        assert row[3] == t
        assert row[4] == {None: None, True: "true", False: "false"}[b]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.500::numeric", "1.500"),
        ("0.1::float8", "0.1"),
        ("0.1::float4", "0.1"),
        ("'NaN'::float8", "NaN"),
        ("'-infinity'::float8", "-Infinity"),
        ("'2020-01-31'::date", "2020-01-31"),
        ("'2020-01-31 05:06:07.25'::timestamp", "2020-01-31 05:06:07.25"),
        ("'2020-01-31 05:06:07+02'::timestamptz", "2020-01-31 03:06:07+00"),
        ("'1 day 2 hours'::interval", "1 day 02:00:00"),
        ("'6F9619FF-8B86-D011-B42D-00C04FC964FF'::uuid", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("'red'::colour", "red"),
        ("'\\N'::text", "\\N"),
        ("E'a\\tb\\nc\\\\'::text", "a\tb\nc\\"),
        ("'x'", "x"),
        ("''", ""),
        ("NULL", None),
    ],
)
def test_a_value_is_the_servers_own_text(server: Postgres, value: str, text: str | None) -> None:
    server.execute("DROP TYPE IF EXISTS colour CASCADE", "CREATE TYPE colour AS ENUM ('red')")
    assert cells(server, f"SELECT {value} AS a, true AS b") == [[text, "true"]]


def test_a_value_is_the_same_text_whatever_the_server_is_set_to(server: Postgres) -> None:
    changed = ["datestyle = 'German'", "timezone = 'Asia/Tokyo'", "extra_float_digits = 0"]
    query = "SELECT 0.1::float8 + 0.2 AS f, '2020-01-31 05:06:07+00'::timestamptz AS t"
    before = cells(server, query)
    server.execute(*[f"ALTER ROLE owner SET {setting}" for setting in changed])
    try:
        assert cells(server, query) == before
    finally:
        server.execute("ALTER ROLE owner RESET ALL")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT name FROM houses WHERE name LIKE '%x%'",
        "SELECT name FROM houses WHERE price % 2 = 1 AND name <> '%s'",
        "SELECT name FROM houses WHERE price = 1;",
        "SELECT name FROM houses WHERE price = 1 ; \n",
        "SELECT name FROM houses WHERE price = 1 -- the first",
        "WITH first AS (SELECT * FROM houses ORDER BY price LIMIT 1) SELECT name FROM first",
        "SELECT name FROM (TABLE houses) AS all_of_them ORDER BY price LIMIT 1",
    ],
)
def test_a_query_runs_as_it_is_written(houses: Postgres, query: str) -> None:
    assert cells(houses, query) == [["x"]]


def test_columns_have_the_names_that_the_query_gives(houses: Postgres) -> None:
    found = read(houses.address(), 'SELECT name AS "the ""name""", price AS p FROM houses')
    assert found.names == ['the "name"', "p"]
    assert not found.ordered


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("'\\x00'::bytea", "bytea"),
        ("ARRAY[1, 2]", "integer[]"),
        ("'{}'::json", "json"),
        ("'{}'::jsonb", "jsonb"),
        ("(1, 2)", "record"),
        ("houses", "houses"),
        ("point(1, 2)", "point"),
        ("int4range(1, 2)", "int4range"),
        ("12.5::float8::numeric::money", "money"),
    ],
)
def test_what_is_no_single_value_is_refused_by_column(
    houses: Postgres, value: str, kind: str
) -> None:
    message = refusal(houses.address(), f"SELECT price, {value} AS odd FROM houses")
    assert f"column 'odd' holds {kind}, which is no single value" in message


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DELETE FROM houses RETURNING price", "must only read rows"),
        ("INSERT INTO houses VALUES (3, 'z') RETURNING price", "must only read rows"),
        ("SELECT price, nextval('counter') AS n FROM houses", "must only read rows"),
        ("WITH gone AS (DELETE FROM houses RETURNING price) SELECT * FROM gone", "must only read"),
        ("DROP TABLE houses", "must be one SELECT"),
        ("SELECT 1 AS a; DROP TABLE houses", "multiple commands"),
        ("SELECT 1 AS a) TO STDOUT; DROP TABLE houses; COPY (SELECT 1 AS a", "syntax error"),
        ("SELECT set_config('transaction_read_only', 'off', false) AS a", "read-write mode"),
        ("COPY houses TO PROGRAM 'true'", "must be one SELECT"),
        ("", "must be one SELECT, but is ''"),
        ("SELEC 1", "syntax error"),
        ("SELECT prise FROM houses", 'column "prise" does not exist'),
        ("SELECT * FROM house", "did you mean 'houses'? (known: houses)"),
        ("SELECT price, price FROM houses", "2 columns are named 'price': rename one, with AS"),
        ("SELECT price AS tenfold_row FROM houses", "a name that tenfold keeps for itself"),
        ("SELECT price / (price - 2) AS a FROM houses", "division by zero"),
    ],
)
def test_a_query_that_is_not_one_reading_statement_is_refused(
    houses: Postgres, query: str, message: str
) -> None:
    houses.execute("DROP SEQUENCE IF EXISTS counter", "CREATE SEQUENCE counter")
    assert message in refusal(houses.address(), query)
    assert cells(houses, "SELECT price FROM houses ORDER BY price") == [["1"], ["2"]]
    assert cells(houses, "SELECT is_called FROM counter") == [["false"]]


def test_text_that_is_not_utf8_is_refused(server: Postgres) -> None:
    server.execute(
        "DROP DATABASE IF EXISTS raw",
        "CREATE DATABASE raw ENCODING 'SQL_ASCII' TEMPLATE template0",
    )
    query = "SELECT convert_from('\\xe9', 'SQL_ASCII') AS a, true AS b"
    message = refusal(server.address(database="raw"), query)
    assert 'invalid byte sequence for encoding "UTF8": 0xe9' in message


def test_a_server_that_cannot_be_reached_is_said_without_its_address(server: Postgres) -> None:
    owner = f"postgresql://owner:{PASSWORD}@"
    assert "refuses its password" in refusal(server.address(password="wrongword"))
    assert "has no such database" in refusal(server.address(database="nowhere"))
    assert "nothing listens at its socket" in refusal(f"{owner}/a?host=/nowhere")
    assert "nothing listens at its host and port" in refusal(f"{owner}127.0.0.1:1/a")
    assert "its host is unknown" in refusal(f"{owner}nowhere.invalid/a")
    assert "is not of the form" in refusal(f"postgresql://owner:{PASSWORD}@[nowhere/a")
    assert "is not of the form" in refusal(f"{PASSWORD}@nowhere")
    assert "is not of the form" in refusal(f"postgresql://nowhere/a?password1={PASSWORD}")


@pytest.mark.slow
def test_a_connection_that_breaks_is_said_without_its_address() -> None:
    with postgres() as server:
        found = read(server.address(), "SELECT generate_series(1, 10000000) AS n")
        assert next(found.rows) == ("1",)
        with contextlib.suppress(psycopg.Error):
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> "
                "pg_backend_pid() AND backend_type = 'client backend'"
            )
        with pytest.raises(UserError) as refused:
            list(found.rows)
    assert "data.query" in str(refused.value)
    assert PASSWORD not in str(refused.value)
    assert str(server.socket) not in str(refused.value)


def test_rows_are_taken_as_they_are_asked_for_and_the_connection_closed(server: Postgres) -> None:
    def connections() -> int:
        with psycopg.connect(server.address(), application_name="watching") as connection:
            return connection.execute(
                "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' "
                "AND application_name <> 'watching'"
            ).rowcount

    found = read(server.address(), "SELECT generate_series(1, 1000000000) AS n")
    assert [next(found.rows), next(found.rows)] == [("1",), ("2",)]
    assert connections() == 1
    assert isinstance(found.rows, Iterator)
    found.rows.close()  # type: ignore[attr-defined]
    wait_until(lambda: connections() == 0, "the connection to be closed")


@pytest.mark.slow
def test_a_server_of_a_test_leaves_nothing_behind() -> None:
    with postgres() as server:
        assert server.socket.exists()
    assert not server.socket.exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(server.process.pid, 0)
