"""From the search's folds to what is served: bags, one fit on all rows, and other's networks."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold import dataset
from tenfold.dataset import Schema
from tenfold.models.shared import predictor
from tests.project import SMALL, Project, files_below, shared
from tests.server import Server

TABLE = "data/raw/breast_cancer.csv"
MLP = {**SMALL["models"]["mlp"], "dropout": 0.2}


@pytest.fixture(scope="module")
def network(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose champion is a bag of networks with dropout; for reading only."""

    def build(root: Path) -> None:
        copied = finished.copy(root)
        copied.add_empty_store()
        copied.change(models={"mlp": MLP}, select_model={"ensemble": "off"})
        copied.repro()

    return shared(tmp_path_factory, "network", build)


@pytest.fixture
def changed(network: Project, tmp_path: Path) -> Project:
    """A copy to change, with MLflow's store."""
    return network.copy(tmp_path / "changed", mlruns=True)


def test_a_network_answers_as_the_bag_of_its_folds(network: Project) -> None:
    model = predictor.load(network / "outputs/train/mlp/model")
    assert len(model.transformers) == 3
    schema = Schema.from_report(network.json("outputs/split/report.json"))
    split = network / "outputs/split"
    train = dataset.read(split / "train.parquet", schema, split / "folds.parquet")
    oof = pd.read_parquet(network / "outputs/cross_validate/mlp/oof.parquet")
    assert train.folds is not None
    inputs = [transformer.transform(train.X) for transformer in model.transformers]
    for fold in range(3):
        own = train.folds.val(fold)
        alone: Any = model.model
        # A bag of one member: what that fold's network says of the rows it never saw.
        answer = alone.with_members([fold]).predict([inputs[fold][own]])
        np.testing.assert_allclose(answer[:, 1], oof["probability_malignant"][own], atol=1e-5)


def test_the_classical_rivals_learn_from_all_rows(finished: Project) -> None:
    model = predictor.load(finished / "outputs/train/linear/model")
    assert len(model.transformers) == 1
    described = finished.json("outputs/cross_validate/linear/members/members.json")
    assert described == {"donor": False, "kept": False}


def test_a_refit_runs_the_last_fit_again_and_no_search(changed: Project) -> None:
    changed.change(train={"strategy": "refit"})
    assert changed.repro() == ["clean", "train@mlp", "select_model"]
    model = predictor.load(changed / "outputs/train/mlp/model")
    assert len(model.transformers) == 1
    history = (changed / "outputs/train/mlp/history.csv").read_text().splitlines()
    epochs = changed.json("outputs/cross_validate/mlp/best.json")["epochs"]
    assert len(history) - 1 == sorted(epochs)[1]
    assert changed.champion_version() == "2"


# --- spread ---


@pytest.fixture(scope="module")
def server(network: Project) -> Iterator[Server]:
    served = Server(network, "serve", "/ping", forked=True)
    yield served
    served.stop()


@pytest.fixture(scope="module")
def rows(network: Project) -> list[dict[str, Any]]:
    schema = Schema.from_report(network.json("outputs/split/report.json"))
    table = pd.read_parquet(network / "outputs/split/test.parquet")
    found: list[dict[str, Any]] = (
        table[list(schema.features)].dropna().head(3).to_dict("records")  # type: ignore[assignment]
    )
    return found


def ask(server: Server, rows: list[dict[str, Any]], **params: Any) -> tuple[int, Any]:
    asked = {"dataframe_records": rows} | ({"params": params} if params else {})
    status, body = server.ask("/invocations", asked)
    return status, json.loads(body)


def test_the_server_answers_with_spread_when_asked_for_samples(
    server: Server, rows: list[dict[str, Any]], network: Project
) -> None:
    status, answer = ask(server, rows, n_samples=20, seed=3)
    assert status == 200
    model = predictor.load(network / "outputs/train/mlp/model")
    expected = model.answer_with_spread(pd.DataFrame(rows), 20, 3)
    assert set(expected) >= {"spread_benign", "spread_malignant"}
    for found, wanted in zip(answer["predictions"], expected.to_dict("records"), strict=True):
        assert set(found) == set(wanted)
        assert found == pytest.approx(wanted)
        assert found["spread_benign"] > 0
    assert ask(server, rows, n_samples=20, seed=3) == (200, answer)
    assert ask(server, rows, n_samples=20, seed=4) != (200, answer)


def test_the_server_answers_without_spread_unless_asked(
    server: Server, rows: list[dict[str, Any]]
) -> None:
    status, answer = ask(server, rows)
    assert status == 200
    assert set(answer["predictions"][0]) == {
        "prediction",
        "probability_benign",
        "probability_malignant",
        "unseen_categories",
    }
    assert ask(server, rows, n_samples=0) == (200, answer)


@pytest.mark.parametrize("n_samples", [-1, 10_001])
def test_a_number_of_samples_out_of_range_is_a_bad_request(
    server: Server, rows: list[dict[str, Any]], n_samples: int
) -> None:
    status, answer = ask(server, rows, n_samples=n_samples)
    assert status == 400
    assert f"between 1 and 10000, but got {n_samples}" in answer["message"]


@pytest.mark.parametrize("params", [{"n_samples": "many"}, {"n_samples": 2.5}])
def test_a_parameter_of_the_wrong_type_is_a_bad_request(
    server: Server, rows: list[dict[str, Any]], params: dict[str, Any]
) -> None:
    status, answer = ask(server, rows, **params)
    assert status == 400
    assert "n_samples" in json.dumps(answer)


