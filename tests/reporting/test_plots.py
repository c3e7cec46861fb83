"""The curves behind `dvc plots` and the pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold import runtime
from tenfold.dataset import Schema
from tenfold.dataset.folds import FOLD, ROW
from tenfold.metrics import METRICS, Task
from tenfold.reporting import plots

CURVES = {
    "roc": "family,fpr,tpr",
    "learning_curves": "family,epoch,train_loss,val_loss",
    "fold_scores": "family,fold,score",
    "confusion": "actual,predicted",
    "predicted": "actual,predicted",
}
CLASSES: dict[Task, tuple[str, ...]] = {
    "regression": (),
    "binary": ("no", "yes"),
    "multiclass": ("a", "b", "c"),
}


def schema(task: Task) -> Schema:
    return Schema(task, "y", ("x",), (), CLASSES[task], ())


def oof(task: Task, n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    classes = CLASSES[task]
    if not classes:
        y = rng.normal(size=n)
        return pd.DataFrame({ROW: range(n), "true": y, "prediction": y + rng.normal(size=n)})
    codes = rng.integers(0, len(classes), n)
    raw = rng.random((n, len(classes))) + 0.6 * np.eye(len(classes))[codes]
    shares = raw / raw.sum(axis=1, keepdims=True)
    columns = {f"probability_{label}": shares[:, i] for i, label in enumerate(classes)}
    return pd.DataFrame({ROW: range(n), "true": np.array(classes)[codes], **columns})


def results(folder: Path, task: Task, *, epochs: int = 2) -> Path:
    """What the cross_validate stage leaves of one family."""
    folder.mkdir(parents=True)
    oof(task).to_parquet(folder / "oof.parquet")
    metric = "auroc" if CLASSES[task] else "mse"
    runtime.write_json(folder / "scores.json", {metric: {"folds": [0.5, 0.75]}})
    curve = [{"epoch": e, "train_loss": 1 / e, "val_loss": 2 / e} for e in range(1, epochs + 1)]
    runtime.write_rows(folder / "history.csv", curve, ["epoch", "train_loss", "val_loss"])
    return folder


def write(tmp_path: Path, task: Task) -> dict[str, list[dict[str, str]]]:
    classes = CLASSES[task]
    families = {
        "linear": results(tmp_path / "linear", task, epochs=0),
        "mlp": results(tmp_path / "mlp", task),
    }
    true: Any = np.array([0, 1, 1]) if classes else np.array([0.5, 1.5, 2.5])
    predicted = np.eye(len(classes))[[0, 1, 0]] if classes else np.array([0.0, 1.0, 2.0])
    metric = "auroc" if classes else "mse"
    plots.write_curves(tmp_path / "out", schema(task), families, metric, true, predicted)
    for name, header in CURVES.items():
        assert (tmp_path / "out" / f"{name}.csv").read_text().splitlines()[0] == header
    assert len(list((tmp_path / "out").iterdir())) == len(CURVES)
    return {name: runtime.read_rows(tmp_path / "out" / f"{name}.csv") for name in CURVES}


def test_regression_has_no_roc_and_no_confusion_but_their_headers(tmp_path: Path) -> None:
    found = write(tmp_path, "regression")
    assert found["roc"] == found["confusion"] == []
    assert found["predicted"] == [
        {"actual": "0.5", "predicted": "0.0"},
        {"actual": "1.5", "predicted": "1.0"},
        {"actual": "2.5", "predicted": "2.0"},
    ]


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_classification_has_no_predicted_values_but_their_header(
    task: Task, tmp_path: Path
) -> None:
    found = write(tmp_path, task)
    first, second = CLASSES[task][:2]
    assert found["predicted"] == []
    assert [(row["actual"], row["predicted"]) for row in found["confusion"]] == [
        (first, first),
        (second, second),
        (second, first),
    ]
    assert {row["family"] for row in found["roc"]} == {"linear", "mlp"}


def test_every_familys_folds_and_only_networks_learning_curves_are_there(tmp_path: Path) -> None:
    found = write(tmp_path, "regression")
    assert [(row["family"], row["fold"], row["score"]) for row in found["fold_scores"]] == [
        (family, fold, score)
        for family in ("linear", "mlp")
        for fold, score in (("0", "0.5"), ("1", "0.75"))
    ]
    assert [(row["family"], row["epoch"]) for row in found["learning_curves"]] == [
        ("mlp", "1"),
        ("mlp", "2"),
    ]


def test_the_roc_of_two_classes_is_scikit_learns() -> None:
    from sklearn.metrics import roc_curve

    table = oof("binary")
    expected = roc_curve(table["true"] == "yes", table["probability_yes"])
    for found, wanted in zip(plots.roc_curve(schema("binary"), table), expected, strict=False):
        np.testing.assert_array_equal(found, wanted)


def test_the_roc_of_many_classes_is_scikit_learns_macro_mean() -> None:
    from sklearn.metrics import auc, roc_curve

    table = oof("multiclass")
    fpr, tpr = plots.roc_curve(schema("multiclass"), table)
    one_vs_rest = [
        roc_curve(table["true"] == label, table[f"probability_{label}"])[:2]
        for label in CLASSES["multiclass"]
    ]
    expected = np.mean([np.interp(fpr, *rates) for rates in one_vs_rest], axis=0)
    np.testing.assert_allclose(tpr, expected, atol=1e-12)
    codes = table["true"].map({"a": 0, "b": 1, "c": 2}).to_numpy()
    shares = table[[f"probability_{label}" for label in "abc"]].to_numpy()
    # The grid of 201 points cuts the corners of the steps.
    assert auc(fpr, tpr) == pytest.approx(METRICS["auroc"].function(codes, shares), abs=0.005)
    assert (np.diff(tpr) >= 0).all()
    assert tpr[-1] == 1


@pytest.mark.slow
@pytest.mark.parametrize("task", CLASSES)
def test_two_drawings_of_the_same_results_are_the_same_bytes(task: Task, tmp_path: Path) -> None:
    found = results(tmp_path / "mlp", task)
    metric = "auroc" if CLASSES[task] else "mse"
    one, two = (
        plots.draw_family(tmp_path / name, schema(task), found, metric) for name in ("1", "2")
    )
    expected = ["roc", "confusion"] if CLASSES[task] else ["predicted"]
    assert [path.stem for path in one] == [*expected, "fold_scores", "learning_curve"]
    for first, second in zip(one, two, strict=True):
        assert first.read_bytes() == second.read_bytes()
        assert first.read_bytes().startswith(b"\x89PNG")
        assert b"Software" not in first.read_bytes()


def test_a_family_without_epochs_has_no_learning_curve(tmp_path: Path) -> None:
    found = results(tmp_path / "linear", "regression", epochs=0)
    drawn = plots.draw_family(tmp_path / "out", schema("regression"), found, "mse")
    assert [path.stem for path in drawn] == ["predicted", "fold_scores"]


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_of_a_row_that_is_validated_repeatedly_the_mean_is_drawn(
    task: Task, tmp_path: Path
) -> None:
    once = oof(task)
    predicted = list(once.columns[2:])
    twice = pd.concat([once.assign(**{FOLD: fold}) for fold in (0, 1)]).sort_values([ROW, FOLD])
    twice.loc[twice[FOLD] == 0, predicted] += 0.25
    twice.to_parquet(tmp_path / "oof.parquet", index=False)
    read = plots.read_oof(tmp_path)
    pd.testing.assert_frame_equal(read[[ROW, "true"]], once[[ROW, "true"]])
    np.testing.assert_allclose(read[predicted], once[predicted] + 0.125)
