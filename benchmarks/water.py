"""Water networks: our batched solver beside EPANET's own engine, for a network's week.

One process, one core, processor time, compilation apart, in turns so that a slow minute of the
machine hits each. EPANET (2.2 out of `wntr`, 2.3 out of `owa-epanet`, whichever are installed) goes
through its C toolkit, ENrunH and ENnextH, one network at a time and untouched; ours runs a batch
whose patterns differ by factors within 10 %, three of four twins attacked, each at its own pace,
until all have passed the duration. Both at the file's ACCURACY and at 1e-4; ratios are between
equal ones. Networks: C-Town for a week, with
`OTSIM_REFERENCE` (else Net3 out of wntr stands for it), and what a twin costs on Net3 and ky4.
Appends to `benchmarks/results/water.jsonl`.

Usage: python benchmarks/water.py [--twins 256] [--repeats 3] [--float32] [--try]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
# in place of this script's own folder, in which `water` would be this file
sys.path[:1] = [str(ROOT / folder) for folder in (".", "kernels", "tests")]

from benchmarks.rows import about_this_machine, append_lines  # noqa: E402

WEEK_S = 168 * 3600
HOURS = {"ctown": 168, "net3": 168, "ky4": 48}
SHIPPED = {"net3": "Net3", "ky4": "ky4"}
SPREAD = 0.1  # of the factors on patterns, to either side


@dataclass
class Timed:
    """One line.

    Attributes:
        engine, network, accuracy, dtype: what is timed.
        n_twins: how many at once; seconds: of plant time.
        call: does the work once; returns solves and trials, of all twins.
        compile_s: wall time.
        cpu_s: processor time of each call.
    """

    engine: str
    network: str
    accuracy: float
    dtype: str
    n_twins: int
    seconds: int
    call: Callable[[], tuple[int, int]]
    compile_s: float = 0.0
    counts: tuple[int, int] = (0, 0)
    cpu_s: list[float] = field(default_factory=list)

    @property
    def weeks_per_core_second(self) -> float:
        """Weeks of a network's time in a second of one core, by the median."""
        return self.n_twins * self.seconds / WEEK_S / statistics.median(self.cpu_s)

    def line(self, yardsticks: dict[tuple[str, str, float], float]) -> dict[str, Any]:
        """Return what is kept; yardsticks are the speeds of EPANET."""
        solves, trials = self.counts
        median = statistics.median(self.cpu_s)
        ratios = {
            f"times_{engine}": round(self.weeks_per_core_second / speed, 2)
            for (engine, network, accuracy), speed in yardsticks.items()
            if (network, accuracy) == (self.network, self.accuracy) and engine != self.engine
        }
        return {
            "engine": self.engine,
            "network": self.network,
            "accuracy": self.accuracy,
            "dtype": self.dtype,
            "n_twins": self.n_twins,
            "plant_hours": self.seconds // 3600,
            "compile_s": round(self.compile_s, 2),
            "cpu_s_best": round(min(self.cpu_s), 4),
            "cpu_s_median": round(median, 4),
            "weeks_per_core_second": round(self.weeks_per_core_second, 4),
            "ms_per_twin_week": round(1e3 / self.weeks_per_core_second, 2),
            "solves_per_twin": round(solves / self.n_twins, 1),
            "trials_per_solve": round(trials / max(solves, 1), 3),
            "us_per_trial_and_twin": round(1e6 * median / max(trials, 1), 3),
            **ratios,
            "load_average": round(os.getloadavg()[0], 2),
            **about_this_machine(),
        }


def network_file(name: str) -> Path | None:
    """Find a network in the reference folder, else among those that wntr ships."""
    from otsim.plant.epanet_engine import shipped_network

    reference = os.environ.get("OTSIM_REFERENCE")
    inp = Path(reference) / "wdn" / name / f"{name}.inp" if reference else None
    if inp is not None and inp.exists():
        return inp
    shipped = shipped_network(SHIPPED[name]) if name in SHIPPED else None
    return shipped if shipped is not None and shipped.exists() else None


def epanet_row(name: str, inp: Path, accuracy: float, version: str) -> Timed:
    """EPANET's loop; opening and reading the file are not timed by it, but counted out."""
    from otsim.plant.epanet_engine import Engine

    def call() -> tuple[int, int]:
        solves = trials = 0
        with Engine(inp, version=version, duration_s=seconds, accuracy=accuracy) as engine:
            begin = time.process_time()
            while True:
                engine.solve()
                solves, trials = solves + 1, trials + engine.trials()
                if not engine.step():
                    break
            row.cpu_s.append(time.process_time() - begin)
        return solves, trials

    seconds = HOURS[name] * 3600
    row = Timed(f"epanet_{version}", name, accuracy, "float64", 1, seconds, call)
    return row


def our_row(name: str, inp: Path, accuracy: float, dtype: str, n_twins: int) -> Timed:
    """Our batch, compiled before."""
    import jax

    from otsim.config.epanet import read_network
    from otsim.plant.water_network import compile_network
    from otsim_kernels.plants.water_network.twin import quiet_plan
    from otsim_kernels.plants.water_network.twin_state import first_twin

    given = read_network(inp)
    given = replace(
        given,
        options=replace(given.options, accuracy=accuracy),
        times=replace(given.times, duration=HOURS[name] * 3600),
    )
    network, wide = compile_network(given).network, dtype == "float64"
    begin = time.perf_counter()
    with jax.enable_x64(wide):
        spread = np.random.default_rng(1).uniform(-SPREAD, SPREAD, (len(network.patterns), n_twins))
        taps, schedule = _attacks(network, n_twins, dtype)
        plan = replace(
            quiet_plan(network, n_twins, np.dtype(dtype)), factor=(1.0 + spread).astype(dtype),
            schedule=schedule,
        )  # fmt: skip
        plan, state = jax.device_get((plan, first_twin(network, n_twins, np.dtype(dtype))))
        compiled = jax.jit(partial(_lives, network, taps)).lower(state, plan).compile()
    compile_s = time.perf_counter() - begin

    def call() -> tuple[int, int]:
        with jax.enable_x64(wide):
            begin = time.process_time()
            lived = jax.block_until_ready(compiled(state, plan))
            row.cpu_s.append(time.process_time() - begin)
        _must_be_sound(lived)
        return int(np.sum(lived["solves"])), int(np.sum(lived["trials"]))

    row = Timed("otsim", name, accuracy, dtype, n_twins, HOURS[name] * 3600, call, compile_s)
    return row


