"""The experiment file: what is accepted, and what one message says about the rest."""

from __future__ import annotations

import json
import math
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tenfold import models, params
from tenfold.params import Clean, Params, messages
from tenfold.runtime import UserError
from tests.project import ROOT

FILES = [ROOT / "params.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]
MINIMAL: dict[str, Any] = {
    "name": "minimal",
    "task": "binary",
    "seed": 0,
    "metrics": ["auroc"],
    "data": {"path": "t.csv", "target": "y"},
    "clean": {},
    "split": {},
    "audit": {},
    "preprocessing": {},
    "tune": {},
    "train": {},
    "trainer": {},
    "models": {"dummy": {}},
    "select_model": {"registered_model_name": "minimal"},
}
SECTIONS = ["clean", "split", "audit", "preprocessing", "tune", "train", "trainer"]
# What a person who never heard of pydantic should not have to read.
JARGON = re.compile(
    r"pydantic|type=|https?://|Input should|validation|ctx|dictionary|constrained|\[key\]|"
    r"\.(int|float|bool|str)\b|NoneType"
)


def declare(changes: dict[str, Any]) -> dict[str, Any]:
    """The minimal experiment with some keys, given by dotted names, replaced."""
    document = deepcopy(MINIMAL)
    for name, value in changes.items():
        *parents, key = name.split(".")
        node = document
        for parent in parents:
            node = node.setdefault(parent, {})
        node[key] = value
    return document


def refusal(document: Any) -> str:
    with pytest.raises(UserError) as refused:
        params.parse(document, models)
    message = str(refused.value)
    assert message.startswith("params.yaml")
    assert not JARGON.search(message), message
    return message


def load_refusal(path: Path) -> str:
    with pytest.raises(UserError) as refused:
        params.load(models, path)
    message = str(refused.value)
    assert not JARGON.search(message), message
    return message


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_experiment_in_the_repository_is_valid(path: Path) -> None:
    assert isinstance(params.load(models, path), Params)


@pytest.mark.parametrize("bare", [{}, None])
def test_sections_with_nothing_behind_them_take_their_defaults(bare: Any) -> None:
    experiment = params.parse(declare(dict.fromkeys(SECTIONS, bare)), models)
    assert experiment.split.test_size == 0.2
    assert experiment.split.n_splits == 10
    assert experiment.clean.missing_values == [""]
    assert experiment.train.strategy == "auto"
    assert experiment.audit.identical_rows == "error"


def test_a_family_with_nothing_behind_it_takes_all_defaults() -> None:
    assert params.parse(declare({"models": {"mlp": None}}), models).models == {"mlp": {}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"nmae": 1},
            "unknown key 'nmae'; did you mean 'name'? (known: audit, clean, data, metrics",
        ),
        ({"data.delimter": ","}, "unknown key 'data.delimter'; did you mean 'delimiter'?"),
        ({"split.n_split": 5}, "unknown key 'split.n_split'; did you mean 'n_splits'?"),
        ({"preprocessing.numeric.scal": 1}, "'preprocessing.numeric.scal'; did you mean 'scale'?"),
        ({"models.mlp": {"drpout": 0.1}}, "'models.mlp.drpout'; did you mean 'dropout'?"),
        ({"models.mpl": {}}, "unknown family 'mpl'; did you mean 'mlp'? (known: cnn, dummy,"),
        ({"metrics": ["auc"]}, "unknown metric 'auc'; did you mean 'auroc'? (known: accuracy,"),
        ({"task": "binray"}, "but got 'binray'; did you mean 'binary'?"),
        (
            {"clean.types": {"a": "int"}},
            "clean.types.a must be 'integer', 'double', 'text', 'boolean' or 'date'",
        ),
        (
            {"models.mlp": {"activation": {"choices": ["relu", "tahn"]}}},
            "models.mlp.activation must be 'elu', 'gelu', 'leaky_relu', 'prelu', 'relu', 'rrelu', "
            "'selu', 'sigmoid', 'silu' or 'tanh', but got 'tahn'; did you mean 'tanh'?",
        ),
        (
            {"models.mlp": {"dropout": {"low": 0.1, "high": 0.5, "setp": 0.1}}},
            "'models.mlp.dropout.setp'; did you mean 'step'? (known: high, log, low, step)",
        ),
        ({"zzz": 1}, "unknown key 'zzz': remove it (known: "),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(
    changes: dict[str, Any], message: str
) -> None:
    found = refusal(declare(changes))
    assert message in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": "7"}, "seed must be an integer, but got '7'"),
        ({"seed": True}, "seed must be an integer, but got True"),
        ({"seed": -1}, "seed must be greater than or equal to 0, but got -1"),
        ({"name": 3}, "name must be a text, but got 3"),
        ({"name": "<b>"}, "name must be a name of letters"),
        ({"data": 3}, "data must be a mapping of keys to values, but got 3"),
        ({"data.delimiter": ";;"}, "data.delimiter"),
        ({"split.test_size": 1.0}, "split.test_size must be less than 1, but got 1.0"),
        ({"split.test_size": 0}, "split.test_size must be greater than 0, but got 0"),
        ({"split.n_splits": 1}, "split.n_splits must be greater than or equal to 2, but got 1"),
        ({"clean.max_missing": math.nan}, "clean.max_missing must be"),
        ({"tune.n_trials": 0}, "tune.n_trials must be greater than or equal to 1, but got 0"),
        ({"tune.sampler": "grid"}, "tune.sampler must be 'tpe' or 'random', but got 'grid'"),
        ({"models": {}}, "models"),
        ({"models": 3}, "models must be a"),
        ({"models.mlp": 3}, "models.mlp must be a"),
        ({"models": {1: {}}}, "models"),
        ({"metrics": []}, "metrics"),
        ({"metrics": "auroc"}, "metrics must be a list, but got 'auroc'"),
        ({"models.mlp": {"batch_size": "half"}}, "models.mlp.batch_size"),
        ({"models.mlp": {"learning_rate": math.inf}}, "models.mlp.learning_rate must be"),
        ({"models.random_forest": {"max_features": "sqr"}}, "models.random_forest.max_features"),
    ],
)
def test_a_value_of_the_wrong_type_or_range_is_refused_with_its_rule(
    changes: dict[str, Any], message: str
) -> None:
    found = refusal(declare(changes))
    assert message in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"strategy": "group"}, "split.strategy must be 'auto', 'random', 'stratified', 'grouped'"),
        ({"strategy": "grouped"}, "split: strategy: grouped needs group, the name of a column"),
        ({"strategy": "time"}, "strategy: time needs time"),
        ({"strategy": "given"}, "strategy: given needs column"),
        (
            {"group": "patient"},
            "group is not for strategy: auto, but for grouped, time: set strategy: grouped, which",
        ),
        ({"strategy": "grouped", "group": "g", "time": "t"}, "time is not for strategy: grouped"),
        ({"n_repeats": 1001}, "n_repeats must be less than or equal to 1000, but got 1001"),
        ({"gap": 3}, "gap is not for strategy: auto, but for time"),
        ({"n_bins": 5}, "n_bins is not for strategy: auto, but for stratified"),
        (
            {"strategy": "time", "time": "t", "n_repeats": 2},
            "n_repeats is not for strategy: time, but for auto, random, stratified, grouped",
        ),
        (
            {"strategy": "given", "column": "fold", "test_size": 0.3},
            "test_size is not for strategy: given",
        ),
        ({"strategy": "stratified", "n_bins": 5}, "split.n_bins is for task: regression, but"),
        ({"strategy": "grouped", "group": "y"}, "split.group must not be data.target, but both"),
        ({"strategy": "time", "time": "id"}, "drop_columns must not hold split.time, but got 'id'"),
        ({"strategy": "grouped", "group": "id"}, "must not hold split.group, but got 'id'"),
        ({"strategy": "time", "time": "t", "gap": -1}, "split.gap must be"),
        (
            {"strategy": "time", "time": "t", "gap": "a week"},
            "split.gap: a gap must be a number of rows, or a duration in seconds, minutes",
        ),
    ],
)
def test_a_split_that_contradicts_itself_or_the_rest_is_refused(
    split: dict[str, Any], message: str
) -> None:
    found = refusal(declare({"split": split, "clean.drop_columns": ["id"]}))
    assert message in found
    assert "\n" not in found


