"""What is done with runs once they are there: verify, watch, index, compare, query, hand on."""

from __future__ import annotations

from otsim.runs.run_index import RunIndex, index_file, register_run, registered
from otsim.runs.run_status import RunStatus, run_status
from otsim.runs.run_summary import Figure, RunSummary, run_summary
from otsim.runs.verification import Damage, Verification, verify_run

__all__ = [
    "Damage",
    "Figure",
    "RunIndex",
    "RunStatus",
    "RunSummary",
    "Verification",
    "index_file",
    "register_run",
    "registered",
    "run_status",
    "run_summary",
    "verify_run",
]
