"""Rows that are equal in all features, and the groups that these tie together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.splitting.assignment import Units


def units(hashes: NDArray[np.uint64]) -> Units:
    """The units that rows of equal hash (n,) form.

    Two of 10 million different rows share one of 64 bits in three of a million tables; they are
    then kept together for nothing.
    """
    ordered = np.sort(hashes)
    if not (ordered[1:] == ordered[:-1]).any():
        return Units()
    del ordered
    return _numbered(hashes)


def _numbered(values: NDArray[np.generic]) -> Units:
    """Units of equal values, numbered as they appear."""
    _, first, of = np.unique(values, return_index=True, return_inverse=True)
    appearance = np.argsort(first)
    number = np.empty_like(appearance)
    number[appearance] = np.arange(len(first))
    return Units(number[of], first[appearance])


def joined(groups: NDArray[np.int64], copies: Units) -> NDArray[np.int64]:
    """Groups (n,) of which two that hold copies of one row have become one."""
    if isinstance(copies.of, slice):
        return groups
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_groups = int(groups.max()) + 1
    ties = (groups, groups[copies.first][copies.of])
    graph = coo_array((np.ones(len(groups), dtype=np.int8), ties), shape=(n_groups, n_groups))
    component: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return component[groups]
