"""How the cost of twins grows: with block, horizon, taps and cores; what a twin takes in memory.

Tennessee Eastman, `converged`, noise on, float32, the fast CPU driver. One core unless a row says
otherwise. Appends to `benchmarks/results/scaling.jsonl`; `docs/performance.md` quotes it.

Usage: python benchmarks/scaling.py [--ticks 1800] [--repeats 5]
       python benchmarks/scaling.py --runs [--twins 98304]   whole runs, about half an hour
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in (".", "kernels", "tests")]

from benchmarks.idle_twins import idle_twins  # noqa: E402
from benchmarks.rows import about_this_machine, append_lines  # noqa: E402
from benchmarks.whole_runs import memory_by_twins, seconds_by_workers  # noqa: E402

BLOCKS, HORIZONS, TAPS = (32, 64, 128, 256, 1024), (600, 3600, 14400), (0, 8, 32, 74)
TRIAL_S = 4.0


def cost_ns(call: Any, twin_seconds: float, repeats: int) -> float:
    """Return the median processor time of a call for a twin-second."""
    call()
    spent = []
    for _ in range(repeats):
        begin = time.process_time_ns()
        call()
        spent.append(time.process_time_ns() - begin)
    return round(statistics.median(spent) / twin_seconds, 1)


def advance_call(n: int, n_ticks: int) -> Any:
    from otsim_kernels.drivers import fast_cpu

    twins = idle_twins(n, dtype="float32", noise=True, integration="converged")
    return twins.advance_by(fast_cpu.advance, n_ticks)


def tap_call(n_taps: int, n_ticks: int) -> tuple[Any, float]:
    """Return a call on 64 twins with so many compiled points, and how long its compile took."""
    from physics.te_attacks import points
    from physics.te_twins import Twins

    twins = Twins([[]] * 64, points=points()[:n_taps])
    begin = time.perf_counter()
    twins.advance(1)
    compile_s = time.perf_counter() - begin
    return lambda: twins.advance(n_ticks), round(compile_s, 1)


def bytes_per_twin(n_taps: int) -> int:
    """Return the state and the plan of one twin, recordings apart."""
    import jax

    from physics.te_attacks import points
    from physics.te_twins import Twins

    twins = Twins([[]] * 32, points=points()[:n_taps])
    leaves = jax.tree.leaves((twins.state, twins.plan))
    return sum(np.asarray(leaf).nbytes for leaf in leaves) // 32


def rates_of_cores(most: int) -> dict[int, float]:
    """Return twin-seconds a second of wall time for 1, 2, ... processes at once."""
    rates = {}
    for n in [n for n in (1, 2, 4, 8, 16, 32, 64) if n <= most]:
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(n)
        with context.Pool(n, _join, (barrier,)) as pool:
            rates[n] = sum(pool.map(_trial, range(n), chunksize=1))
    return rates


def _join(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def _trial(number: int) -> float:
    """Live as many twin-seconds as fit into some seconds, beginning when all are ready."""
    from otsim.simulate.cpu_settings import prepare_cpu

    prepare_cpu()
    call = advance_call(64, 1800)
    call()
    _barrier.wait()
    begin, done = time.perf_counter(), 0
    while time.perf_counter() - begin < TRIAL_S:
        call()
        done += 64 * 1800
    return done / (time.perf_counter() - begin)


def start_s(study: str) -> dict[str, float]:
    """Return the seconds until a new process could run a shard: with empty caches, and again."""
    script = (
        "import sys\n"
        "from otsim.simulate.cpu_settings import prepare_cpu; prepare_cpu()\n"
        "from otsim.config import read_study; from otsim.work import get_ready\n"
        "get_ready(read_study(sys.argv[1], []).model_dump_json())\n"
    )
    found = {}
    with tempfile.TemporaryDirectory() as caches:
        own = {name: text for name, text in os.environ.items() if not name.startswith("JAX_")}
        for name in ("first", "second"):
            begin = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", script, study], check=True, capture_output=True, cwd=ROOT,
                env={**own, "XDG_CACHE_HOME": caches},
            )  # fmt: skip
            found[name] = round(time.perf_counter() - begin, 2)
    return found


def main() -> None:
    """Measure all and append."""
    from otsim.simulate.cpu_settings import prepare_cpu

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ticks", type=int, default=1800)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--runs", action="store_true", help="whole runs alone")
    parser.add_argument("--twins", type=int, default=98_304, help="of the run of ten minutes")
    options = parser.parse_args()
    if options.runs:
        line = {**about_this_machine(), **seconds_by_workers(options.twins), **memory_by_twins()}
        append_lines("whole_runs.jsonl", [line])
        print(json.dumps(line, indent=1))
        return
    with tempfile.TemporaryDirectory() as caches:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = caches  # so that every compile is one
        prepare_cpu()
        line = measured(options)
    append_lines("scaling.jsonl", [line])
    print(json.dumps(line, indent=1))


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Measure all rows of the table."""
    ticks, repeats = options.ticks, options.repeats
    cores = len(os.sched_getaffinity(0))
    taps = {n: tap_call(n, ticks) for n in TAPS}
    rates = rates_of_cores(cores)
    return {
        **about_this_machine(),
        "ns_by_block": {
            n: cost_ns(advance_call(n, max(ticks * 64 // n, 60)),
                       n * max(ticks * 64 // n, 60), repeats)
            for n in BLOCKS
        },
        "ns_by_horizon_s": {
            h: cost_ns(advance_call(64, h), 64 * h, max(repeats // 2, 1)) for h in HORIZONS
        },
        "ns_by_taps": {
            n: cost_ns(call, 64 * ticks, repeats) for n, (call, _) in taps.items()
        },
        "compile_s_by_taps": {n: compile_s for n, (_, compile_s) in taps.items()},
        "bytes_per_twin_by_taps": {n: bytes_per_twin(n) for n in TAPS},
        "twin_hours_per_s_by_cores": {n: round(rate / 3600.0) for n, rate in rates.items()},
        "times_one_core": {n: round(rate / rates[1], 3) for n, rate in rates.items()},
        "start_s": start_s("configs/studies/te_campaign.yaml"),
    }  # fmt: skip


if __name__ == "__main__":
    main()
