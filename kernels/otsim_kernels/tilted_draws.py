"""Draws whose odds are tilted, for importance sampling: words are mapped, bin by bin.

Each twin and attempt belongs to one component of a mixture. A component has, for each purpose, its
own mass for each bin of the 32-bit words; a word is mapped piecewise linearly, so that larger words
stay larger. What the odds were is known from the bins alone: see `log_odds`.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np

from otsim_kernels.draws import Array, StreamKey, array_module, purpose_id

COMPONENT = "importance/component"


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class TiltTables:
    """The maps of all components.

    The number of bins is a power of two; shorter lists of bins repeat their last, lists of
    components too. Purposes that fill up the list are mapped to themselves.

    Attributes:
        limits: u32[n_components - 1], a twin whose word is at or above it is of a later component.
        purposes: u32[n_purposes], ascending.
        to: u32[n_purposes, n_bins], the first word of each bin; top: the last one, less the first.
        start: u32[n_components, n_purposes, n_bins], the first word that is mapped to each bin.
        gain: f32[n_components, n_purposes, n_bins], words of the bin over words mapped to it.
    """

    limits: Array
    purposes: Array
    to: Array
    top: Array
    start: Array
    gain: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class TiltedKey:
    """Keys of n twins whose draws are tilted; a `DrawKey`.

    Attributes:
        stream: stream keys of the twins, u32[n].
        tables: what is done to the words.
        attempt: u32[n], the attempt whose component counts for all slots; None: each slot's own.
    """

    stream: StreamKey
    tables: TiltTables
    attempt: Array | None

    @property
    def n_twins(self) -> int:
        """How many twins."""
        return self.stream.n_twins

    def word(self, purpose: int | Array, slot: int | Array) -> Array:
        """Return 32 bits for each twin and purpose; see `DrawKey`."""
        plain = self.stream.word(purpose, slot)
        if not len(self.tables.purposes):
            return plain
        xp = array_module(plain)
        wanted = xp.asarray(purpose, dtype=np.uint32)
        rows = xp.searchsorted(self.tables.purposes, wanted.ravel())
        rows = xp.minimum(rows, len(self.tables.purposes) - 1)
        component = component_of(self, slot)
        words = plain.reshape(len(rows), -1)
        tilted = _mapped(self.tables, words, component, rows).reshape(plain.shape)
        known = xp.asarray(self.tables.purposes)[rows].reshape(wanted.shape) == wanted
        return xp.where(known, tilted, plain)

    def of(self, lanes: Array) -> TiltedKey:
        """Return the key of some of the twins."""
        attempt = None if self.attempt is None else self.attempt[lanes]
        return TiltedKey(stream=self.stream.of(lanes), tables=self.tables, attempt=attempt)


def component_of(key: TiltedKey, slot: int | Array) -> Array:
    """Return the component that each twin belongs to in an attempt, i32[n]."""
    attempt = slot if key.attempt is None else key.attempt
    word = key.stream.word(purpose_id(COMPONENT), attempt)
    xp = array_module(word)
    limits = xp.asarray(key.tables.limits)
    return (word >= limits[:, None]).sum(axis=0, dtype=np.int32)


def log_odds(tables: TiltTables, bits: Array) -> Array:
    """Return how much likelier each component makes the words than plain draws, on the host.

    Args:
        tables: the maps.
        bits: u32[n_tilted, n], words as they were drawn, of the first purposes.

    Returns:
        f64[n_components, n], natural logarithms.
    """
    found = np.zeros((len(tables.start), bits.shape[1]))
    for row, words in enumerate(bits):
        place = np.searchsorted(tables.to[row], words, side="right") - 1
        place = np.minimum(place, _n_bins(tables.to[row]) - 1)
        found += np.log(_density(tables, row))[:, place]
    return found


def _density(tables: TiltTables, row: int) -> Array:
    """Words mapped to each bin over its own words, f64[n_components, n_bins]."""
    start = tables.start[:, row].astype(np.float64)
    n_bins = _n_bins(tables.to[row])
    ends = np.concatenate([start[:, 1:n_bins], np.full((len(start), 1), 2.0**32)], axis=1)
    return (ends - start[:, :n_bins]) / (tables.top[row, :n_bins].astype(np.float64) + 1.0)


def _n_bins(first_words: Array) -> int:
    return len(np.unique(first_words))


def _mapped(tables: TiltTables, words: Array, component: Array, rows: Array) -> Array:
    """Map u32[n_rows, n] by the maps of the rows and of each twin's component."""
    xp = array_module(words)
    start, gain = xp.asarray(tables.start), xp.asarray(tables.gain)
    place, step = xp.zeros(words.shape, np.int32), start.shape[2] // 2
    while step:  # bisection; repeated last bins are as good as the last
        further = words >= start[component[None, :], rows[:, None], place + step]
        place, step = place + np.int32(step) * further.astype(np.int32), step // 2
    where = (component[None, :], rows[:, None], place)
    offset = words - start[where]
    top = xp.asarray(tables.top)[rows[:, None], place]
    # the largest float32 below 2**32 keeps the conversion defined
    scaled = xp.minimum(offset.astype(np.float32) * gain[where], np.float32(2.0**32 - 256))
    whole = xp.where(gain[where] == 1.0, offset, xp.minimum(scaled.astype(np.uint32), top))
    return xp.asarray(tables.to)[rows[:, None], place] + whole


__all__ = ["COMPONENT", "TiltTables", "TiltedKey", "component_of", "log_odds"]
