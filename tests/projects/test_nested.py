"""`tenfold nested`: the whole experiment anew, fold by fold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.project import Project


@pytest.mark.slow
def test_a_fold_is_scored_by_an_experiment_that_has_not_seen_it(
    project: Callable[..., Project],
) -> None:
    small = project(models={"linear": {}}, split={"n_splits": 3})
    assert "run `dvc repro` first" in refusal(small)
    small.repro()
    said = small.run("tenfold", "nested", "--folds", "1").splitlines()
    found = small.json("outputs/nested.json")
    (fold,) = found["folds"]
    assert fold["champion"] == "linear"
    # Two inner folds learn from a third of the rows each, the three folds from two thirds.
    assert fold["expected"] != small.json("outputs/scores.json")["linear"]["auroc"]["mean"]
    assert 0.9 < fold["scores"]["auroc"] <= 1
    assert said[0].startswith("fold 0: linear is chosen by auroc ")
    assert said[-1].startswith("nested cross-validation, 1 fold: auroc ")
    assert said[-1] in small.run("tenfold", "leaderboard")
    assert small.repro("--dry") == ["clean", "select_model"]
    small.change(models={"dummy": {}})
    assert "outputs/ has none of this params.yaml" in refusal(small)


def refusal(project: Project, *words: str) -> str:
    """The message of a command that is refused."""
    ended = project.attempt("tenfold", "nested", *words)
    assert ended.returncode == 2
    return ended.stderr