def test_every_broken_rule_is_named_in_the_one_message() -> None:
    message = refusal(declare({"seed": -1, "split.n_splits": 1, "taks": 1}))
    assert all(part in message for part in ("seed must", "split.n_splits must", "did you mean"))


def test_a_required_key_that_is_absent_is_named() -> None:
    document = declare({})
    del document["data"]["target"]
    assert "'data.target' is required: add it" in refusal(document)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_that_dvc_tracks_must_be_there(section: str) -> None:
    document = declare({})
    del document[section]
    assert f"'{section}' is required: add `{section}: {{}}`" in refusal(document)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics": ["auroc", "mse"]}, "'mse' does not fit task 'binary'; choose from auroc, "),
        ({"task": "regression"}, "'auroc' does not fit task 'regression'; choose from mse, mae"),
        ({"metrics": ["auroc", "auroc"]}, "each must be named once, but got auroc, auroc"),
        (
            {"models.mlp": {"loss": "mse"}},
            "models.mlp: loss 'mse' does not fit task 'binary'; choose from auto, binary_cross",
        ),
        ({"models.mlp": {"loss": {"choices": ["auto", "cross_entropy"]}}}, "'cross_entropy' does"),
        ({"clean.drop_columns": ["x", "y"]}, "must not hold data.target, but got 'y': remove"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(changes: dict[str, Any], message: str) -> None:
    assert message in refusal(declare(changes))


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
            ".embeddings.numeric must be 'none', 'piecewise_linear' or 'periodic', but got "
            "'perodic'; did you mean 'periodic'?",
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


@pytest.mark.parametrize("document", [None, [1], "text", 3])
def test_a_document_that_is_no_mapping_is_refused(document: Any) -> None:
    assert "must hold a mapping of keys to values" in refusal(document)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "there is no file" in load_refusal(tmp_path / "params.yaml")
    assert "there is no file" in load_refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1\n", "is not valid YAML"),
        (b"name: a\nname: b\n", 'duplicate key "name"'),
        (b"a: !!python/object:os.system x\n", "is not valid YAML"),
        (b"name: caf\xe9\n", "must be UTF-8 text"),
        (b"", "must hold a mapping"),
    ],
)
def test_a_file_that_is_not_yaml_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    found = load_refusal(path)
    assert message in found
    assert str(path) in found
    assert "\n" not in found


