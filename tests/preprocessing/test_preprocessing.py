"""What is fitted inside a fold: it sees that fold's training rows and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from tenfold import preprocessing
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.metrics import Array
from tenfold.params import Categorical, Numeric, Preprocessing
from tenfold.preprocessing import CODES, IN_PLACE, NATIVE, InputForm
from tenfold.tuning import cross_validation

SIZES = [1.0, 2.0, 4.0, np.nan, 8.0]
COLOURS = ["red", "blue", "red", "red", "green"]


def schema(numeric: tuple[str, ...] = (), categorical: tuple[str, ...] = ()) -> Schema:
    return Schema("regression", "y", numeric, categorical, (), ())


def numeric(values: list[float], **declared: Any) -> Any:
    chosen = Preprocessing(numeric=Numeric(**declared))
    y = np.arange(float(len(values)))
    return preprocessing.fit(schema(("size",)), chosen, frame(size=values), y)[0]


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


def test_quantile_scaling_is_the_normal_deviate_of_a_numbers_rank() -> None:
    values = np.random.default_rng(0).exponential(size=1000)
    scaled = numeric(values.tolist(), scale="quantile").transform(frame(size=values))[:, 0]
    inner = (values > values.min()) & (values < values.max())
    ranks = (values.argsort().argsort() / 999)[inner]
    np.testing.assert_allclose(scaled[inner], norm.ppf(ranks), atol=1e-9)
    far = numeric(values.tolist(), scale="quantile").transform(frame(size=[1e9, -1e9]))
    assert far[0] == scaled.max()
    assert far[1] == scaled.min()


def test_a_missing_number_becomes_the_constant_that_is_declared() -> None:
    fitted = numeric([1.0, np.nan, 3.0], impute="constant", fill_value=-7.0, scale="none")
    assert fitted.transform(frame(size=[np.nan, 5.0])).tolist() == [[-7.0], [5.0]]


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
@pytest.mark.parametrize("scale", ["standard", "min_max", "robust", "quantile", "none"])
@pytest.mark.parametrize("impute", ["median", "mean", "most_frequent", "constant"])
def test_a_number_that_no_training_row_has_is_no_obstacle(
    impute: str, scale: str, indicator: bool
) -> None:
    fitted = numeric([np.nan] * 4, impute=impute, scale=scale, indicator=indicator)
    # Nothing differs here, and a table of no columns would be one.
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


def test_of_too_many_categories_the_rarest_share_a_bucket() -> None:
    many = [f"c{number:03d}" for number in range(150) for _ in range(1 + (number < 99))]
    by_default = categorical(many).transform(frame(colour=["c000", "c099", "c149", "new"]))
    assert by_default.shape == (4, 100)
    assert by_default[0].tolist() != by_default[1].tolist()
    np.testing.assert_array_equal(by_default[1:], np.eye(100)[[99, 99, 99]])
    few = categorical(COLOURS, max_categories=2).transform(frame(colour=["red", "blue", "green"]))
    assert few.tolist() == [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    codes = categorical(COLOURS, max_categories=2, encode="ordinal")
    assert codes.transform(frame(colour=["red", "blue", "green", "new"])).tolist() == [
        [0.0],
        [1.0],
        [1.0],
        [-1.0],
    ]


def test_target_encoding_is_capped_only_where_that_is_said() -> None:
    names = [f"c{number:03d}" for number in range(150)] * 2
    y = np.arange(300.0) % 150
    for cap, kinds in ((None, 150), (10, 10)):
        declared = Preprocessing(categorical=Categorical(encode="target", max_categories=cap))
        own = schema((), ("colour",))
        fitted, _ = preprocessing.fit(own, declared, frame(colour=names), y)
        assert len(np.unique(fitted.transform(frame(colour=names)))) == kinds


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
    return cross_validation.prepare(data, declared)[1]


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


# --- constant columns ---

THREE = schema(("flat", "size"), ("kind",))
FLAT = pd.DataFrame(
    {"flat": [4.0, 4.0, np.nan, 4.0], "size": [1.0, 2.0, 3.0, 4.0], "kind": ["a"] * 4}
)


def shape_of(declared: dict[str, Any], table: pd.DataFrame = FLAT, **options: Any) -> int:
    chosen = Preprocessing.model_validate(declared)
    fitted, X = preprocessing.fit(THREE, chosen, THREE.frame(table), np.arange(4.0), **options)
    other = pd.DataFrame({"flat": [9.0], "size": [9.0], "kind": ["b"]})
    assert fitted.transform(THREE.frame(other)).shape == (1, X.shape[1])
    return int(X.shape[1])


@pytest.mark.parametrize("encode", ["one_hot", "ordinal", "target"])
def test_what_is_the_same_in_all_training_rows_is_dropped(encode: str) -> None:
    categories = {"categorical": {"encode": encode}}
    assert shape_of(categories) == 1
    # Where the number was missing is not the same in all rows.
    assert shape_of(categories | {"numeric": {"indicator": True}}) == 2


def test_one_value_or_none_is_told_apart_by_an_indicator() -> None:
    own = schema(("ticked",))
    table = pd.DataFrame({"ticked": [1.0, np.nan] * 10})
    fitted, X = preprocessing.fit(own, Preprocessing(), own.frame(table), np.arange(20.0))
    assert X.tolist() == [[0.0], [1.0]] * 10
    asked = pd.DataFrame({"ticked": [np.nan, 1.0, 7.0]})
    assert fitted.transform(own.frame(asked)).tolist() == [[1.0], [0.0], [0.0]]


def test_constants_stay_where_that_is_declared_or_columns_have_places() -> None:
    assert shape_of({"drop_constant": False}) == 3
    assert shape_of({}, form=IN_PLACE) == 3
    assert shape_of({}, form=CODES) == 3


def test_where_nothing_differs_everything_stays() -> None:
    assert shape_of({}, FLAT.assign(size=1.0)) == 3


def test_a_constant_is_one_of_the_folds_training_rows() -> None:
    folds = folds_of([1.0, 1.0, 1.0, 2.0, 3.0, 4.0], ["a"] * 6, [1, 1, 1, 0, 0, 0])
    sizes = [fold.X_train[:, 0].tolist() for fold in folds]
    assert len(set(sizes[0])) == 1  # Nothing differs in its training rows, so all stays.
    assert len(set(sizes[1])) == 3
    assert [fold.X_train.shape[1] for fold in folds] == [2, 1]


# --- one declaration, and columns of their own ---


def test_columns_of_their_own_keep_their_places() -> None:
    own = schema(("a", "b", "c"), ("u", "v"))
    table = pd.DataFrame(
        {
            **{name: [0.0, 2.0, np.nan, 4.0] for name in "abc"},
            **{name: ["x", "y", "x", "z"] for name in "uv"},
        }
    )
    declared = Preprocessing.model_validate(
        {
            "numeric": {"scale": "none"},
            "columns": {
                "b": {"impute": "constant", "fill_value": -1.0, "indicator": True},
                "c": {"scale": "min_max", "impute": "mean"},
                "u": {"encode": "ordinal"},
                "v": {"min_frequency": 2},
            },
        }
    )
    _, X = preprocessing.fit(own, declared, own.frame(table), np.arange(4.0))
    a, b, c, u, v_x, v_rare, missing = X.T.tolist()
    assert a == [0.0, 2.0, 2.0, 4.0]
    assert b == [0.0, 2.0, -1.0, 4.0]
    assert c == [0.0, 0.5, 0.5, 1.0]
    assert u == [0.0, 1.0, 0.0, 2.0]
    assert (v_x, v_rare) == ([1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0])
    assert missing == [0.0, 0.0, 1.0, 0.0]


def test_raw_numbers_keep_what_is_missing_and_dates_become_plain_parts() -> None:
    own = Schema("regression", "y", ("size", "flat"), ("kind",), (), ("NA",), ("when",))
    table = pd.DataFrame(
        {
            "size": [1.0, np.nan, 1e6],
            "flat": [3.0, 3.0, 3.0],
            "kind": ["b", None, "b"],
            "when": ["2024-02-29", None, "2023-12-01"],
        }
    )
    declared = Preprocessing.model_validate(
        {"numeric": {"indicator": True}, "dates": {"parts": ["month", "day"], "indicator": True}}
    )
    fitted, X = preprocessing.fit(own, declared, own.frame(table), np.arange(3.0), form=NATIVE)
    nan = np.nan
    expected = [[1.0, 3.0, 2.0, 29.0, 1.0], [nan, 3.0, nan, nan, 0.0], [1e6, 3.0, 12.0, 1.0, 1.0]]
    np.testing.assert_array_equal(X, expected)
    assert preprocessing.n_numbers(own, declared, NATIVE) == 4
    empty = table.assign(size=np.nan)
    none, X_none = preprocessing.fit(own, declared, own.frame(empty), np.arange(3.0), form=NATIVE)
    assert X_none[:, 0].tolist() == none.transform(own.frame(table))[:, 0].tolist() == [0.0] * 3
    later = fitted.transform(own.frame(table.assign(kind="new")))
    np.testing.assert_array_equal(later[:, :4], X[:, :4])
    assert np.isnan(later[:, 4]).all()
    assert preprocessing.categories(fitted) == {"kind": {"(missing)", "b"}}


def test_a_family_that_takes_few_categories_gets_the_rarest_in_one_bucket() -> None:
    own = schema((), ("u",))
    table = pd.DataFrame({"u": ["x", "x", "y", "y", "z", "w"]})
    for declared, limit, n_codes in (({}, None, 4), ({}, 3, 3), ({"max_categories": 2}, 3, 2)):
        chosen = Preprocessing.model_validate({"categorical": declared})
        form = replace(NATIVE, max_categories=limit)
        _, X = preprocessing.fit(own, chosen, own.frame(table), np.arange(6.0), form=form)
        assert len(np.unique(X)) == n_codes


def test_codes_are_asked_of_every_category_whatever_is_declared() -> None:
    own = schema((), ("u", "v"))
    table = pd.DataFrame({"u": ["x", "y", "z"], "v": ["x", "y", "y"]})
    declared = Preprocessing.model_validate({"columns": {"u": {"encode": "target"}}})
    _, X = preprocessing.fit(own, declared, own.frame(table), np.arange(3.0), form=CODES)
    assert X.tolist() == [[0.0, 0.0], [1.0, 1.0], [2.0, 1.0]]


ROLES = Schema("regression", "y", ("n", "m"), ("u", "v"), (), ("NA",), ("when",))
CELLS = {
    "n": st.none() | st.integers(-3, 3),
    "m": st.none() | st.floats(-1e6, 1e6),
    "u": st.none() | st.sampled_from("abc"),
    "v": st.none() | st.text(max_size=2),
    "when": st.none() | st.dates().map(str),
}
SCALE = st.sampled_from(["standard", "robust", "min_max", "quantile", "none"])
ENCODE = st.sampled_from(["one_hot", "ordinal", "target"])
DECLARED = st.fixed_dictionaries(
    {
        "numeric": st.fixed_dictionaries(
            {
                "impute": st.sampled_from(["median", "mean", "most_frequent", "constant"]),
                "indicator": st.booleans(),
                "scale": SCALE,
            }
        ),
        "categorical": st.fixed_dictionaries(
            {
                "encode": ENCODE,
                "min_frequency": st.integers(1, 4),
                "max_categories": st.none() | st.integers(2, 5),
            }
        ),
        "dates": st.fixed_dictionaries({"cyclic": st.booleans(), "indicator": st.booleans()}),
        "drop_constant": st.booleans(),
        "columns": st.fixed_dictionaries(
            {
                "m": st.fixed_dictionaries({"scale": SCALE}),
                "v": st.fixed_dictionaries({"encode": ENCODE}),
            }
        ),
    }
)


@pytest.mark.slow
@settings(max_examples=60)
@given(
    declared=DECLARED,
    train=st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12),
    later=st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=4),
    form=st.sampled_from([InputForm(), CODES, NATIVE]),
)
def test_no_table_is_an_obstacle_to_any_declaration(
    declared: dict[str, Any], train: list[Any], later: list[Any], form: InputForm
) -> None:
    chosen = Preprocessing.model_validate(declared)
    y = np.arange(float(len(train)))
    frames = [ROLES.frame(pd.DataFrame(rows, columns=list(CELLS))) for rows in (train, later)]
    fitted, X = preprocessing.fit(ROLES, chosen, frames[0], y, form=form)
    for found in (X, fitted.transform(frames[0]), fitted.transform(frames[1])):
        assert found.dtype == np.float64
        assert found.shape[1] == X.shape[1] > 0
        assert np.isfinite(found).all() or form.is_raw
    if form.has_codes:
        n_numbers = preprocessing.n_numbers(ROLES, chosen, form)
        found = X[:, n_numbers : n_numbers + 2]
        assert (found == np.round(found)).all()
        assert found.min() == 0


@pytest.mark.parametrize("encode", ["one_hot", "ordinal"])
def test_a_table_of_categories_alone_or_numbers_alone_is_float64(
    encode: Literal["one_hot", "ordinal"],
) -> None:
    one: Array = categorical(COLOURS, encode=encode).transform(frame(colour=COLOURS))
    two: Array = numeric(SIZES).transform(frame(size=SIZES))
    assert one.dtype == two.dtype == np.float64


@pytest.mark.parametrize("indicator", [False, True])
@pytest.mark.parametrize("flags", [(), ("b",)])
def test_how_many_columns_come_out_in_place_is_known_before_whatever_is_missing(
    indicator: bool, flags: tuple[str, ...]
) -> None:
    columns, declared = schema(("a", "b", "c")), Preprocessing(numeric=Numeric(indicator=indicator))
    expected = preprocessing.n_columns(columns, declared, IN_PLACE, flags)
    for gaps in ([], ["a"], ["a", "c"]):
        values = np.arange(60.0).reshape(20, 3)
        rows = pd.DataFrame(values, columns=["a", "b", "c"])
        rows.loc[3:5, gaps] = np.nan
        if flags:
            rows["b"] = np.where(rows["b"] > 29, 1.0, np.nan)
        _, X = preprocessing.fit(columns, declared, rows, np.arange(20.0), form=IN_PLACE)
        assert X.shape[1] == expected
