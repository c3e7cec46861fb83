"""The rules by which the champion is chosen."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.metrics import summarise
from tenfold.params.training import Rule
from tenfold.selection.comparison import Scoreboard, compare
from tenfold.selection.rules import choose_by, winners

FOLDS = [0.70, 0.74, 0.72, 0.78, 0.76]


def board(metric: str = "auroc", **shifts: list[float]) -> Scoreboard:
    """Candidates by what each adds to the score of every fold."""
    sign = -1 if metric == "mse" else 1
    cv = {
        name: summarise(
            [{metric: sign * (base + shift)} for base, shift in zip(FOLDS, own, strict=True)]
        )
        for name, own in shifts.items()
    }
    return Scoreboard(cv, metric, 0.25)


SAME = [0.0] * 5
NOISY = [0.02, -0.02, 0.02, -0.01, 0.0]
BETTER = [0.05, 0.051, 0.049, 0.05, 0.05]


@pytest.mark.parametrize("metric", ["auroc", "mse"])
@pytest.mark.parametrize(
    ("rule", "champion"), [("auto", "ensemble"), ("best", "mlp"), ("one_standard_error", "linear")]
)
def test_of_tied_candidates_the_rule_chooses(rule: Rule, champion: str, metric: str) -> None:
    found = board(metric, linear=[-0.002] * 5, mlp=NOISY, ensemble=SAME)
    assert choose_by(rule, found) == champion


@pytest.mark.parametrize("rule", ["auto", "best", "one_standard_error", "cost_aware"])
def test_the_surely_best_is_chosen_by_every_rule(rule: Rule) -> None:
    assert choose_by(rule, board(linear=SAME, mlp=BETTER, ensemble=SAME)) == "mlp"


def test_of_equals_the_best_is_the_one_named_first() -> None:
    assert choose_by("best", board(mlp=SAME, linear=SAME, ensemble=SAME)) == "mlp"


@pytest.mark.parametrize("rule", ["auto", "best", "one_standard_error", "cost_aware"])
def test_a_single_fold_leaves_the_best_mean(rule: Rule) -> None:
    cv = {name: summarise([{"auroc": s}]) for name, s in (("linear", 0.7), ("ensemble", 0.69))}
    assert choose_by(rule, Scoreboard(cv, "auroc", 0.25)) == "linear"


def test_the_ensemble_wins_no_tie_if_any_candidate_is_surely_better() -> None:
    noisy, steady = [0.1, -0.06, 0.1, -0.06, 0.0], [0.01, 0.011, 0.009, 0.01, 0.01]
    assert choose_by("auto", board(knn=noisy, ensemble=SAME)) == "ensemble"
    assert choose_by("auto", board(mlp=steady, knn=noisy, ensemble=SAME)) == "knn"


@pytest.mark.parametrize("rule", ["auto", "best", "one_standard_error", "cost_aware"])
def test_many_choices_at_once_are_those_made_one_by_one(rule: Rule) -> None:
    """By plain loops, and where a fold has no score as if it were not there."""
    random = np.random.default_rng(0)
    scores = random.normal(size=(60, 3, 5)) * [[0.3], [1.0], [0.3]] + [[0.0], [0.4], [0.0]]
    scores[::4, :, 2] = np.nan
    expected = []
    for one in scores:
        known = one[:, np.isfinite(one[0])].tolist()
        means = [np.mean(own) for own in known]
        best = int(np.argmax(means))
        if rule == "auto":
            better = [compare(own, known[2], 0.25) for own in known[:2]]
            best = 2 if all(found is not None and found.low <= 0 for found in better) else best
        if rule == "one_standard_error":
            margin = np.std(known[best], ddof=1) / np.sqrt(len(known[best]))
            best = next(i for i, mean in enumerate(means) if mean >= means[best] - margin)
        expected.append(best)
    assert winners(rule, scores, 2, 0.25).tolist() == expected
    assert len(set(expected)) > 1