def test_numbers_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("a: 1e-4\nb: 1.0e-4\nc: no\nd: 010\n")
    assert params.read_yaml(path) == {"a": 1e-4, "b": 1e-4, "c": "no", "d": 10}


def test_a_bom_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: x\n")
    assert params.read_yaml(path) == {"name": "x"}


def test_the_checked_in_schema_is_up_to_date() -> None:
    expected = json.dumps(params.json_schema(models), indent=2, sort_keys=True)
    found = (ROOT / "params.schema.json").read_text(encoding="utf-8")
    assert found.strip() == expected


# A validator of the few words that our schema uses; jsonschema is not among our dependencies.
IS: dict[str, Any] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
NOTES = {"title", "description", "default", "$schema", "$defs"}


def accepts(schema: Any, value: Any, root: dict[str, Any]) -> bool:
    if isinstance(schema, bool):
        return schema
    checks: dict[str, Any] = {
        "$ref": lambda ref: accepts(root["$defs"][ref.removeprefix("#/$defs/")], value, root),
        "anyOf": lambda options: any(accepts(option, value, root) for option in options),
        "type": lambda name: IS[name](value),
        "enum": lambda options: value in options,
        "const": lambda constant: value == constant,
        "pattern": lambda text: not isinstance(value, str) or bool(re.search(text, value)),
        "minLength": lambda n: not isinstance(value, str) or len(value) >= n,
        "maxLength": lambda n: not isinstance(value, str) or len(value) <= n,
        "minItems": lambda n: not isinstance(value, list) or len(value) >= n,
        "maxItems": lambda n: not isinstance(value, list) or len(value) <= n,
        "prefixItems": lambda ones: (
            not isinstance(value, list)
            or all(accepts(one, item, root) for one, item in zip(ones, value, strict=False))
        ),
        "minProperties": lambda n: not isinstance(value, dict) or len(value) >= n,
        "minimum": lambda end: not IS["number"](value) or value >= end,
        "maximum": lambda end: not IS["number"](value) or value <= end,
        "exclusiveMinimum": lambda end: not IS["number"](value) or value > end,
        "exclusiveMaximum": lambda end: not IS["number"](value) or value < end,
        "items": lambda one: (
            not isinstance(value, list) or all(accepts(one, item, root) for item in value)
        ),
        "required": lambda keys: not isinstance(value, dict) or set(keys) <= set(value),
        "properties": lambda known: (
            not isinstance(value, dict)
            or all(accepts(known[key], value[key], root) for key in known.keys() & value.keys())
        ),
        "additionalProperties": lambda one: (
            not isinstance(value, dict)
            or all(
                accepts(one, value[key], root)
                for key in value.keys() - schema.get("properties", {}).keys()
            )
        ),
    }
    return all(checks[word](rule) for word, rule in schema.items() if word not in NOTES)


