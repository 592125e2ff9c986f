"""Head loss of links: slopes against differences, both ways alike, known values."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

from otsim_kernels.plants.water_network import head_loss
from otsim_kernels.plants.water_network.network import Pump

FLOWS = np.concatenate([-np.geomspace(10.0, 1e-3, 25), np.geomspace(1e-3, 10.0, 25)])
POINTS = np.array([[0.0, 100.0], [2.0, 90.0], [5.0, 60.0], [8.0, 10.0]])
LOSSES: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "hazen-williams": lambda q: head_loss.power_law(q, 3.0, 0.2, head_loss.HAZEN_WILLIAMS),
    "chezy-manning": lambda q: head_loss.power_law(q, 3.0, 0.2, 2.0),
    "darcy-weisbach": lambda q: head_loss.darcy_weisbach(q, 40.0, 0.2, 1e-3, 1.1e-5 * 0.5),
    "open valve": lambda q: head_loss.open_valve(q, 0.5 + 0.0 * q),
    "free valve": lambda q: head_loss.open_valve(q, 0.0 * q),
    "power pump": lambda q: head_loss.pump(
        Pump(kind="power", h0=133.0, b=2.0, c=1.7), np.abs(q), 0.8 + 0.0 * q
    ),
    "pump of pieces": lambda q: head_loss.pump(
        Pump(kind="pieces", points=POINTS), np.abs(q), 0.9 + 0.0 * q
    ),
    "constant power": lambda q: head_loss.pump(
        Pump(kind="constant", power=20.0), np.abs(q), 1.0 + 0.0 * q
    ),
    "general valve": lambda q: head_loss.general_valve(
        POINTS[:, ::-1] * [-0.1, 1.0] + [10.0, 0.0], q
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_slopes_are_those_of_the_loss(name: str) -> None:
    """Away from kinks; the linear part at the smallest flows has a slope of its own."""
    with jax.enable_x64():
        step = 1e-7 * np.abs(FLOWS)
        if name in ("power pump", "pump of pieces", "constant power"):
            step = step * np.sign(FLOWS)
        up, down = (np.asarray(LOSSES[name](FLOWS + sign * step)[1]) for sign in (1.0, -1.0))
        slope = np.asarray(LOSSES[name](FLOWS)[0])
    measured = (up - down) / (2.0 * step)
    if name in ("power pump", "pump of pieces", "constant power"):
        measured = measured * np.sign(FLOWS)
    assert np.median(np.abs(measured / slope - 1.0)) < 1e-6
    assert np.mean(np.abs(measured / slope - 1.0) < 1e-3) > 0.95


@pytest.mark.parametrize("name", ["hazen-williams", "chezy-manning", "darcy-weisbach"])
def test_pipes_lose_as_much_both_ways(name: str) -> None:
    with jax.enable_x64():
        g, h = map(np.asarray, LOSSES[name](FLOWS))
    np.testing.assert_allclose(h, -h[::-1], rtol=1e-12)
    np.testing.assert_allclose(g, g[::-1], rtol=1e-12)


def test_a_pipe_of_the_textbook() -> None:
    """1000 ft of 12 in at C = 100 lose 4.5 ft at 1000 GPM (Hazen-Williams, US units)."""
    flow = 1000.0 / 448.831
    resistance = 4.727 * 1000.0 / 100.0**1.852 / 1.0**4.871
    with jax.enable_x64():
        _, h = head_loss.power_law(np.array([flow]), resistance, 0.0, head_loss.HAZEN_WILLIAMS)
    swamee = 10.44 * 1000.0 * 1000.0**1.85 / (100.0**1.85 * 12.0**4.8655)  # in GPM and inches
    assert float(h[0]) == pytest.approx(swamee, rel=0.03)


def test_curves_are_read_between_their_points_and_held_beyond() -> None:
    x = np.array([-1.0, 0.0, 1.0, 2.0, 6.5, 9.0])
    with jax.enable_x64():
        found = np.asarray(head_loss.interpolated(POINTS, x))
    np.testing.assert_allclose(found, np.interp(x, *POINTS.T))
