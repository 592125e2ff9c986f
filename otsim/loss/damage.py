"""Fragilities: which twins are damaged, what the repair costs and how long it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.config.distributions import DistributionBase
from otsim.config.quantiles import compile_distribution
from otsim.config.study_loss import Fragility
from otsim.draws import names

if TYPE_CHECKING:
    from otsim_kernels.draws import DrawKey

__all__ = ["Damage", "Repairs", "damage_of", "damage_probability", "drawn", "repairs_of"]

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


@dataclass(frozen=True, kw_only=True)
class Repairs:
    """All repairs of n twins.

    Attributes:
        cost: f64[n], currency, by loss category.
        longest_h: f64[n]; repairs run side by side.
    """

    cost: dict[str, Floats]
    longest_h: Floats


def repairs_of(damages: Mapping[str, Damage], n: int, categories: Iterable[str]) -> Repairs:
    """Put the repairs of all damages together."""
    cost, longest_h = {name: np.zeros(n) for name in categories}, np.zeros(n)
    for damage in damages.values():
        cost[damage.category] = cost[damage.category] + damage.cost
        longest_h = np.maximum(longest_h, damage.repair_h)
    return Repairs(cost=cost, longest_h=longest_h)


def damage_of(name: str, fragility: Fragility, columns: dict[str, Floats], key: DrawKey) -> Damage:
    """Draw which of n twins a fragility damages, by a uniform number against its probability.

    Args:
        name: the fragility's name in the study; its draws hang on it.
        fragility: the study's entry.
        columns: the physical outcomes, f64[n]; nan (nothing simulated) is no damage.
        key: keys of the twins.
    """
    from otsim_kernels.draws import purpose_id, uniform

    extreme = columns[_column(fragility, columns)]
    chance = uniform(key.word(purpose_id(names.damage(name)), 0), np.float64)
    happened = chance < damage_probability(fragility, extreme)
    cost = drawn(fragility.repair_cost, key, names.repair_cost(name))
    repair_h = drawn(fragility.repair_h, key, names.repair_h(name))
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


def drawn(distribution: DistributionBase, key: DrawKey, name: str) -> Floats:
    """Draw a number for each of n twins, f64[n]."""
    from otsim_kernels.distributions import sample

    numbers: Floats = sample(compile_distribution(distribution), key, name)
    return numbers


def _column(fragility: Fragility, columns: Mapping[str, Floats]) -> str:
    """Return the column that holds the extreme of the signal; a damage column is one itself."""
    if fragility.signal in columns:
        return fragility.signal
    return f"{fragility.extreme}_{fragility.signal.lower()}"
