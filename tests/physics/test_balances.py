"""Laws that the rates of change obey, and the order of the two integrators."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otsim_kernels.plants.tennessee_eastman import components as chem
from otsim_kernels.plants.tennessee_eastman import first_state as base
from otsim_kernels.plants.tennessee_eastman import integration
from otsim_kernels.plants.tennessee_eastman.disturbances import surroundings
from otsim_kernels.plants.tennessee_eastman.process import Process
from otsim_kernels.plants.tennessee_eastman.streams import (
    Streams,
    Temperatures,
    reaction_rates,
    streams_at,
)

A, B, C, D, E, F, G, H = range(8)
N_STATES = 50
NEAR = 0.05  # states within 5 % of the base case
ROUNDING = 1e-11  # of the largest flow, in float64
BTU_PER_C = 1e6 / 1.8
WATER_HOLD_UP = {"reactor": 7060.0, "condenser": 11138.0}
WATER_HEAT = 500.53

factors = st.lists(st.floats(-1.0, 1.0), min_size=N_STATES, max_size=N_STATES)


def nominal() -> Process:
    return base.first_process(jnp.zeros((), np.float64))


def changed(scale: npt.NDArray[np.float64]) -> Process:
    leaves, tree = jax.tree.flatten(nominal())
    return jax.tree.unflatten(tree, [leaf * s for leaf, s in zip(leaves, scale, strict=True)])


def around() -> Any:
    return surroundings({}, {}, jnp.zeros((), np.float64))


@jax.jit
def balances(process: Process) -> tuple[Process, Streams, Any]:
    """Return the rates of change, the streams and the four reaction rates."""
    guess = Temperatures(
        reactor_c=jnp.float64(120.0), separator_c=jnp.float64(80.0), stripper_c=jnp.float64(66.0),
        mixing_c=jnp.float64(86.0),
    )  # fmt: skip
    streams = streams_at(process, around(), guess, newton_iterations=8)
    rates = reaction_rates(streams, streams.reactor_partial_mmhg[D], around().kinetics)
    slope = integration.euler_rates(process, streams, around(), process.valves)
    return slope, streams, rates


def at(scale: list[float]) -> tuple[Process, Streams, npt.NDArray[np.float64]]:
    with jax.enable_x64(True):
        slope, streams, rates = balances(changed(1.0 + NEAR * np.asarray(scale)))
        return jax.device_get(slope), jax.device_get(streams), np.array(rates)


def total_change(slope: Process) -> npt.NDArray[np.float64]:
    """Change of each component in the whole plant, lb-mol/h."""
    vessels = (slope.reactor, slope.separator, slope.stripper, slope.mixing)
    return np.array([np.sum(parts) for parts in zip(*vessels, strict=True)])


def through_the_fence(streams: Streams) -> npt.NDArray[np.float64]:
    """Feeds less purge less product by component, lb-mol/h."""
    f, x = streams.flows, streams.fractions
    feeds = np.array([
        0.9999 * f[3] + 0.485 * f[4], 0.0001 * (f[1] + f[3]) + 0.005 * f[4], 0.51 * f[4],
        0.9999 * f[1], 0.9999 * f[2], 0.0001 * f[2], 0.0, 0.0,
    ])  # fmt: skip
    return feeds - f[10] * np.array(x[10]) - f[13] * np.array(x[13])


@settings(max_examples=40, deadline=None)
@given(factors)
def test_the_plant_gains_feeds_less_purge_and_product_and_what_reacts(scale: list[float]) -> None:
    slope, streams, (r1, r2, r3, r4) = at(scale)
    made = np.array([-r1 - r2 - r3, 0.0, -r1 - r2, -r1 - 1.5 * r4, -r2 - r3, r3 + r4, r1, r2])
    error = total_change(slope) - through_the_fence(streams) - made
    assert np.abs(error).max() < ROUNDING * streams.flows[6]


@settings(max_examples=40, deadline=None)
@given(factors)
def test_mass_is_kept_but_for_the_published_quirks(scale: list[float]) -> None:
    slope, streams, (_, _, r3, r4) = at(scale)
    mass = np.array(chem.MOLAR_MASS)
    # A+C+D->G and A+C+E->H keep mass (2+28+32 = 62, 2+28+46 = 76) and so does A+E->F (2+46 = 48);
    # 3D->2F is published as 1.5 D -> F without its A: 1.5*32 = 48 keeps mass as well
    error = mass @ (total_change(slope) - through_the_fence(streams))
    assert abs(error) < ROUNDING * streams.flows[6] * mass.max()
    assert r3 > 0.0
    assert r4 > 0.0


@settings(max_examples=40, deadline=None)
@given(factors)
def test_the_inert_b_only_passes_through(scale: list[float]) -> None:
    slope, streams, _ = at(scale)
    error = total_change(slope)[B] - through_the_fence(streams)[B]
    assert abs(error) < ROUNDING * streams.flows[6]


@settings(max_examples=40, deadline=None)
@given(factors)
def test_energy_of_the_plant_is_fed_reacted_and_exchanged(scale: list[float]) -> None:
    slope, s, (r1, r2, _, _) = at(scale)
    h, f = s.enthalpies, s.flows
    # the recycle leaves the separator with the compressor's work, and enters the mixing zone with
    # it (the published quirk), so that it cancels over the plant
    stored = slope.reactor_heat + slope.separator_heat + slope.stripper_heat + slope.mixing_heat
    fed = sum(h[j] * f[j] for j in (1, 2, 3, 4)) - h[10] * f[10] - h[13] * f[13]
    reacted = 0.06899381054 * r1 + 0.05 * r2
    exchanged = s.reactor_heat + s.separator_heat + s.steam_heat
    assert abs(stored - fed - reacted - exchanged) < ROUNDING * h[6] * f[6] * 10.0


@settings(max_examples=20, deadline=None)
@given(factors)
def test_cooling_water_takes_up_the_heat_that_the_vessels_give_off(scale: list[float]) -> None:
    slope, s, _ = at(scale)
    with jax.enable_x64(True):
        process = jax.device_get(changed(1.0 + NEAR * np.asarray(scale)))
    for rate, water_c, valve, inlet_c, heat, hold_up in (
        (slope.reactor_water_c, process.reactor_water_c, process.valves[9] * 10.0, 35.0,
         s.reactor_heat, WATER_HOLD_UP["reactor"]),
        (slope.condenser_water_c, process.condenser_water_c, process.valves[10] * 12.0, 40.0,
         s.separator_heat, WATER_HOLD_UP["condenser"]),
    ):  # fmt: skip
        flow = float(valve) * WATER_HEAT * (inlet_c - float(water_c))
        assert float(rate) * hold_up == pytest.approx(
            flow - float(heat) * BTU_PER_C, abs=ROUNDING * abs(flow)
        )


# The order of the integrators: the base case with one state pushed, over a few seconds.
SPAN_H = 8.0 / 3600.0
PUSH = {0: 1.05, 8: 1.01, 27: 0.97}


def integrated(rates: Any, n_steps: int) -> npt.NDArray[np.float64]:
    """The 50 states after `SPAN_H` in so many steps."""
    step_h = SPAN_H / n_steps
    scale = np.ones(N_STATES)
    for i, push in PUSH.items():
        scale[i] = push

    def step(process: Process, _: None) -> tuple[Process, None]:
        guess = Temperatures(
            reactor_c=jnp.float64(120.0), separator_c=jnp.float64(80.0),
            stripper_c=jnp.float64(66.0), mixing_c=jnp.float64(86.0),
        )  # fmt: skip
        streams = streams_at(process, around(), guess, newton_iterations=8)
        slope = rates(process, streams, around(), process.valves)
        return jax.tree.map(lambda y, dy: y + step_h * dy, process, slope), None

    final, _ = jax.jit(lambda first: jax.lax.scan(step, first, length=n_steps))(changed(scale))
    return np.array(jax.tree.leaves(final))


def error_ratio(rates: Any, monkeypatch: pytest.MonkeyPatch, counts: tuple[int, int]) -> float:
    """How many times smaller the error is with the second number of steps."""
    with jax.enable_x64(True):
        monkeypatch.setattr(integration, "HOURS_PER_TICK", SPAN_H / 2048)
        exact = integrated(integration.midpoint_rates, 2048)
        errors = []
        for n in counts:
            monkeypatch.setattr(integration, "HOURS_PER_TICK", SPAN_H / n)
            errors.append(np.linalg.norm((integrated(rates, n) - exact) / exact))
        return float(errors[0] / errors[1])


def test_euler_is_of_first_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1.85 < error_ratio(integration.euler_rates, monkeypatch, (32, 64)) < 2.15


def test_the_midpoint_is_of_second_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 3.5 < error_ratio(integration.midpoint_rates, monkeypatch, (32, 64)) < 4.5
