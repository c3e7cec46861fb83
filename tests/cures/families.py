"""Refusals of `models:`: what no family takes, and what no search space may hold."""

from __future__ import annotations

from typing import Any

from tests.cures.donors import OF_BAG, trained
from tests.cures.refusals import REMOVED, Change, Refusal, refusal

NUMERIC_TARGET = {"task": "regression", "metrics": ["mse"], "data.target": "x"}


def of_family(
    name: str,
    says: str,
    declared: dict[str, Any],
    *cures: tuple[str, dict[str, Any]],
    family: str = "mlp",
    **others: Any,
) -> Refusal:
    """A refusal of what a family declares; a cure changes some of it, or other sections."""
    given = {f"models.{family}": declared, **others.pop("params", {})}
    changes = [
        Change(
            words,
            {
                key if key.split(".")[0] in SECTIONS else f"models.{family}.{key}": value
                for key, value in cured.items()
            },
        )
        for words, cured in cures
    ]
    # A model that others name is there.
    files: dict[str, Any] = (
        {**OF_BAG, "elsewhere": trained} if "elsewhere" in repr((given, cures)) else {}
    )
    return refusal(name, Change(says, given, files), *changes)


SECTIONS = {"trainer", "preprocessing", "task", "metrics", "models"}

CASES = [
    refusal(
        "an unknown family",
        Change("models: unknown family 'random_forrest'", {"models": {"random_forrest": {}}}),
        Change("did you mean 'random_forest'?", {"models": {"random_forest": {}}}),
    ),
    refusal(
        "a family with the ensemble's name",
        Change("a family must not be called 'ensemble'", {"models": {"ensemble": {}}}),
        Change("set the mean under select_model.ensemble", {"models": {"linear": {}}}),
    ),
    of_family(
        "a misspelt key of a family",
        "unknown key 'models.mlp.droput'",
        {"droput": 0.1},
        ("did you mean 'dropout'?", {"droput": REMOVED, "dropout": 0.1}),
    ),
    of_family(
        "a key of a family without any",
        "unknown key 'models.dummy.a'",
        {"a": 1},
        ("remove it", {"a": REMOVED}),
        family="dummy",
    ),
    of_family(
        "a model to start from, tuned",
        "models.mlp.init_from cannot be tuned",
        {"init_from": {"choices": ["a", "b"]}},
        ("name one model", {"init_from": "elsewhere"}),
    ),
    of_family(
        "the experiment's own model to start from",
        "models.mlp.init_from must not be this experiment's own model",
        {"init_from": "models:/cures@champion"},
        ("name a model of other rows", {"init_from": "elsewhere"}),
    ),
    of_family(
        "a step of integers that is a fraction",
        "models.mlp.n_blocks.step must be an integer, but got 0.5",
        {"n_blocks": {"low": 1, "high": 3, "step": 0.5}},
        ("must be an integer", {"n_blocks.step": 1}),
    ),
    of_family(
        "more frozen than there is",
        "freeze must not exceed the network's 2 blocks, but got 3",
        {"freeze": 3},
        ("lower freeze", {"freeze": 2, "init_from": "elsewhere"}),
    ),
    of_family(
        "frozen blocks that were never trained",
        "freeze needs init_from, but got freeze=1 alone",
        {"freeze": 1},
        ("add init_from", {"init_from": "elsewhere"}),
        ("remove freeze", {"freeze": REMOVED}),
    ),
    of_family(
        "an end of freezing without freezing",
        "unfreeze_at needs freeze, but got unfreeze_at=3 alone",
        {"unfreeze_at": 3},
        ("add freeze", {"freeze": 1, "init_from": "elsewhere"}),
        ("remove unfreeze_at", {"unfreeze_at": REMOVED}),
    ),
    of_family(
        "a slower body of a new network",
        "body_learning_rate_factor needs init_from, but got 0.1 alone",
        {"body_learning_rate_factor": 0.1},
        ("add init_from", {"init_from": "elsewhere"}),
        ("leave it out", {"body_learning_rate_factor": REMOVED}),
    ),
    of_family(
        "a loss of another task",
        "loss 'huber' does not fit task 'binary'",
        {"loss": "huber"},
        ("choose from auto", {"loss": "auto"}),
        ("binary_cross_entropy", {"loss": "binary_cross_entropy"}),
    ),
    of_family(
        "smoothed labels of numbers",
        "label_smoothing fits classification, but got 0.1",
        {"label_smoothing": 0.1},
        ("leave it out", {"label_smoothing": REMOVED}),
        params=NUMERIC_TARGET,
    ),
    of_family(
        "weights of classes of numbers",
        "class_weight fits classification, but got 'balanced'",
        {"class_weight": "balanced"},
        ("leave it out", {"class_weight": REMOVED}),
        params=NUMERIC_TARGET,
    ),
    of_family(
        "weights of classes of numbers for trees",
        "class_weight fits classification, but got 'balanced'",
        {"class_weight": "balanced"},
        ("leave it out", {"class_weight": REMOVED}),
        params=NUMERIC_TARGET,
        family="random_forest",
    ),
    of_family(
        "a tuned key without effect",
        "models.mlp.step_size is tuned but has no effect: schedule is constant, not step",
        {"step_size": {"low": 10, "high": 30}},
        ("leave it out", {"step_size": REMOVED}),
    ),
    of_family(
        "one cycle of unknown length",
        "schedule 'one_cycle' needs trainer.max_epochs",
        {"schedule": "one_cycle"},
        ("add it", {"trainer.max_epochs": 20}),
    ),
    of_family(
        "thawed after the end",
        "unfreeze_at must be less than trainer.max_epochs=5, but got 5",
        {"freeze": 1, "unfreeze_at": 5, "init_from": "elsewhere"},
        ("leave it out", {"unfreeze_at": REMOVED}),
        ("must be less than trainer.max_epochs=5", {"unfreeze_at": 4}),
        params={"trainer.max_epochs": 5},
    ),
    of_family(
        "warmed up after the end",
        "warmup_epochs must be less than trainer.max_epochs=5, but got 5",
        {"warmup_epochs": 5},
        ("must be less than trainer.max_epochs=5", {"warmup_epochs": 4}),
        params={"trainer.max_epochs": 5},
    ),
    of_family(
        "batch normalization of single rows",
        "normalization 'batch_norm' needs more than one row a batch",
        {"normalization": "batch_norm", "batch_size": 1},
        ("use layer_norm", {"normalization": "layer_norm"}),
        ("a larger batch", {"batch_size": 2}),
    ),
    of_family(
        "selu beside skip connections",
        "activation 'selu' normalises itself only in a plain sequential network",
        {"activation": "selu"},
        ("elu", {"activation": "elu"}),
        ("use family mlp", {"models": {"mlp": {"activation": "selu"}}}),
        family="resnet",
    ),
    of_family(
        "selu beside another normalization",
        "normalises itself only without another normalization, but got 'layer_norm'",
        {"activation": "selu", "normalization": "layer_norm"},
        ("remove it", {"normalization": "none"}),
        ("use elu", {"activation": "elu"}),
    ),
    of_family(
        "selu from another initializer",
        "normalises itself only from initializer lecun_normal, but got 'he_normal'",
        {"activation": "selu", "initializer": "he_normal"},
        ("use auto", {"initializer": "auto"}),
    ),
    of_family(
        "selu with a limit of weights",
        "normalises itself only without max_norm, but got 2.0",
        {"activation": "selu", "max_norm": 2.0},
        ("remove it", {"max_norm": REMOVED}),
    ),
    of_family(
        "selu of other inputs",
        "activation 'selu' needs preprocessing.numeric.scale: standard, but got 'robust'",
        {"activation": "selu"},
        ("preprocessing.numeric.scale: standard", {"preprocessing.numeric.scale": "standard"}),
        params={"preprocessing.numeric": {"scale": "robust"}},
    ),
    of_family(
        "selu of embeddings",
        "normalises itself only on standardised inputs, which embeddings are not",
        {"activation": "selu", "embeddings": {"categorical": "learned"}},
        ("remove them", {"embeddings": REMOVED}),
        ("use elu", {"activation": "elu"}),
    ),
    of_family(
        "an even kernel",
        "kernel_size must be odd, but got 4",
        {"kernel_size": 4, "shape": [1, 1, 1]},
        ("must be odd", {"kernel_size": 3}),
        family="cnn",
    ),
    of_family(
        "a shape of two numbers",
        "models.cnn.shape is too short a list, [1, 1]",
        {"shape": [1, 1]},
        ("add number 3", {"shape": [1, 1, 1]}),
        family="cnn",
    ),
    of_family(
        "a shape of four numbers",
        "models.cnn.shape must be a list of 3",
        {"shape": [1, 1, 1, 1]},
        ("a list of 3", {"shape": [1, 1, 1]}),
        family="cnn",
    ),
    of_family(
        "a shape that is no list",
        "models.cnn.shape must be a list, but got 'square'",
        {"shape": "square"},
        ("a list", {"shape": [1, 1, 1]}),
        family="cnn",
    ),
    of_family(
        "a range the wrong way round",
        "low must not exceed high, but got low=1, high=0.1",
        {"alpha": {"low": 1, "high": 0.1}},
        ("low must not exceed high", {"alpha": {"low": 0.1, "high": 1}}),
        family="linear",
    ),
    of_family(
        "a logarithm of nothing",
        "a log range needs low > 0, but got low=0",
        {"alpha": {"low": 0, "high": 1, "log": True}},
        ("needs low > 0", {"alpha.low": 0.01}),
        family="linear",
    ),
    of_family(
        "a logarithm in steps",
        "log and step exclude each other, but got step=0.1",
        {"alpha": {"low": 0.1, "high": 1, "log": True, "step": 0.1}},
        ("exclude each other", {"alpha.step": REMOVED}),
        family="linear",
    ),
    of_family(
        "a step backwards",
        "step must be positive, but got step=-0.1",
        {"alpha": {"low": 0.1, "high": 1, "step": -0.1}},
        ("must be positive", {"alpha.step": 0.1}),
        family="linear",
    ),
    of_family(
        "a range without its end",
        "'models.linear.alpha.high' is required",
        {"alpha": {"low": 0.1}},
        ("add it", {"alpha.high": 1}),
        family="linear",
    ),
    of_family(
        "no choices",
        "models.linear.alpha.choices must not be empty",
        {"alpha": {"choices": []}},
        ("name one or more", {"alpha.choices": [0.1, 1.0]}),
        family="linear",
    ),
    of_family(
        "a choice that the family does not take",
        "models.linear.alpha must be greater than 0, but got 0",
        {"alpha": {"choices": [0, 1]}},
        ("must be greater than 0", {"alpha.choices": [0.1, 1]}),
        family="linear",
    ),
]
