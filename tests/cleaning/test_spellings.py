"""Categories in several spellings: what is taken for a slip, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.cleaning.spellings import corrections, near_misses


@pytest.mark.parametrize(
    ("common", "rare"),
    [
        *(("London", "Londn"), ("London", "Lodnon"), ("London", "Londonn"), ("London", "Lindon")),
        *(("one year", "one yr"), ("January", "Jan"), ("Doctor", "Dr"), ("High Street", "High St")),
        *(("Month-to-month", "month to month"), ("New York", "NewYork"), ("St.", "st")),
        *(("Bristol", "bristol"), ("Bristol", "BRISTOL "), ("caf\u00e9", "cafe\u0301")),
    ],
)
def test_a_rare_category_is_taken_for_the_common_one_that_it_nearly_is(
    common: str, rare: str
) -> None:
    assert corrections({common: 200, "another": 90, rare: 4}) == {rare: common}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("A1", "A2"), ("2019", "2018"), ("type 1", "type 2"), ("A", "A+"), ("A-", "A+")),
        *(("C", "C++"), ("<=50K", ">50K"), ("male", "female"), ("Iran", "Iraq")),
        *(("Austria", "Australia"), ("Slovakia", "Slovenia"), ("Niger", "Nigeria")),
        *(
            ("Mali", "Malawi"),
            ("north", "south"),
            ("INLAND", "ISLAND"),
            ("type I", "type II"),
        ),
    ],
)
def test_codes_and_other_words_are_not(one: str, other: str) -> None:
    assert corrections({one: 200, other: 4}) == {}


def test_two_common_categories_are_two_unless_they_differ_in_case_or_marks_alone() -> None:
    assert corrections({"London": 200, "Londun": 100}) == {}
    assert corrections({"London": 200, "london": 199}) == {"london": "London"}


@given(st.dictionaries(st.text(max_size=12), st.integers(1, 1000), max_size=40))
def test_a_correction_never_needs_another(rows: dict[str, int]) -> None:
    found = corrections(rows)
    assert set(found) <= set(rows)
    assert not set(found) & set(found.values())


def test_a_sentence_is_compared_with_none() -> None:
    long = "long " * 100_000
    assert list(near_misses([f"{long}word", f"{long}wrod", "London", "Londn"])) == [
        ("London", "Londn")
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({"female": 50, "f": 50, "male": 60, "M.": 30}, {"f": "female", "M.": "male"}),
        ({"female": 50, "f": 30, "F": 2}, {"F": "female", "f": "female"}),
        ({"yes": 200, "y": 4}, {"y": "yes"}),
        ({"yes": 5, "no": 4, "y": 3, "n": 2}, {"y": "yes", "n": "no"}),
        ({"N": 1, "NE": 2, "S": 3}, {}),
        ({"A": 3, "B": 4, "Apple": 3, "Avocado": 2}, {}),
        ({"F": 3, "M": 4}, {}),
        ({"K\u00f6ln": 5, "Koln": 9}, {"K\u00f6ln": "Koln"}),
        ({"\u0439": 5, "\u0438": 9}, {}),
    ],
)
def test_initials_and_accents(rows: dict[str, int], expected: dict[str, str]) -> None:
    assert corrections(rows) == expected
