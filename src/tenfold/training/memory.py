"""The memory of a stack on a device: an estimate before it is built, and running out of it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from tenfold.training import batches, networks
from tenfold.training.settings import Architecture, Recipe

if TYPE_CHECKING:
    from tenfold.training.fitting import Member

# Copies of every weight: itself, its gradient, the optimiser's two moments, the best epoch's, those
# before a step; and, while a step is captured, what is to be put back.
COPIES_OF_WEIGHTS = 10
# Copies of every activation that a step holds at its peak: for the backward pass, and their
# gradients.
COPIES_OF_ACTIVATIONS = 6
# Bytes of each row's place in an epoch, and of its weight.
BYTES_PER_PLACE = 8 + 8
# Of the free memory, what a stack may take: the allocator leaves gaps.
USABLE_SHARE = 0.8


class OutOfMemory(MemoryError):
    """There is not enough memory for the stack."""


def check(
    architecture: Architecture,
    recipe: Recipe,
    members: Sequence[Member],
    n_outputs: int,
    trainer: Mapping[str, Any],
) -> None:
    """Check that a stack fits into the free memory of the GPU that it is trained on, if it is.

    Raises:
        OutOfMemory: with both sizes, if it does not.
    """
    if trainer.get("accelerator") in ("cpu", "mps") or not torch.cuda.is_available():
        return
    free = torch.cuda.mem_get_info()[0]
    needed = estimate(architecture, recipe, members, n_outputs)
    if trainer.get("precision") == "64-true":
        needed *= 2
    if needed > USABLE_SHARE * free:
        raise OutOfMemory(f"{_gib(needed)} of {_gib(free)} that are free")


def estimate(
    architecture: Architecture, recipe: Recipe, members: Sequence[Member], n_outputs: int
) -> int:
    """The bytes that a stack takes at its peak: rows, weights and activations, in single precision.

    The widest member alone is built, to count its weights.
    """
    widest = max(members, key=lambda member: member.x_train.shape[1])
    network = networks.build(architecture, [widest.spec], n_outputs)
    n_weights = sum(weight.numel() for weight in network.state_dict().values())
    longest = max(len(member.y_train) for member in members)
    batch = min(batches.rows_per_batch([longest], recipe.batch_size), longest)
    units = architecture.d_block * (architecture.n_blocks + 1) + widest.x_train.shape[1]
    per_row = units * network.n_heads * COPIES_OF_ACTIVATIONS
    in_passes = max(len(members) * batch, batches.MAX_CHUNK_ROWS // network.n_heads)
    numbers = len(members) * n_weights * COPIES_OF_WEIGHTS + in_passes * per_row
    # Trials that share a fold's arrays share its rows on the device.
    tables = {id(member.x_train): member for member in members}.values()
    rows = sum(_size(own.x_train) + _size(own.x_val) for own in tables)
    return int(4 * (numbers + rows) + BYTES_PER_PLACE * longest * len(members))


def release() -> None:
    """Give back what a stack held that did not fit."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextlib.contextmanager
def within_memory() -> Iterator[None]:
    """Raise OutOfMemory if memory runs out, for which the host has no error of its own."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(str(error).split(". ")[0]) from None
    except RuntimeError as error:
        _, found, asked = str(error).partition("you tried to allocate ")
        if not found:
            raise
        raise OutOfMemory(f"{asked.split('.')[0]} for one of its parts") from None


def _size(table: Any) -> int:
    return 0 if table is None else int(table.size)


def _gib(n_bytes: float) -> str:
    return f"{n_bytes / 2**30:.2g} GiB"
