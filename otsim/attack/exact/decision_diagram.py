"""Reduced ordered binary decision diagrams: Boolean functions of independent steps.

A function is a number: 0 is false, 1 true, and any other names a node that asks one variable and
goes on to `low` (no) or `high` (yes). Equal functions have equal numbers, and a node's number is
above those of the nodes below it, so that one pass over the numbers evaluates a diagram.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from otsim.attack.exact.unwinding import unwind
from otsim.errors import ModelError

__all__ = ["FALSE", "TRUE", "Diagram", "chances", "slopes"]

FALSE, TRUE = 0, 1
MOST_NODES = 2_000_000
_LAST = 1 << 60  # the level of the two constants

_Choice = tuple[int, int, int]


class Diagram:
    """Decision diagrams over variables 0, 1, ...; a lower number is asked first.

    Attributes:
        level: the variable that each node asks.
        low: where each node goes on to if the variable is false; high: if it is true.
    """

    def __init__(self) -> None:
        """Begin with the two constants alone."""
        self.level = [_LAST, _LAST]
        self.low = [FALSE, TRUE]
        self.high = [FALSE, TRUE]
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._choices: dict[_Choice, int] = {}

    def variable(self, number: int) -> int:
        """Return the function that is true where one variable is."""
        return self.node(number, FALSE, TRUE)

    def node(self, level: int, low: int, high: int) -> int:
        """Return the function `high` where a variable above both is true, else `low`."""
        if low == high:
            return low
        key = (level, low, high)
        found = self._numbers.get(key)
        if found is None:
            found = self._new(key)
        return found

    def choose(self, test: int, yes: int, no: int) -> int:
        """Return the function that is `yes` where `test` is true, else `no`."""
        return unwind(self._choose, (test, yes, no), self._choices)

    def both(self, first: int, second: int) -> int:
        """Return the conjunction of two functions."""
        return self.choose(first, second, FALSE)

    def either(self, first: int, second: int) -> int:
        """Return the disjunction of two functions."""
        return self.choose(first, TRUE, second)

    def unless(self, first: int, second: int) -> int:
        """Return the first function where the second is false."""
        return self.choose(second, FALSE, first)

    def differ(self, first: int, second: int) -> int:
        """Return where two functions differ."""
        return self.choose(first, self.choose(second, FALSE, TRUE), second)

    def all_of(self, functions: Sequence[int]) -> int:
        """Return the conjunction of any number of functions."""
        found = TRUE
        for function in reversed(functions):
            found = self.both(function, found)
        return found

    def any_of(self, functions: Sequence[int]) -> int:
        """Return the disjunction of any number of functions."""
        found = FALSE
        for function in reversed(functions):
            found = self.either(function, found)
        return found

    def at_least(self, k: int, functions: Sequence[int]) -> int:
        """Return where at least k of the functions are true."""
        needed = [TRUE] + [FALSE] * k  # needed[j]: where j more come true among those behind
        for function in reversed(functions):
            for j in range(k, 0, -1):
                needed[j] = self.choose(function, needed[j - 1], needed[j])
        return needed[k]

    def given(self, function: int, variable: int) -> tuple[int, int]:
        """Return a function with one variable false, and with it true."""
        return self._fixed(function, variable, self.low), self._fixed(function, variable, self.high)

    def below(self, *functions: int) -> list[int]:
        """Return the nodes of some functions without the constants, those below first."""
        seen = {FALSE, TRUE}
        stack = list(functions)
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack += (self.low[node], self.high[node])
        return sorted(seen - {FALSE, TRUE})

    def _new(self, key: tuple[int, int, int]) -> int:
        number = len(self.level)
        if number >= MOST_NODES:
            raise ModelError(
                f"the tree needs more than {MOST_NODES:,} nodes of a decision diagram; "
                "ask about a node further down, or sample it"
            )
        level, low, high = key
        self.level.append(level)
        self.low.append(low)
        self.high.append(high)
        self._numbers[key] = number
        return number

    def _choose(self, key: _Choice) -> Generator[_Choice, int, int]:
        test, yes, no = key
        if test <= TRUE:
            return yes if test else no
        if yes == no:
            return yes
        if (yes, no) == (TRUE, FALSE):
            return test
        level = min(self.level[test], self.level[yes], self.level[no])
        low = yield self._part(key, level, self.low)
        high = yield self._part(key, level, self.high)
        return self.node(level, low, high)

    def _part(self, key: _Choice, level: int, side: list[int]) -> _Choice:
        test, yes, no = (side[node] if self.level[node] == level else node for node in key)
        return test, yes, no

    def _fixed(self, function: int, variable: int, side: list[int]) -> int:
        part: dict[int, int] = {FALSE: FALSE, TRUE: TRUE}
        for node in self.below(function):
            level = self.level[node]
            if level < variable:
                part[node] = self.node(level, part[self.low[node]], part[self.high[node]])
            else:
                part[node] = side[node] if level == variable else node
        return part[function]


def chances(diagram: Diagram, nodes: Sequence[int], yes: Any, no: Any) -> dict[int, Any]:
    """Return the probability of each node of a diagram, of any kind of number or array.

    Args:
        diagram: holds the nodes.
        nodes: those of interest and all below, in ascending order: `diagram.below(...)`.
        yes: by variable, the probability that it is true.
        no: by variable, the probability that it is false; given apart, for its full precision.
    """
    found: dict[int, Any] = {FALSE: 0, TRUE: 1}
    for node in nodes:
        level = diagram.level[node]
        found[node] = yes[level] * found[diagram.high[node]] + no[level] * found[diagram.low[node]]
    return found


def slopes(
    diagram: Diagram, function: int, found: dict[int, Any], yes: Any, no: Any
) -> dict[int, Any]:
    """Return by variable how the probability of a function changes with that of the variable.

    Args:
        diagram: holds the function.
        function: the function.
        found: probabilities of its nodes, from `chances`.
        yes: as for `chances`.
        no: as for `chances`.
    """
    reached: dict[int, Any] = {function: 1}
    slope: dict[int, Any] = {}
    for node in reversed(diagram.below(function)):
        level, low, high = diagram.level[node], diagram.low[node], diagram.high[node]
        part = reached.pop(node)
        slope[level] = slope.get(level, 0) + part * (found[high] - found[low])
        reached[high] = reached.get(high, 0) + part * yes[level]
        reached[low] = reached.get(low, 0) + part * no[level]
    return slope
