"""Sampled campaigns -> the plans of their twins: everything decided before a twin starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns
from otsim.config.quantiles import compile_distribution
from otsim.config.study import Study
from otsim.draws import Streams, names, study_draws
from otsim.plant import ActionPoint

if TYPE_CHECKING:
    from otsim_kernels.control_loop import Plan
    from otsim_kernels.draws import DrawKey

__all__ = [
    "ActionClock", "Draws", "action_clock", "action_points", "lead_ticks", "plan_of",
    "reaction_ticks", "ticks_of", "undisturbed_plan",
]  # fmt: skip

TICKS_PER_HOUR = 3600
NEVER = np.iinfo(np.int32).max
Hours = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ActionClock:
    """The clocks of n twins.

    Attributes:
        first_h: f64[n], from the goal to the first plant action.
        response_h: f64[n], from the first plant action to the response; inf for never.
        acts: bool[n], whether an action starts before the response.
    """

    first_h: Hours
    response_h: Hours
    acts: npt.NDArray[np.bool_]


def action_clock(campaigns: Campaigns) -> ActionClock:
    """Set the clocks of each campaign at its first plant action."""
    first_h = campaigns.actions.start_h.min(axis=0)
    with np.errstate(invalid="ignore"):
        response_h = campaigns.response_h - campaigns.goal_h - first_h
    response_h = np.where(np.isfinite(campaigns.response_h), response_h, np.inf)
    acts = campaigns.acts & np.isfinite(first_h) & ~(response_h <= 0.0)
    return ActionClock(first_h=first_h, response_h=response_h, acts=acts)


def action_points(study: Study) -> tuple[ActionPoint, ...]:
    """Return the points of all goals' actions, then the disturbances: the rows of a schedule."""
    actions = [action for goal in study.attack.goals.values() for action in goal.actions]
    disturbances = study.plant.disturbances.idv
    return (
        *(
            ActionPoint(
                kind=action.kind, target=action.target, views=action.views,
                record_s=60.0 * (action.record_min or 0.0),
            )
            for action in actions
        ),
        *(ActionPoint(kind="disturbance", target=f"IDV{number}") for number in disturbances),
    )  # fmt: skip


def lead_ticks(study: Study) -> int:
    """Return the ticks that twins live before the first action: the longest recording."""
    return max((round(point.record_s) for point in action_points(study)), default=0)


def plan_of(study: Study, campaigns: Campaigns, clock: ActionClock) -> Plan:
    """Build the plans of n twins, on the host; leaves are [n].

    Local time starts `lead_ticks` before the first plant action.
    """
    response = ticks_of(clock.response_h)
    action = study.response_action
    lead = lead_ticks(study)
    start = ticks_of(campaigns.actions.start_h - clock.first_h)
    stop = ticks_of(campaigns.actions.stop_h - clock.first_h)
    if action in ("isolate", "restore"):
        stop = np.minimum(stop, response)
    n = len(campaigns.twin_id)
    never = np.full(n, NEVER, np.int32)
    return _plan(
        study,
        campaigns.twin_id,
        study_draws(study).key(campaigns.twin_id, "twin", campaigns.attempts),
        start=_later(start, lead),
        stop=_later(stop, lead),
        value=campaigns.actions.value,
        shutdown=_later(response, lead) if action == "shut_down" else never,
        reload=_later(response, lead) if action == "restore" else never,
    )


def undisturbed_plan(study: Study, stream_number: npt.NDArray[np.int64]) -> Plan:
    """Build the plans of twins that nobody touches, drawing from these streams."""
    n, rows = len(stream_number), len(action_points(study)) - len(study.plant.disturbances.idv)
    never = np.full(n, NEVER, np.int32)
    return _plan(
        study, stream_number, Streams(seed=study.simulation.seed).key(stream_number, "twin"),
        start=np.full((rows, n), NEVER), stop=np.full((rows, n), NEVER), value=np.zeros((rows, n)),
        shutdown=never, reload=never,
    )  # fmt: skip


def _plan(study: Study, stream: npt.NDArray[np.int64], key: DrawKey, **given: Any) -> Plan:
    """Build the plans of twins with noise from their streams and all else from a key."""
    from otsim_kernels.control_loop import Plan
    from otsim_kernels.signal_tampering import Schedule

    dtype = np.dtype(study.simulation.precision)
    n, n_idv = len(stream), len(study.plant.disturbances.idv)
    always, never = np.zeros(n, np.int32), np.full(n, NEVER, np.int32)
    draw = Draws(key)
    pfd = study.plant.safety.probability_of_failure_on_demand
    return Plan(
        schedule=Schedule(
            start=(*given["start"].astype(np.int32), *[always] * n_idv),
            stop=(*given["stop"].astype(np.int32), *[never] * n_idv),
            value=(*given["value"].astype(dtype), *[np.zeros(n, dtype)] * n_idv),
        ),
        key=Streams(seed=study.simulation.seed).key(stream, "twin"),
        safety_works=~draw.happens(names.SAFETY_FAILS, pfd),
        rupture=draw.number(names.REACTOR_RUPTURE, study.plant.rupture.reactor).astype(dtype),
        shutdown=given["shutdown"].astype(np.int32),
        reaction=reaction_ticks(study, draw, n).astype(np.int32),
        reload=given["reload"].astype(np.int32),
        onset=np.full(n, lead_ticks(study), np.int32),
    )


def reaction_ticks(study: Study, draw: Draws, n: int) -> npt.NDArray[np.int64]:
    """Return the ticks from the first alarm until operators have acted; `NEVER` for never."""
    operators = study.defence.operators
    if operators is None:
        return np.full(n, NEVER, np.int64)
    waits = draw.number(names.OPERATORS_REACTION, operators.reaction_min)
    react = draw.happens(names.OPERATORS_ACT, operators.probability)
    return np.where(react, ticks_of(waits / 60.0), NEVER)


@dataclass(frozen=True)
class Draws:
    """Draws of n twins by the name of their purpose."""

    key: DrawKey

    def number(self, purpose: str, distribution: Any) -> npt.NDArray[np.float64]:
        """Draw n numbers."""
        from otsim_kernels.distributions import sample

        return np.asarray(sample(compile_distribution(distribution), self.key, purpose))

    def happens(self, purpose: str, probability: float) -> npt.NDArray[np.bool_]:
        """Draw n times whether it happens."""
        from otsim_kernels.distributions import chance_limit, happens
        from otsim_kernels.draws import purpose_id

        bits = self.key.word(purpose_id(purpose), 0)
        return np.asarray(happens(bits, chance_limit(np.float64(probability))))


def ticks_of(hours: Hours) -> npt.NDArray[np.int64]:
    """Return the nearest ticks, i64[...]; `NEVER` where hours are not finite."""
    with np.errstate(invalid="ignore"):
        ticks = np.rint(hours * TICKS_PER_HOUR)
    return np.where(np.isfinite(ticks), np.clip(ticks, 0, NEVER), NEVER).astype(np.int64)


def _later(ticks: npt.NDArray[np.int64], lead: int) -> npt.NDArray[np.int64]:
    return np.where(ticks >= NEVER - lead, NEVER, ticks + lead)
