"""Every choice of a recipe in training: a stack against torch's own loop over each member alone.

Members differ in rows, columns and rates; what is compared is the validation loss of every epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

from tenfold.training.batches import balanced, steps_per_epoch
from tenfold.training.catalogue import SCHEDULES
from tenfold.training.fitting import Member, Trained
from tenfold.training.settings import Architecture, LossSettings, Rates
from tests.training import folds, plain
from tests.training.differences import largest_difference
from tests.training.folds import architecture_of
from tests.training.test_optimizers import TORCH as OPTIMIZERS
from tests.training.test_schedules import torchs

EPOCHS = 6
PLAIN_RATES = Rates(learning_rate=0.01)
TANH = architecture_of("mlp", n_blocks=2, d_block=7, activation="tanh")

Loss = Callable[[Tensor, Tensor], Tensor]


def value_loss(own: nn.Module) -> Loss:
    """A loss of values or of one logit."""
    return lambda output, y: own(output[:, 0], y)


MSE = value_loss(nn.MSELoss())


def reference(
    stack: Sequence[Member],
    number: int,
    *,
    architecture: Architecture = TANH,
    n_outputs: int = 1,
    loss: Loss = MSE,
    optimizer: str = "adamw",
    steps: int,
    hooks: Callable[[nn.Module, torch.optim.Optimizer], dict[str, Any]] = lambda *_: {},
) -> list[float]:
    """One member's validation losses by torch alone."""
    member = stack[number]
    whole = plain.untrained(architecture, stack, n_outputs)
    network = plain.PLAIN[architecture.kind](whole, number, member.x_train.shape[1], nn.Tanh())
    kind, options = OPTIMIZERS[optimizer]
    rates = member.rates
    own = kind(
        network.parameters(), lr=rates.learning_rate, weight_decay=rates.weight_decay, **options
    )
    return plain.train(
        network, member, loss, own, epochs=EPOCHS, steps=steps, **hooks(network, own)
    )


def curves(trained: Trained) -> list[list[float]]:
    count = len(trained.epochs)
    return [folds.curve(trained, "val_loss", number) for number in range(count)]


def trained(stack: Sequence[Member], task: str = "regression", **options: Any) -> Trained:
    architecture = options.pop("architecture", TANH)
    return folds.train(stack, task, architecture, max_epochs=EPOCHS, patience=EPOCHS, **options)


def compared(
    stack: Sequence[Member], found: Trained, *, batch_size: Any = 16, **options: Any
) -> float:
    """The largest difference between a stack's losses and torch's of every member."""
    steps = steps_per_epoch([len(member.y_train) for member in stack], batch_size)
    expected = [reference(stack, number, steps=steps, **options) for number in range(len(stack))]
    assert all(losses[0] != losses[-1] for losses in expected)
    return largest_difference([(curves(found), expected)])


def members(task: str = "regression", n: int = 3, **options: Any) -> list[Member]:
    stack = folds.members(task, n, rates=PLAIN_RATES, **options)
    return folds.with_rates(stack, learning_rate=[0.002, 0.01, 0.03][:n])


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", ["full", 1, 16])
def test_batches_of_all_rows_of_one_and_of_some(batch_size: Any) -> None:
    # All members are as long: with batches of 1 a shorter one would wait for the others.
    stack = [
        replace(member, x_train=member.x_train[:60], y_train=member.y_train[:60])
        for member in members()
    ]
    found = trained(stack, batch_size=batch_size, optimizer="sgd")
    assert compared(stack, found, batch_size=batch_size, optimizer="sgd") < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_with_each_members_own_rate_and_weight_decay(name: str) -> None:
    stack = folds.with_rates(members(), weight_decay=[0.0, 0.02, 0.1])
    found = trained(stack, optimizer=name)
    assert compared(stack, found, optimizer=name) < 1e-11


