"""Event rows back to the losses and flags that annual risk is made of, without their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.draws import replicates_of, weights_of
from otsim.errors import ReportError
from otsim.risk.events import EventLosses
from otsim.risk.sampling_error import Sampling

if TYPE_CHECKING:
    from otsim.config.study import Study
    from otsim.store.run_reader import RunReader

__all__ = ["chosen_events", "stored_losses"]

_ENDS = ("tripped", "shut_down", "destroyed")


def stored_losses(study: Study, reader: RunReader) -> EventLosses:
    """Read losses and flags of all twins of a run, in order; a loss of nan for those that diverged.

    Groups and categories are left out. `chosen_events` makes a sample of it.

    Raises:
        StorageError: a shard is not committed, or damaged.
    """
    names = {name: f"damaged_{name}" for name in study.loss.fragility}
    columns = reader.events_columns(
        ["twin_id", "attempts", "status", "acts", "loss", *names.values()]
    )
    status = columns["status"].astype(str)
    ended = {name: status == name for name in _ENDS}
    damaged = [columns[column].astype(bool) for column in names.values()]
    twin_id = columns["twin_id"].astype(np.int64)
    weights = weights_of(study, twin_id, columns["attempts"].astype(np.int32))
    return EventLosses(
        loss=np.where(status == "diverged", np.nan, columns["loss"].astype(np.float64)),
        by_category={},
        labels={},
        flags={
            "acts": columns["acts"].astype(bool),
            "damaged": np.any([ended["destroyed"], *damaged], axis=0),
            **ended,
        },
        plant_value=study.loss.plant_value,
        sampling=Sampling(
            replicate=replicates_of(study, twin_id),
            weights=weights,
        ),
        n_quarantined=int(np.sum(status == "diverged")),
    )


def chosen_events(stored: EventLosses, which: npt.NDArray[np.bool_]) -> EventLosses:
    """Return the sample of some twins, none of which diverged.

    Raises:
        ReportError: none is left.
    """
    if not np.any(which):
        raise ReportError("all twins diverged, nothing to average; run with precision float64")
    replicate, weights = stored.sampling.replicate, stored.sampling.weights
    return EventLosses(
        loss=stored.loss[which],
        by_category={},
        labels={},
        flags={name: flag[which] for name, flag in stored.flags.items()},
        plant_value=stored.plant_value,
        sampling=Sampling(
            replicate=None if replicate is None else replicate[which],
            weights=None if weights is None else weights[which],
            dropped_weights=None if weights is None else weights[~which],
        ),
        n_quarantined=int(np.sum(~which)),
    )
