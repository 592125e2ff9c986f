"""The time of each node of a tree as an expression of its leaves, by the sampler's rules.

The roots start at 0 and a gate hands its start on to its children; a child of a SAND starts when
those before it are done. A node with several parents starts at the earliest, falls once, and a
SAND that comes to it later finds it done (`otsim_kernels.attack_timeline`).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from fractions import Fraction

from otsim.attack.exact.expressions import DONE, NEVER, Expression, Expressions
from otsim.attack.exact.measured_tree import MeasuredTree
from otsim.attack.exact.unwinding import unwind
from otsim.attack.tree_values import Value, tree_values
from otsim.errors import ModelError

__all__ = ["NotIndependentError", "TreeExpressions"]

_Key = tuple[str, str, int, frozenset[str]]
"""What is asked: start, time, world or chain; of which node; how far; without whose starts."""

_NONE: frozenset[str] = frozenset()


class NotIndependentError(ModelError):
    """Times that would have to be independent are not."""


class TreeExpressions:
    """Expressions of the times and starts of a tree's nodes."""

    def __init__(self, tree: MeasuredTree, *, exists: Mapping[str, bool] | None = None) -> None:
        """Keep the tree, and of which leaves it is given that they exist or do not."""
        self.table = Expressions()
        self.tree = tree
        self._exists = dict(exists or {})
        self._known: dict[_Key, int] = {}
        self._offers = _offers(tree)
        self._in_rings = _in_rings(tree)

    def time(self, node: str) -> int:
        """Return when a node falls."""
        return unwind(self._rule, ("time", node, 0, _NONE), self._known)

    def start(self, node: str) -> int:
        """Return when a node is first tried."""
        return unwind(self._rule, ("start", node, 0, _NONE), self._known)

    def chance(self, leaf: str) -> Fraction:
        """Return the probability that a leaf exists, given what is known."""
        return Fraction(self._exists.get(leaf, self.tree.chance_of(leaf)))

    def is_random(self, expression: Expression) -> bool:
        """Tell whether an expression is a leaf whose time is not known beforehand."""
        if expression.kind == "leaf":
            return self.chance(expression.name) < 1 or not self.has_fixed_time(expression.name)
        return expression.kind == "exists"

    def has_fixed_time(self, leaf: str) -> bool:
        """Tell whether a leaf, if it exists, always takes the same time."""
        distribution = self.tree.time_of(leaf).distribution
        return distribution.lowest == distribution.highest

    def _rule(self, key: _Key) -> Generator[_Key, int, int]:
        rules = {
            "start": self._start,
            "time": self._time,
            "world": self._world,
            "chain": self._progress,
        }
        return (yield from rules[key[0]](key))

    def _start(self, key: _Key) -> Generator[_Key, int, int]:
        """Return the earliest offer to start a node.

        Where starts depend on each other in a ring, an offer that itself waits for this start
        cannot be the earliest: it is worked out as if the node were never started.
        """
        _, name, _, without = key
        if name in without:
            return NEVER
        if name in self._in_rings:
            without |= {name}
        starts = []
        for offer in self._offers[name]:
            if offer is None:
                return DONE
            starts.append((yield (*offer, without)))
        return self.table.any_of(starts)

    def _time(self, key: _Key) -> Generator[_Key, int, int]:
        _, name, _, without = key
        node = self.tree.shape.nodes[name]
        if node.gate == "LEAF":
            start = yield ("start", name, 0, without)
            return self.table.chain([start, self._leaf(name)])
        if node.gate == "SAND":
            return (yield ("chain", name, len(node.children), without))
        if node.gate == "COUNTER":
            first = yield ("time", node.children[0], 0, without)
            second = yield ("world", node.children[1], 0, _NONE)
            return self.table.unless(first, second)
        times = []
        for child in node.children:
            times.append((yield ("time", child, 0, without)))
        return self._gate(name, times)

    def _progress(self, key: _Key) -> Generator[_Key, int, int]:
        """Return when the first children of a SAND are done."""
        _, name, count, without = key
        if count == 0:
            return (yield ("start", name, 0, without))
        before = yield ("chain", name, count - 1, without)
        child = self.tree.shape.nodes[name].children[count - 1]
        return self.table.all_of([before, (yield ("time", child, 0, without))])

    def _world(self, key: _Key) -> Generator[_Key, int, int]:
        name = key[1]
        node = self.tree.shape.nodes[name]
        if node.gate == "LEAF":
            return self._existence(name)
        worlds = []
        for child in node.children:
            worlds.append((yield ("world", child, 0, _NONE)))
        if node.gate == "COUNTER":
            return self.table.unless(*worlds)
        return self._gate(name, worlds)

    def _gate(self, name: str, parts: list[int]) -> int:
        node = self.tree.shape.nodes[name]
        if node.gate == "OR":
            return self.table.any_of(parts)
        if node.gate == "VOTE":
            return self.table.vote(node.k or 1, parts)
        return self.table.all_of(parts)

    def _leaf(self, name: str) -> int:
        distribution = self.tree.time_of(name).distribution
        if distribution.lowest == distribution.highest == 0.0:
            return self._existence(name)
        return NEVER if self.chance(name) == 0 else self.table.leaf(name)

    def _existence(self, name: str) -> int:
        chance = self.chance(name)
        if 0 < chance < 1:
            return self.table.exists(name)
        return DONE if chance else NEVER


_Offer = tuple[str, str, int]


def _offers(tree: MeasuredTree) -> dict[str, list[_Offer | None]]:
    """List for each node the moments at which it would be started; None for the beginning."""
    offers: dict[str, list[_Offer | None]] = {name: [] for name in tree.shape.nodes}
    for name, node in tree.shape.nodes.items():
        for i, child in enumerate(node.children):
            late = node.gate == "SAND" and i > 0
            offers[child].append(("chain", name, i) if late else ("start", name, 0))
    for name, given in offers.items():
        if not given or name in tree.shape.root_names:
            given.insert(0, None)
    return offers


def _in_rings(tree: MeasuredTree) -> set[str]:
    """Return the nodes whose starts depend on themselves."""
    import networkx as nx

    graph: nx.DiGraph[Value] = nx.DiGraph()
    for value, definition in tree_values(tree.shape).definitions.items():
        graph.add_edges_from((operand, value) for operand in definition.operands)
    rings = [ring for ring in nx.strongly_connected_components(graph) if len(ring) > 1]
    return {str(value[1]) for ring in rings for value in ring if value[0] == "start"}
