"""Every kind of column in every family, from the folds to what is stored and asked again."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold.models import FamilyParameters
from tenfold.models.shared import predictor
from tenfold.models.shared.predictor import Predictor
from tenfold.params import Preprocessing
from tenfold.reporting import results
from tenfold.runtime import UserError
from tenfold.serving import pyfunc, scoring
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.evaluation import Evaluator, Inputs
from tests import mixed

EMBEDDED = {"embeddings": {"numeric": "piecewise_linear", "categorical": "learned"}}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "dummy": ("dummy", {}),
    "linear": ("linear", {}),
    "random_forest": ("random_forest", {"n_estimators": 20}),
    "extra_trees": ("extra_trees", {"n_estimators": 20}),
    "knn": ("knn", {}),
    "hist_gradient_boosting": ("hist_gradient_boosting", {}),
    "catboost": ("catboost", {}),
    "lightgbm": ("lightgbm", {}),
    "mlp": ("mlp", {}),
    "mlp embedded": ("mlp", EMBEDDED),
    "resnet embedded": ("resnet", EMBEDDED),
    "tabm embedded": ("tabm", EMBEDDED),
}


@functools.cache
def evaluated(name: str, task: str) -> tuple[FamilyParameters, Evaluator, Evaluation]:
    """What stage cross_validate makes."""
    family, declared = FAMILIES[name]
    asked, evaluate = mixed.parameters(family, **declared), mixed.evaluator(family, task)
    [found] = evaluate([(0, asked)])
    assert isinstance(found, Evaluation)
    return asked, evaluate, found


def served(name: str, task: Any, *, refit: bool) -> tuple[Predictor, Evaluation]:
    """What stage train makes of it: a bag, or one fit on all rows."""
    family, _ = FAMILIES[name]
    asked, evaluate, found = evaluated(name, task)
    inputs, schema = evaluate.inputs, mixed.schema(task)
    if found.bag is not None and not refit:
        return Predictor(family, schema, inputs.folds(asked)[0], found.bag), found
    transformers, X = inputs.whole(asked)
    chosen = inputs.fit_settings(asked, mixed.setting(task))
    model = evaluate.family.fit(asked, X, inputs.dataset.y, 3, chosen, 2)
    return Predictor(family, schema, transformers, model), found


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlp", "mlp embedded"])
def test_a_bag_answers_a_validation_row_as_its_fold_did(name: str) -> None:
    model, found = served(name, "regression", refit=False)
    data = mixed.dataset("regression")
    inputs = [transformer.transform(data.X) for transformer in model.transformers]
    widths = {one.shape[1] for one in inputs}
    assert (len(widths) == 1) is (name == "mlp embedded")
    assert data.folds is not None
    each = model.model.draws(inputs, 1, 0)
    for number, member in enumerate(each):
        own = data.folds.val(number)
        np.testing.assert_allclose(member[own], found.oof[own], rtol=1e-5, atol=1e-5)


def test_an_embedded_number_is_a_number_and_an_embedded_code_a_code() -> None:
    evaluate = mixed.evaluator("mlp", "regression")
    asked = mixed.parameters("mlp", **EMBEDDED)
    chosen = evaluate.inputs.fit_settings(asked, mixed.setting("regression"))
    # Four numbers; two dates of a year and four pairs each.
    assert (chosen.n_numeric, chosen.n_codes) == (4 + 2 * 9, 2)
    for fold in evaluate.inputs.folds(asked)[1]:
        codes = fold.X_train[:, chosen.n_numeric : chosen.n_numeric + 2]
        assert (codes == np.round(codes)).all()
        assert codes.min(axis=0).tolist() == [0.0, 0.0]
        # Three colours and none; five towns, of which one is the rest.
        assert codes.max(axis=0).tolist() == [3.0, 4.0]


@pytest.mark.slow
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


# --- asked again ---


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The model as the registry loads it, pickle off."""
    import mlflow

    folder = tmp_path_factory.mktemp("registered")
    model, _ = served("linear", "binary", refit=True)
    (folder / "files").mkdir()
    model.save(folder / "files")
    mlflow.pyfunc.save_model(
        str(folder / "model"),
        loader_module="tenfold.serving.pyfunc",
        data_path=str(folder / "files"),
        signature=pyfunc.signature(model.schema),
        input_example=results.example(mixed.table(), model.schema),
        pip_requirements=[],
    )
    return mlflow.pyfunc.load_model(str(folder / "model"))


