"""Attacks as taps: all of a network's reference attacks in one batch, a twin each."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow.parquet as pq
import pytest

from otsim.config.epanet import read_network
from otsim.plant.water_network import Compiled, compile_network
from otsim_kernels.plants.water_network import twin
from otsim_kernels.plants.water_network.network import Network
from otsim_kernels.plants.water_network.taps import NEVER, Schedule, Tap
from otsim_kernels.plants.water_network.twin import Plan
from otsim_kernels.plants.water_network.twin_state import Twin, first_twin

ROOT = Path(os.environ.get("OTSIM_REFERENCE", "reference")) / "wdn"
# from when on a case is chaotic, hours (README and MODEL.md, section 9)
CHAOTIC_FROM_H = {"a10_pu1_pu2_off": 27, "a03_t2_constant_high": 18}
pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(not ROOT.exists(), reason="no reference data: set OTSIM_REFERENCE"),
]
Row = tuple[Tap, int, int, float]  # with start, stop, value


def taps_of(compiled: Compiled, told: dict[str, Any]) -> list[Row]:
    """Turn an attack as the reference tells it into taps."""
    start = round(told["start_h"] * 3600)
    stop = NEVER if told["end_h"] is None else round(told["end_h"] * 3600)
    tanks = [node for node in compiled.node if compiled.node[node] in compiled.network.tank_node]
    foot = compiled.units.length
    match told["type"]:
        case "sensor_offset":
            tank = tanks.index(told["sensor"])
            return [(Tap(kind="bias", index=tank), start, stop, told["value"] / foot)]
        case "sensor_constant":
            tank = tanks.index(told["sensor"])
            return [(Tap(kind="constant", index=tank), start, stop, told["value"] / foot)]
        case "dos_hold":
            return [(Tap(kind="hold", index=tanks.index(told["sensor"])), start, stop, 0.0)]
        case "control_levels":
            return [
                (Tap(kind="threshold", index=int(number) - 1), start, stop,
                 compiled.control_value(int(number) - 1, levels[1]))
                for number, levels in told["controls"].items()  # before and during
            ]  # fmt: skip
        case "force":
            return [*_forced(compiled, told["links"], start, stop),
                    *_forced(compiled, told.get("after", {}), stop, NEVER)]  # fmt: skip
        case "speed":
            return [(Tap(kind="setting", index=compiled.link[name]), start, stop, told["value"])
                    for name in told["links"]]  # fmt: skip
        case "demand_scale":
            pattern = list(compiled.given.patterns).index(told["pattern"])
            return [(Tap(kind="demand", index=pattern), start, stop, told["value"])]
    assert told["type"] == "replay"  # of what the operator sees; the plant is not touched
    return []


def _forced(compiled: Compiled, links: dict[str, str], start: int, stop: int) -> list[Row]:
    return [
        (Tap(kind="status", index=compiled.link[name]), start, stop, float(status == "OPEN"))
        for name, status in links.items()
    ]


def batch_of(compiled: Compiled, attacks: list[list[dict[str, Any]]]) -> tuple[Any, Plan]:
    """Return the taps of all attacks, and the plan of a twin for each."""
    rows = [[row for one in attack for row in taps_of(compiled, one)] for attack in attacks]
    flat = [(who, *row) for who, own in enumerate(rows) for row in own]
    shape = (len(flat), len(attacks))
    start, stop = np.full(shape, NEVER, np.int32), np.full(shape, NEVER, np.int32)
    value = np.zeros(shape)
    for i, (who, _, begin, end, size) in enumerate(flat):
        start[i, who], stop[i, who], value[i, who] = begin, end, size
    plan = twin.quiet_plan(compiled.network, len(attacks), np.float64)
    schedule = Schedule(start=jnp.asarray(start), stop=jnp.asarray(stop), value=jnp.asarray(value))
    return tuple(tap for _, tap, *_ in flat), replace(plan, schedule=schedule)


@partial(jax.jit, static_argnames=("network", "taps"))
def hourly(network: Network, taps: tuple[Tap, ...], state: Twin, plan: Plan) -> Any:
    """Run twins to their end; returns volumes at every whole hour, f[n_hours, n_tanks, n]."""
    hours = jnp.arange(network.clock.duration // 3600 + 1, dtype=jnp.int32)[:, None]

    def one(carry: Any) -> Any:
        now, found = carry
        here = (now.trials == 0) & (now.time % 3600 == 0) & (hours == now.time // 3600)
        found = jnp.where(here[:, None, :], now.volume[None], found)
        return twin.tick(network, taps, now, plan)[0], found

    n_twins = state.time.shape[0]
    begin = jnp.zeros((len(hours), len(network.tanks), n_twins))
    return jax.lax.while_loop(
        lambda carry: jnp.any(carry[0].time <= plan.end), one, (state, begin)
    )[1]


@pytest.mark.parametrize(
    ("name", "tolerance", "often"),
    [("ctown", 0.02, 0.99), ("net3", 0.0164, 1.0), ("minitown", 5e-3, 1.0)],
)
def test_a_batch_of_attacks_does_what_each_does_alone(
    name: str, tolerance: float, often: float
) -> None:
    """True levels at every hour within the README's limits (5e-3 m, in ctown at 99 %)."""
    cases = sorted(ROOT.glob(f"{name}/*/readings.parquet"))
    given = read_network(ROOT / name / f"{name}.inp")
    given = replace(given, options=replace(given.options, accuracy=1e-5))
    told = [json.loads((path.parent / "case.json").read_text())["attack"] for path in cases]
    touched = [link for attack in told for one in attack for link in one.get("links", ())]
    compiled = compile_network(given, [*touched, "V2"])
    with jax.enable_x64():
        taps, plan = batch_of(compiled, told)
        state = first_twin(compiled.network, len(told), np.float64)
        volumes = np.asarray(hourly(compiled.network, taps, state, plan))
    foot = compiled.units.length
    tanks = [node for node in compiled.node if compiled.node[node] in compiled.network.tank_node]
    assert len(cases) >= {"ctown": 10, "net3": 3, "minitown": 1}[name]
    for who, path in enumerate(cases):
        table = pq.read_table(path).to_pydict()
        wanted = {(hour // 3600, tank): level for hour, tank, level in zip(
            table["time_s"], table["tank"], table["true_level"], strict=True)}  # fmt: skip
        until = CHAOTIC_FROM_H.get(path.parent.name, np.inf)
        off = []
        for (hour, tank), level in wanted.items():
            place = tanks.index(tank)
            kind = compiled.network.tanks[place]
            own = (kind.min_head - kind.bottom) + (
                volumes[hour, place, who] - kind.min_volume
            ) / kind.area
            if hour <= until:
                off.append(abs(own * foot - level))
        assert max(off) <= tolerance, path.parent.name
        assert np.mean(np.array(off) <= 5e-3 * (1.0 if name != "net3" else 3.28)) >= often, path
