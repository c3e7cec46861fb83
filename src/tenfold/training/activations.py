"""The activations: name -> torch's function, applied elementwise to (members, batch, units)."""

from __future__ import annotations

ACTIVATIONS: dict[str, str] = {
    "elu": "torch.nn.functional:elu",
    "gelu": "torch.nn.functional:gelu",
    "leaky_relu": "torch.nn.functional:leaky_relu",
    "relu": "torch.nn.functional:relu",
    "sigmoid": "torch:sigmoid",
    "silu": "torch.nn.functional:silu",
    "tanh": "torch:tanh",
}
