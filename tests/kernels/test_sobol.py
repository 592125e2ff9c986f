"""Nets of Sobol points: even within a net, independent between nets, a function of twin alone."""

import itertools

import jax
import numpy as np
import pytest
from scipy.stats import kstest, qmc

from otsim.draws.directions import direction_numbers
from otsim_kernels.draws import StreamKey, stream_key
from otsim_kernels.sobol import coordinates, scrambled, sobol_key
from otsim_kernels.written_draws import WrittenKey

N_DIMS, DIGITS = 5, 10
DIRECTIONS = direction_numbers(N_DIMS, DIGITS)
PURPOSES = np.array([3, 10, 500, 2**31, 2**32 - 2], np.uint32)
N_REPLICATES, N_POINTS = 8, 256


def net_key(twin: np.ndarray, *, seed: int = 7) -> WrittenKey:
    return sobol_key(
        DIRECTIONS,
        PURPOSES,
        twin=twin.astype(np.uint32),
        n_replicates=N_REPLICATES,
        seed=seed,
    )


WHOLE = net_key(np.arange(N_REPLICATES * N_POINTS))


def key_of(word: int, shape: tuple[int, ...]) -> StreamKey:
    return StreamKey(high=np.full(shape, 1, np.uint32), low=np.full(shape, word, np.uint32))


def test_points_are_those_of_scipy_in_another_order() -> None:
    mine = coordinates(DIRECTIONS, np.arange(2**DIGITS, dtype=np.uint32)).T
    theirs = qmc.Sobol(N_DIMS, scramble=False, bits=32).random(2**DIGITS) * 2.0**32
    assert set(map(tuple, mine.tolist())) == set(map(tuple, theirs.astype(np.uint32).tolist()))


@pytest.mark.parametrize("replicate", [0, 5])
@pytest.mark.parametrize("halvings", range(9))
def test_two_dimensions_of_a_net_fill_every_cell_once(replicate: int, halvings: int) -> None:
    """The first two dimensions are a (0, 8, 2)-net, and scrambling keeps it one."""
    bits = WHOLE.bits[:2, replicate::N_REPLICATES].astype(np.uint64)
    cells = zip(
        (bits[0] >> np.uint64(32 - halvings)).tolist(),
        (bits[1] >> np.uint64(24 + halvings)).tolist(),
        strict=True,
    )
    assert len(set(cells)) == N_POINTS


def test_scrambling_flips_a_digit_by_those_before_it() -> None:
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**32, (1, 4000), dtype=np.uint32)
    for digit in range(32):
        other = bits ^ np.uint32(1 << (31 - digit))  # the same digits before this one
        changed = scrambled(bits, key_of(9, bits.shape)) ^ scrambled(other, key_of(9, bits.shape))
        assert (changed >> np.uint32(31 - digit) == 1).all()


def test_each_node_of_the_scrambling_has_a_flip_of_its_own() -> None:
    """Over many keys all flips of the first 7 digits are fair and uncorrelated."""
    n_keys = 4000
    key = stream_key(5, np.arange(n_keys, dtype=np.uint32))
    prefixes = np.arange(128, dtype=np.uint32)[:, None] << np.uint32(25)
    bits = np.broadcast_to(prefixes, (128, n_keys))
    wide = StreamKey(
        high=np.broadcast_to(key.high, bits.shape), low=np.broadcast_to(key.low, bits.shape)
    )
    flips = scrambled(bits, wide) ^ bits
    nodes = {
        (digit, prefix >> (7 - digit)): (flips[prefix] >> np.uint32(31 - digit)) & np.uint32(1)
        for digit in range(7)
        for prefix in range(128)
    }
    signs = 2.0 * np.array(list(nodes.values())) - 1.0
    assert len(signs) == 127
    correlation = signs @ signs.T / n_keys - np.eye(127)
    assert np.abs(correlation).max() < 5.0 / np.sqrt(n_keys)
    assert np.abs(signs.mean(axis=1)).max() < 5.0 / np.sqrt(n_keys)


def test_every_coordinate_is_uniform_over_nets() -> None:
    firsts = np.concatenate([net_key(np.arange(8), seed=seed).bits for seed in range(500)], axis=1)
    for row in firsts / 2.0**32:
        assert kstest(row, "uniform").pvalue > 1e-4


def test_nets_and_dimensions_are_scrambled_independently() -> None:
    samples = [net_key(np.arange(N_REPLICATES), seed=seed).bits for seed in range(400)]
    first_points = np.stack(samples) / 2.0**32  # [seed, dim, replicate]
    columns = [*first_points[:, :, 0].T, *first_points[:, 0, 1:].T]
    correlation = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(correlation).max() < 5.0 / np.sqrt(400)


def test_a_point_depends_on_its_twin_alone() -> None:
    some = np.array([2000, 3, 3, 77])
    np.testing.assert_array_equal(net_key(some).bits, WHOLE.bits[:, some])
    np.testing.assert_array_equal(WHOLE.of(some).bits, WHOLE.bits[:, some])
    np.testing.assert_array_equal(WHOLE.of(some).stream.low, WHOLE.stream.low[some])


@pytest.mark.parametrize("jitted", [False, True])
def test_words_are_coordinates_or_else_of_the_stream(jitted: bool) -> None:
    wanted = np.array([[10], [11], [2**32 - 2], [0], [2**32 - 1]], np.uint32)
    if jitted:
        key = jax.tree.map(jax.numpy.asarray, WHOLE)
        drawn = np.asarray(jax.jit(lambda k, p: k.word(p, np.uint32(0)))(key, wanted))
    else:
        drawn = WHOLE.word(wanted, 0)
    np.testing.assert_array_equal(drawn[[0, 2]], WHOLE.bits[[1, 4]])
    np.testing.assert_array_equal(drawn[[1, 3, 4]], WHOLE.stream.word(wanted[[1, 3, 4]], 0))
    np.testing.assert_array_equal(WHOLE.word(500, 0), WHOLE.bits[2])
    np.testing.assert_array_equal(WHOLE.word(501, 0), WHOLE.stream.word(501, 0))


def test_later_slots_are_drawn_from_the_stream() -> None:
    some = WHOLE.of(np.arange(4))
    drawn = some.word(PURPOSES[:, None], np.array([0, 1, 7, 0], np.uint32))
    np.testing.assert_array_equal(drawn[:, [0, 3]], some.bits[:, [0, 3]])
    np.testing.assert_array_equal(drawn[:, 1], some.stream.word(PURPOSES[:, None], 1)[:, 1])
    np.testing.assert_array_equal(drawn[:, 2], some.stream.word(PURPOSES[:, None], 7)[:, 2])


def test_smooth_means_are_known_far_better_than_by_chance() -> None:
    """The variance of a mean of 256 points of x y z + x is a hundredth of that by chance."""
    u = WHOLE.bits / 2.0**32
    values = u[0] * u[1] * u[2] + u[0]
    nets = values.reshape(N_POINTS, N_REPLICATES)
    gain = np.var(values) / N_POINTS / np.var(nets.mean(axis=0), ddof=1)
    assert gain > 100.0
    for first, second in itertools.combinations(nets.mean(axis=0), 2):
        assert first != second
