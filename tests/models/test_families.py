"""What every family promises, asked of each for each task."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tenfold import models
from tenfold.metrics import Array, Task
from tenfold.models import Configuration, Diverged, Fold, FoldPredictions
from tenfold.models.shared.scikit_family import ScikitFamily
from tenfold.runtime import UserError
from tests.models.cases import CLASSES, NETWORKS, TASKS, WIDTH, data, folds, parameters, setting

pytestmark = pytest.mark.slow

CASES = [(family, task) for family in models.names() for task in TASKS]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than these small fits."""
    with threadpool_limits(1):
        yield


def predict_folds(
    family: str, task: Task, seeds: tuple[int, ...] = (1, 2, 3), **changes: Any
) -> FoldPredictions | Diverged:
    """What one configuration answers for its folds."""
    asked = [Configuration(parameters(family, **changes), seeds)]
    [found] = models.family(family).predict_folds(asked, folds(family, task), setting(task))
    return found


def fit(family: str, task: Task, seed: int = 5, epochs: int | None = 4, **trainer: Any) -> Any:
    X, y = data(task)
    chosen = setting(task, **trainer)
    return models.family(family).fit(parameters(family), X, y, seed, chosen, epochs)


def check_prediction(prediction: Array, task: Task, n: int) -> None:
    assert prediction.dtype == np.float64
    assert np.isfinite(prediction).all()
    assert prediction.shape == ((n,) if task == "regression" else (n, len(CLASSES[task])))
    if task != "regression":
        np.testing.assert_allclose(prediction.sum(axis=1), 1, atol=1e-12)
        assert (prediction >= 0).all()


@pytest.mark.parametrize(("family", "task"), CASES)
def test_every_fold_is_predicted_row_by_row(family: str, task: Task) -> None:
    parts = folds(family, task)
    found = predict_folds(family, task)
    assert isinstance(found, FoldPredictions)
    assert len(found.predictions) == 3
    for part, prediction in zip(parts, found.predictions, strict=True):
        check_prediction(prediction, task, len(part.val))
    assert (found.bag is not None) == models.parameters(family).bagged
    if found.epochs is None:
        assert found.history == []
    else:
        assert all(1 <= epoch <= 8 for epoch in found.epochs)
        assert len(found.epochs) == 3
        assert [row["epoch"] for row in found.history] == list(range(1, len(found.history) + 1))
        assert all(set(row) >= set(models.CURVE) for row in found.history)


@pytest.mark.parametrize("family", models.names())
def test_the_labels_of_its_own_validation_rows_decide_nothing_about_a_fold(family: str) -> None:
    """Neither its epoch nor its rounds: the other folds choose them."""
    parts = folds(family, "regression")
    asked = [Configuration(parameters(family), (1, 2, 3))]
    found = []
    for y_val in (parts[1].y_val, parts[1].y_val[::-1] * 3):
        changed = [parts[0], replace(parts[1], y_val=y_val), parts[2]]
        [one] = models.family(family).predict_folds(asked, changed, setting("regression"))
        assert isinstance(one, FoldPredictions)
        found.append(one)
    np.testing.assert_array_equal(found[0].predictions[1], found[1].predictions[1])
    if found[0].epochs is not None and found[1].epochs is not None:
        assert found[0].epochs[1] == found[1].epochs[1]


@pytest.mark.parametrize("family", ["lightgbm", "mlp"])
def test_a_fold_that_no_other_can_judge_is_named(family: str) -> None:
    parts = folds(family, "regression")[:1]
    asked = [Configuration(parameters(family), (1,))]
    [found] = models.family(family).predict_folds(asked, parts, setting("regression"))
    assert isinstance(found, FoldPredictions)
    assert any("no other fold validates other rows than fold 0" in one for one in found.findings)


@pytest.mark.parametrize(("family", "task"), CASES)
def test_folds_of_the_same_seeds_are_predicted_the_same(family: str, task: Task) -> None:
    one, two = (predict_folds(family, task) for _ in range(2))
    assert isinstance(one, FoldPredictions)
    assert isinstance(two, FoldPredictions)
    for first, second in zip(one.predictions, two.predictions, strict=True):
        np.testing.assert_array_equal(first, second)
    assert (one.epochs, one.history) == (two.epochs, two.history)


