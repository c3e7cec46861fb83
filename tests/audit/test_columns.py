"""Columns that are too good, too poor or not their own: what is said, and what is left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tenfold import audit
from tenfold.audit import Finding
from tenfold.dataset import ROW
from tenfold.metrics import Task
from tenfold.params import Audit

N = 400
DRAW = np.random.default_rng(5)
NOISE = DRAW.normal(size=N)
BINARY = DRAW.integers(0, 2, N)
VALUES = DRAW.gamma(2.0, size=N)


def look(column: Any, y: Any = BINARY, task: Task = "binary", **more: Any) -> list[Finding]:
    table = pa.table({ROW: range(N), "noise": NOISE, "column": column, **more, "y": y})
    in_test = np.arange(N) % 5 == 0
    return audit.audit(table, "y", task, in_test, Audit(), seed=0)


def seen(*arguments: Any, **more: Any) -> list[tuple[str, tuple[str, ...]]]:
    return [(finding.check, finding.columns) for finding in look(*arguments, **more)]


ONE = ("column",)


# Chapter: the target in disguise


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "how"),
    [
        (VALUES, "a straight line"),
        (5 - 3 * VALUES, "a straight line"),
        (VALUES**2, "the same order"),
        (np.floor(VALUES * 2), "the same order"),
        ([f"{value:.6f} kg" for value in VALUES], "the same order, as text"),
        (np.array(list("zbya"))[np.digitize(VALUES, [1, 2, 3])], "ranges of it"),
    ],
)
def test_a_copy_of_a_number_is_named_by_its_kind(column: Any, how: str) -> None:
    found = look(column, VALUES, "regression")
    assert (found[0].check, found[0].columns, found[0].level) == ("target_copy", ONE, "error")
    assert found[0].figures == {"kind": how}


def test_a_recoding_of_repeated_numbers_is_a_copy() -> None:
    rating = DRAW.integers(0, 9, N)
    names = np.array(list("ghazbqyxe"))[rating]
    assert look(names, rating.astype(float), "regression")[0].figures == {
        "kind": "one value for each value"
    }


def test_a_copy_with_gaps_is_a_copy() -> None:
    gaps = np.where(DRAW.random(N) < 0.3, np.nan, BINARY * 7.0)
    assert look(gaps)[0].figures == {"kind": "one value for each class where it is present"}


def test_a_rounded_target_tells_of_the_column_it_was_made_from() -> None:
    assert seen(VALUES, np.round(VALUES), "regression") == [("target_copy", ONE)]


def test_one_row_of_many_that_contradicts_makes_a_leak_of_a_copy() -> None:
    changed = BINARY.copy()
    changed[7] = 1 - changed[7]
    assert seen(changed) == [("leak", ONE)]


def test_a_coarser_grouping_of_the_classes_is_honest() -> None:
    species = DRAW.integers(0, 4, N)
    assert seen(species // 2, species, "multiclass") == []


def test_a_column_that_differs_everywhere_is_no_recoding() -> None:
    ids = [f"u{number}" for number in DRAW.permutation(N)]
    assert seen(ids, VALUES, "regression") == [("id_like", ONE)]


# Chapter: almost the target


@pytest.mark.parametrize(("sd", "expected"), [(0.05, True), (0.4, False)])
def test_a_number_close_to_the_target_is_a_leak(sd: float, expected: bool) -> None:
    column = np.log(VALUES) + DRAW.normal(size=N) * sd * np.std(np.log(VALUES))
    assert seen(column, VALUES, "regression") == ([("leak", ONE)] if expected else [])


def test_a_column_filled_for_one_class_only_is_a_leak() -> None:
    saved = (BINARY == 1) & (NOISE > 0.8)
    found = look(pa.array(["boat" if one else None for one in saved.tolist()]))
    assert [one.check for one in found] == ["leak"]
    assert found[0].figures["cells"] == "filled"
    assert found[0].figures["class"] == "1"


def test_a_few_cells_of_one_class_are_chance() -> None:
    few = np.full(N, np.nan)
    few[np.flatnonzero(BINARY)[:10]] = DRAW.normal(size=10)
    assert seen(few) == []


@pytest.mark.parametrize(("step", "row"), [(-1, "next"), (1, "previous")])
def test_the_neighbours_target_is_a_leak(step: int, row: str) -> None:
    shifted = np.roll(VALUES, step)
    shifted[-1 if step == -1 else 0] = np.nan
    found = look(shifted, VALUES, "regression")
    assert [(one.check, one.figures) for one in found] == [("leak", {"row": row})]


def test_neighbours_of_sorted_labels_are_judged_as_the_label_itself() -> None:
    in_order = np.sort(BINARY)
    lagged = np.concatenate([[0], in_order[:-1]])
    assert [finding.figures.keys() for finding in look(lagged, in_order)] == [{"auroc"}]


# Chapter: poor columns


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (np.arange(N) + 5_000, True),
        (DRAW.permutation(N) * 3, True),
        (DRAW.choice(9_000_000, N, replace=False) + 1_000_000, True),
        ((DRAW.permutation(N) + 1) ** 3, False),
        (np.arange(N) // 2, False),
        (NOISE * 2, False),
        (-DRAW.choice(9_000_000, N, replace=False), False),
    ],
    ids=["counted", "by threes", "of seven digits", "cubes", "twice each", "doubles", "negative"],
)
def test_whole_numbers_that_count_rows_are_ids(column: Any, expected: bool) -> None:
    checks = [finding.check for finding in look(column, VALUES, "regression")]
    assert ("id_like" in checks) == expected


@pytest.mark.parametrize(("rows_each", "expected"), [(1, True), (3, False)])
def test_texts_that_hardly_come_again_are_ids(rows_each: int, expected: bool) -> None:
    words = [f"w{row // rows_each}" for row in DRAW.permutation(N)]
    assert seen(words) == ([("id_like", ONE)] if expected else [])


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        (NOISE * -3.5 + 1, True),
        (np.exp(NOISE), True),
        (NOISE.astype(np.float32).astype(np.float64), True),
        (NOISE + DRAW.normal(size=N) * 0.1, False),
        (NOISE**2, False),
    ],
    ids=["rescaled", "same order", "rounded", "noisy", "folded"],
)
def test_copies_of_numbers_are_found_and_relatives_left_alone(copy: Any, expected: bool) -> None:
    assert seen(copy) == ([("copied_columns", ("noise", "column"))] if expected else [])


def test_three_spellings_of_one_category_are_one_finding() -> None:
    codes = DRAW.integers(0, 5, N)
    names, letters = np.array(list("vwxyz"))[codes], np.array(list("edabc"))[codes]
    assert seen(codes, names=names, letters=letters) == [
        ("copied_columns", ("column", "names", "letters"))
    ]


def test_rare_flags_that_meet_by_chance_are_no_copies() -> None:
    one, other = np.zeros(N), np.zeros(N)
    one[7], other[7] = 1, 5
    assert ("copied_columns", ("column", "other")) not in seen(one, other=other)


def test_one_outlier_makes_no_line() -> None:
    one, other = DRAW.normal(size=(2, N))
    one[3], other[3] = 1e9, 1e9
    assert seen(one, other=other) == []


@pytest.mark.parametrize(
    ("column", "check"),
    [
        (pa.array([None] * N, pa.float64()), "constant"),
        (["a"] * N, "constant"),
        (["a"] * (N - 2) + ["b"] * 2, "nearly_constant"),
        (["a"] * (N - 1) + [None], "nearly_constant"),
        (["a"] * (N - 9) + ["b"] * 9, None),
    ],
)
def test_columns_of_almost_one_value_are_named(column: Any, check: str | None) -> None:
    assert seen(column) == ([(check, ONE)] if check else [])
