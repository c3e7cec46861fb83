"""Lines on the terminal."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.models import FamilyParameters
from tenfold.reporting import terminal
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.search import Trial

RESULTS = {"champion": "mlp", "cv": {"mse": 2.0, "r2": 0.9}, "test": {"mse": 2.5, "r2": 0.875}}
SCORES = {
    "dummy": {"mse": {"mean": 1234.5, "sd": 20.0}, "r2": {"mean": -0.01, "sd": 0.0}},
    "mlp": {"mse": {"mean": 2.0, "sd": 0.25}, "r2": {"mean": 0.9, "sd": 0.05}},
}
INTERVALS = {"mse": {"low": 2.0, "high": 3.25}, "r2": {"why_none": "12 test rows are too few"}}


def trial(number: int, score: float | None, findings: list[str] | None = None) -> Trial:
    found = None
    if score is not None:
        found = Evaluation(np.zeros(1), [{"mse": score}, {"mse": score}], None, [], findings or [])
    return Trial(number, {"alpha": 0.5, "kind": "a"}, FamilyParameters(), found)


def test_the_leaderboard_shows_best_to_worst_and_marks_the_champion() -> None:
    assert terminal.leaderboard(RESULTS, SCORES, ["mse", "r2"], INTERVALS) == (
        "   family  cv mse           cv r2\n"
        "*  mlp     2.0000 ± 0.2500  0.9000 ± 0.0500\n"
        "   dummy   1,234.5 ± 20.0   -0.0100 ± 0.0000\n"
        "\n"
        "* champion; on the test rows, with 95 % intervals: "
        "mse 2.5000 (2.0000 to 3.2500), r2 0.8750\n"
        "no interval of r2: 12 test rows are too few"
    )


def test_the_leaderboard_names_the_positive_class_if_a_metric_has_one() -> None:
    shown = terminal.leaderboard(
        {**RESULTS, "positive_class": "sick"}, SCORES, ["mse"], {"mse": INTERVALS["mse"]}
    )
    assert shown.endswith("mse 2.5000 (2.0000 to 3.2500) (positive class: sick)")


def test_a_score_of_one_fold_is_shown_without_a_deviation() -> None:
    assert terminal.mean_sd({"mean": 0.25, "sd": None}) == "0.2500 (one fold)"


def test_what_a_search_found_is_one_line() -> None:
    trials = [trial(0, 2.0), trial(1, 1.0), trial(2, None)]
    assert terminal.search_summary("linear", trials, trials[1], "mse") == (
        "cross_validate@linear: 3 trials (1 failed), best mse 1.0000 with alpha=0.5000, kind=a"
    )
    assert terminal.search_summary("linear", trials, trials[1], "mse", 8).startswith(
        "cross_validate@linear: 3 of 8 configurations (1 failed), best mse"
    )
    alone = Trial(0, {}, FamilyParameters(), trials[0].evaluation)
    assert terminal.search_summary("dummy", [alone], alone, "mse") == (
        "cross_validate@dummy: 1 trial, best mse 2.0000"
    )


def test_each_finding_of_the_best_configuration_is_a_line_of_its_own() -> None:
    trials = [trial(0, 2.0, ["dead units: 60%"]), trial(1, 1.0, ["loss spikes: 2", "third"])]
    assert terminal.search_summary("mlp", trials, trials[1], "mse") == (
        "cross_validate@mlp: 2 trials, best mse 1.0000 with alpha=0.5000, kind=a\n"
        "note: mlp: loss spikes: 2\n"
        "note: mlp: third"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.12345, "0.1235"), (-9.99, "-9.9900"), (10.0, "10.0"), (-1234.56, "-1,234.6"), (3, "3"),
     ("relu", "relu"), (None, "None"), (True, "True")],
)  # fmt: skip
def test_numbers_are_short(value: object, text: str) -> None:
    assert terminal.short(value) == text


def test_progress_is_shown_when_asked_for_or_when_somebody_watches() -> None:
    assert terminal.on_terminal("on")
    assert not terminal.on_terminal("off")


def test_a_bar_shows_the_best_so_far_of_those_that_finished(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with terminal.progress("linear", "mse", shown=True) as show:
        for number, score in enumerate([2.0, None, 1.0, 3.0]):
            show(trial(number, score), 4)
    drawn = capsys.readouterr().err
    assert "linear" in drawn
    with terminal.progress("linear", "mse", shown=False) as show:
        show(trial(0, 2.0), 1)
    assert capsys.readouterr().err == ""
