"""Prices the twins: downtime, bad product, repairs, harm and response, capped at the plant."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns
from otsim.config.plant_points import WATER_NETWORK
from otsim.config.study import Study
from otsim.draws import study_draws
from otsim.loss import process_losses, water_losses
from otsim.loss.damage import damage_of, repairs_of
from otsim.loss.losses import CATEGORIES, Losses
from otsim.simulate.outcomes import Outcomes, ended

__all__ = ["assess"]

Floats = npt.NDArray[np.float64]


def assess(study: Study, campaigns: Campaigns, outcomes: Outcomes) -> Losses:
    """Price n twins.

    What production is lost depends on the kind of plant (`process_losses`, `water_losses`); repairs
    after damage and the response are priced alike for all. Where the total is above the plant
    value, all categories shrink in proportion to it. Every draw hangs on seed, twin and name alone.

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
    key = study_draws(study).key(outcomes.twin_id, "loss", campaigns.attempts)
    damages = {
        name: damage_of(name, fragility, outcomes.columns, key)
        for name, fragility in study.loss.fragility.items()
    }
    is_network = study.plant.model == WATER_NETWORK
    of_plant = water_losses.priced if is_network else process_losses.priced
    repairs = repairs_of(damages, len(outcomes.twin_id), CATEGORIES)
    downtime_h, losses = of_plant(study, outcomes, repairs, key)
    losses["response"] = _response_cost(study, campaigns)
    factor = _cap(losses, study.loss.plant_value)
    diverged = ended(outcomes, "diverged")
    return Losses(
        twin_id=outcomes.twin_id,
        by_category={name: np.where(diverged, np.nan, losses[name] * factor) for name in losses},
        downtime_h=np.where(diverged, np.nan, downtime_h),
        damaged={name: damage.happened & ~diverged for name, damage in damages.items()},
    )


def _response_cost(study: Study, campaigns: Campaigns) -> Floats:
    cost = study.defence.response.cost if study.defence.response else 0.0
    return np.where(np.isfinite(campaigns.response_h), cost, 0.0)


def _cap(losses: dict[str, Floats], plant_value: float) -> Floats:
    total = np.sum([losses[name] for name in CATEGORIES], axis=0)
    factor: Floats = plant_value / np.maximum(total, plant_value)
    return factor
