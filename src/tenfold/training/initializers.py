"""The initialisers: name -> torch's function, applied to one member's (out, in, ...) weights.

Drawn per member, so fan-in and fan-out are the member's own and so is the generator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenfold.training.activations import ACTIVATIONS
from tenfold.training.registry import resolve

if TYPE_CHECKING:
    import torch

INITIALIZERS: dict[str, str] = {
    "constant": "torch.nn.init:constant_",
    "he_normal": "torch.nn.init:kaiming_normal_",
    "he_uniform": "torch.nn.init:kaiming_uniform_",
    "lecun_normal": "torch.nn.init:kaiming_normal_",
    "normal": "torch.nn.init:normal_",
    "orthogonal": "torch.nn.init:orthogonal_",
    "uniform": "torch.nn.init:uniform_",
    "xavier_normal": "torch.nn.init:xavier_normal_",
    "xavier_uniform": "torch.nn.init:xavier_uniform_",
    "zeros": "torch.nn.init:zeros_",
}

WITHOUT_CHANCE = ("constant", "zeros")


def matching(activation: str) -> str:
    """The initialiser that keeps the variance of `activation` from layer to layer.

    Sources: Glorot & Bengio (2010) for saturating units, Klambauer et al. (2017) for SELU,
    He et al. (2015) for the ReLU kind.

    >>> matching("tanh")
    'xavier_uniform'
    """
    if activation == "selu":
        return "lecun_normal"
    return "xavier_uniform" if ACTIVATIONS[activation].saturates else "he_uniform"


@dataclass(frozen=True)
class Initializer:
    """How the weights in front of an activation are drawn.

    `scale` is the value of `constant`, the bound of `uniform`, the standard deviation of `normal`.
    """

    name: str
    activation: str
    negative_slope: float = 0.01
    scale: float = 0.05

    def fill(self, weight: torch.Tensor, generator: torch.Generator) -> None:
        """Draw one member's weights (out, in, ...) in place."""
        name = matching(self.activation) if self.name == "auto" else self.name
        options = self._options(name)
        if name not in WITHOUT_CHANCE:
            options["generator"] = generator
        resolve(INITIALIZERS[name])(weight, **options)

    def _options(self, name: str) -> dict[str, Any]:
        match name:
            case "constant":
                return {"val": self.scale}
            case "uniform":
                return {"a": -self.scale, "b": self.scale}
            case "normal":
                return {"std": self.scale}
            case "lecun_normal":
                return {"nonlinearity": "linear"}
            case "he_normal" | "he_uniform" if self.activation == "leaky_relu":
                return {"nonlinearity": "leaky_relu", "a": self.negative_slope}
            case "he_normal" | "he_uniform":
                # sqrt(2), since half of the units are silent.
                return {"nonlinearity": "relu"}
        return {}


# Outputs feed no activation; Xavier balances their forward and backward variance.
OUTPUT = Initializer("xavier_uniform", "tanh")
