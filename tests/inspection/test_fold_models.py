"""The champion as models of the folds alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tenfold import dataset, models, params, runtime
from tenfold.dataset import Dataset, Schema
from tenfold.inspection import fold_models, held_out
from tenfold.models.shared import predictor
from tenfold.params import Params
from tests import ensembles
from tests.project import Project


def trained_on(project: Project) -> tuple[Params, Dataset]:
    split = project / "outputs/split"
    schema = Schema.from_report(runtime.read_json(split / "report.json"))
    train = dataset.read(split / "train.parquet", schema, split / "folds.parquet")
    return params.load(models, project / "params.yaml"), train


def test_folds_of_a_model_of_all_rows_are_fitted_as_they_were_cross_validated(
    finished: Project, tmp_path: Path
) -> None:
    experiment, train = trained_on(finished)
    cross_validated, trained = finished / "outputs/cross_validate", finished / "outputs/train"
    linear, mlp = (predictor.load(trained / name / "model") for name in ("linear", "mlp"))
    assert held_out.of_fold(linear, 0, 3) is None
    members = [linear, mlp]
    mixed = predictor.load(ensembles.assembled(tmp_path, members, [0.25, 0.75]))
    for served, weights in ((linear, (1.0, 0.0)), (mlp, (0.0, 1.0)), (mixed, (0.25, 0.75))):
        found = fold_models.complete(served, experiment, train, cross_validated)
        looked_at = held_out.of(found, train, train)
        assert looked_at.of_folds
        oofs = [
            dataset.read_out_of_fold(cross_validated / name / "oof.parquet", train)
            for name in ("linear", "mlp")
        ]
        for own, linears, mlps in zip(looked_at.sets, *oofs, strict=True):
            expected = weights[0] * linears + weights[1] * mlps
            np.testing.assert_allclose(own.predict(own.X), expected, atol=1e-6)


def test_models_that_take_long_are_not_fitted(
    finished: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, train = trained_on(finished)
    linear = predictor.load(finished / "outputs/train/linear/model")
    monkeypatch.setattr(fold_models, "MAX_SECONDS", 0.0)
    cross_validated = finished / "outputs/cross_validate"
    assert fold_models.complete(linear, experiment, train, cross_validated) is linear
