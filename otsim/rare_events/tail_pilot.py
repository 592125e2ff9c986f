"""Pilot runs that tilt a study's draws to its worst losses, by cross-entropy."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from otsim.attack import AttackModel, sample_campaigns
from otsim.attack.campaigns import Campaigns, chosen_campaigns
from otsim.config.plant_points import WATER_NETWORK
from otsim.config.study import Study
from otsim.config.study_tilt import Tilt, TiltedComponent
from otsim.draws import names, study_draws, weights_of
from otsim.errors import SimulationError
from otsim.loss import assess
from otsim.rare_events.bins import Elites, Way, tilt_of
from otsim.rare_events.campaign_pilot import PILOT_TWINS, choice_cuts, elites_of, goal_elites
from otsim.simulate import AnyTwins, simulate_campaigns

__all__ = ["NOMINAL", "PILOT_SIZES", "found_tilt", "with_breach_ratio", "with_tilt"]

NOMINAL = 0.1  # of all twins are drawn plainly: no weight is above 10
PILOT_SIZES = (256, 256)  # twins of the pilot runs, one after the other
_PILOTS = PILOT_TWINS + 2**24  # the campaign pilot's numbers end before
_BREACHES = 2**17  # campaigns that tell how often attempts breach
_RARE = 0.2  # a safety system that fails less often is made to fail in half of the first pilot
_SURELY = 0.98  # how often it fails in twins that are to be like those where it did
_FAILS = ", safety fails"
_LEAST_SHARE = 0.02
_MOST_WORTH = 200.0  # events that the campaign pilot counts for against those of the pilot twins

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pilot:
    """One pilot run: its study, twins that did not diverge, their losses and weights."""

    study: Study
    campaigns: Campaigns
    losses: Floats
    weights: Floats


def with_tilt(study: Study, tilt: Tilt | None) -> Study:
    """Return the study with its draws tilted, or with plain ones."""
    simulation = study.simulation.model_copy(update={"tilt": tilt})
    return study.model_copy(update={"simulation": simulation})


def found_tilt(
    study: Study, model: AttackModel, twins: AnyTwins, sizes: Sequence[int] = PILOT_SIZES, *,
    log: Callable[[str], None] = lambda line: None,
) -> Tilt:  # fmt: skip
    """Find how to draw a study's twins so that its worst losses come up often.

    Campaigns alone tell how each goal is reached. Pilot twins, tilted to all goals alike and with
    a safety system that fails, then tell which of them cost how much; the mixture is fitted to
    those beyond the loss of each return period and to the mean, the rarer the more, and a second
    pilot sharpens it. All is a function of the study alone.

    Args:
        study: its `report.return_periods` say which losses matter.
        model: from `compile_attack`.
        twins: from `twin_model`, of the same study.
        sizes: twins of each pilot run.
        log: told how many pilot twins diverged, if any did.

    Raises:
        SimulationError: no campaign of the pilots reached a goal, or none had a loss.
    """
    plain = with_tilt(study, None)
    reached = goal_elites(plain, model)
    if not reached:
        raise SimulationError(
            "simulation.sampling: importance: no campaign of the pilot reached a goal; use plain"
        )
    ways = [Way(name=goal, share=1.0, groups=[each]) for goal, each in reached.items()]
    tilt = tilt_of(ways, nominal=NOMINAL, cuts=choice_cuts(study))
    tilt = _failing(study, tilt, range(1, 1 + len(ways)), 0.5)
    pilots: list[_Pilot] = []
    begin = _PILOTS
    for size in sizes:
        pilots.append(_pilot(with_tilt(study, tilt), model, twins, range(begin, begin + size)))
        begin += size
        tilt = _fitted(study, pilots, reached)
    diverged = sum(sizes) - sum(len(pilot.losses) for pilot in pilots)
    if diverged:
        log(f"importance sampling: {diverged} of {sum(sizes)} pilot twins diverged, left out")
    return with_breach_ratio(study, model, tilt)


def with_breach_ratio(study: Study, model: AttackModel, tilt: Tilt) -> Tilt:
    """Find how much more often attempts breach with a tilt, to a few thousandths."""
    if not model.counts_breaches:
        return tilt
    shares = []
    plain = tilt.model_copy(update={"components": (TiltedComponent(name="nominal", share=1.0),)})
    for each in (tilt, plain):
        draws = study_draws(with_tilt(study, each))
        campaigns = sample_campaigns(model, _PILOTS + _BREACHES, _BREACHES, draws=draws)
        shares.append(float(np.mean(campaigns.attempts == 1)))
    return tilt.model_copy(update={"breach_ratio": round(shares[0] / shares[1], 6)})


def _failing(study: Study, tilt: Tilt, places: Collection[int], chance: float) -> Tilt:
    """Let the safety system of a process fail with a chance in some components, by their places.

    The first component is the plain one, whatever goals are called.
    """
    given = study.plant.safety.probability_of_failure_on_demand
    if study.plant.model == WATER_NETWORK or not 1e-6 < given < _RARE or not places:
        return tilt
    cuts = tilt.bins.get(names.SAFETY_FAILS, (given,))
    bins = {**tilt.bins, names.SAFETY_FAILS: cuts}
    widths = np.diff([0.0, *cuts, 1.0])
    below = np.array([0.0, *cuts]) < given
    scaled = np.where(below, chance / widths[below].sum(), (1.0 - chance) / widths[~below].sum())
    masses = tuple(np.maximum(widths * scaled, 1e-6).tolist())
    components = tuple(
        each.model_copy(update={"masses": {**each.masses, names.SAFETY_FAILS: masses}})
        if place in places
        else each
        for place, each in enumerate(tilt.components)
    )
    return Tilt(bins=bins, components=components)


def _pilot(study: Study, model: AttackModel, twins: AnyTwins, numbers: range) -> _Pilot:
    campaigns = sample_campaigns(model, numbers.start, len(numbers), draws=study_draws(study))
    outcomes = simulate_campaigns(replace(twins, study=study), campaigns)
    losses = assess(study, campaigns, outcomes).total
    sound = np.flatnonzero(np.isfinite(losses))
    if not len(sound):
        raise SimulationError(
            f"simulation.sampling: importance: all {len(numbers)} twins of a pilot diverged; "
            "run with precision float64, or mend the plant actions"
        )
    campaigns = chosen_campaigns(campaigns, sound)
    weights = weights_of(study, campaigns.twin_id, campaigns.attempts)
    assert weights is not None
    return _Pilot(study=study, campaigns=campaigns, losses=losses[sound], weights=weights)


def _fitted(study: Study, pilots: Sequence[_Pilot], reached: dict[str, Elites]) -> Tilt:
    """Fit the mixture to the pilot twins that matter."""
    losses = np.concatenate([pilot.losses for pilot in pilots])
    weights = np.concatenate([pilot.weights / np.sum(pilot.weights) for pilot in pilots])
    goals = np.concatenate([pilot.campaigns.goal for pilot in pilots])
    matters = weights * _worth(study, losses, weights)
    total = float(np.sum(matters))
    if not total > 0.0:
        raise SimulationError(
            "simulation.sampling: importance: no twin of the pilot had a loss; use plain"
        )
    fails = np.concatenate([_safety_fails(pilot) for pilot in pilots])
    ways: list[Way] = []
    failing: list[int] = []
    for code, goal in enumerate(study.attack.goals):
        for failed, name in ((False, goal), (True, f"{goal}{_FAILS}")):
            here = np.where((goals == code) & (fails == failed), matters, 0.0)
            # few twins tell little: what may well have been missed counts too
            share = (float(np.sum(here)) + float(np.sqrt(np.sum(here**2)))) / total
            if goal in reached and share > 0.0:
                groups = [reached[goal], *_groups(pilots, here)]
                share = max(share, _LEAST_SHARE)
                ways.append(Way(name=name, share=share, groups=groups, most=_MOST_WORTH))
                failing += [len(ways)] if failed else []
    tilt = tilt_of(ways, nominal=NOMINAL, cuts=_cuts(study))
    return _failing(study, tilt, failing, _SURELY)


def _safety_fails(pilot: _Pilot) -> npt.NDArray[np.bool_]:
    """Tell in which twins the safety system fails, which parts their ways to a loss; bool[n]."""
    from otsim_kernels.distributions import chance_limit, happens
    from otsim_kernels.draws import purpose_id

    if pilot.study.plant.model == WATER_NETWORK:
        return np.zeros(len(pilot.losses), bool)
    chance = pilot.study.plant.safety.probability_of_failure_on_demand
    draws, campaigns = study_draws(pilot.study), pilot.campaigns
    key = draws.key(campaigns.twin_id, "twin", campaigns.attempts)
    bits = key.word(purpose_id(names.SAFETY_FAILS), 0)
    return np.asarray(happens(bits, chance_limit(np.float64(chance))))


def _worth(study: Study, losses: Floats, weights: Floats) -> Floats:
    """Return how much more each twin counts than by its weight, f64[n].

    For the mean a twin counts by its loss, for a return period if it lies beyond that loss. Each of
    these counts in all as much as the relative error that plain twins would leave it with.
    """
    chances = weights / np.sum(weights)
    mean = max(float(np.sum(chances * losses)), 1e-300)
    spread = float(np.sum(chances * (losses - mean) ** 2))
    worth = losses / mean * math.sqrt(spread) / mean
    order = np.argsort(-losses, kind="stable")
    beyond = np.cumsum(chances[order])
    for period in study.report.return_periods:
        chance = 1.0 / (period * study.attackers.frequency.per_year)
        place = min(int(np.searchsorted(beyond, chance)), len(order) - 1)
        over = losses >= max(losses[order[place]], 1e-300)
        known = max(float(np.sum(chances[over])), 1e-300)
        worth = worth + over / known * math.sqrt(max(1.0 - known, 0.0) / known)
    return np.asarray(worth)


def _groups(pilots: Sequence[_Pilot], matters: Floats) -> list[Elites]:
    """Gather, pilot by pilot, the draws of the twins that matter."""
    groups, first = [], 0
    for pilot in pilots:
        here = matters[first : first + len(pilot.losses)]
        first += len(pilot.losses)
        which = np.flatnonzero(here > 0.0)
        if len(which):
            draws = study_draws(pilot.study)
            weights = here[which]
            groups.append(elites_of(pilot.study, draws, pilot.campaigns, which, weights=weights))
    return groups


def _cuts(study: Study) -> dict[str, tuple[float, ...]]:
    chance = study.plant.safety.probability_of_failure_on_demand
    return {**choice_cuts(study), names.SAFETY_FAILS: (chance,)}
