"""What happens between epochs: a progress bar for people, a checkpoint for crashes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from tenfold.training.module import StackedModule


class EpochBar(pl.Callback):
    """One line on the terminal that shows epochs, time left and the mean loss of the members."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Open the bar where a resumed run stands."""
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
    """Saves the whole state every few epochs, so that a killed run goes on where it was.

    Lightning's own writes in place and skips epochs that took no Lightning step; this one
    renames a finished file.
    """

    def __init__(self, path: Path, every_n_epochs: int) -> None:
        self.path = path
        self.every_n_epochs = every_n_epochs

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save, when it is time to."""
        if (trainer.current_epoch + 1) % self.every_n_epochs:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        staging = self.path.with_suffix(".part")
        trainer.save_checkpoint(staging)
        with staging.open("rb") as file:
            os.fsync(file.fileno())
        staging.replace(self.path)
