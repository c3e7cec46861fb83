"""Test against training, class against class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tenfold import audit
from tenfold.audit import Finding
from tenfold.dataset import ROW
from tenfold.params import Audit

N = 900
DRAW = np.random.default_rng(6)
IN_TEST = DRAW.random(N) < 0.25
NOISE = DRAW.normal(size=N)


def look(in_test: Any = IN_TEST, y: Any = None, seed: int = 0, **columns: Any) -> list[Finding]:
    labels = DRAW.integers(0, 2, N) if y is None else y
    more = {"time": columns.pop("time", None), "groups": columns.pop("groups", None)}
    table = pa.table({ROW: range(N), "noise": NOISE, **columns, "y": labels})
    rules = Audit(time_crossing="off", group_crossing="off", id_like="off", leak="off")
    return audit.audit(table, "y", "multiclass", in_test, rules, seed=seed, **more)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_a_random_split_shows_no_shift(seed: int) -> None:
    draw = np.random.default_rng(seed)
    words = [f"w{number}" for number in draw.integers(0, 700, N)]
    names = [f"n{number}" for number in range(N)]
    in_test = draw.random(N) < 0.2
    assert look(in_test, words=words, names=names, z=draw.normal(size=N), seed=seed) == []


def test_the_columns_that_tell_are_named_and_scored() -> None:
    moved = NOISE[::-1] + 2.0 * IN_TEST
    word = np.where(IN_TEST & (NOISE > -0.5), "new", "old")
    (found,) = look(moved=moved, word=word)
    assert (found.check, set(found.columns)) == ("shift", {"moved", "word"})
    assert found.figures["auroc"] > 0.9
    assert set(found.figures["alone"]) == {"moved", "word"}


def test_columns_that_tell_only_together_are_a_shift_too() -> None:
    sign = DRAW.choice([-1.0, 1.0], N)
    other = np.where(IN_TEST, sign, -sign) * DRAW.random(N)
    (found,) = look(sign=sign, other=other)
    assert found.check == "shift"
    assert len(found.columns) == 1


def test_the_time_and_the_groups_of_the_split_may_differ() -> None:
    later = np.arange(N) >= 700
    day, site = np.arange(N), np.where(later, "b", "a")
    assert look(later, day=day, time="day") == []
    assert look(later, site=site, groups="site") == []
    assert [finding.check for finding in look(later, day=day)] == ["shift"]


def test_a_handful_of_test_rows_proves_nothing() -> None:
    last = np.arange(N) >= N - 5
    assert look(last, moved=NOISE + 5.0 * last) == []


@pytest.mark.parametrize(("rare", "expected"), [(30, True), (60, False)])
def test_a_class_is_rare_beside_the_commonest(rare: int, expected: bool) -> None:
    y = np.array(["often"] * (N - rare) + ["rare"] * rare)
    found = look(DRAW.permutation(IN_TEST), y)
    assert [finding.check for finding in found] == (["imbalance"] if expected else [])
    if expected:
        assert found[0].figures == {"counts": {"often": N - rare, "rare": rare}}


def test_many_even_classes_are_no_imbalance() -> None:
    assert look(y=np.arange(N) % 50) == []
