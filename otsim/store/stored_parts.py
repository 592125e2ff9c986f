"""Event rows back to what risk is computed from: nothing is sampled, lived or priced again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns, PlantActions
from otsim.attack.joined_graph import joined_graph
from otsim.loss import CATEGORIES, Losses
from otsim.store.stored_outcomes import stored_outcomes

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.config.study import Study
    from otsim.simulate.outcomes import Outcomes

__all__ = ["stored_parts"]


def stored_parts(
    study: Study, shards: Iterable[pa.Table]
) -> Iterator[tuple[Campaigns, Outcomes, Losses]]:
    """Yield campaigns, outcomes and losses of one shard after the other, bit for bit.

    The campaigns lack what event rows do not hold: plant actions and the nodes' times.

    Args:
        study: whose run it is.
        shards: rows of the event table.
    """
    for rows in shards:
        yield _campaigns(study, rows), stored_outcomes(study, rows), _losses(study, rows)


def _campaigns(study: Study, events: pa.Table) -> Campaigns:
    none = np.zeros((0, events.num_rows))

    def hours(name: str) -> npt.NDArray[np.float64]:
        values = _numbers(events, name)
        return np.where(np.isnan(values), np.inf, values)

    return Campaigns(
        twin_id=np.asarray(events.column("twin_id").to_numpy(), np.int64),
        profile=_codes(events, "profile", tuple(study.attackers.profiles)),
        goal=_codes(events, "goal", tuple(study.attack.goals)),
        entry=_codes(events, "entry", joined_graph(study).tree.entry_names),
        attempts=np.asarray(events.column("attempts").to_numpy(), np.int32),
        entry_h=hours("entry_h"),
        goal_h=hours("goal_h"),
        detected_h=hours("detected_h"),
        response_h=hours("response_h"),
        acts=_flags(events, "acts"),
        actions=PlantActions(start_h=none, stop_h=none, value=none),
        node_h=none.astype(np.float32),
    )


def _losses(study: Study, events: pa.Table) -> Losses:
    return Losses(
        twin_id=np.asarray(events.column("twin_id").to_numpy(), np.int64),
        by_category={name: _numbers(events, f"loss_{name}") for name in CATEGORIES},
        downtime_h=_numbers(events, "downtime_h"),
        damaged={name: _flags(events, f"damaged_{name}") for name in study.loss.fragility},
    )


def _numbers(events: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return np.asarray(events.column(name).to_numpy(zero_copy_only=False), np.float64)


def _flags(events: pa.Table, name: str) -> npt.NDArray[np.bool_]:
    return np.asarray(events.column(name).to_numpy(zero_copy_only=False), np.bool_)


def _codes(events: pa.Table, name: str, names: Sequence[str]) -> npt.NDArray[np.int32]:
    """Return the place of each name among `names`, -1 for null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.index_in(events.column(name), value_set=pa.array(names, pa.string()))
    return np.asarray(pc.fill_null(found, -1).to_numpy(), np.int32)
