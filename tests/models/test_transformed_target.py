"""A family that learns a transformed target, and answers in units of the target itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold import models
from tenfold.models import Configuration, Fold, FoldPredictions
from tenfold.models.shared import bag
from tenfold.models.shared.bag import Bag
from tenfold.models.shared.contract import Bagged
from tenfold.models.shared.transformed_target import with_target
from tenfold.preprocessing.target_transform import Kind, TargetTransform
from tests.models.cases import data, folds, parameters, setting

FAMILIES = ["linear", "hist_gradient_boosting", "mlp"]
KINDS: tuple[Kind, ...] = ("log", "quantile")
CASES = [(family, kind) for family in FAMILIES for kind in KINDS]


def skewed(family: str) -> list[Fold]:
    """Folds of a target that spreads over several powers of ten."""
    return [
        replace(fold, y_train=spread(fold.y_train), y_val=spread(fold.y_val))
        for fold in folds(family, "regression")
    ]


def spread(y: Any) -> NDArray[np.float64]:
    grown: NDArray[np.float64] = np.exp(y / 10)
    return grown


def evaluate(family: Any, name: str, parts: list[Fold], **changes: Any) -> FoldPredictions:
    asked = [Configuration(parameters(name, **changes), (1, 2, 3))]
    [found] = family.predict_folds(asked, parts, setting("regression"))
    assert isinstance(found, FoldPredictions)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_each_fold_learns_its_own_transform_and_answers_in_units_of_the_target(
    name: str, kind: Kind
) -> None:
    parts = skewed(name)
    own = [TargetTransform.fit(kind, part.y_train) for part in parts]
    learnt = [
        replace(part, y_train=each.forward(part.y_train), y_val=each.forward(part.y_val))
        for part, each in zip(parts, own, strict=True)
    ]
    found = evaluate(with_target(models.family(name), kind), name, parts)
    raw = evaluate(models.family(name), name, learnt)
    for prediction, expected, each in zip(found.predictions, raw.predictions, own, strict=True):
        np.testing.assert_array_equal(prediction, each.inverse(expected))


@pytest.mark.parametrize("kind", KINDS)
def test_the_targets_of_validation_rows_are_no_part_of_the_transform(kind: Kind) -> None:
    parts = skewed("linear")
    family = with_target(models.family("linear"), kind)
    before = evaluate(family, "linear", parts)
    changed = [replace(parts[0], y_val=parts[0].y_val * 1000), *parts[1:]]
    after = evaluate(family, "linear", changed)
    for one, two in zip(before.predictions, after.predictions, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_bag_undoes_each_members_transform_before_the_mean_also_when_saved(
    name: str, kind: Kind, tmp_path: Path
) -> None:
    parts, family = skewed(name), with_target(models.family(name), kind)
    found = evaluate(family, name, parts, **({"dropout": 0.0} if name == "mlp" else {}))
    made = found.bag
    if made is None:
        made = Bag(
            [
                family.fit(
                    parameters(name), part.X_train, part.y_train, 1, setting("regression"), None
                )
                for part in parts
            ]
        )
    assert isinstance(made, Bagged)
    inputs = [part.X_val[:9] for part in parts]
    each = made.predict_each(inputs)
    np.testing.assert_array_equal(made.predict(inputs), each.mean(axis=0))
    np.testing.assert_allclose(each[0], found.predictions[0][:9], rtol=1e-4)
    assert each.max() > 50, "the predictions are not in units of the target"
    made.save(tmp_path)
    for loaded in (bag.load(tmp_path, models.family(name)), bag.load(tmp_path, family)):
        np.testing.assert_array_equal(loaded.predict(inputs), made.predict(inputs))
        np.testing.assert_array_equal(loaded.draws(inputs, 3, 1), made.draws(inputs, 3, 1))


def test_each_draw_is_undone_by_the_transform_of_its_member() -> None:
    parts, family = skewed("mlp"), with_target(models.family("mlp"), "log")
    made = evaluate(family, "mlp", parts, dropout=0.3).bag
    assert made is not None
    inputs = [part.X_val[:9] for part in parts]
    draws = made.draws(inputs, 40, 1)
    apart = draws.reshape(40, 3, 9).mean(axis=0)
    each = made.predict_each(inputs)
    # Dropout's mean is near the prediction without it: nearer for each member than for another.
    assert (
        np.abs(np.log(apart) - np.log(each)).mean()
        < np.abs(np.log(apart) - np.log(np.roll(each, 1, axis=0))).mean()
    )


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_one_model_of_all_rows_is_saved_with_its_transform(
    name: str, kind: Kind, tmp_path: Path
) -> None:
    X, y = data("regression")
    y = spread(y)
    family = with_target(models.family(name), kind)
    model = family.fit(parameters(name), X, y, 5, setting("regression"), 4)
    model.save(tmp_path)
    assert {file.suffix for file in tmp_path.iterdir()} <= {".json", ".skops", ".safetensors"}
    loaded = bag.load(tmp_path, models.family(name))
    np.testing.assert_array_equal(loaded.predict([X]), model.predict([X]))
    np.testing.assert_array_equal(family.load(tmp_path).predict([X]), model.predict([X]))


def test_without_a_transform_the_family_is_itself() -> None:
    family = models.family("linear")
    assert with_target(family, "none") is family
