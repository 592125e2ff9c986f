"""Draws belong to names and twins: cutting the range or editing the study leaves the rest alone."""

import itertools
from dataclasses import fields
from typing import Any

import jax
import numpy as np
import pytest

from attack.small_study import exponential, small_study
from otsim.attack import Campaigns, compile_attack, sample_campaigns
from otsim.draws import Streams

N_TWINS = 9_000  # more than two blocks of the kernel

NODES: dict[str, Any] = {
    "r": {"gate": "SAND", "children": ["in", "g"]},
    "in": {"gate": "OR", "children": ["mail", "vpn"]},
    "g": {"gate": "OR", "children": ["a", "b"]},
    "mail": {
        "probability": {"novice": 0.1, "beginner": 0.2, "intermediate": 0.3, "expert": 0.6},
        "time_h": exponential(5.0),
        "entry": True,
        "detection": {"probability": 0.2, "delay_h": exponential(20.0)},
    },
    "vpn": {"probability": 0.1, "time_h": {"gamma": {"shape": 2.0, "scale": 4.0}}, "entry": True},
    "a": {"probability": 0.7, "time_h": {"lognormal": {"median": 9.0, "p95": 60.0}}},
    "b": {"probability": 0.5, "time_h": {"pert": {"low": 1.0, "mode": 3.0, "high": 20.0}}},
}
ACTIONS = [
    {
        "kind": "bias",
        "target": "XMEAS9",
        "value": {"uniform": {"low": -5.0, "high": 5.0}},
        "delay_min": exponential(10.0),
        "duration_min": {"gamma": {"shape": 2.0, "scale": 30.0}},
    }
]
RESPONSE = {"delay_h": {"lognormal": {"median": 6.0, "p95": 48.0}}, "action": "isolate"}


def model_of(nodes: dict[str, Any], **keys: Any) -> Any:
    settings: dict[str, Any] = {
        "needs": {"g": ["r"]},
        "count": "breaches",
        "sigma": 0.5,
        "budget_d": 5.0,
        "response": RESPONSE,
        "actions": {"g": ACTIONS},
    }
    return compile_attack(small_study(nodes, **(settings | keys)))


def columns(campaigns: Campaigns) -> dict[str, np.ndarray]:
    """List every array of the campaigns, with the twin on the last axis."""
    own = {each.name: getattr(campaigns, each.name) for each in fields(campaigns)}
    actions = own.pop("actions")
    return own | {each.name: getattr(actions, each.name) for each in fields(actions)}


@pytest.mark.parametrize("count", ["breaches", "attempts"])
def test_any_cut_of_the_range_gives_the_same_bits(count: str) -> None:
    model = model_of(NODES, count=count)
    whole = columns(sample_campaigns(model, 0, N_TWINS, draws=Streams(seed=3)))
    cuts = [0, 1, 7, 300, 4096, 5000, N_TWINS]
    parts = [
        columns(sample_campaigns(model, first, last - first, draws=Streams(seed=3)))
        for first, last in itertools.pairwise(cuts)
    ]
    for name, column in whole.items():
        joined = np.concatenate([part[name] for part in parts], axis=-1)
        np.testing.assert_array_equal(joined, column, err_msg=name)


def test_shapes_and_types() -> None:
    campaigns = sample_campaigns(model_of(NODES), 100, 50, draws=Streams(seed=3))
    assert campaigns.twin_id.tolist() == list(range(100, 150))
    for name in ("profile", "goal", "entry", "attempts"):
        assert getattr(campaigns, name).dtype == np.int32
    for name in ("entry_h", "goal_h", "detected_h", "response_h"):
        assert getattr(campaigns, name).dtype == np.float64
    assert campaigns.node_h.dtype == np.float32
    assert campaigns.node_h.shape == (len(NODES), 50)
    assert {column.shape[-1] for column in columns(campaigns).values()} == {50}


