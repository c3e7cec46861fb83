"""Stage clean as a whole, with the cells parsed at once and in SQL: both ways end alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tenfold import cleaning, runtime
from tenfold.cleaning import clean_table, type_inference
from tenfold.params import Clean, Data
from tenfold.runtime import UserError
from tenfold.sources import Kind, Source, WantedColumn, dictionaries, stored_rows, typed_csv


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


NUMBERS = ["0", "1", "1", "-2", "3.5", "0.10", "7", "42", "", "NA", "1e2", "7.0"]
ODD = [
    "007",
    " 007",
    "0x1F",
    "nan",
    "inf",
    "+5",
    " 6",
    "9007199254740993",
    "1e400",
    "7 ",
    " -2",
    "-0",
    "-2.0",
    "7e0",
    "x",
    "1_0",
    ".",
]
WORDS = [
    "a",
    "b",
    "b",
    "",
    "NA",
    "a ",
    "é",
    "7",
    "ä b",
    "7.0",
    "True",
    "true",
    "0",
    "e",
    "-2.00",
    "$5",
    "-5 $",
    "5%",
    "0",
    "<7",
    "24",
    "70",
    "2024-05-31T00:30+02:00",
]


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], str]:
    n = draw(st.integers(3, 30))
    odd = st.sampled_from([*NUMBERS, *draw(st.lists(st.sampled_from(ODD), max_size=2))])
    columns = [
        draw(st.lists(kind, min_size=n, max_size=n))
        for kind in (st.sampled_from(NUMBERS), odd, st.integers(-3, 3).map(str), odd)
    ]
    words = draw(st.lists(st.sampled_from(WORDS), min_size=n, max_size=n))
    target = draw(st.lists(st.sampled_from(["0", "1", "1.0", "NA"]), min_size=n, max_size=n))
    rows = [list(row) for row in zip(*columns, words, target, strict=True)]
    return rows, draw(st.sampled_from(["\n", "\r\n"]))


RULES: list[dict[str, Any]] = [
    {},
    {"drop_duplicates": False, "trim": False},
    {"drop_duplicates": {"by": ["c", "w"], "keep": "last"}},
    {"missing_values": ["NA", "7", ""], "column_missing_values": {"a": ["-2"]}},
    {"missing_values": ["NA", "b"], "max_missing_in_row": 0.5},
    {"replace": {"w": {"a": "b"}}, "drop_columns": ["a"]},
    {"types": {"b": "double", "d": "text"}, "max_missing": 0.5, "max_missing_in_row": 0.6},
    {"types": {"c": "integer", "w": "text"}, "require": ["a + c < 40"], "derive": {"e": "c * 2"}},
    {"missing_values": ["-2", "x"], "replace": {"a": {"1": "7"}, "b": {"7.00": None, "0": "1"}}},
    {
        "types": {"b": {"type": "double", "detection_limit": "half"}},
        "missing_values": ["7", "True"],
    },
    {"types": {"w": {"type": "double", "strip": "$", "negative": "trailing"}}},
    {"types": {"w": {"type": "double", "percent": True}}, "missing_values": ["", "0.0", "5%"]},
    {"types": {"w": {"type": "double", "multiples": {"e": 10}}}, "replace": {"w": {"7": "0"}}},
    {"types": {"w": {"type": "date", "format": "%y"}}, "missing_values": ["", "2024-01-01"]},
    {"types": {"w": {"type": "date", "offset": "local", "years": [1, 9]}}},
    {"types": {"b": "boolean", "c": "boolean", "w": "boolean"}, "missing_values": ["", "NA"]},
    {"drop_duplicates": {"by": ["a"], "keep": "none"}, "missing_values": ["", "0.0", "false"]},
    {"ranges": {"c": {"min": -2}}, "allowed": {"c": [-2, -1, 0, 1, 2]}},
]


def cleaned(name: str, rules: dict[str, Any], *, at_once: bool) -> Any:
    """All that stage clean says and writes of `t.csv`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type_inference, "SAMPLE", 5)
        patch.setattr(typed_csv, "BLOCK", 64)
        patch.setattr(dictionaries, "MIN_ROWS", 4)
        patch.setattr(dictionaries, "MAX_DISTINCT", 2)
        if not at_once:
            patch.setattr(typed_csv, "parse", lambda *_: None)
        declared = Clean.model_validate({"max_rejected": 1.0, **rules})
        with runtime.directory(Path(name)) as out:
            try:
                report = cleaning.clean(Data(path="t.csv", target="y"), declared, "binary", out)
            except UserError as refused:
                return str(refused)
            files = [(out / file).read_bytes() for file in (cleaning.TABLE, cleaning.REJECTED)]
            return json.dumps(report), *files


