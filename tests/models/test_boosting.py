"""The families of boosting libraries: native columns, rounds, files, and rows that are odd."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tenfold import models
from tenfold.metrics import Task
from tenfold.models import Configuration, Diverged, Fold, FoldPredictions, catboost
from tenfold.models.shared import bag, boosting_family
from tenfold.models.shared.bag import Bag
from tenfold.models.shared.boosting_family import Asked, Rows, stopped
from tenfold.runtime import UserError
from tests.models.cases import TASKS, data, folds, parameters, setting
from tests.project import files_below

FAMILIES = ["catboost", "lightgbm"]
CASES = [(family, task) for family in FAMILIES for task in TASKS]
SEEDS = (1, 2, 3)


def grown(
    family: str, task: Task, parts: list[Fold] | None = None, **changes: Any
) -> FoldPredictions:
    parts = folds(family, task) if parts is None else parts
    asked = [Configuration(parameters(family, **changes), SEEDS[: len(parts)])]
    [found] = models.family(family).predict_folds(asked, parts, setting(task))
    assert isinstance(found, FoldPredictions), found
    return found


# --- rounds ---


@pytest.mark.slow
@pytest.mark.parametrize(("family", "task"), CASES)
def test_no_fold_chooses_its_rounds_by_its_own_validation_rows(family: str, task: Task) -> None:
    changes: Any = {"n_estimators": 60, "early_stopping_rounds": 10}
    usual = grown(family, task, **changes)
    assert usual.epochs is not None
    for number in range(3):
        parts = folds(family, task)
        own = parts[number]
        parts[number] = replace(own, y_val=np.random.default_rng(3).permutation(own.y_val))
        found = grown(family, task, parts, **changes)
        assert found.epochs is not None
        assert found.epochs[number] == usual.epochs[number]
        np.testing.assert_array_equal(found.predictions[number], usual.predictions[number])


OWN = np.eye(3, dtype=bool)


def test_a_fold_stops_where_the_mean_of_the_others_is_best() -> None:
    curves = np.array([[5.0, 1.0, 5.0, 5.0], [5.0, 4.0, 3.0, 5.0], [5.0, 4.0, 3.0, 5.0]])
    assert stopped(curves, OWN, 9, last=True) == [3, 2, 2]


def test_folds_grow_on_until_every_curve_has_had_its_patience() -> None:
    curves = np.array([[3.0, 2.0, 4.0, 4.0], [3.0, 2.0, 4.0, 4.0], [3.0, 1.0, -2.0, -9.0]])
    assert stopped(curves[:, :3], OWN, 2, last=True) == [3, 3, 2]
    assert stopped(curves[:, :3], OWN, 2, last=False) is None
    assert stopped(curves, OWN, 2, last=False) is None
    worse = np.hstack([curves, np.full((3, 2), 9.0)])
    assert stopped(worse, OWN, 2, last=False) == [4, 4, 2]


def test_what_comes_behind_the_patience_of_a_curve_does_not_count() -> None:
    curves = np.array([[2.0, 3.0, 3.0, 1.0]] * 3)
    assert stopped(curves, OWN, 2, last=False) == [1, 1, 1]


def test_a_single_fold_stops_by_its_own_curve_and_says_so() -> None:
    assert stopped(np.array([[2.0, 1.0, 3.0]]), np.eye(1, dtype=bool), 9, last=True) == [2]
    found = grown("lightgbm", "binary", folds("lightgbm", "binary")[:1])
    assert found.findings == [
        "no other fold validates other rows than fold 0: its own rows chose its rounds, which "
        "flatters its score: make two folds or more that share no rows"
    ]
    assert grown("lightgbm", "binary").findings == []


# --- columns ---


@pytest.mark.parametrize(("family", "task"), CASES)
def test_missing_numbers_and_categories_are_the_librarys_own_to_split_on(
    family: str, task: Task
) -> None:
    """The target is a set of categories, and whether a number is missing: no order tells."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=400), rng.integers(0, 12, 400).astype(float)])
    X[rng.random(400) < 0.4, 0] = np.nan
    y: Any = np.isnan(X[:, 0]) ^ np.isin(X[:, 1], [0, 3, 5, 8, 10])
    y = y.astype(float) if task == "regression" else y.astype(int)
    chosen = replace(setting(task), n_numeric=1, n_codes=1)
    asked = parameters(family, n_estimators=60, learning_rate=0.2)
    model = models.family(family).fit(asked, X[:300], y[:300], 0, chosen, None)
    later = X[300:].copy()
    answers = model.predict([later])
    classes = answers > 0.5 if task == "regression" else answers.argmax(axis=1)
    assert np.mean(classes == y[300:]) > 0.85
    # Of a category that no training row had, codes are NaN.
    later[:, 1] = np.nan
    assert np.isfinite(model.predict([later])).all()
    assert np.isfinite(model.predict([np.full((2, 2), np.nan)])).all()


