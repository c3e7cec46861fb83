"""RealMLP: linear layers in NTK parametrisation that start from the data, parametric activations.

Source: Holzmueller, Grinsztajn & Steinwart (2024), "Better by Default: Strong Pre-Tuned MLPs and
Boosted Trees on Tabular Data".
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tenfold.training.layers import WeightedLayer
from tenfold.training.networks import LayerFactory, StackedNetwork
from tenfold.training.parametric import ParametricActivation
from tenfold.training.randomness import seed_of
from tenfold.training.robust_inputs import RobustInputs
from tenfold.training.threads import one_thread
from tenfold.training.training_step import by_member

# Rows of a member that its first weights are fitted to, at most.
MAX_ROWS = 2048
# Answers of other rows that a bias is a mean of.
N_SIMPLEX = 5


def build(layers: LayerFactory) -> StackedNetwork:
    """Scaled inputs, `n_blocks` blocks of `d_block` units each, and the output."""
    return RealMLP(layers)


class RealMLP(StackedNetwork):
    """k RealMLPs as one; their first weights depend on the training rows."""

    output: Output  # type: ignore[assignment]

    def __init__(self, layers: LayerFactory) -> None:
        super().__init__(layers)
        settings, own = layers.settings, layers.settings.own
        self.seeds = layers.seeds
        columns = [spec.columns for spec in layers.specs]
        inputs = RobustInputs(own, columns, layers.draws)
        self.embed = inputs
        self.first = Scaling(inputs.widths, own["scale_learning_rate_factor"])
        widths, blocks = inputs.widths, []
        for _ in range(settings.n_blocks):
            blocks.append(Block(layers, widths))
            widths = [settings.d_block] * len(widths)
        self.blocks = nn.ModuleList(blocks)
        self.normalization = self.activation = None
        self.n_heads = 1
        self.output = Output(layers, widths)

    @torch.no_grad()
    def fit_inputs(self, rows: Sequence[Tensor], targets: Sequence[Tensor]) -> None:
        """Fit scales, first weights and biases, and the range of the targets."""
        super().fit_inputs(rows, targets)
        draws = [torch.Generator().manual_seed(seed_of(seed, "data")) for seed in self.seeds]
        own = [_some(x, draw) for x, draw in zip(rows, draws, strict=True)]
        weight = torch.zeros(len(own), max(map(len, own)))
        x = torch.zeros(*weight.shape, max(part.shape[1] for part in own))
        for member, part in enumerate(own):
            weight[member, : len(part)] = 1 / len(part)
            x[member, : len(part), : part.shape[1]] = part
        with one_thread():
            assert self.embed is not None
            x = self.embed(x)
            for block in self.blocks:
                assert isinstance(block, Block)
                x = block.activation(block.linear.fit(x, weight, draws))
            self.output.fit(x, weight, draws)
        self.output.fit_range(targets)


class Scaling(nn.Module):
    """A learned factor of every input: a diagonal weight."""

    def __init__(self, widths: Sequence[int], rate_factor: float) -> None:
        super().__init__()
        own = torch.arange(max(widths)) < torch.tensor(widths)[:, None]
        self.scale = nn.Parameter(own.to(torch.get_default_dtype()))
        self.rate_factors = {"scale": (rate_factor, rate_factor)}

    def forward(self, x: Tensor) -> Tensor:
        """x (k, batch, inputs)."""
        return x * self.scale[:, None]


class Block(nn.Module):
    """Linear, parametric activation, dropout."""

    def __init__(self, layers: LayerFactory, widths: Sequence[int]) -> None:
        super().__init__()
        units, own = layers.settings.d_block, layers.settings.own
        self.linear = NTKLinear(layers, widths, units)
        self.activation = ParametricActivation(
            layers.activation(), len(widths), units, own["activation_learning_rate_factor"]
        )
        self.dropout = layers.dropout(alpha=False)

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """(k, batch, in) -> (k, batch, units)."""
        dropped: Tensor = self.dropout(self.activation(self.linear(x)))
        return dropped


class NTKLinear(WeightedLayer):
    """k linear layers with weights of variance 1, divided by the root of the number of inputs.

    `fit` makes the answers' variance 1 on training rows and chooses biases that put each unit's
    kink among them ("he+5" of the paper). A member with fewer inputs is padded with zero weights.
    """

    bias: nn.Parameter
    gains: Tensor

    def __init__(self, layers: LayerFactory, widths: Sequence[int], n_outputs: int) -> None:
        super().__init__()
        weight = torch.zeros(len(widths), max(widths), n_outputs)
        for own, width, draw in zip(weight, widths, layers.draws, strict=True):
            own[:width] = torch.randn(width, n_outputs, generator=draw)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(len(widths), 1, n_outputs))
        # Biases are not decayed.
        self.rate_factors = {"bias": (layers.settings.own["bias_learning_rate_factor"], 0.0)}
        gains = [width**-0.5 for width in widths]
        # All members share one, or each has its own.
        self.gain = gains[0] if len(set(gains)) == 1 else None
        self.register_buffer("gains", torch.tensor(gains, dtype=torch.float64), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Apply every member to its own batch."""
        return self._answers(x, self.bias)

    def _answers(self, x: Tensor, bias: Tensor) -> Tensor:
        if self.gain is not None:
            return torch.baddbmm(bias, x, self.weight, alpha=self.gain)
        return torch.baddbmm(bias, x, self.weight * by_member(self.gains.to(x.dtype), x))

    def fit(self, x: Tensor, weight: Tensor, draws: Sequence[torch.Generator]) -> Tensor:
        """Set weights and biases by rows x (k, n, in) of these weights (k, n); return the answers.

        Rows of weight 0 are padding, behind the others.
        """
        answers = self._answers(x, torch.zeros_like(self.bias))
        mean = (answers * weight[..., None]).sum(1, keepdim=True)
        sd = ((answers - mean).square() * weight[..., None]).sum(1, keepdim=True).sqrt()
        # A unit whose inputs are all constant has nothing to be scaled to.
        factor = torch.where(sd > 1e-5 * mean.abs(), 1 / sd, 1.0)
        self.weight.mul_(factor)
        answers *= factor
        for member, draw in enumerate(draws):
            shape = (answers.shape[2], N_SIMPLEX)
            n_rows = int((weight[member] > 0).sum())
            chosen = torch.randint(n_rows, shape, generator=draw)
            share = torch.empty(shape).exponential_(generator=draw)
            share /= share.sum(1, keepdim=True)
            picked = answers[member, chosen, torch.arange(shape[0])[:, None]]
            self.bias[member, 0] = -(picked * share).sum(1)
        return answers + self.bias

    def incoming(self) -> Tensor:
        """(k, in, out)."""
        return self.weight


