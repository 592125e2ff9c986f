"""A study -> the arrays from which campaigns are drawn, and the names of their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from otsim.attack.goal_steps import steps_tried
from otsim.attack.plant_actions import ActionDraws, action_draws
from otsim.attack.tree_program import compile_tree, leaf_names
from otsim.config.attack_tree import AttackTree, LeafProbability, Node
from otsim.config.distributions import DistributionBase, FixedNumber
from otsim.config.quantiles import compile_distribution
from otsim.config.study import Study
from otsim.config.study_attackers import Profile
from otsim.draws import names
from otsim.errors import ModelError

if TYPE_CHECKING:
    from otsim_kernels.attack_campaign import CampaignModel, Choice, Clocks, Detections, Steps
    from otsim_kernels.distributions import DrawBank, Quantile

__all__ = [
    "AttackModel",
    "compile_attack",
    "leaf_chance",
    "step_time",
]

HOURS_PER_DAY = 24.0


@dataclass(frozen=True, kw_only=True)
class AttackModel:
    """A study's attack side, compiled.

    Attributes:
        nodes: names of the tree's nodes, the rows of `Campaigns.node_h`.
        entries: names of the ways in, which `Campaigns.entry` counts.
        profiles: names of the attackers; goals: names of the goals.
        counts_breaches: whether a campaign is redrawn until it finds a way in.
        arrays: what the kernel draws from.
        actions: what each goal does to the plant.
    """

    nodes: tuple[str, ...]
    entries: tuple[str, ...]
    profiles: tuple[str, ...]
    goals: tuple[str, ...]
    counts_breaches: bool
    arrays: CampaignModel
    actions: tuple[ActionDraws, ...]


def compile_attack(study: Study) -> AttackModel:
    """Compile the attackers, the tree and the defence of a study.

    Raises:
        ModelError: the study counts breaches, but its tree has no way in.
    """
    tree = study.attack.tree
    counts_breaches = study.attackers.frequency.count == "breaches"
    if counts_breaches and not tree.entry_names:
        raise ModelError(
            "attack.tree.nodes: no leaf is a way in, but attackers.frequency counts breaches; "
            "mark at least one leaf with entry: true, or count attempts"
        )
    return AttackModel(
        nodes=tuple(tree.nodes),
        entries=tree.entry_names,
        profiles=tuple(study.attackers.profiles),
        goals=tuple(study.attack.goals),
        counts_breaches=counts_breaches,
        arrays=_arrays(study),
        actions=action_draws(study.attack.goals),
    )


def step_time(node: Node) -> Quantile:
    """Compile the time to compromise of a leaf, hours."""
    if node.time_d is not None:
        return compile_distribution(node.time_d, HOURS_PER_DAY)
    return compile_distribution(node.time_h if node.time_h is not None else FixedNumber(0.0))


def leaf_chance(probability: LeafProbability, skill: str) -> float:
    """Return the chance that a step exists for an attacker of this skill."""
    return probability if isinstance(probability, float) else float(getattr(probability, skill))


def _arrays(study: Study) -> CampaignModel:
    from otsim_kernels.attack_campaign import CampaignModel

    tree, profiles = study.attack.tree, list(study.attackers.profiles.values())
    row = {name: i for i, name in enumerate(tree.nodes)}
    goals = study.attack.goals
    most = max(len(goal.needs) for goal in goals.values())
    needs = [[*goal.needs, *[goal.needs[-1]] * (most - len(goal.needs))] for goal in goals.values()]
    return CampaignModel(
        program=compile_tree(tree),
        profile=_choice(names.PROFILE, [[profile.share for profile in profiles]]),
        goal=_choice(names.GOAL, [_motive(profile, list(goals)) for profile in profiles]),
        needs=np.array([[row[name] for name in each] for each in needs], np.int32),
        entries=np.array([row[name] for name in tree.entry_names], np.int32),
        steps=_steps(tree, profiles),
        detections=_detections(study),
        clocks=_clocks(study),
    )


def _motive(profile: Profile, goals: Sequence[str]) -> list[float]:
    if profile.motive is None:
        return [1.0] * len(goals)
    return [profile.motive.get(goal, 0.0) for goal in goals]


def _choice(purpose: str, odds: list[list[float]]) -> Choice:
    from otsim_kernels.attack_campaign import Choice
    from otsim_kernels.distributions import chance_limit
    from otsim_kernels.draws import purpose_id

    cumulative = np.cumsum(odds, axis=1)
    return Choice(
        purpose=np.uint32(purpose_id(purpose)),
        limits=chance_limit((cumulative / cumulative[:, -1:])[:, :-1]),
    )


def _steps(tree: AttackTree, profiles: Sequence[Profile]) -> Steps:
    from otsim_kernels.attack_campaign import Steps
    from otsim_kernels.distributions import chance_limit, draw_bank

    steps = leaf_names(tree)
    leaves = [tree.nodes[name] for name in steps]
    chances = [
        [leaf_chance(leaf.probability, profile.skill) for leaf in leaves] for profile in profiles
    ]
    return Steps(
        exists_purpose=_purposes(map(names.step_exists, steps)),
        exists_limit=chance_limit(np.array(chances)),
        time_h=draw_bank([(names.step_time(name), step_time(tree.nodes[name])) for name in steps]),
    )


def _detections(study: Study) -> Detections:
    from otsim_kernels.attack_campaign import Detections
    from otsim_kernels.distributions import chance_limit, draw_bank

    tree = study.attack.tree
    row = {name: i for i, name in enumerate(tree.nodes)}
    watched = {
        name: node.detection for name, node in tree.nodes.items() if node.detection is not None
    }
    tried = [steps_tried(tree, goal.needs) for goal in study.attack.goals.values()]
    return Detections(
        nodes=np.array([row[name] for name in watched], np.int32),
        purpose=_purposes(map(names.detection, watched)),
        limit=chance_limit([[each.probability] for each in watched.values()]).reshape(-1, 1),
        tried=np.array([[name in steps for steps in tried] for name in watched], bool).reshape(
            len(watched), len(tried)
        ),
        delay_h=draw_bank(
            [
                (names.detection_delay(name), compile_distribution(each.delay_h))
                for name, each in watched.items()
            ]
        ),
    )


def _clocks(study: Study) -> Clocks:
    from otsim_kernels.attack_campaign import Clocks
    from otsim_kernels.distributions import chance_limit
    from otsim_kernels.draws import purpose_id

    response, attackers = study.defence.response, study.attackers
    budget_h = np.inf if attackers.budget_d is None else attackers.budget_d * HOURS_PER_DAY
    return Clocks(
        effort_purpose=np.uint32(purpose_id(names.EFFORT)),
        effort_sigma=np.float64(attackers.common_effort_sigma),
        time_factor=np.array([each.time_factor for each in attackers.profiles.values()]),
        budget_h=np.float64(budget_h),
        response_purpose=np.uint32(purpose_id(names.RESPONSE_ACTED_UPON)),
        response_limit=chance_limit(0.0 if response is None else response.probability),
        response_h=_one(names.RESPONSE_DELAY, None if response is None else response.delay_h),
    )


def _one(purpose: str, given: DistributionBase | None) -> DrawBank:
    from otsim_kernels.distributions import draw_bank

    return draw_bank([(purpose, compile_distribution(given or FixedNumber(0.0)))])


def _purposes(named: Iterable[str]) -> np.ndarray:
    from otsim_kernels.draws import purpose_id

    return np.array([[purpose_id(name)] for name in named], np.uint32).reshape(-1, 1)