@pytest.mark.parametrize(("family", "task"), CASES)
def test_rows_of_categories_alone_or_of_missing_values_alone_are_learnt_from(
    family: str, task: Task
) -> None:
    X, y = data(task)
    codes = np.floor(X[:, :2] * 2) + 20
    chosen = replace(setting(task), n_numeric=0, n_codes=2)
    model = models.family(family).fit(parameters(family), codes, y, 0, chosen, 8)
    assert np.isfinite(model.predict([codes])).all()
    assert len(np.unique(model.predict([codes]))) > 2
    missing = np.where(X > 0.3, np.nan, 1.0)
    model = models.family(family).fit(parameters(family), missing, y, 0, setting(task), 8)
    assert len(np.unique(model.predict([missing]))) > 2


@pytest.mark.parametrize(("family", "task"), CASES)
def test_wide_values_and_targets_lose_no_digits(family: str, task: Task) -> None:
    """Libraries hold targets in single precision, of which time stamps would lose a minute."""
    X, y = data(task)
    usual = models.family(family).fit(parameters(family), X, y, 0, setting(task), 8)
    if task == "regression":
        far = models.family(family).fit(parameters(family), X, y + 1e9, 0, setting(task), 8)
        np.testing.assert_allclose(far.predict([X]) - 1e9, usual.predict([X]), rtol=0.01)
    X[:2, 0] = 1e300, -1e300
    model = models.family(family).fit(parameters(family), X, y, 0, setting(task), 8)
    assert np.isfinite(model.predict([X])).all()


# --- odd rows ---


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_class_that_no_training_row_of_a_fold_has_is_improbable(
    family: str, task: Task, tmp_path: Path
) -> None:
    parts = folds(family, task)
    own = parts[0]
    kept = own.y_train != 1
    parts[0] = replace(own, X_train=own.X_train[kept], y_train=own.y_train[kept])
    asked = [Configuration(parameters(family, n_estimators=20), SEEDS)]
    [found] = models.family(family).predict_folds(asked, parts, setting(task))
    if isinstance(found, Diverged):
        assert task == "binary"
        assert re.search("rows of two classes, but all .* of one: choose another", str(found))
    else:
        prediction, *others = found.predictions
        assert prediction[:, 1].max() < 0.1
        assert min(other[:, 1].max() for other in others) > 0.5
        assert found.bag is not None
        found.bag.save(tmp_path)
        again = bag.load(tmp_path, models.family(family))
        inputs = [own.X_val[:5] for own in parts]
        np.testing.assert_array_equal(again.predict(inputs), found.bag.predict(inputs))


@pytest.mark.parametrize(("family", "task"), CASES)
def test_nothing_to_split_on_is_the_mean_or_refused_in_words(family: str, task: Task) -> None:
    parts = [replace(fold, X_train=np.ones_like(fold.X_train)) for fold in folds(family, task)]
    asked = [Configuration(parameters(family), SEEDS)]
    [found] = models.family(family).predict_folds(asked, parts, setting(task))
    if isinstance(found, Diverged):
        assert re.search(r"cannot be fitted to \d+ rows: .*: .* models\.", str(found))
        X, y = data(task)
        with pytest.raises(UserError, match=r"all training rows: .* models"):
            models.family(family).fit(parameters(family), np.ones_like(X), y, 0, setting(task), 4)
    else:
        for prediction in found.predictions:
            np.testing.assert_allclose(prediction, prediction[:1].repeat(len(prediction), 0))


@pytest.mark.parametrize("family", FAMILIES)
def test_balanced_classes_are_as_probable_as_others(family: str) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), (np.arange(300) % 10 == 0).astype(int)
    means = [
        models.family(family)
        .fit(parameters(family, class_weight=weight), X, y, 0, setting("binary"), 8)
        .predict([X])[:, 1]
        .mean()
        for weight in (None, "balanced")
    ]
    assert means[1] > means[0] + 0.15


# --- the library and its files ---


