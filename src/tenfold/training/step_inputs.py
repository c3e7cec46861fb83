"""What changes from one training step to the next: in the host's loop, or on the device.

Both hand one step its batch and its rates. `HostInputs` hands out Python numbers, which cost a
processor nothing. `DeviceInputs` puts those of a whole epoch on the device, where a step that was
captured as a CUDA graph reads its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tenfold.training import schedules
from tenfold.training.activations import StackedDropout
from tenfold.training.batches import EpochOrder
from tenfold.training.networks import StackedNetwork
from tenfold.training.randomness import mixed
from tenfold.training.settings import Rates, Recipe


@dataclass(frozen=True)
class StepInputs:
    """One step's own.

    places (k, batch) are rows of the training table, rows (k, batch) their weights, rates (k,) the
    members' learning rates. `n_batches` add up their gradients to one step.
    """

    places: Tensor
    rows: Tensor
    rates: Sequence[float] | Tensor
    decay_share: float | Tensor
    n_batches: float | Tensor


class StepKind(NamedTuple):
    """What a step does besides its batch: begins or ends a group of batches, is measured."""

    first: bool
    last: bool
    measured: bool


class Timetable:
    """What every step of a training has of its own, but for its batch.

    Args:
        recipe: the schedules.
        rates: each member's.
        plateau: each member's factor of the rate, which epochs change.
        steps: of an epoch.
        horizon: epochs that schedules count to.
        accumulate: batches whose gradients are added up to one step.
    """

    def __init__(
        self,
        recipe: Recipe,
        rates: Sequence[Rates],
        plateau: schedules.Plateau,
        *,
        steps: int,
        horizon: int,
        accumulate: int,
    ) -> None:
        self.recipe = recipe
        self.learning_rates = [own.learning_rate for own in rates]
        self.plateau = plateau
        self.steps = steps
        self.horizon = horizon
        self.accumulate = accumulate

    def kind(self, step: int) -> StepKind:
        """What step `step` of an epoch does; its last one is measured."""
        first, last = self._group(step)
        return StepKind(step == first, step == last, step == last == self.steps - 1)

    def n_batches(self, step: int) -> int:
        """Batches of the group that a step of an epoch belongs to."""
        first, last = self._group(step)
        return last - first + 1

    def _group(self, step: int) -> tuple[int, int]:
        first = step - step % self.accumulate
        return first, min(first + self.accumulate, self.steps) - 1

    def factor(self, number: int) -> float:
        """What all rates are multiplied by in step `number` of the training."""
        return schedules.factor(self.recipe, number, self.steps, self.horizon)

    def decay_share(self, number: int) -> float:
        """The share of the weight decay that applies."""
        return self._share(self.recipe.weight_decay_schedule, number)

    def dropout_share(self, number: int) -> float:
        """The share of the dropout rates that applies."""
        return self._share(self.recipe.dropout_schedule, number)

    def _share(self, schedule: str, number: int) -> float:
        return schedules.share(self.recipe, schedule, number, self.steps, self.horizon)


class Inputs(Protocol):
    """Hands every step its own."""

    def start(self, epoch: int) -> None:
        """Begin an epoch."""
        ...

    def take(self, step: int) -> StepInputs:
        """The next step's, which is number `step` of the epoch; its dropout is set."""
        ...


class HostInputs:
    """Python numbers; batches lie where the rows do.

    Args:
        timetable: of all steps.
        epochs: the order of the rows.
        row_weight: (steps, k, batch).
        network: whose dropout is set.
        rows_device: where the rows lie.
    """

    def __init__(
        self,
        timetable: Timetable,
        epochs: EpochOrder,
        row_weight: Tensor,
        network: StackedNetwork,
        rows_device: torch.device,
    ) -> None:
        self.timetable = timetable
        self.epochs = epochs
        self.row_weight = row_weight
        self.network = network
        self.noises = network.noises()
        self.rows_device = rows_device

    def start(self, epoch: int) -> None:
        """Draw the order of an epoch."""
        self.first = epoch * self.timetable.steps
        self.order = self.epochs.order(epoch).to(self.rows_device)

    def take(self, step: int) -> StepInputs:
        """Step `step` of the epoch."""
        table, number = self.timetable, self.first + step
        self.network.weaken_dropout(table.dropout_share(number))
        for noise in self.noises:
            noise.seek(number)
        factor = table.factor(number)
        return StepInputs(
            self.order[step],
            self.row_weight[step],
            [
                rate * factor * plateau
                for rate, plateau in zip(table.learning_rates, table.plateau.factors, strict=True)
            ],
            table.decay_share(number),
            table.n_batches(step),
        )


