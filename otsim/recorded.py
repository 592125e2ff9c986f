"""Recorded twins as tables with their story: of a run, lived again, or under given actions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from otsim.config import PLANT_POINTS, Study
from otsim.config.plant_points import PlantPoints
from otsim.config.study_points import points_of
from otsim.errors import SimulationError
from otsim.simulate.plans import TICKS_PER_HOUR, action_clock, lead_ticks
from otsim.store import AttackSpan, RunReader, TwinStory, story_of, trace_table
from otsim.store.columns import stamped
from otsim.store.run_identity import versions
from otsim.work import campaigns_of, recordings, shard_events

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.attack.campaigns import Campaigns
    from otsim.simulate.recording import Recording
    from otsim.simulate.scripted import Script

__all__ = [
    "Replay",
    "recorded_table",
    "replay_twin",
    "scripted_table",
    "stored_row",
    "write_replay",
]

REPLAY_FOLDER = "replay"


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A twin of a run, lived again.

    Attributes:
        study: of the run, as resolved.
        row: its row of the event table, equal to the stored one.
        table: its record, or None where the campaign never touched the plant.
    """

    study: Study
    row: dict[str, Any]
    table: pa.Table | None

    @property
    def story(self) -> TwinStory | None:
        """What happened, in hours from the start of the record."""
        return None if self.table is None else story_of(self.table)

    @property
    def lead_h(self) -> float:
        """Hours that the record shows before the first plant action."""
        return lead_ticks(self.study) / TICKS_PER_HOUR


def replay_twin(run: Path, twin_id: int, *, every_s: int = 60) -> Replay:
    """Live a twin of a run again, record it, and compare all that the run stored of it.

    Args:
        run: the run folder; the shard of the twin must be committed.
        twin_id: its number.
        every_s: seconds between rows.

    Raises:
        SimulationError: no such twin, or it came out otherwise than it is stored.
        StorageError: the run, or the shard of the twin, is missing or damaged.
    """
    reader = RunReader.at(run)
    row, study = stored_row(reader, twin_id), reader.study()
    text = study.model_dump_json()
    again = shard_events(text, twin_id, 1).to_pylist()[0]
    _refuse_differences(reader, row, again)
    if row["status"] == "no_action":
        return Replay(study=study, row=row, table=None)
    [recording] = recordings(text, [twin_id], every_s)
    end_h = (recording.end_tick - lead_ticks(study)) / TICKS_PER_HOUR
    seen = {"status": recording.status, "cause": recording.cause or None, "end_h": end_h}
    _refuse_differences(reader, row, {**row, **seen})
    table = recorded_table(study, recording, role="replayed", row=row)
    told = {
        "version": versions()["otsim"], "jax": versions()["jax"], "run_id": reader.facts.run_id,
        "seed": str(study.simulation.seed), "precision": study.simulation.precision,
    }  # fmt: skip
    return Replay(study=study, row=row, table=stamped(table, told))


def stored_row(reader: RunReader, twin_id: int) -> dict[str, Any]:
    """Return the row of a twin as the run stored it.

    Raises:
        SimulationError: the run has no such twin.
        StorageError: its shard is not committed, or damaged.
    """
    facts = reader.facts
    if not 0 <= twin_id < facts.twins:
        raise SimulationError(
            f"{reader.path}: there is no twin {twin_id}; give one from 0 to {facts.twins - 1}"
        )
    shard, place = divmod(twin_id, facts.shard_size)
    row: dict[str, Any] = reader.shard(shard).slice(place, 1).to_pylist()[0]
    return row


def _refuse_differences(reader: RunReader, stored: dict[str, Any], again: dict[str, Any]) -> None:
    """Refuse a twin that is not, bit for bit, the stored one."""
    names = [name for name in stored if _bits(stored[name]) != _bits(again.get(name))]
    if not names:
        return
    name, facts, now = names[0], reader.facts, versions()
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    raise SimulationError(
        f"{reader.path}: twin {stored['twin_id']} came out otherwise: {name} is {again.get(name)}, "
        f"stored is {stored[name]}{more}; the run was computed with jax {facts.versions['jax']} on "
        f"{facts.device}, this is jax {now['jax']}: use the same version, kind of device and "
        "settings (XLA_FLAGS)"
    )


