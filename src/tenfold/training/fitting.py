"""Train a stack of networks and predict with it: what the rest of tenfold calls."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tenfold.training import batches, networks, transfer
from tenfold.training.diagnostics import Diagnosis, NetworkMonitor, diagnose
from tenfold.training.embeddings import InputColumns
from tenfold.training.lightning_trainer import UnsupportedTrainer, run
from tenfold.training.memory import OutOfMemory, within_memory
from tenfold.training.module import StackedModule
from tenfold.training.networks import MemberSpec, StackedNetwork
from tenfold.training.prediction import forward
from tenfold.training.settings import Architecture, Rates, Recipe
from tenfold.training.threads import flushed_denormals, tuner_for
from tenfold.training.transfer import PretrainedMismatch

__all__ = [
    "Member",
    "OutOfMemory",
    "PretrainedMismatch",
    "Trained",
    "UnsupportedTrainer",
    "train",
]

Values = NDArray[np.generic]
_DTYPES = {"64-true": torch.float64}


@dataclass(frozen=True)
class Member:
    """One network's seed, rows and rates; without validation rows it does not stop early.

    x (n, d), y (n,): for many classes class codes, for two 0 and 1, for regression values.
    Members that share rows should share the arrays, which are then stored once.
    """

    seed: int
    x_train: Values
    y_train: Values
    x_val: Values | None = None
    y_val: Values | None = None
    rates: Rates = field(default_factory=Rates)
    columns: InputColumns | None = None

    @property
    def spec(self) -> MemberSpec:
        """What its network has of its own."""
        columns = self.columns or InputColumns(self.x_train.shape[1])
        return MemberSpec(self.seed, columns, self.rates.dropout, self.rates.input_dropout)


@dataclass(frozen=True)
class Trained:
    """A trained stack: its network with every member's best weights, and the training's history.

    Attributes:
        epochs: (k,) each member's best epoch, 0 if its loss was never finite.
        diverged: (k,) the epoch in which a member's loss was not finite, or 0.
        history: per epoch, measurement -> each member's value (k,).
        ends: (k,) the last epoch of each member: its patience, or the run, ended there.
        initial_loss: (k,) before training.
        rebuild: returns the network of some of the members.
        device: that it was trained on, where it predicts too.
        not_captured: why its steps were launched kernel by kernel, if they were.
    """

    network: StackedNetwork
    epochs: list[int]
    diverged: list[int]
    history: list[dict[str, list[float]]]
    ends: list[int]
    initial_loss: list[float]
    rebuild: Callable[[slice], StackedNetwork]
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    not_captured: Diagnosis | None = None

    @property
    def findings(self) -> list[Diagnosis]:
        """What went wrong in the training."""
        said = [] if self.not_captured is None else [self.not_captured]
        return [*diagnose(self.history, self.initial_loss, self.ends), *said]

    def part(self, own: slice) -> Trained:
        """Some of the members, as if they had been trained alone."""
        end = max(self.ends[own])
        history = [
            {name: values[own] for name, values in epoch.items()} for epoch in self.history[:end]
        ]
        network = self.rebuild(own)
        return Trained(
            network,
            self.epochs[own],
            self.diverged[own],
            history,
            self.ends[own],
            self.initial_loss[own],
            lambda _: network,
            self.device,
            self.not_captured,
        )

    @within_memory()
    def predict(self, xs: Sequence[Values]) -> list[NDArray[np.float64]]:
        """Every member's outputs (n_i, out) for its own rows x_i (n_i, d_i)."""
        if self.device.type == "cpu":
            return forward(self.network, xs)
        self.network.to(self.device)
        try:
            return forward(self.network, xs)
        finally:
            self.network.to("cpu")


