"""Greedy selection: what a slow and plain implementation chooses, and what no fold tells itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tenfold.metrics import REGRESSION, Array, named
from tenfold.selection import cross_fitting, greedy, row_losses
from tenfold.selection.greedy import Candidates
from tenfold.selection.row_losses import RowLoss

# metric: its loss of one row, of the true value or class and the prediction.
PLAIN: dict[str, Callable[[Any, Any], float]] = {
    "mse": lambda y, p: (p - y) ** 2,
    "mae": lambda y, p: abs(p - y),
    "mape": lambda y, p: abs(p - y) / abs(y),
    "rmsle": lambda y, p: (math.log(1 + max(p, 0)) - math.log(1 + y)) ** 2,
    "pinball@0.8": lambda y, p: max(0.8 * (y - p), 0.2 * (p - y)),
    "log_loss": lambda y, p: -math.log(max(p[y], np.finfo(float).eps)),
    "brier": lambda y, p: sum((own - (c == y)) ** 2 for c, own in enumerate(p)),
}
SIZES = [5, 20, 7, 16]


def case(
    metric: str, seed: int, n_candidates: int = 6, n_classes: int = 3
) -> tuple[list[Array], Any]:
    """Predictions that are partly equal, partly certain and wrong, and a target."""
    rng, n = np.random.default_rng(seed), sum(SIZES)
    if named(metric).tasks == REGRESSION:
        y: Any = rng.normal(size=n)
        if metric in ("mape", "rmsle"):
            y = np.exp(y)
        found = [y + rng.normal(size=n) * rng.uniform(0.5, 1) for _ in range(n_candidates)]
    else:
        y = rng.integers(n_classes, size=n)
        logits = 2 * np.eye(n_classes)[y] + rng.normal(size=(n_candidates, n, n_classes))
        found = list(np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True))
        found[1] = np.eye(n_classes)[rng.integers(n_classes, size=n)]
    found[3] = found[2].copy()
    return found, y


def plain(
    predictions: list[Array], y: Any, rows: list[int], metric: str, max_members: int, n_steps: int
) -> list[int]:
    """The paper's procedure in plain loops."""
    bag: list[int] = []
    best: list[int] = []
    least = math.inf
    for _ in range(n_steps):
        losses = []
        for candidate in range(len(predictions)):
            joined = [*bag, candidate]
            if len(set(joined)) > max_members:
                losses.append(math.inf)
                continue
            total = 0.0
            for row in rows:
                mean = sum(predictions[one][row] for one in joined) / len(joined)
                total += PLAIN[metric](y[row], mean)
            losses.append(total)
        # Sums in another order differ in their last digits, which must not decide.
        chosen = next(i for i, loss in enumerate(losses) if loss <= min(losses) + 1e-9)
        bag.append(chosen)
        if losses[chosen] < least - 1e-9:
            least, best = losses[chosen], list(bag)
    return [best.count(candidate) for candidate in range(len(predictions))]


def folded(predictions: list[Array], y: Any, loss: RowLoss) -> Candidates:
    cut = np.cumsum(SIZES)[:-1]
    return Candidates([np.split(own, cut) for own in predictions], np.split(y, cut), loss)


def rows_of(folds: list[int]) -> list[int]:
    edges = np.cumsum([0, *SIZES])
    return [row for fold in folds for row in range(edges[fold], edges[fold + 1])]


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("max_members", [1, 2, 6])
@pytest.mark.parametrize("metric", PLAIN)
def test_the_choice_is_that_of_a_plain_implementation(
    metric: str, max_members: int, n_classes: int
) -> None:
    for seed in range(3):
        predictions, y = case(metric, seed, n_classes=n_classes)
        candidates = folded(predictions, y, row_losses.row_loss(metric, named(metric).tasks[0]))
        for folds in ([0, 1, 2, 3], [1, 3]):
            chosen = greedy.select(candidates, folds, max_members, 8)
            expected = plain(predictions, y, rows_of(folds), metric, max_members, 8)
            assert list(chosen) == expected
            assert 0 < sum(map(bool, chosen)) <= max_members


def test_the_earlier_of_equals_is_chosen_and_no_more_than_needed() -> None:
    y = np.arange(10.0)
    candidates = Candidates([[y + 1], [y], [y.copy()], [y - 1]], [y], row_losses.SQUARED)
    assert greedy.select(candidates, [0], 4, 8) == (0, 1, 0, 0)


def test_certain_and_wrong_predictions_still_have_an_order() -> None:
    y, wrong = np.zeros(40, int), np.tile([0.0, 1.0], (40, 1))
    half = np.where(np.arange(40)[:, None] < 20, [1.0, 0.0], wrong)
    candidates = Candidates([[wrong], [half]], [y], row_losses.LOG)
    assert greedy.select(candidates, [0], 2, 8) == (0, 1)


@pytest.mark.parametrize("metric", PLAIN)
def test_a_folds_own_rows_do_not_tell_its_weights(metric: str) -> None:
    predictions, y = case(metric, 0)
    apart = np.eye(len(SIZES), dtype=bool)
    loss = row_losses.row_loss(metric, named(metric).tasks[0])
    first = cross_fitting.cross_fit(folded(predictions, y, loss), apart, 6)
    for fold in range(len(SIZES)):
        changed = y.copy()
        own = rows_of([fold])
        changed[own] = np.roll(y[own], 1) if metric in ("log_loss", "brier") else y[own] + 3
        other = cross_fitting.cross_fit(folded(predictions, changed, loss), apart, 6)
        assert first.of_folds[fold].tolist() == other.of_folds[fold].tolist()
        others = [number for number in range(len(SIZES)) if number != fold]
        assert (first.of_folds[others] != other.of_folds[others]).any()


def test_in_repeated_folds_only_those_of_the_same_repetition_choose() -> None:
    predictions, y = case("mse", 0)
    candidates = folded(predictions, y, row_losses.SQUARED)
    # Folds 0 and 1 are one repetition, 2 and 3 another.
    overlaps = np.array([[1, 0, 1, 1], [0, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 1]], dtype=bool)
    found = cross_fitting.cross_fit(candidates, overlaps, 6)
    for own, fold in enumerate([1, 0, 3, 2]):
        expected = np.array(greedy.select(candidates, [fold], 6, cross_fitting.N_STEPS))
        np.testing.assert_array_equal(found.of_folds[own], expected / expected.sum())
    every = np.array(greedy.select(candidates, range(4), 6, cross_fitting.N_STEPS))
    np.testing.assert_array_equal(found.of_all, every / every.sum())


def test_the_mean_weighs_each_candidate() -> None:
    predictions = [np.array([1.0, 2.0]), np.array([np.nan, 5.0]), np.array([4.0, 8.0])]
    weights = np.array([0.75, 0, 0.25])
    np.testing.assert_allclose(cross_fitting.mean(weights, predictions), [1.75, 3.5])
