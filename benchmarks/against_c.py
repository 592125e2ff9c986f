"""The fast CPU driver against the same tick as generated, vectorised C: how near to the core.

Tennessee Eastman, integration `converged`, noise on, undisturbed twins, one core, processor time,
in turns within one process. Rows: the C in blocks of 16 and 64 twins (8 and 64 in float64), the
fast driver and the plain loop in batches of several sizes, all under the library's settings.
The best of each kind makes the ratios. Appends to `benchmarks/results/against_c.jsonl`.

Usage: python benchmarks/against_c.py [--repeats 10] [--ticks 3600]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in (".", "kernels")]

from benchmarks.idle_twins import idle_twins, none_has_ended  # noqa: E402
from benchmarks.rows import Row, append_lines, line_of, measure  # noqa: E402
from benchmarks.vector_c import VectorC  # noqa: E402

WIDTHS = {"float32": (16, 64), "float64": (8, 64)}
FAST_BATCHES, PLAIN_BATCHES = (32, 64, 128), (32, 64, 256, 1024)
PRESSURE = ".plant.instruments.shown[6]"


def rows_of(dtype: str, n_ticks: int, folder: Path) -> list[Row]:
    """Return all rows of one precision; C and the fast driver are checked against each other."""
    from otsim_kernels.drivers import fast_cpu, reference

    def what(batch: int) -> dict[str, Any]:
        return {"dtype": dtype, "noise": True, "integration": "converged", "batch": batch}

    def twins(n: int) -> Any:
        return idle_twins(n, dtype=dtype, noise=True, integration="converged")

    found = []
    for width in WIDTHS[dtype]:
        call = VectorC(twins(64), width, folder).advance_by(n_ticks)
        _same_lives(call(), twins(64).advance_by(fast_cpu.advance, n_ticks)())
        found.append(Row("vector_c", what(width), 64, n_ticks, call))
    for name, driver, batches in (
        ("fast_cpu", fast_cpu.advance, FAST_BATCHES),
        ("plain_loop", reference.advance, PLAIN_BATCHES),
    ):
        for batch in batches:
            ticks = max(n_ticks * 64 // batch, 60)
            call = twins(batch).advance_by(driver, ticks)
            found.append(Row(name, what(batch), batch, ticks, call))
    return found


def _same_lives(c: dict[str, Any], jax_state: Any) -> None:
    """Stop if C and JAX do not compute the same twins, but for rounding."""
    none_has_ended(jax_state)
    shown = np.asarray(jax_state.plant.instruments.shown[6])
    apart = np.max(np.abs(c[PRESSURE] / shown - 1.0))
    if apart > 1e-5:
        raise SystemExit(f"C and JAX differ by {apart:.1e} in the reactor's pressure")


def main() -> None:
    """Measure both precisions and append them to the results."""
    from otsim.simulate.cpu_settings import prepare_cpu

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10, help="timed calls of each row")
    parser.add_argument("--ticks", type=int, default=3600, help="seconds of plant time a call")
    options = parser.parse_args()
    prepare_cpu()
    for dtype in ("float32", "float64"):
        with tempfile.TemporaryDirectory() as folder:
            rows = rows_of(dtype, options.ticks, Path(folder))
            measure(rows, options.repeats)
        best = {row.engine: row for row in sorted(rows, key=lambda r: -r.ns_per_twin_second)}
        c, fast, plain = (
            best[engine].ns_per_twin_second for engine in ("vector_c", "fast_cpu", "plain_loop")
        )
        append_lines("against_c.jsonl", [line_of(row, times_c=_ratio(row, c)) for row in rows])
        for row in rows:
            print(
                f"{row.engine:12s} {dtype} {row.what['batch']:5d} {row.ns_per_twin_second:8.1f} ns"
            )
        print(
            f"{dtype}: fast driver {fast / c:.2f} times C, plain loop {plain / fast:.2f} times fast"
        )


def _ratio(row: Row, c: float) -> float:
    return round(row.ns_per_twin_second / c, 3)


if __name__ == "__main__":
    main()
