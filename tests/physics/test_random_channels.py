"""The randomly moving surroundings: renewals, spans and pulses as published."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import pytest

from otsim_kernels.draws import stream_key
from otsim_kernels.plants.tennessee_eastman.disturbances import (
    CHANNELS,
    FIRST_RENEWAL_H,
    PULSE_FALL_H,
    accepted_commands,
    first_walks,
    step_walks,
    surroundings,
)

N_TWINS, HOURS, STRIDE, SEED, ERRORS = 1024, 24.0, 36, 77, 4.5
N_STEPS = round(HOURS * 3600 / STRIDE)  # each channel is looked at every 36 s
# As in Downs and Vogel's program: hold and its span in h, value at rest and span.
PUBLISHED = {
    1: (0.5, 0.2, 0.485, 0.03), 2: (1.0, 0.7, 0.005, 0.003), 3: (0.5, 0.25, 45.0, 10.0),
    4: (1.0, 0.7, 45.0, 10.0), 5: (0.25, 0.15, 35.0, 10.0), 6: (0.25, 0.15, 40.0, 10.0),
    7: (2.0, 1.0, 1.0, 0.25), 8: (2.0, 1.0, 1.0, 0.25), 9: (0.5, 0.4, 0.0, 0.25),
    10: (2.0, 1.5, 0.0, 0.0), 11: (3.0, 2.0, 0.0, 0.0), 12: (2.0, 1.5, 0.0, 0.0),
}  # fmt: skip
IDV_OF = {1: 8, 2: 8, 3: 9, 4: 10, 5: 11, 6: 12, 7: 13, 8: 13, 9: 16, 10: 17, 11: 18, 12: 20}
PULSES, WALKS = (10, 11, 12), range(1, 10)
N_FIRST = 4  # holds of each twin that are counted
IDVS = frozenset(IDV_OF.values())


def flags(value: float) -> dict[int, Any]:
    return {idv: jnp.float32(value) for idv in IDVS}


@jax.jit
def lived(on: Any) -> Any:
    """Every channel over time: (value, last renewal), f32[n_steps, n_twins] each."""
    key = stream_key(SEED, jnp.arange(N_TWINS, dtype=jnp.uint32))

    def step(walks: Any, k: Any) -> Any:
        clock = jnp.full((N_TWINS,), k * STRIDE, jnp.int32)
        time_h = clock.astype(jnp.float32) * jnp.float32(1.0 / 3600.0)
        walks = step_walks(walks, on, key=key, clock=clock, time_h=time_h)
        h = {n: time_h - w.last_h for n, w in walks.items()}
        value = {n: w.a + h[n] * (w.b + h[n] * (w.c + h[n] * w.d)) for n, w in walks.items()}
        return walks, (value, {n: w.last_h for n, w in walks.items()})

    first = first_walks(IDVS, jnp.zeros((N_TWINS,), jnp.float32))
    return jax.lax.scan(step, first, jnp.arange(N_STEPS, dtype=jnp.int32))[1]


@pytest.fixture(scope="module")
def channels() -> Any:
    return jax.device_get(lived(flags(1.0)))


def holds(last_h: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Times between renewals, h: the first few of every twin, so that no long one is missed."""
    found = []
    for column in np.asarray(last_h, np.float64).T:
        moments = np.unique(column)
        found.append(np.diff(moments[moments > 0.0])[:N_FIRST])
    return np.concatenate(found)


def test_the_table_of_channels_is_the_published_one() -> None:
    for n, channel in CHANNELS.items():
        given = (channel.mean_h, channel.span_h, channel.start, channel.span)
        assert given == PUBLISHED[n]
        assert channel.idv == IDV_OF[n]
        assert channel.pulse == (n in PULSES)


def test_all_channels_rest_until_a_tenth_of_an_hour(channels: Any) -> None:
    value, last_h = channels
    before = round(FIRST_RENEWAL_H * 3600 / STRIDE)
    for n, (_, _, start, _) in PUBLISHED.items():
        assert np.all(value[n][:before] == np.float32(start))
        assert np.all(last_h[n][:before] == 0.0)
        assert np.all(last_h[n][before] == np.float32(FIRST_RENEWAL_H))


@pytest.mark.parametrize("n", WALKS)
def test_walks_are_renewed_after_uniform_times(channels: Any, n: int) -> None:
    mean_h, span_h, _, _ = PUBLISHED[n]
    found = holds(channels[1][n])
    assert len(found) == N_FIRST * N_TWINS
    assert found.min() > mean_h - span_h - 1e-5
    assert found.max() < mean_h + span_h + 1e-5
    deviation = span_h / 3.0**0.5
    assert abs(found.mean() - mean_h) < ERRORS * deviation / len(found) ** 0.5
    # the variance of the square of a uniform on [-1, 1] is 4/45
    variance_error = span_h**2 * (4.0 / 45.0 / len(found)) ** 0.5
    assert abs(np.mean((found - mean_h) ** 2) - span_h**2 / 3.0) < ERRORS * variance_error


