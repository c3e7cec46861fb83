"""A training step of each member: loss, penalties, gradient clipping, optimiser, weight limits."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tenfold.training.catalogue import LOSSES, OPTIMIZERS, Optimizer, resolve
from tenfold.training.settings import LossSettings


def per_row(settings: LossSettings, output: Tensor, target: Tensor) -> Tensor:
    """The loss of every row by itself (members, batch), so that a padded row can weigh nothing.

    Args:
        settings: the loss.
        output: (members, batch, out), or (members, batch, heads, out) of a network with heads,
            whose loss is the mean of its heads' own; `out` is 1 for regression (a value) and
            binary (a logit), and C logits for many classes.
        target: (members, batch); class codes for many classes.

    Source of the smoothed labels: Szegedy et al. (2016).
    """
    if output.dim() == 4:
        n_heads = output.shape[2]
        each = per_row(settings, output.flatten(1, 2), target.repeat_interleave(n_heads, dim=1))
        return each.view(*target.shape, n_heads).mean(-1)
    function, options = resolve(LOSSES[settings.loss].path), dict[str, Any]()
    smoothing = settings.label_smoothing
    if output.shape[-1] > 1:
        rows, goal = output.flatten(0, 1), target.flatten()
    else:
        rows, goal = output.squeeze(-1), target
    if settings.loss == "cross_entropy":
        options["label_smoothing"] = smoothing
    if settings.loss == "huber":
        options["delta"] = settings.huber_delta
    if settings.loss == "binary_cross_entropy" and smoothing:
        goal = goal * (1 - smoothing) + smoothing / 2
    losses: Tensor = function(rows, goal, reduction="none", **options)
    return losses.view_as(target)


def wrong(output: Tensor, target: Tensor) -> Tensor:
    """Whether the likeliest class (members, batch) of an output (members, batch, out) is wrong."""
    likeliest = output[..., 0] > 0 if output.shape[2] == 1 else output.argmax(2)
    return (likeliest != target).to(output.dtype)


def pooled(settings: LossSettings, output: Tensor) -> Tensor:
    """The output (members, batch, out) that stands for the mean prediction of a network's heads.

    Predictions are averaged, as probabilities and not as logits.
    """
    if output.dim() == 3:
        return output
    if settings.loss == "cross_entropy":
        return output.log_softmax(-1).logsumexp(2) - math.log(output.shape[2])
    if settings.loss == "binary_cross_entropy":
        yes, no = nn.functional.logsigmoid(output), nn.functional.logsigmoid(-output)
        return yes.logsumexp(2) - no.logsumexp(2)
    return output.mean(2)


def build_optimizer(
    name: str,
    groups: Sequence[dict[str, Any]],
    learning_rate: float,
    weight_decay: float,
    *,
    thaws: bool = False,
    beta2: float = 0.999,
    capturable: bool = False,
) -> torch.optim.Optimizer:
    """The optimiser over groups of stacked parameters; fused where torch has a fused kernel.

    With `thaws` some parameters get their first gradient later than others, which torch's fused
    momentum does not allow. `capturable` keeps all that an optimiser remembers on the device.
    """
    entry = OPTIMIZERS[name]
    kind = resolve(entry.path)
    known = inspect.signature(kind).parameters
    options = dict(entry.options)
    if "fused" in known and not thaws:
        options["fused"] = True
    if capturable and "capturable" in known:
        options["capturable"] = True
    if "betas" in known:
        options["betas"] = (0.9, beta2)
    optimizer: torch.optim.Optimizer = kind(
        list(groups), lr=learning_rate, weight_decay=weight_decay, **options
    )
    return optimizer


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters with factors of their own for the learning rate and the weight decay."""

    parameters: Sequence[nn.Parameter]
    rate: float = 1.0
    decay: float = 1.0


