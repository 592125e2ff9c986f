"""Cases of the Tennessee Eastman reference -> twins of one batch, recorded as the reference is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from otsim.plant import ActionPoint, plant_table, taps_of
from otsim_kernels.control_loop import RUNNING, Plan, TwinState, first_twin
from otsim_kernels.draws import stream_key
from otsim_kernels.drivers import fast_cpu, reference
from otsim_kernels.drivers.time_loop import first_history
from otsim_kernels.plants.tennessee_eastman.first_state import VALVES
from otsim_kernels.plants.tennessee_eastman.signals import COMMANDS, TRIPS
from otsim_kernels.signal_tampering import NEVER, Schedule

Case = dict[str, Any]
Values = npt.NDArray[np.float64]  # f64[n_twins], or f64[n_rows] of one file
FOLDER = (
    Path(os.environ.get("OTSIM_REFERENCE", Path(__file__).parents[3] / "shared/reference")) / "te"
)
NO_DATA = f"no reference data at {FOLDER} (set OTSIM_REFERENCE)"
TICKS_PER_H = 3600
DTYPES = {"float64": np.float64, "float32": np.float32}
DRIVERS: dict[str, Any] = {"fast_cpu": fast_cpu.advance, "reference": reference.advance}
KINDS = {
    "sensor_const": ("override", "XMEAS"), "sensor_bias": ("bias", "XMEAS"),
    "sensor_scale": ("scale", "XMEAS"), "sensor_ramp": ("ramp", "XMEAS"),
    "sensor_freeze": ("hold", "XMEAS"), "actuator_const": ("override", "XMV"),
    "actuator_freeze": ("hold", "XMV"), "setpoint_set": ("setpoint", "SP"),
}  # fmt: skip
_CAUSES = {"P_reactor": "reactor pressure high", "T_reactor": "reactor temperature high"}


class UnknownCaseError(Exception):
    """A case asks for what this harness does not know; it must be seen, never skipped."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One action of one case: what, when (ticks), and how much."""

    point: ActionPoint
    start: int
    stop: int = NEVER
    value: float = 0.0


def read_cases() -> list[Case]:
    """Return the cases of the index, and of trajectories that it lacks; empty without reference."""
    index = FOLDER / "cases.json"
    cases: list[Case] = json.loads(index.read_text()) if index.exists() else []
    listed = {case["name"] for case in cases}
    for path in sorted(FOLDER.glob("traj/*.parquet")):
        if path.stem not in listed:
            cases.append(_case_in(path))
    return cases


def debug_case(path: Path) -> Case:
    """Return the every-second file as a case; what acts in it stands in its description."""
    text = _case_in(path)["description"]
    start = re.search(r"on from k = (\d+)", text)
    numbers = re.findall(r"IDV\((\d+)\)", text)
    if start is None or not numbers:
        raise UnknownCaseError(f"{path.name}: which disturbances act, and when? {text!r}")
    return {
        "name": path.stem, "description": text, "closed_loop": True, "attacks": [],
        "idv_start_h": {n: int(start[1]) / TICKS_PER_H for n in numbers},
        "planned_hours": pq.read_metadata(path).num_rows / TICKS_PER_H,
        "trip_step": None, "trip_cause": [],
    }  # fmt: skip


def _case_in(path: Path) -> Case:
    case: Case = json.loads((pq.read_schema(path).metadata or {}).get(b"case", b"{}"))
    return case


def read_table(path: Path) -> dict[str, Values]:
    """Return the columns of a file."""
    table = pq.read_table(path)
    return {name: table[name].to_numpy() for name in table.column_names}


