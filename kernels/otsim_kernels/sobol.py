"""Points of scrambled Sobol nets in place of independent draws: a function of twin number alone.

A study's twins are dealt out to replicates, nets that are scrambled independently of each other:
within one, the points fill the unit cube more evenly than chance would; between them, the spread of
an estimate is its error. Each dimension of a net is one purpose of the draws, scrambled by nested
uniform scrambling (A. B. Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences", 1995), whose
random bits are Threefry's as all others are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from otsim_kernels.draws import Array, StreamKey, draw_bits, stream_key, threefry2x32
from otsim_kernels.written_draws import WrittenKey

WORD = 32  # bits of a draw, and of a direction number
_GROUP = 6  # binary digits that one Threefry block scrambles: its 64 bits serve 63 nodes of a tree


def sobol_key(
    directions: Array, purposes: Array, *, twin: Array, n_replicates: int, seed: int
) -> WrittenKey:
    """Make the key of n twins, on the host; what is no dimension is drawn from the streams.

    Slots after the first are too: the twins that draw again lie together in the net, so that the
    same points, scrambled anew, would be worse than chance.

    Twin i is point i // n_replicates of replicate i % n_replicates, so that a run that grows keeps
    its points.

    Args:
        directions: u32[n_dims, WORD], direction numbers, that of the lowest digit first.
        purposes: u32[n_dims], of each dimension, ascending.
        twin: twin numbers, u32[n].
        n_replicates: number of independent nets.
        seed: the study's seed.
    """
    replicate, point = twin % np.uint32(n_replicates), twin // np.uint32(n_replicates)
    net = _replicate_key(seed, replicate)
    words = draw_bits(net, purposes[:, None], 0)
    bits = scrambled(coordinates(directions, point), StreamKey(high=words[0], low=words[1]))
    return WrittenKey(stream=stream_key(seed, twin), purposes=purposes, bits=bits)


def coordinates(directions: Array, point: Array) -> Array:
    """Return the points of a Sobol sequence by number, u32[n_dims, n], as 32-bit fractions.

    Args:
        directions: u32[n_dims, WORD].
        point: u32[n]; not in Gray-code order, so the first 2**m points are the same set, in
            another order, as those of programs that use it.
    """
    found = np.zeros((len(directions), len(point)), np.uint32)
    for digit in range(int(point.max(initial=0)).bit_length()):
        found ^= directions[:, digit, None] * (point >> np.uint32(digit) & np.uint32(1))
    return found


def scrambled(bits: Array, key: StreamKey) -> Array:
    """Scramble 32-bit fractions: each binary digit is flipped by a random bit of those before it.

    Args:
        bits: u32[n_dims, n].
        key: u32[n_dims, n], alike for all points of a dimension of a net.
    """
    found = bits
    for group in range(-(-WORD // _GROUP)):
        first = group * _GROUP
        length = min(_GROUP, WORD - first)
        before = bits >> np.uint32(WORD - first) if first else np.zeros_like(bits)
        digits = (bits >> np.uint32(WORD - first - length)) & np.uint32((1 << length) - 1)
        words = threefry2x32(key.high, key.low, before, np.full_like(before, group))
        for place in range(length):
            # the tree's nodes above the last level are bits 0 to 30 of a word, that level the other
            node = (digits >> np.uint32(length - place)) + np.uint32((1 << place) - 1)
            word = words[0] if place < _GROUP - 1 else words[1]
            node = node if place < _GROUP - 1 else node - np.uint32((1 << place) - 1)
            flip = (word >> node) & np.uint32(1)
            found = found ^ (flip << np.uint32(WORD - 1 - first - place))
    return found


def _replicate_key(seed: int, replicate: Array) -> StreamKey:
    """Make the key of a net; the second word of the counter sets it apart from a twin's."""
    high, low = np.uint32(seed >> 32), np.uint32(seed & 0xFFFFFFFF)
    words: tuple[Any, Any] = threefry2x32(high, low, replicate, np.ones_like(replicate))
    return StreamKey(high=words[0], low=words[1])


__all__ = ["WORD", "coordinates", "scrambled", "sobol_key"]
