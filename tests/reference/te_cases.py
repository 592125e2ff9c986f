"""Cases of the Tennessee Eastman reference -> twins of one batch, recorded as the reference is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from otsim.plant import ActionPoint, plant_table, taps_of
from otsim_kernels.control_loop import RUNNING, Plan, TwinState, first_twin
from otsim_kernels.draws import stream_key
from otsim_kernels.drivers.reference import advance, first_history
from otsim_kernels.plants.tennessee_eastman.first_state import VALVES
from otsim_kernels.plants.tennessee_eastman.signals import COMMANDS
from otsim_kernels.signal_tampering import NEVER, Schedule

FOLDER = (
    Path(os.environ.get("OTSIM_REFERENCE", Path(__file__).parents[3] / "shared/reference")) / "te"
)
KINDS = {
    "sensor_const": ("override", "XMEAS"), "sensor_bias": ("bias", "XMEAS"),
    "sensor_scale": ("scale", "XMEAS"), "sensor_ramp": ("ramp", "XMEAS"),
    "sensor_freeze": ("hold", "XMEAS"), "actuator_const": ("override", "XMV"),
    "actuator_freeze": ("hold", "XMV"), "setpoint_set": ("setpoint", "SP"),
}  # fmt: skip
CAUSES = {"P_reactor>3000kPa": "reactor pressure high"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One action of one case: what, when (ticks), and how much."""

    point: ActionPoint
    case: int
    start: int
    stop: int
    value: float


def read_cases() -> list[dict[str, Any]]:
    """Return the cases of the index; empty where the reference is absent."""
    index = FOLDER / "cases.json"
    return json.loads(index.read_text()) if index.exists() else []


def rows_of(cases: list[dict[str, Any]]) -> list[Row]:
    """Return every action of every case."""
    return [row for i, case in enumerate(cases) for row in _case_rows(i, case)]


def _case_rows(i: int, case: dict[str, Any]) -> Iterator[Row]:
    if not case["closed_loop"]:
        rounded = "rounded" in case["description"]
        held = [value for _, value in COMMANDS.values()] if rounded else VALVES
        for n, value in enumerate(held, start=1):
            yield Row(point=ActionPoint(kind="override", target=f"XMV{n}"), case=i, start=0,
                      stop=NEVER, value=value)  # fmt: skip
    for attack in case["attacks"]:
        kind, prefix = KINDS[attack["kind"]]
        end_h = attack["end_h"]
        yield Row(
            point=ActionPoint(kind=kind, target=f"{prefix}{attack['index']}"), case=i,
            start=round(attack["start_h"] * 3600),
            stop=NEVER if end_h is None else round(end_h * 3600), value=attack["value"],
        )  # fmt: skip
    for idv, start_h in case["idv_start_h"].items():
        yield Row(
            point=ActionPoint(kind="disturbance", target=f"IDV{idv}"), case=i,
            start=round(start_h * 3600), stop=NEVER, value=0.0,
        )  # fmt: skip


class Batch:
    """Some cases as one batch of twins, each case `repeats` times; one compiled loop."""

    def __init__(
        self, cases: list[dict[str, Any]], *, integration: str, dtype: Any, noise: bool = False,
        repeats: int = 1, seed: int = 1,
    ) -> None:  # fmt: skip
        self.cases, self.n = cases, len(cases) * repeats
        rows = rows_of(cases)
        points = list(dict.fromkeys(row.point for row in rows))
        start = np.full((len(points), self.n), NEVER, np.int32)
        stop = np.full((len(points), self.n), NEVER, np.int32)
        value = np.zeros((len(points), self.n))
        for row in rows:
            p, twins = points.index(row.point), slice(row.case * repeats, (row.case + 1) * repeats)
            start[p, twins], stop[p, twins], value[p, twins] = row.start, row.stop, row.value
        self.table = plant_table("tennessee_eastman", integration=integration, noise=noise)
        self.taps = taps_of("tennessee_eastman", points)
        like = jnp.zeros((self.n,), dtype)
        never = jnp.full((self.n,), NEVER, jnp.int32)
        self.plan = Plan(
            schedule=Schedule(
                start=tuple(map(jnp.asarray, start)), stop=tuple(map(jnp.asarray, stop)),
                value=tuple(jnp.asarray(v, dtype) for v in value),
            ),
            key=stream_key(seed, jnp.arange(self.n, dtype=jnp.uint32)),
            safety_works=jnp.ones((self.n,), bool), rupture=like + jnp.inf,
            shutdown=jnp.repeat(
                jnp.asarray([round(c["planned_hours"] * 3600) for c in cases], jnp.int32), repeats
            ),
            reaction=never, reload=never, onset=jnp.zeros_like(never),
        )  # fmt: skip
        self.state = first_twin(self.table, self.taps, like)
        shown = self.table.shown(self.state.plant.instruments)
        self.history = first_history(self.taps, shown, self.state.received)

    def advance(self, n_ticks: int) -> TwinState:
        """Advance all twins."""
        self.state, self.history = advance(
            self.table, self.taps, state=self.state, plan=self.plan, history=self.history,
            n_ticks=jnp.int32(n_ticks),
        )  # fmt: skip
        return self.state

    def run(self, hours: float) -> TwinState:
        """Advance to a time or until all twins have ended."""
        while int(self.state.tick) < hours * 3600 and bool(
            np.any(np.asarray(self.state.ending.status) == RUNNING)
        ):
            self.advance(min(3600, round(hours * 3600) - int(self.state.tick)))
        return self.state

    def record(self, ticks: Iterable[int]) -> dict[int, dict[str, np.ndarray]]:
        """Record the columns of a reference trajectory, f64[n_twins] each, at these ticks."""
        found = {}
        for k in ticks:
            before = (
                self.advance(k - int(self.state.tick)) if k > int(self.state.tick) else self.state
            )
            before = jax.device_get(before)
            after = jax.device_get(self.advance(1))
            found[k] = {**columns(before, after), "status": np.asarray(after.ending.status)}
        return found


def columns(before: TwinState, after: TwinState) -> dict[str, np.ndarray]:
    """Return one evaluation as the reference names it: the state before, the rest after it."""
    y = jax.tree.leaves(before.plant.physical)
    shown = after.plant.instruments.shown
    found = {f"y_{i}": np.asarray(v, float) for i, v in enumerate(y, start=1)}
    found |= {f"xmeas_{i}": np.asarray(v, float) for i, v in enumerate(shown, start=1)}
    found |= {f"xmv_{i}": np.asarray(v, float) for i, v in enumerate(after.received, start=1)}
    found |= {
        f"ctl_{i}": np.asarray(v, float) for i, v in enumerate(after.memory.commands, start=1)
    }
    found |= {f"sp_{i}": np.asarray(v, float) for i, v in after.memory.setpoints.items()}
    found |= {f"seen_{i + 1}": np.asarray(v, float) for i, v in after.tampering.seen.items()}
    return found
