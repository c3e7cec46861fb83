"""The initialisers: name -> torch's function, applied to one member's (out, in) matrix.

Drawn per member, so fan-in and fan-out are the member's own and so is the generator.
"""

from __future__ import annotations

INITIALIZERS: dict[str, str] = {
    "he_normal": "torch.nn.init:kaiming_normal_",
    "he_uniform": "torch.nn.init:kaiming_uniform_",
    "orthogonal": "torch.nn.init:orthogonal_",
    "xavier_normal": "torch.nn.init:xavier_normal_",
    "xavier_uniform": "torch.nn.init:xavier_uniform_",
}

SATURATING = ("sigmoid", "tanh")


def matching(activation: str) -> str:
    """The initialiser that keeps the variance of `activation` from layer to layer.

    Sources: Glorot & Bengio (2010) for saturating units, He et al. (2015) for the ReLU kind.

    >>> matching("tanh")
    'xavier_uniform'
    """
    return "xavier_uniform" if activation in SATURATING else "he_uniform"


def options(name: str, activation: str) -> dict[str, str]:
    """torch's gain for a He initialiser: sqrt(2), since half of the units are silent."""
    return {"nonlinearity": "relu"} if name.startswith("he_") else {}
