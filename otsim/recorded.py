"""A recorded twin of a study as a table with its story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from otsim.config import Study
from otsim.simulate.plans import TICKS_PER_HOUR, action_clock, lead_ticks
from otsim.store import AttackSpan, TwinStory, trace_table
from otsim.work import campaigns_of

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.attack.campaigns import Campaigns
    from otsim.simulate.recording import Recording

__all__ = ["recorded_table"]


def recorded_table(
    study: Study, recording: Recording, *, role: str, row: dict[str, Any]
) -> pa.Table:
    """Make the table of a recorded twin.

    Args:
        study: whose twin it is.
        recording: from `otsim.work.recordings`.
        role: what it stands for in the report.
        row: its row of the event table.
    """
    campaigns = campaigns_of(study.model_dump_json(), row["twin_id"])
    story = TwinStory(
        role=role,
        plant=study.plant.model,
        twin_id=row["twin_id"],
        goal=row["goal"],
        status=recording.status,
        cause=recording.cause,
        end_h=None if recording.status == "horizon" else recording.end_tick / TICKS_PER_HOUR,
        loss=row["loss"],
        attacks=tuple(_spans(study, campaigns)),
    )
    return trace_table(recording.tick / TICKS_PER_HOUR, recording.signals, story)


def _spans(study: Study, campaigns: Campaigns) -> list[AttackSpan]:
    """Tell what the campaign did, in hours from the start of the record."""
    actions = [action for goal in study.attack.goals.values() for action in goal.actions]
    lead_h = lead_ticks(study) / TICKS_PER_HOUR
    clock = action_clock(campaigns)
    response = study.defence.response
    cuts = response is not None and response.action in ("isolate", "restore")
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
                    stop_h=float(end + lead_h) if np.isfinite(end) else None,
                    value=None if action.value is None else float(value),
                )
            )
    return spans
