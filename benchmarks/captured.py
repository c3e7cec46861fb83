"""Every choice of a training, with captured steps and without: how far the two are apart.

On a GPU steps are captured as CUDA graphs. On a processor `Tape` takes their place: it records the
operations of a step and repeats them, numbers and all, so that whatever a step asked Python for
would be the same in every repetition, and show.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benchmarks.families import build_of
from tenfold.training import fitting, graphs
from tenfold.training.catalogue import (
    ACTIVATIONS,
    LOSSES,
    NORMALIZATIONS,
    OPTIMIZERS,
    SCHEDULES,
    SHARE_SCHEDULES,
)
from tenfold.training.diagnostics import Diagnosis
from tenfold.training.embeddings import InputColumns
from tenfold.training.fitting import Member, Trained
from tenfold.training.settings import Architecture, EmbeddingSettings, Rates, Recipe

# torch's optimisers that keep their memory on the device only where that can be captured.
_ONLY_ON_DEVICES = ("adam", "nadam", "rmsprop")


class Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The operations of some work on a processor, as they were done once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            raise RuntimeError("the host asked for a number of a step that is recorded")
        if func is torch.ops.aten.lift_fresh.default and not _called_by_torch():
            raise RuntimeError("a step that is recorded made a tensor of the host's numbers")
        made = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, made))
        return made

    @torch.no_grad()
    def repeat(self) -> None:
        """Do the same operations on the same tensors."""
        for func, args, kwargs, made in self.calls:
            again = func(*args, **kwargs)
            for old, new in zip(tree_leaves(made), tree_leaves(again), strict=True):
                if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


def _called_by_torch() -> bool:
    """Whether an optimiser of torch's, whose memory lies on the host here, makes the tensor."""
    frame = sys._getframe(2)
    while frame.f_back is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("torch.optim"):
            return True
        if module.startswith("tenfold"):
            return False
        frame = frame.f_back
    return False


class TapeRecorder:
    """Records work on a processor in place of CUDA's graphs."""

    def __init__(self, device: torch.device) -> None:
        assert device.type == "cpu"

    def warm_up(self, work: graphs.Work) -> graphs.Measured:
        return work()

    def record(self, work: graphs.Work) -> Callable[[], None]:
        tape = Tape()
        with tape:
            work()
        return tape.repeat


@contextlib.contextmanager
def uncaptured() -> Iterator[None]:
    """Trains one kernel at a time, on any device."""
    with mock.patch.object(graphs, "why_not_captured", lambda *_, **__: Diagnosis("", "", "")):
        yield


@contextlib.contextmanager
def captured(device: str) -> Iterator[None]:
    """Trains with captured steps, or with their stand-in on a processor."""
    if device == "gpu":
        yield
        return
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(graphs, "why_not_captured", lambda *_, **__: None))
        patches.enter_context(mock.patch.object(graphs, "CudaGraphs", TapeRecorder))
        for name in _ONLY_ON_DEVICES:
            module = importlib.import_module(f"torch.optim.{name}")
            own = "_get_capturable_supported_devices"
            patches.enter_context(mock.patch.object(module, own, lambda *_, **__: ["cpu"]))
        yield


@dataclass(frozen=True)
class Choice:
    """How networks are built and trained: what differs from the usual."""

    recipe: dict[str, Any] = field(default_factory=dict)
    rates: dict[str, Any] = field(default_factory=dict)
    kind: str = "mlp"
    architecture: dict[str, Any] = field(default_factory=dict)
    task: str = "regression"
    trainer: dict[str, Any] = field(default_factory=dict)
    own_rates: bool = False
    class_weights: Any = None
    starts_trained: bool = False


