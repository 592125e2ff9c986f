"""Short ways through an attack graph: from an entry, over given steps, towards a goal."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from otsim.attack.joined_graph import JoinedGraph

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["ShortWay", "WayFinder"]

_Reach = tuple[Mapping[str, float], Mapping[str, list[str]]]


@dataclass(frozen=True, kw_only=True)
class ShortWay:
    """The main line of a way: what else its steps need is left out.

    Attributes:
        steps: leaves in the order in which they are taken.
        goal: the study's goal that it leads towards.
    """

    steps: tuple[str, ...]
    goal: str


class WayFinder:
    """Finds the way of the fewest steps, one need of each step followed back."""

    def __init__(self, graph: JoinedGraph) -> None:
        """Take the attack graph of a study."""
        self.graph = graph
        self.nodes = graph.tree.nodes
        self._reaches: dict[frozenset[str], _Reach] = {}

    def through(
        self, steps: Collection[str], goals: Collection[str] | None = None
    ) -> ShortWay | None:
        """Return the shortest way over one of some leaves; None where none leads to a goal.

        Args:
            steps: the leaves.
            goals: names of the goals that it may lead to; None for all.
        """
        wanted = frozenset(self.graph.needs if goals is None else goals)
        ahead, behind = self._from_entries, self._to(wanted)
        best: tuple[float, str] | None = None
        for leaf in steps:
            for node in self._taken_at(leaf):
                if node in ahead[0] and node in behind[0]:
                    length = ahead[0][node] + behind[0][node]
                    if best is None or (length, node) < best:
                        best = length, node
        if best is None:
            return None
        _, node = best
        path = [*ahead[1][node], *reversed(behind[1][node][:-1])]
        return ShortWay(steps=self._leaves_of(path), goal=self._goal_of(behind[1][node][0], wanted))

    @cached_property
    def _upward(self) -> nx.DiGraph[str]:
        """The graph from what is needed to what needs it; an edge weighs the step taken on it."""
        import networkx as nx

        found: nx.DiGraph[str] = nx.DiGraph()
        found.add_nodes_from(self.nodes)
        for name, node in self.nodes.items():
            for child in node.children:
                is_step = node.gate == "SAND" and self.nodes[child].gate != "LEAF"
                found.add_edge(child, name, weight=1 if is_step else 0)
        return found

    @cached_property
    def _from_entries(self) -> _Reach:
        import networkx as nx

        entries = [name for name, node in self.nodes.items() if node.gate == "LEAF" and node.entry]
        found: _Reach = nx.multi_source_dijkstra(self._upward, entries) if entries else ({}, {})
        return found

    def _to(self, goals: frozenset[str]) -> _Reach:
        import networkx as nx

        if goals not in self._reaches:
            nodes = list(dict.fromkeys(n for goal in goals for n in self.graph.needs[goal]))
            turned = self._upward.reverse(copy=False)
            self._reaches[goals] = nx.multi_source_dijkstra(turned, sorted(nodes))
        return self._reaches[goals]

    def _taken_at(self, leaf: str) -> Sequence[str]:
        """The nodes at which a leaf takes its time: itself, if it starts from outside."""
        if self.nodes[leaf].entry:
            return [leaf]
        return [
            parent for parent in self._upward.successors(leaf) if self.nodes[parent].gate == "SAND"
        ]

    def _leaves_of(self, path: Sequence[str]) -> tuple[str, ...]:
        """The steps taken along a path of nodes."""
        found: dict[str, None] = {}
        for name in path:
            node = self.nodes[name]
            if node.gate == "LEAF":
                found[name] = None
            elif node.gate == "SAND":
                found |= dict.fromkeys(
                    child for child in node.children if self.nodes[child].gate == "LEAF"
                )
        return tuple(found)

    def _goal_of(self, node: str, goals: Collection[str]) -> str:
        return next(
            goal for goal, needs in self.graph.needs.items() if node in needs and goal in goals
        )
