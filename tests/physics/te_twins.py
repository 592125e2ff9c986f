"""Twins of the Tennessee Eastman plant for tests: acts on points -> a batch that runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from otsim.plant import plant_table
from otsim.plant.tables import Integration
from otsim_kernels.control_loop import RUNNING, Plan, TwinState, first_twin
from otsim_kernels.draws import stream_key
from otsim_kernels.drivers.fast_cpu import advance
from otsim_kernels.drivers.time_loop import History, first_history
from otsim_kernels.signal_tampering import ALL_TRIPS, NEVER, Group, Schedule, Tap

CHUNK_TICKS = 1800


@dataclass(frozen=True, kw_only=True)
class Point:
    """Something that can be tampered with; `index` counts as in studies, from 1."""

    kind: str
    group: Group
    index: int
    record_ticks: int = 0

    def tap(self, row: int) -> Tap:
        """Return the tap on this point."""
        counted_from_0 = self.group in ("measurement", "command")
        return Tap(
            kind=self.kind, group=self.group, index=self.index - counted_from_0, row=row,
            record_ticks=self.record_ticks,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Act:
    """What is done to one twin at one point, from a tick on."""

    point: Point
    value: float = 0.0
    start: int = 60
    stop: int = NEVER


BYPASS = Act(point=Point(kind="set", group="trip", index=ALL_TRIPS), start=0)


def xmv(number: int, value: float = 0.0, **more: Any) -> Act:
    """Override a command."""
    return Act(point=Point(kind="override", group="command", index=number), value=value, **more)


def xmeas(number: int, value: float = 0.0, *, kind: str = "override", **more: Any) -> Act:
    """Override, bias or scale what controllers and operators see of a measurement."""
    return Act(point=Point(kind=kind, group="measurement", index=number), value=value, **more)


def setpoint(loop: int, value: float, **more: Any) -> Act:
    """Overwrite a set-point."""
    return Act(point=Point(kind="set", group="setpoint", index=loop), value=value, **more)


def gain(loop: int, value: float, **more: Any) -> Act:
    """Multiply a loop's gain."""
    return Act(point=Point(kind="set", group="loop", index=loop), value=value, **more)


def idv(number: int, **more: Any) -> Act:
    """Switch a disturbance on."""
    return Act(point=Point(kind="set", group="disturbance", index=number), **more)


class Twins:
    """A batch of twins, each under its own acts; one compiled loop for equal `points`."""

    def __init__(
        self, acts: Sequence[Sequence[Act]], *, points: Sequence[Point] | None = None,
        dtype: Any = np.float32, integration: Integration = "converged", noise: bool = True,
        ids: Sequence[int] | None = None, seed: int = 1, drive: Any = advance, **plan: Any,
    ) -> None:  # fmt: skip
        self.n = n = len(acts)
        if points is None:
            points = list(dict.fromkeys(act.point for twin in acts for act in twin))
        self.table = plant_table("tennessee_eastman", integration=integration, noise=noise)
        self.taps = tuple(point.tap(row) for row, point in enumerate(points))
        self.dtype, self.drive = np.dtype(dtype), drive
        twin_id = np.arange(n) if ids is None else np.asarray(ids)
        never = np.full(n, NEVER, np.int32)
        self.plan = Plan(
            schedule=_schedule(acts, points, self.dtype),
            key=stream_key(seed, twin_id.astype(np.uint32)),
            safety_works=np.ones(n, bool),
            rupture=np.full(n, plan.get("rupture", np.inf), self.dtype),
            shutdown=np.full(n, plan.get("shutdown", NEVER), np.int32),
            reaction=never, reload=never, onset=np.zeros_like(never),
        )  # fmt: skip
        self.state: TwinState = first_twin(self.table, self.taps, jnp.zeros((n,), self.dtype))
        self.history: History = first_history(
            self.taps, self.table.shown(self.state.plant.instruments), self.state.received
        )

    def advance(self, n_ticks: int) -> TwinState:
        """Advance all twins; the state comes back on the host."""
        self.state, self.history = self.drive(
            self.table, self.taps, state=self.state, plan=self.plan, history=self.history,
            n_ticks=np.int32(n_ticks),
        )  # fmt: skip
        self.state = jax.device_get(self.state)
        return self.state

    def run(self, hours: float, *, each_chunk: Any = None) -> TwinState:
        """Advance to the horizon or until all have ended, looking at each half hour's state."""
        end = round(hours * 3600)
        while int(self.state.tick) < end and np.any(self.state.ending.status == RUNNING):
            self.advance(min(CHUNK_TICKS, end - int(self.state.tick)))
            if each_chunk is not None:
                each_chunk(self.state)
        return self.state


def _schedule(
    acts: Sequence[Sequence[Act]], points: Sequence[Point], dtype: np.dtype[Any]
) -> Schedule:
    shape = (len(points), len(acts))
    start, stop = np.full(shape, NEVER, np.int32), np.full(shape, NEVER, np.int32)
    value = np.zeros(shape, dtype)
    place = {point: row for row, point in enumerate(points)}
    for twin, own in enumerate(acts):
        for act in own:
            row = place[act.point]
            start[row, twin], stop[row, twin], value[row, twin] = act.start, act.stop, act.value
    return Schedule(start=tuple(start), stop=tuple(stop), value=tuple(value))


def same_bits(a: Any, b: Any) -> bool:
    """Tell whether two trees hold the same bits."""
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.asarray(x).tobytes() == np.asarray(y).tobytes() for x, y in pairs)


def twins_of(tree: Any, which: slice | npt.NDArray[np.int64]) -> Any:
    """Take some twins out of a tree."""
    return jax.tree.map(lambda leaf: leaf[which] if np.ndim(leaf) else leaf, tree)
