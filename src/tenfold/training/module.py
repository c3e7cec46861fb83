"""The stacked network under Lightning: one training step is one epoch of mini-batches.

Lightning's work per step would cost as much as the arithmetic of a small network, so the loop
over mini-batches lives inside the step; Lightning keeps device, precision, epochs and callbacks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from tenfold.training import batches, graphs, schedules, training_step
from tenfold.training.diagnostics import Diagnosis, NetworkMonitor
from tenfold.training.early_stopping import EarlyStopping
from tenfold.training.graphs import Measured
from tenfold.training.layers import WeightedLayer
from tenfold.training.networks import StackedNetwork
from tenfold.training.settings import Rates, Recipe
from tenfold.training.step_inputs import (
    DeviceInputs,
    HostInputs,
    Inputs,
    StepInputs,
    StepKind,
    Timetable,
)
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
        threads: chooses their number in every epoch, on a processor.
        compiled: whether torch.compile makes one kernel of the network's many.

    Attributes:
        history: per epoch, measurement -> each member's value (k,).
        trained_on: the device.
        not_captured: why steps were launched kernel by kernel, on a device that can do better.
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
        self.compiled = compiled
        self.recipe = recipe
        self.rates = rates
        self.epochs = epochs
        self.monitor = monitor
        self.threads = threads
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
        self.timetable = Timetable(
            recipe,
            rates,
            self.plateau,
            steps=len(self.row_weight),
            horizon=horizon,
            accumulate=accumulate,
        )
        # Whether blocks that are frozen at first are trained by now.
        self.free: bool | None = None
        self.trained_on = torch.device("cpu")
        self.has_penalty = any(own.l1 for own in rates)
        self.initial_loss: list[float] = []
        self.history: list[dict[str, list[float]]] = []
        self.recorder: graphs.Recorder | None = None
        self.captures: graphs.Captures | None = None
        self.not_captured: Diagnosis | None = None

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """One optimiser for all members; the rows are on the device, as far as they fit."""
        self.processes = self.trainer.world_size
        for rows in (self.rows, self.val):
            if rows is not None:
                rows.move_to(self.device)
        self.recorder = self._recorder()
        self.stepper = training_step.Stepper(
            self.recipe.optimizer,
            self.network.parameter_groups(self.recipe.body_learning_rate_factor),
            [own.weight_decay for own in self.rates],
            shared_rate=len({own.learning_rate for own in self.rates}) == 1 and not self.on_plateau,
            thaws=self.recipe.unfreeze_at is not None,
            beta2=self.recipe.beta2,
            on_device=self.recorder is not None,
            decay_changes=self.recipe.weight_decay_schedule != "constant",
            adds_up=self.timetable.accumulate > 1,
        )
        return self.stepper.optimizer

    def _recorder(self) -> graphs.Recorder | None:
        """What captures steps; None if it cannot, which is said of a device that could."""
        reason = graphs.why_not_captured(
            self.network,
            self.recipe,
            self.device,
            compiled=self.compiled,
            processes=self.processes,
            rows_on_device=all(
                rows.x.device == self.device for rows in (self.rows, self.val) if rows is not None
            ),
        )
        if reason is None:
            return graphs.CudaGraphs(self.device)
        self.not_captured = reason if self.device.type == "cuda" else None
        return None

    def on_fit_start(self) -> None:
        """Move what is left to the network's device, and choose how steps get what is theirs."""
        self.trained_on = self.device
        for noise in self.network.noises():
            noise.place = (self.trainer.global_rank, self.processes)
        self.stopping.follow(self.network, self._do)
        self.row_weight = self.row_weight.to(self.device)
        layers = [module for module in self.network.modules() if isinstance(module, WeightedLayer)]
        self.penalised = [layer.matrix for layer in layers]
        l1 = [own.l1 for own in self.rates]
        self.penalty = torch.tensor(l1, dtype=self.row_weight.dtype, device=self.device)
        self.hidden = [layer for layer in layers if layer is not self.network.output]
        self.total = torch.zeros_like(self.row_weight[0][:, self._share() or slice(None)])
        given = (self.timetable, self.epochs, self.row_weight, self.network)
        self.inputs: Inputs = HostInputs(*given, self.rows.x.device)
        self.captures = None
        if self.recorder is not None:
            self.inputs = DeviceInputs(*given)
            self.captures = graphs.Captures(self.recorder, self._changed, self.stepper.optimizer)

    def _changed(self) -> Iterator[Tensor]:
        """The tensors that steps change, but for the optimiser's."""
        yield from self.network.state_dict().values()
        yield from self.stopping.weights.values()
        yield self.total
        if isinstance(self.inputs, DeviceInputs):
            yield self.inputs.at
        if self.stepper.keeps_gradients:
            yield from self.stepper.gradients()

    def _do(self, key: Hashable, work: graphs.Work) -> Measured:
        """Work on the device, as a graph where it can be one."""
        return work() if self.captures is None else self.captures.run(key, work)

    def on_train_start(self) -> None:
        """Stop at once if the run had already ended when its state was saved."""
        self._freeze(self.current_epoch)
        if not self.initial_loss:
            self.initial_loss = self._validate(self.val or self.rows)["val_loss"].tolist()
        self._stop_when_none_goes_on(self.current_epoch)

    def training_step(self, batch: Any, batch_idx: int) -> None:
        """Train one epoch, then validate."""
        if self.threads is None or self.device.type != "cpu":
            self._epoch(self.current_epoch)
            return
        with self.threads.epoch():
            self._epoch(self.current_epoch)

    def _epoch(self, epoch: int) -> None:
        if self._freeze(epoch) and self.captures is not None:
            self.captures.forget()
        seen = self._train_epoch(epoch)
        if self.val is not None:
            seen |= self._do("validate", self._watch)
        if isinstance(self.inputs, DeviceInputs) and epoch + 1 < (self.trainer.max_epochs or 0):
            self.inputs.look_ahead(epoch + 1)
        seen = on_host(seen)
        loss = seen["train_loss"]
        if self.val is not None:
            val_loss = seen["val_loss"]
            self.stopping.update(loss, val_loss, epoch + 1, seen.get("val_error"))
            loss = self.stopping.judged(val_loss)
        self.history.append({name: value.tolist() for name, value in seen.items()})
        if self.on_plateau:
            self.plateau.watch(loss.tolist())
        self._stop_when_none_goes_on(epoch + 1)

    def _train_epoch(self, epoch: int) -> Measured:
        """One pass over the members' rows: their mean losses (k,), and all measurements."""
        self.inputs.start(epoch)
        self.total.zero_()
        steps = self.timetable.steps
        seen: Measured = {}
        for step in range(steps):
            kind = self.timetable.kind(step)
            seen = self._do(kind, functools.partial(self._train_step, step, kind))
        mean = self.total.double().sum(1)
        if self.processes > 1:
            mean = self.trainer.strategy.reduce(mean, reduce_op="sum")
        return {"train_loss": mean / steps} | seen

    def _train_step(self, step: int, kind: StepKind) -> Measured:
        """One batch: work on the device alone; a graph of it stands for every step of its kind."""
        own, share = self.inputs.take(step), self._share()
        places, rows = own.places, own.rows
        weight = self.rows.reweigh(rows, places)
        if share is not None:
            places, rows, weight = places[:, share], rows[:, share], weight[:, share]
        x, y = self.rows.take(places, self.device)
        per_row = training_step.per_row(self.recipe, self.run_network(x, rows), y)
        if kind.first:
            self.stepper.forget()
        alone = kind.first and kind.last
        self._backward(per_row, weight if alone else weight / own.n_batches)
        seen: Measured = {}
        if kind.last:
            if kind.measured:
                seen = self.monitor.gradients()
            self._step(own)
        self.total.addcmul_(per_row.detach(), weight)
        return seen

    def _share(self) -> slice | None:
        """The rows of every batch that this process takes; None for all."""
        if self.processes == 1:
            return None
        return slice(self.trainer.global_rank, None, self.processes)

    def _backward(self, per_row: Tensor, weight: Tensor) -> None:
        """The gradient of the weighted sum over all rows: that of each member's mean loss."""
        if self.processes > 1:
            # Lightning averages over processes; the weights of a batch add up to 1 over all.
            self.manual_backward(per_row, gradient=weight * self.processes)
        else:
            per_row.backward(gradient=weight)  # type: ignore[no-untyped-call]

    def _step(self, own: StepInputs) -> None:
        """One step: penalties, clipping, the optimiser, limits of weights."""
        if self.has_penalty:
            training_step.add_penalty_gradients(self.penalised, self.penalty)
        if self.recipe.gradient_clip_val is not None:
            training_step.clip_gradients(
                list(self.network.parameters()), self.recipe.gradient_clip_val
            )
        self.stepper.step(own.rates, own.decay_share)
        if self.recipe.max_norm is not None:
            incoming = [own.incoming() for own in self.hidden if own.matrix.requires_grad]
            training_step.limit_incoming(incoming, self.recipe.max_norm)

    def _watch(self) -> Measured:
        """Each member's loss on its validation rows, and how its units answered them."""
        assert self.val is not None
        self.monitor.listen()
        return self._validate(self.val) | self.monitor.heard()

    @torch.no_grad()
    def _validate(self, rows: batches.DeviceRows) -> Measured:
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
        return {"val_loss": total} | ({"val_error": error} if self.by_error else {})

    def _freeze(self, epoch: int) -> bool:
        """Freeze the first blocks and what leads to them, until epoch `unfreeze_at`.

        Returns whether that has changed.
        """
        if not self.recipe.freeze:
            return False
        free = self.recipe.unfreeze_at is not None and epoch >= self.recipe.unfreeze_at
        held = [self.network.embed, self.network.first]
        for part in [*held, *self.network.blocks[: self.recipe.freeze]]:
            if part is not None:
                part.requires_grad_(free)
                part.train(free)
        changed, self.free = self.free != free, free
        return changed

    def _stop_when_none_goes_on(self, epoch: int) -> None:
        if self.val is not None and not self.stopping.still_training(epoch).any():
            self.trainer.should_stop = True

    def on_fit_end(self) -> None:
        """Give back what graphs hold on the device."""
        if self.captures is not None and self.captures.failure:
            self.not_captured = graphs.failed(self.captures.failure)
        self.captures = self.recorder = None
        self.network.zero_grad()

    def get_extra_state(self) -> dict[str, Any]:
        """All that a resumed run, or the parent process, needs besides the weights."""
        return {
            "best": self.stopping.state(),
            "plateau": self.plateau.state(),
            "initial_loss": self.initial_loss,
            "history": self.history,
            "not_captured": self.not_captured and astuple(self.not_captured),
        }

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """The inverse of `get_extra_state`."""
        self.stopping.load(state["best"])
        self.plateau.__dict__.update(state["plateau"])
        self.initial_loss = state["initial_loss"]
        self.history = state["history"]
        said = state["not_captured"]
        self.not_captured = said and Diagnosis(*said)


def on_host(measured: Measured) -> Measured:
    """Measurements (k,) in main memory, by one transfer."""
    if all(value.device.type == "cpu" for value in measured.values()):
        return measured
    together = torch.stack([value.double() for value in measured.values()]).cpu()
    return dict(zip(measured, together, strict=True))
