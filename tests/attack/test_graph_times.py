"""Attack graphs that go round: the times of their nodes, and the steps that led to a goal."""

from functools import partial

import jax
import numpy as np
import pytest

from attack.random_graphs import earliest, graph_of, random_graph
from otsim.attack.tree_program import compile_tree, compile_with_ways, leaf_names
from otsim.config.attack_tree import Node
from otsim_kernels.attack_timeline import timeline
from otsim_kernels.attack_way import way_to

run = jax.jit(timeline)
N = 32


@pytest.mark.parametrize("seed", range(12))
def test_times_are_those_of_a_search_bit_for_bit(seed: int) -> None:
    tree, states = random_graph(seed)
    draw = np.random.default_rng(seed)
    leaves = leaf_names(tree)
    taken = draw.lognormal(1.0, 1.0, (len(leaves), N)).astype(np.float32)
    exists = draw.random((len(leaves), N)) < 0.7
    exists[leaves.index("none")] = False
    asked = [*states, "goal"]
    found = run(compile_tree(tree, nodes=asked, worlds=False), leaf_time=taken, leaf_exists=exists)
    for lane in range(N):
        alone = np.where(exists[:, lane], taken[:, lane], np.float32(np.inf))
        want = earliest(tree, dict(zip(leaves, alone, strict=True)))
        times = [want.get(name, np.inf) for name in asked]
        assert np.array_equal(found.time[:, lane], np.array(times, np.float32))


def test_what_supports_only_itself_never_falls() -> None:
    nodes = {
        "a": Node(gate="OR", children=["to_a"]),
        "b": Node(gate="OR", children=["to_b"]),
        "to_a": Node(gate="SAND", children=["b", "x"]),
        "to_b": Node(gate="SAND", children=["a", "y"]),
        "x": Node(),
        "y": Node(),
    }
    program = compile_tree(graph_of(nodes, ["a"]), nodes=["a", "b"], worlds=False)
    found = run(program, leaf_time=np.zeros((2, 4), np.float32), leaf_exists=np.ones((2, 4), bool))
    assert np.all(np.isinf(found.time))


@pytest.mark.parametrize("seed", range(12))
def test_the_way_is_enough_for_the_goal_and_no_step_of_it_can_go(seed: int) -> None:
    tree, _ = random_graph(seed)
    draw = np.random.default_rng(100 + seed)
    leaves = leaf_names(tree)
    taken = draw.lognormal(1.0, 1.0, (len(leaves), N)).astype(np.float32)
    exists = draw.random((len(leaves), N)) < 0.8
    exists[leaves.index("none")] = False
    program, ways = compile_with_ways(tree, ["goal"])
    fall = partial(run, program, leaf_time=taken)
    found = fall(leaf_exists=exists)
    goal_h = np.asarray(found.time[0])
    way = np.asarray(
        jax.jit(way_to)(
            ways, found.table, nodes=program.time_rows, fallen=np.isfinite(goal_h)[None]
        )
    )
    assert np.array_equal(way.any(axis=0), np.isfinite(goal_h))
    assert np.all(way <= exists)
    assert np.array_equal(fall(leaf_exists=way).time[0], goal_h)
    for leaf in np.flatnonzero(way.any(axis=1)):  # without one step of its way the goal is later
        without = way.copy()
        without[leaf] = False
        later = np.asarray(fall(leaf_exists=without).time[0])
        assert np.all(later[way[leaf]] > goal_h[way[leaf]])


def test_a_choice_between_equals_is_made_once() -> None:
    nodes = {
        "goal": Node(gate="OR", children=["a", "b"]),
        "a": Node(),
        "b": Node(),
    }
    program, ways = compile_with_ways(graph_of(nodes, ["goal"]), ["goal"])
    ones, there = np.ones((2, 4), np.float32), np.ones((2, 4), bool)
    found = run(program, leaf_time=ones, leaf_exists=there)
    way = jax.jit(way_to)(ways, found.table, nodes=program.time_rows, fallen=there[:1])
    assert way.tolist() == [[True] * 4, [False] * 4]
