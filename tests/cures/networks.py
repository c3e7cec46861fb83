"""Refusals of networks that the table, the machine or the model to start from provokes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

from pipelines import clean, cross_validate, split
from tests.bad_input.making import as_csv
from tests.cures.donors import OF_BAG, combined, trained
from tests.cures.refusals import COLUMNS, REMOVED, Change, Refusal, refusal, table

SMALL: dict[str, Any] = {"n_blocks": 1, "d_block": 4}
NUMBERS = {"t.csv": as_csv({"x": COLUMNS["x"], "w": [*range(12)], "y": COLUMNS["y"]})}
TRAINER = {"trainer": {"max_epochs": 2, "accelerator": "cpu"}}


def train_mlp() -> None:
    """Run the stages clean, split and cross_validate@mlp."""
    clean.main()
    split.main()
    with mock.patch.object(sys, "argv", ["cross_validate", "mlp"]):
        cross_validate.main()


def of_mlp(
    name: str,
    says: str,
    declared: dict[str, Any],
    *cures: Change,
    files: dict[str, Any] | None = None,
    run: Callable[[], None] | None = None,
    **sections: Any,
) -> Refusal:
    """A refusal of an mlp."""
    params = {"models": {"mlp": {**SMALL, **declared}}, **TRAINER, **sections}
    return refusal(name, Change(says, params, files or {}, run=run), *cures)


def started(
    name: str, says: str, declared: dict[str, Any], *cures: Change, **others: Any
) -> Refusal:
    """A refusal of a model to start from, which lies in `donor`."""
    files = {**OF_BAG, "donor": trained}
    return of_mlp(name, says, {"d_block": 8, **declared}, *cures, files=files, **others)


CASES = [
    of_mlp(
        "weights of other classes",
        "models.mlp.class_weight must name the classes no, yes, but names yes",
        {"class_weight": {"yes": 2.0}},
        Change("give each of them a weight", {"models.mlp.class_weight": {"no": 1.0, "yes": 2.0}}),
    ),
    refusal(
        "a shape of other columns",
        Change(
            "models.cnn.shape: the product of [1, 1, 3] is 3, but 2 columns come out of",
            {"models": {"cnn": {"shape": [1, 1, 3]}}},
            NUMBERS,
        ),
        Change("correct the shape", {"models.cnn.shape": [1, 1, 2]}),
    ),
    refusal(
        "a shape without the indicators",
        Change(
            "models.cnn.shape: the product of [1, 1, 2] is 2, but 4 columns come out of",
            {"models": {"cnn": {"shape": [1, 1, 2]}}, "preprocessing.numeric.indicator": True},
            NUMBERS,
        ),
        Change("correct the shape", {"models.cnn.shape": [1, 2, 2]}),
    ),
    refusal(
        "a shape of fewer columns",
        Change(
            "models.cnn.shape: the product of [1, 1, 1] is 1, but 2 columns come out of",
            {"models": {"cnn": {"shape": [1, 1, 1]}}},
            NUMBERS,
        ),
        Change("drop columns", {"clean.drop_columns": ["w"]}),
    ),
    of_mlp(
        "a GPU that is not there",
        "trainer: this machine cannot serve accelerator: mps, devices: 1",
        {},
        Change("accelerator: auto and devices: 1 run anywhere", {"trainer.accelerator": "auto"}),
        trainer={"max_epochs": 2, "accelerator": "mps", "devices": 1},
    ),
    of_mlp(
        "numbers beyond single precision",
        "a network takes finite numbers below 3.4e38 only",
        {},
        Change(
            "preprocessing.numeric.scale: standard", {"preprocessing.numeric.scale": "standard"}
        ),
        Change("reject such rows under clean.require", {"clean.require": ["x < 1e38"]}),
        files=table(x=[1e39, *COLUMNS["x"][1:]]),
        run=train_mlp,
        preprocessing={"numeric": {"scale": "none"}},
    ),
    of_mlp(
        "batch normalization of a fold of one row",
        "models.mlp.normalization: 'batch_norm' needs at least two training rows",
        {"normalization": "batch_norm"},
        Change("use layer_norm", {"models.mlp.normalization": "layer_norm"}),
        Change("add rows", files=NUMBERS),
        files={"t.csv": as_csv({"x": [1, 2, 3], "w": [5, 7, 4]})},
        run=train_mlp,
        task="regression",
        metrics=["mse"],
        data={"path": "t.csv", "target": "x"},
    ),
    of_mlp(
        "every configuration diverges",
        "no configuration could be cross-validated (1 tried)",
        {"learning_rate": 1e30},
        Change("lower learning_rate", {"models.mlp.learning_rate": 0.01}),
        run=train_mlp,
    ),
    started(
        "a model to start from that is not there",
        "models.mlp.init_from: there is no trained model in 'nowhere'",
        {"init_from": "nowhere"},
        Change("the folder outputs/train/<family>", {"models.mlp.init_from": "donor"}),
    ),
    started(
        "this family's own model to start from",
        "'outputs/train/mlp' is what this very family leaves behind",
        {"init_from": "outputs/train/mlp"},
        Change("copy it to a folder outside outputs/", {"models.mlp.init_from": "donor"}),
    ),
    refusal(
        "a model of another family to start from",
        Change(
            "models.resnet.init_from must name a trained resnet, but 'donor' is of family mlp",
            {"models": {"resnet": {"init_from": "donor"}}},
            {**OF_BAG, "donor": trained},
        ),
        Change("name one, or remove init_from", {"models.resnet.init_from": REMOVED}),
    ),
    refusal(
        "an ensemble to start from",
        Change(
            "models.mlp.init_from must name a trained mlp, but 'donor' is an ensemble",
            {"models": {"mlp": {"init_from": "donor"}}},
            {**OF_BAG, "donor": combined, "member": trained},
        ),
        Change("the folder outputs/train/<family>", {"models.mlp.init_from": "member"}),
        Change("or remove init_from", {"models.mlp.init_from": REMOVED}),
    ),
    started(
        "a model of other columns to start from",
        "models.mlp.init_from: 'donor' was trained on other numeric columns",
        {"init_from": "donor"},
        Change("start from a model of the same columns", {"clean.drop_columns": []}),
        clean={"drop_columns": ["weight"]},
    ),
    started(
        "embeddings that the model to start from has not",
        "models.mlp.embeddings.categorical must be that of init_from, none, but got learned",
        {"init_from": "donor", "embeddings": {"categorical": "learned"}},
        Change("set it so", {"models.mlp.embeddings": {"categorical": "none"}}),
    ),
    started(
        "blocks that do not fit",
        "models.mlp.init_from: no block of that network fits this one",
        {"init_from": "donor", "d_block": 5},
        Change("declare the same blocks", {"models.mlp.d_block": 8}),
        run=train_mlp,
    ),
]
