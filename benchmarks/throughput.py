"""Throughput of the Tennessee Eastman plant: the otsim kernel beside two per-twin loops.

Twin-hours of plant time per second of processor time, compilation apart: (a) a plain NumPy loop,
one twin at a time (`tests/numpy_twin`), (b) a compiled loop, one twin at a time
(`compiled_twin.py`, numba), (c) the kernel's reference driver on a batch. All rows are timed in
turns within one run, so that a slow minute of the machine hits each. One JSON line a row goes to
`benchmarks/results/throughput.jsonl`.

Usage: python benchmarks/throughput.py [--repeats 5] [--batch 256] [--ticks 1800]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "kernels", ROOT / "tests"):
    sys.path.insert(0, str(folder))

RESULTS = ROOT / "benchmarks" / "results" / "throughput.jsonl"
SECONDS_PER_HOUR = 3600.0


@dataclass
class Row:
    """One line of the benchmark.

    Attributes:
        engine: `numpy_loop`, `numba_loop` or `otsim_reference_driver`.
        what: dtype, noise and integration.
        n_twins, n_ticks: size of one timed call.
        call: does the work once; the first call compiles.
        compile_s: wall time of the first call.
        cpu_s: processor time of each later call.
    """

    engine: str
    what: dict[str, Any]
    n_twins: int
    n_ticks: int
    call: Callable[[], None]
    compile_s: float = 0.0
    cpu_s: list[float] = field(default_factory=list)

    def twin_hours_per_core_second(self) -> float:
        """Return the best of all calls."""
        return self.n_twins * self.n_ticks / SECONDS_PER_HOUR / min(self.cpu_s)


def numpy_row(n_ticks: int, *, noise: bool) -> Row:
    from numpy_twin.run import Twin

    def call() -> None:
        twin = Twin(noise=noise, seed=1)
        for _ in range(n_ticks):
            twin.tick()

    return Row("numpy_loop", _what("float64", noise, "euler_1s"), 1, n_ticks, call)


def numba_row(n_twins: int, n_ticks: int, *, noise: bool) -> Row:
    from benchmarks.compiled_twin import live

    def call() -> None:
        for seed in range(n_twins):
            live(n_ticks, seed=seed if noise else -1)

    return Row("numba_loop", _what("float64", noise, "euler_1s"), n_twins, n_ticks, call)


def kernel_row(n_twins: int, n_ticks: int, *, dtype: str, noise: bool, integration: str) -> Row:
    """Time the reference driver on undisturbed twins, without taps, from the base case."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from otsim_kernels.control_loop import first_twin
    from otsim_kernels.drivers.reference import advance
    from otsim_kernels.plants.tennessee_eastman.plant import tennessee_eastman

    plant = tennessee_eastman(integration, noise=noise)

    def call() -> None:
        jax.config.update("jax_enable_x64", dtype == "float64")
        state = first_twin(plant, (), jnp.zeros(n_twins, dtype))
        plan = _idle_plan(n_twins, dtype)
        ended, _ = advance(
            plant, (), state=state, plan=plan, history={}, n_ticks=jnp.int32(n_ticks)
        )
        status = np.asarray(jax.block_until_ready(ended).ending.status)
        if status.any():
            raise SystemExit(f"{np.count_nonzero(status)} of {n_twins} undisturbed twins ended")

    what = _what(dtype, noise, integration)
    return Row("otsim_reference_driver", what, n_twins, n_ticks, call)


def _idle_plan(n_twins: int, dtype: str) -> Any:
    """Return the plan of twins to which nothing is done."""
    import jax.numpy as jnp
    import numpy as np

    from otsim_kernels.control_loop import Plan
    from otsim_kernels.draws import stream_key
    from otsim_kernels.signal_tampering import NEVER, Schedule

    never = jnp.full(n_twins, NEVER, jnp.int32)
    return Plan(
        schedule=Schedule(start=(), stop=(), value=()),
        key=stream_key(1, jnp.asarray(np.arange(n_twins, dtype=np.uint32))),
        safety_works=jnp.ones(n_twins, bool),
        rupture=jnp.full(n_twins, 6000.0, dtype),
        shutdown=never,
        reaction=never,
        reload=never,
        onset=jnp.zeros(n_twins, jnp.int32),
    )


