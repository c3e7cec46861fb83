"""What a column's name and counts say of it: id, flag, a group of rows, a time that orders them."""

from __future__ import annotations

import pytest

from tenfold.dataset.profile import ColumnCounts, is_likely_group, is_likely_time, may_be_group

RECURS = ColumnCounts("integer", 1000, 1000, 100)


@pytest.mark.parametrize(
    "name",
    [
        *("patient_id", "PatientID", "patient", "Kunden-ID", "store nbr", "MachineNo", "zip_code"),
        *("user2", "ID", "id_of_visit", "unit.session"),
    ],
)
def test_names_of_things_are_likely_groups(name: str) -> None:
    assert is_likely_group(name, RECURS)


@pytest.mark.parametrize(
    "name", ["user_age", "class_size", "household_size", "week", "ideal", "humidity", "keyboards"]
)
def test_other_names_are_not(name: str) -> None:
    assert not is_likely_group(name, RECURS)


@pytest.mark.parametrize(
    "counts",
    [
        ColumnCounts("integer", 1000, 1000, 1000),
        ColumnCounts("text", 1000, 1000, 600),
        ColumnCounts("integer", 1000, 1000, 9),
        ColumnCounts("double", 1000, 1000, 100),
        ColumnCounts("date", 1000, 1000, 100),
    ],
)
def test_a_group_has_many_values_and_two_rows_each(counts: ColumnCounts) -> None:
    assert not is_likely_group("patient_id", counts)
    assert not may_be_group(counts)


def test_any_text_that_recurs_may_be_a_group() -> None:
    assert may_be_group(ColumnCounts("text", 1000, 1000, 100))
    assert not may_be_group(RECURS)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sold", "date"),
        ("week", "integer"),
        ("Year", "integer"),
        ("week_no", "integer"),
        ("order_date", "integer"),
    ],
)
def test_dates_and_numbers_that_are_called_so_are_likely_times(name: str, kind: str) -> None:
    assert is_likely_time(name, ColumnCounts(kind, 1000, 1000, 40))
    # A row without one has no place in time; and few values make no order.
    assert not is_likely_time(name, ColumnCounts(kind, 1000, 999, 40))
    assert not is_likely_time(name, ColumnCounts(kind, 1000, 1000, 4))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("birth_date", "date"), ("DateOfBirth", "date"), ("dob", "date")),
        *(("weeks", "integer"), ("year_built", "integer"), ("day_of_week", "integer")),
        *(("week", "double"), ("day", "text"), ("2024", "integer"), ("birth_date", "integer")),
    ],
)
def test_births_durations_and_parts_of_a_date_are_not(name: str, kind: str) -> None:
    assert not is_likely_time(name, ColumnCounts(kind, 1000, 1000, 40))


@pytest.mark.parametrize(
    ("least", "greatest", "is_id"),
    [
        (1, 60, True),
        (1000, 1500, True),
        (10_000_000, 99_999_999, True),
        (50_000, 9_000_000, False),
        (-99_999_999, 10_000_000, False),
        (500, 400_000, False),
        (1950, 2009, False),
    ],
    ids=["counts up", "with gaps", "of one length", "population", "signed", "area", "years"],
)
def test_numbers_that_all_differ_are_ids_if_they_look_assigned(
    least: int, greatest: int, is_id: bool
) -> None:
    assert ColumnCounts("integer", 60, 60, 60, least, greatest).is_id() is is_id


@pytest.mark.parametrize(
    ("present", "distinct", "is_flag"),
    [(30, 1, True), (30, 2, False), (100, 1, False), (9, 1, False), (95, 1, False), (0, 0, False)],
)
def test_a_flag_has_one_value_in_some_rows_and_none_in_others(
    present: int, distinct: int, is_flag: bool
) -> None:
    assert ColumnCounts("text", 100, present, distinct).is_flag is is_flag
