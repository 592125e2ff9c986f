"""Noise of sensors: normal draws that cost little inside the time loop."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from otsim_kernels.draws import Array, StreamKey, draw_bits

# The normal quantile of (1 + x)/2 is x R(s) with s^2 = -log(1 - x^2). R and the logarithm are
# polynomials, fitted here for a least largest error: R to 5.3e-5 of itself, up to s = 4.75, that
# is 6.5 standard deviations, in y = s/2.375 - 1; log m to 8.7e-6, from 1 to 2, in m - 1.5.
_FAR = 4.75
_QUANTILE = (3.13080188, 3.26625724, 0.386699067, -0.833925635, 0.969432074, 0.114426636,
             -1.17953258, 0.176888359, 0.796257988, -0.0997072634, -0.226338956)  # fmt: skip
_LOG = (0.405456786, 0.666696461, -0.221633083, 0.0980268298, -0.0554597569, 0.0311043197)
_LOG_2 = 0.693147181


def noise_pair(key: StreamKey, purpose: int, clock: Array, dtype: Any) -> tuple[Array, Array]:
    """Draw two independent numbers with mean 0 and standard deviation 1.

    Args:
        key: the twin's stream key.
        purpose: stable id of the pair of channels.
        clock: plant time in ticks, i32[].
        dtype: float32 or float64.
    """
    first, second = draw_bits(key, purpose, clock)
    return standard_normal(first, dtype), standard_normal(second, dtype)


def standard_normal(bits: Array, dtype: Any) -> Array:
    """Map 32 random bits to a normal number, right to 7e-5 of itself up to 6.3, the largest.

    One bit is the sign; the other 31 are the probability beyond, which float32 holds to its
    relative precision however small: a plain uniform number would end at 5.3. Computed in float32
    for both precisions, as nobody can tell noise to more digits.
    """
    beyond = ((bits >> np.uint32(1)).astype(np.int32).astype(np.float32) + 0.5) * 2.0**-31
    x = np.float32(1.0) - beyond
    s = jnp.sqrt(jnp.maximum(-_log(beyond * (np.float32(2.0) - beyond)), 0.0))
    size = x * _polynomial(_QUANTILE, s * (2.0 / _FAR) - 1.0)
    return jnp.where((bits & np.uint32(1)) == 0, size, -size).astype(dtype)


def _log(x: Array) -> Array:
    """Natural logarithm of normal float32 numbers, to 9e-6: exponent and mantissa apart."""
    bits = lax.bitcast_convert_type(x, np.int32)
    exponent = ((bits >> 23) - 127).astype(np.float32)
    mantissa = lax.bitcast_convert_type((bits & 0x7FFFFF) | 0x3F800000, np.float32)
    return exponent * _LOG_2 + _polynomial(_LOG, mantissa - 1.5)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    total: Any = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


__all__ = ["noise_pair", "standard_normal"]
