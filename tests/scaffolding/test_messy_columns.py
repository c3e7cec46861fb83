"""Columns as people really have them, after public reports: what init declares, and what it asks.

docs/init.md lists them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold.scaffolding import guesses

N = 300
DRAW = np.random.default_rng(0)
MONEY = DRAW.lognormal(8, 1, N)
COUNTS = DRAW.integers(1, 2000, N)
DAYS = pd.date_range("2015-01-01", periods=N, freq="5D")
ISO = DAYS.strftime("%Y-%m-%d")
EURO = "\u20ac"
GERMAN = str.maketrans(",.", ".,")


def guess(cells: Iterable[Any]) -> guesses.GuessedTable:
    """What is guessed of a table with these cells in column x."""
    draw = np.random.default_rng(1)
    frame = pd.DataFrame({"x": list(cells), "z": draw.normal(size=N), "y": draw.normal(size=N)})
    frame.round(3).to_csv("t.csv", index=False)
    return guesses.guess("t.csv", "y", {})


def some(cells: Iterable[Any], word: str, every: int) -> list[Any]:
    """The cells, every so many of them replaced by a word."""
    return [word if n % every == 0 else cell for n, cell in enumerate(cells)]


# What they write -> the cells and the declaration, `type: double` aside.
NUMBERS: dict[str, tuple[Iterable[Any], dict[str, Any]]] = {
    "downloads, 10,000+": (
        [f"{10**n:,}+" for n in DRAW.integers(1, 7, N)],
        {"strip": ["+"], "thousands": ","},
    ),
    "sizes of apps, 19M and 201k": (
        some([f"{v:.0f}M" if v > 5 else f"{v * 99:.0f}k" for v in MONEY / 500], "Varies", 7),
        {"multiples": {"M": 1_000_000, "k": 1000}},
    ),
    "players, \u20ac110.5M": (
        [f"{EURO}{v / 100:.1f}M" for v in MONEY],
        {"strip": [EURO], "multiples": {"M": 1_000_000}},
    ),
    "power, 74.02 bhp and null bhp": (
        some([f"{v / 10:.2f} bhp" for v in COUNTS], "null bhp", 30),
        {"strip": ["bhp"]},
    ),
    "lakh and crore": (
        [f"{v:.2f} {'Lac' if n % 2 else 'Cr'}" for n, v in enumerate(MONEY)],
        {"multiples": {"Cr": 10_000_000, "Lac": 100_000}},
    ),
    "German money, 1.234,56 \u20ac": (
        [f"{v:,.2f} {EURO}".translate(GERMAN) for v in MONEY],
        {"strip": [EURO], "thousands": ".", "decimal": ","},
    ),
    "French money, narrow no-break spaces": (
        [f"{v:,.2f} {EURO}".replace(",", "\u202f").replace(".", ",") for v in MONEY],
        {"strip": [EURO], "thousands": " ", "decimal": ","},
    ),
    "Swiss money, CHF 1'234.50": (
        [f"CHF {v:,.2f}".replace(",", "'") for v in MONEY],
        {"strip": ["CHF"], "thousands": "'"},
    ),
    "a minus behind, 5-": (
        [f"{abs(v):.2f}{'-' if v < 0 else ''}" for v in DRAW.normal(size=N)],
        {"negative": "trailing"},
    ),
    "a typographic minus": (
        [f"{v:.1f}".replace("-", "\u2212") for v in DRAW.normal(size=N)],
        {},
    ),
    "an accountant, (1,234.50) and -": (
        some([f"({v:,.2f})" if v > 5000 else f"{v:,.2f}" for v in MONEY], "-", 9),
        {"thousands": ",", "negative": "brackets"},
    ),
    "a laboratory, <0.01 and neg": (
        some(["<0.01" if v < 0.1 else f"{v:.2f}" for v in DRAW.exponential(1, N)], "neg", 99),
        {"detection_limit": "half"},
    ),
    "a bank of statistics, ..": (some([f"{v:.3f}" for v in MONEY], "..", 9), {}),
    "signed percents, +1.5%": ([f"{v:+.1f}%" for v in DRAW.normal(size=N)], {"percent": True}),
    "terms, 36 months": ([f" {n} months" for n in DRAW.choice([36, 60], N)], {"strip": ["months"]}),
}
# What they write -> the cells and the format.
DATES: dict[str, tuple[Iterable[str], str]] = {
    "31-OCT-2023": ([d.upper() for d in DAYS.strftime("%d-%b-%Y")], "%d-%b-%Y"),
    "Dec 8, 2022": (DAYS.strftime("%b %d, %Y"), "%b %d, %Y"),
    "January 10, 2012": (DAYS.strftime("%B %d, %Y"), "%B %d, %Y"),
    "11. 1. 2021": (DAYS.strftime("%d. %m. %Y"), "%d. %m. %Y"),
    "Dec-18": (DAYS.strftime("%b-%y"), "%b-%y"),
    "01JAN2015": ([d.upper() for d in DAYS.strftime("%d%b%Y")], "%d%b%Y"),
    "2018-05-31 12:34:56 UTC": (
        DAYS.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "%Y-%m-%d %H:%M:%S UTC",
    ),
    "Wed Oct 10 20:19:24 +0000 2018": (
        DAYS.strftime("%a %b %d %H:%M:%S +0000 %Y"),
        "%a %b %d %H:%M:%S +0000 %Y",
    ),
    "20240531": (DAYS.strftime("%Y%m%d"), "%Y%m%d"),
}
# What they write -> the cells and what is asked or said.
ASKED: dict[str, tuple[Iterable[Any], str]] = {
    "$1.00 and \u20ac1.00": (
        [f"{('$', EURO)[n % 2]}{v:,.2f}" for n, v in enumerate(MONEY)],
        f"x: several units: $ (150 cells), {EURO} (150 cells); to read all alike: clean.types: ",
    ),
    "1133 - 1384 among numbers": (
        [f"{v} - {v + 200}" if n % 12 == 0 else v for n, v in enumerate(COUNTS)],
        "x: 275 of 300 cells are numbers, and others such as '",
    ),
    "34.46Sq. Meter among numbers": (
        some(COUNTS, "34.46Sq. Meter", 150),
        "x: 2 cells do not fit ('34.46Sq. Meter'): the rows are rejected",
    ),
    "footnotes, 1234[1]": (
        [f"{v}[1]" if n % 150 == 0 else v for n, v in enumerate(COUNTS)],
        "x: 2 cells do not fit ('",
    ),
    "traces of rain, T, and M for missing": (
        some(some([f"{v:.2f}" for v in MONEY], "T", 5), "M", 20),
        "x: 'T' (45 cells), 'M' (15 cells) among numbers: taken for no value",
    ),
    "01/01/2015 and 2015-01-06": (
        [d.strftime("%d/%m/%Y" if n % 2 else "%Y-%m-%d") for n, d in enumerate(DAYS)],
        "x: dates in several formats (ISO 8601 fits 150, %d/%m/%Y fits 150",
    ),
    "0000-00-00 among dates": (some(ISO, "0000-00-00", 100), "x: 3 cells do not fit ('0000-"),
    "9999-12-31 for an open end": (
        some(ISO, "9999-12-31", 4),
        "x: 9999-12-31 in 75 cells, far above all others",
    ),
    "births, 14/05/45": (
        pd.to_datetime(DRAW.integers(-9 * 10**8, 10**9, N), unit="s").strftime("%d/%m/%y"),
        "x: years of two digits: 69 to 99 are taken for 1969 to 1999",
    ),
    "20240531": (DAYS.strftime("%Y%m%d"), "is read as a date: or is it a number?"),
    "seconds since 1970": (
        1_577_836_800 + DRAW.choice(10**8, N, replace=False),
        'clean.derive: {x_date: make_timestamp(("x" * 1000000)::BIGINT)}',
    ),
    "blood pressure, 120/80": (
        [f"{v}/{v % 50 + 50}" for v in COUNTS],
        "x: is left out, though cells such as '",
    ),
    "190Nm@ 2000rpm": ([f"{v}Nm@ 2000rpm" for v in COUNTS], "x: is left out, though cells such as"),
}
TEXTS: dict[str, Iterable[Any]] = {
    "subplots, 41_10_1": [f"{n % 40}_{n % 10}_{n % 5}" for n in range(N)],
    "postcodes, 00501": [f"{n:05}" for n in DRAW.choice(40, N) + 500],
    "ids of eighteen digits": [str(10**17 + int(n)) for n in DRAW.choice(50, N)],
    "10+ years, < 1 year": DRAW.choice(["10+ years", "< 1 year", "1 year", "2 years"], N),
    "grades 1, 2, 3, X": DRAW.choice(["1", "2", "3", "X"], N),
    "ratios, 1:4": [f"1:{n % 9}" for n in range(N)],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_read(name: str) -> None:
    cells, cast = NUMBERS[name]
    found = guess(cells)
    assert found.columns["x"].reading.cast == {"type": "double"} | cast
    assert "x" not in found.dropped


@pytest.mark.slow
@pytest.mark.parametrize("name", DATES)
def test_dates_are_read(name: str) -> None:
    cells, form = DATES[name]
    found = guess(cells)
    assert found.columns["x"].reading.cast == {"type": "date", "format": form}
    assert "x" not in found.dropped


@pytest.mark.slow
@pytest.mark.parametrize("name", ASKED)
def test_what_has_two_readings_or_none_is_asked_or_said(name: str) -> None:
    cells, question = ASKED[name]
    assert question in "\n".join(guess(cells).questions)


@pytest.mark.slow
@pytest.mark.parametrize(
    "cells",
    [
        [f"A{n:04}-{n % 7}" for n in range(N)],
        [f"2024-{n:05}" for n in range(N)],
        [f"C{n} C{n + 2}" for n in range(N)],
    ],
    ids=["codes", "numbers of one length", "cabins"],
)
def test_ids_are_left_out_without_a_word_about_their_digits(cells: list[str]) -> None:
    found = guess(cells)
    assert "x" in found.dropped
    assert found.questions == []


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_codes_stay_texts(name: str) -> None:
    found = guess(TEXTS[name])
    assert (found.columns["x"].kind, found.columns["x"].reading.cast) == ("text", {})