# Of each member of a stack whose members differ.
OWN_RATES = ({"learning_rate": 0.003, "weight_decay": 0.0}, {"dropout": 0.3, "weight_decay": 0.1})
N_OUTPUTS = {"regression": 1, "binary": 1, "multiclass": 3}
DEFAULT_LOSSES = {"regression": "mse", "binary": "binary_cross_entropy"}
REALMLP = {
    "task": "regression",
    "max_one_hot": 2,
    "d_categorical": 3,
    "numeric_embedding": "pbld",
    "d_numeric": 3,
    "n_frequencies": 4,
    "sigma": 0.1,
    "embedding_learning_rate_factor": 0.1,
    "scale_learning_rate_factor": 6.0,
    "activation_learning_rate_factor": 0.1,
    "bias_learning_rate_factor": 0.1,
}


def choices() -> dict[str, Choice]:
    """All of the catalogue, by names as in `optimizer: adamw`."""
    found = {
        f"activation: {name}": Choice(architecture={"activation": name}) for name in ACTIVATIONS
    }
    for name, loss in LOSSES.items():
        found[f"loss: {name}"] = Choice({"loss": name}, task=loss.tasks[0])
    for name in OPTIMIZERS:
        found[f"optimizer: {name}"] = Choice({"optimizer": name}, {"weight_decay": 0.1})
        found[f"optimizer: {name}, own rates"] = Choice({"optimizer": name}, own_rates=True)
    for name in SCHEDULES:
        changes = {"schedule": name, "step_size": 1, "plateau_patience": 0, "gamma": 0.5}
        found[f"schedule: {name}"] = Choice(changes)
    for name in SHARE_SCHEDULES:
        rates = {"weight_decay": 0.1, "dropout": 0.3}
        found[f"weight_decay_schedule: {name}"] = Choice({"weight_decay_schedule": name}, rates)
        found[f"dropout_schedule: {name}"] = Choice({"dropout_schedule": name}, rates)
    for name in NORMALIZATIONS:
        found[f"normalization: {name}"] = Choice(architecture={"normalization": name})
    for name in ("none", "piecewise_linear", "periodic", "pbld"):
        embeddings = EmbeddingSettings(numeric=name, d_numeric=3, n_bins=4, n_frequencies=3)
        found[f"embeddings.numeric: {name}"] = Choice(architecture={"embeddings": embeddings})
    return found | {
        "warmup_epochs": Choice({"warmup_epochs": 1}),
        "label_smoothing": Choice({"label_smoothing": 0.1}, task="multiclass"),
        "class_weight": Choice(task="multiclass", class_weights="balanced"),
        "l1": Choice(rates={"l1": 0.01}),
        "dropout": Choice(rates={"dropout": 0.3}),
        "dropout, selu": Choice(rates={"dropout": 0.3}, architecture={"activation": "selu"}),
        "input_dropout": Choice(rates={"input_dropout": 0.2}),
        "max_norm": Choice({"max_norm": 0.5}),
        "gradient_clip_val": Choice({"gradient_clip_val": 0.1}),
        "drop_last": Choice({"drop_last": True}),
        "best_epoch_by: error": Choice({"best_epoch_by": "error"}, task="multiclass"),
        "accumulate_grad_batches": Choice(trainer={"accumulate_grad_batches": 3}),
        "freeze": Choice({"freeze": 1}, starts_trained=True),
        "unfreeze_at": Choice({"freeze": 1, "unfreeze_at": 2}, starts_trained=True),
        "unfreeze_at, momentum": Choice(
            {"freeze": 1, "unfreeze_at": 2, "optimizer": "momentum"}, starts_trained=True
        ),
        "body_learning_rate_factor": Choice({"body_learning_rate_factor": 0.1}),
        "resnet": Choice(kind="resnet", architecture={"normalization": "batch_norm"}),
        "tabm": Choice(kind="tabm", architecture={"own": {"k": 3}}),
        "cnn": Choice(kind="cnn", architecture={"shape": (1, 3, 2), "channels": 2}),
        "rnn, gru": Choice(kind="rnn", architecture={"shape": (3, 2)}),
        "rnn, lstm": Choice(kind="rnn", architecture={"shape": (3, 2), "cell": "lstm"}),
        "realmlp": Choice(
            {"schedule": "coslog4", "dropout_schedule": "flat_cosine"},
            {"dropout": 0.15},
            kind="realmlp",
            architecture={"activation": "mish", "own": REALMLP},
        ),
    }  # fmt: skip


