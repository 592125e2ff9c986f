"""Campaigns written by hand, and a study with a goal of each kind of action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from attack.small_study import small_study
from otsim.attack.campaigns import Campaigns, PlantActions
from otsim.config import Study, with_value

# rows of the schedule, in this order
ACTIONS = [
    {"kind": "override", "target": "XMV10", "value": 0.0},
    {"kind": "bias", "target": "XMEAS8", "value": -20.0},
    {"kind": "replay", "target": "XMEAS9", "record_min": 5.0},
    {"kind": "setpoint", "target": "SP18", "value": 121.0},
]
COOLING, LEVEL, REPLAY, SETPOINT = range(4)
LEAD = 300  # ticks of the recording
BATCH, HORIZON_H = 64, 1.0


def study_with(action: str | None = None, *, horizon_h: float = HORIZON_H, **more: Any) -> Study:
    """Return a study with these actions, whose response, if any, does `action`."""
    response = None if action is None else {"delay_h": 1.0, "action": action}
    nodes = {"step": {"time_h": 1.0, "entry": True}}
    study = small_study(
        nodes, needs={"goal": ["step"]}, actions={"goal": ACTIONS}, response=response
    )
    values = {"plant.horizon_h": horizon_h, "simulation.batch": BATCH, **more}
    for key, value in values.items():
        study = with_value(study, key, value)
    return study


def campaigns(
    starts: Sequence[Sequence[float]],
    *,
    stops: Sequence[Sequence[float]] | None = None,
    values: Sequence[float] | None = None,
    response_h: Any = np.inf,
    acts: Any = True,
    first: int = 0,
) -> Campaigns:
    """Make one campaign for each column of `starts`, hours after a goal reached at 10 h."""
    start_h = np.array(starts, float)
    rows, n = start_h.shape
    whole = lambda x, dtype=float: np.full(n, x, dtype)  # noqa: E731
    value = np.array([a.get("value", 0.0) for a in ACTIONS] if values is None else values)
    return Campaigns(
        twin_id=np.arange(first, first + n, dtype=np.int64),
        profile=whole(0, np.int32), goal=whole(0, np.int32), entry=whole(0, np.int32),
        attempts=whole(1, np.int32), entry_h=whole(1.0), goal_h=whole(10.0),
        detected_h=whole(np.inf), response_h=10.0 + np.broadcast_to(response_h, (n,)).astype(float),
        acts=np.broadcast_to(acts, (n,)).copy(),
        actions=PlantActions(
            start_h=start_h,
            stop_h=np.full((rows, n), np.inf) if stops is None else np.array(stops, float),
            value=np.tile(value[:, None], n),
        ),
        node_h=np.zeros((1, n), np.float32),
    )  # fmt: skip


def only(row: int, start_h: float = 0.5, n: int = 1) -> list[list[float]]:
    """Starts of n campaigns that take one action alone."""
    return [[start_h if i == row else np.inf] * n for i in range(len(ACTIONS))]
