"""One fit under Lightning's Trainer: devices, progress bar, checkpoint, Ctrl-C, errors."""

from __future__ import annotations

import contextlib
import logging
import os
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

from tenfold.training.module import StackedModule

# The options that name devices.
DEVICES = ("accelerator", "devices", "strategy", "precision")


class UnsupportedTrainer(ValueError):
    """Options that Lightning's Trainer cannot serve here, such as a missing GPU."""


def run(
    module: StackedModule,
    max_epochs: int,
    options: Mapping[str, Any],
    progress: bool,
    checkpoint: Path | None,
) -> None:
    """Fit `module` under a Lightning Trainer, from the checkpoint if there is one.

    Raises:
        UnsupportedTrainer: if Lightning cannot serve `options` on this machine.
    """
    callbacks: list[pl.Callback] = [EpochBar()] if progress else []
    if checkpoint is not None:
        callbacks.append(CrashCheckpoint(checkpoint, every_n_epochs=25))
    with _quiet():
        devices = _devices(options, frozen=module.recipe.freeze > 0)
        devices |= _determinism(options)
        trainer = _trainer(max_epochs=max_epochs, callbacks=callbacks, **devices)
        resume = checkpoint if checkpoint is not None and _readable(checkpoint) else None
        try:
            # One item per epoch: the module cuts its own mini-batches.
            trainer.fit(module, train_dataloaders=[0], ckpt_path=resume, weights_only=True)
        except SystemExit:  # Lightning's answer to Ctrl-C.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt from None


def check(options: Mapping[str, Any]) -> None:
    """Check that this machine has the devices that options of Lightning's Trainer ask for.

    Raises:
        UnsupportedTrainer: if it has not.
    """
    named = {key: options[key] for key in DEVICES if key in options}
    with _quiet():
        _trainer(max_epochs=1, **_devices(named, frozen=False))


def _trainer(**options: Any) -> pl.Trainer:
    try:
        trainer = pl.Trainer(
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
            **options,
        )
    except MisconfigurationException as error:
        raise UnsupportedTrainer(" ".join(str(error).split())) from None
    on_gpu = isinstance(trainer.accelerator, pl.accelerators.CUDAAccelerator)
    if on_gpu and options.get("precision") == "bf16-mixed" and not torch.cuda.is_bf16_supported():
        raise UnsupportedTrainer("its GPU has no bfloat16, set precision: 32-true")
    return trainer


def _determinism(options: Mapping[str, Any]) -> dict[str, Any]:
    """On a GPU, kernels that give the same bytes twice; torch warns of one that it lacks."""
    if options.get("accelerator") in ("cpu", "mps") or not torch.cuda.is_available():
        return {}
    # No tensor is read before it is written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return {"deterministic": "warn"}


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

    Its ddp would start the whole program again in every further process, but a stage may run
    only once: ddp_spawn runs the training alone in them.
    """
    alone = options.get("devices", 1) == 1
    if options.get("strategy") != "ddp" and alone:
        return {key: value for key, value in options.items() if key != "strategy"}
    # Frozen parameters have no gradient to wait for.
    idle = "_find_unused_parameters_true" if frozen else ""
    return {**options, "strategy": f"ddp_spawn{idle}"}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Lightning's banners and its advice on data loaders, which tenfold does not use."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pytorch_lightning")
        warnings.filterwarnings("ignore", module="lightning_fabric")
        yield


class EpochBar(pl.Callback):
    """A progress bar with epochs, time left and the mean loss of the members."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Open the bar at the epoch that a resumed run starts from."""
        from tqdm import tqdm

        self.bar: Any = tqdm(
            total=trainer.max_epochs, initial=trainer.current_epoch, unit="epoch", leave=False
        )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Advance by one epoch."""
        assert isinstance(pl_module, StackedModule)
        last = pl_module.history[-1]
        means = {name: sum(v) / len(v) for name, v in last.items() if name.endswith("_loss")}
        self.bar.set_postfix(means, refresh=False)
        self.bar.update()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Close the bar."""
        self.bar.close()


class CrashCheckpoint(pl.Callback):
    """Saves the whole state every few epochs, so that a killed run can be resumed.

    Lightning's own callback writes in place and skips epochs without a Lightning step; this one
    renames a finished file.
    """

    def __init__(self, path: Path, every_n_epochs: int) -> None:
        self.path = path
        self.every_n_epochs = every_n_epochs

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save every `every_n_epochs`."""
        if (trainer.current_epoch + 1) % self.every_n_epochs:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        staging = self.path.with_suffix(".part")
        trainer.save_checkpoint(staging)
        with staging.open("rb") as file:
            os.fsync(file.fileno())
        staging.replace(self.path)
