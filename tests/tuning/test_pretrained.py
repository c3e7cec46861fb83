"""Trained models that others start from: where they are found, and which are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tenfold import models
from tenfold.dataset import Schema
from tenfold.runtime import UserError
from tenfold.tracking import load_model
from tenfold.tuning import fold_models, pretrained
from tests.bags import Bag, bag, schema, table


@pytest.fixture(scope="module")
def trained() -> Bag:
    return bag(dropout=0.2)


@pytest.fixture
def folder(trained: Bag, tmp_path: Path) -> Path:
    """What stage train leaves of a family."""
    found = tmp_path / "outputs/train/mlp"
    (found / "model").mkdir(parents=True)
    trained.predictor.save(found / "model")
    return found


def refusal(address: Path | str, family: str, own: Schema) -> str:
    with pytest.raises(UserError) as refused:
        pretrained.fetch(str(address), family, own, load_model)
    return str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("inside", [".", "model"])
def test_a_trained_familys_folder_or_the_model_in_it_is_a_donor(
    folder: Path, trained: Bag, inside: str
) -> None:
    found = pretrained.fetch(str(folder / inside), "mlp", schema(), load_model)
    np.testing.assert_array_equal(found.predict(table(9)), trained.predictor.predict(table(9)))
    assert found.digest() == trained.predictor.digest()


def test_a_target_of_another_task_is_no_obstacle(folder: Path) -> None:
    assert pretrained.fetch(str(folder), "mlp", schema("binary"), load_model).family == "mlp"


def test_a_donor_that_is_not_there_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path / "none", "mlp", schema())
    assert f"models.mlp.init_from: there is no trained model in '{tmp_path / 'none'}'" in message
    assert "outputs/train/<family>" in message


def test_what_a_family_left_behind_itself_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parents[2])
    message = refusal("outputs/train/mlp/model", "mlp", schema())
    assert "this very family leaves behind" in message
    assert "copy it to a folder outside outputs/" in message


def test_a_donor_of_another_family_is_refused(folder: Path) -> None:
    message = refusal(folder, "resnet", schema())
    assert f"models.resnet.init_from must name a trained resnet, but {str(folder)!r}" in message
    assert "is of family mlp" in message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"numeric": ("size", "weight", "age")},
            "other numeric columns (this table alone has age)",
        ),
        ({"numeric": ("size",)}, "other numeric columns (that model alone has weight)"),
        ({"numeric": ("weight", "size")}, "other numeric columns (its order is size, weight, ...)"),
        (
            {"categorical": ("hue",)},
            "other categorical columns (that model alone has colour; this table alone has hue)",
        ),
        ({"categorical": ()}, "other categorical columns (that model alone has colour)"),
    ],
)
def test_a_donor_of_other_columns_is_refused(
    folder: Path, changes: dict[str, tuple[str, ...]], said: str
) -> None:
    message = refusal(folder, "mlp", replace(schema(), **changes))  # type: ignore[arg-type]
    assert said in message
    assert "the same columns, in the same order" in message


def test_the_folds_models_and_what_they_started_from_come_back_as_they_were(
    trained: Bag, tmp_path: Path
) -> None:
    moved = bag(pretrained=trained.predictor, init_from="m")
    (tmp_path / "trial").mkdir()
    moved.model.save(tmp_path / "trial")
    fold_models.write(tmp_path / "members", tmp_path / "trial", trained.predictor)
    assert fold_models.has_models(tmp_path / "members")
    loaded = fold_models.load(tmp_path / "members", models.family("mlp"))
    frame = moved.data.X
    inputs = [one.transform(frame) for one in trained.predictor.transformers]
    np.testing.assert_array_equal(loaded.predict(inputs), moved.model.predict(inputs))
    start = fold_models.load_pretrained(tmp_path / "members")
    assert start is not None
    assert start.digest() == trained.predictor.digest()


def test_a_family_without_folds_models_or_donor_leaves_neither(tmp_path: Path) -> None:
    fold_models.write(tmp_path / "members", None, None)
    assert not fold_models.has_models(tmp_path / "members")
    assert fold_models.load_pretrained(tmp_path / "members") is None
