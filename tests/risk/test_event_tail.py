"""Mean and tail of rare events, beside the compounding of whole years."""

import numpy as np
import pytest

from otsim.risk.annual import annual_loss, annual_tail_mean
from otsim.risk.event_tail import resamplings, tail_loss, tail_rates, yearly_loss
from otsim.risk.frequency import poisson


def test_by_hand() -> None:
    losses, rates = np.array([10.0, 0.0, 40.0, 20.0]), np.array([0.01, 0.5, 0.001, 0.002])
    assert yearly_loss(losses, rates) == pytest.approx(0.1 + 0.04 + 0.04)
    # once in 200 years: all of 40 and 20, and 0.002 of the 10
    assert tail_loss(losses, rates, 200.0) == pytest.approx(200.0 * (0.04 + 0.04 + 0.02))
    assert tail_rates(losses, rates, 200.0) == pytest.approx([0.002, 0.0, 0.001, 0.002])


def test_equal_losses_at_the_edge_share_what_is_left() -> None:
    losses, rates = np.array([5.0, 9.0, 5.0]), np.array([0.01, 0.004, 0.03])
    within = tail_rates(losses, rates, 50.0)
    assert within == pytest.approx([0.004, 0.004, 0.012])
    assert 50.0 * float(within @ losses) == pytest.approx(float(tail_loss(losses, rates, 50.0)))


def test_the_tail_is_that_of_whole_years_where_events_are_rare() -> None:
    losses = np.random.default_rng(1).lognormal(10.0, 1.0, 4000)
    rate, period = 0.01, 250.0
    quick = float(tail_loss(losses, np.full(4000, rate / 4000), period))
    exact = annual_tail_mean(annual_loss(losses, poisson(rate)), 1.0 - 1.0 / period)
    assert quick == pytest.approx(exact, rel=2.0 * rate)


def test_resamplings_spread_as_the_mean_does() -> None:
    losses = np.random.default_rng(2).exponential(1.0, 2000)
    rates = np.full(2000, 0.1 / 2000)
    again = yearly_loss(losses, resamplings(rates, 400))
    assert again.std() == pytest.approx(0.1 * losses.std() / np.sqrt(2000), rel=0.15)