def members(choice: Choice, count: int = 2) -> list[Member]:
    """Folds of unequal lengths: four numbers and two categories, of which one is rare."""
    rng = np.random.default_rng(0)
    embedded = choice.kind == "realmlp" or "embeddings" in choice.architecture
    made = []
    for number in range(count):
        n = 49 + number
        x = np.column_stack([rng.normal(size=(n, 4)), rng.integers(0, 3, size=(n, 2))])
        score = x[:, 0] + 0.3 * x[:, 1] ** 2 + 0.7 * rng.normal(size=n)
        y: Any = {
            "regression": score,
            "binary": (score > 0).astype(np.float64),
            "multiclass": np.digitize(score, [-0.5, 0.7]),
        }[choice.task]
        rates = Rates(**{"learning_rate": 0.01, **choice.rates})
        if choice.own_rates:
            rates = replace(rates, **OWN_RATES[number % len(OWN_RATES)])
        columns = InputColumns(6, 4, (3, 3)) if embedded else None
        made.append(Member(number, x[12:], y[12:], x[:12], y[:12], rates, columns))
    return made


def train(
    choice: Choice,
    stack: Sequence[Member],
    device: str,
    *,
    precision: str = "64-true",
    max_epochs: int = 3,
    pretrained: Trained | None = None,
    overlaps: NDArray[np.bool_] | None = None,
    checkpoint: Path | None = None,
) -> Trained:
    """Train some networks by a choice; by default they are the folds of one trial."""
    loss = DEFAULT_LOSSES.get(choice.task, "cross_entropy")
    build = build_of(choice.kind)
    sizes: dict[str, Any] = {"n_blocks": 1, "d_block": 5}
    usual: dict[str, Any] = {"loss": loss, "batch_size": 10, "patience": 9}
    return fitting.train(
        Architecture(kind=choice.kind, build=build, **sizes | choice.architecture),
        Recipe(**usual | choice.recipe),
        stack,
        N_OUTPUTS[choice.task],
        max_epochs=max_epochs,
        class_weights=choice.class_weights,
        overlaps=np.eye(len(stack), dtype=np.bool_) if overlaps is None else overlaps,
        pretrained=None if pretrained is None else pretrained.network,
        checkpoint=checkpoint,
        trainer={"accelerator": device, "devices": 1, "precision": precision} | choice.trainer,
    )


def both(
    choice: Choice, device: str, *, precision: str = "64-true", max_epochs: int = 3
) -> tuple[Trained, Trained]:
    """The same training with captured steps and without."""
    stack, start = members(choice), None
    options: dict[str, Any] = {"precision": precision, "max_epochs": max_epochs}
    if choice.starts_trained:
        with uncaptured():
            start = train(Choice(), stack, device, precision=precision, max_epochs=1)
    with captured(device):
        one = train(choice, stack, device, pretrained=start, **options)
    with uncaptured():
        two = train(choice, stack, device, pretrained=start, **options)
    return one, two


def difference(one: Trained, two: Trained) -> float:
    """How far two trainings are apart: all that was measured, and the weights that were kept."""
    if (one.epochs, one.ends, one.diverged) != (two.epochs, two.ends, two.diverged):
        return float("inf")
    pairs = [
        (np.array(mine[name]), np.array(theirs[name]))
        for mine, theirs in zip(one.history, two.history, strict=True)
        for name in theirs
    ]
    weights = two.network.state_dict()
    for name, value in one.network.state_dict().items():
        pairs.append((value.double().numpy(), weights[name].double().numpy()))
    # Edges of bins are infinite in both.
    apart = [np.abs(mine[mine != theirs] - theirs[mine != theirs]) for mine, theirs in pairs]
    return max(float(own.max(initial=0.0)) for own in apart)
