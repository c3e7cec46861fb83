"""Networks made of stacked layers: what they share, and the registry of architectures."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tenfold.training import activations
from tenfold.training.dropout import StackedDropout
from tenfold.training.embeddings import Columns, Embeddings, StackedEmbeddings
from tenfold.training.initializers import OUTPUT, Initializer
from tenfold.training.layers import StackedLinear
from tenfold.training.normalizations import NORMALIZATIONS
from tenfold.training.pacing import one_thread
from tenfold.training.randomness import Noise, generators
from tenfold.training.registry import resolve

ARCHITECTURES: dict[str, str] = {
    "cnn": "tenfold.training.convolutional:CNN",
    "mlp": "tenfold.training.dense:MLP",
    "resnet": "tenfold.training.dense:ResNet",
    "rnn": "tenfold.training.recurrent:RNN",
}


@dataclass(frozen=True)
class Architecture:
    """What all members of a stack share.

    Args:
        kind: a key of ARCHITECTURES.
        n_blocks: repeated blocks between input and output.
        d_block: units of a block.
        activation: a key of ACTIVATIONS, with `negative_slope` and `elu_alpha` for two of them.
        initializer: a key of INITIALIZERS or auto, with `initializer_scale` for three of them.
        normalization: a key of NORMALIZATIONS or none.
        embeddings: of single columns, for tables.
        shape: of the input: (channels, height, width) of cnn, (steps, channels) of rnn.
        channels, kernel_size: of cnn's first convolution.
        cell: gru or lstm, of rnn.
    """

    kind: str
    n_blocks: int
    d_block: int
    activation: str = "relu"
    negative_slope: float = 0.01
    elu_alpha: float = 1.0
    initializer: str = "auto"
    initializer_scale: float = 0.05
    normalization: str = "none"
    embeddings: Embeddings | None = None
    shape: tuple[int, ...] = ()
    channels: int = 16
    kernel_size: int = 3
    cell: str = "gru"


@dataclass(frozen=True)
class Slot:
    """One member's place in a stack: its seed, its input columns, its shares of units dropped."""

    seed: int
    columns: Columns
    dropout: float = 0.0
    input_dropout: float = 0.0


class Parts:
    """Makes the parts of a network for every member at once, each from its member's generator."""

    def __init__(self, architecture: Architecture, slots: Sequence[Slot]) -> None:
        self.architecture = architecture
        self.slots = slots
        self.seeds = [slot.seed for slot in slots]
        self.draws = generators(self.seeds)
        self.initializer = Initializer(
            architecture.initializer,
            architecture.activation,
            architecture.negative_slope,
            architecture.initializer_scale,
        )
        self._noises = 0

    def linear(
        self, widths: int | Sequence[int], n_outputs: int, *, normalized: bool = False
    ) -> StackedLinear:
        """A hidden layer; `widths` may differ from member to member.

        `normalized` says that all of its outputs go into a normalisation.
        """
        own = [widths] * len(self.slots) if isinstance(widths, int) else widths
        bias = self.has_bias(normalized=normalized)
        return StackedLinear(own, n_outputs, self.initializer, self.draws, bias=bias)

    def has_bias(self, *, normalized: bool) -> bool:
        """Whether a layer's bias has an effect."""
        return not (normalized and self.architecture.normalization == "batch_norm")

    def output(self, widths: int | Sequence[int], n_outputs: int) -> StackedLinear:
        """The last layer, of values or logits."""
        own = [widths] * len(self.slots) if isinstance(widths, int) else widths
        return StackedLinear(own, n_outputs, OUTPUT, self.draws)

    def activation(self) -> nn.Module:
        """The declared activation."""
        settings = {
            "negative_slope": self.architecture.negative_slope,
            "elu_alpha": self.architecture.elu_alpha,
        }
        return activations.build(self.architecture.activation, settings, self._noise(), self.seeds)

    def normalization(self, units: int) -> nn.Module | None:
        """The declared normalisation of so many units."""
        if self.architecture.normalization == "none":
            return None
        made: nn.Module = resolve(NORMALIZATIONS[self.architecture.normalization])(
            len(self.slots), units
        )
        return made

    def dropout(self) -> StackedDropout:
        """Dropout of hidden units, of the kind that fits the activation."""
        alpha = self.architecture.activation == "selu"
        rates = [slot.dropout for slot in self.slots]
        return StackedDropout(rates, self._noise(), self.seeds, alpha=alpha)

    def input_dropout(self) -> StackedDropout:
        """Dropout of inputs; never alpha-dropout, which would fill padded columns."""
        rates = [slot.input_dropout for slot in self.slots]
        return StackedDropout(rates, self._noise(), self.seeds)

    def embeddings(self) -> StackedEmbeddings | None:
        """The declared embeddings of single columns."""
        if self.architecture.embeddings is None:
            return None
        columns = [slot.columns for slot in self.slots]
        return StackedEmbeddings(self.architecture.embeddings, columns, self.draws)

    def _noise(self) -> int:
        """A number of its own for each part that draws random bits."""
        self._noises += 1
        return self._noises


class StackedNetwork(nn.Module):
    """k networks as one: (k, batch, inputs) -> (k, batch, outputs).

    An architecture sets `blocks` and `output` and says in `_features` how the former are used.
    """

    blocks: nn.ModuleList
    output: StackedLinear

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.embed = parts.embeddings()
        self.drop_inputs = parts.input_dropout()

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Values or logits of every member for its own batch.

        Args:
            x: (k, batch, inputs), padded with zeros to the widest member.
            rows: in training, the weight of every row (k, batch), 0 for a padded one.
        """
        if self.embed is not None:
            x = self.embed(x)
        output: Tensor = self.output(self._features(self.drop_inputs(x), rows))
        return output

    def _features(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """What the output layer sees (k, batch, units)."""
        raise NotImplementedError

    def fit_inputs(self, rows: Sequence[Tensor]) -> None:
        """Look at each member's training rows (n, inputs) before training."""
        if self.embed is not None:
            self.embed.fit(rows)

    def noises(self) -> list[Noise]:
        """Every part that draws random bits."""
        idle = {
            module.noise
            for module in self.modules()
            if isinstance(module, StackedDropout) and module.idle
        }
        return [
            module for module in self.modules() if isinstance(module, Noise) and module not in idle
        ]

    def with_dropout(self) -> StackedNetwork:
        """A copy that drops units at prediction too, the same ones for every row.

        It shares the weights. This network does not change, so that it can predict in other
        threads meanwhile. Source: Monte-Carlo dropout (Gal & Ghahramani 2016).
        """
        sampler = copy.deepcopy(self, {id(weight): weight for weight in self.parameters()})
        for module in sampler.modules():
            if isinstance(module, StackedDropout):
                module.sampling = True
                module.noise.shared = True
        return sampler


def build(architecture: Architecture, slots: Sequence[Slot], n_outputs: int) -> StackedNetwork:
    """The network of `architecture` with a member for every slot, its weights drawn."""
    kind = resolve(ARCHITECTURES[architecture.kind])
    # The decomposition behind orthogonal weights adds up in another order on more threads.
    with one_thread():
        network: StackedNetwork = kind(Parts(architecture, slots), n_outputs)
    return network


def weights(network: nn.Module) -> dict[str, Tensor]:
    """A copy of parameters and running statistics, by name, each with its leading member axis."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def restore(network: nn.Module, saved: dict[str, Tensor]) -> None:
    """Write a copy made by `weights` back."""
    for name, value in network.state_dict().items():
        value.copy_(saved[name])
