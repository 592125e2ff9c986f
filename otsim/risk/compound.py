"""The annual loss of continuous severities: closed form for gamma sums, else a fine grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from otsim.risk.frequency import Frequency, count_probs, generating, generating_slope
from otsim.risk.grid import GridLoss, grid_exceedance, grid_excess, sum_bound
from otsim.risk.measures import ROUNDING
from otsim.risk.severity import Severity

__all__ = [
    "CompoundLoss",
    "compound_exceedance",
    "compound_loss",
    "compound_tail_mean",
    "compound_value_at_risk",
    "largest_exceedance",
]

Floats = npt.NDArray[np.float64]
_CELLS = 2**20
_CUT = 1e-5  # severities are cut where they matter this little to the smallest tail asked for


@dataclass(frozen=True, kw_only=True)
class CompoundLoss:
    """The sum of a random number of independent severities.

    Attributes:
        frequency, severity: of the events.
        none: probability of a year without events; one: with exactly one.
        rest_above, rest_excess: x -> P(S > x) and E[(S - x)+], over years of two events or more.
    """

    frequency: Frequency
    severity: Severity
    none: float
    one: float
    rest_above: Callable[[Any], Any]
    rest_excess: Callable[[Any], Any]


def compound_loss(
    frequency: Frequency, severity: Severity, smallest_tail: float = 1e-3
) -> CompoundLoss:
    """Compound a severity to years.

    Years of no and of one event are in closed form for every severity, years of more for gamma
    ones. Other severities are put on a grid of 2**20 nodes that keeps their means cell by cell.

    Args:
        frequency: number of events in a year.
        severity: loss of one event.
        smallest_tail: the smallest exceedance probability that will be asked for.
    """
    none = float(generating(frequency, 0.0))
    one = float(generating_slope(frequency, 0.0))
    if not np.isnan(severity.gamma_shape):
        above, excess = _gamma_rest(frequency, severity)
    elif 1.0 - none - one <= ROUNDING:
        above = excess = np.zeros_like
    else:
        grid = _grid_rest(frequency, severity, smallest_tail)
        above, excess = (lambda x: grid_exceedance(grid, x)), (lambda x: grid_excess(grid, x))
    return CompoundLoss(
        frequency=frequency, severity=severity, none=none, one=one, rest_above=above,
        rest_excess=excess,
    )  # fmt: skip


def compound_exceedance(loss: CompoundLoss, x: npt.ArrayLike) -> Floats:
    """Return P(annual loss > x) for x >= 0, in the shape of x."""
    at = np.asarray(x, np.float64)
    return np.asarray(loss.one * loss.severity.above(at) + loss.rest_above(at))


def largest_exceedance(loss: CompoundLoss, x: npt.ArrayLike) -> Floats:
    """Return P(largest event of the year > x), in the shape of x."""
    at = np.asarray(x, np.float64)
    return np.asarray(1.0 - generating(loss.frequency, 1.0 - loss.severity.above(at)))


def compound_value_at_risk(loss: CompoundLoss, level: float) -> float:
    """Return the smallest x with P(annual loss <= x) >= level."""
    tail = 1.0 - level
    if loss.none >= level - ROUNDING:
        return 0.0
    high = float(loss.severity.upper_quantile(0.5))
    while float(compound_exceedance(loss, high)) > tail:
        high *= 2.0
    found: float = optimize.brentq(
        lambda x: float(compound_exceedance(loss, x)) - tail, 0.0, high, xtol=1e-14 * high
    )
    return found


def compound_tail_mean(loss: CompoundLoss, level: float) -> float:
    """Return the mean of the worst 1 - level of years."""
    at = np.asarray(compound_value_at_risk(loss, level))
    severity = loss.severity
    one = loss.one * (severity.mean_above(at) - at * severity.above(at))
    return float(at + (one + loss.rest_excess(at)) / (1.0 - level))


def _gamma_rest(
    frequency: Frequency, severity: Severity
) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Mix the gamma distributions of sums of 2, 3, ... losses."""
    chances = count_probs(frequency)[2:]
    shapes = severity.gamma_shape * np.arange(2.0, 2.0 + len(chances))

    def above(x: Any) -> Any:
        tails = special.gammaincc(shapes, np.asarray(x)[..., None] / severity.gamma_scale)
        return tails @ chances

    def excess(x: Any) -> Any:
        at = np.asarray(x)[..., None] / severity.gamma_scale
        means = shapes * severity.gamma_scale * special.gammaincc(shapes + 1.0, at)
        return means @ chances - x * above(x)

    return above, excess


def _grid_rest(frequency: Frequency, severity: Severity, smallest_tail: float) -> GridLoss:
    """Compound on a grid, without severities beyond a cut: below it the sums are not affected."""
    cut = float(severity.upper_quantile(_CUT * smallest_tail / max(frequency.mean, 1.0)))
    edges = np.linspace(0.0, cut, 513)
    reach = sum_bound(edges[1:], -np.diff(severity.above(edges)), frequency)
    nodes = int((_CELLS - 2) * cut / max(reach, cut))
    step = cut / nodes
    pmf = np.zeros(_CELLS)
    pmf[: nodes + 1] = _node_probs(severity, step, nodes)
    transform = np.fft.rfft(pmf)
    none, slope = generating(frequency, 0.0), generating_slope(frequency, 0.0)
    sums = np.fft.irfft(generating(frequency, transform) - none - slope * transform, _CELLS)
    below = np.cumsum(sums) - 0.5 * sums
    mass = float(1.0 - none - slope)
    tail = mass - below
    gone = np.concatenate([[0.0], np.cumsum(0.5 * step * (tail[1:] + tail[:-1]))])
    mean = (frequency.mean - float(slope)) * severity.mean
    return GridLoss(step=step, mass=mass, below=below, excess=mean - gone)


def _node_probs(severity: Severity, step: float, nodes: int) -> Floats:
    """Share the severity out to nodes so that each cell keeps its mean, f64[nodes + 1]."""
    x = np.arange(nodes + 1) * step
    above = severity.above(x)
    cell = -np.diff(above)
    upper = -np.diff(severity.mean_above(x)) / step - np.arange(nodes) * cell
    lower = np.concatenate([cell - upper, [0.0]])
    return np.asarray(lower + np.concatenate([[0.0], upper]), np.float64)
