"""The leaves of a graph as arrays: whether they exist, what prevents them, how long they take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from otsim.architecture.attack_graph import ExploitTime, Step
from otsim.attack.tree_program import leaf_names
from otsim.config.attack_tree import AttackTree, LeafProbability, Node
from otsim.config.distributions import FixedNumber
from otsim.config.quantiles import compile_distribution
from otsim.config.study_attackers import Profile
from otsim.draws import names

if TYPE_CHECKING:
    from otsim_kernels.campaign_model import Exploits, Steps
    from otsim_kernels.distributions import Quantile

__all__ = [
    "HOURS_PER_DAY",
    "LEAST_H",
    "in_drawing_order",
    "leaf_chance",
    "purposes",
    "step_arrays",
    "step_time",
]

HOURS_PER_DAY = 24.0
LEAST_H = 1.0 / 60.0  # of a step of a graph: what goes round must come later, never at once


def step_arrays(
    tree: AttackTree,
    steps: Mapping[str, Step],
    profiles: Sequence[Profile],
    controls: Sequence[str],
) -> Steps:
    """Compile the leaves.

    Args:
        tree: the graph.
        steps: what stands behind the leaves that come from an architecture.
        profiles: the attackers.
        controls: names of the controls, the rows of the kernel's `Controls`.
    """
    from otsim_kernels.campaign_model import Steps
    from otsim_kernels.distributions import chance_limit, draw_bank

    leaves = leaf_names(tree)
    chances = [
        [leaf_chance(tree.nodes[name].probability, profile.skill) for name in leaves]
        for profile in profiles
    ]
    exploits = {name: step.exploit for name in leaves if (step := steps.get(name)) and step.exploit}
    own = [name for name in leaves if name not in exploits]
    assert (*own, *exploits) == leaves, "the graph is not in drawing order"
    return Steps(
        exists_purpose=purposes(map(names.step_exists, leaves)),
        exists_limit=chance_limit(np.array(chances)),
        guards=_guards([steps.get(name) for name in leaves], controls),
        absent=np.zeros((len(leaves), 1), bool),
        present=np.zeros((len(leaves), 1), bool),
        time_h=draw_bank([(names.step_time(name), step_time(tree.nodes[name])) for name in own]),
        exploits=_exploits(exploits, profiles),
        least_h=np.array([[LEAST_H if name in steps else 0.0] for name in leaves]),
    )


def in_drawing_order(nodes: Mapping[str, Node], steps: Mapping[str, Step]) -> dict[str, Node]:
    """Order the nodes of a graph so that leaves of one law stand together, exploits last.

    Then what is drawn together is where the kernel wants it, and need not be moved there.
    """

    def place(name: str) -> tuple[bool, bool, str]:
        step = steps.get(name)
        return nodes[name].gate != "LEAF", bool(step and step.exploit), _law(nodes[name])

    return {name: nodes[name] for name in sorted(nodes, key=place)}


def step_time(node: Node) -> Quantile:
    """Compile the time to compromise of a leaf, hours."""
    if node.time_d is not None:
        return compile_distribution(node.time_d, HOURS_PER_DAY)
    return compile_distribution(node.time_h if node.time_h is not None else FixedNumber(0.0))


def leaf_chance(probability: LeafProbability, skill: str) -> float:
    """Return the chance that a step exists for an attacker of this skill."""
    return probability if isinstance(probability, float) else float(getattr(probability, skill))


def purposes(named: Iterable[str]) -> np.ndarray:
    """Return the purposes of some draws, u32[n, 1]."""
    from otsim_kernels.draws import purpose_id

    return np.array([[purpose_id(name)] for name in named], np.uint32).reshape(-1, 1)


def _law(node: Node) -> str:
    time = node.time_h if node.time_d is None else node.time_d
    return type(time).__name__


def _guards(steps: Sequence[Step | None], controls: Sequence[str]) -> np.ndarray:
    """List for each leaf the rows of the controls that prevent it, i32[n_guards, n_leaves]."""
    row = {name: i for i, name in enumerate(controls)}
    guards = [[] if step is None else [row[name] for name in step.prevented_by] for step in steps]
    most = max(map(len, guards), default=0)
    filled = [[*given, *[len(controls)] * (most - len(given))] for given in guards]
    return np.array(filled, np.int32).reshape(len(steps), most).T


def _exploits(exploits: Mapping[str, ExploitTime], profiles: Sequence[Profile]) -> Exploits:
    from otsim_kernels.campaign_model import Exploits
    from otsim_kernels.distributions import chance_limit

    shape = (len(profiles), len(exploits), 3)
    laws = list(exploits.values())
    chance = np.array([[law.chance[each.skill] for law in laws] for each in profiles])
    mean_h = HOURS_PER_DAY * np.array(
        [[law.mean_d[each.skill] for law in laws] for each in profiles]
    )
    sigma = np.array([law.sigma for law in laws])
    mu = np.log(mean_h.reshape(shape)) - 0.5 * sigma[:, None] ** 2
    reached = np.minimum(np.cumsum(chance.reshape(shape), axis=2), 1.0)
    return Exploits(
        process=purposes(map(names.process, exploits)),
        time=purposes(map(names.step_time, exploits)),
        limits=chance_limit(np.moveaxis(reached[:, :, :2], 2, 0)),
        mu=np.moveaxis(mu, 2, 0),
        sigma=sigma[:, None],
    )
