"""The stacked network under Lightning: one training step is one epoch of mini-batches.

Lightning's work per step would cost as much as the arithmetic of a small network, so the loop
over mini-batches lives inside the step; Lightning keeps device, precision, epochs and callbacks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from tenfold.training import batches, schedules, training_step
from tenfold.training.diagnostics import NetworkMonitor
from tenfold.training.early_stopping import EarlyStopping
from tenfold.training.layers import WeightedLayer
from tenfold.training.networks import StackedNetwork
from tenfold.training.settings import Rates, Recipe
from tenfold.training.threads import ThreadTuner


class StackedModule(pl.LightningModule):
    """Trains k members at once; each has its own data, order, best epoch and weights.

    Args:
        network: k networks as one.
        recipe: what all members share.
        rates: what each member has of its own.
        train: the members' training rows.
        val: the members' validation rows; without them every member runs all epochs.
        epochs: the order of the training rows.
        monitor: measures the network.
        overlaps: (k, k) which members' validation losses do not stop each other.
        horizon: epochs that the schedule counts to.
        class_weights: (k, C) the weight of a row of each class.
        accumulate: batches whose gradients are added up to one step.
        threads: chooses their number in every epoch.
        compiled: whether torch.compile makes one kernel of the network's many.
    """

    def __init__(
        self,
        network: StackedNetwork,
        recipe: Recipe,
        rates: Sequence[Rates],
        train: batches.StackedRows,
        val: batches.StackedRows | None,
        epochs: batches.EpochOrder,
        monitor: NetworkMonitor,
        overlaps: NDArray[np.bool_],
        *,
        horizon: int,
        class_weights: Tensor | None = None,
        accumulate: int = 1,
        threads: ThreadTuner | None = None,
        compiled: bool = False,
    ) -> None:
        super().__init__()
        self.run_network: Callable[[Tensor, Tensor], Tensor]
        self.automatic_optimization = False
        self.network = network
        # Hidden from Lightning, which would take it for a second network.
        self.__dict__["run_network"] = torch.compile(network) if compiled else network
        self.recipe = recipe
        self.rates = rates
        self.horizon = horizon
        self.epochs = epochs
        self.monitor = monitor
        self.accumulate = accumulate
        self.threads = threads
        self.noises = network.noises()
        self.rows = batches.DeviceRows(train, class_weights, network.n_heads)
        self.row_weight = epochs.weight.to(train.x.dtype)
        self.val = None if val is None else batches.DeviceRows(val, class_weights, network.n_heads)
        members = len(rates)
        patience = horizon if recipe.patience is None else recipe.patience
        self.stopping = EarlyStopping(network, overlaps, patience, recipe.min_delta)
        self.by_error = recipe.best_epoch_by == "error" and recipe.loss.endswith("cross_entropy")
        self.on_plateau = recipe.schedule == "reduce_on_plateau"
        decay = schedules.decay(recipe)
        self.plateau = schedules.Plateau(members, decay, recipe.plateau_patience)
        self.has_penalty = any(own.l1 for own in rates)
        self.initial_loss: list[float] = []
        self.history: list[dict[str, list[float]]] = []

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """One optimiser for all members."""
        self.stepper = training_step.Stepper(
            self.recipe.optimizer,
            self.network.parameter_groups(self.recipe.body_learning_rate_factor),
            [own.weight_decay for own in self.rates],
            shared_rate=len({own.learning_rate for own in self.rates}) == 1 and not self.on_plateau,
            thaws=self.recipe.unfreeze_at is not None,
            beta2=self.recipe.beta2,
        )
        return self.stepper.optimizer

    def on_fit_start(self) -> None:
        """Move data and best weights to the network's device."""
        self.processes = self.trainer.world_size
        for noise in self.noises:
            noise.place = (self.trainer.global_rank, self.processes)
        self.stopping.follow(self.network)
        self.row_weight = self.row_weight.to(self.device)
        for rows in (self.rows, self.val):
            if rows is not None:
                rows.move_to(self.device)
        layers = [module for module in self.network.modules() if isinstance(module, WeightedLayer)]
        self.penalised = [layer.matrix for layer in layers]
        l1 = [own.l1 for own in self.rates]
        self.penalty = torch.tensor(l1, dtype=self.row_weight.dtype, device=self.device)
        self.hidden = [layer for layer in layers if layer is not self.network.output]

    def on_train_start(self) -> None:
        """Stop at once if the run had already ended when its state was saved."""
        self._freeze(self.current_epoch)
        if not self.initial_loss:
            self.initial_loss = self._validate(self.val or self.rows)["val_loss"].tolist()
        self._stop_when_none_goes_on(self.current_epoch)

    def training_step(self, batch: Any, batch_idx: int) -> None:
        """Train one epoch, then validate."""
        if self.threads is None:
            self._epoch(self.current_epoch)
            return
        with self.threads.epoch():
            self._epoch(self.current_epoch)

    def _epoch(self, epoch: int) -> None:
        self._freeze(epoch)
        train_loss, seen = self._train_epoch(epoch)
        loss = train_loss
        if self.val is not None:
            self.monitor.listen()
            measured = self._validate(self.val)
            val_loss = measured["val_loss"]
            seen |= measured | self.monitor.heard()
            self.stopping.update(train_loss, val_loss, epoch + 1, measured.get("val_error"))
            loss = self.stopping.judged(val_loss)
        self.history.append({name: value.tolist() for name, value in seen.items()})
        if self.on_plateau:
            self.plateau.watch(loss.tolist())
        self._stop_when_none_goes_on(epoch + 1)

    def _train_epoch(self, epoch: int) -> tuple[Tensor, dict[str, Tensor]]:
        """One pass over the members' rows: their mean losses (k,), and all measurements."""
        order = self.epochs.order(epoch).to(self.rows.x.device)
        steps, share = len(order), self._share()
        total = torch.zeros_like(self.row_weight[0][:, share or slice(None)])
        seen: dict[str, Tensor] = {}
        for step in range(steps):
            places, rows = order[step], self.row_weight[step]
            weight = self.rows.reweigh(rows, places)
            if share is not None:
                places, rows, weight = places[:, share], rows[:, share], weight[:, share]
            x, y = self.rows.take(places, self.device)
            number = epoch * steps + step
            self.network.weaken_dropout(self._share_of(self.recipe.dropout_schedule, number, steps))
            for noise in self.noises:
                noise.seek(number)
            per_row = training_step.per_row(self.recipe, self.run_network(x, rows), y)
            first, last = self._place(step, steps)
            if step == first:
                self.stepper.forget()
            self._backward(per_row, weight if first == last else weight / (last - first + 1))
            if step == last:
                if step == steps - 1:
                    seen = self.monitor.gradients()
                self._step(number, steps)
            total.addcmul_(per_row.detach(), weight)
        mean = total.double().sum(1)
        if share is not None:
            mean = self.trainer.strategy.reduce(mean, reduce_op="sum")
        mean = (mean / steps).cpu()
        return mean, {"train_loss": mean} | seen

    def _share(self) -> slice | None:
        """The rows of every batch that this process takes; None for all."""
        if self.processes == 1:
            return None
        return slice(self.trainer.global_rank, None, self.processes)

    def _place(self, step: int, steps: int) -> tuple[int, int]:
        """The first and last batch of those whose gradients are added up to one step."""
        first = step - step % self.accumulate
        return first, min(first + self.accumulate, steps) - 1

    def _backward(self, per_row: Tensor, weight: Tensor) -> None:
        """The gradient of the weighted sum over all rows: that of each member's mean loss."""
        if self.processes > 1:
            # Lightning averages over processes; the weights of a batch add up to 1 over all.
            self.manual_backward(per_row, gradient=weight * self.processes)
        else:
            per_row.backward(gradient=weight)  # type: ignore[no-untyped-call]

    def _step(self, number: int, steps: int) -> None:
        """One step: penalties, clipping, the optimiser, limits of weights."""
        if self.has_penalty:
            training_step.add_penalty_gradients(self.penalised, self.penalty)
        if self.recipe.gradient_clip_val is not None:
            training_step.clip_gradients(
                list(self.network.parameters()), self.recipe.gradient_clip_val
            )
        factor = schedules.factor(self.recipe, number, steps, self.horizon)
        self.stepper.step(
            [
                own.learning_rate * factor * plateau
                for own, plateau in zip(self.rates, self.plateau.factors, strict=True)
            ],
            self._share_of(self.recipe.weight_decay_schedule, number, steps),
        )
        if self.recipe.max_norm is not None:
            incoming = [own.incoming() for own in self.hidden if own.matrix.requires_grad]
            training_step.limit_incoming(incoming, self.recipe.max_norm)

    def _share_of(self, schedule: str, number: int, steps: int) -> float:
        return schedules.share(self.recipe, schedule, number, steps, self.horizon)

    @torch.no_grad()
    def _validate(self, rows: batches.DeviceRows) -> dict[str, Tensor]:
        """Each member's mean loss on `rows` (k,), in evaluation mode; its error if that decides."""
        self.network.eval()
        total = torch.zeros(len(self.rates), dtype=torch.float64, device=self.device)
        error = torch.zeros_like(total)
        for x, y, own in rows.chunks(self.device):
            self.monitor.present = own.present
            output = training_step.pooled(self.recipe, self.network(x))
            per_row = training_step.per_row(self.recipe, output, y)
            total += (per_row * own.weight).sum(1)
            if self.by_error:
                error += (training_step.wrong(output, y) * own.weight).sum(1)
        self.network.train()
        self._freeze(self.current_epoch)
        return {"val_loss": total.cpu()} | ({"val_error": error.cpu()} if self.by_error else {})

    def _freeze(self, epoch: int) -> None:
        """Freeze the first blocks and what leads to them, until epoch `unfreeze_at`."""
        if not self.recipe.freeze:
            return
        free = self.recipe.unfreeze_at is not None and epoch >= self.recipe.unfreeze_at
        held = [self.network.embed, self.network.first]
        for part in [*held, *self.network.blocks[: self.recipe.freeze]]:
            if part is not None:
                part.requires_grad_(free)
                part.train(free)

    def _stop_when_none_goes_on(self, epoch: int) -> None:
        if self.val is not None and not self.stopping.still_training(epoch).any():
            self.trainer.should_stop = True

    def get_extra_state(self) -> dict[str, Any]:
        """All that a resumed run, or the parent process, needs besides the weights."""
        return {
            "best": self.stopping.state(),
            "plateau": self.plateau.state(),
            "initial_loss": self.initial_loss,
            "history": self.history,
        }

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """The inverse of `get_extra_state`."""
        self.stopping.load(state["best"])
        self.plateau.__dict__.update(state["plateau"])
        self.initial_loss = state["initial_loss"]
        self.history = state["history"]
