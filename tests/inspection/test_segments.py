"""Parts of a table in which errors are greater."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tenfold.dataset import Schema
from tenfold.inspection.segments import segments

SCHEMA = Schema("regression", "y", ("size",), ("colour",), (), (), ("when",))


def table(n: int = 1000, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    size = draw.normal(10, 3, n)
    size[::20] = np.nan
    when = pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 2000, n), "D")
    colour = draw.choice(["red", "green", "<b>"], n)
    return SCHEMA.frame(pd.DataFrame({"size": size, "colour": colour, "when": when}))


def test_a_planted_segment_is_described_and_judged_by_other_rows() -> None:
    X = table()
    draw = np.random.default_rng(1)
    planted = (X["colour"] == "red") & (X["size"] > 12)
    error = draw.random(len(X)) + 2 * planted.to_numpy()
    first = segments(X, error, SCHEMA)[0]
    assert "colour is red" in first.description
    assert "size > 1" in first.description
    assert first.low < 2.5 < first.high
    assert first.rows <= planted.sum()
    assert first.overall < first.low


def test_dates_are_named_as_days() -> None:
    X = table()
    error = np.where(X["when"] > "2024-01-01", 2.0, 1.0) + np.random.default_rng(0).random(len(X))
    assert segments(X, error, SCHEMA)[0].description.startswith("when > 202")


def test_errors_without_a_pattern_have_no_segment() -> None:
    """Of 40 tables, each with up to eight leaves at 2.5 % each by chance."""
    found = [
        segments(table(300, seed), np.random.default_rng(seed).random(300), SCHEMA)
        for seed in range(40)
    ]
    assert sum(map(bool, found)) <= 12


def test_rows_of_a_group_are_no_independent_draws() -> None:
    """Every group errs in its own way, and sizes are the groups' own."""
    alarms = {True: 0, False: 0}
    for seed in range(30):
        draw = np.random.default_rng(seed)
        groups = np.repeat(np.arange(40), 25)
        X = table(1000, seed).assign(size=draw.normal(size=40)[groups])
        error = draw.random(40)[groups] + draw.random(1000) / 10
        for known in alarms:
            alarms[known] += bool(segments(X, error, SCHEMA, groups if known else None))
    assert alarms[True] < alarms[False] / 2


def test_few_rows_have_no_segment() -> None:
    assert segments(table(60), np.ones(60), SCHEMA) == []


def test_bounds_of_one_column_are_said_once_a_side() -> None:
    X = table(2000)
    size = X["size"].fillna(0).to_numpy()
    error = np.where((size > 8) & (size < 10), 2.0, 1.0) + np.random.default_rng(0).random(len(X))
    said = segments(X, error, SCHEMA)[0].description
    assert said.count("size >") == 1
    assert said.count("size <=") == 1
