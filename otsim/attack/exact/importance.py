"""How much each leaf matters: Birnbaum, criticality, Fussell-Vesely, RAW, RRW, Shapley, Sobol."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from otsim.attack.exact.decision_diagram import chances, slopes
from otsim.attack.exact.measured_tree import MeasuredTree
from otsim.attack.exact.success import Success, success

__all__ = ["MEASURES", "importance"]


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What the measures are made of, exact: P(top), and by leaf P(leaf) and P(top | 1) - P(| 0)."""

    tree: MeasuredTree
    node: str
    found: Success
    top: Fraction
    chance: Mapping[str, Fraction]
    slope: Mapping[str, Fraction]


def importance(tree: MeasuredTree, node: str, measure: str) -> dict[str, float]:
    """Return an importance measure of every leaf below a node.

    With P the probability that the node succeeds, P1 and P0 the same given that the leaf does or
    does not, p the leaf's probability:

    - birnbaum: P1 - P0; criticality: (P1 - P0) p / P;
    - fussell_vesely: 1 - P0 / P; raw: P1 / P; rrw: P / P0;
    - shapley: Shapley value of the game in which leaves outside a coalition have probability 0;
    - sobol_first, sobol_total: indices of the success indicator, each leaf one random input.

    A ratio to a probability of 0 is inf, and nan where both are 0.

    Args:
        tree: the tree with its probabilities.
        node: whose success is asked about.
        measure: one of `MEASURES`.
    """
    parts = _parts(tree, node)
    return MEASURES[measure](parts)


def _parts(tree: MeasuredTree, node: str) -> _Parts:
    found = success(tree.shape, node)
    yes = [tree.chance_of(name) for name in found.leaves]
    no = [1 - p for p in yes]
    function = found.functions[node]
    parts = chances(found.diagram, found.diagram.below(function), yes, no)
    slope = slopes(found.diagram, function, parts, yes, no)
    return _Parts(
        tree=tree,
        node=node,
        found=found,
        top=Fraction(parts[function]),
        chance=dict(zip(found.leaves, yes, strict=True)),
        slope={name: Fraction(slope.get(i, 0)) for i, name in enumerate(found.leaves)},
    )


def _birnbaum(parts: _Parts) -> dict[str, float]:
    return {name: float(slope) for name, slope in parts.slope.items()}


def _criticality(parts: _Parts) -> dict[str, float]:
    return {
        name: _ratio(slope * parts.chance[name], parts.top) for name, slope in parts.slope.items()
    }


def _achievement(parts: _Parts) -> dict[str, float]:
    return {
        name: _ratio(parts.top + (1 - parts.chance[name]) * slope, parts.top)
        for name, slope in parts.slope.items()
    }


def _reduction(parts: _Parts) -> dict[str, float]:
    return {
        name: _ratio(parts.top, parts.top - parts.chance[name] * slope)
        for name, slope in parts.slope.items()
    }


def _shapley(parts: _Parts) -> dict[str, float]:
    """Average each leaf's contribution over coalitions that hold every other leaf by chance q.

    With q uniform this is the Shapley value (Owen 1972), and the contribution is a polynomial in
    q, whose degree is below the number of leaves: Gauss-Legendre quadrature is exact.
    """
    diagram, leaves = parts.found.diagram, parts.found.leaves
    points, weights = np.polynomial.legendre.leggauss(len(leaves) // 2 + 1)
    q = 0.5 * (points + 1.0)
    yes = [float(parts.chance[name]) * q for name in leaves]
    no = [1.0 - p for p in yes]
    function = parts.found.functions[parts.node]
    found = chances(diagram, diagram.below(function), yes, no)
    slope = slopes(diagram, function, found, yes, no)
    return {
        name: float(parts.chance[name]) * float(np.sum(0.5 * weights * slope.get(i, 0.0)))
        for i, name in enumerate(leaves)
    }


def _sobol_first(parts: _Parts) -> dict[str, float]:
    variance = parts.top * (1 - parts.top)
    return {
        name: _ratio(_spread(parts, name) * slope**2, variance)
        for name, slope in parts.slope.items()
    }


def _sobol_total(parts: _Parts) -> dict[str, float]:
    """Weigh each leaf's own variance by the chance that it decides, upwards or downwards."""
    variance = parts.top * (1 - parts.top)
    nodes = (parts.tree.shape.nodes[name] for name in parts.found.functions)
    monotone = all(node.gate != "COUNTER" for node in nodes)
    decides = parts.slope if monotone else _chances_to_decide(parts)
    return {
        name: _ratio(_spread(parts, name) * chance, variance) for name, chance in decides.items()
    }


def _chances_to_decide(parts: _Parts) -> dict[str, Fraction]:
    """Return by leaf the probability that the node hangs on it, one way or the other."""
    diagram = parts.found.diagram
    yes = [parts.chance[name] for name in parts.found.leaves]
    no = [1 - p for p in yes]
    function = parts.found.functions[parts.node]
    found = {}
    for i, name in enumerate(parts.found.leaves):
        decides = diagram.differ(*diagram.given(function, i))
        found[name] = Fraction(chances(diagram, diagram.below(decides), yes, no)[decides])
    return found


def _spread(parts: _Parts, name: str) -> Fraction:
    return parts.chance[name] * (1 - parts.chance[name])


def _ratio(above: Fraction, below: Fraction) -> float:
    if below == 0:
        return math.nan if above == 0 else math.inf
    return float(above / below)


MEASURES: dict[str, Callable[[_Parts], dict[str, float]]] = {
    "birnbaum": _birnbaum,
    "criticality": _criticality,
    "fussell_vesely": _criticality,  # P - P0 = p (P1 - P0)
    "raw": _achievement,
    "rrw": _reduction,
    "shapley": _shapley,
    "sobol_first": _sobol_first,
    "sobol_total": _sobol_total,
}
