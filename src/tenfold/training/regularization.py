"""What is done to gradients and weights around an optimiser's step, each member by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn


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
