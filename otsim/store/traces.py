"""Recorded twins: every signal of one twin over time, true and as it was told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.config.plant_points import PlantPoints
from otsim.store.columns import Column, schema_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ROLES", "AttackSpan", "TwinStory", "story_of", "trace_table"]

VERSION = "1.0.0"
ROLES = ("median", "bad", "worst")
_VIEW = re.compile(r"(?P<signal>.+?)(?P<view>_seen|_shown|_received)?")
_VIEWS = {
    "_seen": "as the controllers read it",
    "_shown": "as the operators see it",
    "_received": "as the actuator receives it",
}
_UNTOUCHED = {
    ("process", "measurement"): "true value",
    ("process", "command"): "as the controllers command it",
    ("process", "setpoint"): "set-point of the loop",
    ("network", "measurement"): "true value",
}
_KEY = b"otsim.story"


@dataclass(frozen=True, kw_only=True)
class AttackSpan:
    """One plant action, hours from the start of the record; stop_h is None for no end."""

    kind: str
    target: str
    start_h: float
    stop_h: float | None = None
    value: float | None = None


@dataclass(frozen=True, kw_only=True)
class TwinStory:
    """What happened to a recorded twin.

    Attributes:
        role: median, bad or worst of the run, or a word of the caller.
        plant: name of the plant.
        twin_id: twin number; None where no campaign was sampled.
        goal: name of the goal; "" for none.
        status: one of `STATUSES`.
        cause: why it ended; "" for none.
        end_h: when it ended, hours from the start of the record; None: it lived on.
        loss: loss of the campaign, currency; None where there is none.
        attacks: what was done to the plant.
    """

    role: str
    plant: str
    status: str
    twin_id: int | None = None
    goal: str = ""
    cause: str = ""
    end_h: float | None = None
    loss: float | None = None
    attacks: tuple[AttackSpan, ...] = ()


def trace_table(
    time_h: npt.NDArray[np.float64],
    signals: Mapping[str, npt.NDArray[np.floating]],
    story: TwinStory,
    points: PlantPoints,
) -> pa.Table:
    """Make the table of a recorded twin: `time_h`, then one column a signal and view.

    Args:
        time_h: f64[n_times], hours from the start of the record.
        signals: f[n_times] by column name: `xmeas_9`, `xmeas_9_seen`, `xmv_10`,
            `xmv_10_received`, `sp_3`, `level.T1_shown`; nan where nothing was recorded.
        story: what happened; it goes into the file's metadata.
        points: of the plant.

    Raises:
        KeyError: a name that is no signal of the plant.
    """
    columns = [
        Column(name="time_h", type="float64", unit="h", description="from the start of the record"),
        *(_column(name, points) for name in signals),
    ]
    values = {"time_h": time_h, **signals}
    table = table_of(schema_of("trace", VERSION, columns), values)  # type: ignore[arg-type]
    text = json.dumps(asdict(story), sort_keys=True)
    return table.replace_schema_metadata({**(table.schema.metadata or {}), _KEY: text.encode()})


def _column(name: str, points: PlantPoints) -> Column:
    found = _VIEW.fullmatch(name)
    if found is None:
        raise KeyError(name)
    signal = points.by_column[found["signal"]]
    words = _UNTOUCHED.get((points.family, signal.kind), "")
    title = ", ".join(part for part in (signal.title, _VIEWS.get(found["view"], words)) if part)
    return Column(name=name, type="float64", unit=signal.unit, description=title, nullable=True)


def story_of(table: pa.Table) -> TwinStory:
    """Read back what happened to a recorded twin.

    Raises:
        KeyError: the table is no recorded twin.
    """
    given = json.loads((table.schema.metadata or {})[_KEY])
    attacks = tuple(AttackSpan(**span) for span in given.pop("attacks"))
    return TwinStory(**given, attacks=attacks)
