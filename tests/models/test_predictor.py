"""A model with its preprocessing: one or several as one, in memory and from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold import models
from tenfold.dataset import MISSING
from tenfold.models.shared import predictor
from tenfold.models.shared.predictor import Predictor
from tests.bags import Bag, bag, dataset, parameters, schema, setting, table
from tests.project import files_below

LEARNED: dict[str, Any] = {"embeddings": {"numeric": "piecewise_linear", "categorical": "learned"}}
KINDS: dict[str, dict[str, Any]] = {"one_hot": {}, "learned": LEARNED}
TASKS = ["regression", "binary"]


def apart(found: Bag, rows: pd.DataFrame) -> Any:
    """Each member's answer, given its own fold's preprocessing."""
    frame = found.data.schema.frame(rows)
    inputs = [transformer.transform(frame) for transformer in found.predictor.transformers]
    return found.model.draws(inputs, 1, 0)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", ["mlp", "resnet"])
def test_a_bag_answers_with_the_mean_of_its_folds_through_their_own_preprocessing(
    family: str, kind: str, task: str
) -> None:
    found, rows = bag(family, task, **KINDS[kind]), table(20, seed=3)
    each = apart(found, rows)
    assert len(each) == 3
    np.testing.assert_allclose(found.predictor.predict(rows), each.mean(axis=0), rtol=1e-12)
    means = [transformer.transform(found.data.X)[:, 0].mean() for transformer in _own(found)]
    assert len(set(means)) == 3, "folds share their preprocessing"


def _own(found: Bag) -> list[Any]:
    return list(found.predictor.transformers)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", ["mlp", "resnet"])
def test_a_member_answers_the_rows_it_never_saw_as_out_of_fold(
    family: str, kind: str, task: str
) -> None:
    found = bag(family, task, **KINDS[kind])
    each = apart(found, found.data.X)
    assert found.data.folds is not None
    for number, member in enumerate(each):
        own = found.data.folds.val(number)
        np.testing.assert_allclose(member[own], found.evaluation.oof[own], rtol=1e-9, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_and_loaded_bag_answers_exactly_the_same(
    kind: str, task: str, tmp_path: Path
) -> None:
    found, rows = bag(task=task, dropout=0.2, **KINDS[kind]), table(20, seed=3)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    found.predictor.save(tmp_path / "one")
    loaded = predictor.load(tmp_path / "one")
    pd.testing.assert_frame_equal(loaded.answer(rows), found.predictor.answer(rows))
    pd.testing.assert_frame_equal(
        loaded.answer_with_spread(rows, 5, 3), found.predictor.answer_with_spread(rows, 5, 3)
    )
    loaded.save(tmp_path / "two")
    assert files_below(tmp_path / "two") == files_below(tmp_path / "one")
    assert loaded.digest() == found.predictor.digest()


def test_the_digest_is_another_for_another_model() -> None:
    assert bag().predictor.digest() != bag(learning_rate=0.03).predictor.digest()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_never_seen_or_is_missing_is_answered(kind: str) -> None:
    found = bag(**KINDS[kind])
    row = table(1, seed=3)
    colours = ["red", "purple", "orange", None, "NA"]
    rows = pd.concat([row.assign(size=4.0, colour=colour) for colour in colours])
    answers = found.predictor.answer(rows)["prediction"].to_numpy()
    assert np.isfinite(answers).all()
    assert len(set(answers[1:])) == 1, "never seen is never seen"
    assert answers[0] != answers[1]
    assert np.isfinite(found.predictor.predict(row.assign(size=np.nan))).all()


def test_a_category_that_a_member_never_trained_on_is_unknown_to_it_alone() -> None:
    found = bag(**LEARNED)
    # The one black row is validation row of the third fold.
    assert (found.data.X["colour"] == "black").to_numpy().nonzero()[0].tolist() == [5]
    assert found.data.folds is not None
    assert 5 in found.data.folds.val(2)
    row = table(1, seed=3).assign(size=4.0)
    black, purple = (apart(found, row.assign(colour=name)) for name in ("black", "purple"))
    assert [bool(np.isclose(b, p).all()) for b, p in zip(black, purple, strict=True)] == [
        False,
        False,
        True,
    ]


def test_a_missing_category_is_one_of_its_own_when_embedded() -> None:
    data = dataset()
    frame = data.X.assign(colour=data.X["colour"].where(data.X["colour"] != "green", MISSING))
    found = bag(data=type(data)(data.schema, frame, data.y, data.rows, data.folds), **LEARNED)
    row = table(1, seed=3).assign(size=4.0)
    answers = [
        float(found.predictor.predict(row.assign(colour=c))[0]) for c in (None, np.nan, "new")
    ]
    assert answers[0] == answers[1] != answers[2]


# --- spread ---


def test_the_answer_with_spread_is_the_mean_and_deviation_of_the_draws() -> None:
    found, rows = bag(dropout=0.3), table(20, seed=3)
    frame = found.data.schema.frame(rows)
    inputs = [transformer.transform(frame) for transformer in _own(found)]
    draws = found.model.draws(inputs, 8, 5)
    answer = found.predictor.answer_with_spread(rows, 8, 5)
    assert list(answer) == ["prediction", "spread", predictor.UNSEEN]
    np.testing.assert_allclose(answer["prediction"], draws.mean(axis=0))
    np.testing.assert_allclose(answer["spread"], draws.std(axis=0))
    assert (answer["spread"] > 0).all()


def test_a_classifiers_spread_is_one_of_each_probability() -> None:
    found, rows = bag(task="binary", dropout=0.3), table(20, seed=3)
    answer = found.predictor.answer_with_spread(rows, 8, 5)
    assert list(answer) == [
        "prediction",
        "probability_no",
        "probability_yes",
        "spread_no",
        "spread_yes",
        predictor.UNSEEN,
    ]
    np.testing.assert_allclose(answer["spread_no"], answer["spread_yes"])
    likelier = np.where(answer["probability_yes"] > 0.5, "yes", "no")
    assert answer["prediction"].tolist() == likelier.tolist()


def test_the_seed_repeats_a_spread_and_another_seed_does_not() -> None:
    model, rows = bag(dropout=0.3).predictor, table(20, seed=3)
    one = model.answer_with_spread(rows, 8, 5)
    pd.testing.assert_frame_equal(model.answer_with_spread(rows, 8, 5), one)
    assert not model.answer_with_spread(rows, 8, 6).equals(one)


@pytest.mark.slow
def test_a_row_has_the_same_spread_whatever_is_asked_for_beside_it() -> None:
    model, rows = bag(dropout=0.3).predictor, table(20, seed=3)
    together = model.answer_with_spread(rows, 8, 5)
    alone = pd.concat([model.answer_with_spread(rows.iloc[[n]], 8, 5) for n in range(20)])
    pd.testing.assert_frame_equal(alone, together, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("n_samples", [0, -1, 10_001])
def test_a_number_of_samples_out_of_range_is_refused(n_samples: int) -> None:
    with pytest.raises(ValueError, match=f"between 1 and 10000, but got {n_samples}"):
        bag(dropout=0.3).predictor.answer_with_spread(table(2), n_samples)


def test_a_spread_is_refused_of_one_model_without_dropout() -> None:
    data = dataset()
    transformer = bag().predictor.transformers[0]
    for family in ("mlp", "linear"):
        model = models.family(family).fit(
            parameters(family), transformer.transform(data.X), data.y, 0, setting(), 2
        )
        alone = Predictor(family, schema(), [transformer], model)
        with pytest.raises(ValueError, match="no spread"):
            alone.answer_with_spread(table(2), 10)
