"""Hold-out and folds of whole groups: none on both sides, rows and classes as alike as can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from tenfold.metrics import Task
from tenfold.runtime import UserError
from tenfold.splitting import split_report
from tests.tables import Parts, bytes_of, split_table, table

GROUPS = st.lists(st.integers(0, 30), min_size=60, max_size=200).filter(lambda g: len(set(g)) > 9)


def split(groups: Any, y: Any, task: Task = "regression", **rules: Any) -> Parts:
    rows = table(y, patient=[f"p{group}" for group in groups], **rules.pop("columns", {}))
    return split_table(rows, task, strategy="grouped", group="patient", **rules)


def numbers(groups: Any) -> list[float]:
    return [float(value) for value in range(len(groups))]


@pytest.mark.slow
@given(GROUPS, st.integers(2, 5), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=40)
def test_no_group_is_on_both_sides_and_every_row_is_validated_once_a_repeat(
    groups: list[int], k: int, repeats: int, seed: int
) -> None:
    parts = split(groups, numbers(groups), n_splits=k, n_repeats=repeats, seed=seed)
    for learnt, judged in parts.sides("patient"):
        assert len(learnt) and len(judged)
        assert not set(learnt) & set(judged)
    validated = (parts.folds.membership == 2).reshape(repeats, k, -1)
    assert (validated.sum(axis=1) == 1).all()
    assert ((parts.folds.membership == 1) | (parts.folds.membership == 2)).all()


@pytest.mark.slow
@given(GROUPS, st.integers(0, 99))
@settings(max_examples=30)
def test_groups_that_hold_copies_of_one_row_are_on_one_side(groups: list[int], seed: int) -> None:
    # The first two groups share a row.
    one, other = sorted(set(groups))[:2]
    size = numbers(groups)
    size[groups.index(other)] = size[groups.index(one)]
    parts = split(groups, numbers(groups), n_splits=3, seed=seed, columns={"size": size})
    for column in ("patient", "size"):
        for learnt, judged in parts.sides(column):
            assert not set(learnt) & set(judged)


def unevenness(labels: NDArray[Any], y: NDArray[Any]) -> float:
    """The largest difference between two folds' shares of a class."""
    counts = [[np.sum((labels == fold) & (y == c)) for fold in np.unique(labels)] for c in "ab"]
    shares = np.array(counts) / np.sum(counts, axis=1, keepdims=True)
    return float(np.max(shares.max(axis=1) - shares.min(axis=1)))


def uneven(n_groups: int, seed: int) -> tuple[float, float]:
    """Of our folds and of scikit-learn's."""
    rng = np.random.default_rng(seed)
    # Some groups are large, and a group leans to one class.
    groups = rng.choice(n_groups, 2000, p=rng.dirichlet(np.ones(n_groups)))
    leaning = rng.beta(1, 3, n_groups)
    y = np.where(rng.random(2000) < leaning[groups], "b", "a")
    parts = split(groups, y, "binary", n_splits=5, seed=seed)
    test = parts.report["class_counts"]["test"]
    for label in "ab":
        assert test[label] / np.sum(y == label) == pytest.approx(0.2, abs=0.06)
    train, own = parts.train["patient"].to_numpy(), parts.train["target"].to_numpy()
    found, reference = np.empty((2, len(own)))
    for number in range(5):
        found[parts.folds.val(number)] = number
    rival = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    for number, (_, judged) in enumerate(rival.split(own, own, train)):
        reference[judged] = number
    return unevenness(found, own), unevenness(reference, own)


@pytest.mark.slow
@pytest.mark.parametrize("n_groups", [25, 200])
def test_classes_keep_their_shares_as_well_as_scikit_learn_makes_them(n_groups: int) -> None:
    ours, reference = np.mean([uneven(n_groups, seed) for seed in range(10)], axis=0)
    assert ours <= reference


