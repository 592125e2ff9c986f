"""A twin of a network is the same twin in any batch, bit for bit.

Batches are of whole vectors: a single twin compiles to sums of another order, so drivers pad.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from otsim.plant.water_network import compile_network
from otsim_kernels.plants.water_network.network import Network
from otsim_kernels.plants.water_network.twin import Plan, quiet_plan, tick
from otsim_kernels.plants.water_network.twin_state import Twin, first_twin
from water.test_damage import network_of

MANY, TICKS, LANES = 64, 60, 16


@partial(jax.jit, static_argnames="network")
def lived(network: Network, state: Twin, plan: Plan) -> Twin:
    last: Twin = jax.lax.fori_loop(
        0, TICKS, lambda _, twin: tick(network, (), twin, plan)[0], state
    )
    return last


def leaves_of(network: Network, twins: slice, dtype: Any) -> list[np.ndarray]:
    """Run some of MANY twins, each with demands of its own."""
    rng = np.random.default_rng(3)
    factor = rng.uniform(0.6, 1.4, (len(network.patterns), MANY)).astype(dtype)[:, twins]
    n_twins = factor.shape[1]
    with jax.enable_x64(dtype == np.float64):
        plan = replace(quiet_plan(network, n_twins, dtype), factor=jnp.asarray(factor))
        return list(
            map(
                np.asarray,
                jax.tree.leaves(lived(network, first_twin(network, n_twins, dtype), plan)),
            )
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_batch_gives_the_same_bits(dtype: Any, tmp_path: Path) -> None:
    controls = " LINK P CLOSED IF NODE T ABOVE 2.5\n LINK P OPEN IF NODE T BELOW 1.5\n"
    network = compile_network(network_of(tmp_path, controls=controls, diameter=8.0)).network
    whole = leaves_of(network, slice(None), dtype)
    assert len(np.unique(whole[0][0])) > MANY // 2  # twins that differ
    for twins in (slice(0, 32), slice(5, 5 + LANES), slice(19, 19 + 2 * LANES)):
        for part, leaf in zip(leaves_of(network, twins, dtype), whole, strict=True):
            np.testing.assert_array_equal(part, leaf[..., twins])