@dataclass(frozen=True)
class _Epoch:
    """The host's part of one epoch: the order of rows, and of every step its numbers."""

    order: Tensor
    factors: NDArray[np.float64]
    decay_shares: list[float]
    dropout_shares: list[float]
    mixed: Tensor


class DeviceInputs:
    """Tensors of a whole epoch; a step reads its own at `at`, which it moves on by one.

    Args: as of HostInputs, whose rows lie on the network's device.
    """

    def __init__(
        self,
        timetable: Timetable,
        epochs: EpochOrder,
        row_weight: Tensor,
        network: StackedNetwork,
    ) -> None:
        self.timetable = timetable
        self.epochs = epochs
        self.row_weight = row_weight
        steps, members, batch = row_weight.shape
        device, dtype = row_weight.device, row_weight.dtype
        self.at = torch.zeros(1, dtype=torch.int64, device=device)
        self.order = torch.zeros(steps, members, batch, dtype=torch.int64, device=device)
        # Columns: each member's rate, the share of weight decay, the batches of the group.
        self.numbers = torch.zeros(steps, members + 2, dtype=dtype, device=device)
        self.numbers[:, -1] = torch.tensor([float(timetable.n_batches(s)) for s in range(steps)])
        self.noises = network.noises()
        self.mixed = torch.zeros(steps, dtype=torch.int32, device=device)
        self.mixed_now = torch.zeros((), dtype=torch.int32, device=device)
        for noise in self.noises:
            noise.follow(self.mixed_now)
        self.dropouts: list[tuple[StackedDropout, Tensor]] = []
        if timetable.recipe.dropout_schedule != "constant":
            dropouts = [m for m in network.modules() if isinstance(m, StackedDropout)]
            self.dropouts = [
                (own, torch.zeros(steps, 3, members, dtype=torch.float64, device=device))
                for own in dropouts
                if not own.idle
            ]
        self._ahead: tuple[int, _Epoch] | None = None

    def start(self, epoch: int) -> None:
        """Put what the steps of an epoch read on the device."""
        own = self._ahead[1] if self._ahead and self._ahead[0] == epoch else self._draw(epoch)
        self.order.copy_(own.order, non_blocking=True)
        self.mixed.copy_(own.mixed)
        for dropout, table in self.dropouts:
            table.copy_(torch.stack([dropout.strengths(share) for share in own.dropout_shares]))
        # In the same order as a Python product of the three, to the last bit.
        rates = np.multiply.outer(own.factors, self.timetable.learning_rates)
        numbers = np.column_stack(
            [rates * np.asarray(self.timetable.plateau.factors), own.decay_shares]
        )
        self.numbers[:, :-1] = torch.from_numpy(numbers)
        self.at.zero_()

    def look_ahead(self, epoch: int) -> None:
        """Draw what epoch `epoch` begins with, while the device is at work."""
        self._ahead = (epoch, self._draw(epoch))

    def _draw(self, epoch: int) -> _Epoch:
        table, order = self.timetable, self.epochs.order(epoch)
        numbers = range(epoch * table.steps, (epoch + 1) * table.steps)
        return _Epoch(
            order.pin_memory() if self.order.is_cuda else order,
            np.array([table.factor(number) for number in numbers]),
            [table.decay_share(number) for number in numbers],
            [table.dropout_share(number) for number in numbers] if self.dropouts else [],
            torch.tensor([mixed(number) for number in numbers], dtype=torch.int32),
        )

    def take(self, step: int) -> StepInputs:
        """The step that `at` has reached; `step` is not looked at, since a graph is of all."""
        places, rows, numbers = (
            table.index_select(0, self.at)[0]
            for table in (self.order, self.row_weight, self.numbers)
        )
        if self.noises:
            self.mixed_now.copy_(self.mixed.index_select(0, self.at)[0])
        for dropout, table in self.dropouts:
            dropout.set_strengths(table.index_select(0, self.at)[0])
        self.at += 1
        return StepInputs(places, rows, numbers[:-2], numbers[-2], numbers[-1])
