"""Every planted leak is seen by its check, and honest tables raise no alarm."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks import audit as bench
from benchmarks.planted_faults import PLANTED_FAULTS
from tenfold.audit import CHECKS

CASES = [
    (name, table)
    for name, plant in PLANTED_FAULTS.items()
    for table, task in bench.BUNDLED.items()
    if task in plant.tasks
]
# 36 test rows cannot tell a site that is twice as common there from chance.
TOO_FEW_ROWS = {("test_from_another_site", "wine")}


@cache
def table(name: str) -> bench.Table:
    return bench.bundled(name)


@pytest.mark.slow
@pytest.mark.parametrize(("plant", "name"), CASES)
def test_a_plant_is_seen_by_its_check_and_by_no_unrelated_one(plant: str, name: str) -> None:
    hit, other = bench.verdict(table(name), plant, PLANTED_FAULTS[plant])
    expected = PLANTED_FAULTS[plant].expected(table(name).task) is not None
    assert hit == (expected and (plant, name) not in TOO_FEW_ROWS)
    assert other == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes", "iris"])
def test_an_honest_table_raises_no_alarm(name: str) -> None:
    assert bench.look(table(name).trial()) == []


@pytest.mark.slow
def test_pixels_at_the_border_of_digits_say_nothing() -> None:
    found = bench.look(table("digits").trial())
    assert [finding.check for finding in found] == ["constant", "nearly_constant"]
    assert found[0].columns == ("pixel_0_0", "pixel_4_0", "pixel_4_7")


def test_every_check_has_a_plant() -> None:
    planted = {plant.expected(task) for plant in PLANTED_FAULTS.values() for task in plant.tasks}
    assert planted == {*CHECKS, None}
