"""Rules compare values, not spellings: -999 is -999.0, a category 3.0 is 3, and TRUE is true."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold import cleaning, runtime
from tenfold.params import Clean, Data
from tenfold.runtime import UserError


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


WAYS = ["plain", "quoted", "parquet"]


def values(
    way: str, cells: Sequence[Any], marker: str | None = None, **rules: Any
) -> list[tuple[int, Any]]:
    """The cells of column v after cleaning, each with its place: of a CSV or a Parquet file."""
    path = Path("t.parquet" if way == "parquet" else "t.csv")
    if way == "parquet":
        table = {"v": cells, "n": range(len(cells)), "y": [n % 2 for n in range(len(cells))]}
        pq.write_table(pa.table(table), path)
    else:
        with path.open("w", newline="") as file:
            all_quoted = csv.writer(file, quoting=csv.QUOTE_ALL)
            rows = [["" if cell is None else cell, n, n % 2] for n, cell in enumerate(cells)]
            writer = all_quoted if way == "quoted" else csv.writer(file)
            writer.writerows([["v", "n", "y"], *rows])
    if marker is not None:
        rules["missing_values"] = ["", marker]
    with runtime.directory(Path("out")) as out:
        data = Data(path=str(path), target="y")
        cleaning.clean(data, Clean.model_validate(rules), "binary", out)
    table = pq.read_table("out/table.parquet")
    if "v" not in table.column_names:
        return [(n, None) for n in table["n"].to_pylist()]
    return list(zip(table["n"].to_pylist(), table["v"].to_pylist(), strict=True))


def column(way: str, cells: Sequence[Any], marker: str | None = None, **rules: Any) -> list[Any]:
    return [cell for _, cell in values(way, cells, marker, **rules)]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS[:2])
@pytest.mark.parametrize("marker", ["-999", "-999.0", "-9.99e2"])
def test_a_marker_is_a_number_however_it_is_written(way: str, marker: str) -> None:
    cells = ["1.5", "-999", "-999.0", " -999", "-999.00", "-9.99E+2", "-99"]
    assert column(way, cells, marker) == [1.5, None, None, None, None, None, -99]
    assert column(way, cells, column_missing_values={"v": [marker]})[1:6] == [None] * 5
    assert column(way, cells, marker, types={"v": "double"})[1:6] == [None] * 5
    assert column(way, ["1", "-999.0", "3"], marker) == [1, None, 3]


@pytest.mark.slow
@pytest.mark.parametrize("marker", ["-999", "-999.0"])
def test_a_marker_is_a_number_of_a_typed_source_too(marker: str) -> None:
    assert column("parquet", [1.5, -999.0, -99.0], marker) == [1.5, None, -99]
    assert column("parquet", [1, -999, -99], marker) == [1, None, -99]


@pytest.mark.parametrize("way", WAYS[:2])
def test_a_number_is_replaced_however_it_is_written(way: str) -> None:
    cells = ["0", "0.0", "-0", "0.50", "7", "?"]
    assert column(way, cells, replace={"v": {"0": None, ".5": "9", "?": "8.0"}}) == [
        None, None, None, 9, 7, 8,
    ]  # fmt: skip


def test_a_number_of_a_typed_source_is_replaced_however_it_is_written() -> None:
    assert column("parquet", [0.0, 0.5, 7.0], replace={"v": {"0": None, "0.50": "9"}}) == [
        None, 9, 7,
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS[:2])
def test_an_id_is_no_number(way: str) -> None:
    assert column(way, ["007", "7", "12"], "7") == ["007", None, "12"]
    assert column(way, ["7", "12", "9"], "007") == [7, 12, 9]
    large = ["9007199254740993", "9007199254740992", "a"]
    assert column(way, large, "9007199254740992") == ["9007199254740993", None, "a"]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS[:2])
def test_texts_are_compared_as_texts_and_categories_have_one_spelling(way: str) -> None:
    cells = ["3", "3.0", "3.00", "X", "3.10", "1e2", "-999.0", "-0.0", "+3.0", "v1.0"]
    kept = ["3", "3", "3", "X", "3.10", "1e2", None, "-0.0", "+3.0", "v1.0"]
    assert column(way, cells, "-999") == kept
    assert column(way, ["TRUE", "True", "true", "False", "tRUE"]) == [
        "true", "true", "true", "false", "tRUE",
    ]  # fmt: skip
    assert column(way, ["5", "5.0", "X"], "5.0") == [None, None, "X"]
    assert column(way, ["True", "x", "no"], "TRUE") == [None, "x", "no"]


@pytest.mark.slow
def test_a_typed_source_has_the_categories_of_a_csv() -> None:
    text: dict[str, Any] = {"types": {"v": "text"}}
    assert column("parquet", [3.0, 2.0, 0.5], **text) == ["3", "2", "0.5"]
    assert column("plain", ["3", "2.0", "0.5"], **text) == ["3", "2", "0.5"]
    assert column("parquet", [True, False, True]) == column("plain", ["True", "FALSE", "true"])


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS[:2])
def test_a_boolean_is_read_and_compared_by_its_value(way: str) -> None:
    boolean: dict[str, Any] = {"types": {"v": "boolean"}}
    cells = ["1", "True", "1.0", "yes", "false", "0", "NO"]
    assert column(way, cells, **boolean) == [1, 1, 1, 1, 0, 0, 0]
    assert column(way, cells, **boolean, column_missing_values={"v": ["true"]}) == [
        None, None, None, None, 0, 0, 0,
    ]  # fmt: skip
    assert column(way, cells, **boolean, allowed={"v": [True]}) == [1, 1, 1, 1]
    assert column("parquet", [1.0, 0.0], **boolean) == [1, 0]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS[:2])
def test_allowed_values_are_compared_as_values(way: str) -> None:
    assert values(way, ["1", "1.0", "2", "3"], allowed={"v": [1.0, 3]}) == [(0, 1), (1, 1), (3, 3)]
    texts: dict[str, Any] = {"allowed": {"v": ["1.0", "X"]}}
    assert values(way, ["1", "1.0", "2", "X"], **texts) == [(0, "1"), (1, "1"), (3, "X")]
    assert column(way, ["True", "x", "false"], allowed={"v": [True, False]}) == ["true", "false"]


@pytest.mark.slow
@pytest.mark.parametrize("marker", ["1900-01-01", "1900-01-01T00:00"])
def test_a_marker_is_a_date_however_the_source_holds_it(marker: str) -> None:
    days = [pd.Timestamp("1900-01-01"), pd.Timestamp("2024-02-03")]
    date: dict[str, Any] = {"types": {"v": "date"}}
    cells = ["1900-01-01", "2024-02-03", "1900-01-01 00:00:00"]
    assert column("plain", cells, marker, **date) == [None, days[1], None]
    assert column("parquet", days, marker) == [None, days[1]]


@pytest.mark.parametrize(
    ("swaps", "message"),
    [
        ({"0": "a", "0.0": "b"}, "clean.replace.v: '0' and '0.0' are one value, but are replaced"),
        ({"TRUE": "a", "true": None}, "clean.replace.v: 'TRUE' and 'true' are one value"),
        (
            {"x": "1.0", "1": None},
            "but '1.0' is also written '1': name its own replacement at once",
        ),
    ],
)
def test_one_value_is_replaced_in_one_way(swaps: dict[str, str | None], message: str) -> None:
    with pytest.raises(UserError) as refused:
        column("plain", ["1", "2"], replace={"v": swaps})
    assert message in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["first", "last", "none"])
@pytest.mark.parametrize("way", WAYS)
def test_blank_keys_agree_as_in_pandas(way: str, keep: str) -> None:
    cells = [None, 3.0, None, 3.0, None, 4.0]
    frame = pd.DataFrame({"v": cells})
    expected = frame.index[~frame.duplicated("v", keep=False if keep == "none" else keep)]  # type: ignore[arg-type]
    rules: dict[str, Any] = {"drop_duplicates": {"by": ["v"], "keep": keep}}
    assert [n for n, _ in values(way, cells, **rules)] == expected.tolist()


MONEY = {"type": "double", "strip": "$", "thousands": ","}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cells", "rules", "expected"),
    [
        (["$9,999", "9999", "$1,234"], {"types": {"v": MONEY}}, [None, None, 1234]),
        (["9,999.00", "9999.5", "7"], {"types": {"v": MONEY}}, [None, 9999.5, 7]),
        (
            ["$0.00", "0", "$5"],
            {"types": {"v": MONEY}, "replace": {"v": {"$0": None, "$5.0": "6"}}},
            [None, None, 6],
        ),
        (
            ["5%", "5.0 %", "7%"],
            {"types": {"v": {"type": "double", "percent": True}}, "replace": {"v": {"5%": None}}},
            [None, None, 0.07],
        ),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_a_value_is_found_however_a_declared_number_is_written(
    way: str, cells: list[str], rules: dict[str, Any], expected: list[float | None]
) -> None:
    assert column(way, cells, "9999", **rules) == expected


def test_a_marker_is_a_number_with_a_decimal_comma_too() -> None:
    Path("t.csv").write_text("v;n;y\n-999,0;0;0\n-999;1;1\n1,5;2;0\n")
    data = Data.model_validate({"path": "t.csv", "target": "y", "decimal": ","})
    cleaning.clean(data, Clean(missing_values=["", "-999"]), "binary", Path())
    assert pq.read_table("table.parquet")["v"].to_pylist() == [None, None, 1.5]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "jsonl", "db", "xlsx"])
def test_a_category_has_one_spelling_in_every_kind_of_file(ending: str) -> None:
    frame = pd.DataFrame(
        {
            "v": [3.0, 2, "X", -999.0],
            "b": [True, False, True, None],
            "n": range(4),
            "y": [0, 1, 0, 1],
        }
    )
    path = f"t.{ending}"
    if ending == "csv":
        frame.to_csv(path, index=False)
    elif ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif ending == "xlsx":
        frame.to_excel(path, index=False)
    else:
        frame["b"] = frame["b"].map({True: "TRUE", False: "False"})
        with closing(sqlite3.connect(path)) as connection:
            frame.to_sql("t", connection, index=False)
    source = (
        {"path": f"sqlite:{path}", "query": "SELECT * FROM t"} if ending == "db" else {"path": path}
    )
    data = Data.model_validate({"target": "y", **source})
    cleaning.clean(data, Clean(missing_values=["", "-999"]), "binary", Path())
    table = pq.read_table("table.parquet").sort_by("n")
    assert table["v"].to_pylist() == ["3", "2", "X", None]
    assert table["b"].to_pylist() == ["true", "false", "true", None]


@pytest.mark.slow
@settings(max_examples=25)
@given(
    cells=st.lists(
        st.floats(-1e6, 1e6).map(lambda x: round(x, 2)) | st.integers(-3, 3).map(float),
        min_size=2,
        max_size=12,
    ),
    marker=st.integers(-3, 3),
    form=st.sampled_from(["{:g}", "{!r}", "{:.3f}", "{:e}"]),
)
def test_one_table_in_three_files_has_one_answer(
    cells: list[float], marker: int, form: str
) -> None:
    rules: dict[str, Any] = {
        "column_missing_values": {"v": [str(marker)]},
        "replace": {"v": {"2": "5", "0": None}},
        "drop_duplicates": {"by": ["v"]},
    }
    written = [form.format(cell) for cell in cells]
    numbers = [float(cell) for cell in written]
    found = values("parquet", numbers, **rules)
    assert values("plain", written, **rules) == found
    assert values("quoted", written, **rules) == found
    swapped = [None if x in (0, marker) else 5 if x == 2 else x for x in numbers]
    frame = pd.DataFrame({"v": swapped}, dtype=float)
    assert [n for n, _ in found] == frame.index[~frame.duplicated("v")].tolist()
