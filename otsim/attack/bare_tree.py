"""A tree without a study: its nodes drawn for many worlds, with no attacker, clock or budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.attack.step_arrays import leaf_chance, step_time
from otsim.attack.tree_program import compile_tree, leaf_names
from otsim.config.attack_tree import AttackTree
from otsim.config.distributions import DistributionBase
from otsim.config.quantiles import compile_distribution
from otsim.draws import names

if TYPE_CHECKING:
    from otsim_kernels.attack_timeline import Program, Timeline
    from otsim_kernels.distributions import DrawBank
    from otsim_kernels.draws import StreamKey

__all__ = ["TreeSamples", "sample_tree"]

BLOCK = 4096  # worlds of a kernel call; shorter ranges are padded


@dataclass(frozen=True, kw_only=True)
class TreeSamples:
    """Worlds of a tree; times are hours from the start of the attack, inf for never.

    Attributes:
        nodes: names of the rows, in the order of the file.
        time_h: f[n_nodes, n], when each node falls.
        start_h: f[n_nodes, n], when it is first tried.
        success: bool[n_nodes, n], whether it succeeds in this world, whenever it is tried.
        clock_h: f[n], the competing clock; inf where there is none.
    """

    nodes: tuple[str, ...]
    time_h: npt.NDArray[np.floating[Any]]
    start_h: npt.NDArray[np.floating[Any]]
    success: npt.NDArray[np.bool_]
    clock_h: npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class _Draws:
    """What a block of worlds is drawn from; limits are u32[n_leaves, 1]."""

    program: Program
    purposes: npt.NDArray[np.uint32]
    limits: npt.NDArray[np.uint32]
    banks: tuple[DrawBank, DrawBank]  # times of the leaves; the clock, if any


def sample_tree(
    tree: AttackTree,
    first: int,
    count: int,
    *,
    seed: int,
    clock: DistributionBase | None = None,
    dtype: Any = np.float32,
) -> TreeSamples:
    """Draw the worlds first .. first + count - 1 of a tree.

    The draws are those of a study with this tree, seed and twin numbers, at the first attempt. A
    leaf that gives a probability for each skill takes that of an intermediate attacker.

    Args:
        tree: a tree of sound shape.
        first: number of the first world.
        count: how many.
        seed: same seed, same worlds, however the range is cut.
        clock: a competing clock, such as detection, hours from time 0. Default: none.
        dtype: float32 or float64.
    """
    draws = _draws(tree, clock)
    blocks = [
        _block(draws, seed, start, dtype=np.dtype(dtype))
        for start in range(first, first + count, BLOCK)
    ]
    joined = [np.concatenate(parts, axis=-1)[..., :count] for parts in zip(*blocks, strict=True)]
    return TreeSamples(
        nodes=tuple(tree.nodes),
        time_h=joined[0],
        start_h=joined[1],
        success=joined[2],
        clock_h=joined[3],
    )


def _draws(tree: AttackTree, clock: DistributionBase | None) -> _Draws:
    from otsim_kernels.distributions import chance_limit, draw_bank
    from otsim_kernels.draws import purpose_id

    leaves = leaf_names(tree)
    chances = [[leaf_chance(tree.nodes[name].probability, "intermediate")] for name in leaves]
    clocks = [] if clock is None else [("race/clock", compile_distribution(clock))]
    return _Draws(
        program=compile_tree(tree),
        purposes=np.array([[purpose_id(names.step_exists(name))] for name in leaves], np.uint32),
        limits=chance_limit(np.array(chances)),
        banks=(
            draw_bank([(names.step_time(name), step_time(tree.nodes[name])) for name in leaves]),
            draw_bank(clocks),
        ),
    )


def _block(
    draws: _Draws, seed: int, start: int, *, dtype: np.dtype[Any]
) -> tuple[npt.NDArray[Any], ...]:
    import jax

    from otsim_kernels.draws import stream_key

    key = stream_key(seed, np.arange(start, start + BLOCK).astype(np.uint32))
    with jax.enable_x64(dtype == np.float64):
        found, clock_h = _compiled()(
            key, draws.program, draws.purposes, draws.limits, draws.banks, dtype=dtype
        )
        columns = (found.time, found.start, found.success, clock_h)
        return tuple(map(np.asarray, columns))


@cache
def _compiled() -> Callable[..., tuple[Timeline, Any]]:
    from functools import partial

    import jax
    import jax.numpy as jnp

    from otsim_kernels.attack_timeline import timeline
    from otsim_kernels.distributions import draw_table, happens

    @partial(jax.jit, static_argnames="dtype")
    def worlds(
        key: StreamKey,
        program: Program,
        purposes: Any,
        limits: Any,
        banks: tuple[DrawBank, DrawBank],
        *,
        dtype: Any,
    ) -> tuple[Timeline, Any]:
        exists = happens(key.word(purposes, 0), limits)
        times = draw_table(banks[0], key, 0, dtype)
        clock = draw_table(banks[1], key, 0, dtype).min(axis=0, initial=jnp.inf)
        return timeline(program, leaf_time=times, leaf_exists=exists), clock

    return worlds
