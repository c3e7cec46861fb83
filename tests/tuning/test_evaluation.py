"""Configurations on one table: which inputs each gets, and what it starts from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tenfold.params import Categorical, Preprocessing
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.evaluation import Inputs, seeds
from tests.bags import bag, dataset, evaluator, parameters, setting

LEARNED: dict[str, Any] = {"embeddings": {"categorical": "learned"}}


def test_categories_arrive_as_declared_or_as_codes_where_they_are_embedded() -> None:
    data = dataset()
    inputs = Inputs(data, Preprocessing())
    plain, coded = (inputs.whole(parameters("mlp", **declared))[1] for declared in ({}, LEARNED))
    assert plain.shape == (60, 2 + 4)
    assert coded.shape == (60, 2 + 1)
    np.testing.assert_array_equal(plain[:, :2], coded[:, :2])
    np.testing.assert_array_equal(plain[:, 2:].argmax(axis=1), coded[:, 2])
    ordinal = Inputs(data, Preprocessing(categorical=Categorical(encode="ordinal")))
    assert ordinal.whole(parameters("mlp"))[1].shape == (60, 3)


def test_the_setting_says_where_numbers_end_and_codes_begin_if_columns_have_places() -> None:
    inputs = Inputs(dataset(), Preprocessing())
    plain, coded = (
        inputs.fit_settings(parameters("mlp", **declared), setting()) for declared in ({}, LEARNED)
    )
    assert (plain.n_numeric, plain.n_codes, plain.pretrained) == (0, 0, None)
    assert (coded.n_numeric, coded.n_codes, coded.pretrained) == (2, 1, None)


@pytest.mark.slow
def test_one_evaluator_serves_codes_and_declared_encoding_in_any_order() -> None:
    both = evaluator("mlp", dataset())
    asked = [parameters("mlp"), parameters("mlp", **LEARNED), parameters("mlp")]
    for number, chosen in enumerate(asked):
        [found] = both([(number, chosen)])
        [alone] = evaluator("mlp", dataset())([(number, chosen)])
        assert isinstance(found, Evaluation)
        assert isinstance(alone, Evaluation)
        np.testing.assert_array_equal(found.oof, alone.oof)


@pytest.mark.slow
@pytest.mark.parametrize("declared", [{}, LEARNED])
def test_trials_evaluated_together_are_what_they_are_alone(declared: dict[str, Any]) -> None:
    asked = [
        (number, parameters("mlp", learning_rate=rate, dropout=dropout, **declared))
        for number, (rate, dropout) in enumerate([(0.01, 0.0), (0.03, 0.4), (0.001, 0.2)])
    ]
    together = evaluator("mlp", dataset())(asked)
    for trial, found in zip(asked, together, strict=True):
        [alone] = evaluator("mlp", dataset())([trial])
        assert isinstance(found, Evaluation)
        assert isinstance(alone, Evaluation)
        assert found.epochs == alone.epochs
        np.testing.assert_allclose(found.oof, alone.oof, rtol=1e-9, atol=1e-9)


def test_every_fold_of_every_trial_has_its_own_seed() -> None:
    found = [seed for trial in range(20) for seed in seeds(7, trial, 10)]
    assert len(set(found)) == 200
    assert seeds(7, 3, 10) == found[30:40]
    assert seeds(8, 3, 10) != found[30:40]


# --- transfer ---


def test_a_network_that_starts_from_another_keeps_its_preprocessing() -> None:
    pretrained = bag().predictor
    shifted = dataset(seed=4)
    shifted = replace(shifted, X=shifted.X.assign(size=shifted.X["size"] + 1000))
    inputs = Inputs(shifted, Preprocessing(), pretrained)
    chosen = parameters("mlp", init_from="m")
    for number, taken in enumerate(inputs.folds(chosen)[0]):
        assert taken is pretrained.transformers[number]
    [taken], X = inputs.whole(chosen)
    assert taken is pretrained.transformers[0]
    # What the pretrained's rows never held lies far from its mean.
    assert X[:, 0].mean() > 100
    assert inputs.fit_settings(chosen, setting()).pretrained is pretrained.model


def test_a_bag_that_starts_from_another_answers_through_the_donors_preprocessing() -> None:
    pretrained = bag().predictor
    found = bag(data=dataset(seed=4), pretrained=pretrained, init_from="m", freeze=2, unfreeze_at=3)
    assert list(found.predictor.transformers) == list(pretrained.transformers)
    frame = found.data.X
    each = found.model.draws([one.transform(frame) for one in pretrained.transformers], 1, 0)
    assert found.data.folds is not None
    for number, member in enumerate(each):
        own = found.data.folds.val(number)
        np.testing.assert_allclose(member[own], found.evaluation.oof[own], rtol=1e-9)


def test_starting_from_another_network_is_not_starting_anew() -> None:
    pretrained = bag().predictor
    moved = bag(data=dataset(seed=4), pretrained=pretrained, init_from="m")
    fresh = bag(data=dataset(seed=4))
    assert not np.allclose(moved.evaluation.oof, fresh.evaluation.oof)


@pytest.mark.slow
@pytest.mark.parametrize("n_donors", [1, 2])
def test_trials_that_start_from_another_network_are_what_they_are_alone(n_donors: int) -> None:
    whole = bag(**LEARNED)
    pretrained = replace(
        whole.predictor,
        transformers=list(whole.predictor.transformers)[:n_donors],
        model=whole.model.with_members(range(n_donors)),
    )
    asked = [
        (number, parameters("mlp", learning_rate=rate, init_from="m", freeze=1, **LEARNED))
        for number, rate in enumerate([0.01, 0.03])
    ]
    together = evaluator("mlp", dataset(seed=4), pretrained)(asked)
    for trial, found in zip(asked, together, strict=True):
        [alone] = evaluator("mlp", dataset(seed=4), pretrained)([trial])
        assert isinstance(found, Evaluation)
        assert isinstance(alone, Evaluation)
        np.testing.assert_allclose(found.oof, alone.oof, rtol=1e-9, atol=1e-9)
