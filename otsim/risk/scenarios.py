"""Independent yes/no scenarios: exact total loss, and what each scenario does to the tail."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from otsim.risk.lattice import LatticeLoss, add, common_unit, lattice_loss, plain_loss
from otsim.risk.measures import DiscreteLoss, tail_mean, tail_weights

__all__ = ["Scenario", "scenario_contributions", "scenario_loss", "scenario_shapley"]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Something that happens in a year with a probability, and then costs a fixed loss."""

    prob: float
    loss: float


def scenario_loss(scenarios: Mapping[str, Scenario]) -> DiscreteLoss:
    """Return the distribution of the sum of the losses of a year."""
    return plain_loss(_sum(scenarios.values(), _unit(scenarios)))


def scenario_contributions(scenarios: Mapping[str, Scenario], level: float) -> dict[str, float]:
    """Split CVaR over the scenarios: E[loss of the scenario | tail], which adds up to CVaR.

    The atom at VaR counts in proportion to what of it lies in the tail (D. Tasche, Risk
    contributions and performance measurement, 1999).
    """
    unit = _unit(scenarios)
    total = _sum(scenarios.values(), unit)
    weights = tail_weights(plain_loss(total), level)
    in_tail = weights / np.where(total.probs > 0.0, total.probs, 1.0)
    parts = {}
    for name, scenario in scenarios.items():
        others = _sum((other for key, other in scenarios.items() if key != name), unit)
        multiple = int(lattice_loss([scenario.loss], [1.0], unit).multiples[0])
        places = np.searchsorted(total.multiples, others.multiples + multiple)
        chance = float(np.sum(others.probs * in_tail[places]))
        parts[name] = scenario.prob * scenario.loss * chance
    return parts


def scenario_shapley(scenarios: Mapping[str, Scenario], level: float) -> dict[str, float]:
    """Split CVaR by the Shapley value of the game v(S) = CVaR with only the scenarios of S.

    Takes 2**n CVaRs for n scenarios; the values add up to the CVaR of all.
    """
    names = tuple(scenarios)
    worth = {
        group: tail_mean(scenario_loss({name: scenarios[name] for name in group}), level)
        for size in range(len(names) + 1)
        for group in itertools.combinations(names, size)
    }
    return {name: _shapley(name, names, worth) for name in names}


def _shapley(name: str, names: tuple[str, ...], worth: Mapping[tuple[str, ...], float]) -> float:
    others = tuple(other for other in names if other != name)
    total = 0.0
    for size in range(len(names)):
        chance = 1.0 / (len(names) * math.comb(len(others), size))
        for group in itertools.combinations(others, size):
            joined = tuple(other for other in names if other in (*group, name))
            total += chance * (worth[joined] - worth[group])
    return total


def _unit(scenarios: Mapping[str, Scenario]) -> Fraction:
    return common_unit([0.0, *(scenario.loss for scenario in scenarios.values())])


def _sum(scenarios: Iterable[Scenario], unit: Fraction) -> LatticeLoss:
    total = lattice_loss([0.0], [1.0], unit)
    for scenario in scenarios:
        one = lattice_loss([0.0, scenario.loss], [1.0 - scenario.prob, scenario.prob], unit)
        total = add(total, one)
    return total
