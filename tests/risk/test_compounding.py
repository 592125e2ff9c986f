"""Compound sums: exact lattice, FFT and closed forms against each other and against identities."""

import math

import numpy as np
import pytest
from scipy import special

from otsim.risk.annual import (
    AnnualLoss,
    annual_exceedance,
    annual_loss,
    annual_mean,
    annual_tail_mean,
    annual_value_at_risk,
    annual_variance,
    largest_event,
    others_exceedance,
    others_excess,
)
from otsim.risk.compound import (
    compound_exceedance,
    compound_loss,
    compound_tail_mean,
    compound_value_at_risk,
    largest_exceedance,
)
from otsim.risk.frequency import (
    Frequency,
    bernoulli,
    count_probs,
    deterministic,
    generating,
    generating_inverse,
    generating_slope,
    negative_binomial,
    poisson,
)
from otsim.risk.lattice import common_unit, compound, lattice_loss, plain_loss
from otsim.risk.measures import (
    DiscreteLoss,
    discrete_loss,
    exceedance,
    loss_mean,
    loss_variance,
    tail_mean,
    value_at_risk,
)
from otsim.risk.severity import SEVERITIES, Severity, gamma, lognormal, triangular, uniform

FREQUENCIES = (
    poisson(0.05),
    poisson(1.3),
    poisson(40.0),
    negative_binomial(2.0, 0.7),
    negative_binomial(0.034, 2.5),
    bernoulli(0.2),
    deterministic(3),
)
VALUES, PROBS = [1.0, 2.0, 5.0, 20.0], [0.5, 0.25, 0.15, 0.1]
SEVERITY_CASES = {
    "lognormal": {"mu": 0.3, "sigma": 0.8},
    "exponential": {"rate": 0.5},
    "gamma": {"shape": 2.5, "scale": 1.5},
    "weibull": {"shape": 0.8, "scale": 2.0},
    "pert": {"low": 1.0, "mode": 2.0, "high": 7.0},
    "uniform": {"low": 1.0, "high": 4.0},
    "triangular": {"low": 1.0, "mode": 3.0, "high": 7.0},
}


def by_family(frequency: Frequency) -> str:
    return f"{frequency.family}-{frequency.mean:g}"


def lattice_year(frequency: Frequency) -> DiscreteLoss:
    return plain_loss(compound(frequency, lattice_loss(VALUES, PROBS, common_unit(VALUES))))


def panjer(frequency: Frequency, probs: list[float], length: int) -> np.ndarray:
    """Recursion of H. Panjer (ASTIN Bulletin 12, 1981) for P(n) = (a + b / n) P(n - 1)."""
    mean, size = frequency.mean, frequency.size
    if frequency.family == "poisson":
        a, b = 0.0, mean
    else:
        sign = -1.0 if frequency.family == "binomial" else 1.0
        a = sign * mean / (size + sign * mean)
        b = (sign * size - 1.0) * a
    total = [float(generating(frequency, probs[0]))]
    for n in range(1, length):
        terms = range(1, min(n, len(probs) - 1) + 1)
        total.append(sum((a + b * j / n) * probs[j] * total[n - j] for j in terms))
    return np.array(total)


@pytest.mark.parametrize("frequency", FREQUENCIES, ids=by_family)
def test_counts_have_their_mean_variance_and_generating_function(frequency: Frequency) -> None:
    probs = count_probs(frequency)
    n = np.arange(len(probs))
    assert np.sum(probs) == pytest.approx(1.0, abs=1e-12)
    assert np.sum(n * probs) == pytest.approx(frequency.mean, rel=1e-11)
    variance = np.sum((n - frequency.mean) ** 2 * probs)
    assert variance == pytest.approx(frequency.variance, rel=1e-10, abs=1e-12)
    for s in (0.0, 0.3, 0.9, 1.0):
        assert np.sum(probs * s**n) == pytest.approx(generating(frequency, s), rel=1e-11)
    assert generating_slope(frequency, 1.0) == pytest.approx(frequency.mean, rel=1e-14)
    level = float(generating(frequency, 0.7))
    assert generating_inverse(frequency, level) == pytest.approx(0.7, rel=1e-12)


def test_negative_binomial_becomes_poisson() -> None:
    differences = []
    for dispersion in (1e2, 1e4, 1e6):
        probs = count_probs(negative_binomial(1.5, dispersion))
        want = count_probs(poisson(1.5))
        length = min(len(probs), len(want))
        differences.append(np.max(np.abs(probs[:length] - want[:length])))
    assert differences[1] == pytest.approx(differences[0] / 100.0, rel=0.05)
    assert differences[2] < 1e-6


