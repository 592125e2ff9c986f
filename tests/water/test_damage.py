"""What networks suffer, counted against sums by hand over the same run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from otsim.config.epanet import read_network
from otsim.plant.water_network import compile_network
from otsim_kernels.drivers.own_pace import advance
from otsim_kernels.plants.water_network.damage import CUBIC_METRES, Service, columns
from otsim_kernels.plants.water_network.life import (
    LifePlan,
    WaterPlant,
    first_life,
    is_running,
    lived_tick,
)
from otsim_kernels.plants.water_network.taps import NEVER, Schedule, Tap, no_schedule
from water.network_run import run_network, with_link

# A reservoir, a pump, a loop with two demands and a tank; a day in hours.
FILE = """[TITLE]
two demands and a tank
[JUNCTIONS]
 A 10 0
 B 12 20 day
 C 15 12 day
[RESERVOIRS]
 R 5
[TANKS]
 T {bottom} 2 0.5 3 {diameter} 0 * {overflow}
[PIPES]
 AB A B 400 300 120
 BC B C 400 250 120
 AC A C 500 250 120
 CT C T 200 300 120
[PUMPS]
 P R A HEAD lift
[CURVES]
 lift 40 55
[PATTERNS]
 day 0.5 0.5 1 1.5 2 1
[CONTROLS]
{controls}
[OPTIONS]
 UNITS LPS
 ACCURACY 0.00001
[TIMES]
 DURATION 24
 PATTERN TIMESTEP 4
