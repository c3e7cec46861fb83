"""What is fitted inside a fold: it sees that fold's training rows and nothing else."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from tenfold import cross_validation, preprocessing
from tenfold.dataset import Dataset, Schema
from tenfold.folds import Folds
from tenfold.metrics import Array
from tenfold.params import Categorical, Numeric, Preprocessing

SIZES = [1.0, 2.0, 4.0, np.nan, 8.0]
COLOURS = ["red", "blue", "red", "red", "green"]


def schema(numeric: tuple[str, ...] = (), categorical: tuple[str, ...] = ()) -> Schema:
    return Schema("regression", "y", numeric, categorical, (), ())


def numeric(values: list[float], **declared: Any) -> Any:
    transformer = preprocessing.build(schema(("size",)), Preprocessing(numeric=Numeric(**declared)))
    return transformer.fit(frame(size=values))


def categorical(values: list[str], **declared: Any) -> Any:
    transformer = preprocessing.build(
        schema((), ("colour",)), Preprocessing(categorical=Categorical(**declared))
    )
    return transformer.fit(frame(colour=values))


def frame(**columns: Any) -> pd.DataFrame:
    return schema(
        tuple(name for name in columns if name == "size"),
        tuple(name for name in columns if name == "colour"),
    ).frame(pd.DataFrame(columns))


def quantile(share: float) -> float:
    return float(np.quantile([1.0, 2.0, 3.0, 4.0, 8.0], share))


# The missing one of SIZES is imputed by the median 3 before scaling.
FILLED = np.array([1.0, 2.0, 4.0, 3.0, 8.0])


@pytest.mark.parametrize(
    ("scale", "centre", "width"),
    [
        ("standard", FILLED.mean(), FILLED.std()),
        ("min_max", 1.0, 7.0),
        ("robust", 3.0, quantile(0.75) - quantile(0.25)),
        ("none", 0.0, 1.0),
    ],
)
def test_scaling_is_the_textbooks(scale: str, centre: float, width: float) -> None:
    scaled = numeric(SIZES, scale=scale).transform(frame(size=[*SIZES, 10.0]))
    np.testing.assert_allclose(scaled[:, 0], (np.append(FILLED, 10.0) - centre) / width)


@pytest.mark.parametrize(
    ("impute", "filled"), [("median", 2.0), ("mean", 3.0), ("most_frequent", 1.0)]
)
def test_a_missing_number_is_imputed_from_training_rows(impute: str, filled: float) -> None:
    fitted = numeric([1.0, 1.0, 2.0, 3.0, 8.0, np.nan], impute=impute, scale="none")
    assert fitted.transform(frame(size=[np.nan, 7.0])).tolist() == [[filled], [7.0]]


def test_an_indicator_says_where_a_number_was_missing() -> None:
    fitted = numeric(SIZES, indicator=True, scale="none")
    assert fitted.transform(frame(size=[5.0, np.nan])).tolist() == [[5.0, 0.0], [3.0, 1.0]]
    assert fitted.transform(frame(size=[5.0])).dtype == np.float64


def test_a_column_without_gaps_gets_no_indicator_and_later_gaps_are_only_imputed() -> None:
    fitted = numeric([1.0, 2.0, 3.0], indicator=True, scale="none")
    assert fitted.transform(frame(size=[np.nan])).tolist() == [[2.0]]


@pytest.mark.parametrize("indicator", [False, True])
@pytest.mark.parametrize("scale", ["standard", "min_max", "robust", "none"])
@pytest.mark.parametrize("impute", ["median", "mean", "most_frequent"])
def test_a_number_that_no_training_row_has_is_no_obstacle(
    impute: str, scale: str, indicator: bool
) -> None:
    fitted = numeric([np.nan] * 4, impute=impute, scale=scale, indicator=indicator)
    transformed = fitted.transform(frame(size=[np.nan, 3.0]))
    assert transformed.shape == (2, 1 + indicator)
    assert np.isfinite(transformed).all()


def test_an_unseen_category_is_all_zeros() -> None:
    fitted = categorical(COLOURS)
    assert fitted.transform(frame(colour=["blue", "red", "black"])).tolist() == [
        [1.0, 0.0, 0.0],
        [0.0, 0.0, 1.0],
        [0.0, 0.0, 0.0],
    ]


def test_an_unseen_category_is_minus_one_when_ordinal() -> None:
    fitted = categorical(COLOURS, encode="ordinal")
    transformed = fitted.transform(frame(colour=["blue", "green", "red", "black"]))
    assert transformed.tolist() == [[0.0], [1.0], [2.0], [-1.0]]
    assert transformed.dtype == np.float64


def test_rare_and_unseen_categories_share_a_bucket() -> None:
    fitted = categorical(COLOURS, min_frequency=2)
    rare = fitted.transform(frame(colour=["blue"])).tolist()
    assert fitted.transform(frame(colour=["green"])).tolist() == rare
    assert fitted.transform(frame(colour=["black"])).tolist() == rare
    assert fitted.transform(frame(colour=["red"])).tolist() != rare
    assert sum(rare[0]) == 1.0


def test_rare_categories_share_a_number_when_ordinal() -> None:
    fitted = categorical(COLOURS, encode="ordinal", min_frequency=2)
    red, blue, green = fitted.transform(frame(colour=["red", "blue", "green"]))[:, 0]
    assert blue == green != red


def test_an_unseen_category_is_no_obstacle_when_none_is_rare() -> None:
    fitted = categorical(["red"] * 5, min_frequency=2)
    assert fitted.transform(frame(colour=["black"])).tolist() == [[0.0]]


def test_a_missing_category_is_one_of_its_own() -> None:
    fitted = categorical(["red", None, "red"])  # type: ignore[list-item]
    assert fitted.transform(frame(colour=[None])).tolist() == [[1.0, 0.0]]


def folds_of(size: list[float], colour: list[str], fold: list[int]) -> Any:
    declared = Preprocessing(
        numeric=Numeric(indicator=True), categorical=Categorical(min_frequency=2)
    )
    both = schema(("size",), ("colour",))
    table = pd.DataFrame({"size": size, "colour": colour})
    n = len(fold)
    data = Dataset(
        both, both.frame(table), np.arange(float(n)), np.arange(n), Folds.of(np.array(fold))
    )
    return cross_validation.prepare(data, cross_validation.transformers(data, declared))


def test_validation_rows_change_nothing_in_what_is_fitted() -> None:
    fold = [0, 1] * 10
    rng = np.random.default_rng(0)
    size, colour = rng.normal(size=20).tolist(), rng.choice(["a", "b", "c"], 20).tolist()
    size[3] = np.nan
    before = folds_of(size, colour, fold)[0]
    for row in range(0, 20, 2):  # The validation rows of fold 0.
        size[row], colour[row] = 1e6 * row, "new"
    size[4] = np.nan
    after = folds_of(size, colour, fold)[0]
    np.testing.assert_array_equal(after.X_train, before.X_train)
    np.testing.assert_array_equal(after.y_train, before.y_train)
    assert not np.array_equal(after.X_val, before.X_val)


def test_fitted_statistics_are_those_of_the_training_rows() -> None:
    size = [1.0, 100.0, 3.0, 100.0, 8.0, 200.0]
    one = folds_of(size, ["a"] * 6, [1, 0, 1, 0, 1, 0])[0]  # Fold 0 holds the large ones back.
    train = np.array([1.0, 3.0, 8.0])
    np.testing.assert_allclose(one.X_train[:, 0], (train - 4) / train.std())
    np.testing.assert_allclose(one.X_val[:, 0], (np.array([100, 100, 200]) - 4) / train.std())


def test_every_row_is_validation_in_its_own_fold_alone() -> None:
    fold = [2, 0, 1, 1, 0, 2, 2]
    folds = folds_of([float(i) for i in range(7)], ["a"] * 7, fold)
    assert len(folds) == 3
    for number, one in enumerate(folds):
        assert one.val.tolist() == [row for row in range(7) if fold[row] == number]
        assert one.y_val.tolist() == [float(row) for row in one.val]
        assert sorted([*one.y_train, *one.y_val]) == [float(row) for row in range(7)]


@pytest.mark.parametrize("encode", ["one_hot", "ordinal"])
def test_a_table_of_categories_alone_or_numbers_alone_is_float64(
    encode: Literal["one_hot", "ordinal"],
) -> None:
    one: Array = categorical(COLOURS, encode=encode).transform(frame(colour=COLOURS))
    two: Array = numeric(SIZES).transform(frame(size=SIZES))
    assert one.dtype == two.dtype == np.float64
