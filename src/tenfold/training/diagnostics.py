"""Measurements during training, and what they say is wrong with the choices made.

`NetworkMonitor` measures; `diagnose` finds vanishing and exploding gradients, dead and saturated
units and loss spikes in the measurements, and names the cure in the words of params.yaml.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tenfold.training.catalogue import ACTIVATIONS
from tenfold.training.networks import StackedNetwork

Epoch = Mapping[str, Sequence[float]]

# A layer's gradient against the last hidden layer's: Glorot & Bengio (2010) see it fall by
# layers; a factor of a thousand is more than widths and losses explain.
VANISHING_RATIO = 1e-3
# Of the untrained network's loss.
EXPLODING_FACTOR = 10.0
SPIKE_FACTOR = 3.0
# A loss below this share of the untrained network's is no spike.
MIN_SPIKE_SHARE = 0.1
MIN_UNIT_SHARE = 0.5
# The ends of a saturating unit, as a share of its range.
FLAT_SHARE = 0.01


class NetworkMonitor:
    """Measures a network: the gradient of each block, dead and saturated units.

    Args:
        network: k networks as one.
        activation: a key of ACTIVATIONS.
    """

    def __init__(self, network: StackedNetwork, activation: str) -> None:
        self.layers = [*network.blocks, network.output]
        self.entry = ACTIVATIONS[activation]
        self.name = activation
        self.modules = [
            module for name, module in network.named_modules() if name.endswith("activation")
        ]
        self._handles: list[Any] = []
        # (k, batch): which rows of the next validation batch are not padding.
        self.present: Tensor | None = None

    @torch.no_grad()
    def gradients(self) -> dict[str, Tensor]:
        """The norm of each block's gradient and the output's, `gradient_norm_1` first: (k,)."""
        found = {}
        for number, layer in enumerate(self.layers, start=1):
            norms = [
                torch.linalg.vector_norm(parameter.grad.flatten(1), dim=1)
                for parameter in layer.parameters()
                if parameter.grad is not None
            ]
            if norms:
                found[f"gradient_norm_{number}"] = torch.linalg.vector_norm(
                    torch.stack(norms), dim=0
                )
        return found

    def listen(self) -> None:
        """Record the outputs of the activations from now on."""
        self._stop()
        self._answered: dict[int, Tensor] = {}
        self._flat: list[Tensor] = []
        self._seen: list[Tensor] = []
        if self.entry.rectifies or self.entry.saturates:
            self._handles = [module.register_forward_hook(self._note) for module in self.modules]

    def _note(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        assert self.present is not None
        present = self.present.view(*self.present.shape, *[1] * (output.dim() - 2))
        if self.entry.rectifies:
            # Ten times as fast as any() over a comparison.
            answers = torch.where(present, output, 0).amax(1) > 0
            before = self._answered.get(id(module))
            self._answered[id(module)] = answers if before is None else answers | before
        else:
            low = 0.0 if self.name == "sigmoid" else -1.0
            near = FLAT_SHARE * (1 - low)
            flat = ((output < low + near) | (output > 1 - near)) & present
            self._flat.append(flat.flatten(1).sum(1))
            self._seen.append(present.expand_as(flat).flatten(1).sum(1))

    def heard(self) -> dict[str, Tensor]:
        """Stop recording; the share (k,) of dead units, or of saturated outputs."""
        self._stop()
        if self._answered:
            units = torch.cat([answers.flatten(1) for answers in self._answered.values()], dim=1)
            return {"dead_units": 1 - units.double().mean(1)}
        if self._flat:
            flat, seen = torch.stack(self._flat).sum(0), torch.stack(self._seen).sum(0)
            return {"saturated_units": flat.double() / seen}
        return {}

    def _stop(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []


@dataclass(frozen=True)
class Diagnosis:
    """One thing that went wrong: its name, what was measured, and what to change."""

    name: str
    seen: str
    cure: str

    def __str__(self) -> str:
        return f"{self.name}: {self.seen}; {self.cure}"


def diagnose(
    history: Sequence[Epoch], initial_loss: Sequence[float], ends: Sequence[int] | None = None
) -> list[Diagnosis]:
    """What went wrong, from the measurements of all epochs; most serious first.

    Args:
        history: per epoch, measurement -> each member's value (k,).
        initial_loss: of the untrained members (k,).
        ends: each member's last epoch (k,) that counts; by default all epochs do.
    """
    if not history:
        return []
    last = ends or [len(history)] * len(initial_loss)
    # An untrained member may by chance have predicted its few rows well.
    usual = statistics.median(initial_loss)
    untrained = [max(loss, usual, 1e-9) for loss in initial_loss]
    found = [
        _exploding(history, untrained, last),
        _vanishing(history),
        _dead(history),
        _saturated(history),
    ]
    if found[0] is None:
        found.append(_spikes(history, untrained, last))
    return [finding for finding in found if finding is not None]


def _exploding(
    history: Sequence[Epoch], untrained: Sequence[float], ends: Sequence[int]
) -> Diagnosis | None:
    blown = []
    for number, epoch in enumerate(history, start=1):
        for member, loss in enumerate(epoch.get("val_loss", epoch["train_loss"])):
            if number > ends[member]:
                continue
            if not all(math.isfinite(values[member]) for values in epoch.values()):
                blown.append((number, "the loss or its gradient was no finite number"))
            elif loss > EXPLODING_FACTOR * untrained[member]:
                times = loss / untrained[member]
                blown.append((number, f"the loss was {times:.3g} times the untrained network's"))
        if blown:
            break
    if not blown:
        return None
    number, what = blown[0]
    return Diagnosis(
        "exploding gradients",
        f"in epoch {number} {what} ({len(blown)} of {len(history[0]['train_loss'])} members)",
        "lower learning_rate or weight_decay, set gradient_clip_val: 1.0, or add normalization",
    )


def _vanishing(history: Sequence[Epoch]) -> Diagnosis | None:
    """From the start, the first block has a thousandth of the last block's gradient."""
    early = history[:5]
    # Frozen blocks have no gradient, and the last number is the output's.
    *blocks, _ = [name for name in early[0] if name.startswith("gradient_norm")] or [""]
    if len(blocks) < 2:
        return None
    ratios = [
        first / last
        for epoch in early
        for first, last in zip(epoch[blocks[0]], epoch[blocks[-1]], strict=True)
        if last > 0 and math.isfinite(first) and math.isfinite(last)
    ]
    if not ratios or statistics.median(ratios) > VANISHING_RATIO:
        return None
    return Diagnosis(
        "vanishing gradients",
        f"the first of {len(blocks)} blocks had {statistics.median(ratios):.0e} of the gradient of "
        "the last",
        "use initializer: auto, activation: relu, or normalization: batch_norm",
    )


