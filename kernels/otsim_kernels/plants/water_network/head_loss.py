"""Head loss of links and its slope, for one row of twins at a time.

Each function returns (g, h): g = dh/dq > 0, and h of the flow q, which has q's sign; R. Hazen and
Williams, Chezy and Manning, Darcy and Weisbach as EPANET 2.3 computes them.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network.network import CBIG, CSMALL, RQ_TOL, TINY, Pump

Array = Any
Loss = tuple[Array, Array]
HAZEN_WILLIAMS = 1.852
_LN10_2 = -0.868588963807  # -2 / ln 10


def least_slope(dtype: Any) -> float:
    """Return the smallest slope of head loss, ft / cfs.

    EPANET's in float64. Float32 would make flows of the rounding of heads where it is so small; a
    hundred times as much changes no head by more than 1e-6 ft.
    """
    return RQ_TOL if dtype == jnp.float64 else 100.0 * RQ_TOL


def open_slope(dtype: Any) -> float:
    """Return the slope of a valve that takes no head; in float32 larger for the same reason."""
    return CSMALL if dtype == jnp.float64 else 10.0 * CSMALL


def power_law(flow: Array, resistance: Array, minor: Array, exponent: float) -> Loss:
    """Hazen-Williams (1.852) and Chezy-Manning (2); linear where the slope would be tiny."""
    a = jnp.abs(flow)
    power = a if exponent == 2.0 else a ** (exponent - 1.0)
    slope = exponent * resistance * power
    least = least_slope(flow.dtype)
    tiny = slope < least
    g = jnp.where(tiny, least / exponent, slope)
    h = jnp.where(tiny, g * a, slope * a / exponent)
    return g + 2.0 * minor * a, jnp.sign(flow) * (h + minor * a * a)


def darcy_weisbach(
    flow: Array, resistance: Array, minor: Array, roughness: Array, viscous: Array
) -> Loss:
    """Laminar, Swamee-Jain, and Dunlop's cubic between."""
    a = jnp.abs(flow)
    w = jnp.maximum(a / viscous, 1.0)
    swamee, cubic = _swamee_jain(w, roughness, a), _dunlop(w, roughness, viscous)
    turbulent = w >= 1000.0 * math.pi
    f = jnp.where(turbulent, swamee[0], cubic[0])
    slope = jnp.where(turbulent, swamee[1], cubic[1])
    laminar = a <= 500.0 * math.pi * viscous
    still = 16.0 * math.pi * viscous * resistance
    g = jnp.where(
        laminar,
        still + 2.0 * minor * a,
        2.0 * (f * resistance + minor) * a + slope * resistance * a * a,
    )
    h = jnp.where(laminar, flow * (still + minor * a), (f * resistance + minor) * a * flow)
    return g, h


def _swamee_jain(w: Array, roughness: Array, a: Array) -> Loss:
    y1 = 4.61841319859 / w**0.9
    y2 = roughness / 3.7 + y1
    y3 = _LN10_2 * jnp.log(y2)
    f = 1.0 / (y3 * y3)
    return f, 1.8 * f * y1 * _LN10_2 / (y2 * y3 * jnp.maximum(a, 1e-30))


def _dunlop(w: Array, roughness: Array, viscous: Array) -> Loss:
    y2 = roughness / 3.7 + 0.00328895476345
    y3 = _LN10_2 * jnp.log(y2)
    fa = 1.0 / (y3 * y3)
    fb = (2.0 - 0.00514214965800 / (y2 * y3)) * fa
    r = w / (500.0 * math.pi)
    x1, x2 = 7.0 * fa - fb, 0.128 - 17.0 * fa + 2.5 * fb
    x3, x4 = -0.128 + 13.0 * fa - 2.0 * fb, 0.032 - 3.0 * fa + 0.5 * fb
    f = x1 + r * (x2 + r * (x3 + r * x4))
    return f, (x2 + r * (2.0 * x3 + 3.0 * r * x4)) / (500.0 * math.pi * viscous)


def open_valve(flow: Array, minor: Array) -> Loss:
    """A valve that is just an opening; without a loss coefficient, a small resistance."""
    a = jnp.abs(flow)
    slope = 2.0 * minor * a
    least, free_slope = least_slope(flow.dtype), open_slope(flow.dtype)
    tiny = slope < least
    g = jnp.where(tiny, least / 2.0, slope)
    h = jnp.where(tiny, g * flow, minor * a * flow)
    free = minor <= 0.0
    return jnp.where(free, free_slope, g), jnp.where(free, free_slope * flow, h)


def pump(curve: Pump, flow: Array, speed: Array) -> Loss:
    """A running pump at a speed above 0."""
    if curve.kind == "power":
        a, c = jnp.abs(flow), curve.c
        slope = c * curve.b * speed ** (2.0 - c) * jnp.maximum(a, 1e-30) ** (c - 1.0)
        least = least_slope(flow.dtype)
        g = jnp.maximum(slope, least)
        loss = jnp.where(slope < least, g * flow, slope * flow / c)
        return g, loss - speed * speed * curve.h0
    if curve.kind == "pieces":
        intercept, slope = _piece(curve.points, jnp.abs(flow) / speed, left=True)
        return -slope * speed, -intercept * speed * speed - slope * speed * flow
    if curve.kind == "constant":
        r = -8.814 * curve.power
        q = jnp.where(flow == 0.0, 1e-30, flow)
        g = -r / (q * q)
        closed, free = g > CBIG, g < CSMALL
        plain = jnp.where(closed, CBIG, jnp.where(free, CSMALL, g))
        return plain, jnp.where(closed | free, plain * flow, r / q)
    slope_of_none = open_slope(flow.dtype)
    return jnp.full_like(flow, slope_of_none), slope_of_none * flow


def general_valve(points: Any, flow: Array) -> Loss:
    """A valve of any curve of flow and head loss."""
    a = jnp.maximum(jnp.abs(flow), TINY)
    intercept, slope = _piece(points, a, left=True)
    slope = jnp.maximum(slope, TINY)
    return slope, (intercept + slope * a) * jnp.where(flow < 0.0, -1.0, 1.0)


def _piece(points: Any, x: Array, *, left: bool) -> tuple[Array, Array]:
    """Return intercept and slope of the segment that x lies on; extended at both ends."""
    xs, ys = np.asarray(points, np.float64).T
    slopes = np.diff(ys) / np.diff(xs)
    intercepts = ys[:-1] - slopes * xs[:-1]
    intercept, slope = jnp.full_like(x, intercepts[0]), jnp.full_like(x, slopes[0])
    for k in range(1, len(slopes)):
        beyond = x > xs[k] if left else x >= xs[k]
        intercept = jnp.where(beyond, intercepts[k], intercept)
        slope = jnp.where(beyond, slopes[k], slope)
    return intercept, slope


def interpolated(points: Any, x: Array) -> Array:
    """Read a curve at x; beyond its ends the end values."""
    xs, ys = np.asarray(points, np.float64).T
    value = jnp.full_like(x, ys[0])
    for k in range(len(xs) - 1):
        slope = (ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k])
        value = jnp.where(x >= xs[k], ys[k] + slope * (x - xs[k]), value)
    return jnp.where(x >= xs[-1], jnp.full_like(x, ys[-1]), value)


__all__ = [
    "HAZEN_WILLIAMS",
    "darcy_weisbach",
    "general_valve",
    "interpolated",
    "open_valve",
    "power_law",
    "pump",
]
