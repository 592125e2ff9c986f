"""Draws that are written down in advance, such as points of a net; the rest from the streams."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np

from otsim_kernels.draws import Array, StreamKey, array_module

__all__ = ["WrittenKey"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class WrittenKey:
    """Keys of n twins whose first draws are written; a `DrawKey`.

    Attributes:
        stream: stream keys of the twins, u32[n].
        purposes: u32[n_written], ascending.
        bits: u32[n_written, n], what is drawn for each at slot 0.
    """

    stream: StreamKey
    purposes: Array
    bits: Array

    @property
    def n_twins(self) -> int:
        """How many twins."""
        return self.stream.n_twins

    def word(self, purpose: int | Array, slot: int | Array) -> Array:
        """Return 32 bits for each twin and purpose; see `DrawKey`. Later slots are streams."""
        plain = self.stream.word(purpose, slot)
        if not len(self.purposes):
            return plain
        xp = array_module(plain)
        wanted = xp.asarray(purpose, dtype=np.uint32)
        purposes = xp.asarray(self.purposes)
        rows = xp.minimum(xp.searchsorted(purposes, wanted.ravel()), len(self.purposes) - 1)
        written = xp.asarray(self.bits)[rows].reshape(plain.shape)
        is_written = (purposes[rows].reshape(wanted.shape) == wanted) & (slot == 0)
        return xp.where(is_written, written, plain)

    def of(self, lanes: Array) -> WrittenKey:
        """Return the key of some of the twins."""
        return WrittenKey(
            stream=self.stream.of(lanes), purposes=self.purposes, bits=self.bits[:, lanes]
        )
