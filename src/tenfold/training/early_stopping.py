"""Early stopping of each member by itself, and the weights of its best epoch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tenfold.training import networks
from tenfold.training.optimizers import by_member


class EarlyStopping:
    """Each member's best validation loss, its epoch and its weights then.

    A member goes on until `patience` epochs have passed without an improvement of more than
    `min_delta`, or its loss is no finite number.

    Attributes:
        epoch: (k,) the best epoch, 0 before any finite loss.
        diverged: (k,) the epoch in which a member that still went on lost its footing, or 0.
    """

    def __init__(self, network: nn.Module, members: int, patience: int, min_delta: float) -> None:
        self.patience = patience
        self.min_delta = min_delta
        self.loss = torch.full((members,), torch.inf)
        self.epoch = torch.zeros(members, dtype=torch.int64)
        self.diverged = torch.zeros(members, dtype=torch.int64)
        self.weights = networks.weights(network)
        self.follow(network)

    def going_on(self, epoch: int) -> Tensor:
        """Which members may still improve after `epoch` epochs (k,)."""
        return (epoch - self.epoch < self.patience) & (self.diverged == 0)

    def ends(self, epochs: int) -> list[int]:
        """The last epoch that each member went on for, of `epochs` run (k,)."""
        patient = (self.epoch + self.patience).clamp(max=epochs)
        return torch.where(self.diverged > 0, self.diverged, patient).tolist()

    @torch.no_grad()
    def look(self, train_loss: Tensor, val_loss: Tensor, epoch: int) -> None:
        """Keep the weights of every member that improved in epoch number `epoch`, from 1."""
        going_on = self.going_on(epoch - 1)
        finite = val_loss.isfinite() & train_loss.isfinite()
        self.diverged[going_on & ~finite] = epoch
        improved = going_on & finite & (val_loss < self.loss - self.min_delta)
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
        """Follow the network to its device: `live` are its weights, in place of copies."""
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
