"""Several models as one: whose mean is its answer, and how it is stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tenfold import models
from tenfold.metrics import Task
from tenfold.models import Configuration, FoldPredictions
from tenfold.models.shared import bag
from tenfold.models.shared.bag import Bag
from tests.models.cases import TASKS, data, folds, parameters, setting
from tests.project import files_below


def fitted(task: Task) -> Bag:
    """Three linear models of folds, the last of which has one column fewer."""
    family, chosen = models.family("linear"), parameters("linear")
    return Bag(
        [
            family.fit(chosen, fold.X_train, fold.y_train, 0, setting(task), None)
            for fold in folds("linear", task)
        ]
    )


@pytest.mark.parametrize("task", TASKS)
def test_a_bag_predicts_the_mean_of_its_members_each_of_its_own_inputs(task: Task) -> None:
    model = fitted(task)
    X = data(task, n=7, seed=9)[0]
    inputs = [X, X + 1, X[:, :-1]]
    alone = np.stack(
        [member.predict([own]) for member, own in zip(model.members, inputs, strict=True)]
    )
    np.testing.assert_allclose(model.predict(inputs), alone.mean(axis=0), rtol=1e-14)
    np.testing.assert_array_equal(model.draws(inputs, n_samples=99, seed=1), alone)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_a_saved_bag_answers_as_the_one_in_memory_and_is_the_same_files_twice(
    task: Task, tmp_path: Path
) -> None:
    model, X = fitted(task), data(task, n=7, seed=9)[0]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")
    loaded = bag.load(tmp_path / "one", models.family("linear"))
    inputs = [X, X, X[:, :-1]]
    np.testing.assert_array_equal(loaded.predict(inputs), model.predict(inputs))


def test_what_is_no_bag_is_loaded_as_its_family_saved_it(tmp_path: Path) -> None:
    [member, *_] = fitted("binary").members
    member.save(tmp_path)
    assert not isinstance(bag.load(tmp_path, models.family("linear")), Bag)


def test_a_bag_of_one_has_no_spread() -> None:
    [member, *_] = fitted("binary").members
    with pytest.raises(ValueError, match="a bag of one model has no spread"):
        Bag([member]).draws([data("binary")[0]], 1, 0)


def test_a_family_that_is_bagged_keeps_the_models_that_predicted_its_folds() -> None:
    class Bagged(models.parameters("linear")):  # type: ignore[misc]
        bagged = True

    asked, parts = [Configuration(Bagged(), (1, 2, 3))], folds("linear", "multiclass")
    [found] = models.family("linear").predict_folds(asked, parts, setting("multiclass"))
    assert isinstance(found, FoldPredictions)
    assert isinstance(found.bag, Bag)
    for fold, member, prediction in zip(parts, found.bag.members, found.predictions, strict=True):
        np.testing.assert_array_equal(member.predict([fold.X_val]), prediction)
