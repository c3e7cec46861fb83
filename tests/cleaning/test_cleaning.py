"""The row rules: what is kept, what is rejected and why, and that nothing is lost between."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold import cleaning, runtime, sources
from tenfold.cleaning import clean_table, warnings
from tenfold.metrics import Task
from tenfold.params import Clean, Data
from tests.project import ROOT

CLINIC = ROOT / "data" / "raw"


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Cleaned:
    """A source after cleaning: its report and both tables as lists of rows."""

    def __init__(self, content: str | pd.DataFrame, task: Task = "binary", **rules: Any) -> None:
        file = "table.csv" if isinstance(content, str) else "table.parquet"
        if isinstance(content, str):
            Path(file).write_text(content)
        else:
            content.to_parquet(file)
        with runtime.directory(Path("out")) as out:
            data = Data.model_validate({"path": file, "target": "y"})
            self.report = cleaning.clean(data, Clean(**rules), task, out)
        self.kept = pq.read_table("out/table.parquet").to_pylist()
        self.rejected = pq.read_table("out/rejected.parquet").to_pylist()

    @property
    def reasons(self) -> dict[int, str]:
        return {row[sources.ROW]: row[sources.REASON] for row in self.rejected}

    def types(self) -> dict[str, str]:
        return {name: facts["type"] for name, facts in self.report["columns"].items()}

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.kept]


def test_the_clean_table_keeps_order_and_ends_in_the_target() -> None:
    cleaned = Cleaned("b,y,a\n3,1,x\n1,0,y\n")
    assert cleaned.kept == [
        {"tenfold_row": 2, "b": 3, "a": "x", "y": 1},
        {"tenfold_row": 3, "b": 1, "a": "y", "y": 0},
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "+3", "0"], "integer"),
        (["1", "nan", "NA"], "integer"),
        (["9007199254740992", "1"], "integer"),
        (["9007199254740993", "1"], "text"),
        (["9007199254740993", "1.5"], "double"),
        (["1", "2.0"], "double"),
        (["1e5", ".5", "5.", " 7"], "double"),
        (["007", "012"], "text"),
        (["007", "1.5"], "text"),
        (["1", "x"], "text"),
        (["1_000", "2"], "text"),
        (["0x1F", "2"], "text"),
        (["1,5", "2,5"], "text"),
        (["true", "false"], "text"),
        (["2020-01-01", "2020-01-02"], "text"),
    ],
)
def test_a_column_has_the_type_all_its_present_values_share(values: list[str], kind: str) -> None:
    lines = [f'"{value}",{number}' for number, value in enumerate(values)]
    cleaned = Cleaned("\n".join(["a,y", *lines]), missing_values=["NA"])
    assert cleaned.types()["a"] == kind


def test_parquet_columns_keep_their_numeric_type() -> None:
    frame = pd.DataFrame(
        {
            "i": [1, 2, 2**53],
            "large": [1, 2, 2**53 + 1],
            "d": [1.0, float("nan"), 3.0],
            "b": [True, False, True],
            "y": ["u", "v", "u"],
        }
    )
    cleaned = Cleaned(frame)
    assert cleaned.types() == {
        "i": "integer",
        "large": "text",
        "d": "double",
        "b": "text",
        "y": "text",
    }
    assert cleaned.column("large")[2] == "9007199254740993"
    assert cleaned.column("d") == [1.0, None, 3.0]


def test_a_missing_marker_is_a_whole_cell_white_space_around_it_aside() -> None:
    content = 'a,y\n?,1\n ?,2\n"\t?\r\n",3\n??,4\n? ?,5\n x ,6\n'
    cleaned = Cleaned(content, missing_values=["?"])
    assert cleaned.column("a") == [None, None, None, "??", "? ?", "x"]


def test_a_marker_with_white_space_of_its_own_matches_as_it_is_written() -> None:
    cleaned = Cleaned("a,y\n -,1\n-,2\n", missing_values=[" -"])
    assert cleaned.column("a") == [None, "-"]


def test_a_blank_cell_is_as_missing_as_an_empty_one() -> None:
    assert Cleaned("a,y\n5, \n  ,1\n7,0\n").reasons == {2: "missing target"}


def test_a_numeric_marker_means_missing_in_a_parquet_number_too() -> None:
    frame = pd.DataFrame({"i": [1, -999], "d": [0.5, -999.0], "y": ["u", "v"]})
    cleaned = Cleaned(frame, missing_values=["-999"])
    assert cleaned.column("i") == [1, None]
    assert cleaned.column("d") == [0.5, None]


def test_text_that_parses_as_nan_is_missing_in_a_number_and_text_in_a_text() -> None:
    cleaned = Cleaned("a,b,y\n1.5,nan,0\nNaN,x,1\n")
    assert cleaned.column("a") == [1.5, None]
    assert cleaned.column("b") == ["nan", "x"]


@pytest.mark.slow
@pytest.mark.parametrize("infinite", ["inf", "-Infinity", "1e999"])
def test_an_infinite_cell_rejects_its_row(infinite: str) -> None:
    cleaned = Cleaned(f"a,y\n1,0\n{infinite},1\n2,1\n")
    assert cleaned.reasons == {3: "infinite: a"}


def test_an_infinite_cell_in_a_column_to_be_dropped_rejects_nothing() -> None:
    assert Cleaned("a,b,y\n1,inf,0\n2,2,1\n", drop_columns=["b"]).rejected == []


def test_exact_copies_of_an_earlier_row_are_rejected() -> None:
    content = "id,a,y\n1,x,0\n2,x,0\n1,x,0\n1,x ,0\n1,x,0\n"
    assert Cleaned(content, drop_columns=["id"]).reasons == {4: "duplicate", 6: "duplicate"}
    assert Cleaned(content, drop_duplicates=False).rejected == []


def test_a_cell_that_does_not_fit_its_declared_type_rejects_its_row() -> None:
    cleaned = Cleaned(
        "a,b,y\n5.0,007,0\n5.5,1_0,1\nx,2,1\n,nan,0\n7,1e3,1\n9007199254740993,1,0\n",
        types={"a": "integer", "b": "double"},
    )
    assert cleaned.reasons == {
        3: "type: a is not integer",
        4: "type: a is not integer",
        7: "type: a is not integer",
    }
    assert cleaned.column("a") == [5, None, 7]
    assert cleaned.column("b") == [7.0, None, 1000.0]


def test_a_number_declared_as_text_stays_as_it_is_written() -> None:
    cleaned = Cleaned("zip,y\n007,0\n12,1\n", types={"zip": "text"})
    assert cleaned.column("zip") == ["007", "12"]


def test_a_row_without_target_is_rejected() -> None:
    assert Cleaned("a,y\n1,\n2,1\n3,NA\n", missing_values=["", "NA"]).reasons == {
        2: "missing target",
        4: "missing target",
    }


def test_require_rejects_where_false_and_passes_where_unknown() -> None:
    cleaned = Cleaned("a,y\n-1,0\n,1\n2,1\n", require=["a > 0 -- a comment"])
    assert cleaned.reasons == {2: "require: a > 0 -- a comment"}


def test_require_sees_typed_values_of_columns_that_are_dropped_later() -> None:
    cleaned = Cleaned("a,b,y\n10,1,0\n9,2,1\n", require=["a > 9"], drop_columns=["a"])
    assert cleaned.reasons == {3: "require: a > 9"}


def test_a_quote_in_a_predicate_is_part_of_its_reason() -> None:
    cleaned = Cleaned("a,y\nx,0\nz,1\n", require=["a <> 'x'"])
    assert cleaned.reasons == {2: "require: a <> 'x'"}


def test_a_row_is_rejected_once_for_its_first_reason() -> None:
    content = "a,b,y\ninf,-1,\n1,-1,\n1,-1,\n1,q,\n2,3,1\n"
    cleaned = Cleaned(content, types={"b": "integer"}, require=["b > 0"])
    assert cleaned.reasons == {
        2: "infinite: a",
        3: "missing target",
        4: "duplicate",
        5: "type: b is not integer",
    }
    assert cleaned.report["rejected"] == {
        "infinite: a": 1,
        "missing target": 1,
        "duplicate": 1,
        "type: b is not integer": 1,
    }


def test_a_rejected_row_keeps_its_raw_cells() -> None:
    cleaned = Cleaned("a,b,y\nNA,007,\n1,2,1\n", missing_values=["NA", ""])
    assert cleaned.rejected == [
        {
            "tenfold_row": 2,
            "tenfold_source": "table.csv",
            "tenfold_line": 2,
            "tenfold_reason": "missing target",
            "tenfold_content": None,
            "a": "NA",
            "b": "007",
            "y": "",
        }
    ]


def test_columns_too_empty_or_without_any_value_are_dropped_with_the_reason() -> None:
    content = "a,half,none,id,y\n1,,,1,0\n2,,,2,1\n3,1,,3,1\n"
    cleaned = Cleaned(content, max_missing=0.5, drop_columns=["id"])
    assert cleaned.report["dropped_columns"] == {
        "half": "66.7% missing, more than clean.max_missing",
        "none": "no value in any row",
        "id": "named in clean.drop_columns",
    }
    assert list(cleaned.kept[0]) == ["tenfold_row", "a", "y"]


def test_a_flag_is_not_dropped_however_seldom_it_is_set() -> None:
    rows = "".join(
        f"{n},{'x' if n % 10 == 0 else ''},{n if n % 10 == 0 else ''},1\n" for n in range(100)
    )
    cleaned = Cleaned(f"a,flag,number,y\n{rows}", max_missing=0.5)
    assert cleaned.report["dropped_columns"] == {
        "number": "90.0% missing, more than clean.max_missing"
    }


def test_the_share_of_missing_cells_is_taken_over_kept_rows() -> None:
    cleaned = Cleaned("a,b,y\n1,,\n2,,\n3,1,1\n4,2,0\n", max_missing=0.4)
    assert cleaned.report["dropped_columns"] == {}


def test_the_report_counts_rows_and_values() -> None:
    report = Cleaned("a,y\n1,0\n1,1\n,1\n1,0\n").report
    assert report.pop("missing_values") == [""]
    assert report.pop("reading")["kinds"] == {"a": "integer", "y": "integer"}
    assert report == {
        "read": 4,
        "kept": 3,
        "rejected": {"duplicate": 1},
        "columns": {
            "a": {"type": "integer", "missing": 1, "distinct": 1},
            "y": {"type": "integer", "missing": 0, "distinct": 2},
        },
        "dropped_columns": {},
        "mended": {},
        "sources": ["table.csv"],
        "remarks": ["a has one value only"],
    }


def test_names_with_quotes_spaces_and_commas_are_columns_like_any_other() -> None:
    cleaned = Cleaned('"the ""a""","b, c",y\n1,x,0\n2,x,1\n', require=["\"b, c\" = 'x'"])
    assert list(cleaned.kept[0]) == ["tenfold_row", 'the "a"', "b, c", "y"]


