"""The differentiable driver: margins that gradients lead through, finite and true."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kernels.tank import HIGH, TANK, VALVE, Act, Loop
from otsim.plant import ActionPoint
from otsim.simulate.kernel import first_states, kernel_of
from otsim_kernels.control_loop import Plan
from otsim_kernels.draws import Array, stream_key
from otsim_kernels.drivers.differentiable import SEGMENT_TICKS, closest_approach
from otsim_kernels.signal_tampering import NEVER, Schedule

N_SEGMENTS = 2


def tank_margins(size: Array) -> Array:
    """How close the tank comes to its two trips when its valve is forced open so far."""
    loop = Loop(Act(kind="override", group="command", index=VALVE, start=10))
    schedule = replace(loop.plan.schedule, value=(size,))
    return closest_approach(
        TANK, loop.taps, state=loop.state, plan=replace(loop.plan, schedule=schedule),
        n_segments=N_SEGMENTS,
    )[:, 0]  # fmt: skip


def test_margin_and_gradient_of_a_forced_valve() -> None:
    size = jnp.array([0.2], jnp.float32)
    # from tick 10 on the level rises by a tenth of the valve's opening; the last rise is not shown
    rising = N_SEGMENTS * SEGMENT_TICKS - 10 - 1
    margin = tank_margins(size)
    assert margin[0] == pytest.approx(HIGH - (5.0 + 0.1 * 0.2 * rising), rel=1e-5)
    slope = jax.grad(lambda value: tank_margins(value)[0])(size)
    assert slope[0] == pytest.approx(-0.1 * rising, rel=1e-5)


@pytest.mark.slow
def test_gradient_of_the_tennessee_eastman_plant() -> None:
    points = (ActionPoint(kind="override", target="XMV10"),)
    with jax.enable_x64(True):
        kernel = kernel_of(
            "tennessee_eastman", points, integration="converged", noise=True, precision="float64"
        )
        whole = lambda x: jnp.full((1,), x, jnp.int32)  # noqa: E731

        def hottest(value: Array) -> Array:
            plan = Plan(
                schedule=Schedule(start=(whole(5),), stop=(whole(NEVER),), value=(value,)),
                key=stream_key(1, jnp.zeros(1, jnp.uint32)),
                safety_works=jnp.ones((1,), bool),
                rupture=jnp.full((1,), jnp.inf),
                shutdown=whole(NEVER), reaction=whole(NEVER), reload=whole(NEVER), onset=whole(0),
            )  # fmt: skip
            margins = closest_approach(
                kernel.table, kernel.taps, state=first_states(kernel, 1), plan=plan, n_segments=3
            )
            return margins[[limit.cause for limit in kernel.table.trips].index(
                "reactor temperature high")].sum()  # fmt: skip

        value, step = jnp.array([20.0]), 1e-3
        slope = float(jax.grad(hottest)(value)[0])
        difference = float(hottest(value + step) - hottest(value - step)) / (2.0 * step)
    assert np.isfinite(slope)
    assert difference > 0.0  # more cooling, a wider margin
    assert slope == pytest.approx(difference, rel=1e-4)
