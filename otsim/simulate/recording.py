"""Twins recorded over time: every signal as it is, as it is seen, and as it is received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.simulate.kernel import RUNNING, STATUS_NAMES, Kernel, advance, causes_of, columns_of

if TYPE_CHECKING:
    from otsim_kernels.control_loop import TwinState

__all__ = ["Recording", "record"]


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One recorded twin.

    Attributes:
        tick: i64[n_times], local time of each row; the last row is the one that ended the twin.
        signals: f64[n_times] by `xmeas_N`, `xmeas_N_seen` (as the controllers read it),
            `xmv_N` (as the controllers command it), `xmv_N_received`, `sp_N`.
        status: as in `STATUSES`.
        cause: why it ended, in words; "" if it did not.
        end_tick: local time of the end, or of the last tick.
    """

    tick: npt.NDArray[np.int64]
    signals: dict[str, npt.NDArray[np.float64]]
    status: str
    cause: str
    end_tick: int


def record(
    kernel: Kernel, state: TwinState, plan: Any, *, n_twins: int, ticks: Sequence[int], end: int
) -> list[Recording]:
    """Run the first `n_twins` of a block and record them.

    Args:
        kernel: what to run; the loop is the one that runs everything else, so a recorded twin
            is the same twin, bit for bit.
        state: the block at local time 0, leaves [n] on the host.
        plan: the block's plans.
        n_twins: how many are recorded; the rest of the block is padding.
        ticks: when to record, ascending.
        end: number of ticks of a whole twin.
    """
    rows: list[list[tuple[int, dict[str, float]]]] = [[] for _ in range(n_twins)]
    history: dict[int, Any] = {}
    for at in [tick for tick in ticks if tick < end]:
        held, tapes = state, history
        state, history = advance(kernel, state, plan, history, at - int(state.tick))
        before = state
        for i in np.flatnonzero((before.ending.status != RUNNING) & _open(rows, before, n_twins)):
            rows[i].append(_last_row(kernel, held, plan, tapes, int(i), int(before.ending.end[i])))
        if not np.any(before.ending.status[:n_twins] == RUNNING):
            break
        state, history = advance(kernel, state, plan, history, 1)
        for i in np.flatnonzero(before.ending.status[:n_twins] == RUNNING):
            rows[i].append((at, _row(kernel, before, state, int(i))))
    state = _to_the_end(kernel, (state, plan, history), rows, n_twins, end)
    causes = causes_of(kernel, state)
    return [
        Recording(
            tick=np.array([tick for tick, _ in rows[i]], np.int64),
            signals={name: np.array([row[name] for _, row in rows[i]]) for name in rows[i][0][1]},
            status=STATUS_NAMES[int(state.ending.status[i])],
            cause=str(causes[i]),
            end_tick=min(int(state.ending.end[i]), end),
        )
        for i in range(n_twins)
    ]


def _open(rows: list[Any], state: TwinState, n_twins: int) -> npt.NDArray[np.bool_]:
    """Tell which recorded twins still lack their last row, bool[n]."""
    open_ = np.zeros(len(state.ending.status), bool)
    for i in range(n_twins):
        open_[i] = not rows[i] or rows[i][-1][0] < int(state.ending.end[i])
    return open_


def _to_the_end(
    kernel: Kernel, block: tuple[Any, Any, Any], rows: list[Any], n_twins: int, end: int
) -> TwinState:
    """Run on after the last recorded tick, and add the rows of twins that end there."""
    state, plan, history = block
    final, _ = advance(kernel, state, plan, history, max(end - int(state.tick), 0))
    for i in np.flatnonzero((final.ending.status != RUNNING) & _open(rows, final, n_twins)):
        rows[i].append(_last_row(kernel, state, plan, history, int(i), int(final.ending.end[i])))
    return final


def _last_row(
    kernel: Kernel, held: Any, plan: Any, tapes: Any, i: int, end: int
) -> tuple[int, dict[str, float]]:
    """Go back to a state before the end and record the very tick that ended the twin."""
    before, tapes = advance(kernel, held, plan, tapes, end - int(held.tick))
    after, _ = advance(kernel, before, plan, tapes, 1)
    return end, _row(kernel, before, after, i)


def _row(kernel: Kernel, before: TwinState, after: TwinState, i: int) -> dict[str, float]:
    """Collect one tick: controllers read what was shown before it, unless a tap changed that."""
    one, was = columns_of(after, np.array([i])), columns_of(before, np.array([i]))
    shown = kernel.table.shown(one.plant.instruments)
    seen = list(kernel.table.shown(was.plant.instruments))
    for place, value in one.tampering.seen.items():
        seen[place] = value
    commands = kernel.table.commands(one.memory)
    row = {f"xmeas_{n}": v for n, v in enumerate(shown, start=1)}
    row |= {f"xmeas_{n}_seen": v for n, v in enumerate(seen, start=1)}
    row |= {f"xmv_{n}": v for n, v in enumerate(commands, start=1)}
    row |= {f"xmv_{n}_received": v for n, v in enumerate(one.received, start=1)}
    row |= {f"sp_{n}": v for n, v in sorted(kernel.table.setpoints(one.memory).items())}
    return {name: float(value[0]) for name, value in row.items()}