def _dead(history: Sequence[Epoch]) -> Diagnosis | None:
    share = _last(history, "dead_units")
    if share is None or share < MIN_UNIT_SHARE:
        return None
    return Diagnosis(
        "dead units",
        f"{share:.0%} of the ReLU units were silent for every validation row",
        "use initializer: auto, a lower learning_rate, or activation: leaky_relu or elu",
    )


def _saturated(history: Sequence[Epoch]) -> Diagnosis | None:
    share = _last(history, "saturated_units")
    if share is None or share < MIN_UNIT_SHARE:
        return None
    return Diagnosis(
        "saturated units",
        f"{share:.0%} of the answers lay at the flat ends of the activation",
        "use initializer: auto, normalization: batch_norm, scaled inputs or activation: relu",
    )


def _spikes(
    history: Sequence[Epoch], untrained: Sequence[float], ends: Sequence[int]
) -> Diagnosis | None:
    """A loss far above the epochs before, and not small compared with the untrained network's."""
    spikes = []
    for number in range(5, len(history)):
        for member, loss in enumerate(history[number]["train_loss"]):
            usual = statistics.median(
                epoch["train_loss"][member] for epoch in history[number - 5 : number]
            )
            worth = loss > MIN_SPIKE_SHARE * untrained[member] and number < ends[member]
            if worth and loss > SPIKE_FACTOR * usual:
                spikes.append((number + 1, loss / usual if usual else math.inf))
    if not spikes:
        return None
    number, times = spikes[0]
    return Diagnosis(
        "loss spikes",
        f"{len(spikes)}, the first in epoch {number}, {times:.2g} times the epochs before it",
        "lower learning_rate, set gradient_clip_val: 1.0, or add warmup_epochs",
    )


def _last(history: Sequence[Epoch], name: str) -> float | None:
    values = history[-1].get(name)
    return statistics.fmean(values) if values else None
