"""Text cells into a Parquet file: the same rows, the same bytes, in little memory."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenfold.sources import text_rows
from tenfold.sources.text_rows import TextRows, write_parquet

Rows = list[list[str | None]]


def stored(rows: Sequence[Sequence[str | None]], path: Path, *, ordered: bool) -> Rows:
    names = [f"c{place}" for place in range(len(rows[0]))]
    assert write_parquet(TextRows(names, iter(rows), ordered), path) == len(rows)
    return read_back(path)


def read_back(path: Path) -> Rows:
    columns = [column.to_pylist() for column in pq.read_table(path).columns]
    return [list(row) for row in zip(*columns, strict=True)]


def in_order(rows: Sequence[Sequence[str | None]]) -> Rows:
    """Missing cells before all texts, texts by their bytes."""
    keys = sorted([(cell is not None, (cell or "").encode()) for cell in row] for row in rows)
    return [[text.decode() if present else None for present, text in row] for row in keys]


TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.none() | st.text(max_size=6), min_size=width, max_size=width), min_size=1
    )
)
AGAIN = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@AGAIN
@given(rows=TABLES)
def test_rows_in_order_come_back_as_they_were(rows: Rows, tmp_path: Path) -> None:
    assert stored(rows, tmp_path / "t.parquet", ordered=True) == rows


@pytest.mark.slow
@AGAIN
@given(rows=TABLES)
def test_rows_without_order_come_back_sorted_by_all_cells(rows: Rows, tmp_path: Path) -> None:
    assert stored(rows, tmp_path / "t.parquet", ordered=False) == in_order(rows)


def test_a_missing_cell_is_no_empty_text(tmp_path: Path) -> None:
    assert stored([["", None], [None, ""]], tmp_path / "t.parquet", ordered=True) == [
        ["", None],
        [None, ""],
    ]


def test_every_column_is_text_even_when_it_holds_nothing(tmp_path: Path) -> None:
    stored([["1", None]], tmp_path / "t.parquet", ordered=False)
    assert {str(kind) for kind in pq.read_schema(tmp_path / "t.parquet").types} == {"string"}


def test_a_source_without_rows_gives_a_table_without_rows(tmp_path: Path) -> None:
    for ordered in (True, False):
        assert write_parquet(TextRows(["a", "b"], iter([]), ordered), tmp_path / "t.parquet") == 0
        assert pq.read_table(tmp_path / "t.parquet").column_names == ["a", "b"]


@pytest.mark.slow
def test_equal_rows_in_any_order_give_equal_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_rows, "MAX_CELLS", 1 << 10)
    rows: Rows = [[str(number % 97), None, str(number)] for number in range(20_000)]
    written = set()
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        assert stored(rows, tmp_path / "t.parquet", ordered=False) == in_order(rows)
        written.add((tmp_path / "t.parquet").read_bytes())
    assert len(written) == 1


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    stored([["2"], ["1"]], tmp_path / "t.parquet", ordered=False)
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_nothing_is_left_beside_the_file_when_the_source_breaks_off(tmp_path: Path) -> None:
    def rows() -> Iterator[list[str]]:
        yield ["1"]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        write_parquet(TextRows(["a"], rows(), ordered=False), tmp_path / "t.parquet")
    assert list(tmp_path.iterdir()) == []


def test_rows_are_taken_only_as_fast_as_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_rows, "MAX_CELLS", 10)
    alive, most = 0, 0

    class Cell(str):
        """A text that counts how many like it are in memory."""

        def __init__(self, _: str) -> None:
            nonlocal alive, most
            alive += 1
            most = max(most, alive)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    rows = ([Cell(str(number))] for number in range(1000))
    assert write_parquet(TextRows(["a"], rows, ordered=True), tmp_path / "t.parquet") == 1000
    assert most <= 30
