"""The declared rules of `clean:`, each on a table small enough to read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold import cleaning, runtime
from tenfold.cleaning.text_values import TextValues
from tenfold.params import Clean, Data
from tenfold.params.cleaning import Type
from tenfold.runtime import UserError


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Cleaned:
    """A CSV after cleaning: its report, the rows kept, and the reasons for the others by line."""

    def __init__(self, content: str, data: dict[str, Any] | None = None, **rules: Any) -> None:
        Path("t.csv").write_text(content)
        declared = Data.model_validate({"path": "t.csv", "target": "y", **(data or {})})
        with runtime.directory(Path("out")) as out:
            self.report = cleaning.clean(declared, Clean.model_validate(rules), "binary", out)
        self.kept = pq.read_table("out/table.parquet").to_pylist()
        rejected = pq.read_table("out/rejected.parquet").to_pylist()
        self.reasons = {row["tenfold_line"]: row["tenfold_reason"] for row in rejected}

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.kept]


def refusal(content: str, **rules: Any) -> str:
    with pytest.raises(UserError) as refused:
        Cleaned(content, **rules)
    return str(refused.value)


def test_white_space_is_taken_from_both_ends_and_counted() -> None:
    cleaned = Cleaned("a,y\n x ,0\nx,1\n\ty\t,1\n", drop_duplicates=False)
    assert cleaned.column("a") == ["x", "x", "y"]
    assert cleaned.report["mended"] == {"a: white space trimmed": 2}
    assert Cleaned("a,y\n x ,0\nz,1\n", trim=False).column("a") == [" x ", "z"]


@pytest.mark.slow
@pytest.mark.parametrize("quote", ["", '"'])
def test_keys_are_compared_as_values(quote: str) -> None:
    content = f"k,n,y\na,1.0,{quote}0{quote}\n a,1.00,1\nb,2,0\nb,3,1\n"
    by_text = Cleaned(content, drop_duplicates={"by": ["k"]})
    assert by_text.reasons == {3: "duplicate by k", 5: "duplicate by k"}
    assert Cleaned(content, drop_duplicates={"by": ["n"]}).reasons == {3: "duplicate by n"}


def test_a_marker_may_mean_no_value_in_one_column_and_be_a_category_in_another() -> None:
    cleaned = Cleaned(
        "country,n,y\nNA,NA,0\nDE,3,1\n",
        missing_values=["NA"],
        column_missing_values={"country": ["-"]},
    )
    assert cleaned.column("country") == ["NA", "DE"]
    assert cleaned.column("n") == [None, 3]


def test_texts_are_replaced_and_counted() -> None:
    cleaned = Cleaned("sex,y\nm,0\nmale,1\n?,1\n", replace={"sex": {"m": "male", "?": None}})
    assert cleaned.column("sex") == ["male", "male", None]
    assert cleaned.report["mended"] == {"sex: replaced": 2}


@pytest.mark.slow
def test_a_decimal_comma_is_declared_for_the_table_or_for_a_column() -> None:
    content = "a;b;y\n1,5;1.234,5;0\n-2,25;7,0;1\n"
    german = {"type": "double", "decimal": ",", "thousands": "."}
    cleaned = Cleaned(content, {"decimal": ","}, types={"b": german})
    assert (cleaned.column("a"), cleaned.column("b")) == ([1.5, -2.25], [1234.5, 7.0])
    assert Cleaned(content, types={"a": {"type": "double", "decimal": ","}}).column("a") == [
        1.5,
        -2.25,
    ]
    undeclared = Cleaned(content)
    assert undeclared.column("a") == ["1,5", "-2,25"]
    assert "a differs in every row" not in str(undeclared.report["remarks"])


def test_a_point_where_the_decimal_mark_is_a_comma_is_no_number() -> None:
    cleaned = Cleaned("a;y\n1,5;0\n1.5;1\n", types={"a": {"type": "double", "decimal": ","}})
    assert cleaned.column("a") == [1.5]
    assert cleaned.reasons == {3: "type: a is not double"}


def test_booleans_in_words_become_one_and_zero() -> None:
    paid = {"type": "boolean", "true": ["ja"], "false": ["nein"]}
    cleaned = Cleaned("a,y\nJA,0\nnein,1\n,1\nvielleicht,0\n", types={"a": paid})
    assert cleaned.column("a") == [1, 0, None]
    assert cleaned.reasons == {5: "type: a is not boolean"}


@pytest.mark.parametrize("wanted", ["integer", "double", "boolean"])
def test_sql_of_a_value_holds_the_sql_of_its_text_once(wanted: Type) -> None:
    """DuckDB would plan each copy; expressions about values hold copies of one another."""
    assert TextValues("text", wanted).value("the_text").count("the_text") == 1


def test_dates_are_read_by_their_format_or_as_iso() -> None:
    day = {"type": "date", "format": "%d.%m.%Y"}
    content = "a,b,y\n31.12.2024,2024-12-31T13:45:00+02:00,0\n1.2.2024,2024-02-01,1\n32.1.2024,,1\n"
    cleaned = Cleaned(content, types={"a": day, "b": "date"})
    assert cleaned.column("a") == [datetime(2024, 12, 31), datetime(2024, 2, 1)]
    assert cleaned.column("b") == [datetime(2024, 12, 31, 11, 45), datetime(2024, 2, 1)]
    assert cleaned.reasons == {4: "type: a is not date"}
    assert "must be made of %d" in refusal(content, types={"a": {"type": "date", "format": "%Q"}})


def test_values_outside_a_range_or_not_among_those_allowed_are_rejected() -> None:
    cleaned = Cleaned(
        "age,city,y\n-1,B,0\n30,B,1\n200,B,1\n40,X,0\n,,1\n",
        ranges={"age": {"min": 0, "max": 120}},
        allowed={"city": ["A", "B"]},
    )
    assert cleaned.reasons == {
        2: "range: age is below 0",
        4: "range: age is above 120",
        5: "allowed: city has another value",
    }
    assert cleaned.column("age") == [30, None]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"ranges": {"city": {"min": 0}}}, "clean.ranges.city is for a number, but 'city' is text"),
        ({"allowed": {"age": ["x"]}}, "clean.allowed.age must hold numbers"),
        ({"ranges": {"agee": {"min": 0}}}, "no column 'agee'; did you mean 'age'?"),
        ({"derive": {"city": "age"}}, "clean.derive.city"),
        ({"derive": {"z": "y + 1"}}, "must not look at the target 'y'"),
        ({"derive": {"z": "Y + 1"}}, "must not look at the target 'y'"),
        ({"derive": {"z": "avg(age)"}}, "must look at one row only, but holds the aggregate avg()"),
        ({"derive": {"z": "lag(age) OVER ()"}}, "must look at one row only, but holds a window"),
        ({"derive": {"z": "[age]"}}, "must be a number, a text, a date or true or false"),
        ({"derive": {"z": "age +"}}, "is not valid SQL"),
        ({"derive": {"z": "agee + 1"}}, "names an unknown column 'agee'; did you mean 'age'?"),
        ({"max_rejected": 0.1, "require": ["age > 30"]}, "clean.max_rejected: 50.0% of 2 rows"),
        ({"keep_columns": ["city"], "drop_columns": ["age", "city2"]}, "no column 'city2'"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused(rules: dict[str, Any], message: str) -> None:
    assert message in refusal("age,city,y\n30,A,0\n40,B,1\n", **rules)


def test_a_derived_column_is_a_feature_that_rules_may_ask_about() -> None:
    cleaned = Cleaned(
        "w,h,day,y\n80,2,2024-05-31,0\n50,1,2024-06-01,1\n70,0,2024-06-02,1\n",
        types={"day": "date"},
        derive={"bmi": "w / (h * h)", "heavy": "bmi > 30", "weekday": "dayofweek(day)"},
        require=["bmi < 100"],
    )
    assert cleaned.column("bmi") == [20.0, 50.0]
    assert cleaned.column("heavy") == [0, 1]
    assert cleaned.column("weekday") == [5, 6]
    assert list(cleaned.report["columns"]) == ["w", "h", "day", "bmi", "heavy", "weekday", "y"]
    # x / 0 is no finite number.
    assert cleaned.reasons == {4: "infinite: bmi"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keep", "lines"), [("first", [2, 3, 5]), ("last", [3, 4, 6]), ("none", [3])]
)
def test_rows_that_agree_in_key_columns_count_as_one(keep: str, lines: list[int]) -> None:
    content = "id,a,y\n1,x,0\n2,x,1\n1,z,1\n,p,0\n,q,1\n"
    cleaned = Cleaned(content, drop_duplicates={"by": ["id"], "keep": keep})
    assert cleaned.column("tenfold_row") == lines
    assert set(cleaned.reasons.values()) == {"duplicate by id"}


def test_a_row_that_another_rule_rejects_is_nobodys_original() -> None:
    cleaned = Cleaned("id,y\n1,\n1,1\n1,0\n2,1\n", drop_duplicates={"by": ["id"]})
    assert cleaned.reasons == {2: "missing target", 4: "duplicate by id"}


def test_rows_with_too_few_cells_are_rejected_and_columns_are_kept_by_name() -> None:
    cleaned = Cleaned(
        "a,b,c,y\n1,2,3,0\n,,3,1\n4,,3,1\n", max_missing_in_row=0.5, keep_columns=["a", "b"]
    )
    assert cleaned.reasons == {3: "over 50% of the cells are missing"}
    assert list(cleaned.report["columns"]) == ["a", "b", "y"]
    assert cleaned.report["dropped_columns"] == {"c": "not named in clean.keep_columns"}


@pytest.mark.slow
def test_a_column_whose_type_shows_late_is_read_by_all_of_its_cells() -> None:
    late = "\n".join(f"{n},{n},,{n % 2}" for n in range(25_000))
    cleaned = Cleaned(f"a,b,c,y\n{late}\n0.5,x,7,1\n")
    kinds = {name: facts["type"] for name, facts in cleaned.report["columns"].items()}
    assert kinds == {"a": "double", "b": "text", "c": "integer", "y": "integer"}
    assert cleaned.kept[-1] == {"tenfold_row": 25_002, "a": 0.5, "b": "x", "c": 7, "y": 1}


NUMBERS = st.sampled_from(
    [
        *("0", "-0", "7", "007", "-12", "+5", "1.", ".5", "-.5", "0.25", "1e3", "1E-3", "1_000"),
        *("0x1F", "00.5", "-00", "inf", "-Infinity", "nan", "x", "", " 3 ", "1e400", "5-", "1,5"),
        *("9007199254740993", "١", "0e0", "-", "--1", "1 2", "9" * 30),
    ]
)


# A column costs less than a table: each table has several, of the same few lines.
COLUMNS = "abcdefghij"


@pytest.mark.slow
@settings(max_examples=20)
@given(rows=st.lists(st.tuples(*[NUMBERS] * len(COLUMNS)), min_size=1, max_size=6))
def test_a_number_is_read_alike_by_the_short_way_and_by_the_long(
    rows: list[tuple[str, ...]],
) -> None:
    quote = '"' if any("," in cell for row in rows for cell in row) else ""
    lines = [",".join(f"{quote}{cell}{quote}" for cell in row) for row in rows]
    content = f"{','.join(COLUMNS)},y\n" + "".join(
        f"{line},{n % 2}\n" for n, line in enumerate(lines)
    )
    try:
        short = Cleaned(content, drop_duplicates=False)
    except UserError as refused:
        short, said = None, str(refused)
    # A replacement of what does not occur leaves no short way.
    try:
        never = {column: {"never": "there"} for column in COLUMNS}
        long = Cleaned(content, drop_duplicates=False, replace=never)
    except UserError as refused:
        assert short is None
        assert str(refused) == said
        return
    assert short is not None
    assert repr(short.kept) == repr(long.kept)
    assert short.reasons == long.reasons


def test_files_by_a_pattern_are_one_table_whose_rows_know_their_file() -> None:
    Path("parts").mkdir()
    for number, content in enumerate(["a,y\n1,0\n2,1\n", "y,a\n1,x\n", "a,y\n3,0,9\n4,1\n"]):
        Path(f"parts/{number}.csv").write_text(content)
    with runtime.directory(Path("out")) as out:
        data = Data(path="parts/*.csv", target="y")
        report = cleaning.clean(data, Clean(), "binary", out)
    kept = pq.read_table("out/table.parquet").to_pylist()
    assert [row["a"] for row in kept] == ["1", "2", "x", "4"]
    assert (report["read"], report["kept"]) == (5, 4)
    (odd,) = pq.read_table("out/rejected.parquet").to_pylist()
    assert (odd["tenfold_source"], odd["tenfold_line"]) == ("parts/2.csv", 2)
    Path("parts/3.csv").write_text("a,z\n1,0\n")
    with pytest.raises(UserError, match=r"parts/0.csv has a column 'y', but parts/3.csv has none"):
        cleaning.clean(data, Clean(), "binary", Path("out"))


@pytest.mark.parametrize("ending", ["csv.gz", "csv.zst", "jsonl.gz"])
def test_packed_text_is_unpacked(ending: str) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "y": [0, 1, 1]})
    if ending.startswith("csv"):
        content = frame.to_csv(index=False)
    else:
        content = frame.to_json(orient="records", lines=True)
    packing = "gzip" if ending.endswith("gz") else "zstd"
    with pa.output_stream(f"t.{ending}", compression=packing) as file:
        file.write(content.encode())
    Path("out").mkdir()
    report = cleaning.clean(Data(path=f"t.{ending}", target="y"), Clean(), "binary", Path("out"))
    assert pq.read_table("out/table.parquet")["a"].to_pylist() == [1, 2, 3]
    assert f"t.{ending} was unpacked" in report["remarks"]


@pytest.mark.slow
@pytest.mark.parametrize("wide", [False, True], ids=["narrow", "wide"])
def test_rows_of_few_values_stay_though_they_are_equal_and_copied_measurements_go(
    wide: bool,
) -> None:
    draw = np.random.default_rng(0)
    more = {f"c{number}": ["same"] * 600 for number in range(40 if wide else 0)}
    device, shop, y = draw.integers(0, [[3], [4], [2]], (3, 600))
    log = pd.DataFrame({"device": device, "shop": shop, **more, "y": y})
    cleaned = Cleaned(log.to_csv(index=False))
    assert cleaned.report["kept"] == 600
    assert any(
        note.startswith("576 rows are copies of an earlier one, as often as chance makes them")
        for note in cleaned.report["remarks"]
    )
    assert Cleaned(log.to_csv(index=False), drop_duplicates=True).report["kept"] == 24
    measured = log.assign(size=draw.normal(size=600), weight=draw.normal(size=600))
    twice = pd.concat([measured, measured]).to_csv(index=False)
    assert Cleaned(twice).report["rejected"] == {"duplicate": 600}
    assert Cleaned(twice, drop_duplicates=False).report["kept"] == 1200
