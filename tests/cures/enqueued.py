"""Refusals of `tune.enqueue`: configurations that the search does not know."""

from __future__ import annotations

from typing import Any

from tests.cures.refusals import Change, Refusal, refusal

TUNED: dict[str, Any] = {
    "models.mlp": {
        "d_block": {"choices": [32, 64]},
        "dropout": {"low": 0.0, "high": 0.5},
        "n_blocks": {"low": 1, "high": 5, "step": 2},
        "patience": 10,
    }
}


def of_point(name: str, says: str, point: dict[str, Any], *cures: Change) -> Refusal:
    """A refusal of one configuration of a family `mlp`."""
    return refusal(name, Change(says, TUNED | {"tune.enqueue": {"mlp": [point]}}), *cures)


def names(words: str, *points: dict[str, Any]) -> Change:
    """The cure that these configurations are named instead."""
    return Change(words, {"tune.enqueue": {"mlp": list(points)}})


CASES = [
    refusal(
        "a configuration to try first of no family",
        Change("tune.enqueue: 'mlpp' is no family of models", TUNED | {"tune.enqueue.mlpp": []}),
        Change("did you mean 'mlp'?", {"tune.enqueue": {"mlp": []}}),
    ),
    of_point(
        "a configuration to try first with a misspelt key",
        "tune.enqueue.mlp[0] must name tuned parameters, but names 'd_bloc'",
        {"d_bloc": 32},
        names("did you mean 'd_block'?", {"d_block": 32}),
    ),
    of_point(
        "a configuration to try first with a fixed key",
        "tune.enqueue.mlp[0] must name tuned parameters, but names 'patience': it is fixed",
        {"patience": 20},
        Change("tune models.mlp.patience", {"models.mlp.patience": {"low": 10, "high": 20}}),
        names("leave it out", {}),
    ),
    of_point(
        "a configuration to try first that is no choice",
        "tune.enqueue.mlp[0].d_block must be one of the choices [32, 64], but got 128",
        {"d_block": 128},
        Change("add it to models.mlp.d_block", {"models.mlp.d_block": {"choices": [32, 64, 128]}}),
        names("must be one of the choices [32, 64]", {"d_block": 64}),
    ),
    of_point(
        "a configuration to try first out of its range",
        "tune.enqueue.mlp[0].dropout must lie between 0.0 and 0.5, but got 0.6",
        {"dropout": 0.6},
        Change("widen models.mlp.dropout", {"models.mlp.dropout": {"low": 0.0, "high": 0.6}}),
        names("must lie between 0.0 and 0.5", {"dropout": 0.5}),
    ),
    of_point(
        "a configuration to try first between two steps",
        "tune.enqueue.mlp[0].n_blocks must be a value that models.mlp.n_blocks searches, but got 2",
        {"n_blocks": 2},
        names("the nearest is 1", {"n_blocks": 1}),
    ),
    refusal(
        "more configurations to try first than trials",
        Change(
            "tune.n_trials must be at least 2, the default of mlp and what tune.enqueue.mlp names",
            TUNED | {"tune": {"n_trials": 1, "enqueue": {"mlp": [{"dropout": 0.4}]}}},
        ),
        Change("raise it", {"tune.n_trials": 2}),
        Change("name fewer", {"tune.enqueue": {"mlp": []}}),
    ),
]
