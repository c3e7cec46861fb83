"""Hold-out and folds by chance: sizes, strata, copies, seeds, and what cannot be split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from tenfold.dataset import ROW
from tenfold.dataset.folds import VAL
from tenfold.metrics import Task
from tenfold.runtime import UserError, derive_seed
from tenfold.splitting import feasibility, split_report
from tenfold.splitting.shuffled import quantile_bins
from tests.tables import Parts, bytes_of, split_table, table


def split(
    y: list[Any], task: Task = "binary", metrics: tuple[str, ...] = (), seed: int = 0, **rules: Any
) -> Parts:
    n = len(y)
    colours = (["red", None] * n)[:n]
    return split_table(table(y, colour=colours), task, metrics, seed, **rules)


def test_every_row_is_in_training_or_test_in_source_order() -> None:
    parts = split(["a", "b"] * 50)
    train, test = (rows.tolist() for rows in parts.values(ROW))
    assert sorted(train + test) == list(range(2, 102))
    assert train == sorted(train)
    assert test == sorted(test)
    assert (len(train), len(test)) == (80, 20)
    assert parts.train.column_names == parts.test.column_names == [ROW, "size", "colour", "target"]


@pytest.mark.slow
@given(
    st.integers(150, 300), st.integers(2, 6), st.sampled_from([0.1, 0.2, 0.5]), st.integers(0, 9)
)
@settings(max_examples=20)
def test_classes_are_parted_as_by_scikit_learn(n: int, k: int, test_size: float, seed: int) -> None:
    y = np.random.default_rng(seed).choice(["a", "b", "c"], n, p=[0.3, 0.3, 0.4])
    parts = split(y.tolist(), "multiclass", seed=seed, n_splits=k, test_size=test_size)
    train, test = train_test_split(
        np.arange(n),
        test_size=round(n * test_size),
        stratify=y,
        random_state=derive_seed(seed, "split", "test"),
    )
    assert [rows.tolist() for rows in parts.values("size")] == [sorted(train), sorted(test)]
    reference = StratifiedKFold(k, shuffle=True, random_state=derive_seed(seed, "split", "folds"))
    own = y[np.sort(train)]
    for number, (learnt, judged) in enumerate(reference.split(own, own)):
        assert parts.folds.train(number).tolist() == learnt.tolist()
        assert parts.folds.val(number).tolist() == judged.tolist()


@pytest.mark.slow
@given(st.integers(20, 200), st.integers(2, 8), st.integers(0, 9))
@settings(max_examples=20)
def test_numbers_are_parted_as_by_scikit_learn(n: int, k: int, seed: int) -> None:
    y = np.random.default_rng(seed).normal(size=n)
    parts = split(y.tolist(), "regression", seed=seed, n_splits=k)
    train, test = train_test_split(
        np.arange(n), test_size=round(n * 0.2), random_state=derive_seed(seed, "split", "test")
    )
    assert [rows.tolist() for rows in parts.values("size")] == [sorted(train), sorted(test)]
    reference = KFold(k, shuffle=True, random_state=derive_seed(seed, "split", "folds"))
    for number, (learnt, judged) in enumerate(reference.split(train)):
        assert parts.folds.train(number).tolist() == learnt.tolist()
        assert parts.folds.val(number).tolist() == judged.tolist()


def test_classes_keep_their_shares_in_test_and_folds() -> None:
    parts = split(["rare"] * 50 + ["often"] * 200, n_splits=5)
    assert parts.report["class_counts"] == {
        "train": {"often": 160, "rare": 40},
        "test": {"often": 40, "rare": 10},
    }
    assert [int(np.sum(judged == "rare")) for _, judged in parts.sides("target")] == [8] * 5 + [10]


@pytest.mark.slow
@given(st.integers(0, 99))
@settings(max_examples=10)
def test_bins_of_a_stratified_regression_keep_their_shares(seed: int) -> None:
    y = np.random.default_rng(seed).lognormal(size=400)
    parts = split(y.tolist(), "regression", seed=seed, strategy="stratified", n_bins=4, n_splits=5)
    edges = np.quantile(y, [0.25, 0.5, 0.75])
    for _, judged in parts.sides("target"):
        counts = np.bincount(np.digitize(judged, edges), minlength=4)
        assert counts.max() - counts.min() <= 1


def test_random_folds_ask_for_no_shares() -> None:
    parts = split(["rare"] * 50 + ["often"] * 200, n_splits=5, strategy="random")
    assert parts.report["strategy"] == "random"
    assert len({int(np.sum(judged == "rare")) for _, judged in parts.sides("target")}) > 1


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_repeated_folds_validate_every_row_once_a_repeat(task: Task) -> None:
    y: list[Any] = ["a", "b"] * 50 if task == "binary" else list(np.arange(100.0))
    once = split(y, task, n_splits=4)
    parts = split(y, task, n_splits=4, n_repeats=3)
    assert parts.folds.n == 12
    repeats = parts.folds.membership.reshape(3, 4, -1)
    assert ((repeats == VAL).sum(axis=1) == 1).all()
    assert len({repeat.tobytes() for repeat in repeats}) == 3
    # The first repeat is what is drawn without repeats.
    np.testing.assert_array_equal(repeats[0], once.folds.membership)


def test_the_report_describes_the_parts() -> None:
    report = split([float(value) for value in range(22)], "regression", n_splits=4).report
    assert report == {
        "strategy": "random",
        "rows": {"train": 18, "test": 4, "left_out": 0},
        "folds": [5, 5, 4, 4],
        "learnt_from": [13, 13, 14, 14],
        "copies": 0,
        "classes": [],
        "features": {"numeric": ["size"], "categorical": ["colour"], "dates": []},
        "target": "target",
        "task": "regression",
        "positive_class": None,
    }


def test_the_seed_alone_decides() -> None:
    y = ["a", "b"] * 50
    assert split(y, seed=1).train == split(y, seed=1).train
    assert split(y, seed=1).train != split(y, seed=2).train
    rows = table(y)
    assert bytes_of(rows) == bytes_of(rows)


def test_numbers_of_whole_value_are_integer_classes() -> None:
    parts = split([2.0, 1.0, 10.0] * 40, "multiclass")
    assert parts.report["classes"] == [1, 2, 10]
    assert parts.train["target"].type == parts.test["target"].type == pa.int64()


@pytest.mark.slow
@pytest.mark.parametrize(
    "rules",
    [
        {"n_splits": 5, "n_repeats": 2},
        {"n_splits": 10, "strategy": "random"},
        {"n_splits": 5, "n_repeats": 2, "strategy": "grouped", "group": "group"},
        {"n_splits": 10, "strategy": "time", "time": "size"},
        {"strategy": "given", "column": "part"},
    ],
)
def test_folds_that_memory_could_not_hold_are_refused(
    monkeypatch: pytest.MonkeyPatch, rules: dict[str, Any]
) -> None:
    columns = {"group": np.arange(200) // 2, "part": [*"0123456789", *["test"] * 10] * 10}
    rows = table(["a", "b"] * 100, **columns)
    monkeypatch.setattr(feasibility, "MAX_FOLD_CELLS", 10 * 170)
    assert split_table(rows, **rules)
    monkeypatch.setattr(feasibility, "MAX_FOLD_CELLS", 10 * 90)
    with pytest.raises(UserError, match=r"10 folds of \d+ training rows would take .* fewer folds"):
        split_table(rows, **rules)


def test_at_least_one_row_is_held_out() -> None:
    y = list(np.arange(6.0))
    assert split(y, "regression", test_size=0.01, n_splits=2).report["rows"]["test"] == 1


# --- copies ---


@pytest.mark.slow
@given(
    st.lists(st.integers(0, 40), min_size=120, max_size=200).filter(lambda x: len(set(x)) > 25),
    st.sampled_from(["random", "stratified"]),
    st.integers(1, 2),
)
@settings(max_examples=30)
def test_copies_of_a_row_fall_on_one_side(size: list[int], strategy: str, repeats: int) -> None:
    colours = [None if value % 3 == 0 else "red" for value in size]
    rules: dict[str, Any] = {"strategy": strategy, "n_splits": 3, "n_repeats": repeats}
    rules["copies"] = "together"
    if strategy == "stratified":
        rules["n_bins"] = 2
    rows = table(np.arange(float(len(size))), size=size, colour=colours)
    parts = split_table(rows, "regression", **rules)
    assert parts.report["copies"] == len(size) - len(set(size))
    for learnt, judged in parts.sides("size"):
        assert not set(learnt) & set(judged)


def test_copies_follow_the_first_of_them_and_leave_the_others_where_they_were() -> None:
    y = ["a", "b"] * 50
    alone = split_table(table(y))
    # Copies with another label, too.
    doubled = table(
        [*y, *y[1::2], *y[::2]], size=[*range(100), *range(0, 100, 2), *range(1, 100, 2)]
    )
    parts = split_table(doubled, copies="together")
    before = [set(rows) for rows in alone.values("size")]
    assert [set(rows) for rows in parts.values("size")] == before
    for (_, judged), (_, own) in zip(alone.sides("size"), parts.sides("size"), strict=True):
        assert set(judged) == set(own)
    assert parts.report["rows"] == {"train": 160, "test": 40, "left_out": 0}


def test_too_few_different_rows_are_refused() -> None:
    rows = table([float(value) for value in range(40)], size=[0, 1, 2, 3, 4, 5, 6, 6] * 5)
    message = (
        r"10 folds .* there are 6 \(rows that are equal in all features count once\): lower "
        r"split.n_splits to 6 or less, or set split.copies: independent"
    )
    with pytest.raises(UserError, match=message):
        split_table(rows, "regression", copies="together")
    # Both cures work.
    assert split_table(rows, "regression", copies="together", n_splits=6)
    assert split_table(rows, "regression", copies="independent")


def repeated(n: int = 2000) -> Any:
    """A log of few values: what people have on their screens, and whether they bought."""
    draw = np.random.default_rng(0)
    device = draw.choice(["phone", "desktop", "tablet"], n, p=[0.6, 0.3, 0.1])
    variant = draw.choice(["A", "B"], n)
    bought = np.where(draw.random(n) < 0.05 + 0.1 * (variant == "B"), "yes", "no")
    return table(bought.tolist(), device=device, variant=variant).drop_columns(["size"])


@pytest.mark.parametrize("strategy", ["random", "stratified", "grouped"])
def test_rows_that_repeat_by_nature_are_drawn_like_any_others(strategy: str) -> None:
    rows = repeated()
    rules: dict[str, Any] = {"strategy": strategy}
    if strategy == "grouped":
        rows = rows.append_column("shop", pa.array(np.arange(2000) // 20))
        rules["group"] = "shop"
    parts = split_table(rows, **rules)
    assert parts.report["rows"]["test"] == 400
    assert parts.report["folds"] == [160] * 10
    assert (parts.report["copies"], parts.report["copies_are"]) == (1994, "independent")
    told = split_report.summary(parts.report | {"dropped_columns": {}})
    assert "scores are of rows such as were learnt from, not of new combinations" in told
    with pytest.raises(UserError, match=r"set split\.copies: independent"):
        split_table(rows, copies="together", **rules)


def test_rows_that_were_copied_stay_together_by_default() -> None:
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=(2, 100))
    y = np.where(a > 0, "yes", "no")
    rows = table([*y, *y], size=[*a, *a], width=[*b, *b])
    parts = split_table(rows, n_splits=5)
    assert (parts.report["copies"], parts.report["copies_are"]) == (100, "together")
    for learnt, judged in parts.sides("size"):
        assert not set(learnt) & set(judged)
    told = split_report.summary(parts.report | {"dropped_columns": {}})
    assert "all scores are of rows that were not learnt from" in told
    apart = split_table(rows, n_splits=5, copies="independent")
    assert apart.report["copies_are"] == "independent"
    assert any(set(learnt) & set(judged) for learnt, judged in apart.sides("size"))


# --- refusals ---


@pytest.mark.parametrize(
    ("y", "task", "rules", "message"),
    [
        (["a"] * 50, "binary", {}, "one class only, a"),
        ([1.5] * 50, "regression", {}, "one value only, 1.5"),
        (["a", "b", "c"] * 50, "binary", {}, "set task: multiclass"),
        (["a", "b"] * 50, "multiclass", {}, "set task: binary"),
        ([0.5, 1.0] * 50, "binary", {}, "such as 0.5, not classes: set task: regression"),
        (list(range(40)), "multiclass", {}, "40 different values in 40 rows"),
        (list(range(1001)) * 2, "multiclass", {}, "1001 different values"),
        (["a", "b"] * 5, "binary", {}, "10 folds need 10 training rows, but there are 8"),
        ([1.0, 2.0, 3.0], "regression", {"n_splits": 3}, "3 folds need 3 training rows"),
        (["a"] * 90 + ["b"] * 8, "binary", {}, "'b' has 6 training rows, fewer than 10 folds"),
        ([0] * 90 + [1] * 8, "binary", {}, "class 1 has 6 training rows"),
        (["a"] * 90 + ["b"], "binary", {}, "'b' has 1 row, too few"),
        (["a"] * 90 + ["b"] * 3, "binary", {"n_splits": 2, "test_size": 0.05}, "none in the test"),
        (["a", "b", "c"] * 4, "multiclass", {"test_size": 0.1}, "raise split.test_size"),
        (["a", "b", "c"] * 4, "multiclass", {"test_size": 0.9}, "lower split.test_size"),
        ([1.0, 2.0], "regression", {"test_size": 0.9}, "leaves none to train on"),
    ],
)
def test_what_cannot_be_split_is_refused(
    y: list[Any], task: Task, rules: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match="(?s)" + message.replace("(", r"\(")):
        split(y, task, **rules)


@pytest.mark.parametrize(
    ("n", "rules", "message"),
    [
        (12, {"n_splits": 10}, "r2 needs folds of 2 rows, but the smallest has 1"),
        (6, {"n_splits": 2, "test_size": 0.1}, "r2 needs 2 test rows, but there are 1"),
    ],
)
def test_a_metric_that_is_not_defined_on_a_part_is_refused(
    n: int, rules: dict[str, Any], message: str
) -> None:
    y = [float(value) for value in range(n)]
    assert split(y, "regression", ("mse",), **rules).report["rows"]["train"]
    with pytest.raises(UserError, match=message):
        split(y, "regression", ("mse", "r2"), **rules)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "column", "y", "part"),
    [
        ({"strategy": "given"}, ["a", "b", "test"] * 40, [0.0, 1.0, 2.0] * 40, "fold 0"),
        ({"strategy": "given"}, ["test", "a", "b"] * 40, [0.0, *range(1, 120)], "no"),
        ({"strategy": "given"}, ["test"] + ["a", "b"] * 20, [0.0, *range(1, 41)], "1 test row"),
        ({"strategy": "time"}, range(120), [0.0] * 80 + [*range(40)], "fold 0"),
        ({"strategy": "grouped"}, [0, 1, 2, 3] * 30, [0.0, 1.0, 2.0, 3.0] * 30, "fold|the test"),
        ({"strategy": "random", "n_splits": 40}, range(120), [0.0] * 115 + [*range(5)], "fold"),
    ],
)
def test_r2_of_a_part_with_one_target_value_is_refused(
    rules: dict[str, Any], column: Sequence[Any], y: list[float], part: str
) -> None:
    key = {"given": "column", "time": "time", "grouped": "group"}.get(rules["strategy"])
    rules = {"n_splits": 2} | rules | ({key: "column"} if key else {})
    rows = table([float(value) for value in y], column=list(column))
    assert split_table(rows, "regression", ("mse", "mae"), **rules).report["rows"]["train"]
    if part == "no":
        assert split_table(rows, "regression", ("r2",), **rules)
        return
    said = (
        "r2 needs 2 test rows" if part == "1 test row" else rf"one value only: ({part}) .* \d\.0: "
    )
    with pytest.raises(UserError, match=f"metric .*{said}"):
        split_table(rows, "regression", ("mae", "r2"), **rules)


def test_a_target_that_is_constant_up_to_rounding_is_refused() -> None:
    with pytest.raises(UserError, match=r"one value only, 0\.3"):
        split([0.1 + 0.2, 0.3] * 30, "regression")


@pytest.mark.slow
@given(
    rare=st.integers(1, 30),
    common=st.integers(120, 200),
    below=st.booleans(),
    n_splits=st.integers(2, 6),
    n_bins=st.integers(2, 12),
)
@settings(max_examples=25)
def test_stratification_keeps_the_rare_part_of_a_skewed_target_in_every_part_or_is_refused(
    rare: int, common: int, below: bool, n_splits: int, n_bins: int
) -> None:
    y = [-1.0 - value if below else 1.0 + value for value in range(rare)] + [0.0] * common
    rules: dict[str, Any] = {"n_splits": n_splits, "n_bins": n_bins}
    try:
        parts = split(y, "regression", ("mse", "r2"), strategy="stratified", **rules)
    except UserError as refusal:
        assert rare * 0.8 < n_splits + 1
        assert "set split.strategy: random" in str(refusal)
        assert split(y, "regression", ("mse",), strategy="random", n_splits=n_splits)
    else:
        assert all((judged != 0).any() for _, judged in parts.sides("target"))


def test_bins_of_a_target_without_a_common_value_are_quantiles_alone() -> None:
    y = np.array([0.0] * 40 + [float(value) for value in range(60)])
    edges = np.unique(np.quantile(y, np.linspace(0, 1, 11)[1:-1]))
    np.testing.assert_array_equal(quantile_bins(y, 10), np.searchsorted(edges, y, side="right"))


@pytest.mark.parametrize("strategy", ["time", "given"])
def test_folds_that_validate_one_class_alone_are_refused(strategy: str) -> None:
    y = ["a"] * 10 + ["b"] * 110
    parts = ["train"] * 30 + ["u"] * 30 + ["v"] * 30 + ["test"] * 30
    rows = table(y, key=list(range(120)) if strategy == "time" else parts)
    rules: dict[str, Any] = (
        {"time": "key", "n_splits": 3} if strategy == "time" else {"column": "key"}
    )
    with pytest.raises(UserError, match="the folds validate are of class 'b', so no score tells"):
        split_table(rows, "binary", ("accuracy",), strategy=strategy, **rules)


def test_a_class_that_the_test_lacks_is_said() -> None:
    y = ["a", "b"] * 40 + ["b"] * 40
    rows = table(y, key=list(range(120)))
    parts = split_table(rows, "binary", ("accuracy",), strategy="time", time="key", n_splits=3)
    said = split_report.summary({"dropped_columns": {}, **parts.report})
    assert "class a: 40 to train on, 0 for the test: test scores say nothing of it" in said


def test_a_class_of_copies_is_rarer_than_it_looks() -> None:
    rows = table(["a"] * 60 + ["b"] * 60, size=[*range(60), *range(60, 66)] + [99] * 54)
    with pytest.raises(
        UserError, match=r"'b' has 6 training rows \(rows that are equal in all features count once"
    ):
        split_table(rows, n_splits=8, copies="together")
    assert split_table(rows, n_splits=6, copies="together")


def test_a_bin_rarer_than_the_folds_is_refused() -> None:
    y = [float(value) for value in range(50)]
    with pytest.raises(UserError, match="quantile bin 0 of the target has 4 training rows"):
        split(y, "regression", strategy="stratified", n_bins=10, n_splits=5)


def test_a_class_rarer_than_random_folds_is_refused() -> None:
    with pytest.raises(UserError, match=r"'b' has \d training rows, fewer than 10 folds"):
        split(["a"] * 90 + ["b"] * 8, strategy="random")


def test_a_fold_that_learns_nothing_of_a_class_is_refused() -> None:
    y = ["a", "b"] * 20 + ["c"] * 20
    size = [*range(40), *[99] * 20]
    with pytest.raises(UserError, match="no row of class 'c' to learn from"):
        split_table(
            table(y, size=size), "multiclass", strategy="random", n_splits=3, copies="together"
        )
