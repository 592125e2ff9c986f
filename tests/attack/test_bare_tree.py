"""A tree drawn without a study."""

import math
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from attack.small_study import exponential, small_study
from otsim.attack import compile_attack, sample_campaigns, sample_tree
from otsim.attack.goal_steps import steps_tried
from otsim.config.attack_tree import AttackTree
from otsim.config.distributions import Distribution
from otsim.draws import Streams

N_WORLDS = 100_000
ERRORS = 4.5

NODES: dict[str, Any] = {
    "r": {"gate": "AND", "children": ["x", "y"]},
    "x": {"gate": "OR", "children": ["a", "b"]},
    "y": {"gate": "OR", "children": ["a", "c"]},
    "a": {"time_h": exponential(10.0), "probability": 0.5, "entry": True},
    "b": {"time_h": exponential(5.0)},
    "c": {"time_h": exponential(2.5)},
}


def tree_of(nodes: dict[str, Any]) -> AttackTree:
    return AttackTree.model_validate({"nodes": nodes})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_worlds_do_not_depend_on_the_cut(dtype: type) -> None:
    tree = tree_of(NODES)
    whole = sample_tree(tree, 0, 10_000, seed=4, dtype=dtype)
    part = sample_tree(tree, 4000, 500, seed=4, dtype=dtype)
    assert whole.time_h.dtype == dtype
    assert whole.nodes == tuple(NODES)
    np.testing.assert_array_equal(part.time_h, whole.time_h[:, 4000:4500])
    np.testing.assert_array_equal(part.success, whole.success[:, 4000:4500])


def test_precisions_draw_the_same_worlds() -> None:
    tree = tree_of(NODES)
    single, double = (
        sample_tree(tree, 0, 10_000, seed=4, dtype=dtype) for dtype in (np.float32, np.float64)
    )
    np.testing.assert_array_equal(single.success, double.success)
    ever = np.isfinite(double.time_h)
    np.testing.assert_array_equal(np.isfinite(single.time_h), ever)
    apart = np.abs(single.time_h[ever] - double.time_h[ever])
    assert apart.mean() < 1e-6 * double.time_h[ever].mean()


def test_the_worlds_are_those_of_a_study() -> None:
    model = compile_attack(small_study(NODES, needs={"g": ["r"]}))
    campaigns = sample_campaigns(model, 0, 5000, draws=Streams(seed=4))
    np.testing.assert_array_equal(
        campaigns.node_h, sample_tree(tree_of(NODES), 0, 5000, seed=4).time_h
    )


def test_the_competing_clock() -> None:
    nodes = {
        "r": {"gate": "SAND", "children": ["a", "b"]},
        "a": {"time_h": exponential(20.0)},
        "b": {"time_h": exponential(10.0)},
    }
    clock = TypeAdapter(Distribution).validate_python(exponential(25.0))
    drawn = sample_tree(tree_of(nodes), 0, N_WORLDS, seed=4, clock=clock)
    chance = (0.05 / 0.09) * (0.1 / 0.14)
    error = math.sqrt(chance * (1.0 - chance) / N_WORLDS)
    assert abs((drawn.time_h[0] < drawn.clock_h).mean() - chance) < ERRORS * error
    assert np.isinf(sample_tree(tree_of(nodes), 0, 10, seed=4).clock_h).all()


def test_steps_on_the_way_to_a_goal() -> None:
    nodes: dict[str, Any] = {
        "r": {"gate": "SAND", "children": ["in", "hold", "end"]},
        "in": {"gate": "OR", "children": ["mail", "usb"]},
        "end": {"gate": "OR", "children": ["goal", "other"]},
        "goal": {"gate": "COUNTER", "children": ["step", "guard"]},
        "apart": {"gate": "OR", "children": ["lone", "door"]},
    }
    for name in ("mail", "usb", "hold", "step", "guard", "other", "lone"):
        nodes[name] = {}
    nodes["door"] = {"entry": True}
    tried = steps_tried(tree_of(nodes), ["goal"])
    assert tried == {"in", "mail", "usb", "hold", "goal", "step", "guard", "door"}
    assert steps_tried(tree_of(nodes), ["hold"]) == {"in", "mail", "usb", "hold", "door"}


def test_a_large_tree_is_quick_to_compile_and_right() -> None:
    nodes: dict[str, Any] = {}
    for i in range(100):
        nodes[f"g{i}"] = {"gate": "OR", "children": [f"a{i}", f"b{i}"]}
        nodes[f"a{i}"] = {"probability": 0.5, "time_h": 1.0}
        nodes[f"b{i}"] = {"probability": 0.98, "time_h": 2.0}
    nodes["r"] = {"gate": "AND", "children": [f"g{i}" for i in range(100)]}
    drawn = sample_tree(tree_of(nodes), 0, N_WORLDS, seed=4)
    chance = (1.0 - 0.5 * 0.02) ** 100
    error = math.sqrt(chance * (1.0 - chance) / N_WORLDS)
    assert abs(drawn.success[-1].mean() - chance) < ERRORS * error
