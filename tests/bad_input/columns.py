"""Bad inputs: what a column is called, and kinds of columns that no model reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_input.making import N, X, Y, arrays, as_csv, as_parquet, both, lines
from tests.bad_input.outcomes import Case, Content, Kept, Mended, Refused, Warned

Z = list(range(N))
LONG = "a" * 5000


def named(name: str, shown: str | None = None) -> Case:
    """A column with an odd name that is kept as it is."""
    kept = Kept([f"{name!r} is integer, 0 missing, 12 distinct"], {name: Z})
    return both(f"a name with {shown or name}", {name: Z}, kept)


def twice(first: str, second: str) -> Content:
    """A Parquet file with two columns of these names."""
    return as_parquet(pa.table([X, Z, Z, Y], names=["x", first, second, "y"]))


def typed(values: Any) -> Content:
    """A Parquet file whose column z holds an Arrow array."""
    return as_parquet(arrays({"z": values}))


def int96(path: Any) -> None:
    """Moments as they were written before 2013."""
    when = [datetime(2024, 1, 1 + day) for day in range(N)]
    pq.write_table(arrays({"z": when}), path, use_deprecated_int96_timestamps=True)


def of_numbers(path: Any) -> None:
    """A pandas frame whose columns are called 0 and 1."""
    pd.DataFrame({0: Z, 1: X, "y": Y}).to_parquet(path)


WIDE = {f"c{n}": [row * 31 % 97 / 4 + n for row in range(N)] for n in range(1998)}
WIDE_RECORDS = ["'c0' is double, 0 missing, 12 distinct", "'c1997' is double"]
NESTED = ": flatten or remove it"
MOMENTS = [datetime(2024, 1, 1 + day, tzinfo=UTC) for day in range(N)]
IS_DATE = Kept(["'z' is date"], {"z": [moment.replace(tzinfo=None) for moment in MOMENTS]})

CASES = [
    Case(
        "a name twice",
        Refused("2 columns are named 'z': rename one"),
        lines((1, "z,z")),
        twice("z", "z"),
    ),
    Case(
        "names that differ only in case",
        Refused("'z' and 'Z' differ only in case: rename one"),
        lines((1, "z,Z")),
        twice("z", "Z"),
    ),
    Case(
        "a first column without a name",
        Warned(["note: t.csv: column 1 has no name and is called column_1"], {"column_1": X}),
        lines((1, ",y")),
        twice("z", ""),
        as_parquet=Refused("has no name: name every column"),
    ),
    Case(
        "a name of white space between others",
        Refused("has no name: name every column"),
        lines().replace(",", ",1,").replace("x,1,y", "x,  ,y"),
        twice("z", "  "),
    ),
    both("a name that tenfold uses", {"Tenfold_row": Z}, Refused("has a name that tenfold keeps")),
    both("a name that an answer gets", {"prediction": Z}, Refused("column 'prediction' has the")),
    Case(
        "a name that the reader uses",
        Kept(["'file_row_number' is integer"], {"file_row_number": Z}),
        as_csv({"x": X, "file_row_number": Z, "y": Y}),
        as_parquet({"x": X, "file_row_number": Z, "y": Y}),
        as_parquet=Refused("'file_row_number' has a name DuckDB uses: rename it"),
    ),
    Case(
        "names with white space around them",
        Mended(["note: t.csv: 2 names are read without the white space around"], {"x": X, "y": Y}),
        lines((1, " x, y")),
        as_parquet(pa.table([X, Y], names=[" x", "y"])),
        as_parquet=Warned(["note: ' x' is a name with white space around it"], {" x": X}),
    ),
    named("a/b", "a slash"),
    named("../../etc/passwd", "a path"),
    named("line\nend", "a line end"),
    named("\"the\" 'one'", "quotes"),
    named("=cmd()", "a spreadsheet's formula"),
    named('z"; DROP TABLE raw; --', "SQL"),
    named("${seed} {x}", "braces"),
    named("<b>bold</b>", "HTML"),
    named("größe 📏", "letters beyond ASCII"),
    named("0", "a number"),
    both("a name of 5,000 characters", {LONG: Z}, Refused("has a name of 5000 characters")),
    Case(
        "names that are no texts",
        Kept(["'0' is integer", "'1' is double"], {"0": Z, "1": X}),
        parquet=of_numbers,
    ),
    both(
        "2,000 columns",
        WIDE,
        Kept(WIDE_RECORDS, {"c0": WIDE["c0"], "c1997": WIDE["c1997"]}),
    ),
    Case(
        "lists", Refused(f"'z' holds BIGINT[], not single values{NESTED}"), parquet=typed([Z] * N)
    ),
    Case(
        "structures",
        Refused("'z' holds STRUCT(a BIGINT)"),
        parquet=typed([{"a": 1}] * N),
    ),
    Case(
        "maps",
        Refused("'z' holds MAP(VARCHAR, BIGINT)"),
        parquet=typed(pa.array([[("a", 1)]] * N, pa.map_(pa.string(), pa.int64()))),
    ),
    Case("bytes", Refused("'z' holds BLOB, not single values"), parquet=typed([b"\xff"] * N)),
    Case(
        "categories as a dictionary",
        Kept(["'z' is text, 0 missing, 2 distinct"], {"z": Y}),
        parquet=typed(pa.array(Y).dictionary_encode()),
    ),
    Case(
        "true and false",
        Kept(["'z' is text, 0 missing, 2 distinct"], {"z": ["true", "false"] * 6}),
        parquet=typed([True, False] * 6),
    ),
    Case(
        "unsigned integers beyond the signed ones",
        Kept(["'z' is text"], {"z": [str(2**64 - 1 - n) for n in range(N)]}),
        parquet=typed(pa.array([2**64 - 1 - n for n in range(N)], pa.uint64())),
    ),
    Case(
        "decimals",
        Kept(["'z' is double"], {"z": [n / 100 for n in range(N)]}),
        parquet=typed([Decimal(n) / 100 for n in range(N)]),
    ),
    Case(
        "decimals without a fraction, too large for a double",
        Kept(["'z' is text"], {"z": [str(10**20 + n) for n in range(N)]}),
        parquet=typed(pa.array([Decimal(10**20 + n) for n in range(N)], pa.decimal128(38, 0))),
    ),
    Case(
        "half-precision numbers",
        Kept(["'z' is double"], {"z": [n / 2 for n in range(N)]}),
        parquet=typed(pa.array(np.arange(N, dtype=np.float16) / 2)),
    ),
    Case("dates", IS_DATE, parquet=typed([date(2024, 1, 1 + n) for n in range(N)])),
    Case("moments of a time zone", IS_DATE, parquet=typed(MOMENTS)),
    Case("moments as INT96", IS_DATE, parquet=int96),
    Case(
        "dates, declared to be left out",
        Mended(["dropped: 'z': named in clean.drop_columns"], {"x": X}),
        parquet=typed(MOMENTS),
        clean={"drop_columns": ["z"]},
    ),
    Case(
        "times of day",
        Warned(
            ["note: z is text with 12 categories in 12 rows"],
            {"z": [f"{n:02}:30:00" for n in range(N)]},
        ),
        parquet=typed([time(n, 30) for n in range(N)]),
    ),
    Case(
        "a column of type null",
        Mended(["dropped: 'z': no value in any row"], {"x": X}),
        parquet=typed(pa.nulls(N)),
    ),
]
