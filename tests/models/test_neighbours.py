"""k nearest neighbours: the textbook's answer, whatever rows are asked for together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold import models
from tests.models.cases import data, parameters, setting

FAMILY = models.family("knn")


def fit(X: Any, y: Any, **declared: Any) -> Any:
    return FAMILY.fit(parameters("knn", **declared), X, y, 0, setting("regression"), None)


@pytest.mark.parametrize("width", [3, 40])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_the_answer_is_the_mean_of_the_nearest_rows(width: int, metric: str, weights: str) -> None:
    X, y = data("regression", width=width)
    asked = data("regression", n=9, width=width, seed=5)[0]
    model = fit(X, y, n_neighbors=4, metric=metric, weights=weights)
    power = 2 if metric == "euclidean" else 1
    apart = (np.abs(asked[:, None] - X) ** power).sum(axis=2) ** (1 / power)
    nearest = np.argsort(apart, axis=1)[:, :4]
    weight = np.take_along_axis(apart, nearest, axis=1) ** (-1.0 if weights == "distance" else 0.0)
    expected = (weight * y[nearest]).sum(axis=1) / weight.sum(axis=1)
    np.testing.assert_allclose(model.predict([asked]), expected, rtol=1e-10)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_ties_are_broken_the_same_way_for_one_row_and_for_many(metric: str, tmp_path: Path) -> None:
    """Rows of a coarse grid, all far from zero, have many neighbours at the same distance."""
    rng = np.random.default_rng(0)
    X = np.asarray(1000.1 + 0.1 * rng.integers(0, 2, (100, 20)), dtype=np.float64)
    model = fit(X, rng.normal(size=100), metric=metric, n_neighbors=7)
    together = model.predict([X])
    alone = np.concatenate([model.predict([X[row : row + 1]]) for row in range(9)])
    np.testing.assert_array_equal(alone, together[:9])
    model.save(tmp_path)
    np.testing.assert_array_equal(FAMILY.load(tmp_path).predict([X]), together)


def test_of_fewer_rows_than_neighbours_all_are_neighbours() -> None:
    X, y = data("regression", n=6)
    np.testing.assert_allclose(fit(X, y, weights="uniform", n_neighbors=50).predict([X]), y.mean())
