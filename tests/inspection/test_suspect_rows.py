"""The rows whose target is most likely wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.inspection.suspect_rows import mislabelled, outlying


def by_definition(y: list[int], p: list[list[float]]) -> dict[int, int]:
    """Confident learning as the paper states it, row by row: row -> likelier class."""
    n_classes = len(p[0])
    thresholds = {}
    for k in range(n_classes):
        own = [row[k] for label, row in zip(y, p, strict=True) if label == k]
        if own:
            thresholds[k] = sum(own) / len(own)
    found = {}
    for number, (label, row) in enumerate(zip(y, p, strict=True)):
        confident = [k for k, threshold in thresholds.items() if row[k] >= threshold]
        if confident:
            likeliest = max(confident, key=lambda k: row[k])
            if likeliest != label and row[likeliest] > row[label]:
                found[number] = likeliest
    return found


@given(st.integers(2, 4), st.integers(4, 30), st.integers(0, 10_000))
def test_rows_count_to_a_class_as_in_the_paper(n_classes: int, n: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    y = draw.integers(0, n_classes, n)
    p = draw.dirichlet(np.ones(n_classes), n)
    rows, likelier = mislabelled(y, p)
    expected = by_definition(y.tolist(), p.tolist())
    assert dict(zip(rows.tolist(), likelier.tolist(), strict=True)) == expected
    margins = p[rows, likelier] - p[rows, y[rows]]
    assert (np.diff(margins) <= 0).all()


def test_planted_wrong_labels_come_first() -> None:
    draw = np.random.default_rng(0)
    true = draw.integers(0, 3, 300)
    p = np.full((300, 3), 0.1)
    p[np.arange(300), true] = 0.8
    p += draw.uniform(0, 0.1, p.shape)
    p /= p.sum(axis=1, keepdims=True)
    wrong = draw.choice(300, 15, replace=False)
    given_labels = true.copy()
    given_labels[wrong] = (true[wrong] + 1) % 3
    rows, likelier = mislabelled(given_labels, p)
    # Of the wrong ones, those that are as sure of the other class as its rows are on average.
    assert set(rows.tolist()) <= set(wrong.tolist())
    assert len(rows) >= 10
    assert (likelier == true[rows]).all()


def test_numbers_far_from_what_is_predicted_are_named_by_their_distance() -> None:
    draw = np.random.default_rng(0)
    prediction = draw.normal(size=500)
    y = prediction + draw.normal(size=500)
    y[7] += 50
    y[9] -= 30
    rows, spreads = outlying(y, prediction)
    assert rows.tolist() == [7, 9]
    assert spreads[0] == pytest.approx(50, rel=0.2)
    assert spreads[1] < 0


def test_a_perfect_prediction_suspects_nothing() -> None:
    y = np.arange(10.0)
    assert outlying(y, y)[0].tolist() == []
