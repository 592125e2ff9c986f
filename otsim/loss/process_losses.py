"""What a process plant loses: downtime, product not made or off specification, destruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from otsim.config.distributions import FixedNumber
from otsim.config.study import Study
from otsim.config.study_loss import Destroyed
from otsim.draws import names
from otsim.loss.damage import Floats, Repairs, drawn
from otsim.simulate.outcomes import Outcomes, ended
from otsim_kernels.plants.tennessee_eastman import signals as tennessee_eastman

if TYPE_CHECKING:
    from otsim_kernels.draws import DrawKey

__all__ = ["priced"]

BASE_PRODUCT_M3_H = {"tennessee_eastman": tennessee_eastman.BASE_PRODUCT_M3_H}
"""Product rate of each undisturbed plant, m3/h: what a shortfall is measured against."""


def priced(
    study: Study, outcomes: Outcomes, repairs: Repairs, key: DrawKey
) -> tuple[Floats, dict[str, Floats]]:
    """Price n twins of a process, without the response.

    Downtime after the twin's end is the restart after a trip or shutdown, plus the longest repair
    (repairs run side by side); a destroyed plant has its own repair time in place of both.
    Business interruption is the margin of that downtime and of the product not made during the
    twin's life, which is never counted below zero. A destroyed plant's equipment loss is the plant
    value. Operating cost stays a physical outcome.

    Returns:
        The downtime, f64[n], hours, and the losses by category.
    """
    destroyed, losses = ended(outcomes, "destroyed"), dict(repairs.cost)
    offspec_m3 = np.nan_to_num(outcomes.columns["offspec_product_m3"])
    losses["product"] = study.loss.offspec_product_per_m3 * offspec_m3
    losses["equipment"] = np.where(destroyed, study.loss.plant_value, losses["equipment"])
    for name, cost in _harm(study.loss.destroyed, key).items():
        losses[name] = losses[name] + np.where(destroyed, cost, 0.0)
    downtime_h = _downtime_h(study, outcomes, repairs, key)
    margin = study.loss.margin_per_hour or 0.0
    losses["business_interruption"] = margin * (downtime_h + _shortfall_h(study, outcomes))
    return downtime_h, losses


def _downtime_h(study: Study, outcomes: Outcomes, repairs: Repairs, key: DrawKey) -> Floats:
    stopped = ended(outcomes, "tripped") | ended(outcomes, "shut_down")
    restart_h = drawn(study.loss.restart_h or FixedNumber(0.0), key, names.RESTART_H)
    rebuilt_h = drawn(study.loss.destroyed.repair_h, key, names.REBUILD_H)
    back_h = np.where(stopped, restart_h, 0.0) + repairs.longest_h
    return np.where(ended(outcomes, "destroyed"), rebuilt_h, back_h)


def _shortfall_h(study: Study, outcomes: Outcomes) -> Floats:
    """Hours of full production that the twin missed while it lived; 0 if nothing was simulated."""
    made_h = outcomes.columns["product_m3"] / BASE_PRODUCT_M3_H[study.plant.model]
    return np.nan_to_num(np.maximum(outcomes.end_h - made_h, 0.0))


def _harm(destroyed: Destroyed, key: DrawKey) -> dict[str, Floats]:
    return {
        "environment": drawn(destroyed.environment_cost, key, names.DESTROYED_ENVIRONMENT),
        "safety": drawn(destroyed.safety_cost, key, names.DESTROYED_SAFETY),
    }
