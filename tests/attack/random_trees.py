"""Small random trees with shared nodes, and what follows from them by enumeration."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from otsim.attack.exact import MeasuredTree, measured
from otsim.attack.exact.success import leaf_order, nodes_below
from otsim.config.attack_tree import AttackTree
from otsim.config.tree_shape import children_first

GATES = ("OR", "AND", "SAND", "VOTE", "COUNTER")
CHANCES = (1.0, 1.0, 0.5, 0.3, 0.8)

NO_TIME = st.just({})
EXPONENTIAL = st.sampled_from([
    {}, {"exponential": {"rate": 0.3}}, {"exponential": {"rate": 1.0}},
    {"exponential": {"rate": 2.0}}, {"gamma": {"shape": 2.0, "scale": 0.5}},
])  # fmt: skip
FEW_VALUES = st.sampled_from([
    {}, 1.0, 2.0, {"discrete": {"values": [0.0, 2.0], "probs": [0.25, 0.75]}},
    {"discrete": {"values": [1.0, 3.5], "probs": [0.5, 0.5]}},
])  # fmt: skip
ANY_TIME = st.sampled_from([
    {}, 2.0, {"lognormal": {"mu": 0.5, "sigma": 0.7}}, {"weibull": {"shape": 0.7, "scale": 2.0}},
    {"uniform": {"low": 1.0, "high": 3.0}}, {"pert": {"low": 0.0, "mode": 1.0, "high": 5.0}},
    {"triangular": {"low": 0.0, "mode": 1.0, "high": 5.0}}, {"exponential": {"rate": 0.5}},
    {"sum": [{"uniform": {"low": 0.0, "high": 1.0}}, {"gamma": {"shape": 1.5, "scale": 1.0}}]},
])  # fmt: skip


@st.composite
def trees(
    draw: st.DrawFn,
    *,
    time: st.SearchStrategy[Any] = NO_TIME,
    gates: Sequence[str] = GATES,
    most: int = 6,
) -> MeasuredTree:
    """Draw a tree whose last node is the root; any node may have several parents."""
    nodes: dict[str, Any] = {}
    for i in range(draw(st.integers(2, most))):
        given = draw(time)
        leaf = {"probability": draw(st.sampled_from(CHANCES))}
        nodes[f"l{i}"] = leaf if given == {} else leaf | {"time_h": given}
    for i in range(draw(st.integers(1, most))):
        gate = draw(st.sampled_from(gates))
        size = (2, 2) if gate == "COUNTER" else (1, 4)
        children = draw(
            st.lists(
                st.sampled_from(sorted(nodes)), min_size=size[0], max_size=size[1], unique=True
            )
        )
        nodes[f"x{i}"] = {"gate": gate, "children": children}
        if gate == "VOTE":
            nodes[f"x{i}"]["k"] = draw(st.integers(1, len(children)))
    return tree_of(nodes, root=list(nodes)[-1])


def tree_of(nodes: Mapping[str, Any], root: str | None = None) -> MeasuredTree:
    """Make a tree of nodes as files write them; the root is the first, unless it is named."""
    root = next(iter(nodes)) if root is None else root
    below = {child for node in nodes.values() for child in node.get("children", ())}
    roots = [root, *(name for name in nodes if name not in below and name != root)]
    return measured(AttackTree.model_validate({"roots": roots, "nodes": dict(nodes)}))


def priced(tree: MeasuredTree, costs: Sequence[int], damages: Sequence[int] = (0,)) -> MeasuredTree:
    """Give the leaves costs, and all nodes but defences damages, in turn."""
    nodes = [name for name in tree.shape.nodes if name not in tree.defences]
    return replace(
        tree,
        cost=dict(zip(tree.leaves, map(Fraction, itertools.cycle(costs)), strict=False)),
        damage=dict(zip(nodes, map(Fraction, itertools.cycle(damages)), strict=False)),
    )


def falls(tree: MeasuredTree, up: Mapping[str, bool]) -> dict[str, bool]:
    """Return which nodes succeed if these leaves do."""
    found: dict[str, bool] = {}
    for name in children_first(tree.shape):
        node = tree.shape.nodes[name]
        below = [found[child] for child in node.children]
        match node.gate:
            case "LEAF":
                found[name] = up.get(name, False)
            case "OR":
                found[name] = any(below)
            case "VOTE":
                found[name] = sum(below) >= (node.k or 0)
            case "COUNTER":
                found[name] = below[0] and not below[1]
            case _:
                found[name] = all(below)
    return found


def worlds(
    tree: MeasuredTree, chance: Mapping[str, Fraction]
) -> Iterator[tuple[Fraction, dict[str, bool]]]:
    """List every combination of leaves below the root with its probability."""
    leaves = leaf_order(tree.shape, tree.root)
    for bits in itertools.product((False, True), repeat=len(leaves)):
        up = dict(zip(leaves, bits, strict=True))
        weight = Fraction(1)
        for name, there in up.items():
            weight *= chance[name] if there else 1 - chance[name]
        yield weight, up


def enumerated(tree: MeasuredTree, chance: Mapping[str, Fraction]) -> Fraction:
    """Return the probability that the root succeeds, by enumeration."""
    found = (weight for weight, up in worlds(tree, chance) if falls(tree, up)[tree.root])
    return sum(found, Fraction(0))


def chances(tree: MeasuredTree) -> dict[str, Fraction]:
    """Return the probabilities of the leaves below the root."""
    return {name: tree.chance_of(name) for name in leaf_order(tree.shape, tree.root)}


def attacks_of(tree: MeasuredTree) -> Iterator[tuple[frozenset[str], dict[str, bool]]]:
    """List every set of the attacker's leaves with what falls while certain defences stand."""
    leaves = [name for name in chances(tree) if name not in tree.defences]
    standing = dict.fromkeys(tree.standing, True)
    for bits in itertools.product((False, True), repeat=len(leaves)):
        chosen = frozenset(name for name, bit in zip(leaves, bits, strict=True) if bit)
        yield chosen, falls(tree, standing | dict.fromkeys(chosen, True))


def nodes_that_count(tree: MeasuredTree) -> list[str]:
    """Return the nodes below the root, itself included."""
    return nodes_below(tree.shape, tree.root)
