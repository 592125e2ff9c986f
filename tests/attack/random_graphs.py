"""Random attack graphs with cycles, and what a plain search says about them."""

import heapq
import random

import numpy as np

from otsim.config.attack_tree import AttackTree, Node


def random_graph(seed: int, n_states: int = 12) -> tuple[AttackTree, list[str]]:
    """Make states that are gained by steps, each from one or two other states or from outside."""
    draw = random.Random(seed)
    states = [f"s{i}" for i in range(n_states)]
    ways: dict[str, list[str]] = {state: [] for state in states}
    nodes: dict[str, Node] = {}
    for i in range(3 * n_states):
        gained, leaf = draw.choice(states), f"leaf{i}"
        needs = draw.sample(states, draw.choice([0, 1, 1, 2]))
        nodes[leaf] = Node(gate="LEAF", entry=not needs)
        first = needs
        if len(needs) > 1:
            nodes[f"both{i}"] = Node(gate="AND", children=needs)
            first = [f"both{i}"]
        nodes[f"step{i}"] = Node(gate="SAND", children=[*first, leaf])
        ways[gained].append(f"step{i}")
    nodes |= {state: Node(gate="OR", children=given or ["none"]) for state, given in ways.items()}
    nodes["none"] = Node(gate="LEAF")
    nodes["goal"] = Node(gate="AND", children=states[:2])
    return graph_of(nodes, ["goal", *states]), states


def graph_of(nodes: dict[str, Node], roots: list[str]) -> AttackTree:
    """Wrap nodes that may go round as a tree, unchecked."""
    return AttackTree.model_construct(title=None, description=None, roots=roots, nodes=nodes)


def earliest(tree: AttackTree, taken: dict[str, np.float32]) -> dict[str, np.float32]:
    """Find when each node falls by Knuth's search: settle the earliest, then what it brings."""
    parents: dict[str, list[str]] = {name: [] for name in tree.nodes}
    for name, node in tree.nodes.items():
        for child in node.children:
            parents[child].append(name)
    settled: dict[str, np.float32] = {}
    queue = [
        (np.float32(0.0) + taken[name], name)
        for name, node in tree.nodes.items()
        if node.gate == "LEAF" and not _follows(tree, parents, name)
    ]
    heapq.heapify(queue)
    while queue:
        time, name = heapq.heappop(queue)
        if name in settled or not np.isfinite(time):
            continue
        settled[name] = time
        for parent in parents[name]:
            found = _brought(tree, parent, settled, taken)
            if found is not None:
                heapq.heappush(queue, found)
    return settled


def _follows(tree: AttackTree, parents: dict[str, list[str]], leaf: str) -> bool:
    """Whether a leaf waits for something before it in a SAND."""
    return any(
        tree.nodes[parent].gate == "SAND" and tree.nodes[parent].children[0] != leaf
        for parent in parents[leaf]
    )


def _brought(
    tree: AttackTree, name: str, settled: dict[str, np.float32], taken: dict[str, np.float32]
) -> tuple[np.float32, str] | None:
    node = tree.nodes[name]
    done = [settled[child] for child in node.children if child in settled]
    if node.gate == "OR":
        return min(done), name
    if node.gate == "SAND" and len(node.children) == 2 and len(done) == 1:
        first, leaf = node.children
        return (settled[first] + taken[leaf], leaf) if first in settled else None
    return (max(done), name) if len(done) == len(node.children) else None
