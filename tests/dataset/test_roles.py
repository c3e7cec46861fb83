"""What the columns are to a model, and which declarations do not fit them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tenfold.dataset import roles
from tenfold.params import Preprocessing
from tenfold.runtime import UserError

N = 60


def table(**more: Any) -> Any:
    columns = {
        "tenfold_row": pa.array(range(N)),
        "size": pa.array([0.5] * N),
        "colour": pa.array(["red", "blue", None] * (N // 3)),
        "when": pa.array([1_700_000_000_000_000] * N, pa.timestamp("us")),
        "count": pa.array(range(N)),
        **more,
        "y": pa.array([0, 1] * (N // 2)),
    }
    return pa.table(columns)


def notes(distinct: int, absent: int = 0) -> Any:
    texts = [f"note {number % distinct}" for number in range(N - absent)]
    return pa.array([*texts, *[None] * absent])


def choose(own: Any, **declared: Any) -> tuple[dict[str, list[str]], dict[str, str]]:
    names = [name for name in own.column_names if name not in ("tenfold_row", "y")]
    found = roles.of(own.schema, names)
    return roles.choose(found, Preprocessing.model_validate(declared), own.column)


def refusal(own: Any, **declared: Any) -> str:
    with pytest.raises(UserError) as refused:
        choose(own, **declared)
    return str(refused.value)


def test_columns_are_numbers_texts_or_dates_by_their_type() -> None:
    assert choose(table()) == (
        {"numeric": ["size", "count"], "categorical": ["colour"], "dates": ["when"]},
        {},
    )


@pytest.mark.parametrize(
    ("distinct", "absent", "free"),
    [(N, 0, True), (21, 19, True), (21, 18, False), (20, 30, False), (31, 0, True)],
)
def test_free_text_is_mostly_different_where_it_is_present(
    distinct: int, absent: int, free: bool
) -> None:
    own = table(note=notes(distinct, absent))
    if not free:
        assert choose(own)[0]["categorical"] == ["colour", "note"]
        return
    message = refusal(own)
    assert f"'note' ({distinct} different values in {N - absent} rows)" in message


def test_the_refusal_of_free_text_names_every_column_and_the_cures() -> None:
    message = refusal(table(note=notes(N), remark=notes(50)))
    assert "'note' (60 different values in 60 rows)" in message
    assert "'remark' (50 different values in 60 rows)" in message
    for cure in ("preprocessing.text: drop", "clean.drop_columns", "columns.<name>.encode"):
        assert cure in message


def test_free_text_is_dropped_by_declaration_and_that_is_reported() -> None:
    left, dropped = choose(table(note=notes(N)), text="drop")
    assert left["categorical"] == ["colour"]
    assert dropped == {"note": "free text"}


def test_one_column_of_text_is_dropped_by_its_name() -> None:
    columns = {"note": {"text": "drop"}, "colour": {"text": "drop"}}
    left, dropped = choose(table(note=notes(N)), columns=columns)
    assert left["categorical"] == []
    assert dropped == dict.fromkeys(("note", "colour"), "named in preprocessing.columns")


@pytest.mark.parametrize("text", ["refuse", "drop"])
def test_a_column_with_an_encoding_of_its_own_is_no_free_text(text: str) -> None:
    columns = {"note": {"encode": "target"}}
    assert choose(table(note=notes(N)), text=text, columns=columns)[0]["categorical"] == [
        "colour",
        "note",
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"colur": {"encode": "target"}}, "no feature column 'colur'; did you mean 'colour'?"),
        ({"y": {"scale": "none"}}, "no feature column 'y'"),
        ({"tenfold_row": {}}, "no feature column 'tenfold_row'"),
        ({"colour": {"scale": "none"}}, "colour.scale does not fit a column of text"),
        ({"size": {"encode": "target"}}, "size.encode does not fit a column of numbers"),
        ({"size": {"text": "drop"}}, "size.text does not fit a column of numbers"),
        ({"when": {"min_frequency": 3}}, "when.min_frequency does not fit a column of dates"),
        ({"when": {"impute": "constant"}}, "must be median, mean or most_frequent for dates"),
    ],
)
def test_a_declaration_that_does_not_fit_its_column_is_refused(
    columns: dict[str, Any], message: str
) -> None:
    assert message in refusal(table(), columns=columns)


def test_a_table_of_nothing_but_dropped_text_is_refused() -> None:
    own = pa.table({"note": notes(N), "y": pa.array([0, 1] * (N // 2))})
    assert "no feature column is left but text (note)" in refusal(own, text="drop")
