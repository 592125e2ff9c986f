"""The untouched plant: it stays where the publication has it; analysers show what was, in time."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from otsim_kernels.control_loop import RUNNING
from otsim_kernels.plants.tennessee_eastman.instruments import N_CONTINUOUS
from otsim_kernels.plants.tennessee_eastman.signals import COMMANDS, MEASUREMENTS
from physics.te_twins import Twins

N = 16
HOURS = 16.0
# The tables and the scheme's set-points are printed to five digits, so the loops draw the plant a
# little away from the printed state: less than this share, or less than half the sensor's noise.
PRINTED = 5e-4
GAS_PERIOD, PRODUCT_PERIOD = 360, 900


@pytest.fixture(scope="module")
def calm() -> Any:
    """16 h without noise or attack: the twins, and XMEAS 1 to 41 each half hour."""
    twins, seen = Twins([[]] * N, points=[], noise=False), []
    twins.run(HOURS, each_chunk=lambda s: seen.append(np.array(s.plant.instruments.shown)[:, 0]))
    return twins, np.array(seen)


def test_no_twin_ends(calm: Any) -> None:
    assert np.all(calm[0].state.ending.status == RUNNING)
    assert int(calm[0].state.tick) == round(HOURS * 3600)


@pytest.mark.parametrize("number", range(1, N_CONTINUOUS + 1))
def test_every_measurement_stays_at_its_published_value(calm: Any, number: int) -> None:
    *_, normal, noise = MEASUREMENTS[number]
    away = np.abs(calm[1][:, number - 1] - normal)
    assert away.max() < max(PRINTED * normal, 0.5 * noise)


def test_every_command_stays_at_its_published_value(calm: Any) -> None:
    received = np.array(calm[0].state.received)[:, 0]
    normal = np.array([value for _, value in COMMANDS.values()])
    assert received == pytest.approx(normal, rel=2e-3)


def test_twins_without_noise_are_all_the_same(calm: Any) -> None:
    for leaf in jax.tree.leaves(calm[0].state.plant):
        assert len(np.unique(leaf)) == 1


class Analysed:
    """Half an hour under a set-point, second by second: true and shown compositions."""

    def __init__(self, twins: Twins, seconds: int) -> None:
        shown, true = [], []
        for _ in range(seconds):
            before = twins.state
            state = twins.advance(1)
            shown.append(np.array(state.plant.instruments.shown)[N_CONTINUOUS:, 0])
            true.append(_true_compositions(twins, before))
        self.shown, self.true = np.array(shown), np.array(true)


def _true_compositions(twins: Twins, before: Any) -> Any:
    instant = twins.table.evaluate(
        before.plant, before.received, flags={}, key=twins.plan.key, clock=before.clock
    )
    return np.array(twins.table.measure(instant))[N_CONTINUOUS:, 0]


@pytest.mark.slow
def test_analysers_show_the_composition_of_one_period_before() -> None:
    twins = Twins([[]] * N, points=[], noise=False)
    leaves, tree = jax.tree.flatten(twins.state.plant.physical)
    pushed = [leaf * (1.02 if 27 <= i < 31 else 1.0) for i, leaf in enumerate(leaves)]
    twins.state = _with_process(twins.state, jax.tree.unflatten(tree, pushed))
    found = Analysed(twins, 2 * PRODUCT_PERIOD + 1)
    for columns, period in ((slice(0, 14), GAS_PERIOD), (slice(14, 19), PRODUCT_PERIOD)):
        shown, true = found.shown[:, columns], found.true[:, columns]
        for k in range(period, len(shown)):
            fired = k // period * period
            # what fires at a multiple of the period is the sample of one period before, except
            # that the first sample is the composition the twin started with
            if fired >= 2 * period:
                np.testing.assert_allclose(shown[k], true[fired - period], rtol=1e-5)
            else:
                assert np.array_equal(shown[k], shown[fired])


def _with_process(state: Any, process: Any) -> Any:
    from dataclasses import replace

    return replace(state, plant=replace(state.plant, physical=process))


@pytest.mark.slow
def test_noise_has_the_published_spread() -> None:
    twins = Twins([[]] * 256, points=[], ids=range(256))
    quiet = Twins([[]] * 256, points=[], noise=False)
    # one second after the start the process has not yet felt any noise
    noisy, still = (
        np.array(t.advance(1).plant.instruments.shown, np.float64) for t in (twins, quiet)
    )
    off = (noisy - still)[:N_CONTINUOUS]
    spread = np.array([MEASUREMENTS[n][5] for n in range(1, N_CONTINUOUS + 1)])
    z = off / spread[:, None]
    assert np.abs(z.mean(axis=1)).max() < 4.5 / 256**0.5
    # kurtosis 2.70: the variance of z^2 is 1.70
    assert np.abs((z**2).mean(axis=1) - 1.0).max() < 4.5 * (1.7 / 256) ** 0.5
    assert np.all(noisy[N_CONTINUOUS:] == still[N_CONTINUOUS:])
