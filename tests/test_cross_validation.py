"""k folds of one configuration: who predicts whom, and how that is scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold import cross_validation, metrics, models
from tenfold.dataset import Dataset, Schema
from tenfold.metrics import Array
from tenfold.models import Diverged, Fitted, Fold, FoldPredictions, Setting
from tenfold.params import Preprocessing

FOLD = np.array([1, 0, 2, 0, 1, 2, 2, 0, 1, 0, 1, 2])


def dataset(classes: tuple[int | str, ...] = ()) -> Dataset:
    import pandas as pd

    n = len(FOLD)
    schema = Schema("binary" if classes else "regression", "y", ("x",), (), classes, ())
    frame = pd.DataFrame({"x": np.arange(float(n))})
    y = np.array([0, 0, 0, 1, 1, 1] * 2) if classes else np.arange(float(n)) ** 2
    return Dataset(schema, frame, y, np.arange(n), FOLD)


class Memory:
    """A family that knows every target it was trained on by heart, and says -1 to strangers.

    Rows are told by their input, so preprocessing must be a bijection.
    """

    def predict_folds(
        self, parameters: Any, folds: Sequence[Fold], seeds: Sequence[int], setting: Setting
    ) -> FoldPredictions:
        predictions = []
        for fold, seed in zip(folds, seeds, strict=True):
            known = dict(zip(fold.X_train[:, 0].tolist(), fold.y_train.tolist(), strict=True))
            answers = [known.get(x, -1.0 - seed) for x in fold.X_val[:, 0].tolist()]
            predictions.append(np.array(answers))
        return FoldPredictions(predictions, [1, 2, 3], [{"epoch": 1, "train_loss": 0.5}])

    def fit(
        self,
        parameters: Any,
        X: Array,
        y: NDArray[np.generic],
        seed: int,
        setting: Setting,
        epochs: int | None,
    ) -> Fitted:
        raise NotImplementedError

    def load(self, folder: Path) -> Fitted:
        raise NotImplementedError


def test_no_row_is_predicted_by_a_model_that_saw_it() -> None:
    folds = cross_validation.prepare(dataset(), Preprocessing())
    setting = Setting("regression", 0)
    found = cross_validation.cross_validate(Memory(), None, folds, [10, 20, 30], setting, ["mse"])
    # A model that saw the row would answer with its target; strangers get fold's own answer.
    assert found.oof.tolist() == [[-11.0, -21.0, -31.0][number] for number in FOLD]


def test_a_row_put_into_training_by_mistake_would_be_noticed() -> None:
    folds = cross_validation.prepare(dataset(), Preprocessing())
    leaking = [
        Fold(
            np.concatenate([fold.X_train, fold.X_val]),
            np.concatenate([fold.y_train, fold.y_val]),
            fold.X_val,
            fold.y_val,
            fold.val,
        )
        for fold in folds
    ]
    found = cross_validation.cross_validate(
        Memory(), None, leaking, [0, 0, 0], Setting("regression", 0), ["mse"]
    )
    assert found.oof.tolist() == dataset().y.tolist()


def test_epochs_and_learning_curve_are_kept() -> None:
    folds = cross_validation.prepare(dataset(), Preprocessing())
    found = cross_validation.cross_validate(
        Memory(), None, folds, [0, 0, 0], Setting("regression", 0), ["mse"]
    )
    assert found.epochs == [1, 2, 3]
    assert found.history == [{"epoch": 1, "train_loss": 0.5}]


@pytest.mark.parametrize("family", ["linear", "random_forest"])
@pytest.mark.parametrize("classes", [(), ("no", "yes")])
def test_scores_are_the_metrics_of_each_folds_out_of_fold_rows(
    family: str, classes: tuple[str, ...]
) -> None:
    data = dataset(classes)
    names = ["auroc", "log_loss", "brier"] if classes else ["mse", "mae", "r2"]
    found = cross_validation.cross_validate(
        models.family(family),
        models.parameters(family)(),
        cross_validation.prepare(data, Preprocessing()),
        [1, 2, 3],
        Setting(data.schema.task, len(classes)),
        names,
    )
    assert found.oof.shape == ((len(FOLD), 2) if classes else (len(FOLD),))
    for number, scores in enumerate(found.folds):
        own = number == FOLD
        assert scores == metrics.scores(names, data.y[own], found.oof[own])
    assert len(found.folds) == 3


def test_each_folds_prediction_is_that_of_a_model_fitted_on_the_others() -> None:
    data = dataset()
    folds = cross_validation.prepare(data, Preprocessing())
    family, parameters = models.family("linear"), models.parameters("linear")()
    setting = Setting("regression", 0)
    found = cross_validation.cross_validate(family, parameters, folds, [0] * 3, setting, ["mse"])
    for number, fold in enumerate(folds):
        alone = family.fit(parameters, fold.X_train, fold.y_train, 0, setting, None)
        np.testing.assert_array_equal(found.oof[number == FOLD], alone.predict(fold.X_val))


def test_predictions_that_are_not_finite_mean_that_it_diverged() -> None:
    folds = cross_validation.prepare(dataset(), Preprocessing())
    parameters = models.parameters("mlp").model_validate(
        {"learning_rate": 1e30, "optimizer": "sgd", "d_block": 4}
    )
    setting = Setting("regression", 0, {"max_epochs": 3, "accelerator": "cpu"})
    with pytest.raises(Diverged, match="finite"):
        cross_validation.cross_validate(
            models.family("mlp"), parameters, folds, [1, 2, 3], setting, ["mse"]
        )
