"""Read the rows of a query from a PostgreSQL database, every cell as the server's own text.

The address comes from the environment, and no message contains any part of it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tenfold.runtime import UserError, nearest
from tenfold.sources.column_names import check_names
from tenfold.sources.text_rows import Row, TextRows

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow

    Connection = psycopg.Connection[TupleRow]

# These decide how the server writes a value.
SETTINGS = """
    SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres';
    SET LOCAL TimeZone = 'UTC'; SET LOCAL extra_float_digits = 3
"""
# Categories (pg_type.typcategory) of one value a cell: boolean, date, enumeration, network
# address, number, text, time span, unknown (a literal).
SINGLE = frozenset("BDEINSTX")
# A UUID is a single value, too; the text of money depends on the server.
ALSO_SINGLE, NOT_SINGLE = {"uuid"}, {"money"}
BOOLEANS: dict[str | None, str | None] = {"t": "true", "f": "false", None: None}
# Fragments of libpq's messages, which name host and user, and the message to show instead.
CAUSES = {
    "password": "the server refuses its password",
    "authentication failed": "the server refuses its user",
    "no pg_hba.conf entry": "the server admits nobody from here, or only with SSL",
    "role": "the server knows no such user",
    "database": "the server has no such database",
    "resolve host": "its host is unknown",
    "Connection refused": "nothing listens at its host and port",
    "No such file": "nothing listens at its socket",
    "timeout": "its host does not answer",
    "too many": "the server has no connection left",
    "SSL": "the server and the address disagree about SSL",
}


def read(address: str, query: str) -> TextRows:
    """The rows of one SELECT at a libpq address (postgresql://user:password@host:port/database).

    Raises:
        UserError: if the server is out of reach, the query does more than read, or a column has
            no name of its own or holds other than single values; while the rows are read, if the
            server ends them early.
    """
    import psycopg

    connection = _connect(address)
    query = query.rstrip("; \n\r\t")
    try:
        columns = _columns(connection, query)
    except psycopg.Error as error:
        raise UserError(_cause(connection, error)) from None
    except UserError:
        connection.close()
        raise
    booleans = [place for place, category in enumerate(columns.values()) if category == "B"]
    return TextRows(list(columns), _rows(connection, query, booleans), ordered=False)


def _connect(address: str) -> Connection:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        given = {"connect_timeout": 30, **conninfo_to_dict(address), "client_encoding": "UTF8"}
        complete = make_conninfo("", **given)
    except psycopg.ProgrammingError:
        raise UserError(
            "the database's address, from the environment, is not of the form "
            "postgresql://user:password@host:port/database: mend it"
        ) from None
    try:
        connection = psycopg.connect(complete)
        # One read-only transaction, which no statement can turn into a writing one.
        connection.read_only = True
        connection.execute(SETTINGS)
    except psycopg.Error as error:
        problem = re.sub(r"""(["']).*?\1""", "", str(error))
        found = (cause for words, cause in CAUSES.items() if words in problem)
        raise UserError(
            f"no connection to the database: {next(found, 'the server refuses it')}; see to the "
            "address, which comes from the environment"
        ) from None
    return connection


def _columns(connection: Connection, query: str) -> dict[str, str]:
    """Name and category of every column; nothing runs yet.

    The server can prepare only a single statement, so `_rows` may put it between brackets.
    """
    names, oids = _prepare(connection, query)
    if not names:
        raise UserError(f"data.query must be one SELECT, but is {query!r}: nothing else has rows")
    check_names("data.query", names, ", with AS")
    found = connection.execute(
        "SELECT oid, format_type(oid, NULL), typcategory FROM pg_type WHERE oid = ANY(%s)", [oids]
    )
    types = {oid: (kind, category) for oid, kind, category in found}
    for name, oid in zip(names, oids, strict=True):
        kind, category = types[oid]
        if kind in NOT_SINGLE or (category not in SINGLE and kind not in ALSO_SINGLE):
            raise UserError(
                f"data.query: column {name!r} holds {kind}, which is no single value: leave it "
                "out, take its parts, or cast it to a number or to text"
            )
    return {name: types[oid][1] for name, oid in zip(names, oids, strict=True)}


def _prepare(connection: Connection, query: str) -> tuple[list[str], list[int]]:
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    server = connection.pgconn
    result = server.prepare(b"", query.encode())
    if result.status == ExecStatus.COMMAND_OK:
        result = server.describe_prepared(b"")
    if result.status != ExecStatus.COMMAND_OK:
        raise error_from_result(result, "utf-8")
    places = range(result.nfields)
    names = [(result.fname(place) or b"").decode() for place in places]
    return names, [result.ftype(place) for place in places]


def _rows(connection: Connection, query: str, booleans: Sequence[int]) -> Iterator[Row]:
    import psycopg

    # The line feed ends a comment at the end of the query.
    statement = f"COPY ({query}\n) TO STDOUT".encode()
    try:
        with contextlib.closing(connection), connection.cursor().copy(statement) as copy:
            for row in copy.rows():
                if not booleans:
                    yield row
                    continue
                texts = list(row)
                for place in booleans:
                    texts[place] = BOOLEANS[texts[place]]
                yield texts
    except psycopg.Error as error:
        raise UserError(_cause(connection, error)) from None


def _cause(connection: Connection, error: psycopg.Error) -> str:
    from psycopg import errors

    problem = " ".join((error.diag.message_primary or "the connection broke").split())
    with contextlib.closing(connection):
        if isinstance(error, errors.UndefinedTable):
            asked = re.search('"(.+)"', problem)
            return f"data.query: {problem}; {nearest(asked and asked[1], _tables(connection))}"
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return f"data.query must only read rows, but {problem}: write one SELECT"
    return f"data.query: the database says: {problem}"


def _tables(connection: Connection) -> Sequence[str]:
    connection.rollback()
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') "
        "AND pg_table_is_visible(oid) AND relnamespace NOT IN "
        "('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
    )
    return [row[0] for row in found]
