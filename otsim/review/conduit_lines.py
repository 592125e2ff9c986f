"""The lines of conduits between the boxes of zones: straight to the next, else around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from otsim.config.architecture.architecture import Architecture

__all__ = ["Box", "Line", "Point", "conduit_lines"]

Point = tuple[float, float]
Line = tuple[Point, ...]

_LANE, _TRACK, _BESIDE = 0.09, 0.07, 0.16  # between lines that run side by side, in places


@dataclass(frozen=True, kw_only=True)
class Box:
    """The frame of a zone; y grows downwards.

    Attributes:
        zone: its name.
        shelf: which row of zones it stands in, 0 at the top.
        left, top, right, bottom: its edges, in places of assets.
    """

    zone: str
    shelf: int
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        """Its centre, from left to right."""
        return 0.5 * (self.left + self.right)


def conduit_lines(given: Architecture, boxes: Mapping[str, Box]) -> dict[str, Line]:
    """Return the line of each conduit, from the zone that opens connections to the other.

    Zones in neighbouring rows are joined straight, those in one row by their sides; a line to a
    row further away runs around all boxes between.

    Args:
        given: the network.
        boxes: of its zones.
    """
    router = _Router(boxes)
    return {
        name: router.line(boxes[conduit.from_zone], boxes[conduit.to_zone])
        for name, conduit in given.conduits.items()
    }


class _Router:
    """Draws one line after the other, beside those before it."""

    def __init__(self, boxes: Mapping[str, Box]) -> None:
        self.left = min(box.left for box in boxes.values())
        self.right = max(box.right for box in boxes.values())
        self.lanes: Counter[str] = Counter()
        self.between: Counter[frozenset[str]] = Counter()
        self.above: Counter[str] = Counter()

    def line(self, start: Box, end: Box) -> Line:
        """Return the line from one zone to another."""
        if start.shelf > end.shelf:
            return self._downwards(end, start)[::-1]
        return self._downwards(start, end)

    def _downwards(self, upper: Box, lower: Box) -> Line:
        if lower.shelf == upper.shelf:
            return self._aside(upper, lower)
        if lower.shelf == upper.shelf + 1:
            return self._straight(upper, lower)
        return self._around(upper, lower)

    def _straight(self, upper: Box, lower: Box) -> Line:
        """From the foot of one box to the head of the next, upright if they overlap."""
        aside = self._aside_of(upper, lower)
        low, high = max(upper.left, lower.left), min(upper.right, lower.right)
        if low < high:
            x = 0.5 * (low + high) + aside
            return (x, upper.bottom), (x, lower.top)
        return (upper.middle + aside, upper.bottom), (lower.middle + aside, lower.top)

    def _aside(self, one: Box, other: Box) -> Line:
        """From side to side of two boxes in a row."""
        left, right = (one, other) if one.left < other.left else (other, one)
        y = 0.5 * (max(one.top, other.top) + min(one.bottom, other.bottom))
        y += self._aside_of(one, other)
        line = (left.right, y), (right.left, y)
        return line if left is one else line[::-1]

    def _around(self, upper: Box, lower: Box) -> Line:
        """Out at the side, down beside all boxes, and in from above."""
        is_right = lower.middle >= 0.5 * (self.left + self.right)
        side = "right" if is_right else "left"
        self.lanes[side] += 1
        self.above[lower.zone] += 1
        far = _BESIDE + _LANE * (self.lanes[side] - 1)
        x, out = (self.right + far, upper.right) if is_right else (self.left - far, upper.left)
        y = upper.bottom - 0.25 - _LANE * self.lanes[side]
        above = lower.top - 0.16 - _TRACK * self.lanes[side]
        end = lower.middle + (1 if is_right else -1) * (0.2 + _LANE * self.above[lower.zone])
        return (out, y), (x, y), (x, above), (end, above), (end, lower.top)

    def _aside_of(self, one: Box, other: Box) -> float:
        """How far beside the middle the next line between two zones runs: 0, 1, -1, 2 lanes..."""
        pair = frozenset((one.zone, other.zone))
        self.between[pair] += 1
        count = self.between[pair]
        return 2.0 * _LANE * (count // 2) * (1 if count % 2 == 0 else -1)
