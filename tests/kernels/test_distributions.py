"""The families of distributions: their shape against scipy, their precision, their stability."""

from typing import Any

import jax
import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy import stats

from otsim.config.distributions import Distribution
from otsim.config.quantiles import compile_distribution
from otsim_kernels.distributions import (
    chance_limit,
    draw_bank,
    draw_table,
    happens,
    inverse,
    normal_score,
    sample,
)
from otsim_kernels.draws import StreamKey, stream_key

N_DRAWS = 200_000
KEY = stream_key(20, np.arange(N_DRAWS, dtype=np.uint32))
TABLE_ERROR = 5e-7  # as compile_distribution states it
KS_LIMIT = 2.34  # of sqrt(n) * D: the two-sided chance of more is 3.5e-5

CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "exponential": ({"exponential": {"mean": 3.0}}, stats.expon(scale=3.0)),
    "exponential_rate": ({"exponential": {"rate": 0.25}}, stats.expon(scale=4.0)),
    "gamma": ({"gamma": {"shape": 2.5, "scale": 4.0}}, stats.gamma(2.5, scale=4.0)),
    "gamma_small": ({"gamma": {"shape": 0.2, "scale": 5.0}}, stats.gamma(0.2, scale=5.0)),
    "gamma_large": ({"gamma": {"mean": 7.0, "cv": 0.1}}, stats.gamma(100, scale=0.07)),
    "weibull": ({"weibull": {"shape": 1.7, "scale": 3.0}}, stats.weibull_min(1.7, scale=3.0)),
    "weibull_falling": (
        {"weibull": {"shape": 0.6, "scale": 2.0}},
        stats.weibull_min(0.6, scale=2.0),
    ),
    "lognormal": ({"lognormal": {"mu": 1.0, "sigma": 1.5}}, stats.lognorm(1.5, scale=np.e)),
    "lognormal_p95": (
        {"lognormal": {"median": 6.0, "p95": 48.0}},
        stats.lognorm(np.log(8.0) / stats.norm.ppf(0.95), scale=6.0),
    ),
    "pert": (
        {"pert": {"low": 2.0, "mode": 3.0, "high": 10.0}},
        stats.beta(1.5, 4.5, loc=2.0, scale=8.0),
    ),
    "pert_edge": (
        {"pert": {"low": -1.0, "mode": -1.0, "high": 1.0}},
        stats.beta(1.0, 5.0, loc=-1.0, scale=2.0),
    ),
    "triangular": (
        {"triangular": {"low": -2.0, "mode": 1.0, "high": 4.0}},
        stats.triang(0.5, loc=-2.0, scale=6.0),
    ),
    "triangular_edge": (
        {"triangular": {"low": 0.0, "mode": 4.0, "high": 4.0}},
        stats.triang(1.0, scale=4.0),
    ),
    "uniform": ({"uniform": {"low": 5.0, "high": 9.0}}, stats.uniform(5.0, 4.0)),
    "sum": (
        {"sum": [3.0, {"gamma": {"shape": 1.5, "scale": 4.0}}, {"exponential": {"mean": 4.0}}]},
        stats.gamma(2.5, loc=3.0, scale=4.0),
    ),
}


def compiled(given: Any, scale: float = 1.0) -> Any:
    return compile_distribution(TypeAdapter(Distribution).validate_python(given), scale)


def mean_of(given: Any) -> float:
    return float(TypeAdapter(Distribution).validate_python(given).mean)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
def test_draws_follow_the_distribution(name: str, dtype: type) -> None:
    given, exact = CASES[name]
    drawn = sample(compiled(given), KEY, f"test/{name}", dtype=dtype)
    assert drawn.dtype == dtype
    distance = stats.kstest(drawn.astype(np.float64), exact.cdf).statistic
    assert distance * np.sqrt(N_DRAWS) < KS_LIMIT


