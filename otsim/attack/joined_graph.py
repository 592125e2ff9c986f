"""The attack graph of a study: its hand-made tree, its architecture's graph, or both as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from otsim.architecture.attack_graph import AttackGraph, Step
from otsim.attack.step_arrays import in_drawing_order
from otsim.config import tree_shape
from otsim.config.attack_tree import AttackTree, Node
from otsim.config.problems import Problem, did_you_mean
from otsim.config.study import Study
from otsim.config.study_points import points_of
from otsim.errors import ModelError

__all__ = ["JoinedGraph", "graph_problems", "joined_graph"]


@dataclass(frozen=True, kw_only=True)
class JoinedGraph:
    """What a campaign works its way through.

    Attributes:
        tree: all nodes; below an architecture they may go round.
        steps: what stands behind the leaves that come from an architecture.
        needs: for each goal of the study the nodes that must fall.
        out_of_reach: goals that no way leads to in any world.
    """

    tree: AttackTree
    steps: Mapping[str, Step]
    needs: Mapping[str, tuple[str, ...]]
    out_of_reach: tuple[str, ...] = ()


def joined_graph(study: Study) -> JoinedGraph:
    """Return the attack graph of a study.

    Raises:
        ModelError: a goal needs what is no node; `graph_problems` finds it with its place.
    """
    return _joined(_Same(study))


def graph_problems(study: Study) -> list[Problem]:
    """Find what is wrong between a study and the graph of its architecture."""
    if study.attack.architecture is None:
        return []
    graph = _graph_of(study)
    nodes, found = _all_nodes(study, graph)
    for name, goal in study.attack.goals.items():
        place = ("attack", "goals", name)
        if not goal.needs and name not in study.attack.architecture.goals:
            message = "needs is missing, and the architecture has no goal of this name; add either"
            found.append((place, message))
        for i, need in enumerate(goal.needs):
            if need not in nodes:
                named = "docs/attack-graph.md tells how nodes are named"
                hint = did_you_mean(need, nodes, otherwise=named)
                found.append(((*place, "needs", i), f"no node is named {need!r} ({hint})"))
    return found or _shape_problems(study, graph)


class _Same:
    """A study as a key of a cache: the same object, not an equal one."""

    def __init__(self, study: Study) -> None:
        self.study = study

    def __hash__(self) -> int:
        return id(self.study)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.study is self.study


@lru_cache(maxsize=4)
def _joined(same: _Same) -> JoinedGraph:
    study = same.study
    if study.attack.architecture is None:
        assert study.attack.tree is not None
        needs = {name: goal.needs for name, goal in study.attack.goals.items()}
        return JoinedGraph(tree=study.attack.tree, steps={}, needs=needs)
    problems = graph_problems(study)
    if problems:
        place, message = problems[0]
        raise ModelError(f"{'.'.join(map(str, place))}: {message}")
    graph = _graph_of(study)
    nodes, _ = _all_nodes(study, graph)
    needs = {  # a goal that no way leads to has no node
        name: goal.needs or (graph.needs.get(name, f"goal.{name}"),)
        for name, goal in study.attack.goals.items()
    }
    return _reachable(AttackGraph(nodes=nodes, steps=graph.steps, needs=graph.needs), needs)


def _reachable(graph: AttackGraph, needs: Mapping[str, tuple[str, ...]]) -> JoinedGraph:
    """Keep what leads from a way in to a goal; a need that nothing leads to never falls."""
    from otsim.architecture.graph.reachable import pruned

    wanted = list(dict.fromkeys(node for nodes in needs.values() for node in nodes))
    left = pruned(graph, wanted)
    nodes = dict(left.nodes)
    missing = [node for node in wanted if node not in nodes]
    nodes |= {node: Node(gate="LEAF", probability=0.0) for node in missing}
    nodes = in_drawing_order(nodes, left.steps)
    tree = AttackTree.model_construct(title=None, description=None, roots=wanted, nodes=nodes)
    return JoinedGraph(
        tree=tree,
        steps=left.steps,
        needs=needs,
        out_of_reach=tuple(
            name for name, of_goal in needs.items() if any(node in missing for node in of_goal)
        ),
    )


def _graph_of(study: Study) -> AttackGraph:
    return _compiled_graph(_Same(study))


@lru_cache(maxsize=4)
def _compiled_graph(same: _Same) -> AttackGraph:
    from otsim.architecture.graph.build import attack_graph, kinds_of_points

    study = same.study
    assert study.attack.architecture is not None
    return attack_graph(study.attack.architecture, points=kinds_of_points(points_of(study.plant)))


def _all_nodes(study: Study, graph: AttackGraph) -> tuple[dict[str, Node], list[Problem]]:
    """Join the nodes of tree and graph: the tree may name the graph's, and add ways to them."""
    nodes = dict(graph.nodes)
    found: list[Problem] = []
    for name, node in () if study.attack.tree is None else study.attack.tree.nodes.items():
        there = graph.nodes.get(name)
        if there is None:
            nodes[name] = node
        elif there.gate == node.gate == "OR":
            children = list(dict.fromkeys([*there.children, *node.children]))
            nodes[name] = there.model_copy(update={"children": children})
        else:
            message = (
                f"{name!r} is a node of the architecture's graph; name it as a child, or give it "
                "gate: OR to add ways to it"
            )
            found.append((("attack", "tree", "nodes", name), message))
    return nodes, found


def _shape_problems(study: Study, graph: AttackGraph) -> list[Problem]:
    """Find faults of the tree's own shape, its children being nodes of either."""
    tree = study.attack.tree
    if tree is None:
        return []
    foreign = {
        child: Node()
        for node in tree.nodes.values()
        for child in node.children
        if child in graph.nodes and child not in tree.nodes
    }
    whole = AttackTree.model_construct(
        title=None, description=None, roots=tree.roots, nodes={**tree.nodes, **foreign}
    )
    return [(("attack", "tree", *place), message) for place, message in tree_shape.problems(whole)]
