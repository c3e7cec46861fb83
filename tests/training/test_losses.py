"""Each loss, row by row and member by member, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tenfold.training import losses
from tenfold.training.losses import LOSSES

TORCH: dict[str, nn.Module] = {
    "mse": nn.MSELoss(),
    "mae": nn.L1Loss(),
    "huber": nn.HuberLoss(delta=1.0),
    "binary_cross_entropy": nn.BCEWithLogitsLoss(),
    "cross_entropy": nn.CrossEntropyLoss(),
}


def rows(name: str, n: int = 20) -> tuple[Tensor, Tensor]:
    """Outputs (3, n, out) and targets (3, n) that fit a loss."""
    generator = torch.Generator().manual_seed(0)
    outputs = 4 if name == "cross_entropy" else 1
    output = 3 * torch.randn(3, n, outputs, dtype=torch.float64, generator=generator)
    if name == "cross_entropy":
        return output, torch.randint(0, 4, (3, n), generator=generator)
    if name == "binary_cross_entropy":
        return output, torch.randint(0, 2, (3, n), generator=generator).double()
    return output, torch.randn(3, n, dtype=torch.float64, generator=generator)


def test_every_loss_has_a_reference_here() -> None:
    assert set(LOSSES) == set(TORCH)


@pytest.mark.parametrize("name", LOSSES)
def test_the_mean_over_a_members_rows_is_torchs_own_loss(name: str) -> None:
    output, target = rows(name)
    found = losses.per_row(name, output, target)
    assert found.shape == (3, 20)
    for member in range(3):
        own = output[member] if name == "cross_entropy" else output[member, :, 0]
        expected = TORCH[name](own, target[member])
        torch.testing.assert_close(found[member].mean(), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", LOSSES)
def test_a_row_of_no_weight_changes_no_gradient(name: str) -> None:
    output, target = rows(name)
    output.requires_grad_()
    weight = torch.full((3, 20), 1 / 19, dtype=torch.float64)
    weight[:, 7] = 0
    (losses.per_row(name, output, target) * weight).sum().backward()  # type: ignore[no-untyped-call]
    assert output.grad is not None
    assert not output.grad[:, 7].any()
    for member in range(3):
        own = output[member].detach().requires_grad_()
        kept = torch.arange(20) != 7
        rest = own[kept] if name == "cross_entropy" else own[kept, 0]
        TORCH[name](rest, target[member, kept]).backward()
        assert own.grad is not None
        torch.testing.assert_close(output.grad[member], own.grad, rtol=1e-12, atol=1e-15)


def test_every_task_has_a_default_that_fits_it() -> None:
    assert losses.default("regression") == "mse"
    assert losses.default("binary") == "binary_cross_entropy"
    assert losses.default("multiclass") == "cross_entropy"
