"""The files of the parts: what a table's pieces and codes leave of it, to the byte."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenfold import splitting
from tenfold.dataset import ROW
from tenfold.params import Split
from tenfold.sources import stored_rows
from tenfold.splitting import SplitSettings, split_files
from tests.tables import bytes_of, split_table, table


def test_a_table_that_comes_in_pieces_is_parted_like_a_whole_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    y = ["a", "b"] * 50
    whole = split_table(table(y, colour=["red", None] * 50))
    monkeypatch.setattr(split_files, "MIN_ROWS", 16)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        pq.write_table(table(y, colour=(["red", None] * 50)), out / "t.parquet", row_group_size=7)
        splitting.split(out / "t.parquet", out, SplitSettings("target", "binary", Split()))
        assert pq.ParquetFile(out / "train.parquet").num_row_groups == 5
        assert pq.read_table(out / "train.parquet") == whole.train
        assert pq.read_table(out / "test.parquet") == whole.test


def test_texts_come_through_as_they_were_whether_few_or_many_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(split_files, "MIN_ROWS", 3000)
    n = 12_000
    # Every row group knows other words.
    words = [f"word {i // 2500}" if i % 7 else f"rare {i // 1000}" for i in range(n)]
    few = pa.array([None if i % 5 == 0 else word for i, word in enumerate(words)])
    many = [f"text {i:09d}" for i in range(n)]
    rows = table([f"class {i % 3}" for i in range(n)], **{"few": few, "many": many, "few.b": words})
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        pq.write_table(rows, out / "t.parquet", row_group_size=1000)
        coded = stored_rows.reader(out / "t.parquet").schema_arrow
        assert [f.name for f in coded if f.type != rows.schema.field(f.name).type] == [
            *("few", "few.b", "target")
        ]
        splitting.split(out / "t.parquet", out, SplitSettings("target", "multiclass", Split()))
        parts = [pq.read_table(out / f"{side}.parquet") for side in ("train", "test")]
    assert [part.schema for part in parts] == [rows.schema] * 2
    assert pa.concat_tables(parts).sort_by(ROW) == rows


def test_the_files_are_the_same_to_the_byte_on_one_thread_and_on_many() -> None:
    rows = table(["a", "b"] * 50, colour=["red", None] * 50)
    threads = pa.cpu_count()
    try:
        found = []
        for number in (1, 8):
            pa.set_cpu_count(number)
            found.append(bytes_of(rows))
    finally:
        pa.set_cpu_count(threads)
    assert found[0] == found[1]
    assert set(found[0]) == {"folds.parquet", "test.parquet", "train.parquet"}