def test_predict_adds_the_spread_when_asked_for_samples(network: Project, tmp_path: Path) -> None:
    answers = {}
    for name, seed in (("one", "3"), ("two", "3"), ("three", "4")):
        words = ["tenfold", "predict", "--samples", "9", "--seed", seed, TABLE]
        network.run(*words, str(tmp_path / f"{name}.csv"))
        answers[name] = (tmp_path / f"{name}.csv").read_text()
    assert answers["one"] == answers["two"] != answers["three"]
    with (tmp_path / "one.csv").open(newline="") as file:
        header = next(csv.reader(file))
    assert header[-6:] == [
        "prediction",
        "probability_benign",
        "probability_malignant",
        "spread_benign",
        "spread_malignant",
        "unseen_categories",
    ]


@pytest.mark.parametrize(
    ("samples", "said"),
    [("-1", "between 1 and 10000, but got -1"), ("10001", "between 1 and 10000, but got 10001")],
)
def test_predict_refuses_a_number_of_samples_out_of_range(
    network: Project, tmp_path: Path, samples: str, said: str
) -> None:
    ended = network.attempt(
        "tenfold", "predict", "--samples", samples, TABLE, str(tmp_path / "out.csv")
    )
    assert ended.returncode == 2
    assert f"error: --samples {samples}: " in ended.stderr
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out.csv").exists()


def test_predict_refuses_samples_of_a_model_that_is_sure_of_itself(
    changed: Project, tmp_path: Path
) -> None:
    changed.change(models={"dummy": {}})
    changed.repro()
    ended = changed.attempt(
        "tenfold", "predict", "--samples", "5", TABLE, str(tmp_path / "out.csv")
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: --samples 5: ")
    assert "no spread" in ended.stderr


# --- transfer ---


def models_of(folder: Path) -> dict[str, bytes]:
    return {
        name: content
        for name, content in files_below(folder).items()
        if name.startswith("preprocessing")
    }


def test_a_search_starts_from_a_trained_familys_folder_and_outlives_it(changed: Project) -> None:
    shutil.copytree(changed / "outputs/train/mlp", changed / "pretrained")
    start = predictor.load(changed / "pretrained/model")
    changed.change(
        models={"mlp": {**MLP, "init_from": "pretrained", "freeze": 1}}, split={"n_splits": 4}
    )
    assert "cross_validate@mlp" in changed.repro()
    found = predictor.load(changed / "outputs/train/mlp/model")
    assert len(found.transformers) == 4
    donors = models_of(changed / "pretrained/model")
    own = models_of(changed / "outputs/train/mlp/model")
    # Four folds take the pretrained's three preprocessings in turn.
    assert [own[f"preprocessing-{i}.skops"] for i in range(4)] == [
        donors[f"preprocessing-{i % 3}.skops"] for i in range(4)
    ]
    mine: Any = found.model
    theirs: Any = start.model
    frozen = "blocks.0.linear.weight"
    ours, given = (dict(one.network.named_parameters())[frozen] for one in (mine, theirs))
    np.testing.assert_array_equal(ours.detach().numpy(), given[[0, 1, 2, 0]].detach().numpy())

    shutil.rmtree(changed / "pretrained")
    changed.change(train={"strategy": "refit"})
    assert changed.repro() == ["clean", "train@mlp", "select_model"]
    one: Any = predictor.load(changed / "outputs/train/mlp/model").model
    again = dict(one.network.named_parameters())[frozen]
    np.testing.assert_array_equal(again.detach().numpy(), given[:1].detach().numpy())
    assert models_of(changed / "outputs/train/mlp/model") == {
        "preprocessing-0.skops": donors["preprocessing-0.skops"]
    }


def test_a_search_starts_from_the_registry(changed: Project) -> None:
    before = predictor.load(changed / "outputs/train/mlp/model")
    address = "models:/breast_cancer@champion"
    changed.change(
        models={"mlp": {**MLP, "init_from": address}},
        select_model={"registered_model_name": "successor"},
    )
    assert changed.repro() == ["clean", "cross_validate@mlp", "train@mlp", "select_model"]
    kept = predictor.load(changed / "outputs/cross_validate/mlp/members/donor")
    assert kept.digest() == before.digest()
    best = changed.json("outputs/cross_validate/mlp/best.json")
    assert best["parameters"]["init_from"] == address


@pytest.mark.parametrize(
    ("family", "address", "said"),
    [
        ("mlp", "nowhere", ["models.mlp.init_from", "no trained model in 'nowhere'"]),
        ("mlp", "models:/nobody@champion", ["models:/nobody@champion"]),
        ("mlp", "outputs/train/mlp", ["models.mlp.init_from", "copy it to a folder outside"]),
        ("mlp", "models:/breast_cancer@champion", ["must not be this experiment's own model"]),
        ("resnet", "outputs/train/mlp", ["must name a trained resnet", "of family mlp"]),
        ("resnet", "models:/breast_cancer/1", ["must not be this experiment's own model"]),
    ],
)
def test_a_search_that_cannot_start_there_is_refused(
    changed: Project, family: str, address: str, said: list[str]
) -> None:
    changed.change(models={family: {"init_from": address}})
    ended = changed.stage("cross_validate", family)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert all(part in ended.stderr for part in said), ended.stderr


@pytest.mark.parametrize(
    ("family", "declared", "said"),
    [
        ("cnn", {"shape": [1, 5, 5]}, ["models.cnn.shape", "[1, 5, 5] is 25", "correct the shape"]),
        (
            "mlp",
            {"class_weight": {"good": 1.0, "bad": 2.0}},
            ["class_weight must name the classes benign, malignant, but names good, bad"],
        ),
    ],
)
def test_a_network_that_does_not_fit_the_table_is_refused(
    changed: Project, family: str, declared: dict[str, Any], said: list[str]
) -> None:
    changed.change(models={family: declared})
    ended = changed.stage("cross_validate", family)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert all(part in ended.stderr for part in said), ended.stderr