def scheduler(name: str, own: torch.optim.Optimizer, steps: int) -> dict[str, Any]:
    """torch's scheduler, moved as its documentation says: by epochs or by steps."""
    every: Any
    match name:
        case "step":
            every = lr_scheduler.StepLR(own, 2, 0.3)
        case "exponential":
            every = lr_scheduler.ExponentialLR(own, 0.3)
        case "reduce_on_plateau":
            every = lr_scheduler.ReduceLROnPlateau(own, factor=0.3, patience=0, eps=0)
            return {"each_epoch": every.step}
        case "cosine":
            return {"each_step": lr_scheduler.CosineAnnealingLR(own, EPOCHS * steps).step}
        case "one_cycle":
            largest = own.param_groups[0]["lr"]
            cycle = lr_scheduler.OneCycleLR(
                own, largest, total_steps=EPOCHS * steps, cycle_momentum=False
            )
            # It must not be moved past its last step.
            moves = iter(range(EPOCHS * steps - 1))
            return {"each_step": lambda: None if next(moves, None) is None else cycle.step()}
        case "coslog4" | "flat_cosine":
            factors = [*torchs(name, EPOCHS * steps, steps, 2), 0.0]
            return {"each_step": lr_scheduler.LambdaLR(own, factors.__getitem__).step}
        case _:
            return {}
    return {"each_epoch": lambda val_loss: every.step()}


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_with_each_members_own_rate(name: str) -> None:
    stack, steps = members(), 5
    changes: dict[str, Any] = {
        "schedule": name,
        "step_size": 2,
        "gamma": 0.3,
        "plateau_patience": 0,
    }
    found = trained(stack, optimizer="momentum", steps=steps, **changes)
    expected = [
        reference(
            stack,
            number,
            optimizer="momentum",
            steps=steps,
            hooks=lambda _, own: scheduler(name, own, steps),
        )
        for number in range(3)
    ]
    assert largest_difference([(curves(found), expected)]) < 1e-11
    if name != "constant":
        constant = trained(stack, optimizer="momentum", steps=steps)
        assert curves(constant) != curves(found)


def test_linear_warmup() -> None:
    stack, steps = members(), 5
    found = trained(stack, warmup_epochs=3, steps=steps)
    rising = 3 * steps
    expected = [
        reference(
            stack,
            number,
            steps=steps,
            hooks=lambda _, own: {
                "each_step": lr_scheduler.LinearLR(own, 1 / (rising + 1), total_iters=rising).step
            },
        )
        for number in range(3)
    ]
    assert largest_difference([(curves(found), expected)]) < 1e-11


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "settings", "own"),
    [
        ("regression", LossSettings("mse"), MSE),
        ("regression", LossSettings("mae"), value_loss(nn.L1Loss())),
        ("regression", LossSettings("huber", huber_delta=0.4), value_loss(nn.HuberLoss(delta=0.4))),
        ("binary", LossSettings("binary_cross_entropy"), value_loss(nn.BCEWithLogitsLoss())),
        ("multiclass", LossSettings("cross_entropy"), nn.CrossEntropyLoss()),
        (
            "multiclass",
            LossSettings("cross_entropy", label_smoothing=0.2),
            nn.CrossEntropyLoss(label_smoothing=0.2),
        ),
    ],
    ids=lambda value: getattr(value, "loss", None),
)
def test_losses(task: str, settings: LossSettings, own: Loss) -> None:
    stack = members(task)
    found = trained(stack, task, **vars(settings))
    assert compared(stack, found, loss=own, n_outputs=folds.N_OUTPUTS[task]) < 1e-11


@pytest.mark.parametrize("given", ["balanced", [0.2, 1.0, 3.0]])
def test_class_weights_of_many_classes_are_torchs_weighted_mean(given: Any) -> None:
    stack, steps = members("multiclass"), 5
    found = trained(stack, "multiclass", class_weights=given, steps=steps)
    expected = []
    for number, member in enumerate(stack):
        own = balanced([np.asarray(member.y_train)], 3)[0] if given == "balanced" else given
        loss = nn.CrossEntropyLoss(torch.tensor(own, dtype=torch.float64))
        expected.append(reference(stack, number, loss=loss, n_outputs=3, steps=steps))
    assert largest_difference([(curves(found), expected)]) < 1e-11


@pytest.mark.parametrize("given", ["balanced", [0.2, 3.0]])
def test_class_weights_of_two_classes_are_torchs_weighted_mean_of_two_logits(given: Any) -> None:
    stack, steps = members("binary"), 5
    found = trained(stack, "binary", class_weights=given, steps=steps)
    expected = []
    for number, member in enumerate(stack):
        own = balanced([np.asarray(member.y_train)], 2)[0] if given == "balanced" else given
        two = nn.CrossEntropyLoss(torch.tensor(own, dtype=torch.float64))

        def loss(output: Tensor, y: Tensor, two: nn.Module = two) -> Tensor:
            logits = torch.cat([torch.zeros_like(output), output], dim=1)
            weighted: Tensor = two(logits, y.long())
            return weighted

        expected.append(reference(stack, number, loss=loss, steps=steps))
    assert largest_difference([(curves(found), expected)]) < 1e-11


def test_a_class_of_weight_0_and_a_batch_without_any_other_harm_nobody() -> None:
    stack = members("binary")
    # With one row a batch, the shorter members have batches without any.
    found = trained(stack, "binary", class_weights=[0.0, 1.0], batch_size=1)
    assert found.diverged == [0, 0, 0]
    assert np.isfinite(curves(found)).all()


