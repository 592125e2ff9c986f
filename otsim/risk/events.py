"""The sampled events that annual risk is made of: their losses, labels and flags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns
from otsim.config.study import Study
from otsim.draws import replicates_of
from otsim.errors import ReportError
from otsim.loss.losses import CATEGORIES, Losses
from otsim.risk.frequency import Frequency, negative_binomial, poisson
from otsim.risk.sampling_error import INDEPENDENT, Sampling
from otsim.simulate.outcomes import STATUSES, Outcomes

__all__ = ["FLAGS", "EventLosses", "Labels", "event_losses", "study_frequency"]

FLAGS = ("acts", "tripped", "shut_down", "damaged", "destroyed")

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Labels:
    """One grouping of n events.

    Attributes:
        codes: i32[n], index into `names`; -1 for none.
        names: the groups.
    """

    codes: npt.NDArray[np.int32]
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EventLosses:
    """n sampled campaigns that did not diverge, each as likely as the next.

    Attributes:
        loss: f64[n], currency.
        by_category: f64[n] for each category; they add up to `loss`.
        labels: groupings by name: `goal`, `entry`, `profile`.
        flags: bool[n] for each of `FLAGS`; damaged is any fragility, or destroyed.
        plant_value: the most that an event can cost, currency.
        sampling: how the events were drawn, for their errors.
        n_quarantined: diverged twins, which are in none of the arrays.
    """

    loss: Floats
    by_category: dict[str, Floats]
    labels: dict[str, Labels]
    flags: dict[str, Bools]
    plant_value: float
    sampling: Sampling = INDEPENDENT
    n_quarantined: int = 0


def event_losses(
    study: Study, campaigns: Campaigns, outcomes: Outcomes, losses: Losses
) -> EventLosses:
    """Gather the events of a study, leaving out (and counting) those that diverged.

    Raises:
        ReportError: no twin is left.
    """
    valid = outcomes.status != STATUSES.index("diverged")
    if not np.any(valid):
        raise ReportError(
            f"risk tables: all {len(valid)} twins diverged, nothing to average; "
            "run with precision float64, or mend the plant actions"
        )
    codes = {
        "goal": (campaigns.goal, tuple(study.attack.goals)),
        "entry": (campaigns.entry, study.attack.tree.entry_names),
        "profile": (campaigns.profile, tuple(study.attackers.profiles)),
    }
    return EventLosses(
        loss=losses.total[valid],
        by_category={name: losses.by_category[name][valid] for name in CATEGORIES},
        labels={key: Labels(codes=of[valid], names=names) for key, (of, names) in codes.items()},
        flags={name: flag[valid] for name, flag in _flags(campaigns, outcomes, losses).items()},
        plant_value=study.loss.plant_value,
        sampling=_sampling(study, outcomes.twin_id[valid]),
        n_quarantined=int(np.sum(~valid)),
    )


def _sampling(study: Study, twin_id: npt.NDArray[np.int64]) -> Sampling:
    return Sampling(replicate=replicates_of(study, twin_id))


def study_frequency(study: Study) -> Frequency:
    """Return the yearly number of campaigns as the study states it."""
    given = study.attackers.frequency
    if given.distribution == "poisson":
        return poisson(given.per_year)
    if given.dispersion is None:
        raise ReportError(
            "attackers.frequency: negative_binomial without dispersion; state dispersion"
        )
    return negative_binomial(given.per_year, given.dispersion)


def _flags(campaigns: Campaigns, outcomes: Outcomes, losses: Losses) -> dict[str, Bools]:
    ended = {
        name: outcomes.status == STATUSES.index(name)
        for name in ("tripped", "shut_down", "destroyed")
    }
    damaged = np.any([ended["destroyed"], *losses.damaged.values()], axis=0)
    return {"acts": campaigns.acts, "damaged": damaged, **ended}
