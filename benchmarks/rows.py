"""Rows of a benchmark: timed in turns in one process, told as JSON lines."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SECONDS_PER_HOUR = 3600.0


@dataclass
class Row:
    """One line of a benchmark.

    Attributes:
        engine: what is timed.
        what: dtype, noise, integration and what else tells rows of an engine apart.
        n_twins, n_ticks: size of one timed call.
        call: does the work once; the first call compiles.
        first_call_s: wall time of the first call.
        cpu_s: processor time of each later call, of all threads.
    """

    engine: str
    what: dict[str, Any]
    n_twins: int
    n_ticks: int
    call: Callable[[], Any]
    first_call_s: float = 0.0
    cpu_s: list[float] = field(default_factory=list)

    @property
    def ns_per_twin_second(self) -> float:
        """Nanoseconds for a second of one twin's life; the median of all calls."""
        return 1e9 * statistics.median(self.cpu_s) / (self.n_twins * self.n_ticks)

    @property
    def twin_hours_per_core_second(self) -> float:
        """Hours of plant time in a second of one core."""
        return 1e9 / (self.ns_per_twin_second * SECONDS_PER_HOUR)


def measure(rows: Sequence[Row], repeats: int) -> None:
    """Warm every row up, then time them all in turns: a slow minute of the machine hits each."""
    for row in rows:
        begin = time.perf_counter()
        row.call()
        row.first_call_s = time.perf_counter() - begin
        print(f"warm {row.engine} {row.what} {row.first_call_s:.1f} s", file=sys.stderr)
    for _ in range(repeats):
        for row in rows:
            begin = time.process_time()
            row.call()
            row.cpu_s.append(time.process_time() - begin)


def line_of(row: Row, **more: Any) -> dict[str, Any]:
    """Return what is kept of a row."""
    return {
        "engine": row.engine,
        **row.what,
        "n_twins": row.n_twins,
        "n_ticks": row.n_ticks,
        "first_call_s": round(row.first_call_s, 3),
        "cpu_s_best": round(min(row.cpu_s), 5),
        "cpu_s_median": round(statistics.median(row.cpu_s), 5),
        "ns_per_twin_second": round(row.ns_per_twin_second, 1),
        "twin_hours_per_core_second": round(row.twin_hours_per_core_second, 3),
        **more,
        **about_this_machine(),
    }


def append_lines(name: str, lines: Sequence[dict[str, Any]]) -> None:
    """Append lines to a file of the results."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    with (RESULTS / name).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@cache
def about_this_machine() -> dict[str, str]:
    """Return commit, processor and versions; results that are appended are no changes."""
    from otsim.simulate.cpu_settings import processor_name

    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    asked = [*git, "status", "--porcelain", "--", ".", ":!benchmarks/results"]
    dirty = subprocess.run(asked, capture_output=True, text=True).stdout
    versions = {name: _version(name) for name in ("numpy", "numba", "jax", "jaxlib")}
    return {
        "commit": commit.stdout.strip() + ("+changes" if dirty else ""),
        "cpu": processor_name(),
        "device": "cpu",
        "python": platform.python_version(),
        **versions,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