def test_gradient_clipping_of_each_member_by_itself() -> None:
    stack = members()
    found = trained(stack, optimizer="sgd", gradient_clip_val=0.1)
    hooks: Any = lambda network, _: {  # noqa: E731
        "before_step": lambda: nn.utils.clip_grad_norm_(network.parameters(), 0.1)
    }
    assert compared(stack, found, optimizer="sgd", hooks=hooks) < 1e-11
    assert curves(found) != curves(trained(stack, optimizer="sgd"))


def test_the_l1_penalty_with_each_members_own_strength() -> None:
    stack, steps = folds.with_rates(members(), l1=[0.0, 0.01, 0.1]), 5
    found = trained(stack, steps=steps)
    expected = []
    for number, member in enumerate(stack):
        strength = member.rates.l1

        def hooks(network: nn.Module, _: Any, strength: float = strength) -> dict[str, Any]:
            def penalise() -> None:
                weights = [m.weight for m in network.modules() if isinstance(m, nn.Linear)]
                (strength * sum(weight.abs().sum() for weight in weights)).backward()  # type: ignore[union-attr]

            return {"before_step": penalise}

        expected.append(reference(stack, number, steps=steps, hooks=hooks))
    assert largest_difference([(curves(found), expected)]) < 1e-11


def test_max_norm_of_the_weights_into_hidden_units() -> None:
    stack = members()
    found = trained(stack, max_norm=0.8)

    def hooks(network: nn.Module, _: Any) -> dict[str, Any]:
        *hidden, _output = [m.weight for m in network.modules() if isinstance(m, nn.Linear)]

        def shorten() -> None:
            with torch.no_grad():
                for weight in hidden:
                    norm = weight.norm(dim=1, keepdim=True)
                    weight.mul_(torch.where(norm > 0.8, 0.8 / norm, 1.0))

        return {"after_step": shorten}

    assert compared(stack, found, hooks=hooks) < 1e-11
    assert curves(found) != curves(trained(stack))


@pytest.mark.slow
@pytest.mark.parametrize("normalization", ["batch_norm", "layer_norm"])
@pytest.mark.parametrize("kind", ["mlp", "resnet"])
def test_normalization_in_training_and_validation(kind: str, normalization: str) -> None:
    stack = members()
    architecture = architecture_of(
        kind, n_blocks=2, d_block=7, activation="tanh", normalization=normalization
    )
    found = trained(stack, architecture=architecture)
    assert compared(stack, found, architecture=architecture) < 1e-11


@pytest.mark.slow
@pytest.mark.parametrize(
    "architecture",
    [
        architecture_of("resnet", n_blocks=2, d_block=7, activation="tanh"),
        architecture_of(
            "cnn", n_blocks=2, d_block=7, activation="tanh", shape=(2, 5, 6), channels=3
        ),
        architecture_of(
            "cnn",
            n_blocks=1,
            d_block=7,
            activation="tanh",
            shape=(2, 5, 6),
            channels=3,
            normalization="batch_norm",
        ),
        architecture_of("rnn", n_blocks=2, d_block=7, activation="tanh", shape=(10, 6)),
        architecture_of(
            "rnn", n_blocks=1, d_block=7, activation="tanh", shape=(10, 6), cell="lstm"
        ),
    ],
    ids=lambda own: f"{own.kind}-{own.normalization}-{own.cell}",
)
def test_architectures(architecture: Architecture) -> None:
    stack = members(width=60 if architecture.shape else None)
    found = trained(stack, architecture=architecture, optimizer="momentum")
    assert compared(stack, found, architecture=architecture, optimizer="momentum") < 1e-11


def test_accumulated_gradients_are_those_of_the_larger_batch() -> None:
    stack = [
        replace(member, x_train=member.x_train[:48], y_train=member.y_train[:48])
        for member in members()
    ]
    halves = {**folds.FLOAT64, "accumulate_grad_batches": 2}
    found = trained(stack, batch_size=8, trainer=halves)
    expected = trained(stack, batch_size=16)
    assert largest_difference([(curves(found), curves(expected))]) < 1e-12
    assert curves(found) != curves(trained(stack, batch_size=8))


def test_accumulation_over_a_number_that_does_not_divide_an_epoch_uses_every_batch() -> None:
    stack = members()
    whole = {**folds.FLOAT64, "accumulate_grad_batches": 99}
    found = trained(stack, steps=1)
    expected = trained(stack, steps=5, trainer=whole)
    # Batches of a member differ by one row at most, so that their mean is not quite the whole's.
    np.testing.assert_allclose(curves(found), curves(expected), rtol=0.01)
