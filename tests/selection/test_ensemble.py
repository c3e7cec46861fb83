"""The ensemble as a candidate: what it is made of, what scores it, and when there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold import dataset, metrics, models, params, runtime
from tenfold.dataset import Dataset
from tenfold.dataset.folds import Folds
from tenfold.metrics import Array
from tenfold.models.shared import predictor
from tenfold.models.shared.predictor import Predictor
from tenfold.params import Params
from tenfold.selection import choosing, cross_fitting, ensemble, greedy, row_losses
from tenfold.selection.fold_scores import FoldScorer
from tests import bags
from tests.project import files_below

ONCE = Folds.of(np.arange(60) % 4)
TWICE = Folds(np.concatenate([ONCE.membership, Folds.of(np.arange(60) // 15).membership]))


def experiment(families: list[str], ensemble: Any = None, metric: str = "log_loss") -> Params:
    return params.parse(
        {
            "name": "small",
            "task": "binary" if metric in ("log_loss", "auroc") else "regression",
            "seed": 0,
            "metrics": [metric],
            **dict.fromkeys(
                ("clean", "split", "audit", "preprocessing", "tune", "train", "trainer")
            ),
            "data": {"path": "t.csv", "target": "y"},
            "models": {family: {} for family in families},
            "select_model": {"registered_model_name": "small", "ensemble": ensemble},
        },
        models,
    )


def scorer(experiment: Params, train: Dataset) -> FoldScorer:
    return FoldScorer(experiment.metrics, train)


def data(task: Any, folds: Folds) -> Dataset:
    own = bags.dataset(task)
    return Dataset(own.schema, own.X, own.y, own.rows, folds)


def predictions(train: Dataset, seed: int, noise: float) -> list[Array]:
    """What each fold of a candidate predicts; every fold errs in its own way."""
    assert train.folds is not None
    rng = np.random.default_rng(seed)
    found = []
    for number in range(train.folds.n):
        y = train.y[train.folds.val(number)].astype(float)
        if train.schema.classes:
            p = 1 / (1 + np.exp(-(4 * y - 2 + noise * rng.normal(size=len(y)))))
            found.append(np.stack([1 - p, p], axis=1))
        else:
            found.append(y + noise * rng.normal(size=len(y)))
    return found


def cross_validated(
    folder: Path, train: Dataset, own: dict[str, list[list[Array]]], metric: str
) -> None:
    """What stage cross_validate leaves of families, each with its configurations, best first."""
    assert train.folds is not None
    for family, configurations in own.items():
        for number, found in enumerate(configurations):
            place = folder / family / (f"runners_up/{number}" if number else "")
            place.mkdir(parents=True)
            name = "configuration.json" if number else "best.json"
            runtime.write_json(place / name, {"parameters": {}, "findings": []})
            dataset.write_out_of_fold(place / "oof.parquet", train, found)
        (folder / family / "runners_up").mkdir(exist_ok=True)
        others = list(range(1, len(configurations)))
        runtime.write_json(folder / family / "runners_up/trials.json", others)


CASES = {
    "classes": ("log_loss", ONCE),
    "ranks": ("auroc", ONCE),
    "numbers": ("mse", ONCE),
    "repeated folds": ("mse", TWICE),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_its_scores_are_of_weights_that_have_not_seen_the_fold(case: str, tmp_path: Path) -> None:
    metric, folds = CASES[case]
    chosen = experiment(["dummy", "linear", "mlp"], metric=metric)
    train = data(chosen.task, folds)
    linear = [predictions(train, 1, 2.0), predictions(train, 2, 2.2)]
    mlp = [predictions(train, 3, 2.0), predictions(train, 4, 2.4)]
    own = {"dummy": [predictions(train, 5, 0.1)], "linear": linear, "mlp": mlp}
    cross_validated(tmp_path / "cv", train, own, metric)
    found = ensemble.combine(chosen, scorer(chosen, train), tmp_path / "cv", tmp_path / "trained")
    candidates = [*linear, *mlp]
    y = [train.y[folds.val(number)] for number in range(folds.n)]
    loss = row_losses.row_loss(metric, chosen.task)
    scores = []
    for fold in range(folds.n):
        # Of repeated folds only those of the same repetition choose.
        others = [number for number in range(fold // 4 * 4, fold // 4 * 4 + 4) if number != fold]
        counts = greedy.select(
            greedy.Candidates(
                [[one[n] for n in others] for one in candidates], [y[n] for n in others], loss
            ),
            range(3),
            5,
            cross_fitting.N_STEPS,
        )
        total = sum(count * one[fold] for count, one in zip(counts, candidates, strict=True))
        np.testing.assert_allclose(found.predictions[fold], total / sum(counts), rtol=1e-12)
        scores.append(metrics.METRICS[metric].function(y[fold], found.predictions[fold]))
    assert found.scores["ensemble"][metric]["folds"] == scores
    assert found.scores["ensemble"][metric]["mean"] == pytest.approx(np.mean(scores))
    assert {part.family for part in found.parts} <= {"linear", "mlp"}
    assert sum(part.weight for part in found.parts) == pytest.approx(1)
    assert all(part.weight > 0 for part in found.parts)
    places = {"linear": "linear/model", "mlp": "mlp/model"}
    for part, trained in zip(found.parts, found.trained, strict=True):
        place = f"{part.family}/runners_up/1/model" if part.runner_up else places[part.family]
        assert trained == tmp_path / "trained" / place


def test_no_more_members_than_asked_have_weight(tmp_path: Path) -> None:
    train = data("regression", ONCE)
    own = {"linear": [predictions(train, seed, 2.0) for seed in range(8)]}
    cross_validated(tmp_path / "cv", train, own, "mse")
    counts = []
    for limit in (2, 3, 8):
        chosen = experiment(["linear"], {"max_members": limit}, "mse")
        counts.append(
            len(ensemble.combine(chosen, scorer(chosen, train), tmp_path / "cv", tmp_path).parts)
        )
    assert counts[:2] == [2, 3]
    assert counts[2] > 3


NONE = {
    "off": (["linear", "mlp"], "off", ONCE, "is off"),
    "one configuration": (["dummy", "linear"], None, ONCE, "there is 1"),
    "one fold": (["linear", "mlp"], None, Folds(ONCE.membership[:1]), "none can choose for it"),
    "many folds": (
        ["linear", "mlp"],
        None,
        Folds(np.concatenate([ONCE.membership] * 26)),
        "there are 104",
    ),
}


@pytest.mark.parametrize("case", NONE)
def test_without_an_ensemble_its_folder_says_why(case: str, tmp_path: Path) -> None:
    families, declared, folds, why = NONE[case]
    train = data("regression", folds)
    own = {family: [predictions(train, n, 2.0)] for n, family in enumerate(families)}
    cross_validated(tmp_path / "cv", train, own, "mse")
    chosen = experiment(families, declared, "mse")
    found = choosing.choose(
        chosen, scorer(chosen, train), tmp_path / "cv", tmp_path, tmp_path / "ensemble"
    )
    assert set(found.cv) == set(families)
    written = json.loads((tmp_path / "ensemble/weights.json").read_text())
    assert written["members"] == []
    assert why in written["why_none"]
    assert [path.name for path in (tmp_path / "ensemble").iterdir()] == ["weights.json"]
    said = [f"note: no ensemble: {written['why_none']}"]
    assert list(found.notes) == ([] if declared == "off" else said)


def trained(folder: Path, alpha: float) -> Predictor:
    """A model that stage train leaves."""
    own, asked = bags.dataset("binary"), bags.parameters("linear", alpha=alpha)
    transformers, X = bags.evaluator("linear", own).inputs.whole(asked)
    model = models.family("linear").fit(asked, X, own.y, 0, bags.setting("binary"), None)
    folder.mkdir(parents=True)
    member = Predictor("linear", own.schema, transformers, model)
    member.save(folder)
    return member


@pytest.mark.slow
def test_the_champion_has_a_model_that_is_the_same_files_twice(tmp_path: Path) -> None:
    train = data("binary", ONCE)
    own = {"linear": [predictions(train, 1, 5.0), predictions(train, 2, 5.0)]}
    cross_validated(tmp_path / "cv", train, own, "log_loss")
    members = [
        trained(tmp_path / "trained/linear" / place / "model", alpha)
        for place, alpha in ((".", 1.0), ("runners_up/1", 30.0))
    ]
    for out in ("one", "two"):
        chosen = experiment(["linear"])
        found = choosing.choose(
            chosen, scorer(chosen, train), tmp_path / "cv", tmp_path / "trained", tmp_path / out
        )
        assert found.champion == "ensemble"
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")
    weights = ensemble.read_weights(tmp_path / "one")
    assert list(weights) == ["linear", "linear.1"]
    rows = bags.table(9, seed=4)
    expected = sum(
        weight * member.predict(rows)
        for weight, member in zip(weights.values(), members, strict=True)
    )
    served = predictor.load(tmp_path / "one/model").predict(rows)
    np.testing.assert_allclose(served, expected, rtol=1e-14)


def test_a_family_is_chosen_before_an_ensemble_that_equals_it(tmp_path: Path) -> None:
    train = data("regression", ONCE)
    good = predictions(train, 1, 0.1)
    own = {"linear": [good], "mlp": [[part + 9 for part in good]]}
    cross_validated(tmp_path / "cv", train, own, "mse")
    chosen = experiment(["linear", "mlp"], metric="mse")
    found = choosing.choose(
        chosen, scorer(chosen, train), tmp_path / "cv", tmp_path, tmp_path / "e"
    )
    assert found.champion == "linear"
    assert found.cv["ensemble"]["mse"]["folds"] == found.cv["linear"]["mse"]["folds"]
    assert not (tmp_path / "e/model").exists()
