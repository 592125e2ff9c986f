"""Plant points as an architecture names them: one by one, or all that begin alike."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["points_named"]


def points_named(name: str, points: Collection[str]) -> tuple[str, ...]:
    """Return the points that a name stands for, in the plant's order; none if it means nothing.

    Args:
        name: a point such as `XMEAS9`, or a beginning and a star, such as `XMEAS*`.
        points: the plant's points.
    """
    if name.endswith("*"):
        return tuple(point for point in points if point.startswith(name[:-1]))
    return (name,) if name in points else ()
