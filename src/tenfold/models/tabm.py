"""TabM: many networks in one, which share their weights but for scales of each one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from tenfold.models.shared.network_family import NetworkFamily
from tenfold.models.shared.network_parameters import EmbeddedParameters
from tenfold.training.settings import Key

if TYPE_CHECKING:
    from torch import Tensor

    from tenfold.training.networks import LayerFactory, StackedNetwork


class Parameters(EmbeddedParameters):
    """k networks in one, which share their weights. Source: Gorishniy et al. (2025)."""

    fit_seconds = (0.5, 0.014, 0.0)
    # Its heads start as published.
    initializer: ClassVar[str] = "auto"  # type: ignore[misc]
    initializer_scale: ClassVar[float] = 0.05  # type: ignore[misc]

    k: int = Field(16, ge=2, description="Heads, each a network; 32 as published.")
    n_blocks: int = Field(3, ge=1, description="Hidden layers.")
    d_block: int = Field(256, ge=1, description="Units of each hidden layer; 512 as published.")
    dropout: Annotated[float, Key("Share of hidden units dropped.", ge=0, lt=1)] = 0.1
    learning_rate: Annotated[float, Key(gt=0)] = 2e-3
    weight_decay: Annotated[float, Key("L2 penalty, torch's own; decoupled for adamw.", ge=0)] = (
        3e-4
    )
    gradient_clip_val: Annotated[
        float | None, Key("Largest norm of each network's gradient.", gt=0)
    ] = 1.0
    batch_size: Annotated[
        Annotated[int, Key(ge=1)] | Literal["auto", "full"],
        Key("full: batch gradient descent; auto: 32 to 1024 by the number of rows."),
    ] = "auto"
    patience: Annotated[
        int, Key("A fold stops after as many epochs without improvement of the others.", ge=1)
    ] = 16


def build(layers: LayerFactory) -> StackedNetwork:
    """`n_blocks` hidden layers whose k heads share a weight, and an output layer of each head.

    The scales of the first layer's inputs start at random and make the heads differ.
    """
    settings, blocks = layers.settings, []
    n_heads, units = settings.own["k"], settings.d_block
    for number in range(settings.n_blocks):
        widths = units if number else layers.widths
        blocks.append(
            layers.block(
                apply_heads,
                linear=layers.batch_ensemble(widths, units, n_heads),
                activation=layers.activation(),
                dropout=layers.dropout(),
            )
        )
    return layers.network(blocks, units, n_heads=n_heads)


def apply_heads(block: Any, x: Tensor, rows: Tensor | None) -> Tensor:
    """Linear, activation, dropout, by every head: (k, batch, ...) -> (k, batch, heads, units)."""
    dropped: Tensor = block.dropout(block.activation(block.linear(x)))
    return dropped


FAMILY = NetworkFamily("tabm", build)
