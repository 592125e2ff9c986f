"""Direction numbers of Sobol sequences, read off the points that scipy makes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["direction_numbers"]

_WORD = 32


def direction_numbers(n_dims: int, digits: int) -> npt.NDArray[np.uint32]:
    """Return the direction numbers of S. Joe and F. Y. Kuo (2008), as `scipy.stats.qmc` has them.

    A sequence in Gray-code order holds each direction number as a point of its own: number
    2**(k + 1) - 1, whose Gray code is 2**k.

    Args:
        n_dims: dimensions, at most 21,201.
        digits: of the largest point number, in binary.

    Returns:
        u32[n_dims, 32], those beyond `digits` 0.
    """
    from scipy.stats.qmc import Sobol

    sequence, place = Sobol(n_dims, scramble=False, bits=_WORD), 0
    found = np.zeros((n_dims, _WORD), np.uint32)
    for digit in range(digits):
        wanted = 2 ** (digit + 1) - 1
        sequence.fast_forward(wanted - place)
        found[:, digit] = (sequence.random(1)[0] * 2.0**_WORD).astype(np.uint32)
        place = wanted + 1
    return found
