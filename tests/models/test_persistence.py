"""Fitted objects as files: the same bytes from any process, the same answers, no pickle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold import preprocessing
from tenfold.dataset import Schema
from tenfold.models.shared import packed_trees, persistence
from tenfold.params import Categorical, Dates, Numeric, Preprocessing
from tenfold.runtime import UserError
from tests.project import ROOT

NAMES = [
    *(
        f"{family}-{task}"
        for family in ("extra_trees", "random_forest", "hist_gradient_boosting", "linear", "dummy")
        for task in ("regression", "binary", "multiclass")
    ),
    "preprocessing-one_hot",
    "preprocessing-ordinal",
    "preprocessing-target",
]

SCALES: dict[str, Any] = {"one_hot": "robust", "ordinal": "min_max", "target": "quantile"}


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(size=60)
    size[::7] = np.nan
    when = pd.Series(pd.date_range("2024-01-01", periods=60, freq="31h", unit="us"))
    return pd.DataFrame(
        {
            "size": size,
            "colour": rng.choice(["a", "b", "c", "(missing)"], 60),
            "when": when.where(np.arange(60) % 5 > 0),
        }
    )


def fitted(name: str) -> tuple[Any, Any]:
    """A small fitted object and the rows it can answer for."""
    kind, _, variant = name.partition("-")
    if kind == "preprocessing":
        schema = Schema("binary", "y", ("size",), ("colour",), ("n", "y"), (), ("when",))
        declared = Preprocessing(
            numeric=Numeric(indicator=True, scale=SCALES[variant]),
            categorical=Categorical(encode=variant, min_frequency=16),  # type: ignore[arg-type]
            dates=Dates(indicator=True),
        )
        frame = schema.frame(table())
        return preprocessing.fit(schema, declared, frame, np.arange(60) % 2)[0], frame
    from tenfold import models

    task: Any = variant
    X = np.random.default_rng(1).normal(size=(60, 3))
    y = X[:, 0] if task == "regression" else np.arange(60) % (2 if task == "binary" else 3)
    few = {"n_estimators": 4}
    small = {
        "extra_trees": few,
        "random_forest": few,
        "hist_gradient_boosting": {"max_iter": 4},
    }
    parameters = models.parameters(kind).model_validate(small.get(kind, {}))
    family: Any = models.family(kind)
    return family.build(parameters, task, 3).fit(X, y), X


def answers(estimator: Any, X: Any) -> Any:
    if hasattr(estimator, "n_jobs"):
        estimator.set_params(n_jobs=1)  # Threads add a forest's votes in any order.
    for method in ("predict_proba", "predict", "transform"):
        if hasattr(estimator, method):
            return getattr(estimator, method)(X)
    raise AssertionError


SAVE_ALL = """
import sys
from pathlib import Path
from tests.models.test_persistence import NAMES, fitted
from tenfold.models.shared import persistence
for name in NAMES:
    persistence.save(fitted(name)[0], Path(sys.argv[1]) / name)
"""


@pytest.fixture(scope="module")
def saved_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every object as another process, with other addresses and hashes, saved it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run(
        [sys.executable, "-c", "x = [object() for _ in range(10**5)]" + SAVE_ALL, folder],
        cwd=ROOT,
        env={
            "OMP_NUM_THREADS": os.environ["OMP_NUM_THREADS"],
            "PATH": "/usr/bin:/bin",
            "PYTHONHASHSEED": "12345",
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "TZ": "Asia/Tokyo",
        },
        check=True,
    )
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_two_processes_write_the_same_bytes(
    name: str, saved_elsewhere: Path, tmp_path: Path
) -> None:
    persistence.save(fitted(name)[0], tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == (saved_elsewhere / name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_loaded_answers_as_what_was_saved(name: str, tmp_path: Path) -> None:
    estimator, X = fitted(name)
    persistence.save(estimator, tmp_path / "m")
    loaded = persistence.load(tmp_path / "m")
    np.testing.assert_array_equal(answers(loaded, X), answers(estimator, X))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_holds_json_and_plain_arrays_alone(name: str, tmp_path: Path) -> None:
    persistence.save(fitted(name)[0], tmp_path / "m")
    with zipfile.ZipFile(tmp_path / "m") as archive:
        for entry in archive.infolist():
            content = archive.read(entry)
            if entry.filename == "schema.json":
                json.loads(content)
                continue
            assert entry.filename.endswith(".npy")
            with archive.open(entry) as file:
                np.load(file, allow_pickle=False)
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)


class Stranger:
    """A type that is not on our list."""

    def __init__(self) -> None:
        self.value = 1


def test_a_file_with_a_type_that_is_not_on_our_list_is_refused(tmp_path: Path) -> None:
    from skops.io import dump
    from skops.io.exceptions import UntrustedTypesFoundException

    dump({"model": Stranger()}, tmp_path / "m")
    with pytest.raises(UntrustedTypesFoundException, match="Stranger"):
        persistence.load(tmp_path / "m")


def test_an_object_that_could_not_be_loaded_again_is_refused_when_it_is_saved(
    tmp_path: Path,
) -> None:
    refusal = "types that are not trusted.*test_persistence.Stranger: .* name these types in"
    with pytest.raises(UserError, match=refusal):
        persistence.save({"model": Stranger()}, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    import pickle

    (tmp_path / "m").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(zipfile.BadZipFile):
        persistence.load(tmp_path / "m")


def test_trusted_names_every_type_once_in_order() -> None:
    assert sorted(set(persistence.TRUSTED)) == persistence.TRUSTED


def test_a_boosters_trees_come_back_with_their_sets_of_categories() -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    X = np.stack([rng.normal(size=200), rng.integers(0, 9, 200)], axis=1)
    y = (X[:, 1] % 3).astype(int)
    booster = HistGradientBoostingClassifier(max_iter=3, categorical_features=[1]).fit(X, y)
    trees = booster._predictors
    again = packed_trees.unpacked(packed_trees.packed(booster))
    assert booster._predictors is trees, "storing a booster changed it"
    np.testing.assert_array_equal(again.predict_proba(X), booster.predict_proba(X))
    assert [len(own) for own in again._predictors] == [3, 3, 3]
    assert sum(len(tree.raw_left_cat_bitsets) for own in trees for tree in own) > 0
