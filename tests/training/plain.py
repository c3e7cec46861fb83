"""torch's own layers, networks and loop, for one member at a time: what a stack must equal."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tenfold.training import networks
from tenfold.training.batch_ensemble import LinearHeads
from tenfold.training.batches import EpochOrder
from tenfold.training.blocks import StackedRecurrent
from tenfold.training.fitting import Member
from tenfold.training.layers import StackedBatchNorm, StackedConv, StackedLinear
from tenfold.training.networks import StackedNetwork
from tenfold.training.settings import Architecture


def _copy(pairs: Sequence[tuple[Any, Tensor]]) -> None:
    with torch.no_grad():
        for target, value in pairs:
            target.copy_(value)


def linear(
    stacked: StackedLinear | LinearHeads, member: int, width: int | None = None
) -> nn.Linear:
    """torch's own layer with one member's weights, its padding left out."""
    assert isinstance(stacked, StackedLinear)
    width = width or stacked.weight.shape[1]
    learned = isinstance(stacked.bias, nn.Parameter)
    own = nn.Linear(width, stacked.weight.shape[2], bias=learned, dtype=stacked.weight.dtype)
    _copy([(own.weight, stacked.weight[member, :width].T)])
    if learned:
        _copy([(own.bias, stacked.bias[member, 0])])
    return own


def convolution(stacked: StackedConv, member: int) -> nn.Conv2d:
    outputs, inputs, size, _ = stacked.weight.shape[1:]
    learned = isinstance(stacked.bias, nn.Parameter)
    own = nn.Conv2d(
        inputs, outputs, size, padding=size // 2, bias=learned, dtype=stacked.weight.dtype
    )
    _copy([(own.weight, stacked.weight[member])])
    if learned:
        _copy([(own.bias, stacked.bias[member, 0])])
    return own


def recurrent(stacked: StackedRecurrent, member: int) -> nn.GRU | nn.LSTM:
    kinds: dict[int, type[nn.GRU | nn.LSTM]] = {3: nn.GRU, 4: nn.LSTM}
    kind = kinds[stacked.inputs.shape[1] // stacked.units]
    inputs = stacked.inputs.shape[2]
    own: nn.GRU | nn.LSTM = kind(
        inputs, stacked.units, batch_first=True, dtype=stacked.inputs.dtype
    )
    _copy(
        [
            (own.weight_ih_l0, stacked.inputs[member]),
            (own.weight_hh_l0, stacked.recurrent[member]),
            (own.bias_ih_l0, stacked.bias[member]),
            (own.bias_hh_l0, stacked.recurrent_bias[member]),
        ]
    )
    return own


def normalization(stacked: Any, member: int, *, pictures: bool = False) -> nn.Module:
    """nn.BatchNorm or nn.LayerNorm; for pictures LayerNorm is torch's GroupNorm of one group."""
    units, dtype = stacked.weight.shape[2], stacked.weight.dtype
    own: Any
    if isinstance(stacked, StackedBatchNorm):
        own = (nn.BatchNorm2d if pictures else nn.BatchNorm1d)(units, dtype=dtype)
        _copy(
            [(own.running_mean, stacked.mean[member, 0]), (own.running_var, stacked.var[member, 0])]
        )
    elif pictures:
        own = nn.GroupNorm(1, units, dtype=dtype)
    else:
        own = nn.LayerNorm(units, dtype=dtype)
    _copy([(own.weight, stacked.weight[member, 0]), (own.bias, stacked.bias[member, 0])])
    return own  # type: ignore[no-any-return]


def _unit(part: Any, member: int, layer: nn.Module, activation: nn.Module) -> list[nn.Module]:
    """Layer, normalisation and activation in sequence."""
    pictures = isinstance(layer, nn.Conv2d)
    normal = part.normalization
    normals = [] if normal is None else [normalization(normal, member, pictures=pictures)]
    return [layer, *normals, activation]


def mlp(network: StackedNetwork, member: int, width: int, activation: nn.Module) -> nn.Module:
    layers: list[nn.Module] = []
    for block in network.blocks:
        layers += _unit(block, member, linear(block.linear, member, width), activation)  # type: ignore[arg-type]
        width = network.output.weight.shape[1]
    return nn.Sequential(*layers, linear(network.output, member, width))


class _Plus(nn.Module):
    """What goes in, added to what comes out."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = x + self.branch(x)
        return added


def resnet(network: StackedNetwork, member: int, width: int, activation: nn.Module) -> nn.Module:
    layers: list[nn.Module] = [linear(network.first, member, width)]  # type: ignore[arg-type]
    for block in network.blocks:
        normals = (
            [] if block.normalization is None else [normalization(block.normalization, member)]
        )
        there, back = linear(block.linear, member), linear(block.back, member)  # type: ignore[arg-type]
        layers.append(_Plus(nn.Sequential(*normals, there, activation, back)))
    if network.normalization is not None:
        layers.append(normalization(network.normalization, member))
    return nn.Sequential(*layers, activation, linear(network.output, member))


def cnn(network: StackedNetwork, member: int, width: int, activation: nn.Module) -> nn.Module:
    layers: list[nn.Module] = [nn.Unflatten(1, network.shape)]
    *convolutions, dense = network.blocks
    for block in convolutions:
        layers += _unit(block, member, convolution(block.convolution, member), activation)  # type: ignore[arg-type]
        layers += [nn.MaxPool2d(2)] if block.pool else []
    layers.append(nn.Flatten())
    layers += _unit(dense, member, linear(dense.linear, member), activation)  # type: ignore[arg-type]
    return nn.Sequential(*layers, linear(network.output, member))


class _States(nn.Module):
    """A recurrent layer's states at every step."""

    def __init__(self, layer: nn.GRU | nn.LSTM) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        states: Tensor = self.layer(x)[0]
        return states