def test_the_precision_of_the_process_does_not_matter() -> None:
    model = model_of(NODES)
    usual = columns(sample_campaigns(model, 0, 3000, draws=Streams(seed=3)))
    with jax.enable_x64(True):
        wide = columns(sample_campaigns(model, 0, 3000, draws=Streams(seed=3)))
    for name, column in usual.items():
        np.testing.assert_array_equal(wide[name], column, err_msg=name)
        assert wide[name].dtype == column.dtype


def test_another_seed_gives_other_campaigns() -> None:
    model = model_of(NODES)
    one, other = (
        sample_campaigns(model, 0, 500, draws=Streams(seed=seed)).entry_h for seed in (1, 2)
    )
    assert (one != other).all()


def test_adding_a_step_leaves_the_other_draws_alone() -> None:
    more = {"new": {"probability": 0.5, "time_h": exponential(2.0)}} | NODES
    more["g"] = {"gate": "OR", "children": ["new", "b", "a"]}
    before, after = (
        sample_campaigns(model_of(nodes, count="attempts"), 0, N_TWINS, draws=Streams(seed=3))
        for nodes in (NODES, more)
    )
    rows = [list(more).index(name) for name in NODES if name not in ("r", "g")]
    kept = [list(NODES).index(name) for name in NODES if name not in ("r", "g")]
    np.testing.assert_array_equal(after.node_h[rows], before.node_h[kept])
    for name in ("profile", "goal", "entry", "entry_h", "twin_id"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    assert (after.goal_h <= before.goal_h).all()
    assert (after.goal_h < before.goal_h).any()
    acted = before.acts & after.acts
    for name in ("start_h", "stop_h", "value"):
        old, new = getattr(before.actions, name), getattr(after.actions, name)
        np.testing.assert_array_equal(new[:, acted], old[:, acted])


def test_a_wider_way_in_leaves_the_plant_actions_alone() -> None:
    wider = NODES | {"vpn": NODES["vpn"] | {"probability": 0.9}}
    before, after = (
        sample_campaigns(model_of(nodes), 0, N_TWINS, draws=Streams(seed=3))
        for nodes in (NODES, wider)
    )
    acted = before.acts & after.acts
    assert (before.attempts[acted] > after.attempts[acted]).any()
    np.testing.assert_array_equal(after.actions.value[:, acted], before.actions.value[:, acted])


@pytest.mark.parametrize("step", ["mail", "vpn", "a", "b"])
def test_a_likelier_step_never_helps_the_defender(step: str) -> None:
    quiet: dict[str, Any] = {"count": "attempts", "response": None}
    likelier = NODES | {step: NODES[step] | {"probability": 0.8}}
    before, after = (
        sample_campaigns(model_of(nodes, **quiet), 0, N_TWINS, draws=Streams(seed=3))
        for nodes in (NODES, likelier)
    )
    assert (after.node_h <= before.node_h).all()
    assert not (before.acts & ~after.acts).any()
    assert after.acts.sum() > before.acts.sum()


def test_more_skill_never_helps_the_defender() -> None:
    acts = []
    for skill in ("novice", "beginner", "intermediate", "expert"):
        profiles = {"p": {"share": 1.0, "skill": skill}}
        model = model_of(NODES, count="attempts", response=None, profiles=profiles)
        acts.append(sample_campaigns(model, 0, N_TWINS, draws=Streams(seed=3)).acts)
    for less, more in itertools.pairwise(acts):
        assert not (less & ~more).any()
        assert more.sum() > less.sum()


def test_a_better_detection_never_helps_the_attacker() -> None:
    acts = []
    for chance in (0.0, 0.2, 0.9):
        watched = NODES["mail"] | {"detection": {"probability": chance, "delay_h": 1.0}}
        model = model_of(NODES | {"mail": watched}, count="attempts")
        acts.append(sample_campaigns(model, 0, N_TWINS, draws=Streams(seed=3)).acts)
    for worse, better in itertools.pairwise(acts):
        assert not (better & ~worse).any()
        assert better.sum() < worse.sum()
