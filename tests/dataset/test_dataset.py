"""A clean table as a model sees it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold import dataset
from tenfold.dataset import FOLD, MISSING, ROW, Schema, folds
from tenfold.dataset.folds import Folds
from tenfold.metrics import Task
from tenfold.runtime import UserError


def schema(
    task: Task = "binary",
    classes: tuple[int | str, ...] = ("no", "yes"),
    numeric: tuple[str, ...] = ("size", "count"),
    categorical: tuple[str, ...] = ("colour", "vip"),
) -> Schema:
    return Schema(task, "y", numeric, categorical, classes, ("", "NA"))


def table(**changes: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {
        ROW: [2, 5, 3],
        "colour": ["red", None, "blue"],
        "vip": [True, None, False],
        "size": [0.5, None, 2.0],
        "count": pd.array([1, None, 3], dtype="Int64"),
        "y": ["yes", "no", "yes"],
    }
    return pd.DataFrame(columns | changes)


def test_numbers_are_float64_with_nan_for_what_is_missing() -> None:
    frame = schema().frame(table())
    for name, expected in {"size": [0.5, np.nan, 2.0], "count": [1.0, np.nan, 3.0]}.items():
        assert frame[name].dtype == np.float64
        np.testing.assert_array_equal(frame[name], expected)


def test_categories_are_text_and_a_missing_one_is_a_category() -> None:
    frame = schema().frame(table())
    assert frame["colour"].tolist() == ["red", MISSING, "blue"]
    assert frame["vip"].tolist() == ["true", MISSING, "false"]
    assert frame["colour"].dtype == object


def test_numeric_columns_come_first_and_nothing_else_is_a_feature() -> None:
    assert list(schema().frame(table())) == ["size", "count", "colour", "vip"]
    assert schema().features == ("size", "count", "colour", "vip")


def test_a_category_that_is_everywhere_missing_is_one_category() -> None:
    frame = schema().frame(table(colour=[None] * 3))
    assert frame["colour"].tolist() == [MISSING] * 3


def test_labels_become_codes_in_the_order_of_the_classes() -> None:
    codes = schema().encode(pd.Series(["yes", "no", "yes"]))
    assert codes.tolist() == [1, 0, 1]
    assert codes.dtype == np.int64
    numbers = schema("multiclass", (1, 2, 10)).encode(pd.Series([10, 1, 2]))
    assert numbers.tolist() == [2, 0, 1]


def test_a_number_to_predict_stays_one() -> None:
    values = schema("regression", ()).encode(pd.Series([1, 2, 5]))
    assert values.dtype == np.float64
    assert values.tolist() == [1.0, 2.0, 5.0]


def test_a_schema_survives_json() -> None:
    for one in (schema(), schema("multiclass", (1, 2, 3)), schema("regression", ())):
        assert Schema.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_a_schema_is_what_the_split_stage_reported() -> None:
    report = {
        "task": "binary",
        "target": "y",
        "features": {"numeric": ["size", "count"], "categorical": ["colour", "vip"], "dates": []},
        "classes": ["no", "yes"],
        "missing_values": ["", "NA"],
        "reading": {},
    }
    assert Schema.from_report(report) == schema()


def test_a_table_is_read_with_its_rows_and_folds(tmp_path: Path) -> None:
    table().to_parquet(tmp_path / "train.parquet")
    folds.write(tmp_path / "folds.parquet", Folds.of(np.array([1, 0, 1])), np.array([2, 5, 3]))
    read = dataset.read(tmp_path / "train.parquet", schema(), tmp_path / "folds.parquet")
    assert read.rows.tolist() == [2, 5, 3]
    assert read.y.tolist() == [1, 0, 1]
    assert read.folds is not None
    assert read.folds.membership.tolist() == [[1, 2, 1], [2, 1, 2]]
    pd.testing.assert_frame_equal(read.X, schema().frame(table()))
    assert dataset.read(tmp_path / "train.parquet", schema()).folds is None


def test_predictions_of_classes_are_written_beside_row_and_label(tmp_path: Path) -> None:
    table().to_parquet(tmp_path / "t.parquet")
    read = dataset.read(tmp_path / "t.parquet", schema())
    prediction = np.array([[0.25, 0.75], [1.0, 0.0], [0.5, 0.5]])
    dataset.write_predictions(tmp_path / "p.parquet", read, prediction)
    written = pd.read_parquet(tmp_path / "p.parquet")
    assert list(written) == [ROW, "true", "probability_no", "probability_yes"]
    assert written["true"].tolist() == ["yes", "no", "yes"]
    assert written["probability_yes"].tolist() == [0.75, 0.0, 0.5]


def test_predictions_of_numbers_are_written_beside_the_true_ones(tmp_path: Path) -> None:
    table(y=[1.5, 2.5, 3.5]).to_parquet(tmp_path / "t.parquet")
    read = dataset.read(tmp_path / "t.parquet", schema("regression", ()))
    dataset.write_predictions(tmp_path / "p.parquet", read, np.array([1.0, 2.0, 3.0]))
    written = pd.read_parquet(tmp_path / "p.parquet")
    assert list(written) == [ROW, "true", "prediction"]
    assert written["prediction"].tolist() == [1.0, 2.0, 3.0]


def test_rows_that_no_fold_validates_are_absent_from_the_predictions(tmp_path: Path) -> None:
    table(y=[1.5, 2.5, 3.5]).to_parquet(tmp_path / "t.parquet")
    chained = Folds(np.array([[1, 2, 0], [1, 1, 2]], dtype=np.int8))
    folds.write(tmp_path / "folds.parquet", chained, np.array([2, 5, 3]))
    read = dataset.read(
        tmp_path / "t.parquet", schema("regression", ()), tmp_path / "folds.parquet"
    )
    dataset.write_predictions(tmp_path / "oof.parquet", read, np.array([2.0, 3.0]))
    written = pd.read_parquet(tmp_path / "oof.parquet")
    assert written[ROW].tolist() == [5, 3]
    assert written["true"].tolist() == [2.5, 3.5]
    assert written["prediction"].tolist() == [2.0, 3.0]


# validation rows of each fold, and the rows and folds as written
OUT_OF_FOLD = {
    "once": ([[1, 2, 1], [2, 1, 2]], [2, 5, 3], None),
    "not all": ([[1, 2, 0], [1, 1, 2]], [5, 3], None),
    "repeatedly": (
        [[1, 2, 1], [2, 1, 2], [2, 2, 1], [1, 1, 2]],
        [2, 2, 5, 5, 3, 3],
        [1, 2, 0, 2, 1, 3],
    ),
}


@pytest.mark.parametrize("task", ["regression", "binary"])
@pytest.mark.parametrize("case", OUT_OF_FOLD)
def test_what_each_fold_predicts_is_read_as_it_was_written(
    case: str, task: Any, tmp_path: Path
) -> None:
    membership, rows, fold = OUT_OF_FOLD[case]
    table(**({} if task == "binary" else {"y": [1.5, 2.5, 3.5]})).to_parquet(tmp_path / "t.parquet")
    drawn = Folds(np.array(membership, dtype=np.int8))
    folds.write(tmp_path / "folds.parquet", drawn, np.array([2, 5, 3]))
    own = schema() if task == "binary" else schema("regression", ())
    read = dataset.read(tmp_path / "t.parquet", own, tmp_path / "folds.parquet")
    rng = np.random.default_rng(0)
    predictions = [rng.random(len(drawn.val(number))) for number in range(drawn.n)]
    if task == "binary":
        predictions = [np.stack([1 - p, p], axis=1) for p in predictions]
    dataset.write_out_of_fold(tmp_path / "oof.parquet", read, predictions)
    written = pd.read_parquet(tmp_path / "oof.parquet")
    assert written[ROW].tolist() == rows
    assert (written[FOLD].tolist() if FOLD in written else None) == fold
    found = dataset.read_out_of_fold(tmp_path / "oof.parquet", read)
    for one, other in zip(found, predictions, strict=True):
        np.testing.assert_array_equal(one, other)


def test_predictions_of_other_folds_are_refused(tmp_path: Path) -> None:
    table(y=[1.5, 2.5, 3.5]).to_parquet(tmp_path / "t.parquet")
    read = dataset.read(tmp_path / "t.parquet", schema("regression", ()))
    dataset.write_predictions(tmp_path / "oof.parquet", read, np.array([1.0, 2.0, 3.0]))
    chained = Folds(np.array([[1, 2, 0], [1, 1, 2]], dtype=np.int8))
    other = replace(read, folds=chained)
    with pytest.raises(UserError, match="of other folds"):
        dataset.read_out_of_fold(tmp_path / "oof.parquet", other)


def test_a_label_outside_the_classes_is_an_error() -> None:
    with pytest.raises(KeyError):
        schema().encode(pd.Series(["perhaps"]))
