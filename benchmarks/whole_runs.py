"""Whole runs from the command line: what a second worker gives, and what more twins take in memory.

Two measurements, for a machine that does nothing else:

- the time of the shipped study in shards on one worker and on two, the first of them ten minutes
  or more: start, tables and report included;
- the peak memory of every process of a run of 4,096 and of 262,144 twins, of which few ever touch
  the plant, by one worker and by two.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

__all__ = ["memory_by_twins", "seconds_by_workers"]

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "configs" / "studies" / "te_campaign.yaml"
# 1 campaign in some thousand acts: the cost is that of sampling, pricing and writing
CHEAP = ("plant.horizon_h=3", "attackers.frequency.count=attempts", "attackers.budget_d=0.5",
         "simulation.shard_size=4096")  # fmt: skip
TWINS = (4_096, 262_144)
_LOOK_S = 0.2


def seconds_by_workers(twins: int) -> dict[str, Any]:
    """Run the shipped study by one worker and by two; the compiled loop is on disk before."""
    run_in_processes(256, 1)
    took = {n: run_in_processes(twins, n)["wall_s"] for n in (1, 2)}
    return {
        "twins": twins,
        "wall_s_by_workers": took,
        "twins_per_s_by_workers": {n: round(twins / s, 1) for n, s in took.items()},
        "times_one_worker": round(took[1] / took[2], 3),
        "long_enough": took[1] >= 600.0,
    }


def memory_by_twins() -> dict[str, Any]:
    """Return the peak of the process of the command and of its largest worker, MB."""
    found: dict[str, Any] = {}
    for workers in (1, 2):
        peaks = {n: run_in_processes(n, workers, *CHEAP) for n in TWINS}
        small, large = (peaks[n] for n in TWINS)
        found[f"peak_mb_workers_{workers}"] = {
            "command": {n: peak["command_mb"] for n, peak in peaks.items()},
            "largest_worker": {n: peak["worker_mb"] for n, peak in peaks.items()},
            "command_times": round(large["command_mb"] / small["command_mb"], 3),
        }
    return found


def run_in_processes(twins: int, workers: int, *overrides: str) -> dict[str, float]:
    """Run a study in processes of its own; return seconds and peak memory, MB."""
    with tempfile.TemporaryDirectory() as folder:
        laid_over = [part for value in overrides for part in ("-s", value)]
        begin = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "otsim", "run", str(STUDY), "--out", f"{folder}/run",
             "--twins", str(twins), "--workers", str(workers), "--quiet", *laid_over],
            cwd=ROOT, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        command_mb = worker_mb = 0.0
        while process.poll() is None:
            command_mb = max(command_mb, _peak_mb(process.pid))
            worker_mb = max([worker_mb, *map(_peak_mb, _children(process.pid))])
            time.sleep(_LOOK_S)
        if process.returncode not in (0, 3):  # 3: a gate; what was measured stands
            raise RuntimeError(f"otsim run ended with {process.returncode}")
        wall_s = time.perf_counter() - begin
    return {"wall_s": round(wall_s, 1), "command_mb": command_mb, "worker_mb": worker_mb}


def _peak_mb(pid: int) -> float:
    """Return the peak so far of a process's resident memory; 0 for one that has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line for line in text.splitlines() if line.startswith("VmHWM")]
    return round(int(lines[0].split()[1]) / 1024.0, 1) if lines else 0.0


def _children(pid: int) -> list[int]:
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
