"""Throughput of the Tennessee Eastman plant: the otsim drivers beside two per-twin loops.

Twin-hours of plant time per second of processor time, compilation apart: (a) a plain NumPy loop,
one twin at a time (`tests/numpy_twin`), (b) a compiled loop, one twin at a time
(`compiled_twin.py`, numba), (c) the reference driver and (d) the fast CPU driver on a batch. All
rows are timed in turns within one run, so that a slow minute of the machine hits each. One JSON
line a row goes to `benchmarks/results/throughput.jsonl`.

Usage: python benchmarks/throughput.py [--repeats 10] [--batch 64] [--ticks 1800]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in (".", "kernels", "tests")]

from benchmarks.idle_twins import idle_twins, none_has_ended  # noqa: E402
from benchmarks.rows import Row, append_lines, line_of, measure  # noqa: E402


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


def driver_row(
    name: str, n_twins: int, n_ticks: int, *, dtype: str, noise: bool, integration: str
) -> Row:
    """Time a driver on undisturbed twins, without taps, from the base case."""
    from otsim_kernels.drivers import fast_cpu, reference

    driver = {"reference": reference.advance, "fast_cpu": fast_cpu.advance}[name]
    twins = idle_twins(n_twins, dtype=dtype, noise=noise, integration=integration)
    advance = twins.advance_by(driver, n_ticks)

    return Row(
        f"otsim_{name}_driver", _what(dtype, noise, integration), n_twins, n_ticks,
        lambda: none_has_ended(advance()),
    )  # fmt: skip


def _what(dtype: str, noise: bool, integration: str) -> dict[str, Any]:
    return {"dtype": dtype, "noise": noise, "integration": integration}


def all_rows(batch: int, n_ticks: int) -> list[Row]:
    """Return every row, the two yardsticks first."""
    rows = []
    for noise in (False, True):
        rows.append(numpy_row(max(n_ticks // 10, 1), noise=noise))
        rows.append(numba_row(8, n_ticks, noise=noise))
        rows += [
            driver_row(name, batch, n_ticks, dtype=dtype, noise=noise, integration=integration)
            for name in ("reference", "fast_cpu")
            for dtype in ("float32", "float64")
            for integration in ("reference", "converged")
        ]
    return rows


def results(rows: list[Row]) -> list[dict[str, Any]]:
    """Return the lines to keep; ratios are to the loops of the same noise."""
    lines = []
    for row in rows:
        yardstick = {
            other.engine: other.twin_hours_per_core_second
            for other in rows
            if other.what["noise"] == row.what["noise"]
        }
        speed = row.twin_hours_per_core_second
        lines.append(
            line_of(
                row,
                times_numpy_loop=round(speed / yardstick["numpy_loop"], 2),
                times_numba_loop=round(speed / yardstick["numba_loop"], 3),
            )
        )
    return lines


def main() -> None:
    """Measure all rows in turns and append them to the results."""
    from otsim.simulate.cpu_settings import prepare_cpu

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10, help="timed calls of each row")
    parser.add_argument("--batch", type=int, default=64, help="twins side by side")
    parser.add_argument("--ticks", type=int, default=1800, help="seconds of plant time a call")
    options = parser.parse_args()
    prepare_cpu()
    rows = all_rows(options.batch, options.ticks)
    measure(rows, options.repeats)
    lines = results(rows)
    append_lines("throughput.jsonl", lines)
    for line in lines:
        print(
            f"{line['engine']:24s} {line['dtype']} noise={line['noise']!s:5s} "
            f"{line['integration']:10s} {line['twin_hours_per_core_second']:9.2f} "
            f"twin-h/core-s  x{line['times_numpy_loop']} NumPy  x{line['times_numba_loop']} numba"
        )


if __name__ == "__main__":
    main()
