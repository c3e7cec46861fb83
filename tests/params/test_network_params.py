"""Networks in the experiment file: what contradicts itself or the rest is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tenfold import models, params
from tenfold.params import Params
from tests.params.documents import declare, refusal
from tests.params.json_schema import schema_accepts

OWN = "own_model"


START = {"init_from": "elsewhere"}


SELU = {"activation": "selu"}


REGRESSION = {"task": "regression", "metrics": ["mse"]}


@pytest.mark.parametrize(
    ("family", "declared", "message"),
    [
        ("mlp", {"huber_delta": 0.0}, ".huber_delta must be greater than 0, but got 0.0"),
        ("mlp", {"dropout": 1.0}, ".dropout must be less than 1, but got 1.0"),
        ("mlp", {"input_dropout": 1.0}, ".input_dropout must be less than 1, but got 1.0"),
        ("mlp", {"label_smoothing": 1.0}, ".label_smoothing must be less than 1, but got 1.0"),
        ("mlp", {"gamma": 1.0}, ".gamma must be less than 1, but got 1.0"),
        ("mlp", {"max_norm": 0.0}, ".max_norm must be greater than 0, but got 0.0"),
        ("rnn", {"shape": [2, 1], "cell": "lstn"}, "'gru' or 'lstm', but got 'lstn'; did you mean"),
        ("cnn", {}, "'models.cnn.shape' is required: add it"),
        ("cnn", {"shape": [1, 2]}, "models.cnn.shape is too short a list, [1, 2]: add number 3"),
        ("cnn", {"shape": [1, 2, 3, 4]}, ".shape must be a list of 3, but got [1, 2, 3, 4]"),
        ("cnn", {"shape": 6}, ".shape must be a list, but got 6"),
        ("cnn", {"shape": [1, 2, 0]}, ".shape.2 must be greater than or equal to 1, but got 0"),
        ("rnn", {"shape": [2.5, 1]}, ".shape.0 must be an integer, but got 2.5"),
        ("cnn", {"shape": [1, 2, 3], "kernel_size": 4}, ": kernel_size must be odd, but got 4"),
        (
            "mlp",
            {"init_from": "m", "n_blocks": 2, "freeze": 3},
            ": freeze must not exceed the network's 2 blocks, but got 3",
        ),
        (
            "cnn",
            {"shape": [1, 2, 3], "init_from": "m", "n_blocks": 2, "freeze": 4},
            ": freeze must not exceed the network's 3 blocks, but got 4",
        ),
        ("mlp", {"freeze": 1}, ": freeze needs init_from, but got freeze=1 alone"),
        ("mlp", {"init_from": "m", "unfreeze_at": 3}, ": unfreeze_at needs freeze, but got"),
        (
            "mlp",
            {"body_learning_rate_factor": 0.5},
            ": body_learning_rate_factor needs init_from, but got 0.5 alone: add init_from",
        ),
        ("mlp", {"init_from": ""}, ".init_from must be a text that is not empty, but got ''"),
        (
            "mlp",
            {"init_from": {"choices": ["one", "two"]}},
            ".init_from cannot be tuned: name one model",
        ),
        (
            "mlp",
            SELU | {"normalization": "batch_norm"},
            "without another normalization, but got 'batch_norm': remove it, or use elu",
        ),
        (
            "mlp",
            SELU | {"initializer": "he_normal"},
            "from initializer lecun_normal, but got 'he_normal': use auto",
        ),
        ("mlp", SELU | {"max_norm": 2.0}, "without max_norm, but got 2.0: remove it"),
        ("mlp", SELU | {"embeddings": {"numeric": "periodic"}}, "embeddings are not: remove them"),
        ("mlp", SELU | {"embeddings": {"categorical": "learned"}}, "embeddings are not: remove"),
        ("resnet", SELU, "in a plain sequential network: use family mlp, or elu"),
        ("cnn", SELU | {"shape": [1, 2, 3]}, "in a plain sequential network: use family mlp"),
        (
            "mlp",
            {"normalization": "batch_norm", "batch_size": 1},
            "'batch_norm' needs more than one row a batch, but got batch_size=1: use layer_norm",
        ),
        ("resnet", {"batch_size": {"choices": [32, 1]}}, "but got batch_size=1: use layer_norm"),
        ("mlp", {"warmup_epochs": 100}, "less than trainer.max_epochs=100, but got 100"),
        (
            "mlp",
            {"schedule": "one_cycle"},
            "schedule 'one_cycle' needs trainer.max_epochs, the length of its cycle, but got none",
        ),
        ("mlp", {"class_weight": "balancd"}, "but got 'balancd'; did you mean 'balanced'?"),
        ("mlp", {"class_weight": {"n": -1.0}}, ".class_weight.n must be greater than"),
        (
            "mlp",
            {"class_weight": {0: 1.0, 1: 2.0}},
            ".class_weight.0: a key must be a text, but got 0: put it in quotes",
        ),
        (
            "mlp",
            {"embeddings": {"numeric": "perodic"}},
            ".embeddings.numeric must be 'none', 'pbld', 'piecewise_linear' or 'periodic', "
            "but got 'perodic'; did you mean 'periodic'?",
        ),
        ("mlp", {"embeddings": {"n_bin": 4}}, "unknown key 'models.mlp.embeddings.n_bin'; did you"),
        (
            "mlp",
            {"embeddings": {"n_bins": {"low": 1, "high": 8}}},
            ".embeddings.n_bins must be greater than or equal to 2, but got 1",
        ),
    ],
)
def test_a_network_that_contradicts_itself_is_refused_in_words(
    family: str, declared: dict[str, Any], message: str
) -> None:
    found = refusal(declare({f"models.{family}": declared}))
    assert message in found
    assert f"models.{family}" in found


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {**REGRESSION, "models.mlp": {"label_smoothing": 0.1}},
            "label_smoothing fits classification, but got 0.1 with task 'regression': leave it out",
        ),
        (
            {**REGRESSION, "models.linear": {"class_weight": {"choices": [None, "balanced"]}}},
            "models.linear: class_weight fits classification, but got 'balanced' with task",
        ),
        (
            {"models.mlp": {"negative_slope": {"low": 0.0, "high": 0.2}}},
            "models.mlp.negative_slope is tuned but has no effect: activation is relu, not leaky",
        ),
        (
            {"models.mlp": {"embeddings": {"n_bins": {"choices": [8, 16]}}}},
            "models.mlp.embeddings.n_bins is tuned but has no effect: embeddings.numeric is none",
        ),
        (
            {
                "models.mlp": {
                    "schedule": {"choices": ["constant", "cosine"]},
                    "gamma": {"choices": [0.5, 0.9]},
                }
            },
            "models.mlp.gamma is tuned but has no effect: schedule is ",
        ),
        (
            {**REGRESSION, "models.mlp": {"class_weight": "balanced"}},
            "class_weight fits classification, but got 'balanced' with task 'regression': leave",
        ),
        (
            {"models.mlp": {"warmup_epochs": 7}, "trainer.max_epochs": 7},
            "warmup_epochs must be less than trainer.max_epochs=7, but got 7",
        ),
        (
            {"models.mlp": {"warmup_epochs": {"low": 0, "high": 9}}, "trainer.max_epochs": 7},
            "warmup_epochs must be less than trainer.max_epochs=7, but got 9",
        ),
        (
            {"models.mlp": START | {"freeze": 1, "unfreeze_at": 7}, "trainer.max_epochs": 7},
            "unfreeze_at must be less than trainer.max_epochs=7, but got 7: leave it out",
        ),
        *(
            (
                {
                    "models.mlp": {"init_from": f"models:/{OWN}{version}"},
                    "select_model.registered_model_name": OWN,
                },
                f"must not be this experiment's own model, which has seen the rows that validate "
                f"it, but got 'models:/{OWN}{version}'",
            )
            for version in ("@champion", "/3")
        ),
        *(
            (
                {"models.mlp": SELU, "preprocessing.numeric.scale": scale},
                f"activation 'selu' needs preprocessing.numeric.scale: standard, but got '{scale}'",
            )
            for scale in ("min_max", "robust", "none")
        ),
        (
            {"train.strategy": "bagging"},
            "train.strategy must be 'auto', 'bag' or 'refit', but got 'bagging'; did you mean "
            "'bag'?",
        ),
        ({"trainer.devices": 0}, "trainer.devices must be greater than or equal to 1 or 'auto'"),
        (
            {"trainer.accumulate_grad_batches": 0},
            "trainer.accumulate_grad_batches must be greater than or equal to 1, but got 0",
        ),
    ],
)
def test_a_network_that_contradicts_its_surroundings_is_refused_in_words(
    changes: dict[str, Any], message: str
) -> None:
    assert message in refusal(declare(changes))


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"models.mlp": SELU},
        {"models.mlp": SELU | {"initializer": "lecun_normal", "dropout": 0.1}},
        {"models.mlp": {"schedule": "one_cycle"}, "trainer.max_epochs": 9},
        {"models.mlp": {"warmup_epochs": 8}, "trainer.max_epochs": 9},
        {"models.mlp": {"init_from": "m", "freeze": 2, "unfreeze_at": 3}},
        {"models.cnn": {"shape": [1, 2, 3], "init_from": "m", "freeze": 3}},
        {"models.cnn": {"shape": [1, 2, 3], "kernel_size": {"low": 1, "high": 5, "step": 2}}},
        {"models.mlp": {"normalization": "layer_norm", "batch_size": 1}},
        {"models.mlp": {"class_weight": {"n": 1, "y": 2.5}}},
        {
            "models.mlp": {
                "embeddings": {"numeric": "periodic", "sigma": {"low": 0.01, "high": 1.0}}
            }
        },
        {**REGRESSION, "models.rnn": {"shape": [2, 1], "loss": "huber", "huber_delta": 0.5}},
    ],
)
def test_a_network_that_agrees_with_itself_is_accepted(changes: dict[str, Any]) -> None:
    document = declare(changes)
    assert isinstance(params.parse(document, models), Params)
    assert schema_accepts(document)


def test_tuned_leaves_are_checked_in_all_their_combinations() -> None:
    # Each leaf alone is fine: the first choices with the first, the last with the last.
    tuned = {
        "activation": {"choices": ["relu", "selu"]},
        "initializer": {"choices": ["he_normal", "lecun_normal"]},
    }
    message = refusal(declare({"models.mlp": tuned}))
    assert "from initializer lecun_normal, but got 'he_normal': use auto" in message


@pytest.mark.parametrize(
    ("leaf", "message"),
    [
        ({"dropout": {"low": 0.0, "high": 1.5}}, "dropout must be less than 1, but got 1.5"),
        ({"dropout": {"low": -0.5, "high": 0.5}}, "greater than or equal to 0, but got -0.5"),
        ({"n_blocks": {"low": 0.5, "high": 2}}, "n_blocks must be an integer, but got 0.5"),
        ({"n_blocks": {"low": 1, "high": 2.5}}, "n_blocks must be an integer, but got 2.5"),
        ({"optimizer": {"low": 1, "high": 2}}, "optimizer must be 'sgd', "),
        ({"d_block": {"choices": [8, 0]}}, "d_block must be greater than or equal to 1, but got 0"),
        ({"dropout": {"choices": [0.1, "none"]}}, "dropout must be a number, but got 'none'"),
        ({"dropout": {"low": 0.5, "high": 0.1}}, "low must not exceed high, but got low=0.5, "),
        ({"learning_rate": {"low": 0, "high": 1, "log": True}}, "a log range needs low > 0"),
        ({"dropout": {"low": 0.1, "high": 0.5, "step": 0}}, "step must be positive"),
        ({"learning_rate": {"low": 0.1, "high": math.inf}}, "learning_rate"),
        ({"n_blocks": {"low": 1, "high": 4, "step": 1.5}}, "step"),
        (
            {"dropout": {"low": 0.1, "high": 0.5, "log": True, "step": 0.1}},
            "log and step exclude each other",
        ),
        ({"dropout": {"low": 0.1}}, "'models.mlp.dropout.high' is required: add it"),
        ({"dropout": {"low": 0.1, "high": "a"}}, "models.mlp.dropout.high must be"),
        ({"activation": {"choices": []}}, "models.mlp.activation.choices"),
        ({"activation": {"chocies": ["relu"]}}, "but got {'chocies': ['relu']}"),
        ({"a.b": {"low": 1, "high": 2}}, "unknown key 'models.mlp.a.b'"),
        ({"a": {1: {"low": 1, "high": 2}}}, "unknown key 'models.mlp.a'"),
    ],
)
def test_a_tuned_leaf_is_checked_at_both_ends_and_every_choice(
    leaf: dict[str, Any], message: str
) -> None:
    found = refusal(declare({"models.mlp": leaf}))
    assert message in found
    assert "models.mlp" in found
    assert next(iter(leaf)) in found, "the message does not name the leaf"
