"""Normalisation of each member by itself: over its batch, or over each row's units."""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn


class StackedBatchNorm(nn.Module):
    """Each unit, or channel, to mean 0 and variance 1 over its member's batch.

    Padded rows weigh nothing. Evaluation uses running statistics, as torch's does.
    Source: Ioffe & Szegedy (2015).
    """

    mean: Tensor
    var: Tensor
    momentum = 0.1
    eps = 1e-5

    def __init__(self, members: int, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(members, 1, units))
        self.bias = nn.Parameter(torch.zeros(members, 1, units))
        self.register_buffer("mean", torch.zeros(members, 1, units))
        self.register_buffer("var", torch.ones(members, 1, units))

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """x (members, batch, units, ...); rows (members, batch) are weights that sum to 1.

        Where several processes share a batch, they do so over all of them.
        """
        places = x.shape[3:].numel()
        flat = x.flatten(3).transpose(2, 3) if places > 1 or x.dim() > 3 else x
        if self.training:
            assert rows is not None
            mean, var = self._batch_statistics(flat, rows)
        else:
            mean, var = self.mean, self.var
        scale = self.weight * (var + self.eps).rsqrt()
        shift = self.bias - mean * scale
        if flat.dim() > 3:
            scale, shift = scale.unsqueeze(1), shift.unsqueeze(1)
        normal = torch.addcmul(shift, flat, scale)
        return normal.transpose(2, 3).view_as(x) if flat.dim() > 3 else normal

    def _batch_statistics(self, x: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and biased variance (members, 1, units); the running ones move towards them."""
        places = x.shape[2] if x.dim() > 3 else 1
        over = (1, 2) if x.dim() > 3 else (1,)
        weight = (rows / places).view(*rows.shape, *[1] * (x.dim() - 2))
        mean = _everywhere((x * weight).sum(over, keepdim=True))
        var = _everywhere(((x - mean).square() * weight).sum(over, keepdim=True))
        if x.dim() > 3:
            mean, var = mean.squeeze(1), var.squeeze(1)
        with torch.no_grad():
            count = _everywhere((rows > 0).sum(1).to(var.dtype)[:, None, None]) * places
            unbiased = var * (count / (count - 1).clamp(min=1))
            # A batch without rows says nothing.
            share = self.momentum * (count > 0).to(self.mean.dtype)
            self.mean.lerp_(mean.detach().to(self.mean.dtype), share)
            self.var.lerp_(unbiased.detach().to(self.var.dtype), share)
        return mean, var


def _everywhere(total: Tensor) -> Tensor:
    """The sum of all processes' totals, where several share a batch."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return total
    from torch.distributed.nn.functional import all_reduce

    reduced: Tensor = all_reduce(total)  # type: ignore[no-untyped-call]
    return reduced


class StackedLayerNorm(nn.Module):
    """Every row's units to mean 0 and variance 1, then a learned scale and shift of each.

    Source: Ba, Kiros & Hinton (2016).
    """

    eps = 1e-5

    def __init__(self, members: int, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(members, 1, units))
        self.bias = nn.Parameter(torch.zeros(members, 1, units))

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """x (members, batch, units, ...); a row's statistics are taken over all of its units."""
        normal = nn.functional.layer_norm(x, x.shape[2:], eps=self.eps)
        shape = (*self.weight.shape, *[1] * (x.dim() - 3))
        return torch.addcmul(self.bias.view(shape), normal, self.weight.view(shape))
