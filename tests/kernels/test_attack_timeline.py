"""When nodes fall: each gate, shared nodes, starts, and rings of starts."""

import itertools
from typing import Any

import jax
import numpy as np
import pytest

from otsim.attack.tree_program import compile_tree, leaf_names
from otsim.config.attack_tree import AttackTree
from otsim_kernels.attack_timeline import timeline

INF = np.inf
run = jax.jit(timeline)


def tree_of(**nodes: Any) -> AttackTree:
    """Write a tree as `r="OR a b"`, `v="VOTE2 a b c"`; names that are not defined are leaves."""
    table: dict[str, dict[str, Any]] = {}
    for name, text in nodes.items():
        gate, *children = text.split()
        table[name] = {"gate": gate.rstrip("0123456789"), "children": children}
        if gate.startswith("VOTE"):
            table[name]["k"] = int(gate[4:])
        for child in children:
            if child not in nodes:
                table.setdefault(child, {})
    return AttackTree.model_validate({"nodes": table})


def fall(tree: AttackTree, **leaves: float) -> dict[str, tuple[float, float, bool]]:
    """Give each node's (time, start, success) in the world where the leaves take this long."""
    taken = np.array([[leaves[name]] for name in leaf_names(tree)], np.float32)
    found = run(compile_tree(tree), leaf_time=taken, leaf_exists=np.isfinite(taken))
    rows = zip(found.time[:, 0], found.start[:, 0], found.success[:, 0], strict=True)
    return {
        name: (float(time), float(start), bool(success))
        for name, (time, start, success) in zip(tree.nodes, rows, strict=True)
    }


GATES = [
    ("OR a b c", {"a": 3, "b": 2, "c": INF}, 2),
    ("OR a b", {"a": INF, "b": INF}, INF),
    ("AND a b c", {"a": 3, "b": 2, "c": 1}, 3),
    ("AND a b", {"a": 3, "b": INF}, INF),
    ("SAND a b c", {"a": 3, "b": 2, "c": 1}, 6),
    ("SAND a b", {"a": INF, "b": 2}, INF),
    ("VOTE1 a b c", {"a": 3, "b": 2, "c": INF}, 2),
    ("VOTE2 a b c", {"a": 3, "b": 2, "c": INF}, 3),
    ("VOTE3 a b c", {"a": 3, "b": 2, "c": INF}, INF),
    ("VOTE3 a b c d e", {"a": 5, "b": 1, "c": 4, "d": 2, "e": 3}, 3),
    ("COUNTER a b", {"a": 3, "b": INF}, 3),
    ("COUNTER a b", {"a": 3, "b": 1}, INF),
    ("COUNTER a b", {"a": 3, "b": 9}, INF),
    ("COUNTER a b", {"a": INF, "b": INF}, INF),
]


@pytest.mark.parametrize(("gate", "leaves", "want"), GATES)
def test_gates(gate: str, leaves: dict[str, float], want: float) -> None:
    time, start, success = fall(tree_of(r=gate), **leaves)["r"]
    assert (time, start, success) == (want, 0.0, np.isfinite(want))


def test_a_countermeasure_may_be_countered() -> None:
    tree = tree_of(r="COUNTER step guard", guard="COUNTER lock key")
    assert fall(tree, step=2, lock=0, key=0)["r"][0] == 2
    assert fall(tree, step=2, lock=0, key=INF)["r"][0] == INF
    assert fall(tree, step=2, lock=INF, key=INF)["r"][0] == 2


def test_a_countermeasure_stands_even_if_its_branch_is_never_tried() -> None:
    # The step is also tried from the root, but the guarded way needs a door that never opens.
    tree = tree_of(r="OR way step", way="SAND door guarded", guarded="COUNTER step guard")
    found = fall(tree, door=INF, step=1, guard=0)
    assert found["guarded"] == (INF, INF, False)
    assert found["r"][0] == 1


@pytest.mark.parametrize("k", range(1, 7))
def test_vote_is_the_kth_smallest(k: int) -> None:
    names = list("abcdef")
    times = np.random.default_rng(k).permutation(np.arange(1.0, 7.0))
    found = fall(tree_of(r=f"VOTE{k} " + " ".join(names)), **dict(zip(names, times, strict=True)))
    assert found["r"][0] == k


def test_starts_are_handed_down() -> None:
    tree = tree_of(r="SAND a g c", g="AND b h", h="OR d e")
    found = fall(tree, a=3, b=4, d=7, e=5, c=1)
    starts = {name: start for name, (_, start, _) in found.items()}
    assert starts == {"r": 0, "a": 0, "g": 3, "b": 3, "h": 3, "d": 3, "e": 3, "c": 8}
    assert found["r"][0] == 9


def test_steps_after_one_that_fails_are_never_tried() -> None:
    found = fall(tree_of(r="SAND a b c"), a=1, b=INF, c=2)
    assert found["b"] == (INF, 1.0, False)
    assert found["c"] == (INF, INF, True)


