"""Families of sets as zero-suppressed decision diagrams, and the minimal sets of a function.

A family is a number: 0 is empty, 1 holds the empty set alone; any other names a node that splits
the family into the sets without a variable (`low`) and those with it (`high`, without it).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import islice

from otsim.attack.exact.decision_diagram import FALSE, TRUE, Diagram
from otsim.attack.exact.unwinding import unwind

__all__ = ["Families", "minimal_family"]

NONE, EMPTY_SET = 0, 1
_LAST = 1 << 60

_Pair = tuple[int, int]


class Families:
    """Families of sets of variables."""

    def __init__(self) -> None:
        """Begin with the empty family and that of the empty set."""
        self._level = [_LAST, _LAST]
        self._low = [NONE, EMPTY_SET]
        self._high = [NONE, NONE]
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._differences: dict[_Pair, int] = {}

    def split(self, level: int, low: int, high: int) -> int:
        """Return the sets of `low`, and those of `high` each with one variable more."""
        if high == NONE:
            return low
        key = (level, low, high)
        if key not in self._numbers:
            self._numbers[key] = len(self._level)
            self._level.append(level)
            self._low.append(low)
            self._high.append(high)
        return self._numbers[key]

    def without_supersets(self, family: int, others: int) -> int:
        """Return the sets of a family that contain no set of another family."""
        return unwind(self._without, (family, others), self._differences)

    def count(self, family: int) -> int:
        """Return the number of sets in a family."""
        counts = {NONE: 0, EMPTY_SET: 1}
        for node in self._below(family):
            counts[node] = counts[self._low[node]] + counts[self._high[node]]
        return counts[family]

    def sets(self, family: int, most: int) -> list[tuple[int, ...]]:
        """List the sets of a family, at most so many."""
        return list(islice(self._sets(family), most))

    def _sets(self, family: int) -> Iterator[tuple[int, ...]]:
        stack: list[tuple[int, tuple[int, ...]]] = [(family, ())]
        while stack:
            node, chosen = stack.pop()
            if node == EMPTY_SET:
                yield chosen
            elif node != NONE:
                stack.append((self._low[node], chosen))
                stack.append((self._high[node], (*chosen, self._level[node])))

    def _below(self, family: int) -> list[int]:
        seen = {NONE, EMPTY_SET}
        stack = [family]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack += (self._low[node], self._high[node])
        return sorted(seen - {NONE, EMPTY_SET})

    def _without(self, pair: _Pair) -> Generator[_Pair, int, int]:
        family, others = pair
        if others == EMPTY_SET or family in (NONE, others):
            return NONE
        if others == NONE:
            return family
        first, second = self._level[family], self._level[others]
        if first > second:  # no set of the family has the variable
            return (yield (family, self._low[others]))
        low, high = self._low[family], self._high[family]
        if first < second:
            rest = yield (low, others)
            return self.split(first, rest, (yield (high, others)))
        rest = yield (low, self._low[others])
        chosen = yield (high, self._low[others])
        return self.split(first, rest, (yield (chosen, self._high[others])))


def minimal_family(diagram: Diagram, function: int, families: Families) -> int:
    """Return the smallest sets of true variables, all others false, that make a function true.

    Sets that hold another one are left out (Rauzy 1993, extended to functions that need not be
    monotone: a set with the variable stays if no set without it lies within the rest).
    """
    found = {FALSE: NONE, TRUE: EMPTY_SET}
    for node in diagram.below(function):
        low, high = found[diagram.low[node]], found[diagram.high[node]]
        found[node] = families.split(
            diagram.level[node], low, families.without_supersets(high, low)
        )
    return found[function]
