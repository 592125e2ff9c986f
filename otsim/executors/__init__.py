"""Where work runs: in this process, on its cores or GPUs, or on a cluster; one seam for all.

An executor is one of `concurrent.futures`; what is asked of it besides is in `Workplace`.
"""

from __future__ import annotations

from otsim.executors.choice import EXECUTORS, ExecutorChoice, open_workplace, parse_executor
from otsim.executors.workplace import WorkerLost, Workplace

__all__ = [
    "EXECUTORS",
    "ExecutorChoice",
    "WorkerLost",
    "Workplace",
    "open_workplace",
    "parse_executor",
]
