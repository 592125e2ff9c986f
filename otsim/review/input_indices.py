"""How much of the uncertainty of the annual loss each uncertain input of the study explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns
from otsim.config.key_paths import key_steps
from otsim.config.study import Study, UncertainInput
from otsim.config.study_loss import Loss
from otsim.review.lives import Lives

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["N_POINTS", "annual_loss_at", "input_indices"]

N_POINTS = 64
"""Base points of the design (Saltelli), a power of two; each input adds as many again."""

_RATE, _SHARE, _LOSS = "rate", "share", "loss"
Floats = npt.NDArray[np.float64]


def input_indices(
    study: Study, campaigns: Campaigns, rates: Floats, lives: Lives
) -> Mapping[str, tuple[float, float]]:
    """Return first-order and total Sobol indices of the expected annual loss, by input's title.

    Each input of the study's `uncertainty` is uniform between its low and its high value, alone of
    the others. Inputs that would need other campaigns are left out. Of the twins, all lives are
    known, so that a point costs a pricing, not a simulation.

    Args:
        study: as read.
        campaigns: against the design as it is.
        rates: f64[n], how often a year each of them comes.
        lives: which have lived them.
    """
    inputs = [given for given in study.uncertainty if _part(given) is not None]
    if not inputs:
        return {}
    from scipy.stats import sobol_indices, uniform

    def annual_loss(points: Floats) -> Floats:
        return np.array(
            [annual_loss_at(study, inputs, point, campaigns, rates, lives) for point in points.T]
        )

    found: Any = sobol_indices(
        func=annual_loss,
        n=N_POINTS,
        dists=[uniform(given.low, given.high - given.low) for given in inputs],
        rng=np.random.default_rng(0),
    )
    return {
        given.title or given.key: (float(first), float(total))
        for given, first, total in zip(inputs, found.first_order, found.total_order, strict=True)
    }


def _part(given: UncertainInput) -> str | None:
    steps = [str(step) for step in key_steps(given.key)]
    if given.key == "attackers.frequency.per_year":
        return _RATE
    if steps[:2] == ["attackers", "profiles"] and steps[3:] == ["share"]:
        return _SHARE
    return _LOSS if steps[0] == "loss" else None


def annual_loss_at(
    study: Study,
    inputs: Sequence[UncertainInput],
    point: Floats,
    campaigns: Campaigns,
    rates: Floats,
    lives: Lives,
) -> float:
    """Return the expected annual loss of the study with its inputs at a point, currency a year."""
    rate, priced = study.attackers.frequency.per_year, study.loss.model_dump()
    shares = {name: profile.share for name, profile in study.attackers.profiles.items()}
    for given, value in zip(inputs, point.tolist(), strict=True):
        steps = key_steps(given.key)
        if _part(given) == _RATE:
            rate = value
        elif _part(given) == _SHARE:
            shares = _with_share(shares, str(steps[2]), value)
        else:
            _set(priced, steps[1:], value)
    changed = study.model_copy(update={"loss": Loss.model_validate(priced)})
    losses = lives.priced(changed, campaigns)
    weights = rates * _weights(study, shares)[campaigns.profile]
    valid = ~np.isnan(losses)
    mean = float(np.sum(losses[valid] * weights[valid]) / np.sum(weights[valid]))
    return rate / study.attackers.frequency.per_year * float(rates.sum()) * mean


def _set(data: dict[str, Any], steps: Sequence[str | int], value: float) -> None:
    """Change one number of a study's losses, quicker than by checking the whole study anew."""
    for step in steps[:-1]:
        data = data[step]  # type: ignore[index]
    data[steps[-1]] = value  # type: ignore[index]


def _with_share(shares: Mapping[str, float], name: str, share: float) -> dict[str, float]:
    """Change the share of one profile; the others keep their proportions."""
    rest = (1.0 - share) / (1.0 - shares[name]) if shares[name] < 1.0 else 1.0
    return {each: share if each == name else old * rest for each, old in shares.items()}


def _weights(study: Study, shares: Mapping[str, float]) -> Floats:
    """How much more often each profile comes, f64[n_profiles]."""
    before = {name: profile.share for name, profile in study.attackers.profiles.items()}
    return np.array([
        shares[name] / before[name] if before[name] > 0.0 else 1.0 for name in before
    ])  # fmt: skip
