"""One uncertain input at a time: how far each moves the expected and the 1-in-100-year loss."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns
from otsim.config import with_value
from otsim.config.key_paths import key_steps
from otsim.config.study import Study, UncertainInput
from otsim.draws import weights_of
from otsim.errors import ReportError
from otsim.loss import assess
from otsim.risk.annual import annual_loss, annual_value_at_risk
from otsim.risk.events import study_frequency
from otsim.risk.frequency import Frequency
from otsim.risk.sampling_error import Sampling
from otsim.simulate.outcomes import Outcomes

__all__ = ["RATE_KEY", "TornadoRow", "tornado", "tornado_of"]

RATE_KEY = "attackers.frequency.per_year"
DISPERSION_KEY = "attackers.frequency.dispersion"
_ASSUMED = 0.5  # without a stated range the yearly rate goes this far down and up
_CELLS = 2**17

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TornadoRow:
    """The effect of one input at its low and high value, all others as the study has them.

    Attributes:
        key, title: the input, as the study names it.
        low, high: its values, in its own unit.
        assumed: the study states no range for it: half and one and a half times its value.
        eal_low, eal_base, eal_high: expected annual loss, currency.
        aep100_low, aep100_base, aep100_high: annual loss exceeded once in 100 years, currency.
    """

    key: str
    title: str
    low: float
    high: float
    assumed: bool
    eal_low: float
    eal_base: float
    eal_high: float
    aep100_low: float
    aep100_base: float
    aep100_high: float


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A variant of the study: its yearly number, losses f64[n] and weights f64[n] of the twins."""

    frequency: Frequency
    losses: Floats
    weights: Floats


def tornado(study: Study, campaigns: Campaigns, outcomes: Outcomes) -> list[TornadoRow]:
    """Vary the study's uncertain inputs on all twins of a run at once; see `tornado_of`."""
    return tornado_of(study, [(campaigns, outcomes)])


def tornado_of(study: Study, parts: Iterable[tuple[Campaigns, Outcomes]]) -> list[TornadoRow]:
    """Vary the study's uncertain inputs one at a time, on the same twins and draws.

    Loss inputs price the same physical outcomes anew; shares of profiles weigh the campaigns
    (the other shares keep their proportions); rate and dispersion change the years. The yearly rate
    always comes first, the others by the swing of the expected annual loss.

    Args:
        study: with its `uncertainty` block.
        parts: campaigns and outcomes of the twins, part by part; of each part only the losses
            are kept.

    Raises:
        ReportError: an input that cannot be varied without new twins.
    """
    inputs = _inputs(study)
    twins = _priced(study, [given for given, _ in inputs], parts)
    base = _Case(frequency=study_frequency(study), losses=twins.losses, weights=twins.weights)
    base_figures = _figures(base)
    rows = []
    for given, assumed in inputs:
        cases = (
            _varied(study, base, given.key, value, twins=twins) for value in (given.low, given.high)
        )
        rows.append(_row(given, assumed, [base_figures, *map(_figures, cases)]))
    return sorted(rows, key=_order)


@dataclass(frozen=True, kw_only=True)
class _Twins:
    """What is kept of n twins.

    Attributes:
        profile: i32[n], index into the study's profiles.
        losses: f64[n], as the study has them; nan where the twin diverged.
        weights: f64[n], what each twin weighs.
        varied: f64[n] for each key and value of an input that prices them anew.
    """

    profile: npt.NDArray[np.int32]
    losses: Floats
    weights: Floats
    varied: dict[tuple[str, float], Floats]


def _priced(
    study: Study, inputs: list[UncertainInput], parts: Iterable[tuple[Campaigns, Outcomes]]
) -> _Twins:
    studies = {
        (given.key, value): with_value(study, given.key, value)
        for given in inputs
        for value in (given.low, given.high)
        if str(key_steps(given.key)[0]) == "loss"
    }
    profiles, losses, weights = [], [], []
    varied: dict[tuple[str, float], list[Floats]] = {case: [] for case in studies}
    for campaigns, outcomes in parts:
        profiles.append(campaigns.profile)
        weights.append(_weights(study, campaigns))
        losses.append(assess(study, campaigns, outcomes).total)
        for case, changed in studies.items():
            varied[case].append(assess(changed, campaigns, outcomes).total)
    return _Twins(
        profile=np.concatenate(profiles),
        losses=np.concatenate(losses),
        weights=_calibrated(np.concatenate(weights)),
        varied={case: np.concatenate(found) for case, found in varied.items()},
    )


