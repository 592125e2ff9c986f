"""Twins of a network through the kernel: a block that is refilled as twins come to their end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otsim_kernels.plants.water_network.life import Life, LifePlan, WaterPlant

__all__ = ["LANES", "Block", "live_through", "twins_of"]

# Every block has this width, however few twins are left: sums over junctions are compiled in
# another order for another width, and a twin would have other bits. Fewer twins do not fill the
# processor's vectors; more leave its caches.
LANES = 128
_CHUNK_TICKS = 400  # trials between two looks at who is over

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """How twins are computed.

    Attributes:
        plant: what is compiled.
        dtype: float32 or float64.
    """

    plant: WaterPlant
    dtype: np.dtype[Any]

    def advance(self, life: Life, plan: LifePlan, n_ticks: int) -> tuple[Life, Any]:
        """Do at most so many trials of a block; returns it and which twins go on."""
        import jax

        from otsim_kernels.drivers import own_pace
        from otsim_kernels.plants.water_network.life import is_running, lived_tick

        with jax.enable_x64(self.dtype == np.float64):
            return own_pace.advance(  # type: ignore[no-any-return]
                lived_tick, is_running, self.plant, state=life, plan=plan,
                n_ticks=np.int32(n_ticks),
            )  # fmt: skip

    def first_life(self, n: int) -> Life:
        """Return n twins at the beginning of the file, on the host."""
        import jax

        from otsim_kernels.plants.water_network.life import first_life

        with jax.enable_x64(self.dtype == np.float64):
            life: Life = jax.device_get(first_life(self.plant, n, self.dtype))
        return life


def twins_of(tree: Any, which: Index) -> Any:
    """Take some twins out of a tree whose leaves have the twin as the last axis."""
    import jax

    return jax.tree.map(lambda leaf: np.asarray(leaf)[..., which], tree)


def live_through(block: Block, starts: Life, members: Index, plan: LifePlan) -> Life:
    """Live through n lives.

    Args:
        block: how.
        starts: lives to start from, on the host.
        members: i64[n], which of them each starts from.
        plan: of the n lives.

    Returns:
        The lives at their ends, on the host.
    """
    import jax

    leaves, tree = jax.tree.flatten(starts)
    whole = [np.empty((*np.shape(leaf)[:-1], len(members)), leaf.dtype) for leaf in leaves]
    for who, life in _ended(block, starts, members, plan):
        for into, leaf in zip(whole, jax.tree.leaves(life), strict=True):
            into[..., who] = leaf
    lived: Life = jax.tree.unflatten(tree, whole)
    return lived


def _ended(
    block: Block, starts: Life, members: Index, plan: LifePlan
) -> Iterator[tuple[Index, Life]]:
    """Yield twins as they come to their ends: their numbers, and their lives."""
    import jax

    waiting = list(range(len(members)))
    who, waiting = np.array(waiting[:LANES], np.int64), waiting[LANES:]
    life, own = twins_of(starts, members[who]), twins_of(plan, who)
    while len(who):
        padded = np.resize(np.arange(len(who)), LANES)
        moved, running = block.advance(
            twins_of(life, padded), _standing(twins_of(own, padded), len(who)), _CHUNK_TICKS
        )
        life, running = jax.device_get((moved, running))
        life, running = twins_of(life, np.arange(len(who))), running[: len(who)]
        over = np.flatnonzero(~running)
        if not len(over):
            continue
        yield who[over], twins_of(life, over)
        kept, fresh = np.flatnonzero(running), np.array(waiting[: len(over)], np.int64)
        waiting = waiting[len(over) :]
        life = _joined(twins_of(life, kept), twins_of(starts, members[fresh]))
        own = _joined(twins_of(own, kept), twins_of(plan, fresh))
        who = np.concatenate([who[kept], fresh])


def _standing(plan: LifePlan, n: int) -> LifePlan:
    """Let the padding beyond n twins be over from the start."""
    end = np.array(plan.end)
    end[n:] = -1
    return replace(plan, end=end)


def _joined(one: Any, other: Any) -> Any:
    import jax

    return jax.tree.map(
        lambda a, b: np.concatenate([np.asarray(a), np.asarray(b)], axis=-1), one, other
    )