@pytest.mark.slow
def test_the_same_source_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{n % 977 / 7},{'uvw'[n % 3]},{n},{n % 2}" for n in range(300_000)]
    content = "\n".join(["a,b,n,y", *lines, *lines[:1000]])
    digests = set()
    connect = sources.connect
    for threads in (1, 2, 8):

        def with_threads(spilled: Path, threads: int = threads) -> Any:
            connection = connect(spilled)
            connection.execute(f"SET threads = {threads}")
            return connection

        monkeypatch.setattr(sources, "connect", with_threads)
        cleaned = Path("out")
        Path("table.csv").write_text(content)
        with runtime.directory(cleaned) as out:
            data = Data.model_validate({"path": "table.csv", "target": "y"})
            report = cleaning.clean(
                data, Clean.model_validate({"require": ["a < 139"]}), "binary", out
            )
        assert report["rejected"]["duplicate"] == 1000
        digests.add(runtime.digest(cleaned))
    assert len(digests) == 1


@pytest.mark.slow
def test_the_clinics_table_has_the_defects_that_its_readme_counts(tmp_path: Path) -> None:
    script = Path(shutil.copy(CLINIC / "make_breast_cancer.py", tmp_path))
    subprocess.run([sys.executable, script], check=True)
    made = script.with_name("breast_cancer.csv")
    assert made.read_bytes() == (CLINIC / "breast_cancer.csv").read_bytes()
    rules = {
        "missing_values": ["", "NA", "?"],
        "require": ["mean_radius > 0", "mean_area BETWEEN 1 AND 10000"],
        "drop_columns": ["patient_id", "site"],
    }
    data = Data.model_validate({"path": str(made), "target": "diagnosis"})
    report = cleaning.clean(data, Clean.model_validate(rules), "binary", tmp_path)
    assert (report["read"], report["kept"]) == (584, 560)
    assert report["rejected"] == {
        "duplicate": 15,
        "missing target": 3,
        "require: mean_radius > 0": 2,
        "require: mean_area BETWEEN 1 AND 10000": 4,
    }
    columns = report["columns"]
    assert columns.pop("scanner") == {"type": "text", "missing": 40, "distinct": 3}
    assert columns.pop("diagnosis") == {"type": "text", "missing": 0, "distinct": 2}
    assert [facts["type"] for facts in columns.values()] == ["double"] * 30
    assert sum(facts["missing"] for facts in columns.values()) == 60


