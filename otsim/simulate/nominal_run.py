"""Our run of a study's untouched file beside EPANET's own, where an engine is installed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.config.epanet import WaterNetwork, parse_network, read_network
from otsim.config.epanet.network import Junction, Reservoir, Tank
from otsim.config.study import Study
from otsim.plant.epanet_engine import Engine, EpanetError, engines
from otsim.plant.water_network import Compiled, compile_network
from otsim.plant.water_units import METRES

if TYPE_CHECKING:
    from otsim_kernels.plants.water_network.damage import Service
    from otsim_kernels.plants.water_network.life import Life

__all__ = ["NominalRun", "compare_nominal_run", "normal_energy_kwh_per_day"]

Floats = npt.NDArray[np.float64]
_LONGEST_S = 168 * 3600
_HEAD = 10  # as the toolkit numbers it
_LANES = 32
_SENSELESS_M = -10.0  # pressures below say nothing but that water does not get there


@dataclass(frozen=True, kw_only=True)
class NominalRun:
    """Our run of the untouched file beside EPANET's.

    Attributes:
        engine: its version.
        hours: how long; n_times: how often they were compared.
        head_m: largest difference of a junction's head; level_m: of a tank's level; nan for none.
        median_head_m: median difference of heads.
    """

    engine: str
    hours: float
    n_times: int
    head_m: float
    level_m: float
    median_head_m: float


def compare_nominal_run(study: Study) -> NominalRun | None:
    """Run the file in EPANET and here, in float64, for a week at most; None without an engine."""
    known = engines()
    if not known:
        return None
    given = parse_network(study.plant.inp or "", "plant.inp")
    version = max(known)
    times = _times(given)
    try:
        theirs = _epanet(study.plant.inp or "", given, version, times)
    except EpanetError:
        return None
    ours = _ours(given, times)
    foot = 1.0 if given.options.is_metric else METRES
    heads, levels = _differences(given, theirs, ours, foot)
    return NominalRun(
        engine=version, hours=float(times[-1]) / 3600.0, n_times=len(times),
        head_m=max(heads.tolist(), default=0.0), level_m=max(levels.tolist(), default=0.0),
        median_head_m=float(np.median(heads)) if heads.size else 0.0,
    )  # fmt: skip


def _times(given: WaterNetwork) -> npt.NDArray[np.int64]:
    """Return the reporting times, at which both have a solve."""
    end, step = min(given.times.duration, _LONGEST_S), given.times.report_step
    return np.arange(0, end + 1, max(step, 1), dtype=np.int64)


def _epanet(
    text: str, given: WaterNetwork, version: str, times: npt.NDArray[np.int64]
) -> dict[str, Floats]:
    """Return the heads of all nodes at some times, by name."""
    wanted, rows = set(times.tolist()), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.inp"
        path.write_text(text, encoding="utf-8")
        with Engine(path, version=version, duration_s=int(times[-1])) as engine:
            nodes = [engine.index("node", name) for name in given.nodes]
            while True:
                time_s, _ = engine.solve()
                if time_s in wanted:
                    rows.append([engine.value("node", i, _HEAD) for i in nodes])
                if not engine.step():
                    break
    heads = np.array(rows)
    return {name: heads[:, i] for i, name in enumerate(given.nodes)}


def normal_energy_kwh_per_day(path: str | Path) -> float:
    """Return what the pumps of an untouched file use in a day, over its duration, kWh."""
    given = read_network(path)
    life, _, _ = _lived(given, _times(given))
    hours = max(float(_times(given)[-1]) / 3600.0, 1.0)
    return float(life.tally.energy_kwh[0]) / hours * 24.0


def _ours(given: WaterNetwork, times: npt.NDArray[np.int64]) -> dict[str, Floats]:
    _, compiled, found = _lived(given, times)
    return _by_name(compiled, np.asarray(found[:, :, 0], np.float64))


def _lived(given: WaterNetwork, times: npt.NDArray[np.int64]) -> tuple[Life, Compiled, Floats]:
    """Run the file in float64; returns its life, the network, and levels and pressures."""
    import jax

    from otsim_kernels.plants.water_network.life import LifePlan, WaterPlant, first_life
    from otsim_kernels.plants.water_network.records import Watched, recorded
    from otsim_kernels.plants.water_network.taps import NEVER, no_schedule

    compiled = compile_network(given)
    network = compiled.network
    watched = Watched(
        tanks=tuple(range(len(network.tanks))), readings=(), statuses=(), settings=(),
        pressures=tuple(range(network.n_junctions)), flows=(),
    )  # fmt: skip
    n = _LANES
    with jax.enable_x64():
        plant = WaterPlant(network=network, service=_nothing_owed(compiled), taps=())
        plan = LifePlan(
            schedule=no_schedule(n, np.float64),
            factor=np.ones((len(network.patterns), n)), onset=np.zeros(n, np.int32),
            end=np.full(n, times[-1] + 1, np.int32), reaction=np.full(n, NEVER, np.int32),
        )  # fmt: skip
        at = times[:, None].astype(np.int32)
        life = first_life(plant, n, np.float64)
        lived, found = jax.device_get(recorded(plant, watched, life=life, plan=plan, times=at))
    return lived, compiled, found


def _nothing_owed(compiled: Compiled) -> Service:
    from otsim_kernels.plants.water_network.damage import Service

    n = compiled.network.n_junctions
    return Service(
        required_head=1.0,
        low_head=0.0,
        customers=np.zeros(n),
        zone=np.zeros(n, np.int32),
        n_zones=1,
    )


def _by_name(compiled: Compiled, rows: Floats) -> dict[str, Floats]:
    """Return heads of junctions and tanks in the file's unit."""
    network, foot = compiled.network, compiled.units.length
    names = list(compiled.node)
    n_tanks = len(network.tanks)
    found = {
        names[node]: (rows[i] + network.tanks[i].bottom) * foot
        for i, node in enumerate(network.tank_node.tolist())
    }
    for j in range(network.n_junctions):
        found[names[j]] = (rows[n_tanks + j] + network.elevation[j]) * foot
    return found


def _differences(
    given: WaterNetwork, theirs: dict[str, Floats], ours: dict[str, Floats], foot: float
) -> tuple[Floats, Floats]:
    """Return how far heads of junctions and levels of tanks lie apart, m."""
    heads, levels = [], []
    for name, node in given.nodes.items():
        if isinstance(node, Reservoir):
            continue
        off = np.abs(theirs[name] - ours[name]) * foot
        if isinstance(node, Tank):
            levels.append(off)
        elif isinstance(node, Junction):
            pressure = (theirs[name] - node.elevation) * foot
            heads.append(off[pressure > _SENSELESS_M])
    none = np.zeros(0)
    return np.concatenate([none, *heads]), np.concatenate([none, *levels])