@within_memory()
@flushed_denormals()
def train(
    architecture: Architecture,
    recipe: Recipe,
    members: Sequence[Member],
    n_outputs: int,
    *,
    max_epochs: int,
    horizon: int | None = None,
    steps_per_epoch: int | None = None,
    class_weights: Literal["balanced"] | Sequence[float] | None = None,
    overlaps: NDArray[np.bool_] | None = None,
    pretrained: StackedNetwork | None = None,
    trainer: Mapping[str, Any] | None = None,
    progress: bool = False,
    checkpoint: Path | None = None,
) -> Trained:
    """Train all members at once.

    Args:
        architecture: of every member.
        recipe: of every member.
        members: seeds, rows and rates; they may differ in length and width.
        n_outputs: 1 for regression and two classes, else the number of classes.
        max_epochs: epochs that are run unless early stopping ends them.
        horizon: epochs that the schedule counts to, by default `max_epochs`.
        steps_per_epoch: batches per epoch; by default as many as the largest member needs.
            To train one fold alone just as in its stack, pass the stack's number.
        class_weights: the weight of each class in the loss; balanced: computed from each
            member's own training rows.
        overlaps: (k, k) which members share validation rows, or are of different configurations.
            A member keeps the weights of the epoch that is best for the mean of all others, and
            where there are none, as by default, for itself.
        pretrained: a trained network, whose weights the blocks that fit start from.
        trainer: options of Lightning's Trainer (accelerator, devices, strategy, precision), and
            accumulate_grad_batches and compile.
        progress: whether to show a bar.
        checkpoint: the file that an interrupted run is resumed from, and saved to.

    Raises:
        PretrainedMismatch: if no block of `pretrained` fits, or fewer than `recipe.freeze`.
        UnsupportedTrainer: if Lightning cannot serve `trainer` on this machine.
        OutOfMemory: if there is not enough memory.
    """
    options = dict(trainer or {})
    accumulate = options.pop("accumulate_grad_batches", 1)
    compiled = options.pop("compile", False)
    dtype = _DTYPES.get(options.get("precision", ""), torch.float32)
    sizes = [len(member.y_train) for member in members]
    steps = steps_per_epoch or batches.steps_per_epoch(
        sizes, recipe.batch_size, drop_last=recipe.drop_last
    )
    most = batches.rows_per_batch(sizes, recipe.batch_size) if recipe.drop_last else None
    stack = functools.partial(batches.stack, dtype=dtype, codes=n_outputs > 1)
    rows = stack([member.x_train for member in members], [member.y_train for member in members])
    held_out = [(m.x_val, m.y_val) for m in members if m.x_val is not None and m.y_val is not None]
    val = stack([x for x, _ in held_out], [y for _, y in held_out]) if held_out else None
    with _default_dtype(dtype):
        specs = [member.spec for member in members]
        network = networks.build(architecture, specs, n_outputs)
        network.fit_inputs(
            [torch.from_numpy(np.asarray(m.x_train)) for m in members],
            [torch.from_numpy(np.asarray(m.y_train)) for m in members],
        )
    if pretrained is not None:
        transfer.start_from(pretrained, network, len(members), recipe.freeze)
    module = StackedModule(
        network,
        recipe,
        [member.rates for member in members],
        rows,
        val,
        batches.EpochOrder(
            sizes,
            [member.seed for member in members],
            steps,
            rows.y.shape[1],
            rows.table,
            most=most,
        ),
        NetworkMonitor(network, architecture.activation),
        np.ones((len(members), len(members)), np.bool_) if overlaps is None else overlaps,
        horizon=horizon or max_epochs,
        class_weights=_class_weights(members, class_weights, n_outputs, dtype),
        accumulate=accumulate,
        threads=tuner_for(
            (repr(architecture), steps),
            len(members) * (max(sizes) // steps + 1) * architecture.d_block * network.n_heads,
            alone=len(members) == 1,
        ),
        compiled=compiled,
    )
    run(module, max_epochs, options, progress, checkpoint)
    module.to("cpu")
    network.weaken_dropout(1.0)
    epochs = ends = [len(module.history)] * len(members)
    if module.val is not None:
        networks.restore(network, {n: w.cpu() for n, w in module.stopping.weights.items()})
        epochs = module.stopping.epoch.tolist()
        ends = module.stopping.ends(len(module.history))

    def rebuild(own: slice) -> StackedNetwork:
        if len(specs[own]) == len(specs):
            return network
        with _default_dtype(dtype):
            part = networks.build(architecture, specs[own], n_outputs)
        return networks.take_members(network, own, part).eval()

    return Trained(
        network.eval(),
        epochs,
        module.stopping.diverged.tolist(),
        module.history,
        ends,
        module.initial_loss,
        rebuild,
        module.trained_on,
        module.not_captured,
    )


def _class_weights(
    members: Sequence[Member],
    given: Literal["balanced"] | Sequence[float] | None,
    n_outputs: int,
    dtype: torch.dtype,
) -> Tensor | None:
    if given is None:
        return None
    if given == "balanced":
        ys = [member.y_train for member in members]
        return torch.tensor(batches.balanced(ys, max(n_outputs, 2)), dtype=dtype)
    return torch.tensor([list(map(float, given))] * len(members), dtype=dtype)


@contextlib.contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Draw weights in the precision they will be trained in."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