def _bits(value: Any) -> Any:
    """Two floats are the same only with the same bits; -0.0 is not 0.0."""
    return value.hex() if isinstance(value, float) else value


def write_replay(replay: Replay, file: Path) -> Path:
    """Write the record as Parquet and its plot next to it.

    Returns:
        Path of the plot.

    Raises:
        ValueError: there is no record.
        StorageError: they cannot be written.
    """
    from otsim.report.twin_charts import twin_chart
    from otsim.store.commit import commit_bytes
    from otsim.store.parquet_files import parquet_bytes

    if replay.table is None or replay.story is None:
        raise ValueError(f"twin {replay.row['twin_id']} never acted: it has no record")
    plot = file.with_suffix(".svg")
    chart = twin_chart(replay.table, replay.story, points_of(replay.study.plant)).wide
    commit_bytes(file, parquet_bytes(replay.table))
    commit_bytes(plot, f"{chart}\n".encode())
    return plot


def recorded_table(
    study: Study, recording: Recording, *, role: str, row: dict[str, Any]
) -> pa.Table:
    """Make the table of a recorded twin of a run.

    Args:
        study: whose twin it is.
        recording: from `otsim.work.recordings`.
        role: what it stands for in the report.
        row: its row of the event table.
    """
    campaigns = campaigns_of(study.model_dump_json(), row["twin_id"])
    story = TwinStory(
        role=role, plant=study.plant.model, twin_id=row["twin_id"], goal=row["goal"],
        loss=row["loss"], attacks=tuple(_spans(study, campaigns)), status=recording.status,
    )  # fmt: skip
    return _table(recording, story, points_of(study.plant))


def scripted_table(script: Script, recording: Recording) -> pa.Table:
    """Make the table of a twin under given actions, with what decided it in its metadata."""
    attacks = tuple(
        AttackSpan(
            kind=action.kind, target=action.target, start_h=action.start_h,
            stop_h=_finite(action.end_h), value=action.value,
        )
        for action in script.actions
    )  # fmt: skip
    story = TwinStory(role="scripted", plant=script.plant, status=recording.status, attacks=attacks)
    told = {
        "version": versions()["otsim"], "jax": versions()["jax"], "seed": str(script.seed),
        "precision": script.precision, "integration": script.integration,
        "noise": "on" if script.noise else "off",
    }  # fmt: skip
    return stamped(_table(recording, story, PLANT_POINTS[script.plant]), told)


def _table(recording: Recording, story: TwinStory, points: PlantPoints) -> pa.Table:
    end_h = None if recording.status == "horizon" else recording.end_tick / TICKS_PER_HOUR
    story = replace(story, cause=recording.cause, end_h=end_h)
    return trace_table(recording.tick / TICKS_PER_HOUR, recording.signals, story, points)


def _spans(study: Study, campaigns: Campaigns) -> list[AttackSpan]:
    """Tell what the campaign did, in hours from the start of the record."""
    actions = [action for goal in study.attack.goals.values() for action in goal.actions]
    lead_h = lead_ticks(study) / TICKS_PER_HOUR
    clock = action_clock(campaigns)
    cuts = study.response_action in ("isolate", "restore")
    spans = []
    for action, start, stop, value in zip(
        actions, campaigns.actions.start_h[:, 0], campaigns.actions.stop_h[:, 0],
        campaigns.actions.value[:, 0], strict=True,
    ):  # fmt: skip
        begin, end = start - clock.first_h[0], stop - clock.first_h[0]
        end = min(end, clock.response_h[0]) if cuts else end
        if np.isfinite(begin) and begin < end:
            spans.append(
                AttackSpan(
                    kind=action.kind,
                    target=action.target,
                    start_h=float(begin + lead_h),
                    stop_h=_finite(float(end + lead_h)),
                    value=None if action.value is None else float(value),
                )
            )
    return spans


def _finite(hours: float) -> float | None:
    return hours if np.isfinite(hours) else None
