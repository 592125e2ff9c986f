"""Settings of the compiler that must stand before JAX starts."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

__all__ = ["CPU_FLAGS", "prepare_cpu", "processor_name"]

# Vectors as wide as the machine has, and the time loop compiled as one function instead of a
# dispatch for each fused group of operations: together 1.7 times the speed, measured on the
# Tennessee Eastman plant in float32 (benchmarks/throughput.py).
# The last two keep loops over twins as loops: unrolled, as short ones would be, their operations
# are merged and rounded otherwise, and a batch of 64 gave other bits than one of 128. With them
# every batch from 32 on gives the same (tests/kernels/test_drivers.py), at the same speed.
CPU_FLAGS = (
    "--xla_cpu_prefer_vector_width=512",
    "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=1000000000"
    ",-unroll-full-max-count=1,-force-vector-interleave=1",
)


def prepare_cpu() -> bool:
    """Extend `XLA_FLAGS` and name a cache for compiled loops, leaving what the user has set.

    Nothing can be changed once JAX is loaded, so commands call this first.

    Returns:
        Whether the flags stand.
    """
    _prepare_cache()
    given = os.environ.get("XLA_FLAGS", "")
    missing = [flag for flag in CPU_FLAGS if flag.split("=")[0] not in given]
    if missing and "jax" not in sys.modules:
        os.environ["XLA_FLAGS"] = " ".join([given, *missing]).strip()
    flags = os.environ.get("XLA_FLAGS", "").split()
    return all(flag in flags for flag in CPU_FLAGS)


def processor_name() -> str:
    """Return what the processor calls itself."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _prepare_cache() -> None:
    """Keep compiled loops over runs: a plant takes 20 s to compile and 2 s to load again."""
    from platformdirs import user_cache_path

    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(user_cache_path("otsim") / "compiled"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "2")
