"""Noise of sensors: near-normal draws that cost little inside the time loop."""

from __future__ import annotations

from typing import Any

from otsim_kernels.draws import Array, StreamKey, draw_bits

_MEAN = 4 * 127.5
_DEVIATION = (4 * (256.0**2 - 1.0) / 12.0) ** 0.5  # of a sum of four independent bytes


def noise_pair(key: StreamKey, purpose: int, clock: Array, dtype: Any) -> tuple[Array, Array]:
    """Draw two independent numbers with mean 0 and standard deviation 1.

    Each is the sum of the four bytes of a random word: bell-shaped, symmetric, kurtosis 2.70
    (a normal has 3), never beyond 3.45.

    Args:
        key: the twin's stream key.
        purpose: stable id of the pair of channels.
        clock: plant time in ticks, i32[].
        dtype: float32 or float64.
    """
    first, second = draw_bits(key, purpose, clock)
    return _bell(first, dtype), _bell(second, dtype)


def _bell(bits: Array, dtype: Any) -> Array:
    pairs = (bits & 0x00FF00FF) + ((bits >> 8) & 0x00FF00FF)
    total = (pairs & 0xFFFF) + (pairs >> 16)
    return (total.astype("int32").astype(dtype) - _MEAN) * (1.0 / _DEVIATION)
