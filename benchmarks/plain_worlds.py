"""Attack graphs one world after the other: what a user would compile without otsim (numba).

Two solvers of the same compiled graph, of which the benchmark takes the quicker: ordered sweeps,
rings until nothing moves, and Knuth's search with a heap, which settles value after value.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

__all__ = ["Laws", "Network", "laws_of", "network_of", "plain_solvers"]

LOGNORMAL, EXPONENTIAL, FIXED = range(3)

Ints = np.ndarray[Any, np.dtype[np.integer[Any]]]
Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Laws:
    """How the leaves are drawn.

    Attributes:
        family: i64[n_leaves]; chance: f32[n_leaves], that the leaf exists.
        odds: f32[n_leaves, 2], cumulative, of the first two of three processes.
        mu: f32[n_leaves, 3], of the logarithm; sigma: f32[n_leaves].
    """

    family: Ints
    chance: Floats
    odds: Floats
    mu: Floats
    sigma: Floats


@dataclass(frozen=True, kw_only=True)
class Network:
    """A compiled graph as both solvers read it.

    Attributes:
        instructions, segments, asked: of `otsim_kernels.attack_timeline.Program`.
        n_rows, n_leaves: its sizes.
        latest: bool[n_rows], whether a row needs all of its operands.
        needs: i64[n_rows], how many operands; added: i64[n_rows], the leaf row added to it, or 0.
        first_user: i64[n_rows + 1]; users: i64[n_users], the rows that each row serves.
    """

    instructions: Ints
    segments: Ints
    asked: Ints
    n_rows: int
    n_leaves: int
    latest: np.ndarray[Any, np.dtype[np.bool_]]
    needs: Ints
    added: Ints
    first_user: Ints
    users: Ints


def network_of(program: Any, n_leaves: int) -> Network:
    """Read the operands of every value from the instructions of a program."""
    from otsim_kernels.attack_timeline import MAX, UNLESS

    instructions = np.asarray(program.instructions, np.int32)
    if np.any(instructions[:, 0] == UNLESS):
        raise ValueError("the plain loops know no countermeasures")
    halves = program.n_rows - 1
    operands: dict[int, list[int]] = {}
    latest, added = np.zeros(program.n_rows, bool), np.zeros(program.n_rows, np.int64)
    pending: list[int] = []
    for code, target, a, b, c in instructions.tolist():
        pending += [row for row in (a, b) if row != halves]
        if target != halves:
            operands[target] = list(dict.fromkeys(pending))
            latest[target], added[target] = code == MAX, c
            pending = []
    pairs = sorted((row, value) for value, rows in operands.items() for row in rows)
    needs = np.zeros(program.n_rows, np.int64)
    for value, rows in operands.items():
        needs[value] = len(rows)
    return Network(
        instructions=instructions,
        segments=np.asarray(program.segments, np.int64),
        asked=np.asarray(program.time_rows, np.int64),
        n_rows=program.n_rows,
        n_leaves=n_leaves,
        latest=latest,
        needs=needs,
        added=added,
        first_user=np.searchsorted([row for row, _ in pairs], np.arange(program.n_rows + 1)),
        users=np.array([value for _, value in pairs], np.int64),
    )


def laws_of(steps: Any) -> Laws:
    """Read the laws of the leaves; other than lognormal and exponential ones are taken as fixed."""
    limits = np.asarray(steps.exists_limit)[0] / 2.0**31
    n, n_own = len(limits), len(steps.time_h.owners)
    family, sigma = np.full(n, LOGNORMAL), np.ones(n)
    mu, odds = np.zeros((n, 3)), np.ones((n, 2))
    for group in steps.time_h.families:
        for column, row in enumerate(group.rows):
            values = group.params[:, min(column, group.params.shape[1] - 1), 0]
            scale = np.log(float(steps.time_h.scales[row, 0]))
            if group.family == "lognormal":
                mu[row], sigma[row] = values[0] + scale, values[1]
            else:
                family[row] = EXPONENTIAL if group.family == "exponential" else FIXED
                mu[row] = np.log(max(float(values[0]), 1e-30)) + scale
    mu[n_own:] = np.asarray(steps.exploits.mu)[:, 0].T
    sigma[n_own:] = np.asarray(steps.exploits.sigma)[:, 0]
    odds[n_own:] = np.asarray(steps.exploits.limits)[:, 0].T / 2.0**31
    return Laws(
        family=family,
        chance=limits.astype(np.float32),
        odds=odds.astype(np.float32),
        mu=mu.astype(np.float32),
        sigma=sigma.astype(np.float32),
    )


def plain_solvers(network: Network, laws: Laws) -> dict[str, tuple[Callable[..., Any], ...]]:
    """Return for each method a function that draws and solves, and one that solves given worlds.

    Each is `draw_and_solve(n) -> float`, the sum of the latest times asked for, and
    `solve(times) -> f32[n_worlds, n_asked]` with times f32[n_worlds, n_leaves], inf where absent.
    """
    return {
        "sweeps": _world_by_world(network, laws, _sweeping(network)),
        "heap": _world_by_world(network, laws, _searching(network)),
    }


def _world_by_world(network: Network, laws: Laws, settle: Any) -> tuple[Callable[..., Any], ...]:
    """Compile the loops over worlds around what settles one."""
    n_rows, n_leaves, asked = network.n_rows, network.n_leaves, network.asked
    draw = _drawing()

    @numba.njit
    def draw_and_settle(n, family, chance, odds, mu, sigma):  # type: ignore[no-untyped-def]
        np.random.seed(1)
        times, table = np.empty(n_leaves, np.float32), np.empty(n_rows, np.float32)
        lacking, total = np.empty(n_rows, np.int64), 0.0
        for _ in range(n):
            draw(times, family, chance, odds, mu, sigma)
            settle(times, table, lacking)
            worst = np.float32(0.0)
            for row in asked:
                worst = max(worst, table[row])
            total += 0.0 if np.isinf(worst) else worst
        return total

    @numba.njit
    def settle_given(worlds):  # type: ignore[no-untyped-def]
        table, lacking = np.empty(n_rows, np.float32), np.empty(n_rows, np.int64)
        found = np.empty((worlds.shape[0], asked.size), np.float32)
        for i in range(worlds.shape[0]):
            settle(worlds[i], table, lacking)
            found[i] = table[asked]
        return found

    told = (laws.family, laws.chance, laws.odds, laws.mu, laws.sigma)
    return lambda n: draw_and_settle(n, *told), settle_given


def _drawing() -> Any:
    """Compile what draws the times of a world's leaves, inf where a leaf is absent."""

    @numba.njit
    def draw(times, family, chance, odds, mu, sigma):  # type: ignore[no-untyped-def]
        for leaf in range(times.size):
            times[leaf] = np.inf
            if chance[leaf] < 1.0 and np.random.random() >= chance[leaf]:
                continue
            process = 0
            if odds[leaf, 0] < 1.0:
                u = np.random.random()
                process = 0 if u < odds[leaf, 0] else (1 if u < odds[leaf, 1] else 2)
            if family[leaf] == LOGNORMAL:
                times[leaf] = np.exp(mu[leaf, process] + sigma[leaf] * np.random.standard_normal())
            elif family[leaf] == EXPONENTIAL:
                times[leaf] = np.exp(mu[leaf, process]) * np.random.standard_exponential()
            else:
                times[leaf] = np.exp(mu[leaf, process])

    return draw


