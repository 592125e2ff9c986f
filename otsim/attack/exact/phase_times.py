"""When a Markov process succeeds: its distribution function and density, all terms positive."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from otsim.attack.exact.laws import Floats, Law, always, atomic_law
from otsim.attack.exact.phase_process import PhaseProcess
from otsim.errors import ModelError

__all__ = ["PhaseTimes"]

MOST_JUMPS = 20_000
MOST_DENSE_STATES = 600
LATE, EARLY = 1e-13, 1e-24  # relative; chances of what lies beyond the ends of the law
LEFT = 1e-18  # relative; what may still succeed when the jumps are broken off
_TERMS = 24  # of exp(x), x <= 1, to rounding
_BLOCK = 1 << 21  # pairs of a time and a jump at once


@dataclass(frozen=True)
class PhaseTimes:
    """The time at which a process succeeds.

    Uniformization: all states are left at the rate of the fastest one, sometimes for themselves,
    so that the number of jumps is Poisson and independent of where they lead. Where the fastest
    step needs too many jumps before the slowest is done, the transition matrix of a short time is
    squared instead.
    """

    process: PhaseProcess

    def law(self) -> Law:
        """Return the law of the time."""
        process = self.process
        at_once = float(process.at_once[0])
        atoms = atomic_law([0.0], [at_once])
        smooth = float(process.start @ process.expected(process.wins[0]))
        if smooth <= 0.0:
            return atoms
        mean = process.moment(1) / process.mass
        variance = process.moment(2) / process.mass - mean**2
        end = first = mean * process.mass / smooth
        while smooth - self._after_start(np.array([end]))[0] > LATE * smooth:
            end *= 2.0
        while self._after_start(np.array([first]))[0] > EARLY * smooth:
            first *= 0.1
        return Law(
            cdf=lambda time: np.where(time < 0.0, 0.0, at_once + self._after_start(time)),
            density=self.density,
            mass=process.mass,
            atoms=atoms.atoms,
            weights=atoms.weights,
            edges=(0.0, 2.0 * end),
            first=always(first),
            endless=True,
            moments=lambda: (mean, variance),
        )

    def _after_start(self, time: Floats) -> Floats:
        """Return P(0 < T <= t), f64[n]; no digits are lost where it is small."""
        from scipy.special import gammainc

        if self.is_stiff:
            return np.array([self._dense(t)[0] for t in time])
        found = np.zeros(len(time))
        used = np.flatnonzero(self._won)
        for part in _blocks(len(time), len(used)):
            jumps = self._fastest * np.maximum(time[part], 0.0)[:, None]
            found[part] = gammainc(used + 1.0, jumps) @ self._won[used]
        return found

    def density(self, time: Floats) -> Floats:
        """Return the density of the time, f64[n], for times above 0."""
        from scipy.special import gammaln

        if self.is_stiff:
            return np.array([self._dense(t)[1] for t in time])
        found = np.zeros(len(time))
        used = np.flatnonzero(self._won)
        for part in _blocks(len(time), len(used)):
            jumps = self._fastest * np.maximum(time[part], 1e-300)[:, None]
            poisson = np.exp(used * np.log(jumps) - jumps - gammaln(used + 1.0))
            found[part] = self._fastest * (poisson @ self._won[used])
        return found

    @cached_property
    def _fastest(self) -> float:
        return max(self.process.rate.tolist(), default=0.0)

    @cached_property
    def is_stiff(self) -> bool:
        """Whether the fastest step needs too many jumps before the slowest is done."""
        slowest = min(self.process.rate.tolist(), default=1.0)
        return -math.log(LEFT) * self._fastest > MOST_JUMPS * slowest

    @cached_property
    def _won(self) -> Floats:
        """The probability of success at each jump, in order."""
        process = self.process
        if not len(process.rate):
            return np.zeros(0)
        to_come = process.expected(process.wins[0])
        state = process.start
        won: list[float] = []
        onward = self._jump_matrix().T.tocsr()
        gain = process.wins[0] / self._fastest
        whole = float(state @ to_come)
        while float(state @ to_come) > LEFT * whole:
            won.append(float(state @ gain))
            state = onward @ state
        return np.array(won)

    def _jump_matrix(self) -> Any:
        """Where each state leads at a jump, as a sparse matrix."""
        from scipy.sparse import csr_array

        process = self.process
        n = len(process.rate)
        stay = 1.0 - process.rate / self._fastest
        rows = [np.full(len(to), i) for i, (to, _) in enumerate(process.moves)]
        data = np.concatenate([stay, *(rates / self._fastest for _, rates in process.moves)])
        row = np.concatenate([np.arange(n), *rows])
        column = np.concatenate([np.arange(n), *(to for to, _ in process.moves)])
        return csr_array((data, (row, column)), shape=(n, n))

    def _dense(self, time: float) -> tuple[float, float]:
        """Return distribution function and density at one time."""
        process = self.process
        n = len(process.rate)
        if n > MOST_DENSE_STATES:
            raise ModelError(
                f"{n:,} states of exponential steps that differ too much in speed; sample the tree"
            )
        if time < 0.0:
            return 0.0, 0.0
        state = np.append(process.start, 0.0) @ self._transitions(time)
        return float(state[-1]), float(state[:-1] @ process.wins[0])

    def _transitions(self, time: float) -> Floats:
        """Return how likely each state has become each other one, the last one being success."""
        n = len(self.process.rate)
        squarings = max(0, math.ceil(math.log2(max(self._fastest * time, 1e-300))))
        jumps = self._fastest * time * 0.5**squarings
        matrix = np.zeros((n + 1, n + 1))
        matrix[:n, :n] = self._jump_matrix().toarray()
        matrix[:n, n] = self.process.wins[0] / self._fastest
        matrix[n, n] = 1.0
        found = term = math.exp(-jumps) * np.eye(n + 1)
        for k in range(1, _TERMS):
            term = term @ matrix * (jumps / k)
            found = found + term
        rate = np.append(self.process.rate, 0.0)
        for i in range(squarings):
            found = found @ found
            # To stay is known exactly; left to squaring, its rounding would double each time.
            np.fill_diagonal(found, np.exp(-rate * time * 0.5 ** (squarings - 1 - i)))
        return found


def _blocks(n_times: int, n_jumps: int) -> Iterator[slice]:
    size = max(1, _BLOCK // max(n_jumps, 1))
    for begin in range(0, n_times, size):
        yield slice(begin, begin + size)