"""
SERVICE = Service(
    required_head=20.0 / 0.3048, low_head=35.0 / 0.3048, customers=np.array([0.0, 500.0, 300.0]),
    zone=np.array([0, 0, 1], np.int32), n_zones=2,
)  # fmt: skip
N = 3


def network_of(
    tmp_path: Path, *, controls: str = "", bottom: float = 50.0, overflow: str = "NO",
    diameter: float = 15.0,
) -> Any:  # fmt: skip
    path = tmp_path / "small.inp"
    path.write_text(
        FILE.format(controls=controls, bottom=bottom, overflow=overflow, diameter=diameter)
    )
    return read_network(path)


def suffered(given: Any, taps: tuple[Tap, ...] = (), **schedule: Any) -> dict[str, np.ndarray]:
    """Run N twins for a day and return what each suffered."""
    network = compile_network(given).network
    plant = WaterPlant(network=network, service=SERVICE, taps=taps)
    with jax.enable_x64():
        never = jnp.full(N, NEVER, jnp.int32)
        plan = LifePlan(
            schedule=Schedule(**schedule) if taps else no_schedule(N, np.float64),
            factor=jnp.ones((len(network.patterns), N)), onset=jnp.zeros(N, jnp.int32),
            end=jnp.full(N, network.clock.duration, jnp.int32), reaction=never,
        )  # fmt: skip
        life, running = advance(
            lived_tick, is_running, plant, state=first_life(plant, N, np.float64), plan=plan,
            n_ticks=jnp.int32(10_000),
        )  # fmt: skip
        assert not running.any()
        return {**columns(SERVICE, life.tally), "zones": np.asarray(life.tally.unmet_m3)}


def test_a_sound_network_suffers_nothing_but_its_bill(tmp_path: Path) -> None:
    given = network_of(tmp_path)
    found, run = suffered(given), run_network(given)
    for name in ("unmet_m3", "overflow_m3", "tank_empty_h", "pump_dry_h", "pump_starts"):
        np.testing.assert_array_equal(found[name], 0.0, err_msg=name)
    steps = run.time_s < 86_400
    lift_m = (run.head["A"] - run.head["R"])[steps]
    watts = run.flow["P"][steps] / 1000.0 * lift_m * 9807.0 / SERVICE.efficiency
    want = np.sum(watts * run.step_s[steps]) / 3.6e6
    np.testing.assert_allclose(found["energy_kwh"], want, rtol=3e-3)  # EPANET's 8.814 is rounded


def test_low_pressure_is_counted_where_water_is_wanted(tmp_path: Path) -> None:
    given = network_of(tmp_path, bottom=45.0)
    found, run = suffered(given), run_network(given)
    steps = run.time_s < 86_400
    low = sum(
        np.sum(run.step_s[steps] * (run.head[name][steps] - height < 35.0))
        for name, height in (("B", 12.0), ("C", 15.0))
    )
    assert low > 0
    np.testing.assert_allclose(found["low_pressure_h"], low / 3600.0)


def test_what_runs_over_is_what_came_and_did_not_stay(tmp_path: Path) -> None:
    given = network_of(tmp_path, overflow="YES", diameter=6.0)
    found, run = suffered(given), run_network(given)
    steps = run.time_s < 86_400
    came = np.sum(run.inflow["T"][steps] * run.step_s[steps]) / 1000.0
    area = np.pi / 4.0 * 6.0**2
    last = np.searchsorted(run.time_s, 86_400)
    stayed = area * (run.level["T"][last] - run.level["T"][0])
    assert came - stayed > 1.0
    np.testing.assert_allclose(found["overflow_m3"], came - stayed, rtol=0.02)


def test_a_stopped_pump_leaves_demand_unmet_and_an_empty_tank(tmp_path: Path) -> None:
    """Twin 1 loses its pump at 2 h, twin 2 at 2 h until 20 h; the tank lasts for some hours."""
    given = network_of(tmp_path)
    k = compile_network(given).link["P"]
    taps = (Tap(kind="status", index=k), Tap(kind="release", index=k))
    with jax.enable_x64():
        found = suffered(
            given, taps,
            start=jnp.array([[NEVER, 7200, 7200], [NEVER, NEVER, 72_000]], jnp.int32),
            stop=jnp.array([[NEVER, NEVER, 72_000], [NEVER, NEVER, 7200]], jnp.int32),
            value=jnp.zeros((2, N)),
        )  # fmt: skip
    alone = run_network(given, changes={7200: [with_link("P", status="CLOSED")]})
    steps = (alone.time_s < 86_400) & (alone.level["T"] <= 0.5)
    empty = np.sum(alone.step_s[steps]) / 3600.0
    assert found["tank_empty_h"][0] == 0.0
    assert found["tank_empty_h"][1] == pytest.approx(empty, abs=1.0)
    assert found["unmet_m3"][0] == 0.0
    assert found["unmet_m3"][1] > 100.0
    assert (found["zones"][:, 1] > 0.0).all()
    np.testing.assert_allclose(found["zones"].sum(axis=0), found["unmet_m3"])
    np.testing.assert_array_equal(found["customers_affected"], [0.0, 800.0, 800.0])
    assert 0.0 < found["outage_customer_h"][2] < found["outage_customer_h"][1] < 800.0 * 22.0
    assert found["energy_kwh"][1] < 0.2 * found["energy_kwh"][0]
    assert found["energy_kwh"][1] < found["energy_kwh"][2] < found["energy_kwh"][0]


def test_starts_of_pumps_are_counted(tmp_path: Path) -> None:
    controls = " LINK P CLOSED IF NODE T ABOVE 2.5\n LINK P OPEN IF NODE T BELOW 1.5\n"
    given = network_of(tmp_path, controls=controls, diameter=8.0)
    found, run = suffered(given), run_network(given)
    running = run.status["P"][run.time_s < 86_400] > 2
    starts = np.sum(running[1:] & ~running[:-1])
    assert starts >= 2
    np.testing.assert_array_equal(found["pump_starts"], starts)
    np.testing.assert_array_equal(found["peak_pump_starts"], starts)


def test_the_surge_is_of_the_largest_change_of_velocity(tmp_path: Path) -> None:
    given = network_of(tmp_path)
    found, run = suffered(given), run_network(given)
    steps = run.time_s < 86_400
    largest = max(
        np.abs(np.diff(run.flow[name][steps])).max() / 1000.0 / (np.pi / 4.0 * diameter**2)
        for name, diameter in (("AB", 0.3), ("BC", 0.25), ("AC", 0.25), ("CT", 0.3))
    )
    np.testing.assert_allclose(found["peak_surge_m"], 1000.0 / 9.80665 * largest, rtol=1e-3)


def test_units_are_of_metres() -> None:
    assert pytest.approx(0.0283168, rel=1e-5) == CUBIC_METRES
