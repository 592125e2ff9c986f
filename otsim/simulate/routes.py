"""Which driver runs the twins on this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["SAME_BITS", "Driver", "driver_in_use"]

SAME_BITS = 32  # twins give the same bits in blocks of any multiple of this, as a batch is


@dataclass(frozen=True, kw_only=True)
class Driver:
    """A way to run twins.

    Attributes:
        name: in words.
        module: among `otsim_kernels.drivers`.
        whole_shards: best with all twins of a shard side by side, whatever the study's batch.
        whole_lives: a call may be longer than a replay's recording, and twins that end early cost
            nothing, so that one call does.
        hint: how to get a faster one; empty if this is the fastest.
    """

    name: str
    module: str
    whole_shards: bool = False
    whole_lives: bool = False
    hint: str = ""

    def block(self, n_twins: int, batch: int) -> int:
        """Return how many twins go side by side.

        Args:
            n_twins: of a shard.
            batch: the study's.

        Returns:
            The batch, or for whole shards the next power of two, so that shards of all sizes
            share a few compilations; always a multiple of `SAME_BITS`.
        """
        return max(1 << max(n_twins - 1, 0).bit_length(), SAME_BITS) if self.whole_shards else batch

    def advance(self) -> Callable[..., Any]:
        """Return the function that advances a batch."""
        found: Callable[..., Any] = import_module(f"otsim_kernels.drivers.{self.module}").advance
        return found


_FAST_CPU = Driver(name="fast CPU loop", module="fast_cpu")
_FUSED_GPU = Driver(
    name="fused GPU kernel", module="fused_gpu", whole_shards=True, whole_lives=True
)
_PLAIN = Driver(
    name="plain loop", module="reference", whole_shards=True,
    hint="for the fused kernel: pip install 'otsim[gpu]'",
)  # fmt: skip


@cache
def driver_in_use() -> Driver:
    """Return the fastest driver that works here."""
    import jax

    if jax.default_backend() == "cpu":
        return _FAST_CPU
    if jax.default_backend() == "gpu" and _has_cuda_core():
        return _FUSED_GPU
    return _PLAIN if jax.default_backend() == "gpu" else replace(_PLAIN, hint="")


def _has_cuda_core() -> bool:
    return find_spec("cuda") is not None and find_spec("cuda.core") is not None
