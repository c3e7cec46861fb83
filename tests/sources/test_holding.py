"""Rows on disk: in their order, with the lines they have, and the same bytes everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold import cleaning, sources
from tenfold.params import Clean, Data
from tenfold.sources import scanning, stored_rows
from tenfold.sources.source import Source, Unsound
from tenfold.sources.stored_rows import StoredRows
from tests.sources.strict import read_strict


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(path: str, *, careful: bool = False, **settings: Any) -> Source:
    return sources.read(Data(path=path, target="a", **settings), careful=careful)


def held(source: Source) -> list[tuple[Any, ...]]:
    source.store(['"a"', '"b"'], sources.RAW, "held")
    return list(source.connection.execute("FROM held").fetchall())


def raw(source: Source) -> list[tuple[Any, ...]]:
    query = f"FROM {sources.RAW} ORDER BY {sources.ROW}"
    return list(source.connection.execute(query).fetchall())


def wanted(numbers: Iterable[int]) -> str:
    return f"SELECT unnest({list(numbers)}) AS {sources.ROW}"


def lines(start: int, stop: int, end: str = "\n") -> str:
    return "".join(f"{number},x{number}{end}" for number in range(start, stop))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "settings"),
    [
        ("a,b\n" + lines(0, 50_000), {}),
        ("a,b\r\n" + lines(0, 9, "\r\n"), {}),
        ("a,b\r" + lines(0, 9, "\r"), {}),
        ("\ufeffa,b\n" + lines(0, 9) + "9,x9", {}),
        ("\ufeff" + lines(0, 9), {"header": False, "columns": ["a", "b"]}),
        ("a,b\n1,x1\n2\n3,x3\n", {}),
    ],
    ids=["large", "crlf", "cr", "bom", "headless", "malformed"],
)
def test_rows_are_held_with_the_lines_that_are_counted_and_found_by_these(
    content: str, settings: dict[str, Any]
) -> None:
    Path("t.csv").write_bytes(content.encode())
    # The last one has a line that is no row.
    source = read("t.csv", careful=len(content) < 20, **settings)
    every = raw(source)
    assert held(source) == every
    some = every[:: max(1, len(every) // 7)]
    source.store_some(wanted(row[0] for row in some), "picked")
    assert source.connection.execute(f"FROM picked ORDER BY {sources.ROW}").fetchall() == some


def test_rows_of_several_files_are_held_one_behind_the_other() -> None:
    Path("1.csv").write_text("a,b\n" + lines(0, 3000))
    Path("2.csv").write_text("b,a\n" + lines(0, 10))
    pd.DataFrame({"a": ["p", "q"], "b": ["r", "s"]}).to_parquet("3.parquet")
    Path("4.csv").write_text("a,b\n" + lines(7, 9))
    source = read("[1-4].*")
    assert held(source) == raw(source)
    some = raw(source)[2990::3]
    source.store_some(wanted(row[0] for row in some), "picked")
    assert source.connection.execute(f"FROM picked ORDER BY {sources.ROW}").fetchall() == some


def test_a_column_that_is_called_as_duckdb_calls_a_place_is_held_all_the_same() -> None:
    Path("t.csv").write_text("a,File_Row_Number\n5,9\n6,8\n")
    source = read("t.csv")
    source.store(['"a"', '"File_Row_Number"'], sources.RAW, "held")
    assert source.connection.execute("FROM held").fetchall() == [(2, "5", "9"), (3, "6", "8")]


@pytest.mark.slow
@pytest.mark.parametrize("run", [(3, 9), (1, 4), (2, 3)], ids=["later", "earlier", "too few"])
def test_rows_that_are_not_where_they_were_counted_are_read_again_with_care(
    run: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("t.csv").write_text("a,b\n1,x\n,y\n2,z\n3,x\n")
    monkeypatch.setattr(Source, "_runs", lambda self: [] if self.records is None else [run])
    cleaning.clean(Data(path="t.csv", target="a"), Clean(), "regression", Path())
    gone = pq.read_table("rejected.parquet").to_pylist()
    assert [(row["tenfold_line"], row["b"]) for row in gone] == [(3, "y")]
    assert pq.read_table("table.parquet")["tenfold_row"].to_pylist() == [2, 4, 5]


def test_numbered_rows_are_held_in_their_order_however_they_come() -> None:
    Path("t.csv").write_text("a,b\n" + lines(0, 1000))
    source = read("t.csv", careful=True)
    upside_down = f"(FROM {sources.RAW} ORDER BY {sources.ROW} DESC)"
    held = source.store(['"a"'], upside_down, "held")
    assert held.rows.tolist() == list(range(2, 1002))
    found = source.connection.execute("SELECT a FROM held").fetchnumpy()["a"]
    assert found.tolist() == [f"{number}" for number in range(1000)]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "quoted.csv", "parquet"])
def test_long_lists_in_rules_and_of_markers_leave_rows_in_their_order(ending: str) -> None:
    """DuckDB would make a join of a list, and lose the order of rows."""
    n = 300_000
    frame = pd.DataFrame({"a": np.arange(n), "b": np.arange(n) % 50, "y": np.arange(n) % 2})
    frame["w"] = "w" + (frame["b"] % 40).astype(str)
    path = f"t.{ending}"
    if ending == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, quoting=2 if ending == "quoted.csv" else 0)
    rules = Clean.model_validate(
        {
            "missing_values": ["", "NA", "N/A", "null", "none", "?", "-"],
            "allowed": {"b": list(range(45)), "w": [f"w{number}" for number in range(30)]},
            "max_rejected": 1,
        }
    )
    report = cleaning.clean(Data(path=path, target="y"), rules, "binary", Path())
    kept = frame[(frame["b"] < 45) & (frame["b"] % 40 < 30)]
    table = pq.read_table("table.parquet")
    assert report["kept"] == len(kept)
    assert table["a"].to_pylist() == kept["a"].tolist()
    assert np.diff(table["tenfold_row"].to_numpy()).min() > 0
    assert table["w"].to_pylist() == kept["w"].tolist()


def test_more_rows_than_the_file_has_records_are_not_cut_off() -> None:
    Path("t.csv").write_text("a,b\n" + lines(0, 4))
    source = read("t.csv")
    [part] = source.parts
    believed = replace(source, parts=[replace(part, records=3)], records=3)
    with pytest.raises(Unsound, match="4 rows, but 3 records"):
        believed.check(len(believed.store(['"a"'], sources.RAW, "held").rows))


def test_what_stays_is_written_in_pieces_that_the_rows_alone_decide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stored_rows, "GROUP_ROWS", 100)
    rows = np.arange(1000) * 2
    table = {"a": rows + 1.0, "a.b": [f"{n % 3}" for n in rows], "c": rows}
    pq.write_table(pa.table(table), "held.parquet", row_group_size=77)
    gone = rows[::9]
    stays = ~np.isin(rows, gone)
    held = StoredRows(Path("held.parquet"), rows)
    with stored_rows.writing(held, ["a", "a.b"], stays, Path("kept.parquet")) as passing:
        assert passing.rows.read_next_batch()["a"].to_pylist() == (rows[stays][:100] + 1.0).tolist()
    found = pq.ParquetFile("kept.parquet")
    sizes = [found.metadata.row_group(n).num_rows for n in range(found.num_row_groups)]
    assert sizes == [*[100] * 8, 88]
    kept = np.setdiff1d(rows, gone)
    frame = found.read().to_pandas()
    assert list(frame) == ["tenfold_row", "a", "a.b"]
    assert frame["tenfold_row"].tolist() == kept.tolist()
    assert frame["a"].tolist() == (kept + 1.0).tolist()


def test_what_keeps_a_file_from_being_written_is_what_the_writer_says() -> None:
    import duckdb

    rows = np.arange(10)
    pq.write_table(pa.table({"a": rows}), "held.parquet")
    held = StoredRows(Path("held.parquet"), rows)
    stays = np.ones(10, np.bool_)
    with (
        pytest.raises(FileNotFoundError, match="nowhere"),
        stored_rows.writing(held, ["a"], stays, Path("nowhere/kept.parquet")) as passing,
    ):
        connection = duckdb.connect()
        connection.register("passing", passing.rows)
        connection.execute("SELECT sum(a) FROM passing")


def test_what_nobody_looks_at_is_written_all_the_same() -> None:
    rows = np.arange(10)
    pq.write_table(pa.table({"a": rows}), "held.parquet")
    with stored_rows.writing(
        StoredRows(Path("held.parquet"), rows), ["a"], rows % 2 == 0, Path("kept.parquet")
    ):
        pass
    assert pq.read_table("kept.parquet")["a"].to_pylist() == [0, 2, 4, 6, 8]


LINES = st.lists(st.sampled_from(["", "a", "a,b", "é", "long, long line", "a,b"]), max_size=12)


@pytest.mark.slow
@settings(max_examples=200)
@given(
    content=LINES, end=st.sampled_from(["\n", "\r\n"]), chunk=st.integers(1, 9), last=st.booleans()
)
def test_lines_are_found_however_the_file_is_cut_into_chunks(
    content: list[str], end: str, chunk: int, last: bool
) -> None:
    path = Path("lines.txt")
    path.write_bytes((end.join(content) + end * last).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "CHUNK", chunk)
        wanted = np.arange(1, len(content) + 1)[::2]
        found = list(scanning.lines(path, wanted))
        seen = scanning.scan(path, path)
        again = scanning.recurs(path)
    cut = content if last or (content and content[-1]) else content[:-1]
    assert found == [f"{line}\n".encode() for line in cut[::2]]
    assert seen.longest >= max((len(line.encode()) for line in content), default=0)
    assert again == bool(content and content[0] and content[0] in content[1:])


def test_a_line_longer_than_duckdb_expects_is_a_row() -> None:
    Path("t.csv").write_text(f"a,b\n1,{'x' * 5_000_000}\n2,y\n")
    source = read_strict(Data(path="t.csv", target="a"))
    lengths = source.connection.execute(f"SELECT length(b) FROM {sources.RAW}").fetchall()
    assert lengths == [(5_000_000,), (1,)]
    assert source.records == 2


def test_duckdb_keeps_the_order_of_what_it_copies(tmp_path: Path) -> None:
    """What `ROW` rests on: a CSV that several cores read is written in its order."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + lines(0, 400_000))
    source = read(str(path))
    source.store(['"a"', '"b"'], sources.RAW, "held")
    found = source.connection.execute(
        f"SELECT count(*), count(*) FILTER (a::BIGINT + 2 = {sources.ROW}) FROM held"
    ).fetchall()
    assert found == [(400_000, 400_000)]
    assert isinstance(source.connection, duckdb.DuckDBPyConnection)
