"""Early stopping of each member (each fold) by the other folds, with the weights of that epoch."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tenfold.training import networks
from tenfold.training.graphs import Measured, Work, at_once
from tenfold.training.leave_one_out import leave_one_out_curves
from tenfold.training.training_step import by_member


class EarlyStopping:
    """Each member's best epoch, and its weights then.

    A member is judged by the mean validation loss of the members that share no validation rows
    with it, and by its own only if there are none. It trains until `patience` epochs have passed
    without an improvement of more than `min_delta`, or until its own loss is not finite.

    Args:
        network: k networks as one.
        overlaps: (k, k) which members do not judge each other: those that share validation rows,
            and those of different configurations.
        patience: epochs without improvement.
        min_delta: the smallest improvement that counts.

    Attributes:
        epoch: (k,) the best epoch, 0 before any finite loss.
        diverged: (k,) the epoch in which a member's loss was not finite, or 0.
    """

    def __init__(
        self, network: nn.Module, overlaps: NDArray[np.bool_], patience: int, min_delta: float
    ) -> None:
        members = len(overlaps)
        self.overlaps = overlaps
        self.alone = torch.from_numpy(overlaps.all(axis=1))
        self.patience = patience
        self.min_delta = min_delta
        self.loss = torch.full((members,), torch.inf)
        self.epoch = torch.zeros(members, dtype=torch.int64)
        self.diverged = torch.zeros(members, dtype=torch.int64)
        self.weights = networks.weights(network)
        self.follow(network)

    def still_training(self, epoch: int) -> Tensor:
        """Which members may still improve after `epoch` epochs (k,)."""
        return (epoch - self.epoch < self.patience) & (self.diverged == 0)

    def ends(self, epochs: int) -> list[int]:
        """Each member's last epoch (k,), of `epochs` that were run."""
        patient = (self.epoch + self.patience).clamp(max=epochs)
        return torch.where(self.diverged > 0, self.diverged, patient).tolist()

    def judged(self, val_loss: Tensor) -> Tensor:
        """The loss that each member is judged by in one epoch (k,), of all validation losses."""
        if self.overlaps.all():
            return val_loss
        others = leave_one_out_curves(val_loss.double().numpy()[:, None], self.overlaps)[:, 0]
        return torch.where(self.alone, val_loss, torch.from_numpy(others))

    @torch.no_grad()
    def update(
        self, train_loss: Tensor, val_loss: Tensor, epoch: int, val_error: Tensor | None = None
    ) -> None:
        """Keep the weights of the members that improved in epoch `epoch`, counted from 1.

        With errors (k,) these decide in place of the losses. Errors of few rows are often equal:
        of several best epochs the last one is taken.
        """
        still_training = self.still_training(epoch - 1)
        finite = val_loss.isfinite() & train_loss.isfinite()
        self.diverged[still_training & ~finite] = epoch
        loss = self.judged(val_loss if val_error is None else val_error)
        least = self.loss - self.min_delta
        better_ones = loss < least if val_error is None else loss <= least
        improved = still_training & finite & better_ones & loss.isfinite()
        self.loss = torch.where(improved, loss, self.loss)
        self.epoch = torch.where(improved, epoch, self.epoch)
        if improved.all():
            torch._foreach_copy_(list(self.weights.values()), list(self.live.values()))
        elif improved.any():
            self.improved.copy_(improved)
            self.do("keep", self._keep)

    def _keep(self) -> Measured:
        """Keep the weights of the members that have `improved`."""
        for value, kept in zip(self.live.values(), self.weights.values(), strict=True):
            torch.where(by_member(self.improved, value), value, kept, out=kept)
        return {}

    def follow(self, network: nn.Module, do: Callable[[Hashable, Work], Any] = at_once) -> None:
        """Move to the device of the network, whose weights are `live`, and work there by `do`."""
        self.live, self.do = network.state_dict(), do
        device = next(iter(self.live.values())).device
        self.improved = torch.zeros(len(self.overlaps), dtype=torch.bool, device=device)
        self.weights = {
            name: self.weights[name].to(value.device) for name, value in self.live.items()
        }

    def state(self) -> dict[str, Any]:
        """What a resumed run needs."""
        return {
            "loss": self.loss,
            "epoch": self.epoch,
            "diverged": self.diverged,
            "weights": self.weights,
        }

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        for name, value in state.items():
            setattr(self, name, value)