class Stepper:
    """Steps torch's optimiser over stacked parameters, each member at its own rate and decay.

    If all members agree, this is torch's step. Otherwise torch's step is taken at rate 1 and each
    member moves by its rate's share of it: the steps are linear in the rate.

    Args:
        optimizer: its name.
        groups: all parameters.
        weight_decays: each member's (k,).
        shared_rate: whether all members' rates will always be equal.
        thaws: whether some parameters are frozen at first and trained later.
        beta2: of the optimisers that have it.
        on_device: whether rates and the share of the decay come as tensors, for a captured step.
        decay_changes: whether that share changes from step to step.
        adds_up: whether a step on the device adds up the gradients of several batches.
    """

    def __init__(
        self,
        optimizer: str,
        groups: Sequence[ParameterGroup],
        weight_decays: Sequence[float],
        *,
        shared_rate: bool,
        thaws: bool = False,
        beta2: float = 0.999,
        on_device: bool = False,
        decay_changes: bool = False,
        adds_up: bool = False,
    ) -> None:
        entry = OPTIMIZERS[optimizer]
        self.decoupled = entry.decoupled
        # torch's own decay is a Python number.
        same_decay = len(set(weight_decays)) == 1 and not (on_device and decay_changes)
        self.shared = shared_rate and same_decay
        self.weight_decays = None if same_decay else list(weight_decays)
        self.same_decay = weight_decays[0] if same_decay else 0.0
        described = [
            {"params": list(group.parameters), "rate": group.rate, "decay": group.decay}
            for group in groups
        ]
        self.optimizer = build_optimizer(
            optimizer,
            described,
            1.0,
            self.same_decay,
            thaws=thaws,
            beta2=beta2,
            capturable=on_device,
        )
        if on_device:
            self.shared = self.shared and _takes_tensor_rates(entry, self.optimizer)
        # What a graph adds gradients to stays where it is.
        self.keeps_gradients = on_device and adds_up
        # torch wraps a step for its profiler and for gradients of gradients, which takes a third of
        # the time of a small step.
        self._take = inspect.unwrap(type(self.optimizer).step)
        self._before: dict[nn.Parameter, Tensor] = {}
        self._decay: Tensor | None = None

    def forget(self) -> None:
        """Drop the gradients of the last step."""
        if self.keeps_gradients:
            kept = self.gradients()
            if kept:
                torch._foreach_zero_(kept)
            return
        for group in self.optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def gradients(self) -> list[Tensor]:
        """Those of all parameters that have one."""
        every = [own for group in self.optimizer.param_groups for own in group["params"]]
        return [own.grad for own in every if own.grad is not None]

    @torch.no_grad()
    def step(self, rates: Sequence[float] | Tensor, decay_share: float | Tensor = 1.0) -> None:
        """Take one step; rates (k,), and the share of the weight decay that applies now."""
        first: Any = rates[0]
        now = 1.0 if isinstance(decay_share, Tensor) else decay_share
        for group in self.optimizer.param_groups:
            group["lr"] = _product(first, group["rate"]) if self.shared else 1.0
            group["weight_decay"] = self.same_decay * group["decay"] * now
        if self.shared:
            self._take(self.optimizer)
            return
        moving = [
            (parameter, group["rate"], group["decay"])
            for group in self.optimizer.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        like = moving[0][0]
        rate = rates if isinstance(rates, Tensor) else torch.tensor(rates, dtype=like.dtype)
        rate, decay = rate.to(like.device), self._decays(like)
        for parameter, _, decay_factor in moving:
            if decay is not None and not self.decoupled:
                assert parameter.grad is not None
                own = decay * (decay_factor * decay_share)
                parameter.grad.addcmul_(parameter, by_member(own, parameter))
            if parameter in self._before:
                self._before[parameter].copy_(parameter)
            else:
                self._before[parameter] = parameter.detach().clone()
        self._take(self.optimizer)
        for parameter, factor, decay_factor in moving:
            before = self._before[parameter]
            share = by_member(_product(rate, factor), parameter)
            # The rate's share of the way from the old weights to those of a step at rate 1.
            torch.lerp(before, parameter, share.expand_as(parameter), out=parameter)
            if decay is not None and self.decoupled:
                shrunk = by_member(decay * (decay_factor * decay_share), parameter) * share
                parameter.addcmul_(before, shrunk, value=-1)

    def _decays(self, like: Tensor) -> Tensor | None:
        """Each member's weight decay (k,), where they differ; put on the device once."""
        if self.weight_decays is not None and self._decay is None:
            self._decay = torch.tensor(self.weight_decays, dtype=like.dtype, device=like.device)
        return self._decay


def _product(rate: Any, factor: float) -> Any:
    """Their product, of a number or a tensor; a factor of 1 takes no kernel."""
    return rate if factor == 1.0 else rate * factor


def _takes_tensor_rates(entry: Optimizer, optimizer: torch.optim.Optimizer) -> bool:
    """Whether torch's fused kernel takes the step; it reads a rate in single precision."""
    group = optimizer.param_groups[0]
    single = group["params"][0].dtype == torch.float32
    return entry.tensor_rate and bool(group.get("fused")) and single


def by_member(values: Tensor, like: Tensor) -> Tensor:
    """A value per member (k,), shaped to multiply a parameter (k, ...)."""
    return values.view(-1, *[1] * (like.dim() - 1))


@torch.no_grad()
def add_penalty_gradients(parameters: Iterable[nn.Parameter], l1: Tensor) -> None:
    """Add the gradient of l1 * sum |w| (Tibshirani 1996); l1 (k,)."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.addcmul_(parameter.sign(), by_member(l1, parameter))


@torch.no_grad()
def gradient_norms(parameters: Iterable[nn.Parameter]) -> Tensor:
    """The Euclidean norm of each member's whole gradient (k,)."""
    squares = [
        parameter.grad.flatten(1).square().sum(1)
        for parameter in parameters
        if parameter.grad is not None
    ]
    return torch.stack(squares).sum(0).sqrt()


@torch.no_grad()
def clip_gradients(parameters: Sequence[nn.Parameter], largest: float) -> None:
    """Shorten each member's gradient to the norm `largest` at most (Pascanu et al. 2013)."""
    factor = (largest / (gradient_norms(parameters) + 1e-6)).clamp(max=1.0)
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.mul_(by_member(factor, parameter))


@torch.no_grad()
def limit_incoming(weights: Iterable[Tensor], largest: float) -> None:
    """Shorten the weights into every unit (k, in, out) to the norm `largest` at most.

    Source: max-norm of Srivastava et al. (2014).
    """
    for weight in weights:
        norm = torch.linalg.vector_norm(weight, dim=1, keepdim=True)
        weight.mul_((largest / norm.clamp(min=1e-12)).clamp(max=1.0))
