"""One fit under Lightning's Trainer: devices, checkpoint, Ctrl-C, and what can go wrong."""

from __future__ import annotations

import contextlib
import logging
import signal
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.exceptions import (  # type: ignore[attr-defined]
    MisconfigurationException,
)

from tenfold.training.callbacks import CrashCheckpoint, EpochBar
from tenfold.training.module import Recipe, StackedModule


class TooLarge(MemoryError):
    """A stack for which there is not enough memory."""


class UnfitTrainer(ValueError):
    """Options that Lightning's Trainer cannot serve here, such as a GPU that is not there."""


def run(
    module: StackedModule,
    recipe: Recipe,
    options: Mapping[str, Any],
    progress: bool,
    checkpoint: Path | None,
) -> None:
    """Fit `module` under a Lightning Trainer, from where a checkpoint stands.

    Raises:
        UnfitTrainer: if Lightning cannot serve `options` on this machine.
    """
    callbacks: list[pl.Callback] = [EpochBar()] if progress else []
    if checkpoint is not None:
        callbacks.append(CrashCheckpoint(checkpoint, every_n_epochs=25))
    with _quiet():
        try:
            trainer = pl.Trainer(
                max_epochs=recipe.max_epochs,
                callbacks=callbacks,
                logger=False,
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                use_distributed_sampler=False,
                **_devices(options, frozen=recipe.freeze > 0),
            )
        except MisconfigurationException as error:
            raise UnfitTrainer(" ".join(str(error).split())) from None
        resume = checkpoint if checkpoint is not None and _readable(checkpoint) else None
        try:
            # One item per epoch: the module cuts its own mini-batches.
            trainer.fit(module, train_dataloaders=[0], ckpt_path=resume, weights_only=True)
        except SystemExit:  # How Lightning answers Ctrl-C.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt from None


def _readable(checkpoint: Path) -> bool:
    """Whether the file is there and holds tensors and plain values only: no pickled code runs."""
    if not checkpoint.exists():
        return False
    with contextlib.suppress(Exception):  # Any bytes may be in its place.
        if "pytorch-lightning_version" in torch.load(checkpoint, "cpu", weights_only=True):
            return True
    warnings.warn(
        f"{checkpoint} is damaged or was not written by tenfold: training starts anew",
        stacklevel=2,
    )
    return False


def _devices(options: Mapping[str, Any], *, frozen: bool) -> dict[str, Any]:
    """The options as Lightning takes them.

    Its own ddp starts the whole program again for every further process; a stage may run only
    once, so that only the training is started in them.
    """
    alone = options.get("devices", 1) == 1
    if options.get("strategy") != "ddp" and alone:
        return {key: value for key, value in options.items() if key != "strategy"}
    # Frozen parameters have no gradient to wait for.
    idle = "_find_unused_parameters_true" if frozen else ""
    return {**options, "strategy": f"ddp_spawn{idle}"}


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
def within_memory() -> Iterator[None]:
    """Raise TooLarge where there is too little memory; the host has no error of its own for it."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise TooLarge(str(error).split(". ")[0]) from None
    except RuntimeError as error:
        _, found, asked = str(error).partition("you tried to allocate ")
        if not found:
            raise
        raise TooLarge(f"{asked.split('.')[0]} for one of its parts") from None