def _calibrated(weights: Floats) -> Floats:
    calibrated = Sampling(weights=weights).calibrated
    assert calibrated is not None
    return calibrated


def _weights(study: Study, campaigns: Campaigns) -> Floats:
    weights = weights_of(study, campaigns.twin_id, campaigns.attempts)
    return np.ones(len(campaigns.twin_id)) if weights is None else weights


def _inputs(study: Study) -> list[tuple[UncertainInput, bool]]:
    stated = [(given, False) for given in study.uncertainty]
    if any(given.key == RATE_KEY for given in study.uncertainty):
        return stated
    rate = study.attackers.frequency.per_year
    low, high = rate * (1.0 - _ASSUMED), rate * (1.0 + _ASSUMED)
    assumed = UncertainInput(key=RATE_KEY, low=low, high=high, title="Campaigns a year")
    return [(assumed, True), *stated]


def _varied(study: Study, base: _Case, key: str, value: float, *, twins: _Twins) -> _Case:
    parts = [str(step) for step in key_steps(key)]
    if key == RATE_KEY:
        return replace(base, frequency=replace(base.frequency, mean=value))
    if key == DISPERSION_KEY:
        return replace(base, frequency=replace(base.frequency, size=value))
    if parts[:2] == ["attackers", "profiles"] and parts[3:] == ["share"]:
        factors = _share_factors(study, parts[2], value)[twins.profile]
        return replace(base, weights=twins.weights * factors)
    if parts[0] == "loss":
        return replace(base, losses=twins.varied[key, value])
    raise ReportError(f"uncertainty: {key}: needs new twins; use a rate, a share or a loss input")


def _share_factors(study: Study, profile: str, share: float) -> Floats:
    """Return the weight of each profile's campaigns when one profile's share changes."""
    shares = {name: given.share for name, given in study.attackers.profiles.items()}
    now = shares[profile]
    if (now == 0.0 and share > 0.0) or (now == 1.0 and share < 1.0):
        raise ReportError(
            f"uncertainty: attackers.profiles.{profile}.share: no campaign of "
            f"{'this' if now == 0.0 else 'another'} profile was drawn; give it a share above 0"
        )
    others = (1.0 - share) / (1.0 - now) if now < 1.0 else 1.0
    own = share / now if now > 0.0 else 1.0
    return np.array([own if name == profile else others for name in shares])


def _figures(case: _Case) -> tuple[float, float]:
    """Return expected annual loss and 1-in-100-year loss of the twins that did not diverge."""
    valid = ~np.isnan(case.losses)
    losses, weights = case.losses[valid], case.weights[valid]
    if not np.sum(weights) > 0.0:
        return math.nan, math.nan
    mean = case.frequency.mean * float(np.average(losses, weights=weights))
    annual = annual_loss(losses, case.frequency, weights, cells=_CELLS)
    return mean, annual_value_at_risk(annual, 0.99)


def _row(given: UncertainInput, assumed: bool, figures: list[tuple[float, float]]) -> TornadoRow:
    (eal_base, aep_base), (eal_low, aep_low), (eal_high, aep_high) = figures
    return TornadoRow(
        key=given.key,
        title=given.title or given.key,
        low=given.low,
        high=given.high,
        assumed=assumed,
        eal_low=eal_low,
        eal_base=eal_base,
        eal_high=eal_high,
        aep100_low=aep_low,
        aep100_base=aep_base,
        aep100_high=aep_high,
    )


def _order(row: TornadoRow) -> tuple[bool, float, float]:
    eal_swing = abs(row.eal_high - row.eal_low)
    return row.key != RATE_KEY, -eal_swing, -abs(row.aep100_high - row.aep100_low)
