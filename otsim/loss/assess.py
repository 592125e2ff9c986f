"""Prices the twins: downtime, bad product, repairs, harm and response, capped at the plant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns
from otsim.config.distributions import DistributionBase
from otsim.config.quantiles import compile_distribution
from otsim.config.study import Study
from otsim.config.study_loss import Destroyed
from otsim.draws import names, study_draws
from otsim.loss.damage import Damage, damage_of
from otsim.loss.losses import CATEGORIES, Losses
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim_kernels.plants.tennessee_eastman import signals as tennessee_eastman

if TYPE_CHECKING:
    from otsim_kernels.draws import DrawKey

__all__ = ["BASE_PRODUCT_M3_H", "assess"]

BASE_PRODUCT_M3_H = {"tennessee_eastman": tennessee_eastman.BASE_PRODUCT_M3_H}
"""Product rate of each undisturbed plant, m3/h: what a shortfall is measured against."""

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def assess(study: Study, campaigns: Campaigns, outcomes: Outcomes) -> Losses:
    """Price n twins.

    Downtime after the twin's end is the restart after a trip or shutdown, plus the longest repair
    (repairs run side by side); a destroyed plant has its own repair time in place of both.
    Business interruption is the margin of that downtime and of the product not made during the
    twin's life, which is never counted below zero. A destroyed plant's equipment loss is the plant
    value. Where the total is above the plant value, all categories shrink in proportion to it.
    Operating cost stays a physical outcome. Every draw hangs on seed, twin and name alone.

    Args:
        study: what things cost; its seed makes the draws.
        campaigns: the campaigns, for who responded.
        outcomes: what became of the same twins, in the same order.

    Returns:
        The losses in the study's currency; nan where the twin diverged.

    Raises:
        ValueError: the campaigns and outcomes are not of the same twins.
    """
    if not np.array_equal(campaigns.twin_id, outcomes.twin_id):
        raise ValueError("campaigns and outcomes are of different twins")
    key = study_draws(study).key(outcomes.twin_id, "loss")
    damages = {
        name: damage_of(name, fragility, outcomes.columns, key)
        for name, fragility in study.loss.fragility.items()
    }
    downtime_h = _downtime_h(study, outcomes, damages, key)
    losses = _by_category(study, outcomes, damages, key)
    losses["business_interruption"] = study.loss.margin_per_hour * (
        downtime_h + _shortfall_h(study, outcomes)
    )
    losses["response"] = _response_cost(study, campaigns)
    factor = _cap(losses, study.loss.plant_value)
    diverged = _is(outcomes, "diverged")
    return Losses(
        twin_id=outcomes.twin_id,
        by_category={name: np.where(diverged, np.nan, losses[name] * factor) for name in losses},
        downtime_h=np.where(diverged, np.nan, downtime_h),
        damaged={name: damage.happened & ~diverged for name, damage in damages.items()},
    )


def _downtime_h(
    study: Study, outcomes: Outcomes, damages: dict[str, Damage], key: DrawKey
) -> Floats:
    stopped = _is(outcomes, "tripped") | _is(outcomes, "shut_down")
    restart_h = np.where(stopped, _draw(study.loss.restart_h, key, names.RESTART_H), 0.0)
    longest_h = np.zeros(len(stopped))
    for damage in damages.values():
        longest_h = np.maximum(longest_h, damage.repair_h)
    rebuilt_h = _draw(study.loss.destroyed.repair_h, key, names.REBUILD_H)
    return np.where(_is(outcomes, "destroyed"), rebuilt_h, restart_h + longest_h)


def _shortfall_h(study: Study, outcomes: Outcomes) -> Floats:
    """Hours of full production that the twin missed while it lived; 0 if nothing was simulated."""
    made_h = outcomes.columns["product_m3"] / BASE_PRODUCT_M3_H[study.plant.model]
    return np.nan_to_num(np.maximum(outcomes.end_h - made_h, 0.0))


def _by_category(
    study: Study, outcomes: Outcomes, damages: dict[str, Damage], key: DrawKey
) -> dict[str, Floats]:
    losses = {name: np.zeros(len(outcomes.twin_id)) for name in CATEGORIES}
    for damage in damages.values():
        losses[damage.category] = losses[damage.category] + damage.cost
    offspec_m3 = np.nan_to_num(outcomes.columns["offspec_product_m3"])
    losses["product"] = study.loss.offspec_product_per_m3 * offspec_m3
    destroyed = _is(outcomes, "destroyed")
    losses["equipment"] = np.where(destroyed, study.loss.plant_value, losses["equipment"])
    for name, cost in _harm(study.loss.destroyed, key).items():
        losses[name] = losses[name] + np.where(destroyed, cost, 0.0)
    return losses


def _harm(destroyed: Destroyed, key: DrawKey) -> dict[str, Floats]:
    return {
        "environment": _draw(destroyed.environment_cost, key, names.DESTROYED_ENVIRONMENT),
        "safety": _draw(destroyed.safety_cost, key, names.DESTROYED_SAFETY),
    }


def _response_cost(study: Study, campaigns: Campaigns) -> Floats:
    cost = study.defence.response.cost if study.defence.response else 0.0
    return np.where(np.isfinite(campaigns.response_h), cost, 0.0)


def _cap(losses: dict[str, Floats], plant_value: float) -> Floats:
    total = np.sum([losses[name] for name in CATEGORIES], axis=0)
    factor: Floats = plant_value / np.maximum(total, plant_value)
    return factor


def _draw(distribution: DistributionBase, key: DrawKey, name: str) -> Floats:
    from otsim_kernels.distributions import sample

    drawn: Floats = sample(compile_distribution(distribution), key, name)
    return drawn


def _is(outcomes: Outcomes, status: str) -> Bools:
    same: Bools = outcomes.status == STATUSES.index(status)
    return same
