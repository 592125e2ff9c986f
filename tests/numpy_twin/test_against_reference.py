"""The plain NumPy twin agrees with the public program's derivatives and trajectories."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from numpy_twin import process
from numpy_twin.attacks import Attack
from numpy_twin.components import Array
from numpy_twin.disturbances import accept
from numpy_twin.run import Twin, record

pytestmark = pytest.mark.reference

REPOSITORY = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("OTSIM_REFERENCE", REPOSITORY.parent / "shared" / "reference"))
TE = REFERENCE / "te"
DERIVATIVE_RTOL = 1e-10  # of the column's largest value in group 0: the data's own suggestion
TRAJECTORY_RTOL = 1e-9
LONGEST_SLOW_RUN = 32_000  # evaluations; the plain loop takes 0.3 ms for each


def columns_of(path: Path, prefix: str, first: int, last: int) -> Array:
    table = pq.read_table(path, columns=[f"{prefix}_{i}" for i in range(first, last + 1)])
    return np.column_stack([column.to_numpy() for column in table.columns])


def te_file(name: str) -> Path:
    path = TE / name
    if not path.exists():
        pytest.skip(f"no reference data at {path} (set OTSIM_REFERENCE)")
    return path


def calm_with(idv: Array) -> Array:
    return np.concatenate([idv, np.zeros(20 - len(idv))])


def test_derivatives_measurements_and_trips() -> None:
    path = te_file("derivatives.parquet")
    states, commands = columns_of(path, "y", 1, 50), columns_of(path, "xmv", 1, 12)
    flags = columns_of(path, "idv", 1, 7)
    want_rate, want_xmeas = columns_of(path, "dydt", 1, 50), columns_of(path, "xmeas", 1, 41)
    table = pq.read_table(path, columns=["group", "trip_mask"])
    group, want_trip = (column.to_numpy() for column in table.columns)
    rate, xmeas = np.empty_like(want_rate), np.empty_like(want_xmeas)
    trips = []
    for i, y in enumerate(states):
        idv = calm_with(flags[i])
        streams = process.streams_at(y, process.CALM, idv)
        taken = accept(commands[i], commands[i], idv, first=True)
        trips.append(process.trip_mask(streams))
        tripped = trips[-1] > 0
        rate[i] = 0.0 if tripped else process.derivatives(y, streams, taken, process.CALM, idv)
        xmeas[i] = np.concatenate([process.measurements(y, streams), process.compositions(streams)])
    scale = np.abs(want_rate[group == 0]).max(axis=0)
    assert np.array_equal(trips, want_trip)
    assert (np.abs(rate - want_rate) / scale).max() < DERIVATIVE_RTOL
    assert (np.abs(xmeas - want_xmeas) / np.abs(want_xmeas).max(axis=0)).max() < DERIVATIVE_RTOL


def test_intermediate_values() -> None:
    path = te_file("derivatives.parquet")
    table = pq.read_table(path).to_pydict()
    states, flags = columns_of(path, "y", 1, 50), columns_of(path, "idv", 1, 7)
    group = np.array(table["group"])
    found = [_named(process.streams_at(y, process.CALM, calm_with(f)))
             for y, f in zip(states, flags, strict=True)]  # fmt: skip
    for name in found[0]:
        want, got = np.array(table[name]), np.array([row[name] for row in found])
        scale = np.abs(want[group == 0]).max()
        assert (np.abs(got - want) / scale).max() < DERIVATIVE_RTOL, name


def _named(s: process.Streams) -> dict[str, float]:
    named = {f"VL_{k}": v for k, v in s.liquid_ft3.items()}
    named |= {f"P_{k}": v for k, v in s.pressure_mmhg.items()}
    named |= {f"F_{j}": v for j, v in s.flow.items()}
    named |= {f"H_{j}": v for j, v in s.enthalpy.items()}
    named |= {f"r{j + 1}": float(v) for j, v in enumerate(s.reaction)}
    named |= {f"Q_{k}": v for k, v in s.heat.items()}
    return named | {"CPDH": s.compressor_heat, "T_V": s.temperature_c["V"]}


def test_every_second_of_a_disturbed_closed_loop() -> None:
    path = te_file("debug_1hz.parquet")
    want = {name: np.array(column) for name, column in pq.read_table(path).to_pydict().items()}
    start_h = 60 / 3600  # as the file's metadata say: IDV(1) and IDV(4) from k = 60
    got = record(Twin(idv_start_h={1: start_h, 4: start_h}), len(want["k"]))
    for name in sorted((set(want) & set(got)) - {"sp_12"}):  # there is no loop 12
        scale = np.maximum(np.abs(want[name]), 1e-6 * np.abs(want[name]).max() + 1e-300)
        assert (np.abs(got[name] - want[name]) / scale).max() < TRAJECTORY_RTOL, name


def short_cases() -> list[Any]:
    index = TE / "cases.json"
    cases = json.loads(index.read_text()) if index.exists() else []
    return [
        pytest.param(case, id=case["name"])
        for case in cases
        if case["closed_loop"] and (case["trip_step"] or np.inf) < LONGEST_SLOW_RUN
    ]


@pytest.mark.slow
@pytest.mark.parametrize("case", short_cases())
def test_trips_when_the_program_trips(case: dict[str, Any]) -> None:
    attacks = [Attack(**attack) for attack in case["attacks"]]
    idv = {int(number): start_h for number, start_h in case["idv_start_h"].items()}
    twin = Twin(attacks=attacks, idv_start_h=idv)
    record(twin, round(case["planned_hours"] * 3600) + 1, every=3600)
    assert abs(twin.k - 1 - case["trip_step"]) <= 2  # the data's own bound, thermal runaways too
