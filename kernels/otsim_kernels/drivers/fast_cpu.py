"""The fast CPU driver: the loop of the reference driver over a tick that computes nothing twice.

Made for blocks of 64 or 128 twins, whose values stay in the first cache levels, and for the
compiler settings that the library applies (`otsim.simulate.cpu_settings`). Serves every plant that
follows the contract; what a plant does in loops or matrix products of its own is left as it is.
Gives the twins of the reference driver up to rounding, and the same bits for every batch that is a
multiple of 32.
"""

from __future__ import annotations

from otsim_kernels.drivers.materialise import materialised
from otsim_kernels.drivers.time_loop import compiled_loop

advance = compiled_loop(materialised)

__all__ = ["advance"]
