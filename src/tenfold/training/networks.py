"""A stack of networks as one: its layers, how a family puts them together, how it is built."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tenfold.training import activations
from tenfold.training.activations import StackedDropout
from tenfold.training.batch_ensemble import Adapters, BatchEnsembleLinear, LinearHeads
from tenfold.training.blocks import Block, Convolution, Dense, Recurrent
from tenfold.training.catalogue import NORMALIZATIONS, resolve
from tenfold.training.embeddings import InputColumns, StackedEmbeddings
from tenfold.training.layers import OUTPUT, Initializer, StackedLinear
from tenfold.training.randomness import Noise, generators
from tenfold.training.robust_inputs import RobustInputs
from tenfold.training.settings import Architecture
from tenfold.training.threads import one_thread
from tenfold.training.training_step import ParameterGroup

# How many inputs a layer has: one number, or one for each member.
Widths = int | Sequence[int]


@dataclass(frozen=True)
class MemberSpec:
    """What one member's network has of its own: seed, input columns, shares of units dropped."""

    seed: int
    columns: InputColumns
    dropout: float = 0.0
    input_dropout: float = 0.0


class LayerFactory:
    """Makes the layers of all members at once, each member's weights from its own generator.

    A family's function `build` makes its blocks with it, in order, and puts them together with
    `network`.

    Attributes:
        settings: what is declared of the network.
        widths: each member's number of inputs to the first layer.
    """

    def __init__(self, settings: Architecture, specs: Sequence[MemberSpec], n_outputs: int) -> None:
        self.settings = settings
        self.n_outputs = n_outputs
        self.specs = specs
        self.seeds = [spec.seed for spec in specs]
        self.draws = generators(self.seeds)
        self.initializer = Initializer(
            settings.initializer,
            settings.activation,
            settings.negative_slope,
            settings.initializer_scale,
        )
        self._n_noises = 0
        self.embed = self._embeddings()
        inputs = [spec.columns.n_inputs for spec in specs]
        self.widths: list[int] = inputs if self.embed is None else self.embed.widths
        self.drop_inputs = self._input_dropout()

    def dense(self, widths: Widths, units: int) -> Dense:
        """A hidden layer with all that follows it."""
        return Dense(self, widths, units)

    def convolution(self, channels: int, maps: int, *, pool: bool) -> Convolution:
        """A convolution of `channels` pictures to `maps`, with all that follows it."""
        return Convolution(self, channels, maps, pool=pool)

    def recurrent(self, channels: int, units: int, *, last: bool) -> Recurrent:
        """A recurrent layer; with `last`, the last step's state alone is its output."""
        return Recurrent(self, channels, units, last=last)

    def block(self, apply: Callable[..., Tensor], **parts: nn.Module | None) -> Block:
        """A block of the family's own: `apply(block, x, rows)` makes the output from `parts`."""
        return Block(apply, parts)

    def network(
        self,
        blocks: Sequence[nn.Module],
        widths: Widths,
        *,
        first: nn.Module | None = None,
        normalization: nn.Module | None = None,
        activation: nn.Module | None = None,
        n_heads: int = 1,
    ) -> StackedNetwork:
        """The network of these blocks, which give the output layer `widths` inputs.

        Args:
            blocks: applied in turn; transfer learning takes over and freezes the first of them.
            widths: of the last block.
            first: a layer in front of the blocks.
            normalization: behind the blocks.
            activation: behind the blocks and `normalization`.
            n_heads: heads that the blocks have, each with an output layer of its own.
        """
        network = StackedNetwork(self)
        network.first = first
        network.blocks = nn.ModuleList(blocks)
        network.normalization = normalization
        network.activation = activation
        network.n_heads = n_heads
        if n_heads == 1:
            each = self._of_each(widths)
            network.output = StackedLinear(each, self.n_outputs, OUTPUT, self.draws)
        else:
            assert isinstance(widths, int)
            network.output = LinearHeads(n_heads, widths, self.n_outputs, self.draws)
        return network

    def linear(self, widths: Widths, n_outputs: int, *, normalized: bool = False) -> StackedLinear:
        """A linear layer; `widths` may differ from member to member.

        `normalized` says that all of its outputs go into a normalisation.
        """
        bias = self.has_bias(normalized=normalized)
        widths = self._of_each(widths)
        return StackedLinear(widths, n_outputs, self.initializer, self.draws, bias=bias)

    def batch_ensemble(self, widths: Widths, units: int, n_heads: int) -> BatchEnsembleLinear:
        """A linear layer whose heads share a weight; `widths` of the inputs, or of each head."""
        adapters = Adapters(n_heads)
        if not isinstance(widths, int):
            embeds = self.embed is not None and self.embed.numeric is not None
            adapters = Adapters(n_heads, "normal" if embeds else "signs", self._spans())
        return BatchEnsembleLinear(self._of_each(widths), units, adapters, self.draws)

    def _spans(self) -> list[list[int]]:
        """For each member, how many inputs of the first layer stand for each of its columns."""
        embedded = [] if self.embed is None else self.embed.spans
        return [embedded + [1] * (width - sum(embedded)) for width in self.widths]

    def has_bias(self, *, normalized: bool) -> bool:
        """Whether a layer's bias has an effect."""
        return not (normalized and self.settings.normalization == "batch_norm")

    def _of_each(self, widths: Widths) -> Sequence[int]:
        return [widths] * len(self.specs) if isinstance(widths, int) else widths

    def activation(self) -> nn.Module:
        """The declared activation."""
        return activations.build(self.settings, self._next_noise(), self.seeds)

    def normalization(self, units: int) -> nn.Module | None:
        """The declared normalisation of so many units."""
        if self.settings.normalization == "none":
            return None
        kind = resolve(NORMALIZATIONS[self.settings.normalization])
        made: nn.Module = kind(len(self.specs), units)
        return made

    def dropout(self, *, alpha: bool | None = None) -> StackedDropout:
        """Dropout of hidden units: alpha-dropout or not, by default as fits the activation."""
        if alpha is None:
            alpha = self.settings.activation == "selu"
        rates = [spec.dropout for spec in self.specs]
        return StackedDropout(rates, self._next_noise(), self.seeds, alpha=alpha)

    def _input_dropout(self) -> StackedDropout:
        """Dropout of inputs; never alpha-dropout, which would fill padded columns."""
        rates = [spec.input_dropout for spec in self.specs]
        return StackedDropout(rates, self._next_noise(), self.seeds)

    def _embeddings(self) -> StackedEmbeddings | None:
        """The declared embeddings of single columns."""
        if self.settings.embeddings is None:
            return None
        columns = [spec.columns for spec in self.specs]
        return StackedEmbeddings(self.settings.embeddings, columns, self.draws)

    def _next_noise(self) -> int:
        """A number of its own for each layer that draws random bits."""
        self._n_noises += 1
        return self._n_noises