def schema_accepts(document: Any) -> bool:
    schema = params.json_schema(models)
    return accepts(schema, document, schema)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_schema_accepts_every_experiment_in_the_repository(path: Path) -> None:
    assert schema_accepts(params.read_yaml(path))


@pytest.mark.parametrize(
    "changes",
    [
        {"nmae": 1},
        {"data.delimter": ","},
        {"models.mpl": {}},
        {"models.mlp": {"drpout": 0.1}},
        {"models.mlp": {"dropout": {"low": 0, "high": 1, "setp": 1}}},
        {"models.mlp": {"activation": "tahn"}},
        {"models.mlp": {"dropout": 1.5}},
        {"models.cnn": {}},
        {"models.cnn": {"shape": [1, 2]}},
        {"models.cnn": {"shape": [1, 2, 3, 4]}},
        {"models.rnn": {"shape": [1, 0]}},
        {"models.mlp": {"embeddings": {"numeric": "perodic"}}},
        {"train.strategy": "bagging"},
        {"metrics": ["auc"]},
        {"metrics": []},
        {"models": {}},
        {"seed": "7"},
        {"task": "binray"},
    ],
)
def test_the_schema_rejects_what_the_check_refuses(changes: dict[str, Any]) -> None:
    assert schema_accepts(declare({}))
    assert not schema_accepts(declare(changes))
    refusal(declare(changes))


def test_the_schema_lets_every_leaf_of_every_family_be_tuned() -> None:
    families = params.json_schema(models)["properties"]["models"]["properties"]
    assert sorted(families) == models.names()
    for name in models.names():
        properties = families[name]["anyOf"][0].get("properties", {})
        assert set(properties) == set(models.parameters(name).model_fields)
        for leaf in properties.values():
            assert {"$ref": "#/$defs/Range"} in leaf["anyOf"]
            assert {"$ref": "#/$defs/Choices"} in leaf["anyOf"]


def test_a_broken_rule_is_said_without_the_shapes_that_the_value_does_not_have() -> None:
    document = {"types": {"a": {"type": "double", "decimal": ",", "thousands": ","}}}
    with pytest.raises(ValidationError) as refused:
        Clean.model_validate(document)
    assert messages.explain(refused.value, document, Clean, ("clean",)) == [
        "clean.types.a: decimal and thousands must differ, but both are ',': change one"
    ]
