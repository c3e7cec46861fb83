"""Each loss, row by row and member by member, against torch's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn

from tenfold.training import batches
from tenfold.training.catalogue import LOSSES, default_loss
from tenfold.training.settings import LossSettings
from tenfold.training.training_step import per_row
from tests.training.differences import largest_difference

TORCH: dict[str, nn.Module] = {
    "mse": nn.MSELoss(),
    "mae": nn.L1Loss(),
    "huber": nn.HuberLoss(delta=0.7),
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


def squeezed(name: str, output: Tensor) -> Tensor:
    """As torch's own takes it."""
    return output if name == "cross_entropy" else output[..., 0]


def test_every_loss_has_a_reference_here() -> None:
    assert set(LOSSES) == set(TORCH)


@pytest.mark.parametrize("name", LOSSES)
def test_the_mean_over_a_members_rows_is_torchs_own_loss(name: str) -> None:
    output, target = rows(name)
    found = per_row(LossSettings(name, huber_delta=0.7), output, target)
    assert found.shape == (3, 20)
    pairs = [
        (found[member].mean(), TORCH[name](squeezed(name, output[member]), target[member]))
        for member in range(3)
    ]
    assert largest_difference(pairs) < 1e-12


@given(st.floats(1e-3, 1e3), st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=9))
def test_huber_turns_linear_at_delta(delta: float, errors: list[float]) -> None:
    error = np.abs(np.array(errors))
    expected = np.where(error <= delta, error**2 / 2, delta * (error - delta / 2))
    output = torch.tensor(errors, dtype=torch.float64).view(1, -1, 1)
    found = per_row(
        LossSettings("huber", huber_delta=delta), output, torch.zeros(1, len(errors)).double()
    )
    np.testing.assert_allclose(found[0].numpy(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
def test_label_smoothing_of_many_classes_is_torchs_own(smoothing: float) -> None:
    output, target = rows("cross_entropy")
    found = per_row(LossSettings("cross_entropy", label_smoothing=smoothing), output, target)
    own = nn.CrossEntropyLoss(label_smoothing=smoothing)
    pairs = [(found[m].mean(), own(output[m], target[m])) for m in range(3)]
    assert largest_difference(pairs) < 1e-12


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
def test_label_smoothing_of_two_classes_is_that_of_many_with_two(smoothing: float) -> None:
    output, target = rows("binary_cross_entropy")
    settings = LossSettings("binary_cross_entropy", label_smoothing=smoothing)
    found = per_row(settings, output, target)
    own = nn.CrossEntropyLoss(label_smoothing=smoothing)
    logits = torch.cat([torch.zeros_like(output), output], dim=-1)
    pairs = [(found[m].mean(), own(logits[m], target[m].long())) for m in range(3)]
    assert largest_difference(pairs) < 1e-12


@pytest.mark.parametrize("name", LOSSES)
def test_a_row_of_no_weight_changes_no_gradient(name: str) -> None:
    output, target = rows(name)
    output.requires_grad_()
    weight = torch.full((3, 20), 1 / 19, dtype=torch.float64)
    weight[:, 7] = 0
    loss: Any = (per_row(LossSettings(name, huber_delta=0.7), output, target) * weight).sum()
    loss.backward()
    assert output.grad is not None
    assert not output.grad[:, 7].any()
    pairs = []
    for member in range(3):
        own = output[member].detach().requires_grad_()
        kept = torch.arange(20) != 7
        TORCH[name](squeezed(name, own[kept]), target[member, kept]).backward()
        pairs.append((output.grad[member], own.grad))
    assert largest_difference(pairs) < 1e-12


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_balanced_weights_are_scikit_learns(codes: list[int]) -> None:
    present = sorted(set(codes))
    (found,) = batches.balanced([np.array(codes)], 4)
    expected = compute_class_weight("balanced", classes=np.array(present), y=np.array(codes))
    # scikit-learn counts the classes it sees, tenfold those of the target.
    assert largest_difference([([found[c] for c in present], expected * len(present) / 4)]) < 1e-12
    assert all(found[c] == 0 for c in range(4) if c not in present)


def test_every_task_has_a_default_that_fits_it() -> None:
    assert default_loss("regression") == "mse"
    assert default_loss("binary") == "binary_cross_entropy"
    assert default_loss("multiclass") == "cross_entropy"
