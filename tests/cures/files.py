"""Refusals of files: those that are no table, or not the one they say they are."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import openpyxl
import pyarrow as pa

from tenfold.sources import decoding
from tests.bad_input.files import cut, damaged, lying, sound_parquet
from tests.bad_input.making import as_csv, as_parquet
from tests.cures.refusals import COLUMNS, REMOVED, Change, Refusal, check_experiment, refusal, table

CSV = as_csv(COLUMNS)
HEADER, *ROWS = CSV.splitlines(keepends=True)
ACCENTED = CSV.replace("red", "rouge pâle")
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
PARQUET = as_parquet(COLUMNS)


def of_file(
    name: str, says: str, content: Any, *cures: tuple[str, Any], file: str = "t.csv", **params: Any
) -> Refusal:
    """A refusal of a file; every cure is other content, or a change of params.yaml."""
    changes = [
        Change(words, cured) if isinstance(cured, dict) else Change(words, files={file: cured})
        for words, cured in cures
    ]
    given = {f"data.{key}": value for key, value in params.items()}
    return refusal(name, Change(says, {"data.path": file, **given}, {file: content}), *changes)


def renamed(
    name: str, says: str, content: Any, words: str, new: str, file: str = "t.csv"
) -> Refusal:
    """A refusal of a file whose name does not tell what it is."""
    cure = Change(words, {"data.path": new}, {file: REMOVED, new: content})
    return refusal(name, Change(says, {"data.path": file}, {file: content}), cure)


def folder(path: Path) -> None:
    """A folder of one file, with a file's name."""
    path.mkdir()
    (path / "a.csv").write_text(CSV)


def unreadable(path: Path) -> None:
    """A file that nobody may read."""
    path.write_text(CSV)
    path.chmod(0)


def workbook(*sheets: tuple[str, list[list[Any]]], merged: str = "") -> Callable[[Path], None]:
    """What makes a workbook of these sheets."""

    def make(path: Path) -> None:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets:
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
            if merged:
                sheet.merge_cells(merged)
        book.save(path)

    return make


GRID: list[list[Any]] = [list(COLUMNS), *map(list, zip(*COLUMNS.values(), strict=True))]
BOOK = workbook(("data", GRID))


def grid(*changed: tuple[int, int, Any]) -> list[list[Any]]:
    """The rows of the sheet but for these cells: row and column, from 1, and value."""
    rows = [list(row) for row in GRID]
    for row, column, value in changed:
        rows[row - 1] += [None] * (column - len(rows[row - 1]))
        rows[row - 1][column - 1] = value
    return rows


def records(*changed: tuple[int, Any]) -> str:
    """The table as a JSON array but for these records, from 1."""
    found: list[Any] = list(RECORDS)
    for number, value in changed:
        found[number - 1] = value
    return json.dumps(found)


BOMB = CSV.encode() + ROWS[0].encode() * 100_000


def with_a_low_limit() -> None:
    """Run the check as if smaller files might unpack to little only."""
    with mock.patch.object(decoding, "MIN_LIMIT", 1 << 20):
        check_experiment()


def of_excel(name: str, says: str, content: Any, *cures: tuple[str, Any], **params: Any) -> Refusal:
    """A refusal of a workbook."""
    return of_file(name, says, content, *cures, file="t.xlsx", **params)


