"""The last fit of any family: a bag of the folds' models, or one model of all rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from tenfold import models, runtime
from tenfold.dataset.folds import TRAIN, UNUSED, Folds
from tenfold.models.shared import predictor
from tenfold.models.shared.bag import Bag
from tenfold.models.shared.contract import Bagged
from tenfold.params import Preprocessing
from tenfold.tuning import fold_models, last_fit
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.evaluation import Evaluator, Inputs
from tenfold.tuning.kept import Kept
from tenfold.tuning.last_fit import LastFit
from tests.bags import CLASSES, dataset, setting

SEED = 5
Strategy = Literal["auto", "bag", "refit"]
SMALL: dict[str, dict[str, Any]] = {"random_forest": {"n_estimators": 5}}


def fit(family: str, strategy: Strategy, folds: Folds | None = None) -> LastFit:
    data = dataset("binary")
    data = data if folds is None else replace(data, folds=folds)
    inputs = Inputs(data, Preprocessing(), seed=SEED)
    return LastFit(family, inputs, setting("binary"), strategy, SEED)


def evaluated(last: LastFit, trial: int) -> tuple[Evaluation, dict[str, Any]]:
    """A configuration's cross-validation as stage cross_validate does it, and what it describes."""
    seed = runtime.derive_seed(SEED, last.family)
    evaluate = Evaluator(models.family(last.family), last.inputs, last.settings, ["auroc"], seed)
    parameters = models.parameters(last.family).model_validate(SMALL.get(last.family, {}))
    [found] = evaluate([(trial, parameters)])
    assert isinstance(found, Evaluation)
    described = {
        "parameters": parameters.model_dump(),
        "trial": trial,
        "tuned": {},
        "epochs": found.epochs,
    }
    return found, described


@pytest.mark.slow
@pytest.mark.parametrize("family", ["linear", "random_forest", "hist_gradient_boosting"])
def test_a_bag_holds_the_models_that_were_cross_validated_kept_or_fitted_again(
    family: str, tmp_path: Path
) -> None:
    last = fit(family, "bag")
    found, described = evaluated(last, trial=3)
    if found.bag is not None:
        (tmp_path / "trial").mkdir()
        found.bag.save(tmp_path / "trial")
    kept = tmp_path / "trial" if found.bag else None
    fold_models.write(tmp_path / "members", kept, None)
    made = last(Kept(tmp_path, Path(), described))
    assert isinstance(made.model, Bag)
    data, folds = last.inputs.dataset, last.inputs.dataset.folds
    assert folds is not None
    for number, member in enumerate(made.model.members):
        own = folds.val(number)
        alone = member.predict([made.transformers[number].transform(data.X.iloc[own])])
        np.testing.assert_array_equal(alone, found.oof[own])
    (tmp_path / "model").mkdir()
    made.save(tmp_path / "model")
    stored = predictor.load(tmp_path / "model")
    np.testing.assert_array_equal(stored.predict(data.X), made.predict(data.X))
    answer = stored.answer_with_spread(data.X.head(2), n_samples=1)
    assert {f"spread_{label}" for label in CLASSES["binary"]} <= set(answer)
    said = last_fit.summary(stored, tmp_path / "model", last.inputs)
    assert said.startswith(f"train@{family}: a bag of the 3 folds' models, ")
    assert "MB, " in said and said.endswith(" ms for one row")


def test_a_refit_is_one_model_of_all_rows(tmp_path: Path) -> None:
    last = fit("linear", "refit")
    _, described = evaluated(last, trial=0)
    fold_models.write(tmp_path / "members", None, None)
    made = last(Kept(tmp_path, Path(), described))
    [transformer], X = last.inputs.whole(models.parameters("linear")())
    alone = models.family("linear").fit(
        models.parameters("linear")(), X, last.inputs.dataset.y, 0, last.settings, None
    )
    frame = last.inputs.dataset.X
    expected = alone.predict([transformer.transform(frame)])
    np.testing.assert_array_equal(made.predict(frame), expected)
    (tmp_path / "model").mkdir()
    made.save(tmp_path / "model")
    said = last_fit.summary(made, tmp_path / "model", last.inputs)
    assert said.startswith("train@linear: fitted on 60 rows, 0.0 MB, ")


@pytest.mark.parametrize("family", models.names())
def test_auto_is_what_the_family_says_where_all_rows_are_validated_alike(family: str) -> None:
    parameters: Any = models.parameters(family)
    chosen = parameters.model_construct()
    assert fit(family, "auto").is_bag(chosen) == parameters.bagged
    assert fit(family, "bag").is_bag(chosen)
    assert not fit(family, "refit").is_bag(chosen)
    even = dataset().folds
    assert even is not None
    uneven = even.membership.copy()
    uneven[0][uneven[0] == TRAIN] = UNUSED
    uneven[1] = TRAIN
    assert not fit(family, "auto", Folds(uneven)).is_bag(chosen)
    many = Folds(np.tile(even.membership, (34, 1)))
    assert many.n > last_fit.MAX_MEMBERS
    assert not fit(family, "auto", many).is_bag(chosen)
    assert fit(family, "bag", many).is_bag(chosen)


def test_networks_and_boosting_are_bagged_and_no_others() -> None:
    bagged = {name for name in models.names() if models.parameters(name).bagged}
    assert bagged >= {"cnn", "hist_gradient_boosting", "mlp", "resnet", "rnn"}
    assert not bagged & {"dummy", "extra_trees", "knn", "linear", "random_forest"}


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["bag", "refit"])
@pytest.mark.parametrize("family", ["linear", "hist_gradient_boosting"])
def test_the_last_fit_learns_the_transform_that_was_chosen(
    family: str, strategy: Strategy, tmp_path: Path
) -> None:
    data = dataset()
    data = replace(data, y=np.exp(3 * data.y))
    declared = Preprocessing.model_validate({"target": {"transform": "auto"}})
    inputs = Inputs(data, declared, seed=SEED)
    last = LastFit(family, inputs, setting("regression"), strategy, SEED)
    evaluate = Evaluator(
        models.family(family),
        inputs,
        last.settings,
        ["mse"],
        runtime.derive_seed(SEED, family),
    )
    assert evaluate.transforms == ("none", "log", "quantile")
    parameters = models.parameters(family)()
    [found] = evaluate([(2, parameters)], "log")
    assert isinstance(found, Evaluation)
    (tmp_path / "trial").mkdir()
    if found.bag is not None:
        found.bag.save(tmp_path / "trial")
    fold_models.write(tmp_path / "members", tmp_path / "trial" if found.bag else None, None)
    described = {
        "parameters": parameters.model_dump(),
        "trial": 2,
        "tuned": {"target_transform": "log"},
        "epochs": found.epochs,
    }
    made = last(Kept(tmp_path, Path(), described))
    (tmp_path / "model").mkdir()
    made.save(tmp_path / "model")
    answers = predictor.load(tmp_path / "model").predict(data.X)
    np.testing.assert_array_equal(answers, made.predict(data.X))
    if strategy == "bag":
        assert data.folds is not None
        assert isinstance(made.model, Bagged)
        each = made.model.predict_each([own.transform(data.X) for own in made.transformers])
        for number, own in enumerate(each):
            rows = data.folds.val(number)
            np.testing.assert_allclose(own[rows], found.oof[rows], rtol=1e-12)
    else:
        plain = LastFit(
            family, replace(inputs, declared=Preprocessing()), last.settings, "refit", 5
        )
        other = plain(Kept(tmp_path, Path(), described | {"tuned": {}}))
        assert not np.allclose(other.predict(data.X), answers)
