"""A sheet of a real workbook: every cell as text, and refusals that name the cell."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tenfold import sources
from tenfold.params import Data
from tenfold.runtime import UserError
from tenfold.sources.readers.excel import read
from tests.sources.strict import read_strict


def workbook(path: Path, *rows: Sequence[Any], **sheets: Sequence[Sequence[Any]]) -> Path:
    book = openpyxl.Workbook()
    for title, content in {"Houses": rows, **sheets}.items():
        sheet = book.create_sheet(title)
        for row in content:
            sheet.append(row)
    book.remove(book.worksheets[0])
    book.save(path)
    return path


def cells(path: Path, sheet: str | None = None) -> list[list[str | None]]:
    return [list(row) for row in read(path, sheet).rows]


def refusal(path: Path, sheet: str | None = None) -> str:
    with pytest.raises(UserError) as refused:
        cells(path, sheet)
    message = str(refused.value)
    assert "\n" not in message
    return message


# What Excel keeps of a number; what XML and Excel allow in a text that is no formula.
NUMBERS = st.floats(-1e14, 1e14).map(lambda number: float(f"{number:.15g}") + 0.0)
TEXTS = st.text(st.sampled_from("aé0 .,;'\"<&>\t\n漢𝒳"), min_size=1, max_size=6)
VALUES = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | NUMBERS | TEXTS


def as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return None if value is None else str(value)


@pytest.mark.slow
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(st.tuples(st.just("x"), VALUES, VALUES), min_size=1, max_size=5))
def test_any_value_arrives_as_python_writes_it_without_the_zero_of_an_integer(
    rows: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a", "b", "c"], *rows)
    assert cells(path) == [[as_text(value) for value in row] for row in rows]


def test_dates_and_times_are_iso_text(tmp_path: Path) -> None:
    values = [
        (dt.date(2020, 1, 31), "2020-01-31"),
        (dt.datetime(2020, 1, 31, 5, 6, 7), "2020-01-31 05:06:07"),
        (dt.time(13, 4), "13:04:00"),
        (dt.timedelta(days=1, hours=2, minutes=3), "26:03:00"),
    ]
    path = workbook(tmp_path / "t.xlsx", ["a"], *[[value] for value, _ in values])
    assert cells(path) == [[text] for _, text in values]


def test_dates_of_a_workbook_that_counts_from_1904_are_the_same(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.worksheets[0]
    for row in (["a"], [dt.date(2020, 1, 31)]):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    assert cells(tmp_path / "t.xlsx") == [["2020-01-31"]]


def test_the_first_row_names_the_columns(tmp_path: Path) -> None:
    found = read(workbook(tmp_path / "t.xlsx", [" price ", 2020, "c"], [1, 2, 3]), None)
    assert found.names == ["price", "2020", "c"]
    assert found.ordered


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a"], ["x"], Flats=[["b"], ["y"]])
    assert cells(path, "Houses") == [["x"]]
    assert cells(path, "Flats") == [["y"]]


def test_several_sheets_without_a_choice_are_listed(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a"], Flats=[["b"]])
    assert "has 2 sheets, ['Houses', 'Flats']: name one as data.sheet" in refusal(path)


def test_an_unknown_sheet_answers_with_the_nearest(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a"], ["x"])
    assert "no sheet 'House'; did you mean 'Houses'?" in refusal(path, "House")


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NAME?"])
def test_an_error_is_refused_by_its_cell(tmp_path: Path, error: str) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a", "b"], [1, 2], [3, error])
    assert f"Houses!B3 is the error {error}" in refusal(path)


def test_a_formula_that_nobody_has_computed_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a", "b"], [1, 2], [3, "=A2+A3"])
    assert "Houses!B3 is a formula without a value: open the workbook" in refusal(path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "row 1 of sheet 'Houses' is empty"),
        ([[None], ["a"], ["x"]], "row 1 of sheet 'Houses' is empty"),
        ([["My houses"], ["a", "b"], [1, 2]], "Houses!B2 holds 'b', but the header ends before it"),
        ([["a", None, "c"], [1, 2, 3]], "column 2 has no name: name every column (is it a title"),
        ([["a", "a"], [1, 2]], "2 columns are named 'a'"),
        ([["a", "b"], [1, 2], [3, 4, None, 5]], "Houses!D3 holds '5'"),
    ],
)
def test_a_sheet_that_is_no_table_is_refused(
    tmp_path: Path, rows: list[list[Any]], message: str
) -> None:
    assert message in refusal(workbook(tmp_path / "t.xlsx", *rows))


def test_a_blank_row_is_kept_as_no_row_and_what_stands_below_it_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a", "b"], [1, 2], [], [3, 4], [], ["Total", None], [])
    source = sources.read_sound(Data(path=str(path), target="a"))
    query = f"FROM {sources.RAW} ORDER BY {sources.ROW}"
    rows = source.connection.execute(query).fetchall()
    assert rows == [(1, "1", "2"), (3, "3", "4"), (5, "Total", None)]
    malformed = source.connection.execute(f"FROM {sources.MALFORMED}").fetchall()
    assert malformed == [(2, "malformed: an empty row", ""), (4, "malformed: an empty row", "")]
    with pytest.raises(ValueError, match="record 2: malformed: an empty row"):
        read_strict(Data(path=str(path), target="a"))


def merged(path: Path, places: str, *rows: Sequence[Any]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    for place in places.split():
        sheet.merge_cells(place)
    book.save(path)
    return path


@pytest.mark.parametrize("place", ["A1:B1", "B1:C1", "C1:D1", "A1:A2"])
def test_merged_cells_in_the_header_are_refused(tmp_path: Path, place: str) -> None:
    path = merged(tmp_path / "t.xlsx", place, ["a", "b", "c", "d"], [1, 2, 3, 4], [5, 6, 7, 8])
    assert f"Sheet!{place} are merged in the header: unmerge them" in refusal(path)


def test_merged_cells_fill_each_of_their_rows(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["x", 1], [None, 2], [None, 3], ["y", 4], [None, 5]]
    path = merged(tmp_path / "t.xlsx", "A2:A4 A5:A6", ["group", "price"], *rows)
    found = read(path, None)
    assert [list(row) for row in found.rows] == [
        *(["x", "1"], ["x", "2"], ["x", "3"]),
        *(["y", "4"], ["y", "5"]),
    ]
    assert found.notes == [f"{path}: merged cells such as A2:A4 fill each of their rows"]


def test_a_value_merged_across_columns_is_refused(tmp_path: Path) -> None:
    path = merged(tmp_path / "t.xlsx", "A3:B3", ["a", "b"], [1, 2], ["north", None], [3, 4])
    assert "Sheet!A3:B3 are merged across columns and hold 'north': unmerge them" in refusal(path)


def test_empty_merged_cells_are_empty_cells(tmp_path: Path) -> None:
    path = merged(tmp_path / "t.xlsx", "A3:B3 A4:A5", ["a", "b", "c"], [1, 2, 3], [None, None, 4])
    assert cells(path) == [["1", "2", "3"], [None, None, "4"]]


@pytest.mark.parametrize("shared", [True, False], ids=["beside texts", "alone"])
def test_a_percentage_is_read_like_the_texts_of_its_column(tmp_path: Path, shared: bool) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["rate", "other"], [0.125, 0.5], ["7 %" if shared else 0.07, 0.25]):
        sheet.append(row)
    for place in ("A2", "B2"):
        sheet[place].number_format = "0.0%"
    book.save(tmp_path / "t.xlsx")
    assert cells(tmp_path / "t.xlsx") == [
        ["12.5%" if shared else "0.125", "0.5"],
        ["7 %" if shared else "0.07", "0.25"],
    ]


def test_rows_above_the_header_are_skipped(tmp_path: Path) -> None:
    path = merged(
        tmp_path / "t.xlsx", "A1:C1", ["Report"], [], ["a", "b"], [1, 2], ["x", 3], [None, 4]
    )
    found = read(path, None, skip_rows=2)
    assert (found.names, [list(row) for row in found.rows]) == (
        ["a", "b"],
        [["1", "2"], ["x", "3"], [None, "4"]],
    )


def test_a_column_without_a_name_at_an_end_gets_one(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [None, "a"], [0, 1], [1, 2])
    found = read(path, None)
    assert found.names == ["column_1", "a"]
    assert found.notes == [f"{path}: column 1 has no name and is called column_1"]


def test_rows_that_are_only_formatted_are_no_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["a", "b"], [1, None]):
        sheet.append(row)
    sheet["A9"].number_format = sheet["F2"].number_format = "0.00"
    book.save(tmp_path / "t.xlsx")
    assert cells(tmp_path / "t.xlsx") == [["1", None]]


def test_a_workbook_that_states_a_wrong_size_is_read_to_its_end(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a", "b"], [1, 2], [3, 4])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b'"A1:B3"' in parts[sheet]
    parts[sheet] = parts[sheet].replace(b'"A1:B3"', b'"A1"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert cells(path) == [["1", "2"], ["3", "4"]]


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600)
    assert "has a password or is an old .xls: save it as .xlsx without one" in refusal(path)
    path.write_text("a,b\n1,2\n")
    assert "is no Excel workbook" in refusal(path)
    assert "cannot be read: No such file" in refusal(tmp_path / "none.xlsx")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    assert "is broken" in refusal(path)


def test_a_workbook_that_is_cut_off_or_damaged_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["a"], *[[str(number)] for number in range(500)])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "is broken" in refusal(path)
    with zipfile.ZipFile(workbook(path, ["a"], ["x"])) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content[:-40] if "sheet1" in name else content)
    assert "is broken" in refusal(path)
