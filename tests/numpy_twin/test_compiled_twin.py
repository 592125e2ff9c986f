"""The benchmark's compiled twin is the plant of the plain NumPy twin."""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pytest

from numpy_twin.attacks import Attack
from numpy_twin.run import Twin, record

N_TICKS = 1900  # two turns of the product analyser and of its controller
ROUNDING = 1e-8  # the same sums in another order, grown over half an hour of closed loop


@pytest.fixture(scope="module")
def compiled() -> ModuleType:
    pytest.importorskip("numba", reason="the compiled twin needs numba (otsim[bench])")
    return importlib.import_module("benchmarks.compiled_twin")


def test_same_measurements_every_second(compiled: ModuleType) -> None:
    tampering = compiled.Tampering(start=600)
    tampering.bias[7], tampering.override[5], tampering.setpoint[18] = 5.0, 55.0, 121.0
    attacks = [
        Attack(kind="sensor_bias", index=8, value=5.0, start_h=600 / 3600),
        Attack(kind="actuator_const", index=6, value=55.0, start_h=600 / 3600),
        Attack(kind="setpoint_set", index=18, value=121.0, start_h=600 / 3600),
    ]
    got = compiled.live(N_TICKS, tampering=tampering, every=1).trace
    plain = record(Twin(attacks=attacks), N_TICKS)
    want = np.column_stack([plain[f"xmeas_{i}"] for i in range(1, 42)])
    assert got.shape == want.shape
    assert (np.abs(got - want) / np.abs(want).max(axis=0)).max() < ROUNDING


def test_trips_at_the_same_second(compiled: ModuleType) -> None:
    tampering = compiled.Tampering(start=60)
    tampering.override[9] = 0.0
    attack = Attack(kind="actuator_const", index=10, value=0.0, start_h=60 / 3600)
    twin = Twin(attacks=[attack])
    record(twin, 3600, every=3600)
    result = compiled.live(3600, tampering=tampering)
    assert (result.ticks, result.trip) == (twin.k, twin.tripped)
