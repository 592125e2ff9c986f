"""A study -> the arrays from which campaigns are drawn, and the names of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from otsim.attack.defence_arrays import (
    control_arrays,
    detection_arrays,
    response_arrays,
    watched_steps,
)
from otsim.attack.joined_graph import JoinedGraph, joined_graph
from otsim.attack.plant_actions import ActionDraws, action_draws
from otsim.attack.step_arrays import HOURS_PER_DAY, step_arrays
from otsim.attack.tree_program import compile_tree, compile_with_ways, leaf_names
from otsim.config.study import Study
from otsim.config.study_attackers import Profile
from otsim.draws import names
from otsim.errors import ModelError

if TYPE_CHECKING:
    from otsim_kernels.attack_timeline import Program
    from otsim_kernels.attack_way import Ways
    from otsim_kernels.campaign_model import CampaignModel, Choice, Clocks

__all__ = ["AttackModel", "compile_attack"]


@dataclass(frozen=True, kw_only=True)
class AttackModel:
    """A study's attack side, compiled.

    Attributes:
        nodes: names of the nodes that are asked for, the rows of `Campaigns.node_h`.
        leaves: names of all steps, the rows of `otsim.attack.sampling.steps_on_way`.
        entries: names of the ways in, which `Campaigns.entry` counts.
        profiles: names of the attackers; goals: names of the goals.
        controls: names of the architecture's controls, in place or not.
        counts_breaches: whether a campaign is redrawn until it finds a way in.
        arrays: what the kernel draws from.
        actions: what each goal does to the plant.
    """

    nodes: tuple[str, ...]
    leaves: tuple[str, ...]
    entries: tuple[str, ...]
    profiles: tuple[str, ...]
    goals: tuple[str, ...]
    controls: tuple[str, ...]
    counts_breaches: bool
    arrays: CampaignModel
    actions: tuple[ActionDraws, ...]


def compile_attack(study: Study) -> AttackModel:
    """Compile the attackers, the tree or graph and the defence of a study.

    Raises:
        ModelError: the study counts breaches, but there is no way in.
    """
    graph = joined_graph(study)
    counts_breaches = study.attackers.frequency.count == "breaches"
    if counts_breaches and not graph.tree.entry_names:
        raise ModelError(
            "attack: no step is a way in, but attackers.frequency counts breaches; mark at least "
            "one leaf of the tree with entry: true, open a service of the architecture to an "
            "untrusted zone, or count attempts"
        )
    architecture = study.attack.architecture
    nodes = _asked_for(study, graph)
    return AttackModel(
        nodes=nodes,
        leaves=leaf_names(graph.tree),
        entries=graph.tree.entry_names,
        profiles=tuple(study.attackers.profiles),
        goals=tuple(study.attack.goals),
        controls=() if architecture is None else tuple(architecture.controls),
        counts_breaches=counts_breaches,
        arrays=_arrays(study, graph, nodes),
        actions=action_draws(study.attack.goals),
    )


def _asked_for(study: Study, graph: JoinedGraph) -> tuple[str, ...]:
    """All nodes of a tree; of a graph, which may have thousands, those that decide something."""
    if study.attack.architecture is None:
        return tuple(graph.tree.nodes)
    needs = [node for nodes in graph.needs.values() for node in nodes]
    watched = [each.leaf for each in watched_steps(graph)]
    return tuple(dict.fromkeys([*needs, *graph.tree.entry_names, *watched]))


def _arrays(study: Study, graph: JoinedGraph, nodes: Sequence[str]) -> CampaignModel:
    from otsim_kernels.campaign_model import CampaignModel

    profiles = list(study.attackers.profiles.values())
    architecture = study.attack.architecture
    controls = {} if architecture is None else architecture.controls
    row = {name: i for i, name in enumerate(nodes)}
    leaf = {name: i for i, name in enumerate(leaf_names(graph.tree))}
    program, ways = _program(study, graph, nodes)
    return CampaignModel(
        program=program,
        ways=ways,
        profile=_choice(names.PROFILE, [[profile.share for profile in profiles]]),
        goal=_choice(names.GOAL, [_motive(profile, list(graph.needs)) for profile in profiles]),
        needs=_needs(graph, row),
        entries=np.array([row[name] for name in graph.tree.entry_names], np.int32),
        entry_leaves=np.array([leaf[name] for name in graph.tree.entry_names], np.int32),
        steps=step_arrays(graph.tree, graph.steps, profiles, list(controls)),
        controls=control_arrays(controls),
        detections=detection_arrays(study, graph, row, list(controls)),
        responses=response_arrays(study, watched_steps(graph), graph.steps, list(controls)),
        clocks=_clocks(study),
    )


def _program(study: Study, graph: JoinedGraph, nodes: Sequence[str]) -> tuple[Program, Ways | None]:
    if study.attack.architecture is None:
        return compile_tree(graph.tree, worlds=False), None
    return compile_with_ways(graph.tree, nodes)


def _needs(graph: JoinedGraph, row: dict[str, int]) -> np.ndarray:
    """List the rows that each goal needs, i32[n_goals, n_needs]; the last fills up."""
    most = max(map(len, graph.needs.values()))
    filled = [[*needs, *[needs[-1]] * (most - len(needs))] for needs in graph.needs.values()]
    return np.array([[row[name] for name in each] for each in filled], np.int32)


def _motive(profile: Profile, goals: Sequence[str]) -> list[float]:
    if profile.motive is None:
        return [1.0] * len(goals)
    return [profile.motive.get(goal, 0.0) for goal in goals]


def _choice(purpose: str, odds: list[list[float]]) -> Choice:
    from otsim_kernels.campaign_model import Choice
    from otsim_kernels.distributions import chance_limit
    from otsim_kernels.draws import purpose_id

    cumulative = np.cumsum(odds, axis=1)
    return Choice(
        purpose=np.uint32(purpose_id(purpose)),
        limits=chance_limit((cumulative / cumulative[:, -1:])[:, :-1]),
    )


def _clocks(study: Study) -> Clocks:
    from otsim_kernels.campaign_model import Clocks
    from otsim_kernels.draws import purpose_id

    attackers = study.attackers
    budget_h = np.inf if attackers.budget_d is None else attackers.budget_d * HOURS_PER_DAY
    return Clocks(
        effort_purpose=np.uint32(purpose_id(names.EFFORT)),
        effort_sigma=np.float64(attackers.common_effort_sigma),
        time_factor=np.array([each.time_factor for each in attackers.profiles.values()]),
        budget_h=np.float64(budget_h),
    )
