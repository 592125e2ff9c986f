"""Moments of the sensors' noise against their exact values, and its independence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from otsim_kernels.draws import purpose_id, stream_key
from otsim_kernels.noise import noise_pair

N, SEED, ERRORS = 1_000_000, 20260, 4.5
# A sum of four independent, uniform bytes, in units of its standard deviation.
KURTOSIS = 3.0 - 1.2 * (256.0**2 + 1.0) / (256.0**2 - 1.0) / 4.0
LARGEST = 4 * 127.5 / ((256.0**2 - 1.0) / 3.0) ** 0.5


def draws(purpose: int, *, twin: int = 0) -> npt.NDArray[np.float64]:
    """Both numbers of a pair at N ticks, f64[2, N]."""
    key = stream_key(SEED, np.full(N, twin, np.uint32))
    return np.array(noise_pair(key, purpose, np.arange(N, dtype=np.int32), np.float64))


@pytest.fixture(scope="module")
def pair() -> npt.NDArray[np.float64]:
    return draws(purpose_id("noise/xmeas_1"))


@pytest.mark.parametrize("which", [0, 1])
def test_moments(pair: npt.NDArray[np.float64], which: int) -> None:
    z = pair[which]
    # standard errors of the means of z, z^2, z^3, z^4, from the moments of the sum itself
    for power, want in ((1, 0.0), (2, 1.0), (3, 0.0), (4, KURTOSIS)):
        values = z**power
        assert abs(values.mean() - want) < ERRORS * values.std() / N**0.5


def test_never_beyond_four_extreme_bytes(pair: npt.NDArray[np.float64]) -> None:
    assert np.abs(pair).max() <= LARGEST * (1.0 + 1e-12)


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
    key = stream_key(SEED, np.arange(1000, dtype=np.uint32))
    clock = np.full(1000, 77, np.int32)
    wide = np.array(noise_pair(key, 5, clock, np.float64))
    narrow = np.array(noise_pair(key, 5, clock, np.float32))
    assert narrow.dtype == np.float32
    assert np.abs(wide - narrow).max() < 4 * 2.0**-23  # a unit in the last place of up to 4
