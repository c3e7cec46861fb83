"""The rows that each of the champion's models has not learnt from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold import models
from tenfold.inspection import held_out
from tenfold.models.shared import predictor
from tenfold.models.shared.predictor import Predictor
from tests import bags, ensembles
from tests.bags import N_FOLDS, bag


@pytest.mark.slow
@pytest.mark.parametrize("family", ["mlp", "lightgbm"])
def test_a_folds_model_predicts_its_rows_as_cross_validation_did(family: str) -> None:
    small: dict[str, Any] = {"n_estimators": 5} if family == "lightgbm" else {}
    found = bag(family, "binary", **small)
    assert found.data.folds is not None
    looked_at = held_out.of(found.predictor, found.data, found.data)
    assert looked_at.of_folds
    expected = found.data.folds.by_fold(found.evaluation.oof)
    for own, oof in zip(looked_at.sets, expected, strict=True):
        assert own.cost == 1
        np.testing.assert_allclose(own.predict(own.X), oof, rtol=1e-5)


@pytest.mark.slow
def test_a_fold_of_an_ensemble_of_bags_has_the_folds_models_of_all_of_them(tmp_path: Path) -> None:
    first, second = bag(), bag(dropout=0.2)
    served = predictor.load(
        ensembles.assembled(tmp_path, [first.predictor, second.predictor], [0.25, 0.75])
    )
    looked_at = held_out.of(served, first.data, first.data)
    for number, own in enumerate(looked_at.sets):
        parts = [
            held_out.of(one.predictor, one.data, one.data).sets[number] for one in (first, second)
        ]
        mean = 0.25 * parts[0].predict(own.X) + 0.75 * parts[1].predict(own.X)
        np.testing.assert_allclose(own.predict(own.X), mean, rtol=1e-6)
        assert own.cost == 2


def refitted() -> Predictor:
    return ensembles.linear(bag(), "regression", 1.0)


@pytest.mark.slow
def test_a_model_of_all_rows_is_looked_at_on_the_test_rows() -> None:
    train, test = bags.dataset(), bags.dataset(seed=1)
    looked_at = held_out.of(refitted(), train, test)
    assert not looked_at.of_folds
    [only] = looked_at.sets
    assert only.y is test.y
    assert only.cost == 1
    assert looked_at.name == "test rows"


@pytest.mark.slow
def test_an_ensemble_with_a_model_of_all_rows_is_looked_at_on_the_test_rows(
    tmp_path: Path,
) -> None:
    found = bag()
    members = [found.predictor, ensembles.linear(found, "regression", 1.0)]
    served = predictor.load(ensembles.assembled(tmp_path, members, [0.5, 0.5]))
    [only] = held_out.of(served, found.data, bags.dataset(seed=1)).sets
    assert only.cost == N_FOLDS + 1
    np.testing.assert_allclose(only.predict(only.X), served.predict(only.X))


def test_a_sample_is_spread_over_the_sets_and_drawn_alike_each_time() -> None:
    data = bags.dataset(n=90)
    whole = held_out.HeldOutSet(data.X, data.y, lambda X: np.zeros(len(X)))
    sets = [whole.take(np.arange(first, 90, 3)) for first in range(3)]
    everything = held_out.HeldOut(sets, of_folds=True)
    assert everything.sample(90) is everything
    drawn = everything.sample(30)
    assert [len(own.y) for own in drawn.sets] == [10, 10, 10]
    assert drawn.sets[1].X.equals(everything.sample(30).sets[1].X)
    for own, of in zip(drawn.sets, sets, strict=True):
        assert set(own.X.index) < set(of.X.index)
    assert replace(everything, sets=sets[:1]).sample(1).n_rows == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "declared", "cost"),
    [("linear", {}, 1), ("random_forest", {"n_estimators": 200}, 2), ("knn", {}, 2)],
)
def test_what_is_slow_to_answer_is_asked_less(
    family: str, declared: dict[str, Any], cost: int
) -> None:
    data = bags.dataset(n=1500)
    X = data.X[["weight"]].to_numpy()
    model = models.family(family).fit(
        bags.parameters(family, **declared), X, data.y, 0, bags.setting(), None
    )
    served = Predictor(family, data.schema, [None], model)
    [only] = held_out.of(served, data, data).sets
    assert only.cost == cost