def rows_of(case: Case) -> list[Row]:
    """Return every action of a case, in the order in which they apply.

    Raises:
        UnknownCaseError: an attack is of a kind that is not known here.
    """
    held = () if case["closed_loop"] else _held_commands(case)
    rows = [
        Row(point=ActionPoint(kind="override", target=f"XMV{n}"), start=0, value=value)
        for n, value in enumerate(held, start=1)
    ]
    for attack in case["attacks"]:
        if attack["kind"] not in KINDS:
            raise UnknownCaseError(f"{case['name']}: unknown attack kind {attack['kind']!r}")
        kind, prefix = KINDS[attack["kind"]]
        point = ActionPoint(kind=kind, target=f"{prefix}{attack['index']}")
        start, stop = _ticks(attack["start_h"]), _ticks(attack.get("end_h"))
        rows.append(Row(point=point, start=start, stop=stop, value=attack["value"] or 0.0))
    for number, start_h in case["idv_start_h"].items():
        point = ActionPoint(kind="disturbance", target=f"IDV{number}")
        rows.append(Row(point=point, start=_ticks(start_h)))
    return rows


def _ticks(time_h: float | None) -> int:
    return NEVER if time_h is None else round(time_h * TICKS_PER_H)


def _held_commands(case: Case) -> tuple[float, ...]:
    """Return the commands of an open-loop case: the exact numbers that its file shows rounded."""
    shown = read_table(FOLDER / "traj" / f"{case['name']}.parquet")
    attacked = {attack["index"] for attack in case["attacks"] if attack["kind"].startswith("act")}
    for held in (VALVES, tuple(value for _, value in COMMANDS.values())):
        if all(
            n in attacked or abs(shown[f"xmv_{n}"][0] - value) < 1e-8 * value
            for n, value in enumerate(held, start=1)
        ):
            return held
    raise UnknownCaseError(f"{case['name']}: open loop with commands of its own")


def common_points(lists: Iterable[Sequence[ActionPoint]]) -> list[ActionPoint]:
    """Return points such that each list is found in them in its own order, repeats included."""
    points: list[ActionPoint] = []
    for wanted in lists:
        place = 0
        for point in wanted:
            if point in points[place:]:
                place = points.index(point, place) + 1
            else:
                points.insert(place, point)
                place += 1
    return points


def places_of(wanted: Sequence[ActionPoint], points: Sequence[ActionPoint]) -> Iterator[int]:
    """Yield the place of each of a list's points among the common ones."""
    place = -1
    for point in wanted:
        place = points.index(point, place + 1)
        yield place


def causes_of(case: Case) -> set[str]:
    """Return the causes of a case's trip in the words of the plant."""
    known = {cause for _, cause in TRIPS}
    found = {_CAUSES.get(text.split(">")[0], text) for text in case["trip_cause"]}
    if not found <= known:
        raise UnknownCaseError(f"{case['name']}: unknown trip cause {found - known}")
    return found


def causes_in(trips: int) -> set[str]:
    """Return the causes that a twin's bits stand for."""
    return {cause for bit, (_, cause) in enumerate(TRIPS) if trips >> bit & 1}


