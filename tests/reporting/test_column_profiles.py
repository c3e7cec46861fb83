"""The columns of the clean table at a glance."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tenfold.reporting import column_profiles
from tenfold.reporting.column_profiles import ColumnProfile

N = 40
TABLE = pd.DataFrame(
    {
        "tenfold_row": range(N),
        "size": [float(place) for place in range(N - 1)] + [None],
        "count": [3] * N,
        "colour": ["red"] * 30 + [f"c{place}" for place in range(10)],
        "day": pd.date_range("2024-01-01", periods=N),
        "empty": pd.Series([None] * N, dtype="float64"),
    }
)
KINDS = {"size": "double", "count": "integer", "colour": "text", "day": "date", "empty": "double"}


@pytest.fixture
def profiles(tmp_path: Path) -> dict[str, ColumnProfile]:
    TABLE.to_parquet(tmp_path / "table.parquet", index=False)
    described = {
        name: {"type": kind, "missing": int(TABLE[name].isna().sum()), "distinct": 7}
        for name, kind in sorted(KINDS.items())
    }
    found = column_profiles.profile(tmp_path / "table.parquet", described)
    assert [one.name for one in found] == list(KINDS)
    return {one.name: one for one in found}


def counts(one: ColumnProfile) -> list[int]:
    return [int(bar.says.rpartition(": ")[2]) for bar in one.bars]


def test_bars_count_every_cell_that_has_a_value(profiles: dict[str, ColumnProfile]) -> None:
    for one in profiles.values():
        assert sum(counts(one)) == N - one.missing
    heights = [bar.height for bar in profiles["size"].bars]
    assert max(heights) == 1
    assert len(heights) == column_profiles.N_BINS


def test_values_are_summed_up_in_words(profiles: dict[str, ColumnProfile]) -> None:
    assert profiles["size"].summary == "0.0000 to 38.0, median 19.0"
    assert profiles["count"].summary == "3.0000 to 3.0000, median 3.0000"
    assert profiles["day"].summary.startswith("2024-01-01 to 2024-02-09, median 2024-01-2")
    assert profiles["colour"].summary == "red (30), c0 (1), c1 (1)"
    assert (profiles["empty"].summary, profiles["empty"].bars) == ("", [])


def test_rare_categories_are_counted_together(profiles: dict[str, ColumnProfile]) -> None:
    bars = profiles["colour"].bars
    assert len(bars) == column_profiles.MAX_CATEGORIES + 1
    assert bars[-1].says == "all others: 3"


def test_of_a_long_table_rows_spread_over_it_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(column_profiles, "MAX_ROWS", 10)
    TABLE[["day"]].to_parquet(tmp_path / "table.parquet", index=False)
    described = {"day": {"type": "date", "missing": 0, "distinct": N}}
    [one] = column_profiles.profile(tmp_path / "table.parquet", described)
    assert sum(counts(one)) == 10
    assert one.summary.startswith("2024-01-01 to 2024-02-06")