@pytest.mark.parametrize("n", WALKS)
def test_walks_aim_at_uniform_targets(channels: Any, n: int) -> None:
    mean_h, span_h, start, span = PUBLISHED[n]
    value, last_h = channels[0][n], channels[1][n]
    # at the second renewal each twin stands at its first target
    second = np.argmax(last_h > last_h[round(FIRST_RENEWAL_H * 3600 / STRIDE)], axis=0)
    reached = value[second, np.arange(N_TWINS)].astype(np.float64)
    # looked at within 36 s of the renewal, when it has left the target by at most this
    drift = span * 2.0 * 3.0 * (STRIDE / 3600.0 / (mean_h - span_h)) ** 2
    assert np.abs(reached - start).max() < span + drift + 1e-5
    error = span / 3.0**0.5 / N_TWINS**0.5
    assert abs(reached.mean() - start) < ERRORS * error + drift
    assert abs(reached.std() - span / 3.0**0.5) < ERRORS * span * 0.4 / N_TWINS**0.5 + drift


@pytest.mark.parametrize("n", [*WALKS, *PULSES])
def test_channels_never_jump(channels: Any, n: int) -> None:
    mean_h, span_h, _, span = PUBLISHED[n]
    steps = np.abs(np.diff(channels[0][n].astype(np.float64), axis=0))
    # steepest: a cubic from end to end of the span in the shortest hold, or a pulse that falls
    steepest = 3.5 / PULSE_FALL_H if n in PULSES else 2.0 * span * (1.5 + 1.0) / (mean_h - span_h)
    assert steps.max() < steepest * STRIDE / 3600.0


@pytest.mark.parametrize("n", PULSES)
def test_pulses_rise_to_one_as_a_square_and_fall_in_a_tenth_of_an_hour(
    channels: Any, n: int
) -> None:
    mean_h, span_h, _, _ = PUBLISHED[n]
    value, last_h = (np.asarray(x, np.float64) for x in (channels[0][n], channels[1][n]))
    assert value.min() > -0.05  # the fall undershoots nothing but rounding
    time_h = np.arange(N_STEPS) * STRIDE / 3600.0
    for twin in range(32):
        moments = np.unique(last_h[:, twin])[1:]
        rises = np.diff(moments)[::2][:2]  # rise, fall, rise, fall, ...
        falls = np.diff(moments)[1::2][:2]
        assert np.all((rises > mean_h - span_h - 1e-4) & (rises < mean_h + span_h + 1e-4))
        assert falls == pytest.approx(PULSE_FALL_H, abs=1e-4)
        inside = last_h[:, twin] == moments[0]
        square = ((time_h[inside] - moments[0]) / rises[0]) ** 2
        assert value[inside, twin] == pytest.approx(square, abs=2e-3)


def test_flags_off_move_nothing() -> None:
    value, last_h = jax.device_get(lived(flags(0.0)))
    for n, (_, _, start, _) in PUBLISHED.items():
        assert np.all(value[n] == np.float32(start))
        assert last_h[n].max() > 1.0  # the clock of renewals runs on


def test_steps_change_what_they_are_published_to_change() -> None:
    calm = surroundings({}, {}, jnp.float32(0.0))
    loud = surroundings({}, {n: jnp.float32(1.0) for n in range(1, 8)}, jnp.float32(0.0))
    assert calm.feed4 == pytest.approx((0.485, 0.005, 0.51))
    assert [float(x) for x in loud.feed4] == pytest.approx(
        [0.485 - 0.03 - 0.00243719, 0.01, 1.0 - 0.485 + 0.03 + 0.00243719 - 0.01], rel=1e-6
    )
    rises = (
        loud.feed1_c - calm.feed1_c, loud.reactor_water_inlet_c - calm.reactor_water_inlet_c,
        loud.condenser_water_inlet_c - calm.condenser_water_inlet_c,
    )  # fmt: skip
    assert [float(x) for x in rises] == [5.0, 5.0, 5.0]
    assert (float(loud.feed3_flow), float(loud.feed4_flow)) == (0.0, pytest.approx(0.8))


@pytest.mark.parametrize(("valve", "idv"), [(10, 14), (11, 15), (5, 19), (7, 19), (8, 19), (9, 19)])
def test_a_sticking_valve_follows_only_moves_of_more_than_two_per_cent(
    valve: int, idv: int
) -> None:
    held = tuple(jnp.float32(40.0) for _ in range(12))
    for move, follows in ((1.9, False), (-1.9, False), (2.1, True), (-2.1, True)):
        sent = tuple(h + jnp.float32(move) for h in held)
        taken = accepted_commands(held, sent, {idv: jnp.float32(1.0)})
        assert (float(taken[valve - 1]) != 40.0) == follows
        free = accepted_commands(held, sent, {idv: jnp.float32(0.0)})
        assert float(free[valve - 1]) == pytest.approx(40.0 + move)
    beyond = tuple(jnp.float32(x) for x in [-5.0, 105.0] * 6)
    assert [float(x) for x in accepted_commands(held, beyond, {})] == [0.0, 100.0] * 6
