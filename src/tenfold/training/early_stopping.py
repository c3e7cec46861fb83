"""Early stopping of each member (each fold) on its own, with the weights of its best epoch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tenfold.training import networks
from tenfold.training.training_step import by_member


class EarlyStopping:
    """Each member's best validation loss, its epoch and its weights then.

    A member trains until `patience` epochs have passed without an improvement of more than
    `min_delta`, or until its loss is not finite.

    Attributes:
        epoch: (k,) the best epoch, 0 before any finite loss.
        diverged: (k,) the epoch in which a member's loss was not finite, or 0.
    """

    def __init__(self, network: nn.Module, members: int, patience: int, min_delta: float) -> None:
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

    @torch.no_grad()
    def update(self, train_loss: Tensor, val_loss: Tensor, epoch: int) -> None:
        """Keep the weights of the members that improved in epoch `epoch`, counted from 1."""
        still_training = self.still_training(epoch - 1)
        finite = val_loss.isfinite() & train_loss.isfinite()
        self.diverged[still_training & ~finite] = epoch
        improved = still_training & finite & (val_loss < self.loss - self.min_delta)
        self.loss = torch.where(improved, val_loss, self.loss)
        self.epoch = torch.where(improved, epoch, self.epoch)
        better = int(improved.sum())
        if better == len(improved):
            torch._foreach_copy_(list(self.weights.values()), list(self.live.values()))
        elif better:
            improved = improved.to(next(iter(self.live.values())).device)
            for value, kept in zip(self.live.values(), self.weights.values(), strict=True):
                torch.where(by_member(improved, value), value, kept, out=kept)

    def follow(self, network: nn.Module) -> None:
        """Move to the device of the network, whose own weights are `live`."""
        self.live = network.state_dict()
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
