"""Which input makes a result uncertain: Sobol indices and Shapley effects of any function.

The function is taken on a grid of Gauss points of its independent inputs, so that every
conditional expectation is a weighted sum: exact for polynomials of low degree, good to rounding
for smooth functions of a few inputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from otsim.attack.exact.input_points import Array, Points, Rule
from otsim.errors import ModelError

__all__ = ["Indices", "sensitivity"]

MOST_POINTS = 2_000_000  # of the grid
MOST_PER_INPUT, FEWEST_PER_INPUT = 64, 4
NOTHING = 1e-14  # a share of the variance below this is rounding

Function = Callable[..., Array]


@dataclass(frozen=True, kw_only=True)
class Indices:
    """How a result varies, and through which inputs.

    Attributes:
        mean: of the result.
        variance: of the result.
        first: by input, the share of the variance that it explains alone.
        total: by input, the share that is left if all others are known.
        shapley: by input, its Shapley effect; they add up to 1.
        error: relative change of the variance when the grid is made coarser.
    """

    mean: float
    variance: float
    first: dict[str, float]
    total: dict[str, float]
    shapley: dict[str, float]
    error: float


def sensitivity(function: Function, inputs: Mapping[str, Rule]) -> Indices:
    """Take the variance of a function of independent inputs apart.

    Args:
        function: takes each input by name, arrays that broadcast; returns the results.
        inputs: by name, the rule for its Gauss points, from `rule_of` or `normal_rule`.

    Raises:
        ModelError: there are too many inputs for a grid.
    """
    per_input = int(min(MOST_POINTS ** (1.0 / len(inputs)), MOST_PER_INPUT))
    if per_input < FEWEST_PER_INPUT:
        most = int(math.log(MOST_POINTS, FEWEST_PER_INPUT))
        raise ModelError(f"{len(inputs)} inputs are too many for a grid; fix all but {most}")
    grid = _Grid(function, inputs, per_input)
    if not grid.variance > 0.0:
        raise ModelError("the result does not vary; sensitivity indices are not defined")
    coarser = _Grid(function, inputs, max(per_input - 2, 2)).variance
    names = list(inputs)
    return Indices(
        mean=grid.mean,
        variance=grid.variance,
        first={name: grid.explained([i]) for i, name in enumerate(names)},
        total={name: grid.left(i) for i, name in enumerate(names)},
        shapley=_shapley_effects(grid, names),
        error=abs(coarser - grid.variance) / grid.variance,
    )


class _Grid:
    """Results on a grid, and their conditional variances as shares of the whole."""

    def __init__(self, function: Function, inputs: Mapping[str, Rule], count: int) -> None:
        points: list[Points] = [rule(count) for rule in inputs.values()]
        self.weights = [weights for _, weights in points]
        axes = np.meshgrid(*(values for values, _ in points), indexing="ij", sparse=True)
        shape = [len(weights) for weights in self.weights]
        results = function(**dict(zip(inputs, axes, strict=True)))
        self.results = np.broadcast_to(np.asarray(results, float), shape)
        self.mean = float(self._given([]).item())
        self.variance = self._spread(self.results)

    def explained(self, known: Sequence[int]) -> float:
        """Return the share of the variance that goes when some inputs are known."""
        return _share(self._spread(self._given(known)), self.variance)

    def left(self, unknown: int) -> float:
        """Return the share of the variance that stays when all inputs but one are known."""
        others = [i for i in range(len(self.weights)) if i != unknown]
        return _share(self._spread(self.results - self._given(others)), self.variance)

    def _given(self, known: Sequence[int]) -> Array:
        """Return the expectation given some inputs; the other axes have length 1."""
        found = self.results
        for i, weights in enumerate(self.weights):
            if i not in known:
                found = np.expand_dims(np.tensordot(found, weights, axes=([i], [0])), i)
        return found

    def _spread(self, values: Array) -> float:
        """Return the variance of values on the grid, whose axes may have length 1."""
        centred = values - self._expected(values)
        return float(self._expected(centred**2).item())

    def _expected(self, values: Array) -> Array:
        for i, weights in enumerate(self.weights):
            if values.shape[i] > 1:
                values = np.expand_dims(np.tensordot(values, weights, axes=([i], [0])), i)
        return values


def _shapley_effects(grid: _Grid, names: Sequence[str]) -> dict[str, float]:
    """Average over coalitions what an input adds to the variance that is explained."""
    n = len(names)
    groups = [group for size in range(n + 1) for group in combinations(range(n), size)]
    explained = {group: grid.explained(group) for group in groups}
    effects = dict.fromkeys(names, 0.0)
    for group, share in explained.items():
        for i in set(range(n)) - set(group):
            joined = tuple(sorted((*group, i)))
            weight = 1.0 / (n * math.comb(n - 1, len(group)))
            effects[names[i]] += weight * (explained[joined] - share)
    return {name: _share(effect, 1.0) for name, effect in effects.items()}


def _share(part: float, whole: float) -> float:
    share = part / whole
    return share if abs(share) > NOTHING else 0.0
