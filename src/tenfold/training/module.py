"""The stacked network under Lightning: one training step is one epoch of mini-batches.

Lightning's work per step would cost as much as the arithmetic of a small network, so the loop
over mini-batches lives inside the step; Lightning keeps device, precision, epochs and callbacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytorch_lightning as pl
import torch
from torch import Tensor

from tenfold.training import batches, losses, networks, optimizers


@dataclass(frozen=True)
class Recipe:
    """How to train: `patience` epochs without an improvement of `min_delta` end a member."""

    loss: str
    optimizer: str
    learning_rate: float
    weight_decay: float
    batch_size: int | Literal["full"]
    max_epochs: int
    patience: int
    min_delta: float


class StackedModule(pl.LightningModule):
    """Trains k members at once; each has its own data, order, early stopping and best weights.

    Args:
        network: k networks as one.
        recipe: what all members share.
        train: the members' training rows.
        val: the members' validation rows; without them every member runs all epochs.
        epochs: the order of the training rows.
    """

    train_x: Tensor
    train_y: Tensor
    row_weight: Tensor
    val_x: Tensor
    val_y: Tensor
    val_weight: Tensor

    def __init__(
        self,
        network: networks.MLP,
        recipe: Recipe,
        train: batches.Part,
        val: batches.Part | None,
        epochs: batches.Epochs,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.recipe = recipe
        self.epochs = epochs
        self._keep("train_x", train.x.flatten(0, 1))
        self._keep("train_y", train.y.flatten(0, 1))
        self._keep("row_weight", epochs.weight.to(train.x.dtype))
        if val is not None:
            self._keep("val_x", val.x)
            self._keep("val_y", val.y)
            slots = torch.arange(val.y.shape[1])
            present = slots < val.n_rows[:, None]
            self._keep("val_weight", present.to(val.x.dtype) / val.n_rows[:, None])
        self.has_val = val is not None
        members = train.x.shape[0]
        self.best_loss = torch.full((members,), torch.inf)
        self.best_epoch = torch.zeros(members, dtype=torch.int64)
        self.best_weights = networks.weights(network)
        self.history: list[dict[str, list[float]]] = []

    def _keep(self, name: str, value: Tensor) -> None:
        """Data moves with the module to its device and is no part of its state."""
        self.register_buffer(name, value, persistent=False)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """One optimiser for all members."""
        recipe = self.recipe
        return optimizers.build(
            recipe.optimizer, self.network.parameters(), recipe.learning_rate, recipe.weight_decay
        )

    def on_fit_start(self) -> None:
        """Best weights live where the network does."""
        parameters = dict(self.network.named_parameters())
        self.best_weights = {
            name: value.to(parameters[name]) for name, value in self.best_weights.items()
        }

    def on_train_start(self) -> None:
        """A run that had stopped when its state was saved does not go on."""
        self._stop_when_all_have_waited(self.current_epoch)

    def training_step(self, batch: Any, batch_idx: int) -> None:
        """Train one epoch, then look at the validation rows."""
        train_loss = self._train_epoch(self.current_epoch)
        curves = {"train_loss": train_loss.tolist()}
        if self.has_val:
            val_loss = self._val_loss().cpu()
            curves["val_loss"] = val_loss.tolist()
            self._remember_best(val_loss, self.current_epoch + 1)
        self.history.append(curves)

    def _train_epoch(self, epoch: int) -> Tensor:
        """One pass over every member's rows; returns each member's mean loss (k,)."""
        optimizer = self.optimizers(use_pl_optimizer=False)
        assert isinstance(optimizer, torch.optim.Optimizer)
        order = self.epochs.order(epoch).to(self.device)
        steps, members, size = order.shape
        total = torch.zeros(members, device=self.device, dtype=torch.float64)
        for step in range(steps):
            rows = order[step].view(-1)
            x = self.train_x.index_select(0, rows).view(members, size, -1)
            y = self.train_y.index_select(0, rows).view(members, size)
            self.network.seek(epoch * steps + step)
            per_row = losses.per_row(self.recipe.loss, self.network(x), y)
            # Summed over members: each one's gradient is that of its own mean loss.
            loss = (per_row * self.row_weight[step]).sum(1)
            optimizer.zero_grad(set_to_none=True)
            self.manual_backward(loss.sum())
            optimizer.step()
            total += loss.detach()
        return total / steps

    @torch.no_grad()
    def _val_loss(self) -> Tensor:
        """Each member's mean loss on its own validation rows (k,)."""
        self.network.eval()
        per_row = losses.per_row(self.recipe.loss, self.network(self.val_x), self.val_y)
        self.network.train()
        return (per_row * self.val_weight).sum(1)

    @torch.no_grad()
    def _remember_best(self, val_loss: Tensor, epoch: int) -> None:
        """Keep the weights of every member that improved; stop when none may go on."""
        waiting = epoch - self.best_epoch <= self.recipe.patience
        improved = (val_loss < self.best_loss - self.recipe.min_delta) & waiting
        self.best_loss = torch.where(improved, val_loss, self.best_loss)
        self.best_epoch = torch.where(improved, epoch, self.best_epoch)
        chosen = improved.to(self.device)
        for name, value in self.network.named_parameters():
            mask = chosen.view(-1, *[1] * (value.dim() - 1))
            torch.where(mask, value, self.best_weights[name], out=self.best_weights[name])
        self._stop_when_all_have_waited(epoch)

    def _stop_when_all_have_waited(self, epoch: int) -> None:
        if self.has_val and not (epoch - self.best_epoch < self.recipe.patience).any():
            self.trainer.should_stop = True

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """What a resumed run needs besides weights and optimiser."""
        checkpoint["stack"] = {
            "best_loss": self.best_loss,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
            "history": self.history,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """The inverse of `on_save_checkpoint`."""
        for name, value in checkpoint["stack"].items():
            setattr(self, name, value)
