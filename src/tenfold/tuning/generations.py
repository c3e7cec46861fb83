"""How many configurations a search asks for at once, where `tune.generation_size` is `auto`."""

from __future__ import annotations

import math
from typing import Any

from tenfold.dataset import Dataset
from tenfold.metrics import Task
from tenfold.params import SearchSpace, Tune, search_space

# Activations of a layer in one step, over all networks of a stack, below which a GPU waits for
# the processor; on an H100 a product of this size takes as long as its launch.
FULL = 1 << 20
# The default, which is also what families take that train one configuration after another.
LEAST = 5
# What decides how large a step is.
SIZES = ("batch_size", "d_block", "k")


def resolve(tune: Tune, space: SearchSpace, table: Dataset, task: Task) -> Tune:
    """The search with a number of configurations in place of `auto`.

    As many as fill a GPU, and at most half of all, so that some are proposed by what others
    scored. The number depends on the table and on params.yaml, and on no machine, since another
    one would propose other configurations.
    """
    if tune.generation_size != "auto":
        return tune
    folds = table.folds
    assert folds is not None, "the training table has no folds"
    rows = max(len(folds.train(number)) for number in range(folds.n))
    largest = max(space.schema.numbers_per_step(own, rows) for own in _sizes(space, task))
    fill = FULL // (folds.n * largest) if largest else 0
    half = math.ceil(space.n_trials(tune.n_trials) / 2)
    return tune.model_copy(update={"generation_size": max(min(fill, half), LEAST)})


def noted(declared: Tune, resolved: Tune) -> dict[str, Any]:
    """The number that `auto` stood for, for the results."""
    if declared.generation_size != "auto":
        return {}
    return {"generation_size": resolved.generation_size}


def _sizes(space: SearchSpace, task: Task) -> list[dict[str, Any]]:
    """The values of configurations that differ in what decides how large a step is."""
    fixed = space.schema.defaults(task) | {
        name: value for name, value in space.declared.items() if name not in space.leaves
    }
    tuned = {name: leaf for name, leaf in space.leaves.items() if name in SIZES}
    return [fixed | chosen for chosen in search_space.extremes(tuned)]
