"""The champion's score corrected for the choice, against the paper's algorithm as plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_squared_error, roc_auc_score

from tenfold import metrics
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.metrics import Array
from tenfold.selection import bias_correction, bootstrap
from tenfold.selection.bias_correction import Contenders, CorrectedScore
from tenfold.selection.comparison import Scoreboard
from tenfold.selection.fold_scores import FoldScorer

ONCE = Folds.of(np.arange(80) // 2 % 4)
TWICE = Folds(np.concatenate([ONCE.membership, Folds.of(np.arange(80) // 20).membership]))
PAIRS = np.arange(80) // 2


def table(metric: str, folds: Folds = ONCE, groups: Any = None, seed: int = 0) -> Dataset:
    n = folds.membership.shape[1]
    classes = ("no", "yes") if metric != "mse" else ()
    schema = Schema("binary" if classes else "regression", "y", ("x",), (), classes, ())
    rng, rows = np.random.default_rng(seed), np.arange(n)
    y: Any = rng.permutation(rows % 2) if classes else rng.normal(size=n)
    return Dataset(schema, pd.DataFrame({"x": rows}), y, rows, folds, groups)


def contenders(train: Dataset, sizes: dict[str, int], signal: float = 0.3) -> Contenders:
    """Configurations that know little of the target, each family's best first as they are kept."""
    assert train.folds is not None
    vals = [train.folds.val(number) for number in range(train.folds.n)]
    rng = np.random.default_rng(1)
    found: dict[str, list[list[Array]]] = {}
    for family, size in sizes.items():
        found[family] = []
        for _ in range(size):
            values = signal * train.y.astype(float) + rng.normal(size=len(train.y))
            p = 1 / (1 + np.exp(-values))
            whole = np.stack([1 - p, p], axis=1) if train.schema.classes else values
            found[family].append([whole[val] for val in vals])
    return found


def board(train: Dataset, metric: str, own: Contenders) -> tuple[Scoreboard, Contenders]:
    """The scores of the families by their best configuration."""
    assert train.folds is not None
    y = [train.y[train.folds.val(number)] for number in range(train.folds.n)]

    def summary(configuration: Any) -> Any:
        pairs = zip(y, configuration, strict=True)
        return metrics.summarise([metrics.scores([metric], *pair) for pair in pairs])

    sign = 1 if metric == "mse" else -1
    ordered = {
        family: sorted(each, key=lambda one: sign * summary(one)[metric]["mean"])
        for family, each in own.items()
    }
    cv = {family: summary(each[0]) for family, each in ordered.items()}
    return Scoreboard.of(cv, metric, train), ordered


def scorer(train: Dataset) -> FoldScorer:
    return FoldScorer([], train)


