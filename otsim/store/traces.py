"""Recorded twins: every signal of one twin over time, true and as it was told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.config.plant_points import PLANT_POINTS
from otsim.store.columns import Column, schema_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ROLES", "AttackSpan", "TwinStory", "story_of", "trace_table"]

VERSION = "1.0.0"
ROLES = ("median", "bad", "worst")
_COLUMN = re.compile(r"(?P<kind>xmeas|xmv|sp)_(?P<number>\d+)(?P<view>_seen|_received)?")
_TOLD = {
    ("xmeas", None): "true value",
    ("xmeas", "_seen"): "as the controllers read it",
    ("xmv", None): "as the controllers command it",
    ("xmv", "_received"): "as the actuator receives it",
    ("sp", None): "set-point of the loop",
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
) -> pa.Table:
    """Make the table of a recorded twin: `time_h`, then one column a signal and view.

    Args:
        time_h: f64[n_times], hours from the start of the record.
        signals: f[n_times] by column name: `xmeas_9`, `xmeas_9_seen`, `xmv_10`,
            `xmv_10_received`, `sp_3`; nan where nothing was recorded.
        story: what happened; it goes into the file's metadata.

    Raises:
        KeyError: a name that is no signal of the plant.
    """
    columns = [
        Column(name="time_h", type="float64", unit="h", description="from the start of the record"),
        *(_column(name, story.plant) for name in signals),
    ]
    values = {"time_h": time_h, **signals}
    table = table_of(schema_of("trace", VERSION, columns), values)  # type: ignore[arg-type]
    text = json.dumps(asdict(story), sort_keys=True)
    return table.replace_schema_metadata({**(table.schema.metadata or {}), _KEY: text.encode()})


def _column(name: str, plant: str) -> Column:
    found = _COLUMN.fullmatch(name)
    words = _TOLD.get((found["kind"], found["view"])) if found else None
    if found is None or words is None:
        raise KeyError(name)
    signal = PLANT_POINTS[plant].by_name[f"{found['kind'].upper()}{found['number']}"]
    title = f"{signal.title}, {words}"
    return Column(name=name, type="float64", unit=signal.unit, description=title, nullable=True)


def story_of(table: pa.Table) -> TwinStory:
    """Read back what happened to a recorded twin.

    Raises:
        KeyError: the table is no recorded twin.
    """
    given = json.loads((table.schema.metadata or {})[_KEY])
    attacks = tuple(AttackSpan(**span) for span in given.pop("attacks"))
    return TwinStory(**given, attacks=attacks)