def test_a_shared_step_starts_at_the_earliest_of_its_parents_and_falls_once() -> None:
    # a is tried from time 0 on the left; the SAND on the right finds it done at 4, b ending at 6.
    tree = tree_of(r="AND x y", x="OR a c", y="SAND b a d")
    found = fall(tree, a=4, b=6, c=INF, d=1)
    assert found["a"] == (4.0, 0.0, True)
    assert found["y"][0] == 7.0  # max(4, 6) + 1
    assert found["d"][1] == 6.0
    found = fall(tree, a=8, b=6, c=INF, d=1)
    assert found["y"][0] == 9.0  # max(8, 6) + 1


def test_a_gate_below_a_sand_may_have_fallen_before_it_is_come_to() -> None:
    tree = tree_of(r="AND a s", s="SAND p g q", g="OR a b")
    found = fall(tree, a=1, p=5, b=2, q=3)
    assert found["g"][0] == 1.0
    assert found["b"] == (7.0, 5.0, True)
    assert found["s"][0] == 8.0


def test_a_step_used_twice_in_one_sand_is_done_once() -> None:
    found = fall(tree_of(r="SAND a g", g="OR a b"), a=3, b=1)
    assert found["r"][0] == 3.0
    assert found["b"] == (4.0, 3.0, True)


def test_two_sands_in_opposite_order() -> None:
    tree = tree_of(r="AND s u", s="SAND x a b", u="SAND y b a")
    found = fall(tree, x=10, y=2, a=3, b=1)
    assert found["b"] == (3.0, 2.0, True)
    assert found["a"] == (6.0, 3.0, True)
    assert found["s"][0] == 10.0
    assert found["r"][0] == 10.0
    found = fall(tree, x=INF, y=INF, a=3, b=1)
    assert [found[name][0] for name in ("a", "b", "r")] == [INF] * 3  # a ring holds up nothing


def least_times(tree: AttackTree, taken: dict[str, float]) -> dict[str, float]:
    """Find the times by sweeping the rules from infinity down until nothing moves."""
    start = dict.fromkeys(tree.nodes, INF)
    time = dict.fromkeys(tree.nodes, INF)
    for _ in range(10_000):
        before = dict(start), dict(time)
        start.update(dict.fromkeys(tree.root_names, 0.0))
        for name, node in tree.nodes.items():
            done = start[name]
            for child in node.children:
                start[child] = min(start[child], done if node.gate == "SAND" else start[name])
                done = max(done, time[child])
            times = sorted(time[child] for child in node.children)
            time[name] = {
                "LEAF": lambda: start[name] + taken[name],  # noqa: B023 called at once
                "OR": lambda: times[0],  # noqa: B023
                "AND": lambda: times[-1],  # noqa: B023
                "SAND": lambda: done,  # noqa: B023
                "VOTE": lambda: times[(node.k or 0) - 1],  # noqa: B023
            }[node.gate]()
        if before == (start, time):
            return time
    raise AssertionError("no fixpoint")


@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_against_plain_sweeps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    leaves = [f"l{i}" for i in range(8)]
    nodes: dict[str, str] = {}
    for i in range(14):
        below = [*leaves, *nodes]
        children = rng.choice(below, rng.integers(2, 5), replace=False)
        gates = ["OR", "AND", "SAND", "SAND", f"VOTE{rng.integers(1, len(children) + 1)}"]
        nodes[f"g{i}"] = " ".join([str(rng.choice(gates)), *children])
    tree = tree_of(**nodes)
    for taken in rng.integers(1, 50, (5, len(leaf_names(tree)))):
        lost = rng.random(len(taken)) < 0.1
        times = np.where(lost, INF, taken)
        want = least_times(tree, dict(zip(leaf_names(tree), times, strict=True)))
        got = fall(tree, **dict(zip(leaf_names(tree), times, strict=True)))
        assert {name: time for name, (time, _, _) in got.items()} == want


def test_success_on_all_worlds_of_a_shared_tree() -> None:
    tree = tree_of(r="OR x y v", x="AND a b", y="AND a c", v="VOTE2 b c d")
    names = leaf_names(tree)
    worlds = np.array(list(itertools.product([False, True], repeat=len(names)))).T
    found = run(compile_tree(tree), leaf_time=np.ones(worlds.shape, np.float32), leaf_exists=worlds)
    a, b, c, d = (worlds[names.index(name)] for name in "abcd")
    want = (a & b) | (a & c) | ((b.astype(int) + c + d) >= 2)
    np.testing.assert_array_equal(found.success[list(tree.nodes).index("r")], want)


def test_double_precision_is_kept() -> None:
    tree = tree_of(r="SAND a b")
    taken = np.array([[1.0], [1e-12]])
    with jax.enable_x64(True):
        found = run(compile_tree(tree), leaf_time=taken, leaf_exists=taken > 0)
        assert found.time.dtype == np.float64
        assert float(found.time[0, 0]) == 1.0 + 1e-12


def test_lanes_do_not_see_each_other() -> None:
    tree = tree_of(r="SAND x v", x="OR a b", v="VOTE2 a b c")
    taken = np.random.default_rng(3).exponential(1.0, (3, 64)).astype(np.float32)
    program = compile_tree(tree)
    whole = run(program, leaf_time=taken, leaf_exists=taken < 2.0)
    half = run(program, leaf_time=taken[:, 32:], leaf_exists=taken[:, 32:] < 2.0)
    np.testing.assert_array_equal(whole.time[:, 32:], half.time)
