"""What only a GPU can show; conftest.py leaves this file out where there is none."""

from __future__ import annotations

import pytest

from benchmarks import captured
from benchmarks.captured import Choice, choices

CHOICES = choices()


@pytest.mark.parametrize("name", CHOICES)
def test_a_captured_step_is_the_eager_one(name: str) -> None:
    one, two = captured.both(CHOICES[name], "gpu")
    assert one.not_captured is None
    assert captured.difference(one, two) < 1e-9


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_the_same_device_gives_the_same_bytes_twice(precision: str) -> None:
    choice = Choice(rates={"dropout": 0.2})
    stack = captured.members(choice)
    one, two = (
        captured.train(choice, stack, "gpu", precision=precision, max_epochs=10) for _ in range(2)
    )
    assert captured.difference(one, two) == 0