def _sweeping(network: Network) -> Any:
    """Compile ordered sweeps: each segment once, a ring until nothing moves."""
    instructions, segments = network.instructions, network.segments
    n_rows, n_leaves = network.n_rows, network.n_leaves

    @numba.njit
    def sweep(times, table, lacking):  # type: ignore[no-untyped-def]
        table[:] = np.inf
        table[0] = 0.0
        table[1 : 1 + n_leaves] = times
        for s in range(segments.shape[0]):
            moved = True
            while moved:
                moved = False
                for k in range(segments[s, 0], segments[s, 1]):
                    d = instructions[k, 1]
                    a, b = table[instructions[k, 2]], table[instructions[k, 3]]
                    v = min(a, b) if instructions[k, 0] == 0 else max(a, b)
                    v += table[instructions[k, 4]]
                    if v != table[d]:
                        table[d] = v
                        if d != n_rows - 1:
                            moved = True
                if segments[s, 2] == 0:
                    moved = False

    return sweep


def _searching(network: Network) -> Any:
    """Compile Knuth's search: the earliest value of all is final, and serves its users."""
    needs, latest, added = network.needs, network.latest, network.added
    first_user, users, n_leaves = network.first_user, network.users, network.n_leaves
    is_operand = np.diff(first_user)[1 : 1 + n_leaves] > 0

    @numba.njit
    def search(times, table, lacking):  # type: ignore[no-untyped-def]
        table[:] = np.inf
        lacking[:] = needs
        queue = [(np.float32(0.0), np.int64(0))]
        for leaf in range(n_leaves):
            if is_operand[leaf] and times[leaf] < np.inf:
                heapq.heappush(queue, (times[leaf], np.int64(1 + leaf)))
        while len(queue) > 0:
            time, row = heapq.heappop(queue)
            if table[row] < np.inf:
                continue
            table[row] = time
            for k in range(first_user[row], first_user[row + 1]):
                user = users[k]
                if lacking[user] == 0:
                    continue  # it is on its way
                lacking[user] = lacking[user] - 1 if latest[user] else 0
                if lacking[user] == 0:
                    then = time if added[user] == 0 else time + times[added[user] - 1]
                    if then < np.inf:
                        heapq.heappush(queue, (then, user))

    return search
