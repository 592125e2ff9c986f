"""The sampled events that annual risk is made of: their losses, labels and flags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns
from otsim.attack.joined_graph import joined_graph
from otsim.config.study import Study
from otsim.draws import replicates_of, weights_of
from otsim.errors import ReportError
from otsim.loss.losses import CATEGORIES, Losses
from otsim.risk.frequency import Frequency, negative_binomial, poisson
from otsim.risk.sampling_error import INDEPENDENT, Sampling
from otsim.simulate.outcomes import STATUSES, Outcomes

__all__ = [
    "FLAGS",
    "EventLosses",
    "Labels",
    "event_losses",
    "event_losses_of",
    "study_frequency",
]

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
    return event_losses_of(study, [(campaigns, outcomes, losses)])


def event_losses_of(
    study: Study, parts: Iterable[tuple[Campaigns, Outcomes, Losses]]
) -> EventLosses:
    """Gather the events of a study part by part; of each part only what is needed is kept.

    Raises:
        ReportError: no twin is left.
    """
    kept, n_twins = [], 0
    for campaigns, outcomes, losses in parts:
        kept.append(_sound(campaigns, outcomes, losses))
        n_twins += len(outcomes.twin_id)
    joined = {name: np.concatenate([part[name] for part in kept]) for name in kept[0]}
    n_events = len(joined["loss"])
    if not n_events:
        raise ReportError(
            f"risk tables: all {n_twins} twins diverged, nothing to average; "
            "run with precision float64, or mend the plant actions"
        )
    names = {
        "goal": tuple(study.attack.goals),
        "entry": joined_graph(study).tree.entry_names,
        "profile": tuple(study.attackers.profiles),
    }
    return EventLosses(
        loss=joined["loss"],
        by_category={name: joined[name] for name in CATEGORIES},
        labels={key: Labels(codes=joined[key], names=found) for key, found in names.items()},
        flags={name: joined[name] for name in FLAGS},
        plant_value=study.loss.plant_value,
        sampling=_sampling(study, joined),
        n_quarantined=n_twins - n_events,
    )


def _sound(campaigns: Campaigns, outcomes: Outcomes, losses: Losses) -> dict[str, npt.NDArray[Any]]:
    """Return what is kept of the twins that did not diverge, and who did."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "twin_id": outcomes.twin_id, "attempts": campaigns.attempts,
        "loss": losses.total, "goal": campaigns.goal,
        "entry": campaigns.entry, "profile": campaigns.profile,
        **{name: losses.by_category[name] for name in CATEGORIES},
        **_flags(campaigns, outcomes, losses),
    }  # fmt: skip
    valid = outcomes.status != STATUSES.index("diverged")
    kept = {name: values[valid] for name, values in arrays.items()}
    return kept | {f"dropped_{name}": arrays[name][~valid] for name in ("twin_id", "attempts")}


def _sampling(study: Study, joined: dict[str, npt.NDArray[Any]]) -> Sampling:
    twin_id = joined["twin_id"]
    return Sampling(
        replicate=replicates_of(study, twin_id),
        weights=weights_of(study, twin_id, joined["attempts"]),
        dropped_weights=weights_of(study, joined["dropped_twin_id"], joined["dropped_attempts"]),
    )


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