def weighted(metric: str, y: Any, prediction: Array, weight: Any) -> float:
    if metric == "mse":
        return float(mean_squared_error(y, prediction, sample_weight=weight))
    return float(roc_auc_score(y, prediction[:, 1], sample_weight=weight))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "folds", "groups"),
    [("mse", ONCE, None), ("auroc", ONCE, None), ("mse", TWICE, None), ("auroc", ONCE, PAIRS)],
)
def test_it_is_the_papers_algorithm(
    metric: str, folds: Folds, groups: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Choose by the drawn rows, score on the others; groups and repeated rows stay whole."""
    monkeypatch.setattr(bias_correction, "MAX_RESAMPLES", 8)
    train = table(metric, folds, groups)
    scores, own = board(train, metric, contenders(train, {"linear": 1, "mlp": 3, "knn": 2}))
    champion = scores.ranked[0]
    found = bias_correction.correct(scores, champion, "best", own, scorer(train))
    configurations = [one for each in own.values() for one in each]
    vals = [folds.val(number) for number in range(folds.n)]
    unit = np.arange(80) if groups is None else groups
    sign, out_of_bag = (-1 if metric == "mse" else 1), []
    for counts in bootstrap.Units(unit, "rows").counts(8):
        in_bag = [
            sign
            * np.mean(
                [
                    weighted(metric, train.y[val], part, counts[unit[val]])
                    for val, part in zip(vals, one, strict=True)
                ]
            )
            for one in configurations
        ]
        chosen = configurations[int(np.argmax(in_bag))]
        pooled = np.concatenate(vals)
        out = (counts == 0)[unit[pooled]]
        rows = pooled[out]
        out_of_bag.append(weighted(metric, train.y[rows], np.concatenate(chosen)[out], None))
    everything = np.concatenate(vals)
    together = np.concatenate(own[champion][0])
    shift = scores.cv[champion][metric]["mean"] - weighted(
        metric, train.y[everything], together, None
    )
    assert isinstance(found, CorrectedScore)
    assert found.score == pytest.approx(np.mean(out_of_bag) + shift, abs=1e-12)
    expected = np.quantile(out_of_bag, [0.025, 0.975]) + shift
    np.testing.assert_allclose([found.low, found.high], expected, atol=1e-12)
    assert (found.n_configurations, found.n_resamples) == (6, 8)


@pytest.mark.slow
def test_of_random_labels_the_best_is_flattered_and_the_corrected_score_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bias_correction, "MAX_RESAMPLES", 100)
    best, corrected = [], []
    for seed in range(8):
        train = table("auroc", seed=seed)
        scores, own = board(train, "auroc", contenders(train, {"linear": 6, "mlp": 6}, 0.0))
        champion = scores.ranked[0]
        found = bias_correction.correct(scores, champion, "best", own, scorer(train))
        assert isinstance(found, CorrectedScore)
        assert found.low < 0.5 < found.high
        best.append(scores.cv[champion]["auroc"]["mean"])
        corrected.append(found.score)
    error = np.std(corrected) / np.sqrt(8)
    assert np.mean(best) > 0.58
    assert np.mean(corrected) == pytest.approx(0.5, abs=3 * error)


def test_where_nothing_is_chosen_nothing_is_taken_off() -> None:
    train = table("mse")
    scores, own = board(train, "mse", contenders(train, {"linear": 1}))
    found = bias_correction.correct(scores, "linear", "best", own, scorer(train))
    assert isinstance(found, CorrectedScore)
    assert found.score == pytest.approx(scores.cv["linear"]["mse"]["mean"], rel=0.01)
    assert found.low < found.score < found.high


def test_an_ensemble_that_wins_ties_is_not_corrected_for_a_choice_of_the_best() -> None:
    """All candidates are tied: by rule `auto` each resample takes the ensemble."""
    train = table("auroc")
    every = contenders(train, {"linear": 8, "ensemble": 1}, 0.0)
    scores, own = board(train, "auroc", every)
    by_rule, by_best = (
        bias_correction.correct(scores, "ensemble", rule, own, scorer(train))
        for rule in ("auto", "best")
    )
    assert isinstance(by_rule, CorrectedScore)
    assert isinstance(by_best, CorrectedScore)
    mean = scores.cv["ensemble"]["auroc"]["mean"]
    assert abs(by_rule.score - mean) < abs(by_best.score - mean)


def test_no_bound_is_beyond_the_best_score_there_is() -> None:
    train = table("auroc")
    scores, own = board(train, "auroc", contenders(train, {"linear": 3}, 2.5))
    found = bias_correction.correct(scores, "linear", "best", own, scorer(train))
    assert isinstance(found, CorrectedScore)
    assert found.high <= 1


SMALL = Folds.of(np.arange(12) % 3)
MANY = Folds(np.concatenate([ONCE.membership] * 26))


@pytest.mark.parametrize(
    ("folds", "metric", "why"),
    [
        (MANY, "mse", "it takes 100 folds at most, but there are 104"),
        (SMALL, "mse", "12 rows are too few to resample"),
        (ONCE, "my_metric", "my_metric is no metric of which many resamples"),
    ],
)
def test_without_a_corrected_score_it_says_why(folds: Folds, metric: str, why: str) -> None:
    train = table("mse", folds)
    scores, own = board(train, "mse", contenders(train, {"linear": 2}))
    asked = Scoreboard(scores.cv, metric, scores.val_share)
    assert str(bias_correction.correct(asked, "linear", "best", own, scorer(train))).startswith(why)


def test_of_very_many_rows_nothing_is_resampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bias_correction, "MAX_ROWS_TIMES_CONFIGURATIONS", 100)
    train = table("mse")
    scores, own = board(train, "mse", contenders(train, {"linear": 2}))
    assert "so many rows" in str(
        bias_correction.correct(scores, "linear", "best", own, scorer(train))
    )
