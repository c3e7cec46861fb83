"""The CSVs behind `dvc plots` and the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tenfold import runtime
from tenfold.dataset.folds import FOLD, ROW
from tenfold.metrics import METRICS, Task
from tenfold.reporting import curves, prediction_curves, trial_axes
from tenfold.selection.postprocessing import reliability
from tests.reporting.candidates import (
    CLASSES,
    EVIL,
    candidates,
    experiment,
    on_test_rows,
    oof,
    schema,
)


def write(tmp_path: Path, task: Task) -> dict[str, list[dict[str, str]]]:
    folder = tmp_path / "out"
    curves.write(folder, candidates(tmp_path, task), on_test_rows(task), experiment(task))
    return {path.stem: runtime.read_rows(path) for path in folder.iterdir()}


@pytest.mark.parametrize("task", CLASSES)
def test_every_curve_has_its_header_whatever_the_task(task: Task, tmp_path: Path) -> None:
    write(tmp_path, task)
    for name, columns in curves.COLUMNS.items():
        header = (tmp_path / "out" / f"{name}.csv").read_text().splitlines()[0]
        assert tuple(header.split(","))[: len(columns)] == columns


def test_regression_has_predicted_values_and_residuals(tmp_path: Path) -> None:
    found = write(tmp_path, "regression")
    assert found["roc"] == found["confusion"] == found["calibration"] == []
    assert found["predicted"] == [
        {"actual": "0.5", "predicted": "0.0"},
        {"actual": "1.5", "predicted": "1.0"},
        {"actual": "2.5", "predicted": "2.0"},
    ]
    table = oof("regression")
    written = pd.DataFrame(found["residuals"]).astype(float)
    np.testing.assert_allclose(written["residual"], table["true"] - table["prediction"])


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_classes_have_their_own_curves(task: Task, tmp_path: Path) -> None:
    found = write(tmp_path, task)
    assert found["predicted"] == found["residuals"] == []
    assert len(found["confusion"]) == 3
    assert {row["family"] for row in found["roc"]} == {"dummy", "linear", "mlp"}
    assert bool(found["precision_recall"]) == (task == "binary")
    assert len(found["calibration"]) == 3 * reliability.N_BINS


def test_no_text_of_the_data_can_end_the_script_of_a_page(tmp_path: Path) -> None:
    write(tmp_path, "binary")
    written = (tmp_path / "out" / "confusion.csv").read_text()
    assert "<script" not in written and "</script" not in written
    # It looks the same.
    assert written.replace("\u2060", "").count("<script>alert('x')</script>") == 3


def test_every_candidate_has_its_role_interval_and_cost(tmp_path: Path) -> None:
    best, second, last = write(tmp_path, "binary")["families"]
    assert [row["family"] for row in (best, second, last)] == ["mlp", "linear", "dummy"]
    assert [row["role"] for row in (best, second, last)] == ["champion", "behind", "behind"]
    assert float(best["low"]) < float(best["mean"]) < float(best["high"])
    assert float(best["megabytes"]) == pytest.approx(1.5, abs=0.001)
    assert best["models"] == "3"


def test_every_familys_folds_and_only_networks_learning_curves_are_there(tmp_path: Path) -> None:
    found = write(tmp_path, "regression")
    assert [(row["family"], row["fold"]) for row in found["fold_scores"]] == [
        (family, fold) for family in ("dummy", "linear", "mlp") for fold in "012"
    ]
    assert [(row["family"], row["epoch"]) for row in found["learning_curves"]] == [
        ("mlp", "1"),
        ("mlp", "2"),
    ]


def test_the_roc_of_two_classes_is_scikit_learns() -> None:
    from sklearn.metrics import roc_curve

    table = oof("binary")
    expected = roc_curve(table["true"] == EVIL, table[f"probability_{EVIL}"])
    found = prediction_curves.roc_curve(schema("binary"), table)
    for own, wanted in zip(found, expected, strict=False):
        np.testing.assert_array_equal(own, wanted)


def test_the_roc_of_many_classes_is_scikit_learns_macro_mean() -> None:
    from sklearn.metrics import auc, roc_curve

    table, classes = oof("multiclass"), CLASSES["multiclass"]
    fpr, tpr = prediction_curves.roc_curve(schema("multiclass"), table)
    one_vs_rest = [
        roc_curve(table["true"] == label, table[f"probability_{label}"])[:2] for label in classes
    ]
    expected = np.mean([np.interp(fpr, *rates) for rates in one_vs_rest], axis=0)
    np.testing.assert_allclose(tpr, expected, atol=1e-12)
    codes = np.array([classes.index(label) for label in table["true"]])
    shares = table[[f"probability_{label}" for label in classes]].to_numpy()
    # The grid of 201 points cuts the corners of the steps.
    assert auc(fpr, tpr) == pytest.approx(METRICS["auroc"].function(codes, shares), abs=0.005)
    assert (np.diff(tpr) >= 0).all()
    assert tpr[-1] == 1


@pytest.mark.parametrize("positive", [0, 1])
def test_precision_and_recall_are_of_the_positive_class(positive: int) -> None:
    table = oof("binary")
    recall, precision = prediction_curves.precision_recall(schema("binary"), table, positive)
    label = CLASSES["binary"][positive]
    area = np.sum(np.diff(recall) * precision[1:])
    codes = (table["true"] == EVIL).to_numpy(dtype=np.int64)
    shares = table[[f"probability_{label}" for label in CLASSES["binary"]]].to_numpy()
    expected = METRICS["average_precision"].score(codes, shares, positive)
    assert area == pytest.approx(expected)
    assert precision[-1] == pytest.approx((table["true"] == label).mean())


def test_a_thinned_curve_keeps_its_ends_and_its_area() -> None:
    x = np.sort(np.random.default_rng(0).random(20_000))
    y = np.sqrt(x)
    thin_x, thin_y = prediction_curves.thinned(x, y)
    assert len(thin_x) <= prediction_curves.MAX_POINTS + 2
    assert (thin_x[0], thin_x[-1]) == (x[0], x[-1])
    assert np.trapezoid(thin_y, thin_x) == pytest.approx(np.trapezoid(y, x), abs=1e-4)


def test_bins_of_calibration_hold_equally_many_rows_and_the_truth_of_a_calibrated_model() -> None:
    draw = np.random.default_rng(0)
    said = draw.random(5000)
    found = prediction_curves.calibration(said, draw.random(5000) < said)
    assert {row["rows"] for row in found} == {500}
    assert sum(row["low"] <= row["predicted"] <= row["high"] for row in found) >= 8
    assert all(0 <= row["low"] <= row["observed"] <= row["high"] <= 1 for row in found)


def test_wilsons_interval_is_statistics_own() -> None:
    from scipy.stats import binomtest

    [found] = prediction_curves.calibration(np.array([0.5] * 1), np.array([True]))
    expected = binomtest(1, 1).proportion_ci(0.95, "wilson")
    assert (found["low"], found["high"]) == pytest.approx((expected.low, expected.high))


def test_trials_stand_on_axes_as_they_were_searched(tmp_path: Path) -> None:
    rows = write(tmp_path, "binary")["trials"]
    own = [row for row in rows if row["family"] == "linear"]
    assert [(row["trial"], row["parameter"]) for row in own] == [
        ("0", "alpha"), ("0", "auroc"), ("1", "alpha"), ("1", "auroc"),
    ]  # fmt: skip
    # 1.0 is in the middle of 0.01 to 100 on a logarithmic scale.
    assert [float(row["place"]) for row in own] == pytest.approx([0.5, 0.0, 0.0, 1.0])
    dropout = [row["place"] for row in rows if row["parameter"] == "dropout"]
    assert dropout == ["1.0", "0.0"]
    assert not [row for row in rows if row["family"] == "dummy"]


def test_the_best_trial_is_on_top_whatever_the_metric() -> None:
    tried = [{"trial": str(n), "mse_mean": str(n + 1.0), "alpha": "1.0"} for n in range(3)]
    space = {"alpha": {"low": 0.5, "high": 1.5}}
    rows = trial_axes.trials("linear", space, tried, "mse")
    tops = {row["trial"]: row["place"] for row in rows if row["parameter"] == "mse"}
    assert tops == {0: 1.0, 1: 0.5, 2: 0.0}
    assert {row["place"] for row in rows if row["parameter"] == "alpha"} == {0.5}


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_of_a_row_that_is_validated_repeatedly_the_mean_is_drawn(
    task: Task, tmp_path: Path
) -> None:
    once = oof(task)
    predicted = list(once.columns[2:])
    twice = pd.concat([once.assign(**{FOLD: fold}) for fold in (0, 1)]).sort_values([ROW, FOLD])
    twice.loc[twice[FOLD] == 0, predicted] += 0.25
    twice.to_parquet(tmp_path / "oof.parquet", index=False)
    read = prediction_curves.read_oof(tmp_path)
    pd.testing.assert_frame_equal(read[[ROW, "true"]], once[[ROW, "true"]])
    np.testing.assert_allclose(read[predicted], once[predicted] + 0.125)
