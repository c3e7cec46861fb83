"""Models of several families as one: their weighted mean, the files they share, their spread."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold.models.shared import assembling, ensemble, predictor
from tenfold.models.shared.ensemble import Part
from tenfold.runtime import UserError
from tests.bags import dataset, schema, table
from tests.ensembles import WEIGHTS, assembled, trained
from tests.project import ROOT, files_below

TASKS = ["regression", "binary"]


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_an_ensemble_answers_the_weighted_mean_of_its_members(task: Any, tmp_path: Path) -> None:
    members, rows = trained(task), table(20, seed=3)
    found = predictor.load(assembled(tmp_path, members))
    assert found.family == "ensemble"
    assert found.schema == members[0].schema
    expected = sum(
        weight * member.predict(rows) for weight, member in zip(WEIGHTS, members, strict=True)
    )
    np.testing.assert_allclose(found.predict(rows), expected, rtol=1e-14)
    answers = found.answer(rows)
    assert list(answers) == list(members[0].answer(rows))
    assert (answers[predictor.UNSEEN] == members[0].answer(rows)[predictor.UNSEEN]).all()
    for row in (0, 7):
        np.testing.assert_allclose(
            found.predict(rows.iloc[[row]]), found.predict(rows)[[row]], rtol=1e-12
        )


def test_preprocessing_that_members_share_is_stored_and_run_once(tmp_path: Path) -> None:
    found = predictor.load(assembled(tmp_path, trained("binary")))
    assert len(found.transformers) == 3
    assert isinstance(found.model, ensemble.Ensemble)
    assert [list(part.transformers) for part in found.model.parts] == [[0, 1, 2], [0], [0]]


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_its_folder_is_what_saving_the_loaded_ensemble_writes(task: Any, tmp_path: Path) -> None:
    written = assembled(tmp_path, trained(task))
    found = predictor.load(written)
    (tmp_path / "again").mkdir()
    found.save(tmp_path / "again")
    assert files_below(tmp_path / "again") == files_below(written)
    second = assembled(tmp_path / "second", trained(task))
    assert files_below(second) == files_below(written)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_its_spread_is_that_of_members_drawn_by_weight_and_of_their_own_draws(
    task: Any, tmp_path: Path
) -> None:
    members, rows = trained(task), table(20, seed=3)
    answer = predictor.load(assembled(tmp_path, members)).answer_with_spread(rows, 8, 5)
    frame = members[0].schema.frame(rows)
    network = members[0].model.draws(
        [own.transform(frame) for own in members[0].transformers], 8, 5
    )
    draws = [network, *(member.predict(rows)[None] for member in members[1:])]
    weights = np.concatenate(
        [np.full(len(own), weight / len(own)) for own, weight in zip(draws, WEIGHTS, strict=True)]
    )
    together = np.concatenate(draws)
    mean = np.average(together, axis=0, weights=weights)
    spread = np.sqrt(np.average((together - mean) ** 2, axis=0, weights=weights))
    if task == "regression":
        np.testing.assert_allclose(answer["prediction"], mean, rtol=1e-12)
        np.testing.assert_allclose(answer["spread"], spread, rtol=1e-9)
    else:
        np.testing.assert_allclose(answer["probability_yes"], mean[:, 1], rtol=1e-12)
        np.testing.assert_allclose(answer["spread_yes"], spread[:, 1], rtol=1e-9)


@pytest.mark.slow
def test_one_member_alone_has_its_own_spread_or_none(tmp_path: Path) -> None:
    network, single, _ = trained("regression")
    rows = table(5, seed=3)
    alone = predictor.load(assembled(tmp_path / "network", [network], [1.0]))
    pd.testing.assert_frame_equal(
        alone.answer_with_spread(rows, 8, 5), network.answer_with_spread(rows, 8, 5)
    )
    alone = predictor.load(assembled(tmp_path / "linear", [single], [1.0]))
    with pytest.raises(ValueError, match="has no spread"):
        alone.answer_with_spread(rows, 8, 5)


@pytest.mark.slow
def test_a_damaged_member_is_named_before_and_after_it_joins(tmp_path: Path) -> None:
    members = trained("regression")
    written = assembled(tmp_path, members)
    damaged = written / "member-1" / "model.skops"
    damaged.write_bytes(b"x")
    with pytest.raises(UserError, match=f"{damaged} is damaged"):
        predictor.load(written)
    source = tmp_path / "trained-0"
    (source / "weights.safetensors").write_bytes(b"x")
    (tmp_path / "other").mkdir()
    with pytest.raises(UserError, match=r"weights\.safetensors is damaged"):
        assembling.assemble(tmp_path / "other", [Part("mlp", 0, 1.0)], [source])


@pytest.mark.slow
def test_a_category_that_no_member_saw_is_named(tmp_path: Path) -> None:
    found = predictor.load(assembled(tmp_path, trained("regression")))
    rows = table(2, seed=3).assign(colour=["purple", "red"])
    assert found.answer(rows)[predictor.UNSEEN].tolist() == ["colour", ""]
    assert np.isfinite(found.predict(rows)).all()
    assert schema().categorical == ("colour",)
    assert dataset().schema == found.schema


@pytest.mark.slow
def test_a_family_of_one_s_own_brings_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # Imports write bytecode, which must not end up in the folder of a stored model.
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    Path("families").mkdir()
    shutil.copy(ROOT / "src/tenfold/models/linear.py", "families/mine.py")
    first, second, _ = trained("regression")
    own = replace(second, family="mine")
    written, rows = assembled(tmp_path / "e", [own, first], [0.6, 0.4]), table(9, seed=3)
    expected = predictor.load(written).predict(rows)
    shutil.rmtree("families")
    found = predictor.load(written)
    np.testing.assert_array_equal(found.predict(rows), expected)
    Path("again").mkdir()
    found.save(Path("again"))
    assert files_below(Path("again")) == files_below(written)