@pytest.mark.parametrize(("family", "task"), CASES)
def test_a_saved_model_answers_exactly_as_the_one_in_memory(
    family: str, task: Task, tmp_path: Path
) -> None:
    model = fit(family, task)
    X, _ = data(task, n=40, seed=9)
    prediction = model.predict([X])
    check_prediction(prediction, task, 40)
    model.save(tmp_path)
    np.testing.assert_array_equal(models.family(family).load(tmp_path).predict([X]), prediction)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("family", NETWORKS)
def test_a_network_trained_in_float64_is_saved_as_such(
    family: str, task: Task, tmp_path: Path
) -> None:
    model = fit(family, task, precision="64-true")
    X, _ = data(task, n=40, seed=9)
    model.save(tmp_path)
    loaded = models.family(family).load(tmp_path)
    np.testing.assert_array_equal(loaded.predict([X]), model.predict([X]))


@pytest.mark.parametrize(("family", "task"), CASES)
def test_two_fits_of_the_same_seed_are_the_same_files(
    family: str, task: Task, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        fit(family, task).save(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files
    for file in files:
        first, second = ((tmp_path / name / file).read_bytes() for name in ("one", "two"))
        assert first == second, file


@pytest.mark.parametrize(("family", "task"), CASES)
def test_predicting_does_not_change_the_model(family: str, task: Task, tmp_path: Path) -> None:
    model = fit(family, task)
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
        model.predict([data(task)[0]])
    for file in (tmp_path / "before").iterdir():
        assert file.read_bytes() == (tmp_path / "after" / file.name).read_bytes(), file.name


@pytest.mark.parametrize(("family", "task"), CASES)
def test_no_file_is_a_pickle(family: str, task: Task, tmp_path: Path) -> None:
    fit(family, task).save(tmp_path)
    for path in tmp_path.iterdir():
        assert path.suffix in {".cbm", ".json", ".safetensors", ".skops", ".txt"}
        names = zipfile.ZipFile(path).namelist() if path.suffix == ".skops" else []
        assert all(name.endswith((".json", ".npy")) for name in names)
        assert not path.read_bytes().startswith(b"\x80"), "a pickle begins with this byte"


@pytest.mark.parametrize(("family", "task"), CASES)
def test_an_answer_does_not_depend_on_the_rows_asked_for_beside_it(family: str, task: Task) -> None:
    model = fit(family, task)
    X, _ = data(task, n=33, seed=9)
    together = model.predict([X])
    alone = np.concatenate([model.predict([X[row : row + 1]]) for row in range(33)])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-12 * abs(together).max())


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("family", [name for name in models.names() if name != "dummy"])
def test_a_family_learns_what_there_is_to_learn(family: str, task: Task) -> None:
    X, y = data(task, n=60, seed=9)
    model = fit(family, task, epochs=40)
    prediction = model.predict([X])
    if task == "regression":
        assert np.mean((prediction - y) ** 2) < 0.5 * np.var(y)
    else:
        assert np.mean(prediction.argmax(axis=1) == y) > 1.4 / len(CLASSES[task])


def test_the_baseline_answers_with_the_mean_or_the_shares() -> None:
    X, y = data("regression")
    np.testing.assert_allclose(fit("dummy", "regression").predict([X[:3]]), [y.mean()] * 3)
    X, y = data("multiclass")
    shares = np.bincount(y) / len(y)
    np.testing.assert_allclose(fit("dummy", "multiclass").predict([X[:3]]), [shares] * 3)


def test_ridge_is_its_closed_form() -> None:
    X, y = data("regression")
    centred = X - X.mean(axis=0)
    coefficients = np.linalg.solve(centred.T @ centred + np.eye(WIDTH), centred.T @ (y - y.mean()))
    np.testing.assert_allclose(
        fit("linear", "regression").predict([X]), y.mean() + centred @ coefficients
    )


def test_the_number_of_blas_threads_changes_no_digit_of_a_linear_model() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(22_000, 50))  # More cells than are fitted on one thread of OpenMP.
    y = (X[:, 0] + random.normal(size=len(X)) > 0).astype(np.int64)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            model = models.family("linear").fit(
                parameters("linear"), X, y, 0, setting("binary"), None
            )
            found.append(model.predict([X[:100]]))
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("family", NETWORKS)
def test_a_network_trains_for_the_epochs_that_it_is_given(family: str) -> None:
    assert len(fit(family, "binary", epochs=3).history) == 3
    assert len(fit(family, "binary", epochs=None).history) == 8


