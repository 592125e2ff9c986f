"""Noise, random channels and sticking valves of the plain NumPy twin are what was published."""

from __future__ import annotations

import numpy as np
import pytest

from numpy_twin import process
from numpy_twin.disturbances import STICKY, Channels, accept
from numpy_twin.process import CALM
from numpy_twin.run import NOISE, Twin

STEP_H = 1.0 / 3600.0
N_NOISY = 800
STANDARD_ERRORS = 4.5
# A pulse still rises when it turns back to 0 within 0.1 h, at 2 / H per hour with H >= 0.5 h.
HIGHEST_TURN = 4.0 / 27.0 * 0.1 * 2.0 / 0.5


def test_channels_stand_still_while_off() -> None:
    channels = Channels(np.random.default_rng(7))
    for time_h in np.arange(0.0, 30.0, 0.05):
        np.testing.assert_allclose(channels.at(float(time_h), np.zeros(20)), CALM, rtol=1e-12)


def test_channels_wander_without_jumps_and_come_back() -> None:
    channels = Channels(np.random.default_rng(7))
    times_h = np.arange(0.0, 40.0, 60 * STEP_H)
    on = np.array([channels.at(float(t), np.ones(20)) for t in times_h])
    spread = on.max(axis=0) - on.min(axis=0)
    assert (spread > 0.0).all()
    assert (np.abs(np.diff(on, axis=0)).max(axis=0) < 0.5 * spread).all()
    assert on[:, 9:].max() <= 1.0 + HIGHEST_TURN
    assert on[:, 9:].min() >= -1e-9
    off = [channels.at(float(t), np.zeros(20)) for t in np.arange(40.0, 60.0, 60 * STEP_H)]
    np.testing.assert_allclose(off[-1], CALM, atol=1e-9)


@pytest.mark.parametrize("valve", sorted(STICKY))
def test_a_sticking_valve_ignores_small_moves(valve: int) -> None:
    idv = np.zeros(20)
    idv[STICKY[valve] - 1] = 1.0
    last = np.full(12, 50.0)
    small = accept(last, last + 1.9, idv, first=False)
    large = accept(last, last + 2.1, idv, first=False)
    assert small[valve - 1] == 50.0
    assert large[valve - 1] == pytest.approx(52.1)
    free = [i for i in range(12) if STICKY.get(i + 1) != STICKY[valve]]
    np.testing.assert_allclose(small[free], 51.9)


def test_noise_has_the_published_spread() -> None:
    twin, errors = Twin(noise=True, seed=11), []
    for _ in range(N_NOISY):
        twin.tick()
        true = process.measurements(twin.row_y, process.streams_at(twin.row_y))
        errors.append(twin.xmeas[:22] - true)
    spread = np.std(np.array(errors[1:]) / NOISE[:22], axis=0)  # no noise at the first evaluation
    assert np.abs(spread - 1.0).max() < STANDARD_ERRORS / np.sqrt(2 * (N_NOISY - 1))
