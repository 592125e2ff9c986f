"""Sampled campaigns -> the plans of twins of a network, whose clock is the network's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns
from otsim.config.distribution_parameters import LognormalParameters
from otsim.config.distributions import Lognormal
from otsim.config.study import Study
from otsim.config.study_water import Water
from otsim.draws import Streams, names, study_draws
from otsim.plant.water_plant import TapRow, WaterModel
from otsim.simulate.plans import (
    NEVER,
    TICKS_PER_HOUR,
    ActionClock,
    Draws,
    lead_ticks,
    reaction_ticks,
    ticks_of,
)

if TYPE_CHECKING:
    from otsim_kernels.draws import DrawKey
    from otsim_kernels.plants.water_network.life import LifePlan

__all__ = ["network_plan", "quiet_network_plan"]

Seconds = npt.NDArray[np.int64]
_Z95 = 1.6448536269514722


def network_plan(
    study: Study, model: WaterModel, campaigns: Campaigns, clock: ActionClock, begin_s: Seconds
) -> LifePlan:
    """Build the plans of n twins on the host; the last axis is the twin.

    Args:
        study: as resolved.
        model: its network.
        campaigns: n of them, each with a plant action.
        clock: of the same.
        begin_s: network's time at which each twin starts, `lead_ticks` before its first action.
    """
    lead = lead_ticks(study)
    response = ticks_of(clock.response_h)
    with np.errstate(invalid="ignore"):  # what never starts
        start = ticks_of(campaigns.actions.start_h - clock.first_h)
        stop = ticks_of(campaigns.actions.stop_h - clock.first_h)
    if study.response_action in ("isolate", "restore"):
        stop = np.minimum(stop, response)
    zero = begin_s + lead
    times = {
        "start": _after(zero, start), "stop": _after(zero, stop), "response": _after(zero, response)
    }  # fmt: skip
    key = study_draws(study).key(campaigns.twin_id, "twin", campaigns.attempts)
    return _plan(study, model, key, begin_s, times=times, value=campaigns.actions.value)


def quiet_network_plan(
    study: Study, model: WaterModel, stream_number: Seconds, begin_s: Seconds
) -> LifePlan:
    """Build the plans of twins that nobody touches, drawing from these streams."""
    n_actions, n = 1 + max((row.action for row in model.rows), default=-1), len(stream_number)
    never = np.full((n_actions, n), NEVER, np.int64)
    times = {"start": never, "stop": never, "response": np.full(n, NEVER, np.int64)}
    key = Streams(seed=study.simulation.seed).key(stream_number, "twin")
    return _plan(study, model, key, begin_s, times=times, value=np.zeros((n_actions, n)))


def _plan(
    study: Study, model: WaterModel, key: DrawKey, begin_s: Seconds, *, times: dict[str, Seconds],
    value: npt.NDArray[np.float64],
) -> LifePlan:  # fmt: skip
    from otsim_kernels.plants.water_network.life import LifePlan
    from otsim_kernels.plants.water_network.taps import Schedule

    dtype, n = np.dtype(study.simulation.precision), len(begin_s)
    rows = [_row(row, times, value) for row in model.rows]
    start, stop = (_matrix([row[i] for row in rows], n).astype(np.int32) for i in (0, 1))
    onset = begin_s + lead_ticks(study)
    draws = Draws(key)
    return LifePlan(
        schedule=Schedule(
            start=start, stop=stop, value=_matrix([row[2] for row in rows], n).astype(dtype)
        ),
        factor=_demand_factors(study, model, draws, n).astype(dtype),
        onset=onset.astype(np.int32),
        end=(onset + round(study.plant.horizon_h * TICKS_PER_HOUR)).astype(np.int32),
        reaction=reaction_ticks(study, draws, n).astype(np.int32),
    )


def _row(row: TapRow, times: dict[str, Seconds], value: npt.NDArray[np.float64]) -> tuple[
    Seconds, Seconds, npt.NDArray[np.float64]
]:  # fmt: skip
    """Return when a row starts and stops, and its value; a release stops when it may first act."""
    if row.action < 0:
        return times["response"], np.zeros_like(times["response"]), np.zeros(value.shape[1])
    start, stop = times["start"][row.action], times["stop"][row.action]
    if row.begins == "stop":
        return stop, start, np.zeros(value.shape[1])
    return start, stop, row.internal(value[row.action])


def _matrix(rows: list[npt.NDArray[np.generic]], n: int) -> npt.NDArray[np.generic]:
    return np.stack(rows) if rows else np.zeros((0, n))


def _after(zero: Seconds, ticks: Seconds) -> Seconds:
    return np.where(ticks >= NEVER, NEVER, np.minimum(zero + ticks, NEVER))


def _demand_factors(
    study: Study, model: WaterModel, draws: Draws, n: int
) -> npt.NDArray[np.float64]:
    patterns = list(model.compiled.given.patterns)
    spread = (study.plant.water or Water()).demand_spread
    if not patterns or spread == 0.0:
        return np.ones((len(patterns), n))
    sigma = math.sqrt(math.log1p(spread**2))
    median = math.exp(-0.5 * sigma**2)
    factor = Lognormal(
        lognormal=LognormalParameters(median=median, p95=median * math.exp(_Z95 * sigma))
    )
    return np.stack([draws.number(names.demand(pattern), factor) for pattern in patterns])
