"""How many cells may say otherwise than the rest of a column."""

from __future__ import annotations

# A column holds what all its cells say but this share of them, or a single one.
MAX_ODD_SHARE = 0.01


def few_odd(odd: int, total: int) -> bool:
    """Whether so few cells are odd that the others decide."""
    return odd <= max(1, MAX_ODD_SHARE * total)
