"""The verdict in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tenfold.dataset import Dataset, Schema
from tenfold.metrics import summarise
from tenfold.reporting.verdict import scored, verdict
from tenfold.selection.bias_correction import CorrectedScore
from tenfold.selection.bootstrap import Interval
from tenfold.selection.choosing import Choice
from tenfold.selection.comparison import Scoreboard
from tenfold.selection.testing import ChampionTest

NETWORKS = {"mlp", "tabm"}
SPREAD = [-0.02, 0.01, 0.02, -0.01, 0.0]


def board(scores: dict[str, float], metric: str = "auroc", noise: float = 0.001) -> Scoreboard:
    """Five folds; what separates candidates in a fold is noise of alternating sign."""
    cv = {
        name: summarise(
            [{metric: mean + fold + noise * (-1) ** (i * number)} for i, fold in enumerate(SPREAD)]
        )
        for number, (name, mean) in enumerate(scores.items())
    }
    return Scoreboard(cv, metric, 0.25)


def test_a_sure_winner_beats_all_others() -> None:
    found = verdict(board({"mlp": 0.9, "linear": 0.8, "dummy": 0.5}), "mlp", NETWORKS)
    first, network, references = found["sentences"]
    assert first.startswith("mlp beats all others by cross-validated auroc: ")
    assert "of linear, by 0.1" in first
    assert network.startswith("mlp, the best network, beats linear, the best classical model")
    assert references.startswith("mlp beats dummy by 0.4")
    assert " and linear by 0.1" in references
    assert found["better_by"]["linear"]["low"] > 0


def test_what_folds_cannot_tell_apart_is_tied() -> None:
    found = verdict(board({"mlp": 0.9, "linear": 0.899, "dummy": 0.5}, noise=0.01), "mlp", NETWORKS)
    first, network, references = found["sentences"]
    assert first.startswith("mlp (0.9")
    assert " is the champion, tied by cross-validated auroc with linear (0." in first
    assert "dummy" not in first
    assert "is tied with linear" in network
    assert "dummy" in references
    assert "linear" not in references


def test_repeated_folds_tell_how_probably_a_network_is_better() -> None:
    scores = {"mlp": 0.9, "linear": 0.899, "dummy": 0.5}
    found = verdict(board(scores, noise=0.01), "mlp", NETWORKS, repeated=True)
    better = found["better_by"]["linear"]["probability"]
    assert 0.5 < better < 1
    assert found["sentences"][1].endswith(f"; it is better with probability {better:.2f}")


def test_a_champion_within_the_declared_cost_says_who_is_better() -> None:
    found = verdict(board({"mlp": 0.9, "linear": 0.8}), "linear", NETWORKS, "cost_aware")
    assert (
        "linear is the champion, the best within the declared cost, but behind mlp: "
        in (found["sentences"][0])
    )


def test_a_network_may_be_behind() -> None:
    found = verdict(
        board({"linear": 0.9, "tabm": 0.8, "mlp": 0.7, "dummy": 0.5}), "linear", NETWORKS
    )
    assert found["sentences"][1].startswith("tabm, the best network, is behind linear")


def test_less_is_better_of_an_error() -> None:
    found = verdict(board({"mlp": 1.0, "linear": 2.0, "dummy": 3.0}, "mse"), "mlp", NETWORKS)
    assert "of linear, by 0.99" in found["sentences"][0]
    assert found["better_by"]["dummy"]["mean"] == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("champion", ["linear", "dummy"])
def test_features_that_tell_nothing_are_said(champion: str) -> None:
    scores = {"linear": 0.501, "dummy": 0.5}
    found = verdict(board(scores, noise=0.02), champion, NETWORKS)
    assert "nothing is surely better than dummy" in found["sentences"][-1]


def test_the_ensemble_is_neither_network_nor_classical() -> None:
    found = verdict(
        board({"ensemble": 0.95, "mlp": 0.9, "linear": 0.8, "dummy": 0.5}), "ensemble", NETWORKS
    )
    assert "mlp, the best network, beats linear" in found["sentences"][1]


def test_one_fold_or_one_candidate_is_no_comparison() -> None:
    cv = {name: summarise([{"auroc": score}]) for name, score in (("mlp", 0.9), ("linear", 0.8))}
    found = verdict(Scoreboard(cv, "auroc", 0.25), "mlp", NETWORKS)
    assert found["sentences"] == ["mlp has auroc 0.9000; one fold does not tell how sure that is"]
    alone = verdict(board({"mlp": 0.9}), "mlp", NETWORKS)
    assert alone["sentences"] == ["mlp has auroc 0.9010; there is no other candidate"]


def test_a_simpler_champion_may_be_surely_worse() -> None:
    scores = {"mlp": 0.9, "linear": 0.89}
    found = verdict(board(scores), "linear", NETWORKS, "one_standard_error")
    assert "is the champion, within one standard error of mlp" in found["sentences"][0]


def test_a_champion_without_the_best_mean_is_explained_by_its_rule() -> None:
    scores = {"mlp": 0.9, "ensemble": 0.899, "dummy": 0.5}
    found = verdict(board(scores, noise=0.01), "ensemble", NETWORKS)
    assert found["sentences"][0].endswith("; rule auto: of tied candidates the ensemble wins")
    assert (found["champion"], found["metric"], found["rule"]) == ("ensemble", "auroc", "auto")


CORRECTED = CorrectedScore(0.89, 0.85, 0.92, n_configurations=14, n_resamples=1000)


def how_good(corrected: CorrectedScore | str, interval: Interval | str, score: float) -> list[str]:
    choice = Choice("mlp", board({"mlp": 0.9, "linear": 0.8}), corrected, [])
    schema = Schema("binary", "y", ("x",), (), ("no", "yes"), ())
    rows = Dataset(schema, pd.DataFrame(), np.zeros(112), np.arange(112))
    tested = ChampionTest("mlp", rows, np.zeros(112), {"auroc": score}, {"auroc": interval})
    return scored(choice, tested)


def test_the_corrected_and_the_tested_score_stand_beside_the_cross_validated_one() -> None:
    assert how_good(CORRECTED, Interval(0.88, 0.97), 0.93) == [
        "mlp: auroc 0.9010, corrected for the choice 0.8900 (0.8500 to 0.9200); "
        "on the 112 test rows 0.9300 (0.8800 to 0.9700)"
    ]


def test_a_score_that_nothing_was_chosen_by_has_its_interval_only() -> None:
    [said] = how_good(replace(CORRECTED, n_configurations=1), Interval(0.88, 0.97), 0.93)
    assert said.startswith("mlp: auroc 0.9010 (0.8500 to 0.9200); on the 112 test rows")


def test_what_cannot_be_told_is_said_in_words() -> None:
    assert how_good("12 rows are too few", "3 test rows are too few to tell", 0.93) == [
        "mlp: auroc 0.9010, not corrected for the choice (12 rows are too few); "
        "on the 112 test rows 0.9300 (3 test rows are too few to tell)"
    ]


@pytest.mark.parametrize("test", [Interval(0.60, 0.84), Interval(0.93, 0.99)])
def test_scores_that_disagree_by_more_than_chance_are_pointed_out(test: Interval) -> None:
    _, warned = how_good(CORRECTED, test, (test.low + test.high) / 2)
    assert warned.startswith("that is another score than chance explains")
