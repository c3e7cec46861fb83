"""Fingerprints, digests, seeds and stamps."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import runtime
from tests.runtime.stages import folder


@pytest.mark.parametrize("text", ["", "{", '["half', "\xff"])
def test_a_stamp_that_is_empty_or_cut_off_counts_as_absent(text: str) -> None:
    with runtime.directory(Path("out")):
        pass
    runtime.stamp("work", [1], Path("out"))
    assert runtime.is_current("work", [1], Path("out"))
    Path(".tenfold/stamps/work.json").write_text(text, encoding="latin-1")
    assert not runtime.is_current("work", [1], Path("out"))
    Path("stamp.json").write_text(text, encoding="latin-1")
    assert runtime.read_stamp(Path("stamp.json")) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(VALUES)
def test_a_fingerprint_does_not_depend_on_the_order_of_keys(value: Any) -> None:
    def turned(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: turned(part[key]) for key in reversed(part)}
        return [turned(one) for one in part] if isinstance(part, list) else part

    assert runtime.fingerprint(value) == runtime.fingerprint(turned(value))


@given(VALUES, VALUES)
def test_fingerprints_are_equal_only_for_equal_values(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (runtime.fingerprint(one) == runtime.fingerprint(other)) == same


def test_a_fingerprint_is_the_same_on_every_machine() -> None:
    expected = hashlib.sha256(b'[{"a":[1,2.5],"b":null},"x"]').hexdigest()
    assert runtime.fingerprint({"b": None, "a": [1, 2.5]}, "x") == expected


def test_parts_are_told_apart() -> None:
    assert runtime.fingerprint("ab", "c") != runtime.fingerprint("a", "bc")
    assert runtime.fingerprint(1) != runtime.fingerprint("1")


def test_a_digest_depends_on_names_and_contents_alone() -> None:
    original = runtime.digest(folder("a", {"x": "1", "in/y": "2"}))
    assert runtime.digest(folder("b", {"in/y": "2", "x": "1"})) == original
    assert runtime.digest(folder("c", {"x": "1", "in/y": "3"})) != original
    assert runtime.digest(folder("d", {"x": "1", "in/z": "2"})) != original
    assert runtime.digest(folder("e", {"x": "1", "y": "2"})) != original
    assert runtime.digest(folder("f", {"x": "1", "in/y": "2", "z": ""})) != original
    os.utime("a/x", (0, 0))
    assert runtime.digest(Path("a")) == original


@given(st.lists(st.integers() | st.text(max_size=5), max_size=4))
def test_a_seed_has_31_bits_and_depends_on_its_parts_alone(parts: list[Any]) -> None:
    seed = runtime.derive_seed(*parts)
    assert 0 <= seed < 2**31
    assert runtime.derive_seed(*parts) == seed
    assert runtime.derive_seed(*parts, 0) != seed


def test_seeds_of_neighbours_differ() -> None:
    seeds = {runtime.derive_seed(*parts) for parts in itertools.product(range(9), repeat=3)}
    assert len(seeds) == 9**3


def test_scratch_outlives_an_edit_of_a_metric_and_not_of_a_family() -> None:
    before = runtime.scratch("studies", 1)
    Path("metrics").mkdir()
    Path("metrics/gini.py").write_text("METRIC = 1")
    assert runtime.scratch("studies", 1) == before
    Path("families").mkdir()
    Path("families/own.py").write_text("FAMILY = 1")
    assert runtime.scratch("studies", 1) != before


def test_scratch_is_named_by_what_the_work_depends_on() -> None:
    assert runtime.scratch("studies", 1) == runtime.scratch("studies", 1)
    assert runtime.scratch("studies", 1) != runtime.scratch("studies", 2)
    assert runtime.scratch("studies", 1).parent == Path(".tenfold/studies")
    made = runtime.scratch("studies", 1)
    made.mkdir(parents=True)
    runtime.discard(made)
    runtime.discard(made)
    assert not made.exists()
