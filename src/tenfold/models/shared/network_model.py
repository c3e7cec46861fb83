"""A trained network, or several as one, that predicts and is stored without pickle."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array, Task
from tenfold.models.shared.contract import Diverged, FitSettings, NoSpread
from tenfold.runtime import write_json

if TYPE_CHECKING:
    from tenfold.training.networks import LayerFactory, MemberSpec, StackedNetwork
    from tenfold.training.settings import Architecture


@dataclass(frozen=True)
class TargetScale:
    """Regression targets in units of their standard deviation, fitted on training rows."""

    mean: float = 0.0
    sd: float = 1.0

    @classmethod
    def of(cls, y: NDArray[np.generic], task: Task) -> TargetScale:
        """The scale of `y`; class codes are left as they are."""
        if task != "regression":
            return cls()
        values = y.astype(np.float64)
        return cls(float(values.mean()), float(values.std()) or 1.0)

    def scale(self, y: NDArray[np.generic], task: Task) -> NDArray[np.generic]:
        """Targets for the loss."""
        return (y.astype(np.float64) - self.mean) / self.sd if task == "regression" else y

    def prediction(self, output: Array, task: Task) -> Array:
        """Outputs (n, out) as values (n,) or probabilities (n, C).

        Of a network with heads, (n, heads, out), it is the mean of the heads' predictions.

        Raises:
            Diverged: if an output is not finite.
        """
        if not np.isfinite(output).all():
            raise Diverged("the network predicted a number that is not finite")
        each = self._of_each(output, task)
        return each.mean(axis=1) if output.ndim == 3 else each

    def _of_each(self, output: Array, task: Task) -> Array:
        """The prediction of every head, or of the network that has none."""
        if task == "regression":
            return output[..., 0] * self.sd + self.mean
        from scipy.special import expit, softmax

        if task == "binary":
            positive = expit(output[..., 0])
            return np.stack([1 - positive, positive], axis=-1)
        probabilities: Array = softmax(output, axis=-1)
        return probabilities


class NetworkModel:
    """k trained networks, whose predictions are averaged, and the scales of their targets.

    Args:
        network: the members as one.
        architecture: what they share.
        specs: what each has of its own.
        scales: of each member's target.
        settings: task and classes.
        history: the learning curve.
        findings: what went wrong in training, in words.
    """

    def __init__(
        self,
        network: StackedNetwork,
        architecture: Architecture,
        specs: Sequence[MemberSpec],
        scales: Sequence[TargetScale],
        settings: FitSettings,
        history: list[dict[str, float]],
        findings: Sequence[str] = (),
    ) -> None:
        self.trained_in = next(network.parameters()).dtype
        # Float64 at prediction: a row's answer must not depend on the other rows of the request.
        self.network = network.double().eval()
        self.architecture = architecture
        self.specs = list(specs)
        self.scales = list(scales)
        self.settings = settings
        self.history = history
        self.findings = list(findings)

    def predict(self, inputs: Sequence[Array]) -> Array:
        """Values (n,), or class probabilities (n, C): the mean over the members."""
        mean: Array = self.predict_each(inputs).mean(axis=0)
        return mean

    def predict_each(self, inputs: Sequence[Array]) -> Array:
        """Each member's prediction, (k, n) or (k, n, C)."""
        return self._members(self.network, inputs)

    def draws(self, inputs: Sequence[Array], n_samples: int, seed: int) -> Array:
        """Predictions (draws, n) or (draws, n, C), whose spread is the model's uncertainty.

        With dropout each member predicts `n_samples` times, dropping units as in training
        (Gal & Ghahramani 2016); a draw drops the same units for every row. Without dropout the
        members of a bag are the draws.
        """
        if any(spec.dropout or spec.input_dropout for spec in self.specs):
            return np.concatenate(list(self._samples(inputs, n_samples, seed)))
        if len(self.specs) == 1:
            raise NoSpread(
                "this network has no spread: it was trained without dropout and is not a bag"
            )
        return self.predict_each(inputs)

    def with_members(self, members: Sequence[int]) -> NetworkModel:
        """The model whose members are these of this one's, in this order."""
        from tenfold.training import networks

        own = list(members)
        specs = [self.specs[member] for member in own]
        network = networks.build(self.architecture, specs, n_outputs(self.settings))
        network = networks.take_members(self.network, own, network.to(self.trained_in))
        scales = [self.scales[member] for member in own]
        return NetworkModel(network, self.architecture, specs, scales, self.settings, self.history)

    def _samples(self, inputs: Sequence[Array], n_samples: int, seed: int) -> Iterator[Array]:
        from tenfold.training.randomness import seed_of

        sampler = self.network.with_dropout()
        for sample in range(n_samples):
            for noise in sampler.noises():
                noise.seek(seed_of(seed, "sample", sample))
            yield self._members(sampler, inputs)

    def _members(self, network: StackedNetwork, inputs: Sequence[Array]) -> Array:
        """Each member's prediction, (k, n) or (k, n, C)."""
        from tenfold.training.prediction import forward

        outputs = forward(network, inputs)
        return np.stack(
            [
                scale.prediction(output, self.settings.task)
                for output, scale in zip(outputs, self.scales, strict=True)
            ]
        )

    def save(self, folder: Path) -> None:
        """Write `network.json` and `weights.safetensors` (as precise as trained)."""
        from safetensors.torch import save_file

        described = {
            "architecture": self.architecture.to_json(),
            "classes": list(self.settings.classes),
            "members": [
                {"slot": asdict(spec), "target_scale": asdict(scale)}
                for spec, scale in zip(self.specs, self.scales, strict=True)
            ],
            "task": self.settings.task,
        }
        write_json(folder / "network.json", described)
        state = self.network.state_dict()
        tensors = {name: value.to(self.trained_in) for name, value in state.items()}
        save_file(tensors, folder / "weights.safetensors")


def n_outputs(settings: FitSettings) -> int:
    """1 for regression and two classes, else the number of classes."""
    return settings.n_classes if settings.task == "multiclass" else 1


def load(folder: Path, build: Callable[[LayerFactory], StackedNetwork]) -> NetworkModel:
    """Read what `NetworkModel.save` wrote of a family whose networks `build` makes."""
    from safetensors.torch import load_file

    from tenfold.training import networks
    from tenfold.training.embeddings import InputColumns
    from tenfold.training.settings import Architecture

    described = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    architecture = Architecture.from_json(described["architecture"], build)
    specs = []
    for member in described["members"]:
        columns = member["slot"]["columns"]
        columns = InputColumns(**columns | {"cardinalities": tuple(columns["cardinalities"])})
        specs.append(networks.MemberSpec(**member["slot"] | {"columns": columns}))
    settings = FitSettings(described["task"], described["classes"])
    tensors = load_file(folder / "weights.safetensors")
    network = networks.build(architecture, specs, n_outputs(settings))
    trained_in = next(iter(tensors.values())).dtype
    if next(network.parameters()).dtype != trained_in:
        # Only if needed: it would round dropout's scales, which are float64 in any network.
        network.to(trained_in)
    network.load_state_dict(tensors)
    scales = [TargetScale(**member["target_scale"]) for member in described["members"]]
    return NetworkModel(network, architecture, specs, scales, settings, [])
