"""What this machine offers to work on: cores and GPUs."""

from __future__ import annotations

import os

from otsim.simulate.gpus import usable_gpus

__all__ = ["available_cores", "available_workers", "device_kind"]


def available_workers() -> int:
    """Return how many processes keep this machine busy: one a GPU, or else one a core."""
    return len(usable_gpus()) or available_cores()


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device_kind() -> str:
    """Return `gpu` where twins will run on one, or else `cpu`, without starting JAX."""
    return "gpu" if usable_gpus() else "cpu"
