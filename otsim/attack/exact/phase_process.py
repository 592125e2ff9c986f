"""An attack of exponential steps as a Markov process that ends when the target falls.

Every sum here is of positive terms, so that probabilities of 1e-14 keep all their digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter

import numpy as np
import numpy.typing as npt

from otsim.attack.exact.phase_states import (
    ARRIVED,
    OPEN,
    Codes,
    Network,
    Situation,
    first_codes,
    network,
    settled,
)
from otsim.attack.exact.phases import Stages
from otsim.attack.tree_values import Value, Values
from otsim.errors import ModelError

__all__ = ["PhaseProcess", "TooManyStatesError", "phase_process"]

MOST_STATES = 4000

Floats = npt.NDArray[np.float64]
Moves = tuple[npt.NDArray[np.intp], Floats]


class TooManyStatesError(ModelError):
    """The process has more states than are solved here."""


@dataclass(frozen=True, kw_only=True)
class PhaseProcess:
    """A Markov process that only moves forward; states stand in an order that all moves follow.

    Attributes:
        start: f64[n], the probability to begin in each state.
        rate: f64[n], at which each state is left for anything.
        moves: by state, the states that it is left for, and at which rates.
        wins: f64[n_kinds, n], the rates at which the target falls: in all; for each value that
            is watched, together with that value.
        at_once: f64[n_kinds], the probabilities that this happens at time 0.
    """

    start: Floats
    rate: Floats
    moves: tuple[Moves, ...]
    wins: Floats
    at_once: Floats

    @cached_property
    def mass(self) -> float:
        """The probability that the target ever falls."""
        return self.chance(0)

    def chance(self, kind: int) -> float:
        """Return the probability that the target falls, in one of the kinds of `wins`."""
        return float(self.at_once[kind] + self.start @ self.expected(self.wins[kind]))

    def moment(self, order: int) -> float:
        """Return E[T^order; T < inf], order 1 or 2."""
        first = self.expected(self.expected(self.wins[0]))
        return float(self.start @ (first if order == 1 else 2.0 * self.expected(first)))

    def expected(self, gain: Floats) -> Floats:
        """Return by state what is gained over all time, given the gain per unit of time in each."""
        found = np.zeros(len(gain))
        for i in range(len(gain) - 1, -1, -1):
            to, rates = self.moves[i]
            found[i] = (gain[i] + rates @ found[to]) / self.rate[i]
        return found


def phase_process(
    values: Values,
    target: Value,
    steps: Mapping[str, tuple[Stages, float]],
    *,
    watched: Sequence[Value] = (),
    stop: Value | None = None,
) -> PhaseProcess:
    """Find all states that an attack may pass through on the way to its target.

    Args:
        values: those of the tree.
        target: the value whose arrival ends the process.
        steps: by leaf, its stages and the probability that it exists.
        watched: values of which is asked whether they arrive at the same moment as the target.
        stop: a value that ends the process without success unless the target arrives before it.

    Raises:
        TooManyStatesError: there are more than `MOST_STATES`.
    """
    targets = [target, *watched, *([] if stop is None else [stop])]
    net = network(values, targets, steps)
    found = _Found(kinds=net.targets[: 1 + len(watched)], stops=net.targets[1 + len(watched) :])
    start, at_once = found.after(None, _beginnings(net))
    i = 0
    while i < len(found.codes):
        found.leave(net, i)
        i += 1
    return _in_order(found, start, at_once)


def _beginnings(net: Network) -> Iterable[tuple[float, Codes, Situation]]:
    for part, codes in first_codes(net):
        for share, decided, situation in settled(net, codes):
            yield part * share, decided, situation


class _Found:
    """The states found so far, and what leaves them."""

    def __init__(self, *, kinds: Sequence[int], stops: Sequence[int]) -> None:
        self.kinds, self.stops = list(kinds), list(stops)
        self.numbers: dict[tuple[int, ...], int] = {}
        self.codes: list[Codes] = []
        self.situations: list[Situation] = []
        self.moves: list[dict[int, float]] = []
        self.wins: list[Floats] = []
        self.rate: list[float] = []

    def leave(self, net: Network, state: int) -> None:
        """Find where a state leads, one stage further at any of its running steps."""
        codes, situation = self.codes[state], self.situations[state]
        moves: dict[int, float] = {}
        wins = np.zeros(len(self.kinds))
        total = 0.0
        for step in situation.running:
            rate = net.stages[step][codes[step]]
            total += rate
            further = (*codes[:step], codes[step] + 1, *codes[step + 1 :])
            after, won = self.after(situation, settled(net, further))
            wins += rate * won
            for to, part in after.items():
                moves[to] = moves.get(to, 0.0) + rate * part
        self.moves.append(moves)
        self.wins.append(wins)
        self.rate.append(total)

    def after(
        self, before: Situation | None, ways: Iterable[tuple[float, Codes, Situation]]
    ) -> tuple[dict[int, float], Floats]:
        """Sort what may come next into states and successes, each with its share."""
        states: dict[int, float] = {}
        won = np.zeros(len(self.kinds))
        for part, codes, situation in ways:
            status = situation.status
            if any(status[stop] == ARRIVED for stop in self.stops):
                continue
            if status[self.kinds[0]] == OPEN:
                number = self._number(codes, situation)
                states[number] = states.get(number, 0.0) + part
            elif status[self.kinds[0]] == ARRIVED:
                new = [status[k] == ARRIVED and not _had(before, k) for k in self.kinds]
                won += part * np.array(new)
        return states, won

    def _number(self, codes: Codes, situation: Situation) -> int:
        if situation.key not in self.numbers:
            if len(self.codes) >= MOST_STATES:
                raise TooManyStatesError(
                    f"the tree has more than {MOST_STATES:,} states of its exponential steps; "
                    "ask about a node further down, or sample it"
                )
            self.numbers[situation.key] = len(self.codes)
            self.codes.append(codes)
            self.situations.append(situation)
        return self.numbers[situation.key]


def _had(before: Situation | None, value: int) -> bool:
    return before is not None and before.status[value] == ARRIVED


def _in_order(found: _Found, start: Mapping[int, float], at_once: Floats) -> PhaseProcess:
    """Renumber the states so that every move leads to a higher number."""
    sorter = TopologicalSorter({i: moves.keys() for i, moves in enumerate(found.moves)})
    order = list(sorter.static_order())[::-1]
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    begun = np.zeros(len(order))
    for state, part in start.items():
        begun[place[state]] = part
    moves = [found.moves[state] for state in order]
    return PhaseProcess(
        start=begun,
        rate=np.array([found.rate[state] for state in order]),
        moves=tuple(
            (place[np.array(list(each), np.intp)], np.array(list(each.values()))) for each in moves
        ),
        wins=np.array([found.wins[state] for state in order]).reshape(len(order), len(at_once)).T,
        at_once=at_once,
    )
