"""Reading a table: every record as the file has it, with its line, or a refusal."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenfold import sources
from tenfold.params import Data
from tests.sources.strict import read_strict


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(content: str | bytes, file: str = "table.csv", delimiter: str | None = None) -> Any:
    Path(file).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_strict(Data(path=file, target="a", delimiter=delimiter))


def rows(source: sources.Source) -> list[tuple[Any, ...]]:
    query = f"FROM {sources.RAW} ORDER BY {sources.ROW}"
    return [tuple(row) for row in source.connection.execute(query).fetchall()]


def test_cells_of_a_csv_arrive_as_the_text_they_are() -> None:
    source = read("a,b\n007,1e5\n NaN ,\n")
    assert rows(source) == [(2, "007", "1e5"), (3, " NaN ", "")]
    assert source.columns == {"a": "text", "b": "text"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(end: str) -> None:
    assert rows(read(end.join(["a,b", "1,2", "3,4", ""]))) == [(2, "1", "2"), (3, "3", "4")]


def test_line_numbers_count_line_ends_inside_quotes() -> None:
    content = 'a,"b\nb"\n"x\ny",2\n"p\r\nq",4\n5,"6\n\n"\n7,8'
    found = rows(read(content))
    assert [row[0] for row in found] == [3, 5, 7, 10]
    assert found[0][1] == "x\ny"


@pytest.mark.parametrize(
    ("file", "content"), [("t.csv", "a,b\n1,x\n"), ("t.json", '[{"a": 1, "b": "x"}]')]
)
def test_a_table_that_was_read_can_be_taken_as_a_frame(file: str, content: str) -> None:
    frame = read(content, file).connection.table(sources.RAW).df()
    assert frame[["a", "b"]].to_numpy().tolist() == [["1", "x"]]


def test_lines_that_look_like_comments_are_rows() -> None:
    assert rows(read("a,b\n#1,2\n#,#\n")) == [(2, "#1", "2"), (3, "#", "#")]


def test_a_header_that_looks_like_the_rows_is_still_the_header() -> None:
    assert list(read("x,y\nu,v\n").columns) == ["x", "y"]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert list(read(b"\xef\xbb\xbfa,b\n1,2\n").columns) == ["a", "b"]


def test_empty_lines_at_the_end_are_no_rows() -> None:
    assert len(rows(read("a,b\n1,2\n\n\n"))) == 1


@pytest.mark.parametrize(
    ("content", "file", "delimiter", "cells"),
    [
        ("a;b\n1,5;2,5\n", "t.csv", None, ("1,5", "2,5")),
        ("a\tb\n1,5\t2\n", "t.tsv", None, ("1,5", "2")),
        ("a|b\n1|2\n", "t.csv", None, ("1", "2")),
        ("a:b\n1:2,3\n", "t.csv", ":", ("1", "2,3")),
        ('a,b\n"1;2","3;4"\n', "t.csv", None, ("1;2", "3;4")),
    ],
)
def test_the_delimiter_is_found_or_declared(
    content: str, file: str, delimiter: str | None, cells: tuple[str, str]
) -> None:
    assert rows(read(content, file, delimiter))[0][1:] == cells


def test_a_path_with_pattern_marks_is_one_file() -> None:
    Path("table1.csv").write_text("a,b\n9,9\n")
    assert rows(read("a,b\n1,2\n", "table[1]*?.csv")) == [(2, "1", "2")]


def test_a_folder_named_like_a_partition_adds_no_column() -> None:
    Path("year=2020").mkdir()
    assert list(read("a,b\n1,2\n", "year=2020/t.csv").columns) == ["a", "b"]


def test_json_keys_become_columns_in_order_of_appearance() -> None:
    records = [{"a": 1, "b": "x"}, {"c/~": 2.5, "a": None}, {"b": True}]
    expected = [(1, "1", "x", None), (2, None, None, "2.5"), (3, None, "true", None)]
    for file, content in {
        "t.json": json.dumps(records),
        "t.jsonl": "\n".join(map(json.dumps, records)),
    }.items():
        source = read(content, file)
        assert list(source.columns) == ["a", "b", "c/~"]
        assert rows(source) == expected


def test_json_dates_stay_as_they_are_written() -> None:
    assert rows(read('{"a": "2020-01-01T00:00:00", "b": 1}', "t.jsonl"))[0][1] == (
        "2020-01-01T00:00:00"
    )


def test_parquet_numbers_keep_their_type_and_the_rest_is_text() -> None:
    frame = pd.DataFrame(
        {
            "i": [1, 2],
            "d": [0.5, 1.5],
            "t": ["x", None],
            "b": [True, False],
            "when": pd.to_datetime(["2020-01-01", "2020-01-02"]),
        }
    )
    frame.to_parquet("t.parquet")
    source = sources.read(Data.model_validate({"path": "t.parquet", "target": "i"}))
    assert source.columns == {
        "i": "integer",
        "d": "double",
        "t": "text",
        "b": "text",
        "when": "date",
    }
    assert rows(source)[1] == (2, 2, 1.5, None, "false", datetime(2020, 1, 2))


def test_a_sealed_connection_reads_no_file() -> None:
    source = read("a,b\n1,2\n")
    Path("out").mkdir()
    Path("other.csv").write_text("a,b\n1,2\n")
    sources.seal(source, Path("out"))
    with pytest.raises(Exception, match="disabled by config"):
        source.connection.execute("FROM 'other.csv'")


CELLS = st.text(st.sampled_from("a1é#'\"\\,;\t\n \r|"), max_size=5)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    table=st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8
        )
    ),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_quoted_csv_reads_as_the_standard_library_reads_it(
    table: list[list[str]], end: str
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow([f"c{place}" for place in range(len(table[0]))])
    writer.writerows(table)
    expected, line = [], 2
    reader = csv.reader(io.StringIO(buffer.getvalue(), newline=""), strict=True)
    next(reader)
    for cells in reader:
        expected.append((line, *cells))
        line = reader.line_num + 1
    assert rows(read(buffer.getvalue(), delimiter=",")) == expected
