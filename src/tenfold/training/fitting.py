"""Train a stack of members and predict with it: the door of the training room."""

from __future__ import annotations

import contextlib
import logging
import signal
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.utilities.exceptions import (  # type: ignore[attr-defined]
    MisconfigurationException,
)

from tenfold.training import batches, networks
from tenfold.training.callbacks import CrashCheckpoint, EpochBar
from tenfold.training.module import Recipe, StackedModule

Values = NDArray[np.generic]
_DTYPES = {"64-true": torch.float64}

# Below this many activations per layer and step a second thread saves at most 30 % of the time,
# and on busy cores threads that wait for each other cost a hundredfold.
FEW_NUMBERS = 1 << 18


class UnfitTrainer(ValueError):
    """Options that Lightning's Trainer cannot serve here, such as a GPU that is not there."""


@dataclass(frozen=True)
class Member:
    """One network's own seed and rows: x (n, d), y (n,); without validation rows it cannot stop.

    For many classes y holds class codes, for two 0 and 1, for regression values.
    """

    seed: int
    x_train: Values
    y_train: Values
    x_val: Values | None = None
    y_val: Values | None = None


@dataclass(frozen=True)
class Trained:
    """A trained stack: its network with every member's best weights, and how it got there.

    `epochs` (k,) is each member's best epoch, 0 for one that never had a finite loss;
    `history` holds a dict of per-member losses for every epoch.
    """

    network: networks.MLP
    epochs: list[int]
    history: list[dict[str, list[float]]]

    def predict(self, xs: Sequence[Values]) -> list[NDArray[np.float64]]:
        """Every member's outputs (n_i, out) for its own rows x_i (n_i, d_i)."""
        return forward(self.network, xs)


def train(
    architecture: networks.Architecture,
    recipe: Recipe,
    members: Sequence[Member],
    n_outputs: int,
    *,
    steps_per_epoch: int | None = None,
    trainer: Mapping[str, Any] | None = None,
    progress: bool = False,
    checkpoint: Path | None = None,
) -> Trained:
    """Train all members at once.

    Args:
        architecture: of every member.
        recipe: of every member.
        members: seeds and rows; they may differ in length and width.
        n_outputs: 1 for regression and two classes, else the number of classes.
        steps_per_epoch: batches per epoch; by default as many as the largest member needs.
            To train one fold alone just as in its stack, pass the stack's number.
        trainer: options of Lightning's Trainer (accelerator, devices, precision).
        progress: whether to show a bar.
        checkpoint: where the state of an interrupted run lies, and is kept for the next.

    Raises:
        UnfitTrainer: if Lightning cannot serve `trainer` on this machine.
    """
    options = dict(trainer or {})
    dtype = _DTYPES.get(options.get("precision", ""), torch.float32)
    sizes = [len(member.y_train) for member in members]
    seeds = [member.seed for member in members]
    steps = steps_per_epoch or batches.steps_per_epoch(sizes, recipe.batch_size)
    codes = n_outputs > 1
    rows = batches.stack(
        [member.x_train for member in members],
        [member.y_train for member in members],
        dtype,
        codes=codes,
    )
    widths = [member.x_train.shape[1] for member in members]
    with _default_dtype(dtype):
        network = networks.MLP(architecture, widths, n_outputs, seeds)
    module = StackedModule(
        network,
        recipe,
        rows,
        _validation(members, dtype, codes=codes),
        batches.Epochs(sizes, seeds, steps, rows.y.shape[1]),
    )
    per_step = len(members) * (rows.y.shape[1] // steps + 1) * architecture.d_block
    with _threads(per_step):
        _fit(module, recipe.max_epochs, options, progress, checkpoint)
    module.to("cpu")
    if module.has_val:
        networks.restore(network, {n: w.cpu() for n, w in module.best_weights.items()})
        epochs = module.best_epoch.tolist()
    else:
        epochs = [recipe.max_epochs] * len(members)
    return Trained(network.eval(), epochs, module.history)


@torch.inference_mode()
def forward(network: networks.MLP, xs: Sequence[Values]) -> list[NDArray[np.float64]]:
    """Every member's outputs (n_i, out) for its own rows x_i (n_i, d_i)."""
    dtype = next(network.parameters()).dtype
    part = batches.stack(xs, [np.zeros(len(x)) for x in xs], dtype, codes=False)
    outputs = network(part.x).to(torch.float64).numpy()
    return [output[: len(x)] for output, x in zip(outputs, xs, strict=True)]


def _validation(
    members: Sequence[Member], dtype: torch.dtype, *, codes: bool
) -> batches.Part | None:
    xs = [member.x_val for member in members if member.x_val is not None]
    ys = [member.y_val for member in members if member.y_val is not None]
    return batches.stack(xs, ys, dtype, codes=codes) if xs else None


def _fit(
    module: StackedModule,
    max_epochs: int,
    options: Mapping[str, Any],
    progress: bool,
    checkpoint: Path | None,
) -> None:
    callbacks: list[pl.Callback] = [EpochBar()] if progress else []
    if checkpoint is not None:
        callbacks.append(CrashCheckpoint(checkpoint, every_n_epochs=25))
    with _quiet():
        try:
            trainer = pl.Trainer(
                max_epochs=max_epochs,
                callbacks=callbacks,
                logger=False,
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                use_distributed_sampler=False,
                **options,
            )
        except MisconfigurationException as error:
            raise UnfitTrainer(" ".join(str(error).split())) from None
        resume = checkpoint if checkpoint is not None and checkpoint.exists() else None
        try:
            # One item per epoch: the module cuts its own mini-batches.
            trainer.fit(module, train_dataloaders=[0], ckpt_path=resume, weights_only=False)
        except SystemExit:  # How Lightning answers Ctrl-C.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Lightning's banners and advice on data loaders say nothing to tenfold's user."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pytorch_lightning")
        warnings.filterwarnings("ignore", module="lightning_fabric")
        yield


@contextlib.contextmanager
def _threads(per_step: int) -> Iterator[None]:
    """One thread where a step has few numbers per layer, all of them where it has many."""
    before = torch.get_num_threads()
    if per_step < FEW_NUMBERS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Draw weights in the precision they will be trained in."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
