"""Laws of times that gates make of independent times: minimum, maximum, k-th smallest, unless.

What has fallen by time t is a Boolean function of which of the given times are over by then. So
its decision diagram, with the distribution functions for probabilities, gives the law.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np

from otsim.attack.exact.decision_diagram import FALSE, TRUE, Diagram, chances, slopes
from otsim.attack.exact.laws import Floats, Law, merged_edges, real_edges
from otsim.attack.exact.panels import mesh, moments_of, nodes_of

__all__ = ["chance_together", "gate_law"]

SMALLEST = 1e-300
ROUNDING = 1e-15  # relative; a smaller jump of a distribution function is none


def gate_law(diagram: Diagram, function: int, laws: Sequence[Law]) -> Law:
    """Return the law of the time at which a Boolean function of other times becomes true.

    Args:
        diagram: holds the function; its variable i is true once time i is over.
        function: stays true once it is; nothing is true before time 0, and what countermeasures
            hang on is decided then.
        laws: of the independent times.
    """
    gate = _Gate(diagram=diagram, function=function, laws=laws)
    mass = float(gate.chance([law.mass for law in laws]))
    atoms = np.unique(np.concatenate([np.zeros(0), *(law.atoms for law in laws)]))
    before = np.where(atoms > 0.0, gate.chance([law.cdf_before(atoms) for law in laws]), 0.0)
    weights = gate.cdf(atoms) - before
    real = weights > ROUNDING * mass
    smooth = [law for law in laws if law.edges]
    end = max((law.edges[-1] for law in smooth), default=0.0)
    found = Law(
        cdf=gate.cdf,
        density=gate.density,
        mass=mass,
        atoms=atoms[real],
        weights=weights[real],
        edges=_edges(smooth, atoms, end),
        first=lambda: min((law.first() for law in smooth), default=0.0),
        endless=any(law.endless for law in smooth if law.edges[-1] == end),
    )
    return replace(found, moments=cache(lambda: moments_of(found)))


@dataclass(frozen=True, kw_only=True)
class _Gate:
    """A function of times that are over or not."""

    diagram: Diagram
    function: int
    laws: Sequence[Law]

    @cached_property
    def below(self) -> list[int]:
        """The nodes of the function's diagram."""
        return self.diagram.below(self.function)

    def chance(self, yes: Sequence[Any]) -> Any:
        """Return the probability of the function, given those of its variables."""
        no = [1.0 - p for p in yes]
        return chances(self.diagram, self.below, yes, no)[self.function]

    def cdf(self, time: Floats) -> Floats:
        """Return the probability that the function is true by then."""
        found = self.chance([law.cdf(time) for law in self.laws]) + np.zeros(len(time))
        return np.where(time < 0.0, 0.0, found)

    def density(self, time: Floats) -> Floats:
        """Return the density: that of each time, where the function hangs on it alone."""
        yes = [law.cdf(time) for law in self.laws]
        no = [1.0 - p for p in yes]
        parts = chances(self.diagram, self.below, yes, no)
        found = np.zeros(len(time))
        for i, slope in slopes(self.diagram, self.function, parts, yes, no).items():
            found += slope * self.laws[i].density(time)
        return np.maximum(found, 0.0)


def _edges(smooth: Sequence[Law], atoms: Floats, end: float) -> tuple[float, ...]:
    """Return where the density may not be smooth: at edges of others, and at atoms in between."""
    edges = [edge for law in smooth for edge in real_edges(law)]
    start = min(edges, default=end)
    return merged_edges([*edges, *(each for each in atoms.tolist() if start < each < end)], end)


def chance_together(diagram: Diagram, functions: tuple[int, int], laws: Sequence[Law]) -> float:
    """Return the probability that two functions of independent times come true at one moment.

    Args:
        diagram: holds the functions; its variable i is true once time i is over.
        functions: the two; ties between different times count as one moment.
        laws: of the independent times.
    """
    both = _Pair(diagram=diagram, first=functions[0], second=functions[1], laws=laws)
    atoms = np.unique(np.concatenate([np.zeros(0), *(law.atoms for law in laws)]))
    smooth = [i for i, law in enumerate(laws) if law.edges]
    return sum(_while_one_ends(both, i) for i in smooth) + _at_atoms(both, atoms)


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """Two functions of the same times."""

    diagram: Diagram
    first: int
    second: int
    laws: Sequence[Law]


def _while_one_ends(pair: _Pair, ending: int) -> float:
    """Return the chance that both come true when one time, which has a density, is over."""
    diagram, law = pair.diagram, pair.laws[ending]
    first, second = (diagram.given(each, ending) for each in (pair.first, pair.second))
    turned = diagram.both(diagram.unless(*first[::-1]), diagram.unless(*second[::-1]))
    below = diagram.below(turned)
    low, high = law.edges[0], law.edges[-1]
    ends = [mesh(each) for each in pair.laws if each.edges] + [each.atoms for each in pair.laws]
    points, weights = nodes_of(np.unique(np.clip(np.concatenate(ends), low, high)))
    yes = [each.cdf(points) for each in pair.laws]
    chance = chances(diagram, below, yes, [1.0 - p for p in yes])[turned]
    return float(np.sum(weights * law.density(points) * chance))


def _at_atoms(pair: _Pair, atoms: Floats) -> float:
    """Return the chance that both come true at an atom of any of the times.

    Each time becomes two variables, over before the atom and over at it, so that the functions
    before and at the atom stand in one diagram.
    """
    doubled = Diagram()
    before = [doubled.variable(2 * i) for i in range(len(pair.laws))]
    by_then = [doubled.either(each, doubled.variable(2 * i + 1)) for i, each in enumerate(before)]
    then, earlier = (
        [_copied(pair.diagram, each, doubled, over) for each in (pair.first, pair.second)]
        for over in (by_then, before)
    )
    turned = doubled.both(*map(doubled.unless, then, earlier))
    at_once = doubled.both(*then)
    chance = []
    for law in pair.laws:
        over = law.cdf_before(atoms)
        at = np.maximum(law.cdf(atoms) - over, 0.0)
        chance += [over, at / np.maximum(1.0 - over, SMALLEST)]
    no = [1.0 - p for p in chance]
    found = chances(doubled, doubled.below(turned, at_once), chance, no)
    return float(np.sum(np.where(atoms > 0.0, found[turned], found[at_once])))


def _copied(diagram: Diagram, function: int, into: Diagram, variables: Sequence[int]) -> int:
    """Return a function in another diagram, with other functions for its variables."""
    copy = {FALSE: FALSE, TRUE: TRUE}
    for node in diagram.below(function):
        test = variables[diagram.level[node]]
        copy[node] = into.choose(test, copy[diagram.high[node]], copy[diagram.low[node]])
    return copy[function]