ROW: dict[str, Any] = {
    "size": 9.5,
    "weight": None,
    "lonely": 0.5,
    "flat": 2.0,
    "colour": "red",
    "town": "3",
    "when": "2024-05-31T13:00:00",
    "seen": None,
}


def ask(model: Any, **changes: Any) -> float:
    answer = model.predict(pd.DataFrame([ROW | changes], dtype=object))
    return float(answer["probability_yes"].iloc[0])


@pytest.mark.slow
@pytest.mark.parametrize("column", ["when", "seen", "colour", "town", "size"])
def test_a_null_and_what_was_never_seen_are_answered(registered: Any, column: str) -> None:
    new: dict[str, Any] = {"when": "2031-01-01", "seen": "1999-12-31 23:59", "size": 1e6}
    for value in (None, new.get(column, "new")):
        assert 0 <= ask(registered, **{column: value}) <= 1


@pytest.mark.slow
def test_a_date_at_serving_is_the_date_of_training(registered: Any) -> None:
    table = pd.DataFrame([ROW]).astype({"when": "datetime64[us]", "weight": float})
    expected = registered.get_raw_model().answer(table)["probability_yes"].iloc[0]
    assert ask(registered) == pytest.approx(expected, rel=1e-12)
    for same in ("2024-05-31 13:00", "2024-05-31T15:00:00+02:00", "2024-05-31T13:00:00Z"):
        assert ask(registered, when=same) == ask(registered)
    assert ask(registered, when="2024-01-31") != ask(registered)
    assert ask(registered, when=None) == ask(registered, when="") == ask(registered, when="NA")


@pytest.mark.slow
@pytest.mark.parametrize("value", ["31.05.2024", "2024-02-30", "soon", 20240531, 1.5, True])
def test_what_is_no_date_is_refused_by_its_column_and_row(registered: Any, value: Any) -> None:
    from mlflow.exceptions import MlflowException

    rows = pd.DataFrame([ROW, ROW | {"when": value}], dtype=object)
    with pytest.raises(MlflowException) as refused:
        registered.predict(rows)
    assert "when" in str(refused.value)
    assert refused.value.error_code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")
    if isinstance(value, str):
        assert "column 'when', row 1: must be an ISO 8601 date or time" in str(refused.value)


def test_every_column_is_signed_as_any_type_so_that_mlflow_converts_none(registered: Any) -> None:
    kinds = {
        column["name"]: column["type"] for column in registered.metadata.signature.inputs.to_dict()
    }
    assert kinds == dict.fromkeys(ROW, "any")


def score(path: Path, model: Any) -> pd.DataFrame:
    return scoring.score(path, model.get_raw_model()).table


def write(path: Path, *rows: dict[str, Any]) -> Path:
    pd.DataFrame(rows, dtype=object).to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_a_file_with_dates_is_scored(registered: Any, tmp_path: Path) -> None:
    other = ROW | {"when": "NA", "seen": " 2024-02-29 12:00 "}
    scored = score(write(tmp_path / "in.csv", ROW, other), registered)
    assert scored["when"].tolist() == ["2024-05-31T13:00:00", "NA"]
    expected = [ask(registered), ask(registered, when=None, seen="2024-02-29T12:00")]
    assert scored["probability_yes"].tolist() == expected
    mixed.table(9).to_parquet(tmp_path / "in.parquet")
    again = score(tmp_path / "in.parquet", registered)["probability_yes"]
    own = registered.get_raw_model().answer(mixed.table(9))["probability_yes"]
    np.testing.assert_allclose(again, own, rtol=1e-12)


def test_a_files_line_that_holds_no_date_is_named(registered: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", ROW, ROW | {"when": "31.05.2024"})
    with pytest.raises(UserError) as refused:
        score(path, registered)
    assert "in.csv, line 3: 'when' must be an ISO 8601 date" in str(refused.value)
    assert "'31.05.2024'" in str(refused.value)
