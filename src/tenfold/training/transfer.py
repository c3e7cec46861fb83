"""Transfer learning: start from the blocks of another network.

Source: Yosinski et al. (2014).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tenfold.training import networks
from tenfold.training.networks import StackedNetwork

# What leads to the first block goes along with it.
INPUTS = ("embed", "first")


class PretrainedMismatch(ValueError):
    """A pretrained network of which no block fits, or fewer than are to be frozen."""


def start_from(
    pretrained: StackedNetwork, network: StackedNetwork, members: int, freeze: int
) -> None:
    """Give `network` the weights of every block of `pretrained` that fits.

    Raises:
        PretrainedMismatch: if none fits, or fewer than `freeze`.
    """
    taken, blocks = matching_blocks(network, pretrained, members)
    if blocks == 0:
        raise PretrainedMismatch("no block of that network fits this one: declare the same blocks")
    if freeze > blocks:
        raise PretrainedMismatch(
            f"freeze must not exceed the {blocks} blocks that fit this network, but got {freeze}: "
            "lower freeze"
        )
    networks.restore(network, {**network.state_dict(), **taken})
    # A new output layer that guesses at random would first of all teach the blocks to forget
    # (Kumar et al. 2022); one that says nothing waits until it has learnt.
    for parameter in network.output.parameters():
        nn.init.zeros_(parameter)


def matching_blocks(
    network: StackedNetwork, pretrained: StackedNetwork, members: int
) -> tuple[dict[str, Tensor], int]:
    """The pretrained weights for every block that fits, from the input on, and their number.

    Member i takes those of pretrained member i, or i modulo their number. The output layer is
    never taken. Blocks that fit have equal names and shapes; a first layer may be padded wider.
    """
    wanted, offered = network.state_dict(), pretrained.state_dict()
    taken: dict[str, Tensor] = {}
    for block in range(len(network.blocks)):
        prefixes = [f"blocks.{block}."]
        if block == 0:
            prefixes += [f"{name}." for name in INPUTS]
        found = _matching(wanted, offered, tuple(prefixes), padded=block == 0)
        if found is None:
            return taken, block
        taken |= {name: _spread(value, members) for name, value in found.items()}
    return taken, len(network.blocks)


def _matching(
    wanted: Mapping[str, Tensor],
    offered: Mapping[str, Tensor],
    prefixes: tuple[str, ...],
    *,
    padded: bool,
) -> dict[str, Tensor] | None:
    """The pretrained tensors for the parts named by `prefixes`; None if one does not fit."""
    names = [name for name in wanted if name.startswith(prefixes)]
    if names != [name for name in offered if name.startswith(prefixes)]:
        return None
    found = {}
    for name in names:
        shape, value = wanted[name].shape[1:], offered[name]
        if padded and value.dim() == 3 and value.shape[2] == shape[1]:
            value = _widen(value, shape[0])
        if value.shape[1:] != shape:
            return None
        found[name] = value
    return found


def _widen(weight: Tensor, width: int) -> Tensor:
    """(k, in, out) with rows of zeros added, or such rows taken away."""
    if width <= weight.shape[1]:
        rest = weight[:, width:]
        return weight[:, :width] if not rest.any() else weight
    extra = torch.zeros(len(weight), width - weight.shape[1], weight.shape[2], dtype=weight.dtype)
    return torch.cat([weight, extra], dim=1)


def _spread(value: Tensor, members: int) -> Tensor:
    return value[torch.arange(members) % len(value)]
