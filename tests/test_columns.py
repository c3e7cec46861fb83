"""Every kind of column in every family, from the folds to what is stored and asked again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold import predictor
from tenfold.cross_validation import Evaluation
from tenfold.evaluating import Inputs
from tenfold.params import Preprocessing
from tenfold.predictor import Predictor
from tests import mixed

EMBEDDED = {"embeddings": {"numeric": "piecewise_linear", "categorical": "learned"}}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "dummy": ("dummy", {}),
    "linear": ("linear", {}),
    "random_forest": ("random_forest", {}),
    "hist_gradient_boosting": ("hist_gradient_boosting", {}),
    "mlp": ("mlp", {}),
    "mlp embedded": ("mlp", EMBEDDED),
    "resnet embedded": ("resnet", EMBEDDED),
}


def served(name: str, task: Any, *, refit: bool) -> tuple[Predictor, Evaluation]:
    """What stages cross_validate and train make: a bag, or one fit on all rows."""
    family, declared = FAMILIES[name]
    asked, evaluate = mixed.parameters(family, **declared), mixed.evaluator(family, task)
    [found] = evaluate([(0, asked)])
    assert isinstance(found, Evaluation)
    inputs, schema = evaluate.inputs, mixed.schema(task)
    if found.bag is not None and not refit:
        return Predictor(family, schema, inputs.folds(asked)[0], found.bag), found
    transformers, X = inputs.whole(asked)
    chosen = inputs.setting(asked, mixed.setting(task))
    model = evaluate.family.fit(asked, X, inputs.dataset.y, 3, chosen, 2)
    return Predictor(family, schema, transformers, model), found


@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("task", mixed.CLASSES)
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_learns_from_every_kind_of_column_and_is_stored(
    name: str, task: str, refit: bool, tmp_path: Path
) -> None:
    model, found = served(name, task, refit=refit)
    assert np.isfinite(found.oof).all()
    assert len(found.folds) == 3
    model.save(tmp_path)
    later = mixed.table(20, seed=9)
    stored = predictor.load(tmp_path)
    assert stored.schema == model.schema
    np.testing.assert_array_equal(stored.predict(later), model.predict(later))
    nothing = pd.DataFrame([dict.fromkeys(model.schema.features)] * 2)
    assert np.isfinite(stored.predict(nothing)).all()


@pytest.mark.parametrize("name", ["mlp", "mlp embedded"])
def test_a_bag_answers_a_validation_row_as_its_fold_did(name: str) -> None:
    model, found = served(name, "regression", refit=False)
    data = mixed.dataset("regression")
    inputs = [transformer.transform(data.X) for transformer in model.transformers]
    widths = {one.shape[1] for one in inputs}
    assert (len(widths) == 1) is (name == "mlp embedded")
    each = model.model.draws(inputs, 1, 0)
    for number, member in enumerate(each):
        own = data.fold == number
        np.testing.assert_allclose(member[own], found.oof[own], rtol=1e-5, atol=1e-5)


def test_an_embedded_number_is_a_number_and_an_embedded_code_a_code() -> None:
    evaluate = mixed.evaluator("mlp", "regression")
    asked = mixed.parameters("mlp", **EMBEDDED)
    chosen = evaluate.inputs.setting(asked, mixed.setting("regression"))
    # Four numbers; two dates of a year and four pairs each.
    assert (chosen.n_numeric, chosen.n_codes) == (4 + 2 * 9, 2)
    for fold in evaluate.inputs.folds(asked)[1]:
        codes = fold.X_train[:, chosen.n_numeric : chosen.n_numeric + 2]
        assert (codes == np.round(codes)).all()
        assert codes.min(axis=0).tolist() == [0.0, 0.0]
        # Three colours and none; five towns, of which one is the rest.
        assert codes.max(axis=0).tolist() == [3.0, 4.0]


def test_trials_that_embed_and_that_do_not_take_turns_in_one_search() -> None:
    both = mixed.evaluator("mlp", "binary")
    numeric = {"embeddings": {"numeric": "periodic"}}
    for number, declared in enumerate([{}, EMBEDDED, numeric, {}]):
        asked = (number, mixed.parameters("mlp", **declared))
        [found], [alone] = both([asked]), mixed.evaluator("mlp", "binary")([asked])
        assert isinstance(found, Evaluation)
        assert isinstance(alone, Evaluation)
        np.testing.assert_array_equal(found.oof, alone.oof)


def test_a_date_tells_what_only_a_date_can() -> None:
    """Targets that turn with the month: a line through sine and cosine finds them."""
    data = mixed.dataset("regression")
    turning = np.sin(2 * np.pi * (data.X["when"].dt.month.fillna(1) - 1) / 12).to_numpy()
    errors = []
    for cyclic in (True, False):
        declared = Preprocessing.model_validate({"dates": {"parts": ["month"], "cyclic": cyclic}})
        inputs = Inputs(replace(data, y=turning), declared)
        evaluate = replace(mixed.evaluator("linear", "regression"), inputs=inputs)
        [found] = evaluate([(0, mixed.parameters("linear"))])
        assert isinstance(found, Evaluation)
        known = data.X["when"].notna()
        errors.append(float(np.mean((found.oof - turning)[known] ** 2)))
    assert errors[0] < 0.1 * errors[1]
