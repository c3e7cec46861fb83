"""The stack in bare PyTorch with its step captured as a CUDA graph: what tenfold is measured by."""

from __future__ import annotations

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from benchmarks import bare
from benchmarks.works import LEARNING_RATE, WEIGHT_DECAY, Data, Work

WARM_UPS = 3


def bare_captured(work: Work, data: Data) -> float:
    """As `bare_stacked`, on a GPU; an epoch leaves out the rows beyond its last full batch."""
    device = work.device
    x = bare.padded([fold.x_train for fold in data.folds]).to(device)
    y = bare.padded([fold.y_train for fold in data.folds]).to(device)
    x_val = bare.padded([fold.x_val for fold in data.folds]).to(device)
    y_val = bare.padded([fold.y_val for fold in data.folds]).to(device)
    sizes = torch.tensor([len(fold.y_val) for fold in data.folds], device=device)
    val_weight = (torch.arange(y_val.shape[1], device=device) < sizes[:, None]) / sizes[:, None]
    members, rows = y.shape
    batch = min(work.batch_size, rows)
    flat_x, flat_y = x.flatten(0, 1), y.flatten()
    offset = torch.arange(members, device=device)[:, None] * rows

    weights = bare.parameters(members, [work.columns, work.width, work.width, 1], device)
    best = [weight.detach().clone() for weight in weights]
    best_loss = torch.full((members,), torch.inf, device=device)
    optimizer = torch.optim.AdamW(
        weights, LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True, capturable=True
    )
    order = torch.zeros(members, rows, dtype=torch.long, device=device)
    at = torch.zeros((), dtype=torch.long, device=device)
    span = torch.arange(batch, device=device)
    autocast = torch.autocast(
        device.type, torch.bfloat16, enabled=work.precision == "bf16-mixed", cache_enabled=False
    )

    def step() -> None:
        places = order.index_select(1, at * batch + span).flatten()
        own_x = flat_x.index_select(0, places).view(members, batch, -1)
        own_y = flat_y.index_select(0, places).view(members, batch)
        with autocast:
            logits = bare.network(weights, own_x)
            losses = binary_cross_entropy_with_logits(logits, own_y, reduction="none")
        optimizer.zero_grad()
        losses.mean(1).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        at.add_(1)

    @torch.no_grad()
    def validate() -> None:
        with autocast:
            logits = bare.network(weights, x_val)
            losses = binary_cross_entropy_with_logits(logits, y_val, reduction="none")
        val_loss = (losses * val_weight).sum(1)
        improved = val_loss < best_loss
        best_loss.copy_(torch.where(improved, val_loss, best_loss))
        for kept, weight in zip(best, weights, strict=True):
            torch.where(improved[:, None, None], weight, kept, out=kept)

    start = [weight.detach().clone() for weight in weights]
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UPS):
            at.zero_()
            step()
        validate()
    torch.cuda.current_stream().wait_stream(stream)
    of_step, of_validation = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
    at.zero_()
    with torch.cuda.graph(of_step):
        step()
    with torch.cuda.graph(of_validation):
        validate()
    with torch.no_grad():
        for weight, before in zip(weights, start, strict=True):
            weight.copy_(before)
        for state in optimizer.state.values():
            for value in state.values():
                value.zero_()
        best_loss.fill_(torch.inf)
    for _ in range(work.epochs):
        order.copy_(torch.rand(members, rows, device=device).argsort(1) + offset)
        at.zero_()
        for _ in range(rows // batch):
            of_step.replay()
        of_validation.replay()
    return best_loss.mean().item()
