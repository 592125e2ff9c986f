"""What holds of the graph of any plant: removals only take away, names stay, rings hold nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from architecture.plants import TE_POINTS
from otsim.architecture.attack_graph import AttackGraph
from otsim.architecture.generate import generate_architecture
from otsim.architecture.graph.build import attack_graph
from otsim.architecture.graph.reachable import possible, pruned, shapes_of
from otsim.config.attack_tree import Node

PLANTS = st.builds(
    generate_architecture,
    st.integers(20, 50),
    st.integers(0, 2**32),
    points=st.sampled_from([(), TE_POINTS[40:60]]),
    weak_share=st.sampled_from([0.0, 0.3, 1.0]),
)
REMOVABLE = ("services", "conduits", "vulnerabilities", "credentials", "people", "media",
             "vendor_access", "controls")  # fmt: skip
UNHURRIED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def without(plant, block, name):
    """Remove an entry, and what cannot be without it."""
    left = {key: dict(getattr(plant, key)) for key in REMOVABLE}
    del left[block][name]
    if block == "services":
        drop(left["vulnerabilities"], lambda flaw: flaw.service == name)
        drop(left["vendor_access"], lambda vendor: vendor.service == name)
    if block == "credentials":
        for key in ("people", "vendor_access"):
            left[key] = {k: without_name(one, "credentials", name) for k, one in left[key].items()}
    if block == "controls":
        left["conduits"] = {
            k: without_name(one, "controls", name) for k, one in left["conduits"].items()
        }
    return plant.model_copy(update=left)


def drop(entries, goes):
    for key in [key for key, one in entries.items() if goes(one)]:
        del entries[key]


def without_name(one, field, name):
    kept = tuple(other for other in getattr(one, field) if other != name)
    return one.model_copy(update={field: kept})


def sufficient_for(key, graph):
    """The children, and theirs below OR gates: an asset without services is seen from its zone."""
    node = graph.nodes[key]
    found = list(node.children)
    for name in found:  # grows while it is read
        if node.gate == "OR" and graph.nodes[name].gate == "OR":
            found += [one for one in graph.nodes[name].children if one not in found]
    return set(found)


@UNHURRIED
@example(plant=generate_architecture(20, 0, points=()), which="services", place=11)
@given(plant=PLANTS, which=st.sampled_from(REMOVABLE), place=st.integers(0, 10**6))
def test_removing_an_entry_only_takes_away(plant, which, place):
    before = attack_graph(plant)
    block = which if getattr(plant, which) else "services"
    entries = sorted(getattr(plant, block))
    name = entries[place % len(entries)]
    after = attack_graph(without(plant, block, name))
    assert set(after.nodes) <= set(before.nodes)
    assert set(after.needs) <= set(before.needs)
    for leaf, step in after.steps.items():  # what is left is as it was, under its name
        assert after.nodes[leaf] == before.nodes[leaf]
        if block != "controls":
            assert step == before.steps[leaf]
    for key, node in after.nodes.items():
        assert set(node.children) <= sufficient_for(key, before)
    if block == "controls":
        assert list(after.nodes) == list(before.nodes)


@UNHURRIED
@given(plant=PLANTS)
def test_sound_whatever_the_plant(plant):
    graph = attack_graph(plant)
    leaves = {name for name, node in graph.nodes.items() if node.gate == "LEAF"}
    assert set(graph.steps) == leaves
    assert possible(shapes_of(graph.nodes)) == set(graph.nodes)
    for node in graph.nodes.values():
        assert all(child in graph.nodes for child in node.children)
        assert len(set(node.children)) == len(node.children)
        assert bool(node.children) == (node.gate != "LEAF")
    for node in graph.nodes.values():
        if node.gate == "SAND":
            before, leaf = node.children
            assert leaf in leaves
            assert before not in leaves or before == "learn_process"


@UNHURRIED
@given(plant=PLANTS)
def test_pruning_keeps_what_leads_to_a_goal(plant):
    graph = attack_graph(plant)
    kept = pruned(graph, graph.needs.values())
    assert set(graph.needs) == set(kept.needs)
    needed = set(kept.needs.values())
    for node in kept.nodes.values():
        needed.update(node.children)
    assert set(kept.nodes) == needed  # each is below a goal
    for name, node in kept.nodes.items():
        assert node == graph.nodes[name]
    assert pruned(kept, kept.needs.values()) == kept


def test_same_plant_same_graph_and_points_of_every_kind():
    plant = generate_architecture(40, 5, points=TE_POINTS)
    one, two = (attack_graph(plant, points=TE_POINTS) for _ in range(2))
    assert one == two
    assert list(one.nodes) == list(two.nodes)
    rules = {step.rule for step in one.steps.values()}
    assert {"give_command", "change_setpoint", "report_falsely", "flood_link"} <= rules


def test_a_ring_does_not_hold_itself_up():
    nodes = {
        "a": Node(gate="OR", children=["b"]),
        "b": Node(gate="OR", children=["a", "c"]),
        "c": Node(gate="AND", children=["leaf", "missing"]),
        "leaf": Node(),
        "goal.x": Node(gate="OR", children=["a", "leaf"]),
        "never": Node(probability=0.0),
        "two": Node(gate="VOTE", k=2, children=["leaf", "other", "never"]),
        "three": Node(gate="VOTE", k=3, children=["leaf", "other", "never"]),
        "other": Node(),
        "but": Node(gate="COUNTER", children=["leaf", "never"]),
        "all": Node(gate="SAND", children=["leaf", "never"]),
    }
    assert possible(shapes_of(nodes)) == {"leaf", "goal.x", "two", "other", "but"}
    graph = AttackGraph(nodes=nodes, steps={}, needs={"x": "goal.x", "y": "a"})
    kept = pruned(graph, ["goal.x", "a"])
    assert set(kept.nodes) == {"goal.x", "leaf"}
    assert kept.nodes["goal.x"].children == ["leaf"]
    assert kept.needs == {"x": "goal.x"}
    assert set(pruned(graph, ["but"]).nodes) == {"but", "leaf", "never"}
    assert pruned(graph, ["two"]).nodes["two"].children == ["leaf", "other"]


@pytest.mark.parametrize(
    ("n_assets", "nodes", "edges"), [(97, 3_400, 5_200), (970, 34_000, 51_000)]
)
def test_made_up_plants_have_the_size_of_the_benchmarks(n_assets, nodes, edges):
    graph = attack_graph(generate_architecture(n_assets, 1))
    assert len(graph.nodes) == pytest.approx(nodes, rel=0.15)
    assert sum(len(node.children) for node in graph.nodes.values()) == pytest.approx(
        edges, rel=0.15
    )