def test_many_small_groups_are_dealt_evenly() -> None:
    groups = np.random.default_rng(0).permutation(np.arange(20_000) // 2)
    y = np.where(np.arange(20_000) % 10 == 0, "b", "a")
    parts = split(groups, y, "binary")
    assert parts.report["rows"] == {"train": 16_000, "test": 4000, "left_out": 0}
    assert max(parts.report["folds"]) - min(parts.report["folds"]) <= 2
    rare = [int(np.sum(judged == "b")) for _, judged in parts.sides("target")]
    assert max(rare[:-1]) - min(rare[:-1]) <= 2
    assert rare[-1] == pytest.approx(400, abs=2)


def test_a_giant_group_does_not_unbalance_the_rest() -> None:
    groups = [0] * 500 + list(range(1, 501))
    parts = split(groups, numbers(groups), n_splits=2, test_size=0.3)
    assert parts.report["rows"]["test"] == 300
    assert sorted(parts.report["folds"]) == [200, 500]


def test_the_group_is_no_feature_but_stays_in_the_parts() -> None:
    parts = split([1, 2, 3, 4] * 5, numbers(range(20)), n_splits=2)
    assert parts.report["features"] == {"numeric": ["size"], "categorical": [], "dates": []}
    assert "patient" in parts.train.column_names
    assert parts.report["groups"] == {"train": 3, "test": 1}


def test_beside_a_dominating_group_enough_are_left_to_train_on() -> None:
    groups = [*"bcdefghi", *("a" * 52)]
    parts = split(groups, numbers(groups), n_splits=5)
    assert parts.report["groups"] == {"train": 5, "test": 4}
    assert sorted(parts.report["folds"]) == [1, 1, 1, 1, 52]


def test_a_group_that_makes_folds_uneven_is_named() -> None:
    even = split([1, 2, 3, 4, 5, 6] * 20, numbers(range(120)), n_splits=4).report
    assert "alone" not in split_report.summary(even | {"dropped_columns": {}})
    one = ["a"] * 80 + [f"b{i}" for i in range(40)]
    report = split(one, numbers(one), n_splits=4).report
    assert report["largest_group"] == {"name": "pa", "rows": 80}
    told = split_report.summary(report | {"dropped_columns": {}})
    assert "note: group 'pa' alone has 80 rows: folds beside its own are small" in told


def test_the_seed_alone_decides() -> None:
    groups = np.random.default_rng(0).choice(40, 300)
    made = [split(groups, numbers(groups), n_splits=3, seed=seed) for seed in (1, 1, 2)]
    assert made[0].test == made[1].test != made[2].test
    rows = table(numbers(groups), patient=groups)
    rules = {"strategy": "grouped", "group": "patient", "n_splits": 3}
    assert bytes_of(rows, "regression", **rules) == bytes_of(rows, "regression", **rules)


@pytest.mark.parametrize(
    ("groups", "columns", "rules", "message"),
    [
        (["x"] * 30, {}, {}, "has one group only, but training and test need one each"),
        ([*"abcde"] * 6, {}, {"n_splits": 5}, "5 folds need 5 groups to train on, but there are 4"),
        (
            [*"abcde"] * 6,
            {"size": [0, 1, 2, 3, 4] * 5 + [0] * 5},
            {"n_splits": 5, "copies": "together"},
            "one group only, since groups that hold equal rows .* set split.copies: independent",
        ),
        (["a", "b", None] * 10, {}, {}, r"'patient' .* is empty in 10 rows \(first: line 4"),
        (["a", "b", "  "] * 10, {}, {}, "reject such rows with clean.require"),
    ],
)
def test_groups_that_cannot_be_split_are_refused(
    groups: list[Any], columns: dict[str, Any], rules: dict[str, Any], message: str
) -> None:
    rows = table(numbers(groups), patient=groups, **columns)
    with pytest.raises(UserError, match=message):
        split_table(rows, "regression", strategy="grouped", group="patient", **rules)


def test_a_column_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match="no column 'patent'; did you mean 'patient'"):
        split_table(
            table(numbers(range(30)), patient=["a", "b"] * 15),
            "regression",
            strategy="grouped",
            group="patent",
        )


def test_a_table_of_a_group_and_a_target_is_refused() -> None:
    rows = table(numbers(range(30)), patient=["a", "b"] * 15).drop_columns(["size"])
    with pytest.raises(UserError, match="no feature column is left beside 'patient'"):
        split_table(rows, "regression", strategy="grouped", group="patient")


def test_a_class_that_one_group_alone_holds_is_refused() -> None:
    groups = [value // 10 for value in range(100)]
    y = ["b" if group == 0 else "a" for group in groups]
    with pytest.raises(UserError, match="class 'b'"):
        split(groups, y, "binary", n_splits=3)
