"""How the cells of a column write numbers: marks, units, percents, brackets, limits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.scaffolding.columns.number_formats import detect

NO_BREAK, THIN, NARROW = "\u00a0", "\u2009", "\u202f"


@pytest.mark.parametrize(
    ("words", "cast", "values"),
    [
        (["$1,200.50", "$950"], {"strip": ["$"], "thousands": ","}, [1200.5, 950]),
        (["US$ 5", "6 USD"], {"strip": ["US$", "USD"]}, [5, 6]),
        (["5,00 €", "12,5 €"], {"strip": ["€"], "decimal": ","}, [5, 12.5]),
        (["5,00 €", "12,50 €"], {"strip": ["€"], "thousands": ".", "decimal": ","}, [5, 12.5]),
        (["$5.00", "$12.50"], {"strip": ["$"], "thousands": ","}, [5, 12.5]),
        (["5.00 kg", "12.50 kg"], {"strip": ["kg"]}, [5, 12.5]),
        (["-$5", "$-6", "$7"], {"strip": ["$"]}, [-5, -6, 7]),
        (["5%", "3.2 %"], {"percent": True}, [0.05, 0.032]),
        (["12 kg", "13kg"], {"strip": ["kg"]}, [12, 13]),
        (["5.5 mg/dL", "6 mg/dl"], {"strip": ["mg/dL", "mg/dl"]}, [5.5, 6]),
        (["36 months", "60 months"], {"strip": ["months"]}, [36, 60]),
        (["1 rider", "30 riders"], {"strip": ["rider", "riders"]}, [1, 30]),
        (["1.234,5", "2.000,0"], {"thousands": ".", "decimal": ","}, [1234.5, 2000]),
        (["1 234", "12"], {"thousands": " "}, [1234, 12]),
        ([f"1{NO_BREAK}234", f"5{THIN}678"], {"thousands": " "}, [1234, 5678]),
        ([f"1{NARROW}234,5"], {"thousands": " ", "decimal": ","}, [1234.5]),
        (["1'234.5", "2\u2019345"], {"thousands": "'"}, [1234.5, 2345]),
        (["1,23,456", "12,34,567"], {"thousands": ","}, [123456, 1234567]),
        (["5,-", "12,-"], {"strip": [",-"]}, [5, 12]),
        (["5-", "6.5-", "7"], {"negative": "trailing"}, [-5, -6.5, 7]),
        (["(1,234.50)", "500"], {"thousands": ",", "negative": "brackets"}, [-1234.5, 500]),
        (["1.5k", "2M", "300"], {"multiples": {"k": 1e3, "M": 1e6}}, [1500, 2e6, 300]),
        (["1.5M€", "300k€"], {"strip": ["€"], "multiples": {"M": 1e6, "k": 1e3}}, [1.5e6, 3e5]),
        (["<0.5", "1.2", ">100", "3"], {"detection_limit": "half"}, [0.25, 1.2, 100, 3]),
        (["10,000.5+", "500+"], {"strip": ["+"], "thousands": ","}, [10000.5, 500]),
        (["1.5", "1e5", ".5", "-3."], {}, [1.5, 1e5, 0.5, -3]),
    ],
)
def test_numbers_in_disguise_are_read(
    words: list[str], cast: dict[str, Any], values: list[float]
) -> None:
    found = detect(dict.fromkeys(words, 1))
    assert found is not None
    assert found.cast == {"type": "double"} | cast
    assert dict(found.values) == {float(value): 1 for value in values}
    assert (found.odd, found.questions) == ({}, ())


@pytest.mark.parametrize(
    "words",
    [
        *(["A1", "A2"], ["m1", "m2"], ["3A", "4B", "1C"], ["1st", "2nd"], ["192.168.1.1"]),
        *(
            ["5-6-"],
            ["(5"],
            ["-(5)"],
            ["12:30", "11:45"],
            ["05/03/20"],
            ["2024-05-31"],
            ["10-20", "20-30"],
            ["1/2", "3/4"],
        ),
        *(["$50K-$70K"], ["5'11", "6'2"], ["+49 30 123456"], ["3:1"], ["1_000"], ["v1.2"]),
        *(["<=50K", ">50K"], ["red", "blue"], ["<5", "<10", ">20"], ["00501", "00502", "1"]),
    ],
)
def test_codes_dates_ranges_and_words_are_no_numbers(words: list[str]) -> None:
    found = detect(dict.fromkeys(words, 50))
    assert found is None or 2 * sum(found.odd.values()) > 50 * len(words)


@pytest.mark.parametrize(
    ("words", "known", "value", "asked"),
    [
        (["1,200", "950"], None, 1200, "read as 1200 (thousands: ','): or is it 1.2"),
        (["1,200", "950"], ".", 1200, "read as 1200"),
        (["1,200", "950"], ",", 1.2, "read as 1.2 (decimal: ','): or is it 1200"),
        (["1.200", "950"], None, 1200, "read as 1200 (thousands: '.'): or is it 1.2"),
        (["1.200", "950"], ".", 1.2, "read as 1.2"),
        (["1.234", "5.678"], None, 1.234, ""),
        (["45.500", "52.000"], None, 45500, "read as 45500"),
        (["1,234,567", "950"], None, 1234567, ""),
    ],
)
def test_a_mark_before_three_digits_is_asked_about(
    words: list[str], known: str | None, value: float, asked: str
) -> None:
    found = detect(dict.fromkeys(words, 1), known=known)
    assert found is not None
    assert next(iter(found.values)) == value
    assert bool(found.questions) == bool(asked)
    assert asked in "".join(found.questions)


def test_several_units_are_asked_about_and_never_taken_for_one() -> None:
    found = detect({"5 kg": 50, "500 g": 50})
    assert found is not None
    assert not found.is_sure
    assert "several units: kg (50 cells), g (50 cells)" in found.questions
    few = detect({"5 kg": 500, "500 g": 5})
    assert few is not None
    assert (few.is_sure, few.odd) == (True, {"500 g": 5})


def test_a_percent_sign_in_some_cells_only_is_asked_about() -> None:
    shares = detect({"5%": 50, "0.05": 50})
    assert shares is not None
    assert not shares.is_sure
    numbers = detect({"5%": 50, "7": 50})
    assert numbers is not None
    assert (numbers.cast["strip"], dict(numbers.values)) == (["%"], {5.0: 50, 7.0: 50})
    assert "50 cells have a percent sign ('5%') and 50 have none" in numbers.questions[0]


MARKS = st.sampled_from([(",", "."), (".", ","), (" ", "."), (" ", ","), ("'", "."), (NARROW, ",")])


@pytest.mark.slow
@given(
    marks=MARKS,
    before=st.sampled_from(["", "$", "€ ", "CHF "]),
    after=st.sampled_from(["", " kg", "%", " USD"]),
    numbers=st.lists(st.integers(-(10**9), 10**9), min_size=20, max_size=30, unique=True),
)
def test_whatever_writes_all_numbers_of_a_column_is_undone(
    marks: tuple[str, str], before: str, after: str, numbers: list[int]
) -> None:
    thousands, decimal = marks
    # Two decimals show which mark is the decimal one.
    written = {
        f"{n / 100:,.2f}".translate(str.maketrans(",.", thousands + decimal)): n / 100
        for n in numbers
    }
    words = {
        ("-" if word[0] == "-" else "") + before + word.lstrip("-") + after: 1 for word in written
    }
    found = detect(words)
    if before and after == " USD" and before != "$":
        return
    assert found is not None
    assert (found.odd, found.questions) == ({}, ())
    share = 100 if after == "%" else 1
    expected = sorted(number / share for number in written.values())
    assert sorted(found.values) == pytest.approx(expected)