TEXTS = st.sampled_from(["", "NA", "?", "1", "-1", "0", "2.5", "007", "inf", "nan", "x", " ", "é"])


@pytest.mark.slow
@settings(max_examples=40)
@given(
    table=st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from(["0", "1", ""])), max_size=25),
    drop_duplicates=st.booleans(),
    types=st.dictionaries(
        st.sampled_from(["a", "b"]), st.sampled_from(["integer", "double", "text"])
    ),
)
def test_every_row_is_kept_or_rejected_with_a_reason(
    table: list[tuple[str, str, str]], drop_duplicates: bool, types: dict[str, Any]
) -> None:
    rows = [*table, ("3", "3", "1"), ("4", "4", "0")]
    rules = Clean.model_validate(
        {
            "missing_values": ["", "NA", "?"],
            "drop_duplicates": drop_duplicates,
            "types": types,
            "require": ["length(a::VARCHAR) < 4", "b IS NOT NULL OR y = 1"],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        with (path / "t.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("a", "b", "y"), *rows])
        data = Data.model_validate({"path": str(path / "t.csv"), "target": "y"})
        report = cleaning.clean(data, rules, "multiclass", path)
        kept = pq.read_table(path / "table.parquet").to_pylist()
        rejected = pq.read_table(path / "rejected.parquet").to_pylist()
    assert report["read"] == len(rows) == len(kept) + len(rejected)
    assert report["kept"] == len(kept)
    assert sum(report["rejected"].values()) == len(rejected)
    lines = [row[sources.ROW] for row in kept + rejected]
    assert sorted(lines) == list(range(2, len(rows) + 2))
    for row in rejected:
        assert row[sources.REASON]
        assert (row["a"], row["b"], row["y"]) == rows[row[sources.ROW] - 2]


def test_remarks_say_what_a_person_should_look_at(tmp_path: Path) -> None:
    rows = [f"p{i},x,{'ab'[i % 2]},{i},{i * 0.5},{i % 2}" for i in range(40)]
    source = tmp_path / "t.csv"
    source.write_text("\n".join(["id,site,kind,number,size,y", *rows, *rows[:6]]) + "\n")
    data = Data(path=str(source), target="y")
    out = tmp_path / "out"
    out.mkdir()
    report = cleaning.clean(data, Clean(), "binary", out)
    assert report["remarks"] == [
        "13% of the rows are rejected",
        "id differs in every row: an id? then name it in drop_columns",
        "site has one value only",
        "kind is text: 2 categories",
        "number differs in every row: an id? then name it in drop_columns",
    ]


@pytest.mark.slow
def test_a_large_column_is_called_an_id_only_if_all_its_values_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Estimates of 5,000 values lie up to a tenth above and below."""
    monkeypatch.setattr(clean_table, "MAX_EXACT_ROWS", 100)
    n, large = 5000, 2**40
    frame = pd.DataFrame({"y": [row % 2 for row in range(n)]})
    for number in range(12):
        # The first ones are integers, of 16 digits each; the others too large, and so text.
        unlike = [(1000 + row + number * n) * large for row in range(n)]
        frame[f"id{number}"] = unlike
        frame[f"text{number}"] = [f"t{value}" for value in unlike]
        frame[f"twice{number}"] = [*unlike[:-1], unlike[0]]
        frame[f"twice_text{number}"] = [*frame[f"text{number}"][:-1], f"t{unlike[0]}"]
    frame.to_parquet(tmp_path / "t.parquet")
    data = Data(path=str(tmp_path / "t.parquet"), target="y")
    report = cleaning.clean(data, Clean(), "binary", tmp_path)
    said = {remark.split()[0] for remark in report["remarks"] if "every row" in remark}
    kinds = {column: facts["type"] for column, facts in report["columns"].items()}
    assert kinds["id0"] == "integer"
    assert said == {str(column) for column in frame if str(column).startswith(("id", "text"))}


def test_a_large_column_is_called_constant_only_if_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB estimates one value where there are two of these."""
    monkeypatch.setattr(clean_table, "MAX_EXACT_ROWS", 2)
    pairs = [(585658, 53247), (278636, 457431), (858510, 833887), (354993, 420171)]
    frame = pd.DataFrame({f"c{number}": [*pair, pair[0]] for number, pair in enumerate(pairs)})
    frame["y"] = [0, 1, 1]
    frame.to_parquet(tmp_path / "t.parquet")
    data = Data(path=str(tmp_path / "t.parquet"), target="y")
    report = cleaning.clean(data, Clean(), "binary", tmp_path)
    assert {facts["distinct"] for facts in report["columns"].values()} == {2}
    assert not [remark for remark in report["remarks"] if "one value only" in remark]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"require": ["w::INT > 0"]}, "clean.require: 'w::INT > 0' fails on a row: Could not"),
        (
            {"derive": {"b": "a + 1", "c": "strptime(w, '%d') > DATE '2020-01-01'"}},
            "clean.derive.c: \"strptime(w, '%d') > DATE '2020-01-01'\" fails on a row: Could not",
        ),
    ],
)
def test_an_expression_that_fails_sends_no_file_through_the_careful_reader(
    rules: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, ways = sources.read, []

    def noted(data: Data, *, careful: bool = False, limit: int | None = None) -> Any:
        ways.append(careful)
        return read(data, careful=careful, limit=limit)

    monkeypatch.setattr(sources, "read", noted)
    with pytest.raises(runtime.UserError) as refused:
        Cleaned("a,w,y\n1,x,0\n2,x,1\n", **rules)
    assert str(refused.value).startswith(message)
    assert ways == [False]


def test_an_expression_that_fails_is_not_blamed_for_a_line_that_is_no_record() -> None:
    cleaned = Cleaned('a,w,y\n1,7,0\n"2" x,8,1\n3,9,1\n', require=["w::INT > 0"])
    assert list(cleaned.report["rejected"]) == ["malformed: ',' expected after '\"'"]


def test_a_copy_of_a_column_is_one_to_the_last_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "SAMPLE", 10)
    frame = pd.DataFrame({"a": range(50), "y": [n % 2 for n in range(50)]})
    frame["copy"], frame["nearly"] = frame["a"], [*range(49), 1]
    frame["w"] = [None if n % 7 == 0 else f"w{n % 5}" for n in range(50)]
    frame["w_copy"], frame["w_nearly"] = frame["w"], [*frame["w"][:49], "w1"]
    frame["y_copy"] = frame["y"]
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    report = cleaning.clean(Data(path=str(path), target="y"), Clean(), "binary", tmp_path)
    assert [remark for remark in report["remarks"] if "the same" in remark] == [
        "y_copy holds the same as the target y: it gives the answer away; name it in "
        "clean.drop_columns",
        "copy holds the same as a: name one in clean.drop_columns",
        "w_copy holds the same as w: name one in clean.drop_columns",
    ]


def test_a_number_whose_square_is_infinite_is_rejected(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text("a,y\n1.5,0\n1e200,1\n-1e101,0\n2.5,1\n")
    out = tmp_path / "out"
    out.mkdir()
    report = cleaning.clean(Data(path=str(source), target="y"), Clean(), "binary", out)
    assert report["rejected"] == {"over 1e100: a": 2}
