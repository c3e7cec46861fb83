"""The memory of a stack, estimated before it is built."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import pytest
import torch

from tenfold.training import memory
from tenfold.training.memory import COPIES_OF_WEIGHTS, OutOfMemory
from tests.training.folds import RECIPE, architecture_of, members

STACK = members("regression", 4, width=6)
WIDE = architecture_of("mlp", n_blocks=2, d_block=512)


def test_an_estimate_counts_every_members_weights() -> None:
    weights = 6 * 512 + 512 * 512 + 512 + 512 + 512 + 1
    one, four = (memory.estimate(WIDE, RECIPE, STACK[:n], 1) for n in (1, 4))
    per_member = 4 * COPIES_OF_WEIGHTS * weights
    assert four - one == pytest.approx(3 * per_member, rel=0.01)


def test_rows_that_trials_share_count_once() -> None:
    trials = [replace(member, seed=member.seed + 1) for member in STACK]
    small = architecture_of("mlp", n_blocks=1, d_block=1)
    many = [replace(member, x_train=member.x_train.repeat(1000, axis=0)) for member in STACK]
    apart = memory.estimate(small, RECIPE, many, 1) - memory.estimate(small, RECIPE, STACK, 1)
    assert apart > 1000 * sum(member.x_train.nbytes // 2 for member in STACK) * 0.9
    shared = memory.estimate(small, RECIPE, [*STACK, *trials], 1)
    assert shared - memory.estimate(small, RECIPE, STACK, 1) < 4 * 10_000


@pytest.mark.parametrize(("precision", "fits"), [("32-true", True), ("64-true", False)])
def test_a_stack_must_fit_into_the_free_memory_of_a_gpu(precision: str, *, fits: bool) -> None:
    free = int(1.5 * memory.estimate(WIDE, RECIPE, STACK, 1))
    with (
        mock.patch.object(torch.cuda, "is_available", lambda: True),
        mock.patch.object(torch.cuda, "mem_get_info", lambda: (free, 2 * free)),
    ):
        trainer = {"accelerator": "gpu", "precision": precision}
        if fits:
            memory.check(WIDE, RECIPE, STACK, 1, trainer)
            return
        with pytest.raises(OutOfMemory, match=r"GiB of .* GiB that are free"):
            memory.check(WIDE, RECIPE, STACK, 1, trainer)
        memory.check(WIDE, RECIPE, STACK, 1, {**trainer, "accelerator": "cpu"})
