"""Rows that equal others: by nature in tables of few values, by mistake in all others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.dataset.copies import repeat_by_nature


def repeats(frame: pd.DataFrame) -> bool:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return repeat_by_nature(len(frame), int(frame.duplicated().sum()), lambda: table)


def coarse(seed: int, sizes: list[int], rows: int) -> pd.DataFrame:
    """Columns of so many values, each as likely as its place in a random order says."""
    draw = np.random.default_rng(seed)
    columns = {
        f"c{place}": draw.choice(
            [f"v{value}" for value in range(n)], rows, p=draw.dirichlet([4] * n)
        )
        for place, n in enumerate(sizes)
    }
    return pd.DataFrame(columns)


def fine(seed: int, rows: int) -> pd.DataFrame:
    """Two measurements, a class, and in half of the tables a category."""
    draw = np.random.default_rng(seed)
    a, b = draw.normal(size=(2, rows)).round(4)
    frame = pd.DataFrame({"a": a, "b": b, "y": a + b > 0})
    return frame.assign(c=draw.integers(0, 5, rows)) if seed % 2 else frame


@given(st.integers(0, 999), st.lists(st.integers(2, 5), min_size=2, max_size=4), st.booleans())
@settings(max_examples=40)
def test_rows_of_few_values_repeat_by_nature(seed: int, sizes: list[int], missing: bool) -> None:
    frame = coarse(seed, sizes, 1000)
    if missing:
        frame.iloc[::7, 0] = None
    if frame.duplicated().mean() > 0.1:
        assert repeats(frame)
        # Columns that say nothing new change nothing.
        assert repeats(frame.assign(flat=1, again=frame["c0"].map(lambda cell: f"again {cell}")))


@given(
    st.integers(0, 999),
    st.sampled_from(["twice", "thrice", "a part again", "drawn with replacement", "one class"]),
)
@settings(max_examples=40)
def test_rows_that_were_copied_do_not(seed: int, how: str) -> None:
    frame = fine(seed, 600)
    made = {
        "twice": [frame, frame],
        "thrice": [frame] * 3,
        "a part again": [frame, frame.sample(frac=0.2, random_state=seed)],
        "drawn with replacement": [frame.sample(frac=1, replace=True, random_state=seed)],
        "one class": [frame, frame[frame["y"]].sample(900, replace=True, random_state=seed)],
    }[how]
    copied: Any = pd.concat(made)
    assert copied.duplicated().mean() > 0.1
    assert not repeats(copied)


def test_few_copies_are_mistakes_whatever_the_columns() -> None:
    frame = coarse(0, [50, 50, 4], 1000)
    assert 0 < frame.duplicated().mean() < 0.1
    assert not repeat_by_nature(1000, 90, lambda: pytest.fail("nobody has to look"))


def test_rows_of_constants_repeat_by_nature() -> None:
    assert repeats(pd.DataFrame({"a": [1.5] * 60, "b": ["x"] * 60}))