class Batch:
    """Twins of some cases, side by side; batches of the same cases and size share one compile.

    Attributes:
        cases: the cases, whose points are all compiled in.
        members: for each twin, the index of its case.
    """

    def __init__(
        self, cases: Sequence[Case], *, integration: str, dtype: str, noise: bool = False,
        members: Sequence[int] | None = None, seed: int = 1, first_id: int = 0,
        driver: str = "fast_cpu",
    ) -> None:  # fmt: skip
        self.cases = list(cases)
        self.members = list(range(len(self.cases))) if members is None else list(members)
        self.dtype, self.drive = DTYPES[dtype], DRIVERS[driver]
        self.table = plant_table("tennessee_eastman", integration=integration, noise=noise)  # type: ignore[arg-type]
        rows = [rows_of(case) for case in self.cases]
        points = common_points([row.point for row in of_case] for of_case in rows)
        self.taps = taps_of("tennessee_eastman", points)
        with jax.enable_x64(self.dtype == np.float64):
            like = jnp.zeros((len(self.members),), self.dtype)
            ids = jnp.arange(first_id, first_id + len(self.members), dtype=jnp.uint32)
            self.plan = self._plan(self._schedule(rows, points), like, stream_key(seed, ids))
            self.state = first_twin(self.table, self.taps, like)
            shown = self.table.shown(self.state.plant.instruments)
            self.history = first_history(self.taps, shown, self.state.received)

    def _schedule(self, rows: list[list[Row]], points: list[ActionPoint]) -> Schedule:
        shape = (len(points), len(self.members))
        start, stop = np.full(shape, NEVER, np.int32), np.full(shape, NEVER, np.int32)
        value = np.zeros(shape, self.dtype)
        for twin, member in enumerate(self.members):
            places = places_of([row.point for row in rows[member]], points)
            for place, row in zip(places, rows[member], strict=True):
                start[place, twin], stop[place, twin] = row.start, row.stop
                value[place, twin] = row.value
        return Schedule(
            start=tuple(map(jnp.asarray, start)), stop=tuple(map(jnp.asarray, stop)),
            value=tuple(map(jnp.asarray, value)),
        )  # fmt: skip

    def _plan(self, schedule: Schedule, like: Any, key: Any) -> Plan:
        never = jnp.full_like(like, NEVER, dtype=jnp.int32)
        planned = [_ticks(self.cases[member]["planned_hours"]) for member in self.members]
        return Plan(
            schedule=schedule, key=key, safety_works=jnp.ones_like(like, dtype=bool),
            rupture=like + jnp.inf, shutdown=jnp.asarray(planned, jnp.int32), reaction=never,
            reload=never, onset=jnp.zeros_like(never),
        )  # fmt: skip

    def perturb(self, twins: Sequence[int], relative: float, seed: int) -> None:
        """Multiply the states of some twins by 1 + `relative` times a normal number each."""
        draws = np.random.default_rng(seed).standard_normal((50, len(self.members)))
        where = np.isin(np.arange(len(self.members)), twins)
        factors = np.where(where, 1.0 + relative * draws, 1.0).astype(self.dtype)
        with jax.enable_x64(self.dtype == np.float64):
            physical = _times(self.state.plant.physical, jnp.asarray(factors))
        self.state = replace(self.state, plant=replace(self.state.plant, physical=physical))

    def advance(self, n_ticks: int) -> TwinState:
        """Advance all twins."""
        with jax.enable_x64(self.dtype == np.float64):
            self.state, self.history = self.drive(
                self.table, self.taps, state=self.state, plan=self.plan, history=self.history,
                n_ticks=jnp.int32(n_ticks),
            )  # fmt: skip
        return self.state

    def run(self) -> TwinState:
        """Advance until every twin has tripped or come to its planned end."""
        self.advance(int(np.max(np.asarray(self.plan.shutdown))) + 1)
        if np.any(np.asarray(self.state.ending.status) == RUNNING):
            raise RuntimeError("a twin outlived its plan")
        return self.state

    def record(self, ticks: Iterable[int]) -> Iterator[tuple[int, Mapping[str, Values]]]:
        """Yield the columns of a reference trajectory, f64[n_twins] each, at these ticks."""
        for k in sorted(set(ticks)):
            if k > int(self.state.tick):
                self.advance(k - int(self.state.tick))
            before = jax.device_get(self.state)
            yield k, columns(before, jax.device_get(self.advance(1)))


@jax.jit
def _times(states: Any, factors: Any) -> Any:
    leaves, tree = jax.tree.flatten(states)
    return jax.tree.unflatten(tree, [y * factors[i] for i, y in enumerate(leaves)])


def columns(before: TwinState, after: TwinState) -> dict[str, Values]:
    """Return one evaluation as the reference names it: the state before, the rest after it."""
    named: dict[str, Iterable[tuple[int, Any]]] = {
        "y": enumerate(jax.tree.leaves(before.plant.physical), start=1),
        "xmeas": enumerate(after.plant.instruments.shown, start=1),
        "xmv": enumerate(after.received, start=1),
        "ctl": enumerate(after.memory.commands, start=1),
        "sp": after.memory.setpoints.items(),
        "seen": ((i + 1, value) for i, value in after.tampering.seen.items()),
    }
    return {
        f"{name}_{i}": np.asarray(value, np.float64)
        for name, values in named.items()
        for i, value in values
    }
