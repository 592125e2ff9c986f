"""The tables of a run, from its committed events: read shard by shard, so that memory stays small.

Kept of each twin are its losses, its labels and its flags; of those that were simulated, their
physical outcomes as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.config import Study
from otsim.config.plant_points import WATER_NETWORK
from otsim.executors import Workplace

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.store import RunFolder

__all__ = ["write_tables"]

MAPPED_TWINS = 512  # whose damage is counted by place and hour, for the map

Tables = dict[str, "pa.Table"]


def write_tables(study: Study, folder: RunFolder, place: Workplace, *, recorded: bool) -> int:
    """Turn the committed events into risk tables.

    Args:
        study: as resolved.
        folder: with all its shards.
        place: where twins are lived again.
        recorded: make the tables of the page that need twins lived again.

    Returns:
        The number of twins that diverged.
    """
    lived_again = _lived_again(study, folder, place) if recorded else dict
    tables, n_quarantined = _risk_tables(study, folder)
    tables |= lived_again()
    for name, table in tables.items():
        folder.commit_table(name, table, quarantined=n_quarantined)
    return n_quarantined


def _risk_tables(study: Study, folder: RunFolder) -> tuple[Tables, int]:
    from otsim.risk import annual_risk, study_frequency
    from otsim.risk.events import event_losses_of
    from otsim.risk.tornado import tornado_of
    from otsim.store import physical_table, risk_tables, tornado_table
    from otsim.store.stored_parts import stored_parts

    shards = folder.reader.shards
    events = event_losses_of(study, stored_parts(study, shards()))
    tables = risk_tables(
        study, annual_risk(events, study_frequency(study), study.report.return_periods)
    )
    twins = ((campaigns, outcomes) for campaigns, outcomes, _ in stored_parts(study, shards()))
    tables["tornado"] = tornado_table(study, tornado_of(study, twins))
    tables["physical"] = physical_table(study, shards())
    return tables, events.n_quarantined


def _lived_again(study: Study, folder: RunFolder, place: Workplace) -> Callable[[], Tables]:
    """Ask for the tables of the page that need twins lived again; call it to wait for them."""
    from otsim.work import baseline, network_tables, recordings

    text = study.model_dump_json()
    columns = folder.reader.events_columns(["status", "loss"])
    lived = np.flatnonzero(~np.isin(columns["status"].astype(str), ["no_action", "diverged"]))
    chosen = _typical_twins(lived, columns["loss"])
    untouched = place.ask(baseline, text)
    recorded = place.ask(recordings, text, list(chosen.values()))
    of_network = (
        place.ask(network_tables, text, lived[:MAPPED_TWINS].tolist())
        if study.plant.model == WATER_NETWORK
        else dict
    )

    def tables() -> Tables:
        made: Tables = {"baseline": untouched(), **of_network()}
        for role, recording in zip(chosen, recorded(), strict=True):
            made[f"twin-{role}"] = _story(study, folder, role, chosen[role], recording)
        return made

    return tables


def _typical_twins(lived: npt.NDArray[np.int64], loss: npt.NDArray[Any]) -> dict[str, int]:
    """Choose the median, a bad (95 %) and the worst of the simulated twins, by loss."""
    if not len(lived):
        return {}
    ranked = lived[np.argsort(loss[lived].astype(np.float64), kind="stable")]
    places = {"median": len(ranked) // 2, "bad": int(0.95 * len(ranked)), "worst": len(ranked) - 1}
    return {role: int(ranked[place]) for role, place in places.items()}


def _story(study: Study, folder: RunFolder, role: str, twin_id: int, recording: Any) -> pa.Table:
    from otsim.recorded import recorded_table

    shard, place = divmod(twin_id, folder.facts.shard_size)
    row = folder.reader.shard(shard).slice(place, 1).to_pylist()[0]
    return recorded_table(study, recording, role=role, row=row)
