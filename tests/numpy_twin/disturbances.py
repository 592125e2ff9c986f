"""Disturbances of the plant: sticking valves, and twelve random channels in time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from numpy_twin.components import Array
from numpy_twin.process import CALM

# channel: IDV, mean length of a piece, h, its half range, half range of the target
WALKS = (
    (8, 0.5, 0.2, 0.03), (8, 1.0, 0.7, 0.003), (9, 0.5, 0.25, 10.0), (10, 1.0, 0.7, 10.0),
    (11, 0.25, 0.15, 10.0), (12, 0.25, 0.15, 10.0), (13, 2.0, 1.0, 0.25), (13, 2.0, 1.0, 0.25),
    (16, 0.5, 0.4, 0.25),
)  # fmt: skip
PULSES = ((17, 2.0, 1.5), (18, 3.0, 2.0), (20, 2.0, 1.5))
# valve: the disturbance that makes it stick
STICKY = {10: 14, 11: 15, 5: 19, 7: 19, 8: 19, 9: 19}


def accept(last: Array, command: Array, idv: Array, *, first: bool) -> Array:
    """Return the commands that the valves take, %, f64[12]: a sticking valve ignores small moves.

    Args:
        last: what they took at the evaluation before.
        command: what they receive now.
        idv: the disturbance flags, f64[20].
        first: whether this is the first evaluation.
    """
    stick = np.zeros(12)
    for valve, number in STICKY.items():
        stick[valve - 1] = idv[number - 1]
    moves = np.abs(last - command) > 2.0 * stick
    return np.clip(np.where(first | moves, command, last), 0.0, 100.0)


@dataclass
class Channels:
    """Twelve channels, each a cubic in time that is renewed when it has run out.

    Attributes:
        rng: source of the random pieces.
        cubic: coefficients a, b, c, d by channel, f64[12, 4].
        begin_h: when the present piece began.
        end_h: when the next one begins.
    """

    rng: np.random.Generator
    cubic: Array = field(default_factory=lambda: np.column_stack([CALM, np.zeros((12, 3))]))
    begin_h: Array = field(default_factory=lambda: np.zeros(12))
    end_h: Array = field(default_factory=lambda: np.full(12, 0.1))

    def at(self, time_h: float, idv: Array) -> Array:
        """Return the channels at a time, f64[12], renewing those that have run out."""
        for j in range(12):
            if time_h >= self.end_h[j]:
                self._renew(j, idv)
        h = time_h - self.begin_h
        a, b, c, d = self.cubic.T
        return a + h * (b + h * (c + h * d))

    def _renew(self, j: int, idv: Array) -> None:
        a, b, c, d = self.cubic[j]
        h = self.end_h[j] - self.begin_h[j]
        value, slope = a + h * (b + h * (c + h * d)), b + h * (2.0 * c + 3.0 * h * d)
        self.begin_h[j] = self.end_h[j]
        if j < 9:
            length_h, self.cubic[j] = self._walk(j, idv, value, slope)
        else:
            length_h, self.cubic[j] = self._pulse(j, idv, value, slope)
        self.end_h[j] = self.begin_h[j] + length_h

    def _walk(self, j: int, idv: Array, value: float, slope: float) -> tuple[float, Array]:
        number, mean_h, span_h, span = WALKS[j]
        u = self.rng.uniform(-1.0, 1.0, 2)
        length = mean_h + span_h * u[0]
        target = CALM[j] + span * u[1] * idv[number - 1]
        c = (3.0 * (target - value) - 2.0 * length * slope) / length**2
        d = (2.0 * (value - target) + length * slope) / length**3
        return length, np.array([value, slope, c, d])

    def _pulse(self, j: int, idv: Array, value: float, slope: float) -> tuple[float, Array]:
        if value > 0.1:  # at its height: back to nothing within a tenth of an hour
            c = -(3.0 * value + 0.2 * slope) / 0.01
            d = (2.0 * value + 0.1 * slope) / 0.001
            return 0.1, np.array([value, slope, c, d])
        number, mean_h, span_h = PULSES[j - 9]
        length = mean_h + span_h * self.rng.uniform(-1.0, 1.0)
        return length, np.array([0.0, 0.0, idv[number - 1] / length**2, 0.0])
