"""Numbers that are written as a column declares: money, percent, units, limits of detection."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold import cleaning, runtime
from tenfold.metrics import Task
from tenfold.params import Clean, Data
from tenfold.runtime import UserError


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(cells: list[str], cast: dict[str, Any], column: str = "v") -> dict[str, float | None]:
    """What each cell is read as; cells of rejected rows are left out."""
    lines = [f'"{cell}";{number};{number % 2}' for number, cell in enumerate(cells)]
    names = {"v": "v;n;y", "y": "y;n;v"}[column]
    Path("t.csv").write_text("\n".join([names, *lines]), encoding="utf-8")
    rules = Clean.model_validate({"types": {column: cast}, "drop_missing_target": False})
    task: Task = "binary" if column == "v" else "regression"
    with runtime.directory(Path("out")) as out:
        cleaning.clean(Data(path="t.csv", target="y", delimiter=";"), rules, task, out)
    kept = pq.read_table("out/table.parquet").to_pylist()
    rejected = pq.read_table("out/rejected.parquet").to_pylist()
    reasons = {row["tenfold_reason"] for row in rejected}
    assert reasons <= {f"type: {column} is not {cast['type']}"}
    assert {row[column] for row in rejected} == set(cells) - {cells[row["n"]] for row in kept}
    return {cells[row["n"]]: row[column] for row in kept}


MONEY = {"type": "double", "strip": ["$", "USD"], "thousands": ",", "negative": "brackets"}
CASTS: list[tuple[dict[str, Any], dict[str, float | None]]] = [
    (
        MONEY,
        {
            "$1,234.50": 1234.5,
            "USD 5": 5,
            "5 USD": 5,
            "-$5": -5,
            "$-5": -5,
            "($5)": -5,
            "$(1,234)": -1234,
            "(1,234) USD": -1234,
            "$ 7": 7,
            "+7": 7,
            "\u22127": -7,
            "950": 950,
            "1e3": 1000,
        },
    ),
    ({"type": "double", "percent": True}, {"5%": 0.05, "5.3 %": 0.053, "-2%": -0.02, "0": 0}),
    ({"type": "double", "strip": ["kg"]}, {"5kg": 5, "5.5 kg": 5.5, "kg 6": 6, "7\u00a0kg": 7}),
    ({"type": "double", "strip": "m2"}, {"45 m2": 45, "46m2": 46}),
    ({"type": "double", "strip": ["Rs.", "/-"]}, {"Rs. 500": 500, "Rs.50/-": 50}),
    (
        {"type": "double", "multiples": {"k": 1000, "M": 1000000, "dozen": 12}},
        {"1.005k": 1005, "2M": 2e6, "3 k": 3000, "2 dozen": 24, "950": 950},
    ),
    (
        {"type": "double", "strip": "$", "multiples": {"bn": 1e9}, "negative": "brackets"},
        {"$1.2bn": 1.2e9, "($3 bn)": -3e9},
    ),
    ({"type": "double", "detection_limit": "half"}, {"<0.5": 0.25, "< 3": 1.5, ">9": 9, "7": 7}),
    ({"type": "double", "detection_limit": "limit"}, {"<0.5": 0.5, "\u22643": 3, ">=9": 9}),
    ({"type": "double", "detection_limit": "zero"}, {"<0.5": 0, ">9": 9, "0.7": 0.7}),
    ({"type": "double", "detection_limit": "missing"}, {"<0.5": None, ">9": None, "7": 7}),
    (
        {"type": "double", "detection_limit": "half", "strip": ["mg/L", "ppb"]},
        {"<0.5 mg/L": 0.25, "ppb <3": 1.5, "7 mg/L": 7},
    ),
    (
        {"type": "double", "thousands": " ", "decimal": ","},
        {"1 234,5": 1234.5, "1\u00a0234": 1234, "1\u202f234": 1234, "1\u2009234\u2009567": 1234567},
    ),
    ({"type": "double", "thousands": "'"}, {"1'234.5": 1234.5, "1\u2019234": 1234}),
    ({"type": "double", "thousands": ".", "decimal": ","}, {"1.234,5": 1234.5, "1.234": 1234}),
    ({"type": "double", "thousands": ","}, {"1,23,45,678.9": 12345678.9, "1,234": 1234}),
    ({"type": "integer", "thousands": ",", "negative": "trailing"}, {"1,234-": -1234, "5": 5}),
    ({"type": "integer", "strip": "pcs"}, {"12 pcs": 12, "1.0": 1}),
    ({"type": "double"}, {"\u22127.5": -7.5, "1": 1}),
]
ODD = {
    "strip": ["5 g", "5$5", "5 k$", "$", "x"],
    "thousands": ["1.2.3", ",5,", "1,,234", "1''234", "1  234"],
    ",": ["1,2345", "12,34"],
    "percent": ["5", "%", "5%%", "1e1%"],
    "negative": ["(5", "5)", "-(5)", "--5", "()", "-5-"],
    "multiples": ["k", "5kk", "5 K", "1e3k"],
    "detection_limit": ["<", "<>5", "<x", "5<", "~5"],
}
ERRORS = ["#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#N/A", "#NULL!"]


@pytest.mark.slow
@pytest.mark.parametrize(("cast", "cells"), CASTS, ids=str)
def test_numbers_are_read_as_declared(cast: dict[str, Any], cells: dict[str, float | None]) -> None:
    declared = [*cast, cast.get("thousands", "")]
    odd = [cell for setting in declared if setting in ODD for cell in ODD[setting]]
    assert read([*cells, *odd, *ERRORS], cast) == cells


def test_the_target_is_read_as_declared_too() -> None:
    cells = {"$1,200": 1200.0, "$950": 950.0, "($3)": -3.0}
    assert read([*cells, "ask"], MONEY, "y") == cells


@pytest.mark.parametrize("limit", ["half", "zero"])
def test_a_negative_limit_is_halved_or_made_zero_by_no_rule(limit: str) -> None:
    """Both lie above it."""
    cast = {"type": "double", "detection_limit": limit}
    assert read(["<-5", "<4", ">-5"], cast) == {"<4": {"half": 2, "zero": 0}[limit], ">-5": -5}


@pytest.mark.slow
@settings(max_examples=20)
@given(
    numbers=st.lists(st.decimals(-(10**12), 10**12, places=2), min_size=1, unique=True),
    marks=st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), (" ", ".")]),
    unit=st.sampled_from(["", "$", "EUR", "kg"]),
)
def test_what_is_written_is_read_again(
    numbers: list[Decimal], marks: tuple[str, str], unit: str
) -> None:
    thousands, decimal = marks
    cells: dict[str, float | None] = {}
    for number in numbers:
        written = f"{number:,.2f}".translate({ord(","): thousands, ord("."): decimal})
        cells |= {f"{unit} {written}": float(number), f"{written}{unit} ": float(number)}
    cast = {"type": "double", "thousands": thousands, "decimal": decimal, "strip": ["$", "EUR"]}
    assert read(list(cells), cast | ({"strip": unit} if unit else {})) == cells


@pytest.mark.parametrize(
    ("cast", "message"),
    [
        ({"type": "text", "percent": True}, "percent is for the type double, but type is text"),
        ({"type": "date", "strip": "$"}, "strip is for the type integer or double, but type is"),
        ({"type": "integer", "multiples": {"k": 1000}}, "multiples is for the type double, but"),
        ({"type": "double", "strip": ""}, "strip"),
        ({"type": "double", "strip": " $"}, "strip must hold words such as $ or kg"),
        ({"type": "double", "strip": ["5"]}, "strip must hold words such as $ or kg"),
        ({"type": "double", "strip": ","}, "strip must hold words such as $ or kg"),
        ({"type": "double", "multiples": {"k": 0}}, "multiples.k must be above 0, but got 0"),
        ({"type": "double", "multiples": {"-": 2}}, "multiples must hold words such as $ or kg"),
        ({"type": "double", "strip": "k", "multiples": {"k": 10}}, "both hold 'k'"),
        ({"type": "double", "percent": True, "strip": "%"}, "percent: true reads 5% as 0.05"),
        ({"type": "double", "percent": True, "multiples": {"k": 10}}, "multiples would not"),
        ({"type": "double", "negative": "()"}, "negative"),
        ({"type": "double", "decimal": ",", "thousands": ","}, "decimal and thousands must differ"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(
    cast: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError) as refused:
        Clean.model_validate({"types": {"v": cast}})
    assert message in str(refused.value)


def test_a_mark_between_digits_is_not_the_decimal_mark_of_the_table() -> None:
    Path("t.csv").write_text("v;y\n1.5;0\n2.5;1\n")
    rules = Clean.model_validate({"types": {"v": {"type": "double", "thousands": "."}}})
    with pytest.raises(UserError, match=r"set clean.types.v.decimal"):
        cleaning.clean(Data(path="t.csv", target="y"), rules, "binary", Path())
