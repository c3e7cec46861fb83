"""Partial dependence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import partial_dependence as reference

from tenfold.dataset import Schema
from tenfold.inspection.held_out import HeldOut, HeldOutSet
from tenfold.inspection.partial_dependence import averages, grid, partial_dependence, replaced

SCHEMA = Schema("regression", "y", ("size", "weight"), ("colour",), (), (), ("when",))


def table(n: int = 60) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    size = draw.normal(size=n)
    size[::7] = np.nan
    return SCHEMA.frame(
        pd.DataFrame(
            {
                "size": size,
                "weight": draw.integers(0, 3, n),
                "colour": draw.choice(["red", "green"], n),
                "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 99, n), "D"),
            }
        )
    )


def test_the_mean_at_each_value_is_scikit_learns() -> None:
    draw = np.random.default_rng(0)
    X = pd.DataFrame({"a": draw.normal(size=50), "b": draw.normal(size=50)})
    model = RandomForestRegressor(5, random_state=0).fit(X, X["a"] * X["b"])
    expected = reference(model, X, ["a"], kind="average", method="brute", grid_resolution=8)
    values = expected["grid_values"][0]
    asked = replaced(X, "a", values)
    np.testing.assert_allclose(
        averages(model.predict(asked)[None], len(values)), expected["average"]
    )


@pytest.mark.parametrize(
    ("column", "first", "length"),
    [("weight", 0.0, 3), ("colour", "red", 2), ("when", None, 20), ("size", None, 20)],
)
def test_values_are_those_of_the_column(column: str, first: Any, length: int) -> None:
    X = table()
    values = grid(X[column], SCHEMA)
    assert len(values) == length
    assert set(values.tolist()) <= set(X[column].tolist()) | set(X[column].to_numpy().tolist())
    if column != "colour":
        assert (np.diff(values.astype(np.float64 if column != "when" else np.int64)) > 0).all()
    elif first:
        assert values[0] == X[column].mode()[0]


def test_the_band_spans_the_models() -> None:
    X = table()

    def model(slope: float) -> HeldOutSet:
        return HeldOutSet(X, np.zeros(len(X)), lambda asked: slope * asked["weight"].to_numpy())

    sets = [model(slope) for slope in (1.0, 2.0, 6.0)]
    [found] = partial_dependence(HeldOut(sets, of_folds=True), SCHEMA, ["weight"])
    assert found.values == [0.0, 1.0, 2.0]
    np.testing.assert_allclose(found.mean, [0, 3, 6])
    assert found.low is not None and found.high is not None
    np.testing.assert_allclose(found.low, [0, 1, 2])
    np.testing.assert_allclose(found.high, [0, 6, 12])
    [alone] = partial_dependence(HeldOut(sets[:1], of_folds=False), SCHEMA, ["weight"])
    assert alone.low is None


def test_a_column_of_one_value_has_no_curve() -> None:
    X = table().assign(weight=1.0)
    own = HeldOutSet(X, np.zeros(len(X)), lambda X: np.zeros(len(X)))
    assert partial_dependence(HeldOut([own], of_folds=False), SCHEMA, ["weight"]) == []
