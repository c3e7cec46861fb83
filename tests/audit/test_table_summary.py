"""One pass over a table: what is counted and fingerprinted, against pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.audit import audited_column, table_summary
from tenfold.dataset import FOLD, ROW


def read(
    table: Any, in_test: Any = None, is_class: bool = True, **more: Any
) -> table_summary.TableSummary:
    mask = np.arange(table.num_rows) % 4 == 0 if in_test is None else in_test
    given: dict[str, Any] = {"whole": (), "seed": 0} | more
    return table_summary.read(table, "y", is_class, mask, **given)


def table(n: int, /, **columns: Any) -> Any:
    return pa.table({ROW: np.arange(n), **columns, "y": np.arange(n) % 3})


value = st.none() | st.integers(0, 3)


@pytest.mark.slow
@given(st.lists(st.tuples(value, st.none() | st.sampled_from("abc")), min_size=2, max_size=40))
def test_fingerprints_are_equal_exactly_for_equal_rows(rows: list[tuple[Any, Any]]) -> None:
    numbers, words = (list(part) for part in zip(*rows, strict=True))
    made = table(len(rows), n=pa.array(numbers, pa.int64()), w=pa.array(words, pa.string()))
    found = read(made).fingerprints
    expected = pd.DataFrame({"n": numbers, "w": words}).groupby(["n", "w"], dropna=False).ngroup()
    for one in range(len(rows)):
        assert np.array_equal(found == found[one], expected == expected[one])


def test_equal_values_in_other_columns_are_other_rows() -> None:
    made = table(4, a=[1.0, 2.0, None, 0.0], b=[2.0, 1.0, 0.0, None])
    assert len(set(read(made).fingerprints.tolist())) == 4


def test_minus_nought_is_nought() -> None:
    found = read(table(4, a=[0.0, -0.0, 1.0, -1.0])).fingerprints
    assert found[0] == found[1]


def test_the_row_number_the_fold_and_the_target_are_no_features() -> None:
    made = table(8, a=np.zeros(8)).append_column(FOLD, pa.array([0] * 8))
    summary = read(made)
    assert [one.name for one in summary.columns] == ["a"]
    assert len(set(summary.fingerprints.tolist())) == 1


def test_the_sample_holds_all_rows_of_a_small_table_training_rows_first() -> None:
    words = pa.array(["x", None, "y", "x"] * 5)
    summary = read(table(20, n=np.arange(20.0), w=words))
    assert summary.n_train == 15
    assert summary.sample[:3].tolist() == [1, 2, 3]
    assert summary.sample[15:].tolist() == [0, 4, 8, 12, 16]
    number, word = summary.columns
    assert np.array_equal(number.values, summary.sample)
    shown = [None if np.isnan(code) else word.labels[int(code)] for code in word.values]
    assert shown == [words[int(row)].as_py() for row in summary.sample]


def test_a_large_table_is_sampled_by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_summary, "MAX_SAMPLE_ROWS", 30)
    made = table(1000, n=np.arange(1000.0))
    one, same, other = (read(made, seed=seed) for seed in (0, 0, 1))
    assert one.n_train == 30 and len(one.sample) == 60
    assert np.array_equal(one.sample, same.sample)
    assert not np.array_equal(one.sample, other.sample)
    assert np.array_equal(one.columns[0].values, one.sample)


def test_batches_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    made = table(500, n=pa.array([*range(499), None]), w=[f"w{row % 90}" for row in range(500)])
    whole = read(made)
    monkeypatch.setattr(table_summary, "BATCH_ROWS", 64)
    pieces = read(made)
    assert np.array_equal(whole.fingerprints, pieces.fingerprints)
    for one, other in zip(whole.columns, pieces.columns, strict=True):
        assert (one.present, one.distinct, one.labels) == (
            other.present,
            other.distinct,
            other.labels,
        )
        assert np.array_equal(one.values, other.values, equal_nan=True)


def test_distinct_values_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 40_000
    columns = {
        "ids": np.arange(n),
        "half": np.arange(n) // 2,
        "one": np.ones(n),
        "none": pa.array([None] * n, pa.string()),
        "two": pa.array(["a", None, "b", None] * (n // 4)),
    }
    exact = [one.distinct for one in read(table(n, **columns)).columns]
    assert exact == [n, n // 2, 1, 0, 2]
    monkeypatch.setattr(audited_column, "MAX_EXACT_DISTINCT", 1 << 12)
    rough = [one.distinct for one in read(table(n, **columns)).columns]
    assert rough[2:] == [1, 0, 2]
    assert rough[:2] == [pytest.approx(n, rel=0.1), pytest.approx(n / 2, rel=0.1)]


@pytest.mark.parametrize("labels", [["b", "a"], [1, 0], [1.0, 0.0]])
def test_classes_are_coded_in_order(labels: list[Any]) -> None:
    made = table(6, a=np.zeros(6)).set_column(2, "y", pa.array(labels * 3))
    summary = read(made)
    assert summary.classes == tuple(sorted(labels))
    assert summary.y.tolist() == [1, 0] * 3
    assert not any(isinstance(label, float) for label in summary.classes)


def test_declared_columns_are_read_whole_in_the_order_of_their_values() -> None:
    made = table(4, when=pa.array(["2020-02-01", None, "2019-01-01", "2020-02-01"]))
    assert read(made, whole=("when",)).whole["when"].tolist() == [1, -1, 0, 1]
