"""The folds as one stack in bare PyTorch, written by hand: what a careful user could do alone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from benchmarks.works import LEARNING_RATE, WEIGHT_DECAY, Data, Rows, Work

# Validation rows of each fold that are looked at in one pass.
CHUNK = 4096


def bare_stacked(work: Work, data: Data) -> float:
    """Validation loss every epoch and every fold's best weights, as tenfold keeps them.

    No early stopping, diagnostics, crash checkpoints or reproducible folds.
    """
    device = work.device
    x = padded([fold.x_train for fold in data.folds]).to(device)
    y = padded([fold.y_train for fold in data.folds]).to(device)
    x_val = padded([fold.x_val for fold in data.folds]).to(device)
    y_val = padded([fold.y_val for fold in data.folds]).to(device)
    sizes = torch.tensor([len(fold.y_val) for fold in data.folds], device=device)
    present = torch.arange(y_val.shape[1], device=device) < sizes[:, None]
    val_weight = present / sizes[:, None]
    parts = [slice(start, start + CHUNK) for start in range(0, y_val.shape[1], CHUNK)]
    members, rows = y.shape
    steps = -(-rows // work.batch_size)
    offset = torch.arange(members)[:, None] * rows
    flat_x, flat_y = x.flatten(0, 1), y.flatten()

    weights = parameters(members, [work.columns, work.width, work.width, 1], device)
    best = [weight.detach().clone() for weight in weights]
    best_loss = torch.full((members,), torch.inf, device=device)
    optimizer = torch.optim.AdamW(weights, LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=work.precision == "bf16-mixed")
    for _ in range(work.epochs):
        order = torch.stack([torch.randperm(rows) for _ in range(members)]) + offset
        for batch in order.to(device).tensor_split(steps, dim=1):
            places = batch.flatten()
            own_x = flat_x.index_select(0, places).view(*batch.shape, -1)
            own_y = flat_y.index_select(0, places).view(batch.shape)
            with autocast:
                logits = network(weights, own_x)
                losses = binary_cross_entropy_with_logits(logits, own_y, reduction="none")
            optimizer.zero_grad()
            losses.mean(1).sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            val_loss = torch.zeros(members, device=device)
            for part in parts:
                with autocast:
                    logits = network(weights, x_val[:, part])
                    losses = binary_cross_entropy_with_logits(
                        logits, y_val[:, part], reduction="none"
                    )
                val_loss += (losses * val_weight[:, part]).sum(1)
            improved = val_loss < best_loss
            best_loss = torch.where(improved, val_loss, best_loss)
            for kept, weight in zip(best, weights, strict=True):
                torch.where(improved[:, None, None], weight, kept, out=kept)
    return best_loss.mean().item()


def padded(parts: Sequence[Rows]) -> Tensor:
    """The folds' rows as one tensor; a shorter fold repeats its first rows."""
    longest = max(map(len, parts))
    stack = torch.empty(len(parts), longest, *parts[0].shape[1:])
    for own, part in zip(stack, parts, strict=True):
        own[: len(part)] = torch.from_numpy(part)
        own[len(part) :] = own[: longest - len(part)]
    return stack


def parameters(members: int, widths: Sequence[int], device: torch.device) -> list[Tensor]:
    """Weight and bias of every layer, with a leading member axis."""
    made = []
    for n_inputs, n_outputs in itertools.pairwise(widths):
        bound = (6 / n_inputs) ** 0.5
        weight = torch.empty(members, n_inputs, n_outputs, device=device).uniform_(-bound, bound)
        bias = torch.zeros(members, 1, n_outputs, device=device)
        made += [weight.requires_grad_(), bias.requires_grad_()]
    return made


def network(weights: Sequence[Tensor], x: Tensor) -> Tensor:
    """Logits (members, batch) of x (members, batch, columns)."""
    first, first_bias, second, second_bias, last, last_bias = weights
    x = torch.relu(torch.baddbmm(first_bias, x, first))
    x = torch.relu(torch.baddbmm(second_bias, x, second))
    return torch.baddbmm(last_bias, x, last).squeeze(-1)