def _attacks(network: Any, n_twins: int, dtype: str) -> tuple[Any, Any]:
    """Return attacks of which every twin but each fourth lives through one, at an hour of its own.

    A level read wrongly for two days, a level held for a day, a pump stopped for ten hours.
    """
    from otsim_kernels.plants.water_network.taps import NEVER, Schedule, Tap

    pump = network.n_pipes
    taps = (
        Tap(kind="bias", index=0), Tap(kind="hold", index=0), Tap(kind="status", index=pump),
        Tap(kind="release", index=pump),
    )  # fmt: skip
    begin = np.random.default_rng(2).integers(12, 40, n_twins) * 3600
    kind = np.arange(n_twins) % 4
    start, stop = (np.full((len(taps), n_twins), NEVER, np.int32) for _ in range(2))
    for row, hours in enumerate((48, 24, 10)):
        which = kind == row
        start[row, which], stop[row, which] = begin[which], begin[which] + hours * 3600
    start[3] = stop[2]
    value = np.zeros((len(taps), n_twins), dtype)
    value[0] = 1.5  # ft
    return taps, Schedule(start=start, stop=stop, value=value)


def _lives(network: Any, taps: Any, state: Any, plan: Any) -> dict[str, Any]:
    """Tick until every twin has passed the duration; returns counts, each [n_twins]."""
    import jax
    import jax.numpy as jnp

    from otsim_kernels.plants.water_network.twin import tick

    def lives(state: Any) -> Any:
        return state.time <= plan.end

    def one(carry: tuple[Any, ...]) -> tuple[Any, ...]:
        state, solves, trials, unsound = carry
        alive = lives(state)
        state, ended = tick(network, taps, state, plan)
        unsound = unsound + (ended & (state.warning > 0))
        return state, solves + ended, trials + alive, unsound

    none = jnp.zeros(plan.end.shape, jnp.int32)
    carry = (state, none, none, none)
    state, solves, trials, unsound = jax.lax.while_loop(
        lambda carry: jnp.any(lives(carry[0])), one, carry
    )
    return {
        "solves": solves, "trials": trials, "unsound": unsound, "volume": state.volume,
    }  # fmt: skip


def _must_be_sound(lived: dict[str, Any]) -> None:
    """Stop if the twins did not converge: their speed would mean nothing."""
    if not np.all(np.isfinite(lived["volume"])):
        raise SystemExit("some twins ended in no number")
    part = np.sum(lived["unsound"]) / np.sum(lived["solves"])
    if part > 0.01:
        raise SystemExit(f"{part:.1%} of all solves did not converge")


def all_rows(n_twins: int, *, float32: bool) -> list[Timed]:
    """Return the rows: C-Town in both accuracies, then what a twin costs on other networks."""
    from otsim.config.epanet import read_network
    from otsim.plant.epanet_engine import engines

    rows = []
    main = "ctown" if network_file("ctown") else "net3"
    for name in HOURS:
        inp = network_file(name)
        if inp is None:
            print(f"{name} is missing: set OTSIM_REFERENCE or install wntr", file=sys.stderr)
            continue
        own = read_network(inp).options.accuracy
        for accuracy in dict.fromkeys((own, 1e-4) if name == main else (own,)):
            rows += [epanet_row(name, inp, accuracy, version) for version in sorted(engines())]
            rows.append(our_row(name, inp, accuracy, "float64", n_twins))
            if float32 and name == main:
                rows.append(our_row(name, inp, accuracy, "float32", n_twins))
    return rows


def measure(rows: list[Timed], repeats: int) -> None:
    """Call all rows in turns; EPANET's are quick, and called oftener."""
    for i in range(repeats):
        for row in rows:
            for _ in range(3 if row.engine.startswith("epanet") else 1):
                row.counts = row.call()
            print(f"{i} {row.engine} {row.network} {row.cpu_s[-1]:.2f} s", file=sys.stderr)


def main() -> None:
    """Measure all rows on one core."""
    from otsim.simulate.cpu_settings import prepare_cpu

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--twins", type=int, default=256, help="twins side by side")
    parser.add_argument("--repeats", type=int, default=3, help="timed calls of each row")
    parser.add_argument("--float32", action="store_true", help="the main network in float32 too")
    parser.add_argument("--try", action="store_true", dest="is_trial", help="keep no results")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    prepare_cpu()
    rows = all_rows(options.twins, float32=options.float32)
    measure(rows, options.repeats)
    speeds = {
        (row.engine, row.network, row.accuracy): row.weeks_per_core_second
        for row in rows
        if row.engine.startswith("epanet")
    }
    lines = [row.line(speeds) for row in rows]
    if not options.is_trial:
        append_lines("water.jsonl", lines)
    for line in lines:
        kept = {key: value for key, value in line.items() if key not in about_this_machine()}
        print(json.dumps(kept))


if __name__ == "__main__":
    main()