class _Last(nn.Module):
    """The last step."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, -1]


def rnn(network: StackedNetwork, member: int, width: int, activation: nn.Module) -> nn.Module:
    layers = [_States(recurrent(block.recurrent, member)) for block in network.blocks]  # type: ignore[arg-type]
    return nn.Sequential(
        nn.Unflatten(1, network.shape), *layers, _Last(), linear(network.output, member)
    )


class _Heads(nn.Module):
    """TabM as its formulas say it: (batch, inputs) -> (batch, heads, outputs), head by head."""

    def __init__(self, network: Any, member: int, width: int, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation
        self.own = nn.ParameterDict()
        for number, block in enumerate(network.blocks):
            for name, value in block.linear.named_parameters():
                inputs = name in ("weight", "r")
                kept = value[member, :width] if inputs and number == 0 else value[member]
                self.own[f"{name}{number}"] = kept.detach().clone()
        for name, value in network.output.named_parameters():
            self.own[f"out_{name}"] = value[member].detach().clone()
        self.n_blocks = len(network.blocks)

    def forward(self, x: Tensor) -> Tensor:
        heads = range(len(self.own["out_weight"]))
        return torch.stack([self.head(head, x) for head in heads], dim=1)

    def head(self, head: int, x: Tensor) -> Tensor:
        own = self.own
        for number in range(self.n_blocks):
            adapted = torch.diag(own[f"r{number}"][:, head]) @ own[f"weight{number}"]
            adapted = adapted @ torch.diag(own[f"s{number}"][head])
            x = self.activation(x @ adapted + own[f"bias{number}"][head])
        output: Tensor = x @ own["out_weight"][head] + own["out_bias"][head]
        return output


def tabm(network: StackedNetwork, member: int, width: int, activation: nn.Module) -> nn.Module:
    return _Heads(network, member, width, activation)


class _RealMLP(nn.Module):
    """RealMLP as its formulas say it, for columns that are not embedded."""

    def __init__(self, network: Any, member: int, width: int) -> None:
        super().__init__()
        rest, self.base = network.embed.rest, network.blocks[0].activation.base
        self.center, self.factor = (part[member, 0, :width] for part in (rest.center, rest.factor))
        self.scale = nn.Parameter(network.first.scale[member, :width].detach().clone())
        layers = [*(block.linear for block in network.blocks), network.output]
        widths = [width, *[network.output.weight.shape[1]] * len(network.blocks)]
        self.weights, self.biases, self.shares = (nn.ParameterList() for _ in range(3))
        for layer, inputs in zip(layers, widths, strict=True):
            self.weights.append(layer.weight[member, :inputs].detach().clone())
            self.biases.append(layer.bias[member, 0].detach().clone())
        for block in network.blocks:
            self.shares.append(block.activation.share[member, 0].detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.center) * self.factor
        x = x / (1 + (x / 3) ** 2).sqrt() * self.scale
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = x @ weight / math.sqrt(len(weight)) + bias
            if number < len(self.shares):
                share = self.shares[number]
                x = (1 - share) * x + share * self.base(x)
        return x


def realmlp(network: StackedNetwork, member: int, width: int, activation: nn.Module) -> nn.Module:
    return _RealMLP(network, member, width)


PLAIN: dict[str, Callable[..., nn.Module]] = {
    "cnn": cnn,
    "mlp": mlp,
    "realmlp": realmlp,
    "resnet": resnet,
    "rnn": rnn,
    "tabm": tabm,
}


@contextlib.contextmanager
def in_float64() -> Iterator[None]:
    """New tensors, such as the state of an optimiser, are float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@in_float64()
def untrained(
    architecture: Architecture, members: Sequence[Member], n_outputs: int
) -> StackedNetwork:
    """The stacked network as training starts from it."""
    return networks.build(architecture, [member.spec for member in members], n_outputs)


@in_float64()
def train(
    network: nn.Module,
    member: Member,
    loss: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    epochs: int,
    steps: int,
    each_step: Callable[[], None] = lambda: None,
    each_epoch: Callable[[float], None] = lambda val_loss: None,
    before_step: Callable[[], None] = lambda: None,
    after_step: Callable[[], None] = lambda: None,
) -> list[float]:
    """The loop of torch's tutorials over one member's rows, in the order that is its own.

    `each_step` and `each_epoch` move a scheduler; the others surround the optimiser's step.
    Returns the validation loss of every epoch.
    """
    assert member.x_val is not None
    assert member.y_val is not None
    x, y = torch.from_numpy(member.x_train), torch.from_numpy(member.y_train)
    x_val, y_val = torch.from_numpy(member.x_val), torch.from_numpy(member.y_val)
    order = EpochOrder([len(y)], [member.seed], steps, len(y))
    losses = []
    for epoch in range(epochs):
        network.train()
        for step, places in enumerate(order.order(epoch)[:, 0]):
            rows = places[order.weight[step, 0] > 0]
            optimizer.zero_grad()
            loss(network(x[rows]), y[rows]).backward()  # type: ignore[no-untyped-call]
            before_step()
            optimizer.step()
            after_step()
            each_step()
        network.eval()
        with torch.no_grad():
            losses.append(float(loss(network(x_val), y_val)))
        each_epoch(losses[-1])
    return losses
