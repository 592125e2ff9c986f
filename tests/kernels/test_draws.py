"""The random words: the published generator, and the same on NumPy and JAX."""

import jax
import numpy as np
import pytest
from jax.extend.random import threefry_2x32

from otsim_kernels.draws import draw_bits, purpose_id, stream_key, threefry2x32, uniform

N_DRAWS = 200_000
ERRORS = 4.5


def words(*values: int) -> list[np.ndarray]:
    return [np.array([value], np.uint32) for value in values]


# Random123's kat_vectors: rounds, counter, key, result.
KNOWN_ANSWERS = [
    (13, (0, 0), (0, 0), (0x9D1C5EC6, 0x8BD50731)),
    (13, (0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0xFD36D048, 0x2D17272C)),
    (13, (0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xBA3E4725, 0xF27D669E)),
    (20, (0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    (20, (0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    (20, (0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]


@pytest.mark.parametrize(("rounds", "counter", "key", "want"), KNOWN_ANSWERS)
def test_known_answers(
    rounds: int, counter: tuple[int, int], key: tuple[int, int], want: tuple[int, int]
) -> None:
    (key_0, key_1), (count_0, count_1) = words(*key), words(*counter)
    got = threefry2x32(key_0, key_1, count_0, count_1, rounds)
    assert tuple(int(word[0]) for word in got) == want


def test_twenty_rounds_are_those_of_jax() -> None:
    rng = np.random.default_rng(1)
    key = rng.integers(0, 2**32, 2, dtype=np.uint32)
    counters = rng.integers(0, 2**32, (2, 500), dtype=np.uint32)
    got = threefry2x32(key[0], key[1], counters[0], counters[1], rounds=20)
    want = np.asarray(threefry_2x32(key, counters.ravel())).reshape(2, 500)
    np.testing.assert_array_equal(np.stack(got), want)


def test_numpy_and_jax_draw_the_same_words() -> None:
    twins = np.arange(1000, dtype=np.uint32)
    drawn = [
        draw_bits(stream_key(2**40 + 7, ids), purpose_id("step/a/time"), 3)
        for ids in (twins, jax.numpy.asarray(twins))
    ]
    np.testing.assert_array_equal(np.stack(drawn[0]), np.stack(drawn[1]))


def test_a_draw_depends_on_seed_twin_purpose_and_time_alone() -> None:
    twins = np.arange(64, dtype=np.uint32)
    base = draw_bits(stream_key(1, twins), 5, 7)[0]
    np.testing.assert_array_equal(draw_bits(stream_key(1, twins[10:20]), 5, 7)[0], base[10:20])
    others = [
        draw_bits(stream_key(2, twins), 5, 7)[0],
        draw_bits(stream_key(1 + 2**32, twins), 5, 7)[0],
        draw_bits(stream_key(1, twins), 6, 7)[0],
        draw_bits(stream_key(1, twins), 5, 8)[0],
    ]
    for other in others:
        assert (other != base).all()


def test_time_may_differ_from_lane_to_lane() -> None:
    key = stream_key(1, np.full(5, 9, np.uint32))
    slots = np.arange(5, dtype=np.uint32)
    one_by_one = [int(draw_bits(key, 3, int(slot))[0][0]) for slot in slots]
    assert draw_bits(key, 3, slots)[0].tolist() == one_by_one


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_uniform_never_reaches_its_ends(dtype: type) -> None:
    ends = uniform(np.array([0, 2**32 - 1], np.uint32), dtype)
    assert ends.dtype == dtype
    assert 0.0 < ends[0] < ends[1] < 1.0


def test_uniform_precisions_agree() -> None:
    bits = draw_bits(stream_key(1, np.arange(N_DRAWS, dtype=np.uint32)), 1, 0)[0]
    single, double = uniform(bits, np.float32), uniform(bits, np.float64)
    assert np.abs(single - double).max() <= 2.0**-24


def test_words_of_neighbouring_twins_and_purposes_are_uncorrelated() -> None:
    twins = np.arange(N_DRAWS, dtype=np.uint32)
    draws = [
        uniform(draw_bits(stream_key(seed, twins), purpose, 0)[word], np.float64)
        for seed, purpose, word in ((1, 10, 0), (1, 10, 1), (1, 11, 0), (2, 10, 0))
    ]
    draws.append(np.roll(draws[0], 1))
    bound = ERRORS / np.sqrt(N_DRAWS)
    correlation = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlation).max() < bound
    means = [abs(draw.mean() - 0.5) for draw in draws]
    assert max(means) < bound * np.sqrt(1.0 / 12.0)
