"""Numbers kept as two, so that float32 does not lose small changes of large heads and volumes."""

from __future__ import annotations

from typing import Any

Array = Any


def summed(high: Array, low: Array | None, more: Array) -> tuple[Array, Array | None]:
    """Add to a number of two parts, whatever is larger; `low` None is plain addition."""
    if low is None:
        return high + more, None
    small = low + more
    total = high + small
    back = total - high
    return total, (high - (total - back)) + (small - back)


__all__ = ["summed"]