@pytest.mark.slow
@pytest.mark.parametrize(("family", "task"), CASES)
def test_the_number_of_folds_that_grow_at_once_changes_no_byte(
    family: str, task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for workers in (1, 3):
        monkeypatch.setattr(boosting_family, "_workers", lambda n, device, w=workers: w)
        (tmp_path / str(workers)).mkdir()
        found = grown(family, task)
        assert isinstance(found.bag, Bag)
        found.bag.save(tmp_path / str(workers))
    assert files_below(tmp_path / "1") == files_below(tmp_path / "3")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_number_of_openmp_threads_changes_no_digit_of_a_curve(family: str) -> None:
    """Threads add the losses of the rows in another order, and a curve chooses the rounds."""

    def losses(threads: int) -> list[float]:
        with threadpool_limits(threads, user_api="openmp"):
            growing = models.family(family).start(asked)  # type: ignore[attr-defined]
            growing.grow(20)
        growing.stop()
        return [*growing.train_losses, *growing.val_losses]

    X, y = data("binary", n=2000)
    chosen = parameters(family, n_estimators=20)
    asked = Asked(chosen, setting("binary"), 0, Rows(X, y, None), Rows(X[1::2], y[1::2], None))
    # A new thread is told what LightGBM is told first in each.
    found = [ThreadPoolExecutor(1).submit(losses, threads).result() for threads in (1, 2)]
    assert found[0] == found[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_models_file_holds_trees_and_no_settings_times_or_paths(
    family: str, tmp_path: Path
) -> None:
    X, y = data("binary")
    models.family(family).fit(parameters(family), X, y, 0, setting("binary"), 4).save(tmp_path)
    for path in tmp_path.iterdir():
        found = path.read_bytes().lower()
        assert not re.search(rb"thread|time|guid|/tmp|/home|seed", found), path.name


@pytest.mark.parametrize("family", FAMILIES)
def test_a_loaded_model_is_saved_as_it_was_and_says_nothing(
    family: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bags: list[Any] = [grown(family, "binary", n_estimators=5).bag]
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        bags[-1].save(folder)
        bags.append(bag.load(folder, models.family(family)))
    assert files_below(tmp_path / "0") == files_below(tmp_path / "1")
    assert files_below(tmp_path / "0") == files_below(tmp_path / "2")
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("family", FAMILIES)
def test_a_library_that_cannot_be_imported_is_named_before_any_training(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = data("binary")
    models.family(family).fit(parameters(family), X, y, 0, setting("binary"), 1).save(tmp_path)
    monkeypatch.setitem(sys.modules, family, None)
    with pytest.raises(UserError, match=f"needs the package {family}.*pip install {family}"):
        models.family(family).check(parameters(family), setting("binary"), None)
    with pytest.raises(UserError, match=f"the model needs the package {family}.*pip install"):
        models.family(family).load(tmp_path)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_served_model_needs_its_own_library_alone(family: str) -> None:
    assert models.requirements(family) == (family,)
    assert models.requirements("linear") == ()


def test_defaults_depend_on_the_task() -> None:
    chosen = models.parameters("lightgbm")
    assert chosen.defaults("binary")["num_leaves"] == 50
    assert chosen.defaults("regression")["num_leaves"] == 100
    assert chosen.defaults("regression")["max_bin"] == 255
    assert parameters("lightgbm", num_leaves=7).booster_options("binary")["num_leaves"] == 7


def test_catboost_tries_a_share_of_very_many_columns() -> None:
    for n_columns, share in ((10, 1.0), (1000, 1.0), (4000, 0.25), (100_000, 0.05)):
        rows = Rows(np.zeros((2, n_columns)), np.arange(2), None)
        asked = Asked(parameters("catboost"), setting("binary"), 0, rows)
        assert catboost.options(asked)["rsm"] == share
        given = replace(asked, parameters=parameters("catboost", rsm=0.5))
        assert catboost.options(given)["rsm"] == 0.5


@pytest.mark.parametrize("task", TASKS)
def test_lightgbm_is_lightgbms_own(task: Task) -> None:
    import lightgbm

    X, y = data(task)
    chosen = parameters("lightgbm", n_estimators=12, min_data_in_leaf=5)
    found = models.family("lightgbm").fit(chosen, X, y, 3, setting(task), None)
    options: dict[str, Any] = {
        "objective": task,
        "num_class": 4 if task == "multiclass" else 1,
        "learning_rate": 0.2,
        "num_leaves": 100 if task == "regression" else 50,
        "bagging_fraction": 0.7 if task == "regression" else 0.75,
        "bagging_freq": 1,
        "min_data_in_leaf": 5,
        "min_sum_hessian_in_leaf": 1e-7,
        "seed": 3,
        "num_threads": 1,
        "force_row_wise": True,
        "deterministic": True,
        "verbosity": -1,
    }
    scaled = (y - y.mean()) / y.std() if task == "regression" else y
    own = lightgbm.train(options, lightgbm.Dataset(X, scaled), 12).predict(X)
    answer = found.predict([X])
    if task == "regression":
        own = own * y.std() + y.mean()
    elif task == "binary":
        answer = answer[:, 1]
    np.testing.assert_allclose(answer, own, rtol=1e-12)
