"""Compensated sums against sums in twice the precision."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from otsim_kernels.summation import add

EPSILON = 2.0**-24  # half a unit in the last place of a float32 near 1


@jax.jit
def scanned(first: tuple[Any, Any], increments: Any) -> tuple[Any, Any]:
    return jax.lax.scan(lambda carry, x: (add(*carry, x), None), first, increments)[0]


def summed(start: float, increments: Any, dtype: Any) -> tuple[Any, Any]:
    first = (jnp.asarray(start, dtype), jnp.zeros((), dtype))
    return scanned(first, jnp.asarray(increments, dtype))


def test_increments_far_below_the_last_digit_are_kept() -> None:
    n, tiny = 172_800, 1e-9  # one for each second of 48 h; lost one by one in a plain float32 sum
    total, _ = summed(1.0, np.full(n, tiny), np.float32)
    exact = 1.0 + n * float(np.float32(tiny))
    assert abs(float(total) - exact) <= 2.0 * EPSILON * exact
    assert float(np.float32(1.0) + np.float32(tiny)) == 1.0


N_TERMS = 300
MILLIONTHS = st.lists(st.integers(-1000, 1000), min_size=N_TERMS, max_size=N_TERMS)


@settings(max_examples=50, deadline=None)
@given(MILLIONTHS, st.integers(1, 1000))
def test_the_error_does_not_grow_with_the_number_of_terms(terms: list[int], start: int) -> None:
    increments = np.asarray(terms, np.float32) * np.float32(1e-6)
    total, _ = summed(float(start), increments, np.float32)
    exact = start + float(np.sum(increments.astype(np.float64)))
    # one rounding of the total; the residue's own rounding is a 2^-24th of that
    assert abs(float(total) - exact) <= 2.0 * EPSILON * (start + 0.3)


def test_float64_needs_no_residue() -> None:
    with jax.enable_x64(True):
        total, residue = summed(1.0, [1e-3, 2e-3], np.float64)
        assert float(total) == 1.0 + 1e-3 + 2e-3
        assert float(residue) == 0.0
