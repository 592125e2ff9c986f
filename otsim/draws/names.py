"""The names of all draws of a study; each is hashed to the purpose that the draw hangs on.

A new step, action or cost leaves the draws of all others as they are. To rename one is to change
the results of every study that has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from otsim.config.distributions import DistributionBase, Fixed, FixedNumber, Sum
from otsim.config.plant_points import WATER_NETWORK
from otsim.config.study import Study
from otsim.config.study_water import Water

__all__ = [
    "DESTROYED_ENVIRONMENT",
    "DESTROYED_SAFETY",
    "DISCOVERY",
    "EFFORT",
    "GOAL",
    "OPERATORS_ACT",
    "OPERATORS_REACTION",
    "PROFILE",
    "REACTOR_RUPTURE",
    "REBUILD_H",
    "RESPONSE_ACTED_UPON",
    "RESPONSE_DELAY",
    "RESTART_H",
    "SAFETY_FAILS",
    "WARM_STATE",
    "Part",
    "action",
    "control",
    "damage",
    "demand",
    "detection",
    "detection_delay",
    "names_by_part",
    "noticed_by",
    "process",
    "repair_cost",
    "repair_h",
    "step_exists",
    "step_time",
]

Part = Literal["campaign", "twin", "loss"]
"""Who comes and how far; what the twin lives through; what it costs."""

PROFILE, GOAL, EFFORT = "campaign/profile", "campaign/goal", "campaign/effort"
DISCOVERY = "defence/discovery"
RESPONSE_ACTED_UPON, RESPONSE_DELAY = "defence/response/acted_upon", "defence/response/delay"
OPERATORS_ACT, OPERATORS_REACTION = "defence/operators/acts", "defence/operators/reaction_min"
SAFETY_FAILS, REACTOR_RUPTURE = "plant/safety/fails_on_demand", "plant/rupture/reactor"
WARM_STATE = "plant/warm_state"
RESTART_H, REBUILD_H = "loss/restart_h", "loss/destroyed/repair_h"
DESTROYED_ENVIRONMENT = "loss/destroyed/environment_cost"
DESTROYED_SAFETY = "loss/destroyed/safety_cost"


def step_exists(step: str) -> str:
    """Whether a step exists."""
    return f"step/{step}/exists"


def step_time(step: str) -> str:
    """A step's time to compromise."""
    return f"step/{step}/time"


def detection(step: str) -> str:
    """Whether a step is noticed when it is tried."""
    return f"step/{step}/detection"


def detection_delay(step: str) -> str:
    """How long after its start a step is noticed."""
    return f"step/{step}/detection/delay"


def process(step: str) -> str:
    """By which process a vulnerability is exploited: ready, to be written, to be waited for."""
    return f"step/{step}/process"


def noticed_by(step: str, control: str) -> str:
    """Whether a control notices a step when it is tried."""
    return f"step/{step}/noticed_by/{control}"


def control(name: str, part: str) -> str:
    """The `effect` or `delay` of a control in one campaign, or whether it `acts`."""
    return f"control/{name}/{part}"


def action(goal: str, number: int, part: str) -> str:
    """The `value`, `delay` or `duration` of the action with this number in its goal."""
    return f"goal/{goal}/action/{number}/{part}"


def damage(fragility: str) -> str:
    """Whether a fragility breaks."""
    return f"loss/{fragility}/damage"


def repair_cost(fragility: str) -> str:
    """What the repair costs."""
    return f"loss/{fragility}/repair_cost"


def repair_h(fragility: str) -> str:
    """How long the repair takes."""
    return f"loss/{fragility}/repair_h"


def demand(pattern: str) -> str:
    """The factor on the demands of a pattern."""
    return f"plant/demand/{pattern}"


def names_by_part(study: Study) -> dict[Part, tuple[str, ...]]:
    """Return what is drawn in a study, fixed numbers left out; what decides most comes first.

    The first dimensions of a net fill their space best.
    """
    return {
        "campaign": tuple(_of_campaign(study)),
        "twin": tuple(_of_twin(study)),
        "loss": tuple(_of_loss(study)),
    }


def _of_campaign(study: Study) -> Iterator[str]:
    nodes = {} if study.attack.tree is None else study.attack.tree.nodes
    leaves = {name: node for name, node in nodes.items() if node.gate == "LEAF"}
    watched = {name: node.detection for name, node in leaves.items() if node.detection}
    response = study.defence.response
    yield from (PROFILE, GOAL, EFFORT)
    if response:
        yield RESPONSE_ACTED_UPON
        yield from _drawn(RESPONSE_DELAY, response.delay_h)
    yield from _drawn(DISCOVERY, study.defence.discovery_d)
    yield from (step_exists(name) for name, leaf in leaves.items() if leaf.probability != 1.0)
    yield from map(detection, watched)
    for name, leaf in leaves.items():
        yield from _drawn(step_time(name), leaf.time_h if leaf.time_d is None else leaf.time_d)
    for name, noticed in watched.items():
        yield from _drawn(detection_delay(name), noticed.delay_h)


def _of_twin(study: Study) -> Iterator[str]:
    operators = study.defence.operators
    if operators:
        yield OPERATORS_ACT
        yield from _drawn(OPERATORS_REACTION, operators.reaction_min)
    if study.plant.model == WATER_NETWORK:
        yield from map(demand, _patterns(study))
    else:
        yield SAFETY_FAILS
        yield from _drawn(REACTOR_RUPTURE, study.plant.rupture.reactor)
    for name, goal in study.attack.goals.items():
        for number, given in enumerate(goal.actions):
            yield from _drawn(action(name, number, "value"), given.value)
            yield from _drawn(action(name, number, "delay"), given.delay_min)
            yield from _drawn(action(name, number, "duration"), given.duration_min)


def _patterns(study: Study) -> tuple[str, ...]:
    from otsim.config.epanet import parse_network

    spread = (study.plant.water or Water()).demand_spread
    return tuple(parse_network(study.plant.inp or "", "plant.inp").patterns) if spread else ()


def _of_loss(study: Study) -> Iterator[str]:
    costs = study.loss
    yield from map(damage, costs.fragility)
    yield from _drawn(RESTART_H, costs.restart_h)
    for name, fragility in costs.fragility.items():
        yield from _drawn(repair_cost(name), fragility.repair_cost)
        yield from _drawn(repair_h(name), fragility.repair_h)
    yield from _drawn(REBUILD_H, costs.destroyed.repair_h)
    yield from _drawn(DESTROYED_ENVIRONMENT, costs.destroyed.environment_cost)
    yield from _drawn(DESTROYED_SAFETY, costs.destroyed.safety_cost)


def _drawn(name: str, given: DistributionBase | None) -> Iterator[str]:
    """Yield the name, for a sum those of its terms; nothing where nothing is drawn."""
    if isinstance(given, Sum):
        for i, term in enumerate(given.sum):
            yield from _drawn(f"term_{i}/{name}", term)
    elif given is not None and not isinstance(given, FixedNumber | Fixed):
        yield name
