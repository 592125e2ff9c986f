"""Fragilities: which twins are damaged, what the repair costs and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.config.quantiles import compile_distribution
from otsim.config.study_loss import Fragility
from otsim.draws import names

if TYPE_CHECKING:
    from otsim_kernels.draws import DrawKey

__all__ = ["Damage", "damage_of", "damage_probability"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One fragility's outcome for n twins; cost and hours are 0 where nothing broke.

    Attributes:
        category: the loss category that the repair cost counts in.
        happened: bool[n].
        cost: f64[n], currency.
        repair_h: f64[n].
    """

    category: str
    happened: npt.NDArray[np.bool_]
    cost: Floats
    repair_h: Floats


def damage_of(name: str, fragility: Fragility, columns: dict[str, Floats], key: DrawKey) -> Damage:
    """Draw which of n twins a fragility damages, by a uniform number against its probability.

    Args:
        name: the fragility's name in the study; its draws hang on it.
        fragility: the study's entry.
        columns: the physical outcomes, f64[n]; nan (nothing simulated) is no damage.
        key: keys of the twins.
    """
    from otsim_kernels.distributions import sample
    from otsim_kernels.draws import purpose_id, uniform

    extreme = columns[f"{fragility.extreme}_{fragility.signal.lower()}"]
    chance = uniform(key.word(purpose_id(names.damage(name)), 0), np.float64)
    happened = chance < damage_probability(fragility, extreme)
    cost = sample(compile_distribution(fragility.repair_cost), key, names.repair_cost(name))
    repair_h = sample(compile_distribution(fragility.repair_h), key, names.repair_h(name))
    return Damage(
        category=fragility.category,
        happened=happened,
        cost=np.where(happened, cost, 0.0),
        repair_h=np.where(happened, repair_h, 0.0),
    )


def damage_probability(fragility: Fragility, extreme: Floats) -> Floats:
    """Evaluate `Fragility.damage_probability` for an array, f64[n]; nan gives 0."""
    from scipy.special import ndtr

    positive = extreme > 0.0
    score = np.log(np.where(positive, extreme, 1.0) / fragility.median) / fragility.sigma
    if fragility.extreme == "peak":
        return np.where(positive, ndtr(score), 0.0)
    return np.where(positive, ndtr(-score), np.where(np.isnan(extreme), 0.0, 1.0))
