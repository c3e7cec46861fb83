"""k folds of one configuration: who predicts whom, and how that is scored."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold import metrics, models
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.metrics import Array
from tenfold.models import Configuration, Diverged, FitSettings, Fitted, Fold, FoldPredictions
from tenfold.params import Preprocessing
from tenfold.tuning import cross_validation
from tenfold.tuning.cross_validation import Evaluation

FOLD = np.array([1, 0, 2, 0, 1, 2, 2, 0, 1, 0, 1, 2])


def dataset(classes: tuple[int | str, ...] = ()) -> Dataset:
    import pandas as pd

    n = len(FOLD)
    schema = Schema("binary" if classes else "regression", "y", ("x",), (), classes, ())
    frame = pd.DataFrame({"x": np.arange(float(n))})
    y = np.array([0, 0, 0, 1, 1, 1] * 2) if classes else np.arange(float(n)) ** 2
    return Dataset(schema, frame, y, np.arange(n), Folds.of(FOLD))


class Memory:
    """A family that knows every target it was trained on by heart, and says -1 to strangers.

    Rows are told by their input, so preprocessing must be a bijection.
    """

    def check(self, parameters: Any, settings: FitSettings, n_columns: int | None) -> None:
        pass

    def shape(self, parameters: Any) -> Hashable:
        return ()

    def predict_folds(
        self, configurations: Sequence[Configuration], folds: Sequence[Fold], setting: FitSettings
    ) -> list[FoldPredictions | Diverged]:
        found: list[FoldPredictions | Diverged] = []
        for configuration in configurations:
            predictions = []
            for fold, seed in zip(folds, configuration.seeds, strict=True):
                known = dict(zip(fold.X_train[:, 0].tolist(), fold.y_train.tolist(), strict=True))
                answers = [known.get(x, -1.0 - seed) for x in fold.X_val[:, 0].tolist()]
                predictions.append(np.array(answers))
            curve = [{"epoch": 1, "train_loss": 0.5}]
            found.append(FoldPredictions(predictions, [1, 2, 3], curve, ["dead units"]))
        return found

    def fit(
        self,
        parameters: Any,
        X: Array,
        y: NDArray[np.generic],
        seed: int,
        setting: FitSettings,
        epochs: int | None,
    ) -> Fitted:
        raise NotImplementedError

    def load(self, folder: Path) -> Fitted:
        raise NotImplementedError


def prepare(data: Dataset) -> list[Fold]:
    return cross_validation.prepare(data, Preprocessing())[1]


def evaluate(
    family: Any,
    folds: list[Fold],
    seeds: Sequence[int] = (0, 0, 0),
    *,
    setting: FitSettings | None = None,
    metric_names: Sequence[str] = ("mse",),
    parameters: Any = None,
) -> Evaluation:
    """One configuration, which must not diverge."""
    [found] = cross_validation.cross_validate(
        family,
        [Configuration(parameters, seeds)],
        folds,
        setting or FitSettings("regression"),
        metric_names,
    )
    assert isinstance(found, Evaluation)
    return found


def test_no_row_is_predicted_by_a_model_that_saw_it() -> None:
    found = evaluate(Memory(), prepare(dataset()), [10, 20, 30])
    # A model that saw the row would answer with its target; strangers get fold's own answer.
    assert found.oof.tolist() == [[-11.0, -21.0, -31.0][number] for number in FOLD]


def test_a_row_has_a_prediction_of_each_fold_that_validates_it() -> None:
    membership = np.ones((3, len(FOLD)), dtype=np.int8)
    membership[:, 0] = membership[1, 5] = membership[2, 7] = 2
    membership[:, 3] = 0
    data = replace(dataset(), folds=Folds(membership))
    found = evaluate(Memory(), prepare(data), [10, 20, 60])
    assert data.folds is not None
    rows, folds = data.folds.validations
    assert rows.tolist() == [0, 0, 0, 5, 7]
    assert folds.tolist() == [0, 1, 2, 1, 2]
    assert found.oof.tolist() == [-11.0, -21.0, -61.0, -21.0, -61.0]


def test_a_row_put_into_training_by_mistake_would_be_noticed() -> None:
    leaking = [
        Fold(
            np.concatenate([fold.X_train, fold.X_val]),
            np.concatenate([fold.y_train, fold.y_val]),
            fold.X_val,
            fold.y_val,
            fold.val,
        )
        for fold in prepare(dataset())
    ]
    assert evaluate(Memory(), leaking).oof.tolist() == dataset().y.tolist()


def test_epochs_learning_curve_and_findings_are_kept() -> None:
    found = evaluate(Memory(), prepare(dataset()))
    assert found.epochs == [1, 2, 3]
    assert found.history == [{"epoch": 1, "train_loss": 0.5}]
    assert found.findings == ["dead units"]


def test_configurations_are_answered_in_their_order_with_their_own_seeds() -> None:
    asked = [Configuration(None, seeds) for seeds in ([10, 20, 30], [0, 0, 0])]
    one, two = cross_validation.cross_validate(
        Memory(), asked, prepare(dataset()), FitSettings("regression"), ["mse"]
    )
    assert isinstance(one, Evaluation)
    assert isinstance(two, Evaluation)
    assert one.oof.tolist() == [[-11.0, -21.0, -31.0][number] for number in FOLD]
    assert two.oof.tolist() == [-1.0] * len(FOLD)


def test_given_transformers_are_taken_in_turn_and_not_fitted_again() -> None:
    data = dataset()
    fitted, _ = cross_validation.prepare(data, Preprocessing())
    taken, folds = cross_validation.prepare(data, Preprocessing(), given=fitted[:2])
    assert taken == [fitted[0], fitted[1], fitted[0]]
    for transformer, fold in zip(taken, folds, strict=True):
        np.testing.assert_array_equal(fold.X_val, transformer.transform(data.X.iloc[fold.val]))


@pytest.mark.slow
@pytest.mark.parametrize("family", ["linear", "random_forest"])
@pytest.mark.parametrize("classes", [(), ("no", "yes")])
def test_scores_are_the_metrics_of_each_folds_out_of_fold_rows(
    family: str, classes: tuple[str, ...]
) -> None:
    data = dataset(classes)
    names = ["auroc", "log_loss", "brier"] if classes else ["mse", "mae", "r2"]
    found = evaluate(
        models.family(family),
        prepare(data),
        [1, 2, 3],
        setting=FitSettings(data.schema.task, classes),
        metric_names=names,
        parameters=models.parameters(family)(),
    )
    assert found.oof.shape == ((len(FOLD), 2) if classes else (len(FOLD),))
    for number, scores in enumerate(found.folds):
        own = number == FOLD
        assert scores == metrics.scores(names, data.y[own], found.oof[own])
    assert len(found.folds) == 3


def test_each_folds_prediction_is_that_of_a_model_fitted_on_the_others() -> None:
    folds = prepare(dataset())
    family, parameters = models.family("linear"), models.parameters("linear")()
    setting = FitSettings("regression")
    found = evaluate(family, folds, setting=setting, parameters=parameters)
    for number, fold in enumerate(folds):
        alone = family.fit(parameters, fold.X_train, fold.y_train, 0, setting, None)
        np.testing.assert_array_equal(found.oof[number == FOLD], alone.predict([fold.X_val]))


def test_a_configuration_that_diverged_is_said_to_and_the_others_go_on() -> None:
    rates = (1e30, 0.01)
    asked = [
        Configuration(
            models.parameters("mlp").model_validate(
                {"learning_rate": rate, "optimizer": "sgd", "d_block": 4}
            ),
            [1, 2, 3],
        )
        for rate in rates
    ]
    setting = FitSettings("regression", trainer={"max_epochs": 3, "accelerator": "cpu"})
    wild, tame = cross_validation.cross_validate(
        models.family("mlp"), asked, prepare(dataset()), setting, ["mse"]
    )
    assert isinstance(wild, Diverged)
    assert "finite" in str(wild)
    assert isinstance(tame, Evaluation)