@pytest.mark.parametrize("family", models.names())
def test_a_constant_target_and_a_constant_column_are_no_obstacle(family: str) -> None:
    X, _ = data("regression")
    X[:, 1] = 0
    chosen = setting("regression")
    model = models.family(family).fit(parameters(family), X, np.full(90, 3.0), 0, chosen, 2)
    check_prediction(model.predict([X]), "regression", 90)


@pytest.mark.parametrize("family", sorted({*models.names()} - {*NETWORKS, "linear"}))
def test_the_widest_numbers_that_a_table_may_hold_are_no_obstacle(
    family: str, tmp_path: Path
) -> None:
    """Trees hold numbers in single precision; networks refuse what that cannot hold."""
    X, y = data("binary")
    X[:3, 0] = 1e100, -1e100, 1e39
    model = models.family(family).fit(parameters(family), X, y, 0, setting("binary"), 8)
    model.save(tmp_path)
    for own in (model, models.family(family).load(tmp_path)):
        check_prediction(own.predict([X]), "binary", 90)


@pytest.mark.parametrize("task", TASKS)
def test_a_network_that_diverges_says_so(task: Task) -> None:
    found = predict_folds("mlp", task, learning_rate=1e30, optimizer="sgd")
    assert isinstance(found, Diverged)
    assert "finite" in str(found)
    assert "learning_rate" in str(found), "no cure is named"


def test_names_are_the_files_of_the_package() -> None:
    assert models.names() == sorted(models.names())
    assert {"dummy", "linear", "mlp"} <= set(models.names())
    assert not any(name.startswith("_") for name in models.names())


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_a_solver_that_does_not_converge_is_found_and_counted(task: Task) -> None:
    found = predict_folds("linear", task, max_iter=1)
    assert isinstance(found, FoldPredictions)
    assert found.findings == [
        "the solver did not converge in 3 of 3 folds: raise max_iter, or scale the inputs"
    ]
    usual = predict_folds("linear", task)
    assert isinstance(usual, FoldPredictions)
    assert usual.findings == []


def test_a_fit_of_all_rows_tells_that_its_solver_did_not_converge() -> None:
    X, y = data("binary")
    hurried = parameters("linear", max_iter=1)
    model = models.family("linear").fit(hurried, X, y, 0, setting("binary"), None)
    assert model.findings == ["the solver did not converge: raise max_iter, or scale the inputs"]


def test_rows_that_an_estimator_refuses_fail_the_trial_and_the_last_fit_in_words() -> None:
    """Early stopping sets rows of every class aside, of which there is one here."""
    X, family = np.arange(60.0)[:, None], models.family("hist_gradient_boosting")
    y, chosen = np.array([0] * 59 + [1]), parameters("hist_gradient_boosting", early_stopping=True)
    part = Fold(X, y, X[:5], y[:5], np.arange(5))
    asked = [Configuration(chosen, (1,)), Configuration(parameters("hist_gradient_boosting"), (1,))]
    refused, fine = family.predict_folds(asked, [part], setting("binary"))
    assert isinstance(refused, Diverged)
    assert "cannot be fitted to 60 rows: The least populated class" in str(refused)
    assert isinstance(fine, FoldPredictions)
    with pytest.raises(UserError, match=r"all training rows: .*set early_stopping: false"):
        family.fit(chosen, X, y, 1, setting("binary"), None)


def test_every_kind_of_warning_is_one_finding_with_the_folds_that_gave_it() -> None:
    class Warns:
        def fit(self, X: Array, y: Array) -> None:
            for _ in range(3):
                warnings.warn("of no use to the user", FutureWarning, stacklevel=1)
                if len(X) > 60:
                    warnings.warn(f"{len(X)} rows are many\nsecond line", stacklevel=1)

        def predict(self, X: Array) -> Array:
            return np.zeros(len(X))

    family = ScikitFamily(lambda parameters, task, seed: Warns())
    asked = [Configuration(None, (1, 2, 3))]
    parts = folds("linear", "regression")
    [found] = family.predict_folds(asked, parts, setting("regression"))
    assert [len(part.y_train) for part in parts] == [70, 60, 50]
    assert isinstance(found, FoldPredictions)
    assert found.findings == ["scikit-learn warns in 1 of 3 folds: 70 rows are many"]
