"""Compensated sums, so that float32 keeps increments of a millionth of the total."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

Array = Any  # f32[] or f64[]


def add(total: Array, residue: Array, increment: Array) -> tuple[Array, Array]:
    """Add an increment to a total by Kahan's rule; returns the new total and residue.

    float64 has digits to spare: there the plain sum is returned and the residue stays.
    """
    if total.dtype == jnp.float64:
        return total + increment, residue
    corrected = increment - residue
    grown = total + corrected
    return grown, (grown - total) - corrected