def _what(dtype: str, noise: bool, integration: str) -> dict[str, Any]:
    return {"dtype": dtype, "noise": noise, "integration": integration}


def all_rows(batch: int, n_ticks: int) -> list[Row]:
    """Return every row, the two yardsticks first."""
    rows = []
    for noise in (False, True):
        rows.append(numpy_row(max(n_ticks // 10, 1), noise=noise))
        rows.append(numba_row(8, n_ticks, noise=noise))
        rows += [
            kernel_row(batch, n_ticks, dtype=dtype, noise=noise, integration=integration)
            for dtype in ("float32", "float64")
            for integration in ("reference", "converged")
        ]
    return rows


def measure(rows: list[Row], repeats: int) -> None:
    """Warm every row up, then time them all in turns."""
    for row in rows:
        begin = time.perf_counter()
        row.call()
        row.compile_s = time.perf_counter() - begin
        print(f"warm {row.engine} {row.what} {row.compile_s:.1f} s", file=sys.stderr)
    for _ in range(repeats):
        for row in rows:
            begin = time.process_time()
            row.call()
            row.cpu_s.append(time.process_time() - begin)


def results(rows: list[Row]) -> list[dict[str, Any]]:
    """Return the lines to keep; ratios are to the loops of the same noise."""
    about = _about_this_machine()
    lines = []
    for row in rows:
        speed = row.twin_hours_per_core_second()
        yardstick = {
            other.engine: other.twin_hours_per_core_second()
            for other in rows
            if other.what["noise"] == row.what["noise"]
            and other.engine in ("numpy_loop", "numba_loop")
        }
        lines.append({
            "engine": row.engine,
            **row.what,
            "n_twins": row.n_twins,
            "n_ticks": row.n_ticks,
            "first_call_s": round(row.compile_s, 3),
            "cpu_s_best": round(min(row.cpu_s), 5),
            "cpu_s_median": round(statistics.median(row.cpu_s), 5),
            "ns_per_twin_second": round(1e9 / (speed * SECONDS_PER_HOUR), 1),
            "twin_hours_per_core_second": round(speed, 3),
            "times_numpy_loop": round(speed / yardstick["numpy_loop"], 2),
            "times_numba_loop": round(speed / yardstick["numba_loop"], 3),
            **about,
        })  # fmt: skip
    return lines


def _about_this_machine() -> dict[str, str]:
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    dirty = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True).stdout
    versions = {name: version(name) for name in ("numpy", "numba", "jax", "jaxlib")}
    return {
        "commit": commit.stdout.strip() + ("+changes" if dirty else ""),
        "cpu": _cpu_name(),
        "device": "cpu",
        "python": platform.python_version(),
        **versions,
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main() -> None:
    """Measure all rows in turns and append them to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10, help="timed calls of each row")
    parser.add_argument("--batch", type=int, default=256, help="twins side by side in the kernel")
    parser.add_argument("--ticks", type=int, default=1800, help="seconds of plant time a call")
    options = parser.parse_args()
    rows = all_rows(options.batch, options.ticks)
    measure(rows, options.repeats)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        for line in results(rows):
            file.write(json.dumps(line) + "\n")
            print(
                f"{line['engine']:24s} {line['dtype']} noise={line['noise']!s:5s} "
                f"{line['integration']:10s} {line['twin_hours_per_core_second']:9.2f} "
                f"twin-h/core-s  x{line['times_numpy_loop']} NumPy  "
                f"x{line['times_numba_loop']} numba"
            )


if __name__ == "__main__":
    main()
