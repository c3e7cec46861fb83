"""Target encoding that does not tell a model the targets it is to learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import TargetEncoder

from tenfold import preprocessing, runtime
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.metrics import Array
from tenfold.params import Categorical, Preprocessing
from tenfold.preprocessing.target_encoding import TargetEncoding
from tenfold.tuning import cross_validation

TARGET = Preprocessing(categorical=Categorical(encode="target"))
TASKS = ("regression", "binary", "multiclass")


def colours(n: int = 200, kinds: int = 12, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {name: rng.integers(kinds, size=n).astype(str).astype(object) for name in ("a", "b")}
    )


def target(task: str, n: int = 200, seed: int = 1) -> NDArray[np.generic]:
    rng = np.random.default_rng(seed)
    if task == "regression":
        # Whole numbers: a target of few values is still no class.
        return rng.integers(5, size=n).astype(np.float64)
    return rng.integers(2 if task == "binary" else 4, size=n)


def reference(task: str, seed: int) -> Any:
    splitter = (KFold if task == "regression" else StratifiedKFold)(
        5, shuffle=True, random_state=seed
    )
    kind = "continuous" if task == "regression" else task
    return TargetEncoder(target_type=kind, cv=splitter)


@pytest.mark.parametrize("task", TASKS)
def test_training_rows_and_later_ones_are_encoded_as_scikit_learn_does(task: str) -> None:
    X, y = colours(), target(task)
    own, theirs = TargetEncoding(task, seed=3), reference(task, 3)
    np.testing.assert_array_equal(own.fit_transform(X, y), theirs.fit_transform(X, y))
    later = pd.concat([colours(seed=5), pd.DataFrame({"a": ["new"], "b": ["3"]})])
    np.testing.assert_array_equal(own.transform(later), theirs.transform(later))
    assert own.transform(later).shape == (201, 8 if task == "multiclass" else 2)


def test_a_category_is_the_mean_target_of_its_rows_drawn_to_that_of_all() -> None:
    """The empirical Bayes estimate of Micci-Barreca (2001), from its formula."""
    X, y = colours()[["a"]], target("regression")
    encoder = TargetEncoding("regression").fit(X, y)
    for kind in sorted(set(X["a"])):
        own = y[(X["a"] == kind).to_numpy()].astype(np.float64)
        share = len(own) / (len(own) + own.var() / y.var())
        [[found]] = encoder.transform(pd.DataFrame({"a": [kind]}))
        assert found == pytest.approx(share * own.mean() + (1 - share) * y.mean())
    assert encoder.transform(pd.DataFrame({"a": ["new"]})).item() == pytest.approx(y.mean())


def r2(X: Array, y: NDArray[np.generic]) -> float:
    return float(LinearRegression().fit(X, y).score(X, y))


def test_noise_of_many_categories_promises_nothing_in_training() -> None:
    rng = np.random.default_rng(0)
    noise = pd.DataFrame({"id": rng.integers(400, size=1000).astype(str).astype(object)})
    y = rng.normal(size=1000)
    encoder = TargetEncoding("regression", seed=0)
    honest = encoder.fit_transform(noise, y)
    naive = encoder.transform(noise)
    assert r2(naive, y) > 0.3  # What a model would be told if rows were encoded by themselves.
    assert r2(honest, y) < 0.01


@settings(max_examples=25)
@given(st.integers(0, 199), st.floats(-1e3, 1e3), st.integers(0, 2**31 - 1))
def test_no_training_row_is_encoded_by_its_own_target(row: int, value: float, seed: int) -> None:
    X, y = colours(), target("regression")
    changed = y.astype(np.float64).copy()
    changed[row] = value
    before = TargetEncoding("regression", seed).fit_transform(X, y)
    after = TargetEncoding("regression", seed).fit_transform(X, changed)
    np.testing.assert_array_equal(after[row], before[row])


def test_rare_categories_share_a_mean() -> None:
    X = pd.DataFrame({"a": np.array(["x"] * 8 + ["y"] * 8 + ["u", "v", "w"], dtype=object)})
    y = np.array([0.0] * 8 + [4.0] * 8 + [9.0, 10.0, 11.0])
    for bucket in ({"min_frequency": 2}, {"max_categories": 3}):
        encoder = TargetEncoding("regression", **bucket).fit(X, y)
        u, v, w = encoder.transform(pd.DataFrame({"a": ["u", "v", "w"]}))[:, 0]
        assert u == v == w > 8
    apart = TargetEncoding("regression").fit(X, y)
    assert len(np.unique(apart.transform(X))) == 5


@pytest.mark.parametrize("task", TASKS)
def test_a_single_category_says_nothing_not_even_by_its_inner_folds(task: str) -> None:
    X = pd.DataFrame({"a": ["only"] * 60, "b": ["u", "v", "w"] * 20})
    encoded = TargetEncoding(task).fit_transform(X, target(task, 60))
    width = encoded.shape[1] // 2
    assert (encoded[:, :width] == encoded[0, :width]).all()
    assert (encoded[:, width:] != encoded[0, width:]).any()


@pytest.mark.parametrize("y", [[0, 1], [0, 0, 1], [0, 1, 2], [1], [0, 1, 2, 3, 4, 4]])
@pytest.mark.parametrize("task", TASKS)
def test_few_rows_are_encoded_all_the_same(task: str, y: list[int]) -> None:
    schema = Schema(task, "y", (), ("a",), (), ())  # type: ignore[arg-type]
    X = pd.DataFrame({"a": np.array(list("uvwuvw"[: len(y)]), dtype=object)})
    values = np.array(y, dtype=np.float64 if task == "regression" else np.int64)
    transformer, encoded = preprocessing.fit(schema, TARGET, X, values)
    assert np.isfinite(encoded).all()
    assert transformer.transform(X).shape == encoded.shape


# --- in cross-validation ---


def dataset(y: NDArray[np.generic]) -> Dataset:
    schema = Schema("regression", "y", (), ("a", "b"), (), ())
    return Dataset(schema, colours(), y, np.arange(200), Folds.of(np.arange(200) % 4))


def test_every_fold_learns_honestly_and_is_validated_by_all_of_its_training_rows() -> None:
    y = target("regression")
    data = dataset(y)
    assert data.folds is not None
    _, folds = cross_validation.prepare(data, TARGET, seed=11)
    for number, fold in enumerate(folds):
        train = np.isin(np.arange(200), data.folds.train(number))
        theirs = reference("regression", runtime.derive_seed(11, number))
        np.testing.assert_array_equal(fold.X_train, theirs.fit_transform(data.X[train], y[train]))
        np.testing.assert_array_equal(fold.X_val, theirs.transform(data.X[~train]))


def test_targets_of_validation_rows_change_nothing() -> None:
    y = target("regression")
    changed = y.astype(np.float64).copy()
    changed[::4] += 100
    one, two = (cross_validation.prepare(dataset(own), TARGET)[1][0] for own in (y, changed))
    np.testing.assert_array_equal(one.X_train, two.X_train)
    np.testing.assert_array_equal(one.X_val, two.X_val)


def test_another_seed_draws_other_inner_folds() -> None:
    data = dataset(target("regression"))
    one, again, other = (cross_validation.prepare(data, TARGET, seed=s)[1][0] for s in (1, 1, 2))
    np.testing.assert_array_equal(one.X_train, again.X_train)
    assert not np.array_equal(one.X_train, other.X_train)
    np.testing.assert_array_equal(one.X_val, other.X_val)
