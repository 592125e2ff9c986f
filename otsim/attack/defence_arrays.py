"""What stands against a campaign as arrays: controls, detections, responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from otsim.architecture.attack_graph import Step
from otsim.attack.goal_steps import steps_tried
from otsim.attack.joined_graph import JoinedGraph
from otsim.attack.step_arrays import HOURS_PER_DAY, purposes
from otsim.attack.tree_program import leaf_names
from otsim.config.architecture.safeguards import Control
from otsim.config.attack_tree import Detection
from otsim.config.distribution_parameters import LognormalParameters
from otsim.config.distributions import DistributionBase, FixedNumber, Lognormal
from otsim.config.quantiles import compile_distribution
from otsim.config.study import Study
from otsim.draws import names

if TYPE_CHECKING:
    from otsim_kernels.campaign_model import Controls, Detections, Responses
    from otsim_kernels.distributions import DrawBank

__all__ = ["Watched", "control_arrays", "detection_arrays", "response_arrays", "watched_steps"]

CERTAIN = 2**31
"""What `chance_limit` makes of 1."""

# Mandiant, M-Trends 2024: median dwell time 10 days in 2023; 95 % below 440 days is a lognormal of
# sigma 2.3, fitted to M-Trends 2022 (8 % above 18 months with a median of 21 days).
DISCOVERY_D = Lognormal(lognormal=LognormalParameters(median=10.0, p95=440.0))


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A leaf that may be noticed, and by what: its own detection, or a control's."""

    leaf: str
    own: Detection | None = None
    control: str | None = None


def watched_steps(graph: JoinedGraph) -> tuple[Watched, ...]:
    """List every chance to notice a step: those written in trees first, then the controls'."""
    leaves = leaf_names(graph.tree)
    own = [
        Watched(leaf=name, own=given)
        for name in leaves
        if (given := graph.tree.nodes[name].detection) is not None
    ]
    by_controls = [
        Watched(leaf=name, control=control)
        for name in leaves
        if name in graph.steps
        for control in graph.steps[name].noticed_by
    ]
    return (*own, *by_controls)


def control_arrays(controls: Mapping[str, Control]) -> Controls:
    """Compile the controls of an architecture, in place or not."""
    from otsim_kernels.campaign_model import Controls

    return Controls(
        effect=_bank((names.control(name, "effect"), one.effectiveness)
                     for name, one in controls.items()),
        delay_h=_bank((names.control(name, "delay"), one.delay_h)
                      for name, one in controls.items()),
        share=np.array([[float(one.in_place)] for one in controls.values()]).reshape(-1, 1),
    )  # fmt: skip


def detection_arrays(
    study: Study, graph: JoinedGraph, rows: Mapping[str, int], controls: Sequence[str]
) -> Detections:
    """Compile who may notice which step.

    Args:
        study: for its defence.
        graph: its graph.
        rows: the row of each node that the program returns.
        controls: names of the controls, in the order of their arrays.
    """
    from otsim_kernels.campaign_model import Detections

    watched = watched_steps(graph)
    own = [each for each in watched if each.own is not None]
    leaf = {name: i for i, name in enumerate(leaf_names(graph.tree))}
    row = {name: i for i, name in enumerate(controls)}
    tried = [steps_tried(graph.tree, needs) for needs in graph.needs.values()]
    delays = [len(own) + row[each.control] for each in watched if each.control is not None]
    return Detections(
        nodes=np.array([rows[each.leaf] for each in watched], np.int32),
        leaves=np.array([leaf[each.leaf] for each in watched], np.int32),
        purpose=purposes(map(_purpose, watched)),
        limit=_limits(watched),
        control=np.array([row.get(each.control or "", len(row)) for each in watched], np.int32),
        tried=np.array([[each.leaf in steps for steps in tried] for each in watched], bool).reshape(
            len(watched), len(tried)
        ),
        delay_h=_bank(
            (names.detection_delay(each.leaf), each.own.delay_h) for each in own if each.own
        ),
        delay_place=np.array([*range(len(own)), *delays], np.int32),
        found_h=_discovery(study),
    )


def response_arrays(
    study: Study, watched: Sequence[Watched], steps: Mapping[str, Step], controls: Sequence[str]
) -> Responses:
    """Compile who acts upon what is noticed: the study's response, then the controls that do."""
    from otsim_kernels.campaign_model import Responses
    from otsim_kernels.distributions import chance_limit

    response = study.defence.response
    given = {} if study.attack.architecture is None else study.attack.architecture.controls
    responders = {name: given[name] for name in controls if given[name].type == "respond"}
    delays = [(names.RESPONSE_DELAY, None if response is None else response.delay_h)]
    delays += [(names.control(name, "delay"), one.delay_h) for name, one in responders.items()]
    answers = [
        [(each.control is None and each.leaf not in steps) or name in steps[each.leaf].answered_by
         for each in watched]
        for name in responders
    ]  # fmt: skip
    everything = np.ones((1 + len(responders), len(watched) + 1), bool)
    everything[1:, :-1] = np.array(answers, bool).reshape(len(responders), len(watched))
    acts = [names.RESPONSE_ACTED_UPON, *(names.control(name, "acts") for name in responders)]
    first = chance_limit(0.0 if response is None else response.probability)
    row = {name: i for i, name in enumerate(controls)}
    return Responses(
        purpose=purposes(acts),
        limit=np.array([[first], *[[CERTAIN]] * len(responders)], np.uint32),
        control=np.array([len(row), *(row[name] for name in responders)], np.int32),
        delay_h=_bank(delays),
        answers=everything,
    )


def _purpose(each: Watched) -> str:
    if each.control is None:
        return names.detection(each.leaf)
    return names.noticed_by(each.leaf, each.control)


def _limits(watched: Sequence[Watched]) -> np.ndarray:
    from otsim_kernels.distributions import chance_limit

    chances = [1.0 if each.own is None else each.own.probability for each in watched]
    limits: np.ndarray = chance_limit(np.array(chances)).reshape(-1, 1)
    return limits


def _discovery(study: Study) -> DrawBank:
    from otsim_kernels.distributions import Quantile, draw_bank

    given = study.defence.discovery_d
    if given is None and study.attack.architecture is None:
        never = Quantile(family="fixed", params=np.array([np.inf]))
        return draw_bank([(names.DISCOVERY, never)])
    return draw_bank([(names.DISCOVERY, compile_distribution(given or DISCOVERY_D, HOURS_PER_DAY))])


def _bank(named: Iterable[tuple[str, DistributionBase | None]]) -> DrawBank:
    from otsim_kernels.distributions import draw_bank

    nothing = FixedNumber(0.0)
    return draw_bank([(name, compile_distribution(given or nothing)) for name, given in named])
