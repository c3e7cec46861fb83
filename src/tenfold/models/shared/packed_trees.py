"""The trees of scikit-learn's histogram booster as a few arrays.

Stored one by one, its trees are thousands of small files in an archive, which take longer to write
than the trees to grow.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

# What a tree consists of: its nodes, and the sets of categories that go left.
PARTS = ("nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets")


def packed(estimator: Any) -> Any:
    """A booster whose trees are arrays, to be stored; any other object as it is."""
    rounds = getattr(estimator, "_predictors", None)
    if not rounds:
        return estimator
    trees = [tree for trees_of_a_round in rounds for tree in trees_of_a_round]
    described: dict[str, Any] = {"n_rounds": len(rounds)}
    for part in PARTS:
        arrays = [getattr(tree, part) for tree in trees]
        lengths = np.array([len(array) for array in arrays])
        shape, dtype = (lengths.sum(), *arrays[0].shape[1:]), arrays[0].dtype
        # Nodes have bytes that belong to no field; np.concatenate would leave any in them.
        joined = bytearray().join(array.tobytes() for array in arrays)
        described[part] = np.ndarray(shape, dtype, buffer=joined)
        described[f"n_{part}"] = lengths
    stored = copy.copy(estimator)
    stored._predictors = described
    return stored


def unpacked(estimator: Any) -> Any:
    """What `packed` was given."""
    described = getattr(estimator, "_predictors", None)
    if not isinstance(described, dict):
        return estimator
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    parts = [np.split(described[part], np.cumsum(described[f"n_{part}"])[:-1]) for part in PARTS]
    trees = [TreePredictor(*arrays) for arrays in zip(*parts, strict=True)]
    n_trees = len(trees) // described["n_rounds"]
    estimator._predictors = [
        trees[first : first + n_trees] for first in range(0, len(trees), n_trees)
    ]
    return estimator
