"""Cells that are typed as they are parsed: what they are, and what is left to be looked at."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.dataset import ROW
from tenfold.sources import arrow_rows, cell_ends, dictionaries, typed_csv
from tenfold.sources.arrow_rows import ArrowRows
from tenfold.sources.column_kinds import Kind
from tenfold.sources.typed_csv import Conversion, PlainCsv


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def plain(
    content: str, columns: Sequence[str], delimiter: str = ",", name: str = "t.csv"
) -> PlainCsv:
    """A file without a header."""
    path = Path(name)
    path.write_bytes(content.encode())
    rows = content.rstrip("\r\n").count("\n") + 1
    return PlainCsv(path, columns, delimiter, 0, rows, max(map(len, content.split("\n"))))


def folder() -> Path:
    """That nobody has made yet."""
    return Path(tempfile.mkdtemp(dir=".")) / "rows"


def parse(
    content: str, markers: Sequence[str] = ("", "NA"), *, nulls: bool = True, **kinds: Kind
) -> ArrowRows | None:
    conversion = Conversion(kinds, markers, nulls)
    return typed_csv.parse([(plain(content, list(kinds)), 0)], conversion, folder())


def rows(parsed: ArrowRows | None) -> list[tuple[Any, ...]]:
    assert parsed
    table = pa.Table.from_batches(parsed.batches([ROW, *parsed.kinds]))
    return list(zip(*table.to_pydict().values(), strict=True))


def test_cells_are_values_and_markers_are_null() -> None:
    parsed = parse("1,0.5,x\n-2,NA,\n,3e-2,NA\n", i="integer", d="double", t="text")
    assert rows(parsed) == [(1, 1, 0.5, "x"), (2, -2, None, None), (3, None, 0.03, None)]
    assert parsed
    assert parsed.gaps == {"i", "d", "t"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        (
            "integer",
            [
                "007",
                "-007",
                " 007",
                "\t-007",
                "0x1F",
                "0X1f",
                "1.0",
                "1e3",
                "+1",
                "1_0",
                "x",
                "true",
            ],
        ),
        ("integer", ["9007199254740993", "-9007199254740993", "99999999999999999999", " NA"]),
        (
            "double",
            ["007", "+007", " 00", "-00", "nan", "NaN", "inf", "-Infinity", "1e999", "1_0", "1,5"],
        ),
        ("double", ["nan(1)", "0x1p3", "1f", "1d", "٣", "", "1 2", "--1"]),
    ],
)
def test_a_cell_that_leaves_a_doubt_leaves_its_column_text(kind: Kind, cells: list[str]) -> None:
    for cell in cells:
        content = f"1;2;0\n{cell};3;0\n4;5;0\n"
        file = plain(content, ["odd", "sound", "y"], ";")
        conversion = Conversion(
            {"odd": kind, "sound": "integer", "y": "text"}, ["NA"], strings_can_be_null=True
        )
        parsed = typed_csv.parse([(file, 0)], conversion, folder())
        assert parsed, cell
        assert parsed.kinds == {"odd": "text", "sound": "integer", "y": "text"}, cell
        assert [row[1:3] for row in rows(parsed)] == [("1", 2), (cell, 3), ("4", 5)]


@pytest.mark.parametrize("blank", [" x", "x ", "\tx", "x\v", " "])
def test_white_space_leaves_all_texts_as_they_are(blank: str) -> None:
    parsed = parse(f"1,a\n2,{blank}\n3,NA\n", i="integer", t="text")
    assert parsed
    assert not parsed.nulls_in_text
    assert [row[2] for row in rows(parsed)] == ["a", blank, "NA"]
    ended = parse(f"1,a\r\n2,{blank}\r\n3,NA\r\n", i="integer", t="text")
    assert ended
    assert not ended.nulls_in_text


@pytest.mark.parametrize(
    "content",
    ["1,2\n3\n4,5\n", "1,2\n3,4,5\n", "1,2\n\n3,4\n", "1,2\n3,4,\n", "a,b\nc,d\n"],
    ids=["short", "long", "empty", "ends in a delimiter", "no number"],
)
def test_lines_that_are_no_records_or_hold_no_number_are_left_to_others(content: str) -> None:
    assert parse(content, a="integer", b="integer") is None


def test_rows_are_numbered_through_all_files_and_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_csv, "BLOCK", 50)
    first = plain("".join(f"{n},x{n}\r\n" for n in range(500)), ["i", "t"], name="1.csv")
    second = plain("".join(f"y{n},{n}\n" for n in range(300)) + "\n\n", ["t", "i"], name="2.csv")
    conversion = Conversion({"i": "integer", "t": "text"}, [""], strings_can_be_null=True)
    parsed = typed_csv.parse([(first, 0), (second, 500)], conversion, folder())
    expected = [(n + 1, n, f"x{n}") for n in range(500)]
    assert rows(parsed) == [*expected, *((501 + n, n, f"y{n}") for n in range(300))]


@pytest.mark.slow
def test_a_doubt_in_a_late_block_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_csv, "BLOCK", 50)
    content = "".join(f"{n},{n}\n" for n in range(1000)) + "007,1.5\n"
    parsed = parse(content, a="integer", b="integer", c="integer") or parse(
        content, a="integer", b="double"
    )
    assert parsed
    assert parsed.kinds == {"a": "text", "b": "double"}
    assert rows(parsed)[-1] == (1001, "007", 1.5)


def test_texts_of_which_few_differ_lie_there_as_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_csv, "BLOCK", 60)
    monkeypatch.setattr(dictionaries, "MIN_ROWS", 4)
    monkeypatch.setattr(dictionaries, "MAX_DISTINCT", 2)
    lines = [f"{n},{'ab'[n % 2]},w{n},{'NA' if n % 3 else 'c'}" for n in range(500)]
    parsed = parse("\n".join(lines), i="integer", few="text", many="text", gaps="text")
    assert parsed
    assert {column: set(own.to_pylist()) for column, own in parsed.dictionaries.items()} == {
        "few": {"a", "b"},
        "gaps": {"c"},
    }
    assert rows(parsed) == [
        (n + 1, n, "ab"[n % 2], f"w{n}", None if n % 3 else "c") for n in range(500)
    ]


def test_texts_that_differ_in_later_blocks_only_are_no_codes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(typed_csv, "BLOCK", 60)
    monkeypatch.setattr(dictionaries, "MAX_ENTRIES", 50)
    monkeypatch.setattr(dictionaries, "MIN_ROWS", 4)
    lines = [f"{n},{'a' if n < 200 else f'w{n}'}" for n in range(500)]
    parsed = parse("\n".join(lines), i="integer", t="text")
    assert parsed
    assert not parsed.dictionaries
    assert [row[2] for row in rows(parsed)] == [line.split(",")[1] for line in lines]


def test_files_are_gone_once_they_are_read_for_the_last_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(typed_csv, "BLOCK", 60)
    monkeypatch.setattr(arrow_rows, "TABLES", 2)
    parsed = parse("".join(f"{n},{n}\n" for n in range(100)), a="integer", b="double")
    assert parsed
    assert len(parsed.files) > 2
    assert parsed.spans == {"a": (0, 99)}
    twice = [rows(parsed), rows(parsed)]
    last = pa.Table.from_batches(parsed.batches(["a"], last=True))
    assert [row[1] for row in twice[0]] == last["a"].to_pylist() == [row[1] for row in twice[1]]
    assert not any(path.exists() for path, _ in parsed.files)


def test_present_cells_are_counted_in_the_rows_that_are_kept() -> None:
    parsed = parse("1,2\nNA,3\n4,NA\nNA,NA\n", a="integer", b="double")
    assert parsed
    kept = np.array([True, True, True, False])
    assert parsed.present(["a", "b"], kept) == {"a": 2, "b": 2}
    assert parsed.present(["b"], ~kept) == {"b": 0}


PIECES = st.text(st.sampled_from("01x7-+ a.\té"), max_size=4)


@pytest.mark.slow
@settings(max_examples=300)
@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(PIECES, min_size=width, max_size=width), min_size=1, max_size=6
        )
    ),
    delimiter=st.sampled_from(",;|"),
    end=st.sampled_from(["\n", "\r\n"]),
    piece=st.sampled_from([1, 2, 3, 7, 1 << 18]),
)
def test_what_the_bytes_say_is_what_every_cell_says(
    table: list[list[str]], delimiter: str, end: str, piece: int
) -> None:
    columns = [f"c{number}" for number in range(len(table[0]))]
    block = "".join(["\n", *(delimiter.join(cells) + end for cells in table)]).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cell_ends, "PIECE", piece)
        found = cell_ends.inspect(block, columns, delimiter, len(table), blanks=True)
    padded = frozenset(
        column
        for column, *cells in zip(columns, *table, strict=True)
        if any(re.search(r"(^|[ \t])[+-]?0[0-9xX]", cell) for cell in cells)
    )
    blanks = frozenset(
        column
        for column, *cells in zip(columns, *table, strict=True)
        if any(cell != cell.strip(" \t\v\f") for cell in cells)
    )
    assert (found.padded, found.blanks) == (padded, blanks)


def test_rows_of_an_arrow_file_are_given_to_duckdb_as_often_as_it_asks() -> None:
    import duckdb

    parsed = parse("".join(f"{n},x\n" for n in range(1000)), i="integer", t="text")
    assert parsed
    connection = duckdb.connect()
    connection.register("all_rows", parsed)
    for _ in range(2):
        query = f"SELECT sum(i), max({ROW}) FROM all_rows"
        assert connection.execute(query).fetchall() == [(499_500, 1000)]
