"""The drivers: the same bits for any batch and chunk, the same twins as each other."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest

from kernels.tank import NOISY_TANK, Loop
from kernels.tank import Act as TankAct
from otsim_kernels.control_loop import RUNNING, TRIPPED, first_twin
from otsim_kernels.draws import stream_key
from otsim_kernels.drivers import fast_cpu, reference
from otsim_kernels.signal_tampering import Schedule
from physics.te_twins import (
    BYPASS,
    Act,
    Point,
    Twins,
    idv,
    same_bits,
    twins_of,
    xmeas,
    xmv,
)

REPLAY = Act(
    point=Point(kind="replay", group="measurement", index=9, record_ticks=1800), start=1900
)
N_MOST, TICKS = 1024, 1801  # past an analyser and a replay's start, with an odd last second


def mixed_acts(n: int) -> list[list[Act]]:
    """Twins that trip, run on beyond their trips, replay, wander, or are left alone."""
    kinds = [
        [xmv(10, 0.0)],
        [xmv(10, 0.0), BYPASS],
        [REPLAY, xmeas(8, -10.0, kind="bias")],
        [idv(8, start=0), idv(13, start=0)],
        [],
    ]
    return [kinds[i % len(kinds)] for i in range(n)]


POINTS = list(dict.fromkeys(act.point for twin in mixed_acts(5) for act in twin))


def te_batch(first: int, count: int) -> Twins:
    acts = mixed_acts(N_MOST)[first : first + count]
    return Twins(acts, points=POINTS, ids=range(first, first + count), rupture=4000.0)


@pytest.fixture(scope="module")
def whole() -> Any:
    """1,024 twins in one batch, after half an hour."""
    return te_batch(0, N_MOST).advance(TICKS)


@pytest.mark.slow
@pytest.mark.parametrize("size", [64, 256])
def test_any_batch_gives_the_same_bits(whole: Any, size: int) -> None:
    for first in (0, 512):
        part = te_batch(first, size).advance(TICKS)
        assert same_bits(part, twins_of(whole, slice(first, first + size)))


@pytest.mark.slow
def test_the_fast_driver_lives_the_reference_drivers_lives() -> None:
    """In float64 every twin ends at the same tick; in between they agree but for rounding."""
    with jax.enable_x64(True):
        fast, plain = (
            Twins(
                mixed_acts(64), points=POINTS, rupture=4000.0, dtype=np.float64, drive=drive
            ).advance(TICKS)
            for drive in (fast_cpu.advance, reference.advance)
        )
    assert set(np.asarray(plain.ending.status)) >= {RUNNING, TRIPPED}
    assert same_bits(fast.ending, plain.ending)
    for a, b in zip(jax.tree.leaves(fast.plant), jax.tree.leaves(plain.plant), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8)


@pytest.mark.slow
def test_a_single_step_of_the_fast_driver_is_the_reference_drivers() -> None:
    fast, plain = (
        Twins(mixed_acts(64), points=POINTS, rupture=4000.0, drive=drive).advance(1)
        for drive in (fast_cpu.advance, reference.advance)
    )
    for a, b in zip(jax.tree.leaves(fast.plant), jax.tree.leaves(plain.plant), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_twins_of_a_batch_differ(whole: Any) -> None:
    status = np.asarray(whole.ending.status)
    assert set(status) >= {RUNNING, TRIPPED}
    shown = np.asarray(whole.plant.instruments.shown[6])
    assert len(np.unique(shown)) > 0.95 * N_MOST


@pytest.mark.slow
@pytest.mark.parametrize("size", [32, 128, 512])
def test_smaller_batches_give_the_same_bits(whole: Any, size: int) -> None:
    part = te_batch(0, size).advance(TICKS)
    assert same_bits(part, twins_of(whole, slice(0, size)))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [7, 180, 1800])
def test_any_chunk_length_gives_the_same_bits(chunk: int) -> None:
    once, parts = te_batch(0, 64), te_batch(0, 64)
    for first in range(0, 3600, 1800):
        once.advance(1800)
        for at in range(first, first + 1800, chunk):
            parts.advance(min(chunk, first + 1800 - at))
    assert same_bits(once.state, parts.state)
    assert same_bits(once.history, parts.history)


@pytest.mark.slow
def test_single_ticks_give_the_same_bits() -> None:
    once, parts = te_batch(64, 64), te_batch(64, 64)
    once.advance(400)
    for _ in range(400):
        parts.advance(1)
    assert same_bits(once.state, parts.state)


def test_compiles_once_for_many_seeds_and_values() -> None:
    twins = te_batch(0, 64)
    for _ in range(2):  # what a call returns is kept by another entry than what is made by hand
        twins.advance(1)
    before = fast_cpu.advance._cache_size()
    for seed in (5, 6, 2**63):
        twins = te_batch(128, 64)
        twins.plan = replace(twins.plan, key=stream_key(seed, np.arange(64, dtype=np.uint32)))
        twins.advance(3)
        twins.advance(11)
    assert fast_cpu.advance._cache_size() == before


def test_shapes_and_dtypes_stay() -> None:
    twins = te_batch(0, 64)
    after, history = jax.eval_shape(
        lambda state, history: twins.drive(
            twins.table, twins.taps, state=state, plan=twins.plan, history=history,
            n_ticks=np.int32(1),
        ),
        twins.state, twins.history,
    )  # fmt: skip
    for old, new in zip(
        jax.tree.leaves((twins.state, twins.history)),
        jax.tree.leaves((after, history)),
        strict=True,
    ):
        assert (old.shape, old.dtype) == (new.shape, new.dtype)


def test_a_saved_state_goes_on_as_if_never_stopped() -> None:
    straight, stopped = te_batch(0, 64), te_batch(0, 64)
    straight.advance(700)
    straight.advance(1700)
    stopped.advance(700)
    saved = pickle.dumps(jax.device_get((stopped.state, stopped.history)))
    resumed = te_batch(0, 64)
    resumed.state, resumed.history = pickle.loads(saved)
    resumed.advance(1700)
    assert same_bits(straight.state, resumed.state)


def test_a_branch_with_the_same_key_lives_the_same_and_with_another_does_not() -> None:
    trunk = te_batch(0, 64)
    trunk.advance(500)
    same, other = te_batch(0, 64), te_batch(0, 64)
    for branch in (same, other):
        branch.state, branch.history = trunk.state, trunk.history
    other.plan = replace(other.plan, key=stream_key(99, np.arange(64, dtype=np.uint32)))
    trunk.advance(300)
    assert same_bits(trunk.state, same.advance(300))
    reading = np.asarray(other.advance(300).plant.instruments.shown[6])
    living = np.asarray(trunk.state.ending.status) == RUNNING
    assert np.all((reading != np.asarray(trunk.state.plant.instruments.shown[6]))[living])


def test_a_branch_lives_under_another_plan_with_the_noise_of_the_first() -> None:
    trunk, branch = te_batch(4, 64), te_batch(4, 64)
    trunk.advance(500)
    branch.state, branch.history = trunk.state, trunk.history
    schedule = branch.plan.schedule
    later = tuple(np.full_like(start, 600) for start in schedule.start)
    branch.plan = replace(
        branch.plan, schedule=Schedule(start=later, stop=schedule.stop, value=schedule.value)
    )
    before = branch.advance(100)  # nothing new has begun
    assert np.array_equal(
        np.asarray(before.plant.instruments.shown)[:, 0],
        np.asarray(trunk.advance(100).plant.instruments.shown)[:, 0],
    )
    assert not same_bits(branch.advance(100).plant, trunk.advance(100).plant)


def test_stops_early_when_every_twin_has_ended() -> None:
    filling = TankAct(kind="override", group="command", index=0, value=10.0)
    tanks = Loop(filling, twins=range(4), plant=NOISY_TANK)
    calls: list[int] = []
    counted = replace(NOISY_TANK, finite=lambda now: _counted(calls, NOISY_TANK.finite(now)))
    state, _ = reference.advance(
        counted, tanks.taps, state=first_twin(counted, tanks.taps, np.zeros(4, np.float32)),
        plan=tanks.plan, history={}, n_ticks=np.int32(1000),
    )  # fmt: skip
    jax.effects_barrier()
    assert len(calls) == 6  # ticks 0 to 5: the trip
    assert int(state.tick) == 1000
    assert np.all(np.asarray(state.ending.status) == TRIPPED)


def _counted(calls: list[int], value: Any) -> Any:
    jax.debug.callback(lambda: calls.append(1))
    return value
