"""Any table at all: a refusal or a report, and every line of the source in exactly one place."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tenfold import cleaning, runtime, sources
from tenfold.cleaning import column_groups
from tenfold.metrics import Task
from tenfold.params import Clean, Data

pytestmark = pytest.mark.slow

# What has broken readers of tables before, and what is plain.
CELLS = st.one_of(
    st.sampled_from(
        ["", " ", "NA", "nan", "-inf", "1e999", "007", "1", "1.0", "-0", "2.5", "1,5", "1,000"]
    ),
    st.sampled_from(["2024-01-31", "true", "Yes", "yes ", "=cmd()", "9007199254740993", "a\nb"]),
    st.sampled_from(['"', "'", '""', ",", ";", "\t", "\\", "#", "\r", "é", "\u00a0", "\ufeff"]),
    st.text(max_size=4),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(repr),
)
NAMES = st.one_of(
    st.sampled_from(["a", "b", "A", "y", "a b", 'a"', "a'", "a/b", "=cmd()", "${a}", "1", "", " "]),
    st.text(min_size=1, max_size=5),
)
# Rules name the columns a and b; the names of the others are odd.
ODD_NAMES = st.lists(NAMES, max_size=2, unique=True).map(lambda names: ["a", "b", *names, "y"])
HEADERS = st.one_of(st.just(["a", "b", "y"]), st.just(["a", "b", "c d", "y"]), ODD_NAMES)
TARGETS = st.sampled_from(["0", "1", "no", "yes", "", "1.0", "2.5"])
VALUES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), st.one_of(CELLS, st.none())),
    (pa.int64(), st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2), st.none())),
    (pa.uint64(), st.one_of(st.integers(0, 2**64 - 1), st.none())),
    (pa.float64(), st.one_of(st.floats(), st.sampled_from([0.0, 1.0, -0.0]), st.none())),
    (pa.float32(), st.one_of(st.floats(width=32), st.none())),
    (pa.bool_(), st.one_of(st.booleans(), st.none())),
    (pa.date32(), st.one_of(st.dates(), st.none())),
    (pa.timestamp("us"), st.one_of(st.datetimes(), st.none())),
]
NO_VALUES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    *VALUES,
    (pa.binary(), st.one_of(st.binary(max_size=2), st.none())),
    (pa.list_(pa.int64()), st.one_of(st.lists(st.integers(0, 3), max_size=2), st.none())),
]
SHARES = st.sampled_from([1.0, 1.0, 0.3, 0.0])
TASKS = st.sampled_from(["binary", "multiclass", "binary", "regression"])


BY_A = {"by": ["a"], "keep": "last"}


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """A section `clean` that may fit the table."""
    drawn: dict[str, Any] = {
        "trim": draw(st.booleans()),
        "missing_values": draw(st.sampled_from([[], [""], ["", "NA", "1"]])),
        "drop_duplicates": draw(st.sampled_from([True, False, BY_A])),
        "drop_missing_target": draw(st.sampled_from([True, True, False])),
        "max_missing": draw(SHARES),
        "max_missing_in_row": draw(SHARES),
        "types": draw(
            st.dictionaries(
                st.sampled_from(["a", "b"]),
                st.sampled_from(["integer", "double", "text", "boolean", "date"]),
                max_size=1,
            )
        ),
        "require": draw(st.sampled_from([[], [], ["a IS NOT NULL"], ["b > 0"]])),
        "drop_columns": draw(st.sampled_from([[], ["b"]])),
    }
    return drawn


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """A CSV that need not be one."""
    names = draw(HEADERS)
    width = len(names) - 1
    rows = draw(st.lists(st.tuples(*[CELLS] * width, TARGETS), max_size=12))
    text = io.StringIO()
    end = draw(st.sampled_from(["\n", "\r\n"]))
    every = draw(st.booleans())
    writer = csv.writer(
        text, lineterminator=end, quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    )
    writer.writerows([names, *rows])
    content = text.getvalue().encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 2)) == 0 and len(content) > 2:
        # Somebody's editor: a piece is lost, or something is put in.
        place = draw(st.integers(1, len(content) - 1))
        put = draw(st.sampled_from([b"", b'"', b",", b"\n", b"\0", b"\xff", b"\r"]))
        content = content[:place] + put + content[place + draw(st.integers(0, 2)) :]
    return content


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """An Arrow table of columns of any type."""
    names, height = draw(HEADERS), draw(st.integers(0, 12))
    columns = []
    for _ in names[:-1]:
        kind, values = draw(st.sampled_from(VALUES) | st.sampled_from(NO_VALUES))
        cells = draw(st.lists(values, min_size=height, max_size=height))
        columns.append(pa.array(cells, kind))
    targets = draw(st.lists(TARGETS, min_size=height, max_size=height))
    return pa.table([*columns, pa.array(targets, pa.string())], names=names)


def outcome(path: Path, declared: dict[str, Any], task: Task) -> dict[str, Any] | str:
    """The report beside the tables in `out`, or the refusal.

    Columns that are read as one list must end as they do when each is read alone.
    """
    with mock.patch.object(column_groups, "MIN_COLUMNS", 1):
        as_one_list = _outcome(path, declared, task)
    each_alone = _outcome(path, declared, task)
    assert as_one_list == each_alone
    report, _ = each_alone
    return report


def _outcome(
    path: Path, declared: dict[str, Any], task: Task
) -> tuple[dict[str, Any] | str, str | None]:
    """The report and the digest of the tables, or the refusal."""
    with runtime.directory(path.parent / "out") as out:
        try:
            data = Data(path=str(path), target="y")
            report = cleaning.clean(data, Clean.model_validate(declared), task, out)
        except (runtime.UserError, ValidationError) as refused:
            return str(refused), None
    return report, runtime.digest(path.parent / "out")


def check(folder: Path, report: dict[str, Any] | str) -> list[int]:
    """Every row is in one of the two tables, once, and the report counts them: their numbers."""
    note(str(report))
    if isinstance(report, str):
        assert report
        return []
    kept = pq.read_table(folder / "out" / "table.parquet")
    rejected = pq.read_table(folder / "out" / "rejected.parquet")
    assert report["kept"] == kept.num_rows
    assert report["read"] == kept.num_rows + rejected.num_rows
    assert sum(report["rejected"].values()) == rejected.num_rows
    assert all(rejected[sources.REASON].to_pylist())
    numbers = kept[sources.ROW].to_pylist() + rejected[sources.ROW].to_pylist()
    assert len(set(numbers)) == len(numbers) == report["read"]
    named = {*report["columns"], *report["dropped_columns"]}
    assert {name for name in rejected.column_names if not name.startswith("tenfold_")} == named
    return sorted(numbers)


MANY = settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(content=texts(), declared=rules(), task=TASKS)
def test_any_text_is_refused_or_accounted_for_however_its_columns_are_read(
    content: bytes, declared: dict[str, Any], task: Task
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(content)
        report = outcome(path, declared, task)
        numbers = check(Path(folder), report)
        if isinstance(report, dict) and b'"' not in content:
            lines = re.split(b"\r\n|\r|\n", content)
            last = max(number for number, line in enumerate(lines, start=1) if line)
            assert numbers == list(range(2, last + 1))


@MANY
@given(table=tables(), declared=rules(), task=TASKS)
def test_any_parquet_table_is_refused_or_accounted_for_however_its_columns_are_read(
    table: pa.Table, declared: dict[str, Any], task: Task
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.parquet"
        pq.write_table(table, path)
        report = outcome(path, declared, task)
        check(Path(folder), report)
        assert isinstance(report, str) or report["read"] == table.num_rows
