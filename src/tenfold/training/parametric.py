"""Activations of which each unit learns a share.

Those of RealMLP's defaults have gradients written down by hand, which take half of the time of
autograd's; `torch.lerp(x, f(x), share)` is their plain form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

# f(x) of an activation, and f'(x) - 1 if that is asked for.
Curve = Callable[[Tensor, bool], tuple[Tensor, Tensor | None]]

# exp(x) squared stays finite in single precision, and mish is x to all its digits beyond.
MISH_END = 20.0
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


class ParametricActivation(nn.Module):
    """x + a (f(x) - x), with a learned share `a` of each unit, from 1."""

    def __init__(self, base: nn.Module, members: int, units: int, rate_factor: float) -> None:
        super().__init__()
        self.base = base
        self.share = nn.Parameter(torch.ones(members, 1, units))
        self.rate_factors = {"share": (rate_factor, rate_factor)}

    def forward(self, x: Tensor) -> Tensor:
        """x (k, batch, units)."""
        return parametric(self.base, x, self.share)


def parametric(base: nn.Module, x: Tensor, share: Tensor) -> Tensor:
    """x + share (f(x) - x), for x (k, batch, units) and share (k, 1, units)."""
    curve = CURVES.get(type(base))
    if curve is None:
        return torch.lerp(x, base(x), share)
    if not torch.is_grad_enabled():
        return torch.addcmul(x, curve(x, False)[0].sub_(x), share)
    moved: Tensor = _Parametric.apply(x, share, curve)  # type: ignore[no-untyped-call]
    return moved


class _Parametric(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, share: Tensor, curve: Curve) -> Tensor:
        value, slope = curve(x, True)
        moved = value.sub_(x)
        ctx.save_for_backward(moved, slope, share)
        return torch.addcmul(x, moved, share)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (gradient,) = gradients
        moved, slope, share = ctx.saved_tensors
        to_x = torch.addcmul(gradient, gradient * share, slope)
        return to_x, (gradient * moved).sum(1, keepdim=True), None


def _mish(x: Tensor, wants_slope: bool) -> tuple[Tensor, Tensor | None]:
    """x tanh(log(1 + e^x)) = x n / (n + 2), with n = e^x (e^x + 2). Source: Misra (2020)."""
    power = x.clamp(max=MISH_END).exp_()
    n = (power + 2).mul_(power)
    inverse = (n + 2).reciprocal_()
    share = n.mul_(inverse)
    value = x * share
    if not wants_slope:
        return value, None
    steep = (power + 1).mul_(power).mul_(inverse).mul_(inverse).mul_(x)
    return value, share.sub_(1).add_(steep, alpha=4)


def _selu(x: Tensor, wants_slope: bool) -> tuple[Tensor, Tensor | None]:
    """torch's SELU, an ELU with a scale, and the slope that its kernel makes of the value."""
    value = nn.functional.selu(x)
    if not wants_slope:
        return value, None
    ones = torch.ones_like(value)
    slope = torch.ops.aten.elu_backward(ones, SELU_ALPHA, SELU_SCALE, 1, True, value)
    return value, slope.sub_(1)


CURVES: dict[type[nn.Module], Curve] = {nn.Mish: _mish, nn.SELU: _selu}
