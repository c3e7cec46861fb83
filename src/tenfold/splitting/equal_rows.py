"""Find rows that are equal in all features, and merge the groups that share such rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.splitting.strategy import EqualRows


def find_equal_rows(hashes: NDArray[np.uint64]) -> EqualRows:
    """The sets of rows whose features have the same hash, given one of 64 bits for each row (n,).

    Of 10 million rows that all differ, two share a hash in three of a million tables; they are then
    kept together without need.
    """
    ordered = np.sort(hashes)
    if not (ordered[1:] == ordered[:-1]).any():
        return EqualRows()
    del ordered
    return EqualRows.of(hashes)


def merge_groups(groups: NDArray[np.int64], copies: EqualRows) -> NDArray[np.int64]:
    """Groups (n,), where groups that contain copies of the same row become one."""
    if isinstance(copies.inverse, slice):
        return groups
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_groups = int(groups.max()) + 1
    edges = (groups, groups[copies.first][copies.inverse])
    graph = coo_array((np.ones(len(groups), dtype=np.int8), edges), shape=(n_groups, n_groups))
    component: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return component[groups]
