"""Folds of unequal sizes and widths, and how the tests train them."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold import models
from tenfold.models.shared.network_parameters import NetworkParameters
from tenfold.training import fitting
from tenfold.training.fitting import Member, Trained
from tenfold.training.settings import Architecture, Rates, Recipe
from tests.training.differences import largest_difference

FLOAT64 = {"accelerator": "cpu", "precision": "64-true"}


# The families of networks.
FAMILIES = [
    name for name in models.names() if issubclass(models.parameters(name), NetworkParameters)
]


def architecture_of(kind: str, **settings: Any) -> Architecture:
    """The architecture of a family's networks."""
    build = importlib.import_module(f"tenfold.models.{kind}").build
    return Architecture(kind=kind, build=build, **settings)


ARCHITECTURE = architecture_of("mlp", n_blocks=2, d_block=12)
PATIENCE = 4
RECIPE = Recipe(batch_size=16, patience=PATIENCE)
RATES = Rates(learning_rate=0.01, weight_decay=0.01, dropout=0.25)
LOSSES = {"regression": "mse", "binary": "binary_cross_entropy", "multiclass": "cross_entropy"}
N_OUTPUTS = {"regression": 1, "binary": 1, "multiclass": 3}


def members(
    task: str, n: int, *, seed: int = 0, rates: Rates = RATES, width: int | None = None
) -> list[Member]:
    """n folds of unequal sizes and, unless `width` is given, unequal widths."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(n):
        rows, columns = 61 + 3 * (number % 4), width or 5 + number % 3
        x = rng.normal(size=(rows + 20, columns))
        score = x[:, 0] + 0.3 * x[:, 1] ** 2 + 0.7 * rng.normal(size=len(x))
        y: Any = {
            "regression": score,
            "binary": (score > 0).astype(np.float64),
            "multiclass": np.digitize(score, [-0.5, 0.7]),
        }[task]
        held = 10 + number % 5
        made.append(Member(100 + number, x[held:], y[held:], x[:held], y[:held], rates))
    return made


def apart(n: int) -> NDArray[np.bool_]:
    """That n folds share no validation rows: each is stopped by the others."""
    return np.eye(n, dtype=np.bool_)


def with_rates(stack: Sequence[Member], **rates: Sequence[float]) -> list[Member]:
    """The same folds, each with its own of every rate."""
    return [
        replace(member, rates=replace(member.rates, **{n: v[i] for n, v in rates.items()}))
        for i, member in enumerate(stack)
    ]


def without_validation(stack: Sequence[Member]) -> list[Member]:
    return [replace(member, x_val=None, y_val=None) for member in stack]


def train(
    stack: Sequence[Member],
    task: str = "regression",
    architecture: Architecture = ARCHITECTURE,
    *,
    steps: int | None = None,
    checkpoint: Path | None = None,
    trainer: dict[str, Any] = FLOAT64,
    class_weights: Any = None,
    pretrained: Trained | None = None,
    overlaps: NDArray[np.bool_] | None = None,
    max_epochs: int = 16,
    **changes: Any,
) -> Trained:
    """Train folds in float64; `changes` are of the recipe."""
    return fitting.train(
        architecture,
        replace(RECIPE, **{"loss": LOSSES[task]} | changes),
        stack,
        N_OUTPUTS[task],
        max_epochs=max_epochs,
        steps_per_epoch=steps,
        class_weights=class_weights,
        overlaps=overlaps,
        pretrained=None if pretrained is None else pretrained.network,
        trainer=trainer,
        checkpoint=checkpoint,
    )


def train_together_and_alone(
    stack: Sequence[Member], task: str = "regression", *arguments: Any, **options: Any
) -> tuple[Trained, list[tuple[Any, Any]]]:
    """The trained stack; and, of each member trained alone and of the stack, all that it answers
    and measures. Best and last epochs are compared at once.
    """
    together = train(stack, task, *arguments, **options)
    outputs = together.predict(validation(stack))
    pairs: list[tuple[Any, Any]] = []
    for number, member in enumerate(stack):
        alone = train([member], task, *arguments, **options)
        assert (alone.epochs, alone.ends) == ([together.epochs[number]], [together.ends[number]])
        pairs.append((alone.predict(validation([member]))[0], outputs[number]))
        for name in alone.history[0]:
            one = curve(alone, name)
            pairs.append((one, curve(together, name, number)[: len(one)]))
    return together, pairs


def with_one_diverging(stack: Sequence[Member], number: int) -> list[Member]:
    """The same folds, of which one's loss is never a number."""
    return [without_targets(m) if i == number else m for i, m in enumerate(stack)]


def difference_of_others(
    found: Trained, expected: Trained, stack: Sequence[Member], number: int
) -> float:
    """How far two stacks are apart in all members but one."""
    others = [member for member in range(len(stack)) if member != number]
    assert [found.epochs[m] for m in others] == [expected.epochs[m] for m in others]
    outputs = [trained.predict(validation(stack)) for trained in (found, expected)]
    return largest_difference([(outputs[0][m], outputs[1][m]) for m in others])


def without_targets(member: Member) -> Member:
    """One whose loss can never be a number."""
    return replace(member, y_train=np.full(len(member.y_train), np.nan))


def validation(stack: Sequence[Member]) -> list[Any]:
    return [member.x_val for member in stack]


def curve(trained: Trained, name: str, member: int = 0) -> list[float]:
    return [epoch[name][member] for epoch in trained.history]