@pytest.mark.slow
@settings(max_examples=60)
@given(table=tables(), rules=st.sampled_from(RULES))
@example(([["1", "007", "1", "x", "a ", "1"]] * 9, "\n"), RULES[0])
@example(([*[["0", "0", "0", "0", "a", "0"]] * 4, ["0", "7 ", "0", "0", "a", "0"]], "\n"), RULES[6])
def test_cells_parsed_at_once_end_as_they_do_in_sql(
    table: tuple[list[list[str]], str], rules: dict[str, Any]
) -> None:
    content, end = table
    lines = [["a", "b", "c", "d", "w", "y"], *content]
    Path("t.csv").write_bytes("".join(",".join(line) + end for line in lines).encode())
    assert cleaned("one", rules, at_once=True) == cleaned("other", rules, at_once=False)


@pytest.mark.slow
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("number", ["1", "1.5"])
def test_a_number_that_is_a_marker_is_one_behind_white_space_too(number: str, quote: str) -> None:
    cells = [number, " -9", "-9 ", "-9", "4"]
    rows = "".join(f"{cell},{quote}{'uv'[n % 2]}{quote}\n" for n, cell in enumerate(cells))
    Path("t.csv").write_text(f"a,y\n{rows}")
    rules = Clean(missing_values=["", "-9"])
    with runtime.directory(Path("out")) as out:
        cleaning.clean(Data(path="t.csv", target="y"), rules, "binary", out)
    found = pq.read_table("out/table.parquet")["a"].to_pylist()
    assert found == [float(number), None, None, None, 4]


@pytest.mark.slow
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    "name", ["found", "rowid", "again", "alike", "kept", "parsed", "copies", "passing"]
)
def test_a_column_may_have_a_name_of_the_reader_s_own(name: str, quote: str) -> None:
    Path("t.csv").write_text(f"{name},y\n1,{quote}u{quote}\n2,v\n2,v\n3,\n4,u\n")
    with runtime.directory(Path("out")) as out:
        cleaning.clean(Data(path="t.csv", target="y"), Clean(), "binary", out)
    assert pq.read_table("out/table.parquet")[name].to_pylist() == [1, 2, 4]


def test_a_plain_file_is_parsed_at_once_and_one_with_quotes_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[dict[str, Kind]] = []
    convert = Source.convert

    def noted(source: Source, wanted: Mapping[str, WantedColumn]) -> dict[str, Kind]:
        found.append(convert(source, wanted))
        return found[-1]

    monkeypatch.setattr(Source, "convert", noted)
    for cell in ("x", '"x"'):
        Path("t.csv").write_text("a,b,y\n" + "".join(f"{n},{cell},{n % 2}\n" for n in range(50)))
        with runtime.directory(Path("out")) as out:
            cleaning.clean(Data(path="t.csv", target="y"), Clean(), "binary", out)
    at_once, quoted = found
    assert at_once == {"a": "integer", "b": "text"}
    assert quoted == {}


@pytest.mark.slow
@pytest.mark.parametrize(("header", "columns"), [("1,NA,y", []), ("1,2,0", ["a", "b", "y"])])
def test_a_header_of_numbers_that_comes_again_is_no_row(header: str, columns: list[str]) -> None:
    rows = "".join(f"{n},{n},{n % 2}\n" for n in range(5, 15))
    Path("t.csv").write_text(f"{header}\n{rows}{header}\n{rows}")
    with runtime.directory(Path("out")) as out:
        data = Data.model_validate({"path": "t.csv", "target": "y", "columns": columns})
        rules = Clean(drop_duplicates=False, missing_values=["", "NA"])
        report = cleaning.clean(data, rules, "binary", out)
    assert report["rejected"] == {"malformed: the header again": 1}
    assert (report["read"], report["kept"]) == (21, 20)


def test_texts_and_integers_near_each_other_are_counted_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clean_table, "MAX_EXACT_ROWS", 0)
    monkeypatch.setattr(dictionaries, "MIN_ROWS", 4)
    # For near, gap and y; far has to be estimated.
    monkeypatch.setattr(stored_rows, "MAX_FLAGS", 2000)
    n = 3000
    far = [k * 2**40 for k in range(n)]
    lines = [f"{k % 997},w{k % 7},{far[k]},{k % 3 or 'NA'},{k % 2}" for k in range(n)]
    Path("t.csv").write_text("near,word,far,gap,y\n" + "\n".join(lines))
    with runtime.directory(Path("out")) as out:
        data, rules = Data(path="t.csv", target="y"), Clean(missing_values=["NA"])
        report = cleaning.clean(data, rules, "binary", out)
    distinct = {column: facts["distinct"] for column, facts in report["columns"].items()}
    estimated = distinct.pop("far")
    assert distinct == {"near": 997, "word": 7, "gap": 2, "y": 2}
    assert estimated == pytest.approx(n, rel=0.1)
