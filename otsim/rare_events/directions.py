"""The directions in which an event lies, from points where it happens."""

from __future__ import annotations

import numpy as np

from otsim.rare_events.populations import Floats

__all__ = ["directions_of"]

_WIDE = 3.0  # variance along one direction that two regions have, and one rarely: 1 or less
_FEWEST = 40  # points of a region
_ROUNDS = 30
_HIDDEN = 0.5  # of the median distance along a direction: less than that is somewhere else
_FEWEST_HIDDEN = 8
_SAME = 0.95  # cosine of two directions that are one
_NO_LENGTH = 1e-9


def directions_of(failures: Floats, most: int = 8) -> Floats:
    """Split points into regions and return the unit vector from the origin to the middle of each.

    Given a rare event, the points of one region vary in each direction about as all points do, or
    less. Points that vary more along some direction are taken apart there; then those few that lie
    far less along every direction than most do are a region that the others hid.

    Args:
        failures: f64[n, n_dims], drawn given the event.
        most: regions.

    Returns:
        f64[n_regions, n_dims].
    """
    directions = _middles(_regions(failures, most))
    while 0 < len(directions) < most:
        along = (failures @ directions.T).max(axis=1)
        hidden = failures[along < _HIDDEN * np.median(along)]
        if len(hidden) < _FEWEST_HIDDEN:
            break
        found = _middles(_regions(hidden, most - len(directions)))
        if not len(found) or np.max(found @ directions.T) > _SAME:
            break
        directions = np.concatenate([directions, found])
    return directions


def _regions(points: Floats, most: int) -> list[Floats]:
    whole, parts = [points], list[Floats]()
    while whole:
        points = whole.pop()
        halves = _halves(points) if len(whole) + len(parts) + 2 <= most else None
        if halves is None:
            parts.append(points)
        else:
            whole.extend(halves)
    return parts


def _middles(parts: list[Floats]) -> Floats:
    """Return the unit vectors to the middles; neither no points nor the origin have a direction."""
    middles = np.array([points.mean(axis=0) if len(points) else points.sum(0) for points in parts])
    lengths = np.linalg.norm(middles, axis=1, keepdims=True)
    known = lengths[:, 0] > _NO_LENGTH
    return np.asarray((middles / np.where(lengths > 0.0, lengths, 1.0))[known])


def _halves(points: Floats) -> list[Floats] | None:
    """Split points in two along their longest axis; None if they are one region."""
    if len(points) < 2 * _FEWEST:
        return None
    middle = points.mean(axis=0)
    _, spans, axes = np.linalg.svd(points - middle, full_matrices=False)
    if spans[0] ** 2 / len(points) < _WIDE:
        return None
    side = (points - middle) @ axes[0] > 0.0
    for _ in range(_ROUNDS):
        if not _FEWEST <= side.sum() <= len(points) - _FEWEST:
            return None
        one, other = points[side].mean(axis=0), points[~side].mean(axis=0)
        nearer = (points - 0.5 * (one + other)) @ (one - other) > 0.0
        if np.array_equal(nearer, side):
            break
        side = nearer
    return [points[side], points[~side]]