@pytest.mark.parametrize("name", CASES)
def test_stated_mean(name: str) -> None:
    given, exact = CASES[name]
    assert mean_of(given) == pytest.approx(exact.mean(), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", [name for name in CASES if name != "sum"])
def test_quantiles_against_scipy(name: str) -> None:
    given, exact = CASES[name]
    quantile = compiled(given)
    scores = np.linspace(-4.9, 4.9, 2001)
    u = stats.norm.cdf(scores)
    got = inverse(quantile.family, quantile.params.reshape(-1, 1, 1), u[None, :])[0]
    reached = exact.cdf(got * quantile.scale)
    np.testing.assert_allclose(reached, u, rtol=0, atol=TABLE_ERROR)
    assert (np.diff(got) >= 0).all()


@pytest.mark.parametrize("shape", [0.1, 0.5, 1.0, 3.0, 30.0, 100.0])
def test_gamma_tables_are_as_exact_as_they_say(shape: float) -> None:
    quantile = compiled({"gamma": {"shape": shape, "scale": 1.0}})
    u = stats.norm.cdf(np.linspace(-6.4, 6.4, 9973))
    got = inverse(quantile.family, quantile.params.reshape(-1, 1, 1), u[None, :])[0]
    assert np.abs(stats.gamma.cdf(got, shape) - u).max() < TABLE_ERROR


def test_discrete_values_come_with_their_probabilities() -> None:
    values, probs = [4.0, -1.0, 2.5, 9.0], [0.2, 0.5, 0.3, 0.0]
    drawn = sample(compiled({"discrete": {"values": values, "probs": probs}}), KEY, "test/d")
    for value, prob in zip(values, probs, strict=True):
        error = np.sqrt(prob * (1.0 - prob) / N_DRAWS)
        assert abs((drawn == value).mean() - prob) <= 4.5 * error


def test_scale_multiplies() -> None:
    given = {"sum": [1.0, {"exponential": {"mean": 2.0}}]}
    plain, scaled = (sample(compiled(given, scale), KEY, "test/s") for scale in (1.0, 24.0))
    np.testing.assert_allclose(scaled, 24.0 * plain, rtol=1e-14)


def test_a_number_is_itself_and_needs_no_draw() -> None:
    assert set(sample(compiled(2.5), KEY, "test/f").tolist()) == {2.5}


def test_terms_of_a_sum_are_independent() -> None:
    drawn = sample(compiled({"sum": [{"exponential": {"mean": 1.0}}] * 2}), KEY, "test/t")
    assert abs(drawn.var() - 2.0) < 4.5 * np.sqrt((24.0 - 4.0) / N_DRAWS)


def test_a_bank_draws_what_each_distribution_draws_alone() -> None:
    named = [(f"test/{name}", compiled(given)) for name, (given, _) in CASES.items()]
    together = draw_table(draw_bank(named), KEY, dtype=np.float64)
    assert together.shape == (len(named), N_DRAWS)
    for row, (purpose, quantile) in zip(together, named, strict=True):
        np.testing.assert_array_equal(row, sample(quantile, KEY, purpose))
    shuffled = draw_table(draw_bank(named[::-1]), KEY, dtype=np.float64)
    np.testing.assert_array_equal(np.stack(shuffled[::-1]), together)


def test_an_empty_bank_draws_nothing() -> None:
    assert draw_table(draw_bank([]), KEY).shape == (0, N_DRAWS)
    assert draw_table(draw_bank([]), KEY).shape[0] == 0


def test_jax_draws_what_numpy_draws() -> None:
    bank = draw_bank([(f"test/{name}", compiled(given)) for name, (given, _) in CASES.items()])
    n_twins = 4096
    key = StreamKey(high=KEY.high[:n_twins], low=KEY.low[:n_twins])
    slots = np.arange(n_twins, dtype=np.uint32) % 3
    on_device = jax.jit(draw_table)(bank, jax.device_put(key), slots)
    double = draw_table(bank, key, slots, np.float64)
    assert on_device.dtype == np.float32
    for (_, exact), single, wide in zip(CASES.values(), on_device, double, strict=True):
        moved = np.abs(exact.cdf(np.asarray(single, np.float64)) - exact.cdf(wide))
        assert moved.max() < 5e-6  # rounding of scores and logarithms; 1 % of an error at 1e6


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 3e-6)])
def test_normal_score(dtype: type, tolerance: float) -> None:
    u = np.concatenate([np.geomspace(1e-30, 0.4, 4000), np.linspace(0.41, 1.0 - 2.0**-23, 4000)])
    u = u.astype(dtype)
    want = stats.norm.ppf(u.astype(np.float64))
    error = np.abs(normal_score(u) - want) / np.maximum(np.abs(want), 1e-3)
    assert error.max() < tolerance


def test_chances_are_exact_at_their_ends_and_in_between() -> None:
    bits = np.array([0, 1, 2**31, 2**32 - 1], np.uint32)
    assert not happens(bits, chance_limit(0.0)).any()
    assert happens(bits, chance_limit(1.0)).all()
    assert happens(bits, chance_limit(0.5)).tolist() == [True, True, False, False]
