"""The sensors' noise is normal far into its tails, and independent of everything around it."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import numpy.typing as npt
import pytest
from scipy import special, stats

from otsim_kernels.draws import purpose_id, stream_key
from otsim_kernels.noise import noise_pair, standard_normal

N, SEED, ERRORS = 1_000_000, 20260, 4.5
QUANTILE_ERROR = 7e-5  # relative, of the two fits
MOMENTS = {1: 0.0, 2: 1.0, 3: 0.0, 4: 3.0, 6: 15.0}


def draws(purpose: int, *, twin: int = 0) -> npt.NDArray[np.float64]:
    """Both numbers of a pair at N ticks, f64[2, N]."""
    key = stream_key(SEED, np.full(N, twin, np.uint32))
    with jax.enable_x64(True):
        return np.array(noise_pair(key, purpose, np.arange(N, dtype=np.int32), np.float64))


@pytest.fixture(scope="module")
def pair() -> npt.NDArray[np.float64]:
    return draws(purpose_id("noise/xmeas_1"))


def normal(bits: npt.NDArray[np.uint32], dtype: Any) -> npt.NDArray[np.float64]:
    with jax.enable_x64(dtype == np.float64):
        return np.asarray(standard_normal(bits, dtype)).astype(np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quantiles_to_the_last_of_all_words(dtype: Any) -> None:
    """The words that give the rarest numbers, one by one, and others over the whole range."""
    rng = np.random.default_rng(3)
    half = np.concatenate([np.arange(4096), 2 ** np.arange(12, 31), rng.integers(0, 2**31, 4096)])
    want = -special.ndtri((half + 0.5) * 2.0**-32)
    got = normal((half.astype(np.uint32) << np.uint32(1)), dtype)
    assert want.max() > 6.2
    # close to 0 a number is a difference: to a rounding of 1
    allowed = QUANTILE_ERROR * want + 4.0 * np.finfo(np.float32).eps
    assert np.all(np.abs(got - want) <= allowed)


def test_the_lowest_bit_is_the_sign() -> None:
    bits = np.random.default_rng(1).integers(0, 2**31, 1000, dtype=np.uint32) << np.uint32(1)
    np.testing.assert_array_equal(normal(bits, np.float32), -normal(bits | 1, np.float32))


@pytest.mark.parametrize("which", [0, 1])
def test_moments(pair: npt.NDArray[np.float64], which: int) -> None:
    for power, want in MOMENTS.items():
        values = pair[which] ** power
        assert abs(values.mean() - want) < ERRORS * values.std() / N**0.5


@pytest.mark.parametrize("which", [0, 1])
def test_distribution(pair: npt.NDArray[np.float64], which: int) -> None:
    assert stats.kstest(pair[which], "norm").pvalue > 1e-3
    for limit in (3.0, 4.0):
        expected = 2.0 * N * stats.norm.sf(limit)
        assert abs((np.abs(pair[which]) > limit).sum() - expected) < ERRORS * expected**0.5


def correlation(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    return float(np.mean(a * b))  # mean 0, deviation 1


def test_independent_of_its_partner_of_time_of_purpose_and_of_twin(
    pair: npt.NDArray[np.float64],
) -> None:
    bound = ERRORS / N**0.5
    assert abs(correlation(*pair)) < bound
    for lag in (1, 2, 3, 60, 360):
        assert abs(correlation(pair[0][lag:], pair[0][:-lag])) < bound * (1 + lag / N)
    other = draws(purpose_id("noise/xmeas_3"))
    assert abs(correlation(pair[0], other[0])) < bound
    assert abs(correlation(pair[0], draws(purpose_id("noise/xmeas_1"), twin=1)[0])) < bound


def test_both_precisions_draw_the_same() -> None:
    bits = np.random.default_rng(2).integers(0, 2**32, 100_000, dtype=np.uint32)
    wide, narrow = normal(bits, np.float64), normal(bits, np.float32)
    np.testing.assert_array_equal(wide, narrow)