class StackedNetwork(nn.Module):
    """k networks as one: (k, batch, inputs) -> (k, batch, outputs).

    With `n_heads` heads, (k, batch, heads, outputs). `LayerFactory.network` sets its parts, all of
    which but `blocks` and `output` may be None.
    """

    first: nn.Module | None
    blocks: nn.ModuleList
    normalization: nn.Module | None
    activation: nn.Module | None
    output: StackedLinear | LinearHeads
    n_heads: int

    def __init__(self, layers: LayerFactory) -> None:
        super().__init__()
        self.embed: nn.Module | None = layers.embed
        self.drop_inputs = layers.drop_inputs
        self.shape = layers.settings.shape

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Values or logits of every member for its own batch.

        Args:
            x: (k, batch, inputs), padded with zeros to the widest member.
            rows: in training, the weight of every row (k, batch), 0 for a padded one.
        """
        if self.embed is not None:
            x = self.embed(x)
        x = self.drop_inputs(x)
        if self.shape:
            x = x.view(*x.shape[:2], *self.shape)
        if self.first is not None:
            x = self.first(x)
        for block in self.blocks:
            x = block(x, rows)
        if self.normalization is not None:
            x = self.normalization(x, rows)
        if self.activation is not None:
            x = self.activation(x)
        output: Tensor = self.output(x)
        return output

    def fit_inputs(self, rows: Sequence[Tensor], targets: Sequence[Tensor]) -> None:
        """Fit what depends on data to each member's training rows (n, inputs), targets (n,)."""
        if isinstance(self.embed, StackedEmbeddings | RobustInputs):
            self.embed.fit(rows)

    def parameter_groups(self, body_factor: float) -> list[ParameterGroup]:
        """All parameters by their factors of the learning rate and of the weight decay.

        Every parameter but the output layer's has the factor `body_factor` of the rate. A module's
        `rate_factors` names those of its own parameters that have others: name -> (rate, decay).
        """
        head = {id(parameter) for parameter in self.output.parameters()}
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for module in self.modules():
            factors = getattr(module, "rate_factors", {})
            for name, parameter in module.named_parameters(recurse=False):
                rate, decay = factors.get(name, (1.0, 1.0))
                if id(parameter) not in head:
                    rate *= body_factor
                groups.setdefault((rate, decay), []).append(parameter)
        return [ParameterGroup(own, *factors) for factors, own in groups.items()]

    def weaken_dropout(self, share: float) -> None:
        """Drop this share of every rate from now on."""
        for module in self.modules():
            if isinstance(module, StackedDropout) and module.share != share:
                module.weaken(share)

    def noises(self) -> list[Noise]:
        """Every layer's source of random bits, unless it drops nothing."""
        idle = {
            layer.noise
            for layer in self.modules()
            if isinstance(layer, StackedDropout) and layer.idle
        }
        return [own for own in self.modules() if isinstance(own, Noise) and own not in idle]

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


def build(
    architecture: Architecture, specs: Sequence[MemberSpec], n_outputs: int
) -> StackedNetwork:
    """The network of `architecture` with a member for every spec, its weights drawn."""
    # The decomposition behind orthogonal weights adds up in another order on more threads.
    with one_thread():
        network: StackedNetwork = architecture.build(LayerFactory(architecture, specs, n_outputs))
    return network


def take_members(
    network: StackedNetwork, own: slice | list[int], part: StackedNetwork
) -> StackedNetwork:
    """`part` with the weights of these members; the whole may be padded wider than they are."""
    whole = {name: value[own] for name, value in network.state_dict().items()}
    cut = {n: whole[n][tuple(map(slice, v.shape))] for n, v in part.state_dict().items()}
    restore(part, cut)
    return part


def weights(network: nn.Module) -> dict[str, Tensor]:
    """A copy of parameters and running statistics by name."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def restore(network: nn.Module, saved: dict[str, Tensor]) -> None:
    """Load a copy made by `weights`."""
    for name, value in network.state_dict().items():
        value.copy_(saved[name])
