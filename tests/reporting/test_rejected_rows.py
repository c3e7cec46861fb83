"""Examples of rejected rows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from tenfold.reporting.rejected_rows import MAX_TEXT, rejected


def row(number: int, reason: str, **cells: Any) -> dict[str, Any]:
    place = {"tenfold_row": number, "tenfold_source": "t.csv", "tenfold_line": number + 1}
    own = {"tenfold_reason": reason, "tenfold_content": None, "a": "1", "b": None, "c": "x"}
    return {**place, **own, "d": "y", "e": "z", **cells}


ROWS = [
    row(1, "require: b > 0", b="-5"),
    row(2, "duplicate"),
    *[row(number, "require: b > 0", b="") for number in range(3, 8)],
    row(9, "malformed: too many cells", tenfold_content="1,2," + "x" * 200),
]


def test_reasons_come_by_their_number_with_the_cells_that_they_are_about(tmp_path: Path) -> None:
    path = tmp_path / "rejected.parquet"
    pd.DataFrame(ROWS).to_parquet(path, index=False)
    counts = Counter(own["tenfold_reason"] for own in ROWS)
    first, *others = rejected(path, counts)
    assert (first.reason, first.count) == ("require: b > 0", 6)
    assert first.examples == ["line 2: b = -5", "line 4: b = (empty)", "line 5: b = (empty)"]
    by_reason = {one.reason: one.examples for one in others}
    assert by_reason["duplicate"] == ["line 3: a = 1, b = (empty), c = x, d = y, ..."]
    [content] = by_reason["malformed: too many cells"]
    assert content.startswith("line 10: 1,2,xxx")
    assert len(content) == len("line 10: ") + MAX_TEXT


def test_rows_of_a_query_have_a_number(tmp_path: Path) -> None:
    path = tmp_path / "rejected.parquet"
    pd.DataFrame([row(7, "duplicate", tenfold_line=None)]).to_parquet(path, index=False)
    [one] = rejected(path, {"duplicate": 1})
    assert one.examples[0].startswith("row 7: ")


def test_no_rejected_row_is_no_reason(tmp_path: Path) -> None:
    path = tmp_path / "rejected.parquet"
    pd.DataFrame([row(1, "duplicate")]).iloc[:0].to_parquet(path, index=False)
    assert rejected(path, {}) == []
