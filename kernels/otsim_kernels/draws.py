"""Counter-based random draws: a pure function of (seed, twin, purpose, plant time).

The generator is Threefry-2x32 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
1, 2, 3", SC'11). Nothing here depends on the place of a twin in a batch, so any batch, shard or
restart draws the same numbers. Every function takes NumPy and JAX arrays alike and broadcasts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

Array = Any  # a NumPy or a JAX array

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA
ROUNDS = 13  # fewest that pass BigCrush, by the paper's table 2; 20 is the published default


class DrawKey(Protocol):
    """What the draws of n twins come from, apart from the noise: a stream, or a point of a net."""

    @property
    def n_twins(self) -> int:
        """How many twins."""

    def word(self, purpose: int | Array, slot: int | Array) -> Array:
        """Draw 32 bits for each twin and purpose.

        Args:
            purpose: stable id of one, or u32[n_rows, 1].
            slot: which draw of this purpose, one for all or u32[n_twins].

        Returns:
            u32[n_twins], or u32[n_rows, n_twins].
        """

    def of(self, lanes: Array) -> Any:
        """Return the key of some of the twins, in the order of the indices."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class StreamKey:
    """The 64-bit stream key of a twin; both fields are u32[] (or u32[n_twins]); a `DrawKey`."""

    high: Array
    low: Array

    @property
    def n_twins(self) -> int:
        """How many twins."""
        return int(self.high.shape[0])

    def word(self, purpose: int | Array, slot: int | Array) -> Array:
        """Draw 32 bits; see `DrawKey`."""
        return draw_bits(self, purpose, slot)[0]

    def of(self, lanes: Array) -> StreamKey:
        """Return the keys of some twins."""
        return StreamKey(high=self.high[lanes], low=self.low[lanes])


def array_module(array: Array) -> ModuleType:
    """Return the library that an array belongs to, jax.numpy or numpy."""
    return jnp if isinstance(array, jax.Array) else np


def purpose_id(name: str) -> int:
    """Return the stable 32-bit number of a purpose, such as `step/phish_engineer/time`."""
    return int.from_bytes(hashlib.blake2s(name.encode(), digest_size=4).digest(), "little")


def stream_key(seed: int, twin: Array) -> StreamKey:
    """Make the stream key of one or many twins.

    Args:
        seed: the study's seed, 0 to 2**64 - 1.
        twin: twin numbers, u32[] or u32[n_twins].
    """
    high, low = np.uint32(seed >> 32), np.uint32(seed & 0xFFFFFFFF)
    zero = twin ^ twin
    return StreamKey(**dict(zip(("high", "low"), threefry2x32(high, low, twin, zero), strict=True)))


def draw_bits(key: StreamKey, purpose: int | Array, time: int | Array) -> tuple[Array, Array]:
    """Draw two independent 32-bit words for a purpose at a plant time (integer periods)."""
    zero = key.high ^ key.high
    return threefry2x32(key.high, key.low, zero + _u32(purpose), zero + _u32(time))


def uniform(bits: Array, dtype: Any = np.float32) -> Array:
    """Map 32 random bits to the open interval (0, 1).

    float32 keeps 23 bits and float64 all 32, each at the middle of its cell, so that 0 and 1
    never come up and both precisions agree to 2**-24.
    """
    if np.dtype(dtype) == np.float64:
        return (bits.astype(np.float64) + 0.5) * 2.0**-32
    return ((bits >> np.uint32(9)).astype(dtype) + np.asarray(0.5, dtype)) * np.asarray(
        2.0**-23, dtype
    )


def threefry2x32(
    key_0: Array, key_1: Array, count_0: Array, count_1: Array, rounds: int = ROUNDS
) -> tuple[Array, Array]:
    """Scramble the counter (count_0, count_1) by the key; all u32, broadcast together."""
    keys = (key_0, key_1, key_0 ^ key_1 ^ np.uint32(_PARITY))
    x, y = count_0 + keys[0], count_1 + keys[1]
    for i in range(rounds):
        rotation = _ROTATIONS[(i // 4) % 2][i % 4]
        x = x + y
        y = ((y << np.uint32(rotation)) | (y >> np.uint32(32 - rotation))) ^ x
        if i % 4 == 3:
            injection = i // 4 + 1
            x = x + keys[injection % 3]
            y = y + keys[(injection + 1) % 3] + np.uint32(injection)
    return x, y


def _u32(value: int | Array) -> Array:
    return np.uint32(value & 0xFFFFFFFF) if isinstance(value, int) else value.astype(np.uint32)