CASES = [
    of_file("no such file", "there is no file t.csv", REMOVED, ("there is no file", CSV)),
    refusal(
        "a name mistyped",
        Change("there is no file tt.csv; in .: did you mean 't.csv'?", {"data.path": "tt.csv"}),
        Change("did you mean 't.csv'?", {"data.path": "t.csv"}),
    ),
    refusal(
        "a file in a folder that is not there",
        Change("there is no file data/t.csv", {"data.path": "data/t.csv"}),
        Change("correct the path", {"data.path": "t.csv"}),
    ),
    refusal(
        "a pattern without files",
        Change("no file matches 'parts/*.csv'", {"data.path": "parts/*.csv"}),
        Change("check the folder and the pattern", {"data.path": "*.csv"}),
    ),
    refusal(
        "an address",
        Change(
            "is an address, but tenfold reads files", {"data.path": "https://example.org/t.csv"}
        ),
        Change("download what it holds", {"data.path": "t.csv"}),
    ),
    refusal(
        "a bucket",
        Change("is an address, but tenfold reads files", {"data.path": "s3://bucket/t.csv"}),
        Change("name that file", {"data.path": "t.csv"}),
    ),
    refusal(
        "a folder",
        Change(
            "data.path must be a file, but part is a folder",
            {"data.path": "part"},
            {"part": folder},
        ),
        Change("name a file in it", {"data.path": "part/a.csv"}),
        Change("all of them by a pattern such as part/*.csv", {"data.path": "part/*.csv"}),
    ),
    of_file("a pipe", "is no regular file", os.mkfifo, ("save what it gives as a file", CSV)),
    of_file(
        "an empty file", "is empty: it needs a header and rows", "", ("a header and rows", CSV)
    ),
    of_file("a header alone", "has no rows: it needs at least one", HEADER, ("at least one", CSV)),
    refusal(
        "an unknown ending",
        Change("unknown ending '.docx' of t.docx", {"data.path": "t.docx"}, {"t.docx": "x"}),
        Change("save the table as one of these", {"data.path": "t.csv"}),
    ),
    refusal(
        "an archive",
        Change("unknown ending '.zip' of t.zip", {"data.path": "t.zip"}, {"t.zip": "x"}),
        Change("unpack it", {"data.path": "t.csv"}),
    ),
    refusal(
        "a database as a file",
        Change(
            "a database is named sqlite:t.db, with a query", {"data.path": "t.db"}, {"t.db": "x"}
        ),
        Change("sqlite:t.db, with a query", {"data.path": "t.csv"}),
    ),
    renamed("Parquet named CSV", "is a Parquet file", PARQUET, "name it t.parquet", "t.parquet"),
    renamed(
        "a workbook named CSV", "is a workbook or an archive", BOOK, "name it t.xlsx", "t.xlsx"
    ),
    renamed(
        "packed without the ending",
        "is packed with gzip",
        gzip.compress(CSV.encode()),
        "name it t.csv.gz",
        "t.csv.gz",
    ),
    of_file(
        "Parquet that is none",
        "t.parquet is no Parquet file",
        CSV,
        ("Write it again", PARQUET),
        file="t.parquet",
    ),
    renamed(
        "CSV named Parquet",
        "t.parquet is no Parquet file",
        CSV,
        "or rename it",
        "t.csv",
        "t.parquet",
    ),
    of_file(
        "Parquet, damaged",
        "t.parquet cannot be read",
        damaged(sound_parquet()),
        ("Write it again", PARQUET),
        file="t.parquet",
    ),
    of_file(
        "Parquet, cut off",
        "is no Parquet file",
        cut(sound_parquet(), 0.7),
        ("Write it again", PARQUET),
        file="t.parquet",
    ),
    of_file(
        "Parquet that lies about its rows",
        "does not hold what it says",
        lying(1),
        ("write it again", PARQUET),
        file="t.parquet",
    ),
    of_file(
        "lists in Parquet",
        "column 'z' holds BIGINT[], not single values",
        as_parquet(pa.table({**COLUMNS, "z": [[1]] * 12})),
        ("flatten", PARQUET),
        ("remove it", as_parquet({name: cells for name, cells in COLUMNS.items() if name != "z"})),
        file="t.parquet",
    ),
    of_file(
        "a name of the reader in Parquet",
        "'file_row_number' has a name DuckDB uses",
        as_parquet({**COLUMNS, "file_row_number": COLUMNS["x"]}),
        ("rename it", as_parquet({**COLUMNS, "number": COLUMNS["x"]})),
        file="t.parquet",
    ),
    of_file(
        "gzip, cut off",
        "t.csv.gz cannot be unpacked",
        cut(gzip.compress(CSV.encode()), 0.6),
        ("write it again", gzip.compress(CSV.encode())),
        file="t.csv.gz",
    ),
    renamed(
        "plain, named packed", "t.csv.gz cannot be unpacked", CSV, "rename it", "t.csv", "t.csv.gz"
    ),
    refusal(
        "a gzip bomb",
        Change(
            "unpacks to more than 200 times its size",
            {"data.path": "t.csv.gz"},
            {"t.csv.gz": gzip.compress(BOMB)},
            run=with_a_low_limit,
        ),
        Change("unpack it yourself and name the", {"data.path": "u.csv"}, {"u.csv": BOMB}),
    ),
    # Text.
    of_file(
        "no UTF-8",
        "line 2 is not UTF-8 text",
        ACCENTED.encode("cp1252"),
        ("set data.encoding: cp1252", {"data.encoding": "cp1252"}),
        ("save it as UTF-8", ACCENTED),
    ),
    of_file(
        "UTF-16 without a mark",
        "holds zero bytes as UTF-16 does",
        CSV.encode("utf-16-le"),
        ("set data.encoding: utf-16-le", {"data.encoding": "utf-16-le"}),
        ("save it as UTF-8", CSV),
    ),
    of_file(
        "another encoding than declared",
        "not utf-16 text after line 1",
        ACCENTED,
        ("set data.encoding to the file's own", {"data.encoding": "utf-8"}),
        ("remove data.encoding if the file is UTF-8", {"data.encoding": REMOVED}),
        encoding="utf-16",
    ),
    of_file(
        "cut off inside a character",
        "t.csv ends inside a UTF-8 character",
        (CSV + "é").encode()[:-1],
        ("Write it again", CSV),
    ),
    of_file(
        "a quote in the header that is not closed",
        "the header cannot be read",
        '"' + CSV,
        ("close its quotes", '"x"' + CSV[1:]),
        ("set data.quote", {"data.quote": "'", "clean.drop_columns": []}),
    ),
    of_file(
        "no header",
        "line 1 is empty: it must hold the column names",
        "\n" + CSV,
        ("set data.skip_lines", {"data.skip_lines": 1}),
    ),
    of_file(
        "too few names",
        "data.columns names 2 columns, but t.csv has 6",
        CSV,
        ("name every one", {"data.columns": list(COLUMNS)}),
        columns=["x", "y"],
    ),
    of_file(
        "a column without a name",
        "column 2 has no name: name every column",
        CSV.replace("z", "", 1),
        ("name every column", CSV),
    ),
    of_file(
        "a long name",
        "has a name of 5000 characters",
        CSV.replace("z", "z" * 5000, 1),
        ("rename it", CSV),
    ),
    of_file(
        "a name over several lines",
        "characters, and more than",
        'x,"z' + CSV[3:] * 5 + '"' + CSV[3:],
        ("close its quote", CSV),
    ),
    of_file(
        "a zero byte in a name",
        "has a zero byte in its name",
        as_parquet({**COLUMNS, "z\0": COLUMNS["z"]}),
        ("rename it", PARQUET),
        file="t.parquet",
    ),
    of_file(
        "a name of tenfold's",
        "has a name that tenfold keeps for itself",
        CSV.replace("z", "tenfold_z", 1),
        ("rename it", CSV),
    ),
    of_file(
        "a name twice",
        "2 columns are named 'x': rename one",
        CSV.replace("z", "x", 1),
        ("rename one", CSV),
    ),
    of_file(
        "names that differ in case",
        "'x' and 'X' differ only in case",
        CSV.replace("z", "X", 1),
        ("rename one", CSV),
    ),
    of_file(
        "one column",
        "t.csv has one column, 'x,z,g,t,f,y'",
        CSV,
        ("set data.delimiter", {"data.delimiter": ","}),
        delimiter=";",
    ),
    of_file(
        "a title",
        "t.csv has one column, 'Results'",
        "Results\n" + CSV,
        ("data.skip_lines", {"data.skip_lines": 1}),
    ),
    refusal(
        "files of different columns",
        Change(
            "a.csv has a column 'z', but b.csv has none",
            {"data.path": "[ab].csv"},
            {"a.csv": CSV, "b.csv": table(z=REMOVED)["t.csv"]},
        ),
        Change("correct them", files={"b.csv": CSV}),
        Change("name one file", {"data.path": "a.csv"}),
    ),
    # Excel.
    of_excel(
        "an old workbook",
        "has a password or is an old .xls",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old",
        ("save it as .xlsx without one", BOOK),
    ),
    of_excel("no workbook", "t.xlsx is no Excel workbook", CSV, ("save the table as .xlsx", BOOK)),
    renamed("CSV named Excel", "t.xlsx is no Excel workbook", CSV, "or .csv", "t.csv", "t.xlsx"),
    of_excel(
        "a broken workbook",
        "t.xlsx is broken",
        b"PK\x03\x04 and so on",
        ("open it in Excel and save it again", BOOK),
    ),
    of_excel(
        "two sheets",
        "t.xlsx has 2 sheets",
        workbook(("data", GRID), ("notes", [["a"]])),
        ("name one as data.sheet", {"data.sheet": "data"}),
    ),
    of_excel(
        "an unknown sheet",
        "t.xlsx has no sheet 'dta'",
        BOOK,
        ("did you mean 'data'?", {"data.sheet": "data"}),
        sheet="dta",
    ),
    of_excel(
        "an empty first row",
        "row 1 of sheet 'data' is empty: it must hold the column names",
        workbook(("data", [[None], *GRID])),
        ("set data.skip_lines", {"data.skip_lines": 1}),
    ),
    of_excel(
        "a title in a sheet",
        "column 2 has no name: name every column",
        workbook(("data", [["May", None, 3], *GRID])),
        ("set data.skip_lines", {"data.skip_lines": 1}),
    ),
    of_excel(
        "an error in a cell",
        "data!B3 is the error #DIV/0!",
        workbook(("data", grid((3, 2, "#DIV/0!")))),
        ("mend the formula", BOOK),
        ("empty the cell", workbook(("data", grid((3, 2, None))))),
    ),
    of_excel(
        "a formula without a value",
        "data!A3 is a formula without a value",
        workbook(("data", grid((3, 1, "=1+1")))),
        ("open the workbook in Excel and save it", BOOK),
    ),
    of_excel(
        "a cell beyond the header",
        "data!G3 holds 'note', but the header ends before it",
        workbook(("data", grid((3, 7, "note")))),
        ("delete the cell", BOOK),
        ("name its column", workbook(("data", grid((1, 7, "note"), (3, 7, "note"))))),
    ),
    of_excel(
        "merged cells in the header",
        "data!A1:A2 are merged in the header",
        workbook(("data", GRID), merged="A1:A2"),
        ("unmerge them", BOOK),
    ),
    of_excel(
        "merged cells in the header's title",
        "are merged in the header",
        workbook(("data", [["May", None], *GRID]), merged="A1:B1"),
        ("skipped by data.skip_lines", {"data.skip_lines": 1}),
    ),
    of_excel(
        "cells merged across columns",
        "data!B3:C3 are merged across columns and hold 'green'",
        workbook(("data", GRID), merged="B3:C3"),
        ("unmerge them, and fill each cell", BOOK),
    ),
    # JSON.
    of_file(
        "JSON without objects",
        "t.json has no rows",
        "[1, 2]".replace("1, 2", ""),
        ("write each row as one", records()),
        file="t.json",
    ),
    of_file(
        "JSON with a byte order mark",
        "t.json begins with a byte order mark",
        b"\xef\xbb\xbf" + records().encode(),
        ("save it as UTF-8 without one", records()),
        file="t.json",
    ),
    of_file(
        "JSON, cut off",
        "begins with '[' but does not end with ']'",
        records()[:-1],
        ("Write it again", records()),
        file="t.json",
    ),
    of_file(
        "JSON with a record that is no object",
        "t.json: record 2 is",
        records((2, 7)),
        ("mend it", records()),
        file="t.json",
    ),
    of_file(
        "JSON with a nested value",
        "column 'z' holds a nested value in record 2",
        records((2, {**RECORDS[1], "z": [1]})),
        ("flatten", records()),
        ("remove it", records((2, {**RECORDS[1], "z": None}))),
        file="t.json",
    ),
    of_file(
        "a setting of CSV",
        "data.delimiter is for CSV, but data.path is t.parquet",
        PARQUET,
        ("remove data.delimiter", {"data.delimiter": REMOVED}),
        file="t.parquet",
        delimiter=",",
    ),
]
