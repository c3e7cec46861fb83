"""Random numbers that depend only on a member's seed, a layer, a step and a position.

No generator holds state: what a member draws depends neither on the other members nor on what ran
before, and a resumed run draws the same again, on any device.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn


def seed_of(*parts: int | str) -> int:
    """A 63-bit seed that depends on every part."""
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def generators(seeds: Sequence[int]) -> list[torch.Generator]:
    """One CPU generator per member, for its initial weights."""
    return [torch.Generator().manual_seed(seed_of(seed, "weights")) for seed in seeds]


class Noise(nn.Module):
    """16 random bits for every unit of every row, by hashing.

    One 32-bit word serves two neighbouring units. `seek` sets the step before each pass. With
    `shared`, all rows of a member draw the same bits.
    Source of the constants: Wellons' lowbias32 (2018).
    """

    keys: Tensor
    _mixed_step: Tensor

    def __init__(self, layer: int, seeds: Sequence[int]) -> None:
        super().__init__()
        keys = [seed_of(seed, "noise", layer) & 0x7FFF_FFFF for seed in seeds]
        self.register_buffer("keys", torch.tensor(keys, dtype=torch.int32), persistent=False)
        # A tensor, since torch.compile would compile again for every new number.
        self.register_buffer("_mixed_step", torch.zeros((), dtype=torch.int32), persistent=False)
        self.shared = False
        # (first, apart): if processes share a batch, row i of this one is row first + i * apart.
        self.place = (0, 1)
        self._positions: tuple[tuple[int, int, torch.device], Tensor] | None = None

    def seek(self, step: int) -> None:
        """Set the step that the bits drawn next belong to."""
        self._mixed_step.fill_(mixed(step))

    def follow(self, mixed_step: Tensor) -> None:
        """Read the step, `mixed`, from this tensor from now on."""
        self._mixed_step = mixed_step

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Bits (int16) that broadcast to x (members, batch, ...)."""
        rows = 1 if self.shared else x.shape[1]
        units = x[0, 0].numel()
        words = self._position(rows, (units + 1) // 2, x.device)
        words = words ^ _mix(self.keys ^ self._mixed_step)[:, None, None]
        words.mul_(_MULTIPLIER_1)
        words.bitwise_xor_(words >> 16)
        words.mul_(_MULTIPLIER_2)
        bits = words.view(torch.int16)[..., :units]
        return bits.reshape(len(self.keys), rows, *x.shape[2:])

    def _position(self, rows: int, words: int, device: torch.device) -> Tensor:
        """A hash of every (row, pair of units); the same whatever the batch's size and width."""
        wanted = (rows, words, device)
        if self._positions is None or self._positions[0] != wanted:
            first, apart = self.place
            row = torch.arange(rows, dtype=torch.int32, device=device)[:, None] * apart + first
            column = torch.arange(words, dtype=torch.int32, device=device) * _SILVER
            self._positions = (wanted, _mix(row * _GOLDEN + column))
        return self._positions[1]


def mixed(step: int) -> int:
    """A step spread over 31 bits, so that near steps differ in many."""
    return step * 0x9E3779B1 & 0x7FFF_FFFF


_GOLDEN = -1640531527  # 2^32 / golden ratio, as a signed 32-bit integer
_SILVER = -2048144789  # 0x85EBCA6B, odd and unrelated
_MULTIPLIER_1 = 0x7FEB352D
_MULTIPLIER_2 = -2073319829  # 0x846CA68B


def _mix(bits: Tensor) -> Tensor:
    """A bijection of 32-bit integers whose outputs look independent (int32 in, int32 out)."""
    bits = bits ^ (bits >> 16 & 0xFFFF)
    bits = bits * _MULTIPLIER_1
    bits = bits ^ (bits >> 15 & 0x1FFFF)
    bits = bits * _MULTIPLIER_2
    return bits ^ (bits >> 16 & 0xFFFF)
