"""The normalisations: name -> the layer, which treats each member by itself."""

from __future__ import annotations

NORMALIZATIONS: dict[str, str] = {
    "batch_norm": "tenfold.training.normalizing:StackedBatchNorm",
    "layer_norm": "tenfold.training.normalizing:StackedLayerNorm",
}