@pytest.mark.parametrize("frequency", FREQUENCIES[:5], ids=by_family)
def test_lattice_agrees_with_panjer(frequency: Frequency) -> None:
    year = lattice_year(frequency)
    dense = np.zeros(21)
    dense[[1, 2, 5, 20]] = PROBS
    want = panjer(frequency, dense.tolist(), 60)
    got = {int(value): prob for value, prob in zip(year.values, year.probs, strict=True)}
    for x in range(60):
        assert got.get(x, 0.0) == pytest.approx(want[x], rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("frequency", FREQUENCIES, ids=by_family)
def test_wald_identities(frequency: Frequency) -> None:
    year, one = lattice_year(frequency), discrete_loss(VALUES, PROBS)
    second = float(np.sum(one.values**2 * one.probs))
    assert loss_mean(year) == pytest.approx(annual_mean(loss_mean(one), frequency), rel=1e-11)
    want = annual_variance(loss_mean(one), second, frequency)
    assert loss_variance(year) == pytest.approx(want, rel=1e-10)


def events_of_lattice(n_none: int) -> np.ndarray:
    """Sampled events with exactly the lattice's probabilities, among events without a loss."""
    losses = np.repeat(VALUES, (np.array(PROBS) * 20).astype(int))
    return np.concatenate([losses, np.zeros(n_none)])


@pytest.mark.parametrize("frequency", FREQUENCIES, ids=by_family)
@pytest.mark.parametrize("n_none", [0, 80])
def test_fft_agrees_with_the_exact_lattice(frequency: Frequency, n_none: int) -> None:
    losses = events_of_lattice(n_none)
    annual = annual_loss(losses, frequency)
    values, counts = np.unique(losses, return_counts=True)
    severity = lattice_loss(values, counts / len(losses), common_unit(values))
    year = plain_loss(compound(frequency, severity))
    for x in (0.0, 0.5, 3.5, 10.5, 30.5, 60.5):
        assert annual_exceedance(annual, x) == pytest.approx(float(exceedance(year, x)), abs=1e-12)
    assert annual.none == pytest.approx(year.probs[0] if year.values[0] == 0.0 else 0.0, abs=1e-14)
    for level in (0.5, 0.9, 0.99, 0.999):
        # Each event off the nodes blurs the sum by a standard deviation of at most step / 2.
        blur = 2.0 * annual.rest.step * math.sqrt(1.0 + frequency.mean)
        got = annual_value_at_risk(annual, level)
        assert got == pytest.approx(value_at_risk(year, level), abs=blur)
        tail = annual_tail_mean(annual, level)
        assert tail == pytest.approx(tail_mean(year, level), abs=blur)


def test_largest_event_is_exact() -> None:
    annual = annual_loss(events_of_lattice(20), poisson(1.3))
    for x in (0.0, 1.0, 4.9, 5.0, 19.0, 20.0):
        above = 0.5 * sum(p for value, p in zip(VALUES, PROBS, strict=True) if value > x)
        want = -math.expm1(-1.3 * above)
        assert float(exceedance(largest_event(annual), x)) == pytest.approx(want, abs=1e-14)


@pytest.mark.parametrize("frequency", FREQUENCIES, ids=by_family)
def test_size_biased_identity(frequency: Frequency) -> None:
    """E[S; S > v] summed over years equals the sum over events of what each carries over v."""
    losses = np.random.default_rng(3).lognormal(1.0, 1.0, 500) * (np.arange(500) % 3 > 0)
    annual = annual_loss(losses, frequency)
    for v in (0.0, 2.2, 11.0):
        above = annual_exceedance(annual, v)
        excess = v + (annual_tail_mean_at(annual, v)) / max(above, 1e-300)
        by_years = above * excess
        parts = frequency.mean * np.mean(losses * others_exceedance(annual, v - losses))
        assert parts == pytest.approx(by_years, rel=1e-4, abs=1e-9)


def annual_tail_mean_at(annual: AnnualLoss, v: float) -> float:
    """E[(S - v)+] from the tail mean of the years above v."""
    level = 1.0 - float(annual_exceedance(annual, v))
    if level >= 1.0:
        return 0.0
    return (annual_tail_mean(annual, level) - v) * (1.0 - level)


def test_influence_is_the_derivative_of_the_curve() -> None:
    """Adding weight to one event moves curve and tail as the standard errors assume."""
    losses = np.random.default_rng(5).lognormal(0.0, 1.0, 300) * (np.arange(300) % 2)
    frequency, v, small = negative_binomial(1.7, 2.0), 6.0, 1e-3
    annual = annual_loss(losses, frequency)
    over = others_exceedance(annual, v - losses)
    beyond = others_excess(annual, v - losses)
    near = 5e-5  # the two grids differ by 1e-8, here divided by the change of weight
    for k in (0, 1, 57, 299):
        more, less = (tilted(losses, frequency, k, change) for change in (small, -small))
        slope = (annual_exceedance(more, v) - annual_exceedance(less, v)) / (2.0 * small)
        want = frequency.mean * (over[k] - np.mean(over))
        assert slope == pytest.approx(want, abs=near)
        slope = (annual_tail_mean_at(more, v) - annual_tail_mean_at(less, v)) / (2.0 * small)
        want = frequency.mean * (beyond[k] - np.mean(beyond))
        assert slope == pytest.approx(want, abs=near)


def tilted(losses: np.ndarray, frequency: Frequency, k: int, change: float) -> AnnualLoss:
    """Compound with the weight of event k changed, the others scaled."""
    weights = np.full(len(losses), (1.0 - change) / len(losses))
    weights[k] += change
    return annual_loss(losses, frequency, weights)


@pytest.mark.parametrize("family", SEVERITY_CASES)
def test_severities_are_consistent(family: str) -> None:
    severity = SEVERITIES[family](**SEVERITY_CASES[family])
    u = (np.arange(40_000) + 0.5) / 40_000
    x = severity.upper_quantile(u)
    assert severity.above(x) == pytest.approx(u, rel=1e-9)
    assert np.mean(x) == pytest.approx(severity.mean, rel=1e-3)
    assert np.mean(x**2) == pytest.approx(severity.second_moment, rel=1e-2)
    for part in (0.1, 0.5, 0.9):
        at = float(severity.upper_quantile(part))
        assert float(severity.mean_above(at)) == pytest.approx(np.mean(x * (u < part)), rel=1e-3)
    assert float(severity.mean_above(0.0)) == pytest.approx(severity.mean, rel=1e-12)


@pytest.mark.parametrize("frequency", FREQUENCIES, ids=by_family)
def test_grid_agrees_with_sums_of_gamma_losses(frequency: Frequency) -> None:
    closed, levels = gamma(1.7, 2.0), (0.9, 0.99, 0.996)
    fields = {name: getattr(closed, name) for name in Severity.__dataclass_fields__}
    blind = Severity(**{**fields, "gamma_shape": math.nan})
    want, got = compound_loss(frequency, closed), compound_loss(frequency, blind)
    x = [0.5, 3.0, 10.0, 25.0]
    assert compound_exceedance(got, x) == pytest.approx(compound_exceedance(want, x), abs=1e-7)
    for level in levels:
        near = pytest.approx(compound_value_at_risk(want, level), rel=1e-4)
        assert compound_value_at_risk(got, level) == near
        near = pytest.approx(compound_tail_mean(want, level), rel=1e-4)
        assert compound_tail_mean(got, level) == near


def test_sum_of_two_uniform_losses() -> None:
    year = compound_loss(deterministic(2), uniform(0.0, 1.0))
    assert compound_exceedance(year, 1.5) == pytest.approx(0.125, rel=1e-6)
    assert compound_value_at_risk(year, 0.98) == pytest.approx(2.0 - 0.2, rel=1e-6)
    assert compound_tail_mean(year, 0.98) == pytest.approx(2.0 - 0.4 / 3.0, rel=1e-5)


def test_one_lognormal_loss_is_exact() -> None:
    year = compound_loss(deterministic(1), lognormal(13.0, 1.6))
    want = math.exp(13.0 + 1.6 * float(special.ndtri(0.99)))
    assert compound_value_at_risk(year, 0.99) == pytest.approx(want, rel=1e-12)
    assert largest_exceedance(year, want) == pytest.approx(0.01, rel=1e-10)


def test_triangular_ends_may_be_the_mode() -> None:
    rising, falling = triangular(0.0, 1.0, 1.0), triangular(0.0, 0.0, 1.0)
    assert float(rising.above(0.5)) == pytest.approx(0.75)
    assert float(falling.above(0.5)) == pytest.approx(0.25)
