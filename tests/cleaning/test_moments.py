"""Dates in SQL: the same as `dataset.dates` reads, and never another year than is written."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold import cleaning, runtime
from tenfold.cleaning import moments
from tenfold.dataset.dates import DateFormat
from tenfold.params import Clean, Data
from tenfold.runtime import UserError
from tests.cleaning import pandas_dates


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def in_sql(words: list[str], written: DateFormat) -> list[datetime | None]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("t", pa.table({"w": words}))
        found = connection.execute(f"SELECT {moments.moment('w', written)} FROM t").fetchall()
    return [row[0] for row in found]


def both_ways(words: list[str], form: str | None = None, **offset: Any) -> list[datetime | None]:
    """What SQL reads, after a look that pandas reads the same."""
    written = DateFormat(form, **offset)
    found = in_sql(words, written)
    assert pandas_dates.parse(words, written) == found
    return found


FORMS = [
    "%d/%m/%y", "%d.%m.%Y", "%m/%d/%Y %H:%M", "%Y%m%d", "%d %b %Y", "%B %d, %Y", "%Y-%d-%m",
    "%d/%m/%Y %I:%M %p", "%Y-%m-%d %H:%M:%S%z", "%Y/%m/%d %H:%M:%S.%f", "%H:%M %d.%m.%y", "%Y-%j",
    "%a %d %b %Y", "(%d) %m|%Y",
]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=40)
@given(
    form=st.sampled_from(FORMS),
    moments_=st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)), min_size=1),
    others=st.lists(st.text(max_size=12) | st.sampled_from(["epoch", "infinity", "24/06/22", ""])),
)
def test_what_a_format_writes_is_read_alike_in_sql_and_pandas(
    form: str, moments_: list[datetime], others: list[str]
) -> None:
    written = [
        moment.strftime(form.replace("%z", "+0000")).replace(
            f"/{moment.year}/", f"/{moment.year:04}/"
        )
        for moment in moments_
    ]
    found = both_ways(written, form)
    whole = [datetime.strptime(w.replace("+0000", ""), form.replace("%z", "")) for w in written]
    assert found == whole
    both_ways([word for word in others if "\0" not in word] or ["x"], form)


@pytest.mark.slow
@settings(max_examples=30)
@given(
    st.lists(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), min_size=1),
    st.integers(-1439, 1439),
    st.sampled_from(["utc", "local"]),
)
def test_an_offset_moves_the_clock_to_utc_or_is_left_out(
    moments_: list[datetime], minutes: int, offset: Any
) -> None:
    sign, hours = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    words = [f"{moment.isoformat()}{sign}{hours[0]:02}:{hours[1]:02}" for moment in moments_]
    found = both_ways(words, offset=offset)
    if offset == "local":
        assert found == moments_
    else:
        shift = np.timedelta64(minutes, "m")
        expected = [np.datetime64(moment, "us") - shift for moment in moments_]
        years = [moment.astype("datetime64[Y]").astype(int) + 1970 for moment in expected]
        assert found == [
            moment.astype(object) if 1 <= year <= 9999 else None
            for moment, year in zip(expected, years, strict=True)
        ]


@pytest.mark.parametrize(
    ("form", "words", "date"),
    [
        ("%d/%m/%Y", "24/06/22", None),
        ("%d/%m/%Y", "24/06/022", None),
        ("%d/%m/%y", "24/06/22", datetime(2022, 6, 24)),
        ("%d/%m/%y", "24/06/69", datetime(1969, 6, 24)),
        ("%d/%m/%y", "24/06/2022", None),
        ("%d/%m/%Y", "epoch", None),
        ("%d/%m/%Y", "infinity", None),
        ("%d/%m/%Y", " 24/06/2022", None),
        ("%d/%m/%Y", "24/06/0000", None),
        ("%d.%m.%Y", "2024-02-03", datetime(2024, 2, 3)),
        ("%d.%m.%Y", "2024-02-03T05:06", datetime(2024, 2, 3, 5, 6)),
        ("%Y-%d-%m", "2024-02-03", datetime(2024, 3, 2)),
        ("%Y-%d-%m", "2024-02-13", None),
        ("%Y%m%d", "20240203", datetime(2024, 2, 3)),
        (None, "2024-01-01T24:00", None),
        (None, "2024-01-01T10:00+99:00", None),
        (None, "0001-01-01T00:00+14:00", None),
        (None, "9999-12-31T23:59:59-14:00", None),
    ],
)
def test_a_date_is_what_is_written_or_none(
    form: str | None, words: str, date: datetime | None
) -> None:
    assert both_ways([words], form) == [date]


def test_an_offset_of_a_declared_format_is_kept_or_left_out() -> None:
    words = ["03.02.2024 05:00 +0530", "03.02.2024 05:00 Z"]
    assert both_ways(words, "%d.%m.%Y %H:%M %z") == [
        datetime(2024, 2, 2, 23, 30), datetime(2024, 2, 3, 5),
    ]  # fmt: skip
    assert both_ways(words, "%d.%m.%Y %H:%M %z", offset="local") == [datetime(2024, 2, 3, 5)] * 2


def clean(content: str, **cast: Any) -> dict[str, Any]:
    Path("t.csv").write_text(content)
    rules = Clean.model_validate({"types": {"v": {"type": "date", **cast}}})
    with runtime.directory(Path("out")) as out:
        return cleaning.clean(Data(path="t.csv", target="y"), rules, "binary", out)


def test_cells_that_are_no_date_are_named_with_their_lines_also_where_no_row_is_left() -> None:
    rows = "24/06/2022,1,0\n24/06/22,2,1\n25/06/22,3,1\n24/06/22,4,0\n25/06/2022,5,1\n"
    report = clean(f"v,n,y\n{rows}", format="%d/%m/%Y")
    assert report["rejected"] == {"type: v is not date": 3}
    assert report["odd_cells"][0].startswith(
        "v: 3 cells are not date as %d/%m/%Y, whose rows are rejected ('24/06/22' in line 3 and 1 "
        "more; '25/06/22' in line 4): "
    )
    with pytest.raises(UserError, match=r"no row is left.*'24/06/2022' in line 2"):
        clean(f"v,n,y\n{rows}", format="%m/%d/%Y")


def test_a_date_of_an_unlikely_year_is_named_unless_its_year_is_declared() -> None:
    content = "v,n,y\n1799-12-31,1,0\n2024-01-01,2,1\n2201-01-01,3,0\n0024-01-01,4,1\n"
    found = "v: 3 dates lie outside the years 1800 to 2200 (first: 31 Dec 1799 in line 2): "
    assert clean(content)["odd_cells"][0].startswith(found)
    assert "outside the years 24 to 2200" in clean(content, years=[24, 2200])["odd_cells"][0]
    assert "odd_cells" not in clean(content, years=[1, 9999])


def test_hours_that_an_offset_moves_are_counted() -> None:
    content = "v,n,y\n2024-05-31T09:00+02:00,1,0\n2024-05-31T09:00Z,2,1\n2024-05-31 09:00,3,0\n"
    moved = "v: moved to UTC by the offset (clean.types can keep the clock's hours: offset: local)"
    assert clean(content)["mended"] == {moved: 1}
    assert clean(content, offset="local")["mended"] == {
        "v: offset left out, the clock's hours kept": 1
    }


def test_times_with_a_zone_in_parquet_are_said_to_be_read_in_utc() -> None:
    nine = datetime(2024, 1, 5, 9, tzinfo=timezone(timedelta(hours=2)))
    pq.write_table(pa.table({"v": [nine, None], "n": [1, 2], "y": [0, 1]}), "t.parquet")
    report = cleaning.clean(Data(path="t.parquet", target="y"), Clean(), "binary", Path())
    assert "v holds times with a zone, which are read in UTC" in report["remarks"]
    assert pq.read_table("table.parquet")["v"][0].as_py() == datetime(2024, 1, 5, 7)


@pytest.mark.slow
@pytest.mark.parametrize(
    "word", ["0000-00-00", "1900-01-00", "45000", "5 März 2024", "Sept 5 2024", "now", "today"]
)
def test_what_only_looks_like_a_date_is_named(word: str) -> None:
    report = clean(f"v,n,y\n{word},1,0\n2024-01-05,2,1\n5 Feb 2024,3,0\n", format="%d %b %Y")
    assert f"({word!r} in line 2)" in report["odd_cells"][0]


@pytest.mark.slow
@pytest.mark.parametrize("width", [1, 60])
def test_a_date_beyond_what_programs_know_rejects_its_row(width: int) -> None:
    """Of a typed source; 60 columns are read as a list."""
    days = np.array([0, 9 * 10**17, -(10**17), 1], "datetime64[us]")
    columns = {f"v{number}": days for number in range(width)}
    pq.write_table(pa.table({**columns, "n": range(4), "y": [0, 1, 0, 1]}), "t.parquet")
    with runtime.directory(Path("out")) as out:
        report = cleaning.clean(Data(path="t.parquet", target="y"), Clean(), "binary", out)
    assert report["rejected"] == {"before the year 1 or after 9999: v0": 2}


@pytest.mark.parametrize(
    ("cast", "message"),
    [
        ({"type": "text", "offset": "local"}, "offset is for the type date, but type is text"),
        ({"type": "date", "years": [2200, 1800]}, "years must begin with the first one"),
        ({"type": "date", "years": [1800]}, "years"),
        ({"type": "date", "offset": "CET"}, "offset"),
    ],
)
def test_a_declaration_of_a_date_that_cannot_be_is_refused(
    cast: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError) as refused:
        Clean.model_validate({"types": {"v": cast}})
    assert message in str(refused.value)
