"""The reference driver: the tick as it is written, in a plain loop. The truth for all others."""

from __future__ import annotations

from otsim_kernels.drivers.time_loop import compiled_loop

advance = compiled_loop(lambda one_tick: one_tick)

__all__ = ["advance"]
