"""Hold-out and folds in the order of time: nothing later is learnt from, ties are not parted."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from tenfold.dataset import ROW
from tenfold.runtime import UserError
from tests.tables import Parts, bytes_of, split_table, table

START = datetime(2024, 1, 1)


def split(when: Any, **rules: Any) -> Parts:
    rows = table(np.arange(float(len(when))), when=when)
    return split_table(rows, "regression", strategy="time", time="when", **rules)


@pytest.mark.slow
@given(
    st.lists(st.integers(0, 60), min_size=60, max_size=200).filter(lambda x: len(set(x)) > 20),
    st.integers(2, 5),
    st.integers(0, 5),
)
@settings(max_examples=60)
def test_no_row_is_learnt_from_that_is_not_earlier_by_the_gap(
    when: list[int], k: int, gap: int
) -> None:
    try:
        parts = split(when, n_splits=k, gap=gap)
    except UserError as refused:
        # Too few times for so wide a gap; without one there are always enough.
        assert gap > 0
        assert str(refused).startswith(f"split.gap: {gap} ")
        reject()
    every = np.sort(when)
    for learnt, judged in parts.sides("when"):
        assert len(learnt) and len(judged)
        assert learnt.max() < judged.min()
        assert np.sum((every > learnt.max()) & (every < judged.min())) >= gap
    # Blocks of validation follow each other and end where the training rows do.
    blocks = [judged for _, judged in parts.sides("when")[:-1]]
    for one, other in itertools.pairwise(blocks):
        assert one.max() < other.min()
    train, _ = parts.values("when")
    assert blocks[-1].max() == train.max()
    assert parts.report["rows"]["left_out"] >= gap
    assert sum(parts.report["rows"].values()) == len(when)


@pytest.mark.slow
@given(st.integers(40, 200), st.integers(2, 6), st.integers(0, 4), st.integers(0, 9))
@settings(max_examples=30)
def test_without_ties_the_folds_are_scikit_learns(n: int, k: int, gap: int, seed: int) -> None:
    n_test = round(n * 0.2)
    end = n - n_test - gap
    # The first fold must have something to learn from.
    assume(end - k * (end // (k + 1)) > gap)
    when = np.random.default_rng(seed).permutation(n)
    parts = split(when, n_splits=k, gap=gap)
    train, test = parts.values("when")
    assert sorted(test) == list(range(n - n_test, n))
    assert sorted(train) == list(range(n - n_test - gap))
    reference = TimeSeriesSplit(k, gap=gap).split(np.sort(train))
    found = [(sorted(learnt), sorted(judged)) for learnt, judged in parts.sides("when")]
    assert found[:-1] == [(learnt.tolist(), judged.tolist()) for learnt, judged in reference]


def test_parts_keep_the_order_of_the_source() -> None:
    parts = split(np.random.default_rng(0).permutation(60), n_splits=3)
    for rows in parts.values(ROW):
        assert rows.tolist() == sorted(rows)


@pytest.mark.parametrize("form", ["date", "text", "space", "offset", "timestamp", "number"])
def test_dates_may_be_texts_timestamps_or_numbers(form: str) -> None:
    moments = [START + timedelta(hours=7 * i) for i in range(60)]
    forms: dict[str, Any] = {
        "date": [f"{START + timedelta(days=i):%Y-%m-%d}" for i in range(60)],
        "text": [moment.isoformat() for moment in moments],
        "space": [f"{moment:%Y-%m-%d %H:%M}" for moment in moments],
        "offset": [f"{moment - timedelta(hours=2):%Y-%m-%dT%H:%M:%S}-02:00" for moment in moments],
        "timestamp": pa.array(moments, pa.timestamp("us")),
        "number": np.arange(60) / 8,
    }
    parts = split(forms[form], n_splits=3)
    assert parts.values("size")[1].tolist() == list(range(48, 60))
    last = parts.report["times"]["test"][1]
    expected = {"number": 59 / 8, "date": "2024-02-29T00:00:00"}
    assert last == expected.get(form, moments[-1].isoformat())


def test_offsets_are_heeded() -> None:
    zones = ["+05:00" if i % 2 else "-05:00" for i in range(60)]
    when = [f"{START + timedelta(hours=i):%Y-%m-%dT%H:%M:%S}{zone}" for i, zone in enumerate(zones)]
    _, test = split(when, n_splits=3).values("when")
    order = sorted(when, key=lambda text: datetime.fromisoformat(text).timestamp())
    assert set(test) == set(order[-12:])


def test_a_gap_may_be_a_duration() -> None:
    days = [START + timedelta(days=i // 3) for i in range(180)]
    parts = split(pa.array(days, pa.timestamp("us")), n_splits=3, gap="7 days")
    for learnt, judged in parts.sides("when"):
        # The seven days before the first that is judged are left out.
        assert judged.min() - learnt.max() == np.timedelta64(8, "D")


def test_rows_of_one_time_are_not_parted_even_if_that_is_most_of_them() -> None:
    when = [0, 1, 2, 3, *[4] * 80, 5, 6]
    parts = split(when, n_splits=3)
    for learnt, judged in parts.sides("when"):
        assert learnt.max() < judged.min()
    assert all(parts.report["folds"])


def test_the_time_is_a_feature_if_that_is_asked_for() -> None:
    when = np.arange(60)
    assert split(when).report["features"]["numeric"] == ["size"]
    assert split(when, time_is_feature=True).report["features"]["numeric"] == ["size", "when"]


def test_nothing_is_random() -> None:
    when = np.random.default_rng(0).permutation(60) // 2
    assert split(when, seed=1).test == split(when, seed=2).test
    rows, rules = table(np.arange(60.0), when=when), {"strategy": "time", "time": "when"}
    assert bytes_of(rows, "regression", **rules) == bytes_of(rows, "regression", **rules)


@pytest.mark.parametrize(
    ("when", "rules", "message"),
    [
        (
            [1, 2, 3] * 10,
            {"n_splits": 2},
            "2 folds in time order need 4 different times.*has 3: name another column",
        ),
        (range(6), {}, "need 12 different times.*has 6: lower split.n_splits to 4 or less"),
        (range(30), {"n_splits": 3, "gap": 22}, "before the test leaves 2 different times"),
        (range(60), {"n_splits": 3, "gap": 15}, "gap: 15 leaves fold 0 no row to train on"),
        (range(60), {"gap": "7 days"}, "'7 days' needs dates, but 'when' holds numbers"),
        (["2024-01-01", "soon"] * 30, {}, "such as 2024-01-31.*line 3 of the source has 'soon'"),
        (["2024-01-01", "2024-02-30"] * 30, {}, "line 3 of the source has '2024-02-30'"),
        (["01/02/2024"] * 30, {}, "line 2 of the source has '01/02/2024'"),
        ([1.5, None] * 30, {}, r"'when' decides .* is empty in 30 rows \(first: line 3"),
    ],
)
def test_times_that_cannot_be_split_are_refused(
    when: Any, rules: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        split(list(when), **rules)


def test_a_class_that_comes_up_late_is_refused() -> None:
    rows = table(["a"] * 40 + ["b", "a"] * 30, when=np.arange(100))
    with pytest.raises(UserError, match="fold 0 has no row of class 'b' to learn from"):
        split_table(rows, "binary", strategy="time", time="when", n_splits=4)


def test_a_metric_that_needs_every_class_is_refused_where_one_is_missing() -> None:
    rows = table(["a", "b"] * 30 + ["a"] * 40, when=np.arange(100))
    rules: dict[str, Any] = {"strategy": "time", "time": "when", "n_splits": 4}
    assert split_table(rows, "binary", ("accuracy", "log_loss"), **rules).report["rows"]
    with pytest.raises(UserError, match="auroc needs every class in every fold, but fold 3"):
        split_table(rows, "binary", ("accuracy", "auroc"), **rules)