class Output(NTKLinear):
    """The last layer: values within the range of the training targets, or logits.

    Two classes have a logit each, of which the difference is returned. Values are clipped in
    evaluation alone.
    """

    low: Tensor
    high: Tensor

    def __init__(self, layers: LayerFactory, widths: Sequence[int]) -> None:
        self.task = layers.settings.own["task"]
        super().__init__(layers, widths, 2 if self.task == "binary" else layers.n_outputs)
        if self.task == "regression":
            for name, bound in (("low", -torch.inf), ("high", torch.inf)):
                self.register_buffer(name, torch.full((len(widths), 1, 1), bound))

    def forward(self, x: Tensor) -> Tensor:
        """(k, batch, in) -> (k, batch, out)."""
        answers = super().forward(x)
        if self.task == "binary":
            return answers[..., 1:] - answers[..., :1]
        if self.task == "regression" and not self.training:
            return answers.clamp(self.low, self.high)
        return answers

    def fit_range(self, targets: Sequence[Tensor]) -> None:
        """Take the range of each member's targets (n,)."""
        if self.task == "regression":
            for member, own in enumerate(targets):
                self.low[member], self.high[member] = own.min(), own.max()


def _some(rows: Tensor, draw: torch.Generator) -> Tensor:
    """The rows (n, d), or as many of them as the first weights are fitted to."""
    if len(rows) <= MAX_ROWS:
        return rows
    return rows[torch.randperm(len(rows), generator=draw)[:MAX_ROWS]]
