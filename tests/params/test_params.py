"""The experiment file: what is accepted, and what one message says about the rest."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tenfold import models, params
from tenfold.params import Clean, Params, messages
from tenfold.params.training import Ensemble
from tenfold.runtime import UserError
from tests.params.documents import FILES, JARGON, SECTIONS, declare, refusal


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
    ("declared", "found"),
    [
        (None, Ensemble()),
        ({}, Ensemble()),
        ({"max_members": 3}, Ensemble(max_members=3)),
        ("off", "off"),
    ],
)
def test_the_ensemble_is_on_unless_it_is_off(declared: object, found: object) -> None:
    document = declare({"select_model.ensemble": declared})
    assert params.parse(document, models).select_model.ensemble == found
    assert params.parse(declare({}), models).select_model.ensemble == Ensemble()


@pytest.mark.parametrize("declared", ["on", True, 5, ["off"]])
def test_an_ensemble_that_is_neither_off_nor_settings_is_refused(declared: object) -> None:
    with pytest.raises(UserError) as refused:
        params.parse(declare({"select_model.ensemble": declared}), models)
    rule = "select_model.ensemble must be 'off' or a mapping of keys to values"
    assert f"{rule}, but got {declared!r}" in str(refused.value)


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
        ({"models.mpl": {}}, "unknown family 'mpl'; did you mean 'mlp'? (known: catboost, cnn,"),
        ({"metrics": ["auc"]}, "unknown metric 'auc'; did you mean 'auroc'? (known: accuracy,"),
        ({"task": "binray"}, "but got 'binray'; did you mean 'binary'?"),
        (
            {"clean.types": {"a": "int"}},
            "clean.types.a must be 'integer', 'double', 'text', 'boolean' or 'date'",
        ),
        (
            {"models.mlp": {"activation": {"choices": ["relu", "tahn"]}}},
            "models.mlp.activation must be 'elu', 'gelu', 'leaky_relu', 'mish', 'prelu', 'relu', "
            "'rrelu', 'selu', 'sigmoid', 'silu' or 'tanh', but got 'tahn'; did you mean 'tanh'?",
        ),
        (
            {"models.mlp": {"dropout": {"low": 0.1, "high": 0.5, "setp": 0.1}}},
            "'models.mlp.dropout.setp'; did you mean 'step'? (known: high, log, low, step)",
        ),
        ({"select_model.ensemble": {"max_member": 3}}, "did you mean 'max_members'?"),
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
        (
            {"task": "regression"},
            "'auroc' does not fit task 'regression'; choose from mse, rmse, rmsle",
        ),
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


def test_a_broken_rule_is_said_without_the_shapes_that_the_value_does_not_have() -> None:
    document = {"types": {"a": {"type": "double", "decimal": ",", "thousands": ","}}}
    with pytest.raises(ValidationError) as refused:
        Clean.model_validate(document)
    assert messages.explain(refused.value, document, Clean, ("clean",)) == [
        "clean.types.a: decimal and thousands must differ, but both are ',': change one"
    ]
