"""The Tennessee Eastman plant compiled by numba: one twin at a time, float64, 1-s Euler steps.

What a good programmer writes by hand for one plant: scalar loops, no arrays made on the way, one
compiled call for the whole run. It is the yardstick of `throughput.py`, and tests hold it to the
plain NumPy twin. The process itself stands in `compiled_process.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.compiled_process import FIRST_STATE, Array, compiled, evaluate, inlined, new_work

NONE = np.nan

# fmt: off
FIRST_COMMANDS = np.array([63.053, 53.980, 24.644, 61.302, 22.210, 40.064, 38.100, 46.534, 47.446,
                           41.106, 18.114, 50.0])
FIRST_SETPOINTS = np.array([0.0, 3664.0, 4509.3, 0.25052, 9.3477, 26.902, 0.33712, 50.0, 50.0,
                            230.31, 94.599, 22.949, 0.0, 32.188, 6.8820, 18.776, 65.731, 75.0,
                            120.40, 13.823, 0.83570])
NOISE = np.array([0.0012, 18.0, 22.0, 0.05, 0.2, 0.21, 0.3, 0.5, 0.01, 0.0017, 0.01, 1.0, 0.3,
                  0.125, 1.0, 0.3, 0.115, 0.01, 1.15, 0.2, 0.01, 0.01, 0.25, 0.1, 0.25, 0.1, 0.25,
                  0.025, 0.25, 0.1, 0.25, 0.1, 0.25, 0.025, 0.05, 0.05, 0.01, 0.01, 0.01, 0.5, 0.5])

# loop, measurement, span, gain, interval / reset time, command, slave set-point, its span
LOOPS = np.array([
    [1, 2, 5811.0, 1.0, 0.0, 1, 0, 0], [2, 3, 8354.0, 1.0, 0.0, 2, 0, 0],
    [3, 1, 1.017, 1.0, 0.0, 3, 0, 0], [4, 4, 15.25, 1.0, 0.0, 4, 0, 0],
    [5, 5, 53.0, -0.083, 3.0, 5, 0, 0], [6, 10, 1.0, 1.22, 0.0, 6, 0, 0],
    [7, 12, 70.0, -2.06, 0.0, 7, 0, 0], [8, 15, 70.0, -1.62, 0.0, 8, 0, 0],
    [9, 19, 460.0, 0.41, 0.0, 9, 0, 0], [10, 21, 150.0, -1.56, 3.0 / 1452.0, 10, 0, 0],
    [11, 17, 46.0, 1.09, 3.0 / 2600.0, 11, 0, 0], [16, 18, 130.0, 0.169, 3.0 / 236.0, 0, 9, 460.0],
    [17, 8, 50.0, 1.11, 3.0 / 3168.0, 0, 4, 15.25], [18, 9, 150.0, 28.3, 3.0 / 982.0, 0, 10, 150.0],
    [13, 23, 100.0, 18.0, 360.0 / 3168.0, 0, 3, 1.017],
    [14, 26, 100.0, 8.3, 360.0 / 3168.0, 0, 1, 5811.0],
    [15, 27, 100.0, 2.37, 360.0 / 5069.0, 0, 2, 8354.0],
    [19, 30, 26.0, -83.2 / 15.0, 360.0 / 6336.0, 0, 6, 1.0],
    [20, 38, 1.6, -16.3 / 5.0, 900.0 / 12408.0, 0, 16, 130.0]])
# fmt: on
N_FAST, N_SLOW = 14, 18  # loops before these run every 3 s and every 6 min; the last every 15 min


@dataclass
class Tampering:
    """What is done to the twin from tick `start` on; nan stands for nothing.

    Attributes:
        start: first tick.
        bias, scale: of the measurements that the controllers see, f64[41].
        override: of the commands that the plant receives, f64[12].
        setpoint: f64[21] by loop number.
    """

    start: int = 0
    bias: Array = field(default_factory=lambda: np.zeros(41))
    scale: Array = field(default_factory=lambda: np.ones(41))
    override: Array = field(default_factory=lambda: np.full(12, NONE))
    setpoint: Array = field(default_factory=lambda: np.full(21, NONE))


@dataclass
class Result:
    """How a twin ended.

    Attributes:
        ticks: evaluations lived through, the tripped one included.
        trip: bits of the trip conditions, 0 for none.
        y: the 50 states at the last evaluation.
        xmeas: the measurements at it.
        peak: the highest measurements on the way.
        trace: xmeas every `every` ticks, f64[n, 41]; empty if not asked for.
    """

    ticks: int
    trip: int
    y: Array
    xmeas: Array
    peak: Array
    trace: Array


class Memory(NamedTuple):
    """What controllers and analysers remember; `mode` is that of the purge override, i64[1]."""

    command: Array
    setpoint: Array
    last_error: Array
    shown: Array
    sampled: Array
    mode: npt.NDArray[np.int64]


class Attack(NamedTuple):
    """`Tampering` as the compiled code takes it."""

    start: int
    bias: Array
    scale: Array
    override: Array
    setpoint: Array


def live(
    n_ticks: int, *, seed: int = -1, tampering: Tampering | None = None, every: int = 0
) -> Result:
    """Run one twin from the nominal state.

    Args:
        n_ticks: seconds to live at most.
        seed: of the measurement noise; negative for none.
        tampering: what is done to it.
        every: ticks between the rows of the trace; 0 for none.
    """
    t = tampering or Tampering()
    attack = Attack(t.start, t.bias, t.scale, t.override, t.setpoint)
    y, xmeas, peak = FIRST_STATE.copy(), np.empty(41), np.empty(41)
    trace = np.empty((n_ticks // every + 1 if every else 0, 41))
    ticks, trip = _live(n_ticks, seed, attack, (y, xmeas, peak), (trace, every))
    rows = (ticks - 1) // every + 1 if every else 0
    return Result(ticks=ticks, trip=trip, y=y, xmeas=xmeas, peak=peak, trace=trace[:rows])


@compiled
def _live(n_ticks, seed, attack, twin, tape):
    y, xmeas, peak = twin
    trace, every = tape
    if seed >= 0:
        np.random.seed(seed)
    rate, received, seen, work = np.empty(50), np.empty(12), np.empty(41), new_work()
    evaluate(y, y[38:50], work, rate, xmeas)
    memory = Memory(
        FIRST_COMMANDS.copy(), FIRST_SETPOINTS.copy(), np.zeros(21), xmeas[22:].copy(),
        xmeas[22:].copy(), np.zeros(1, np.int64),
    )  # fmt: skip
    peak[:] = xmeas
    trip, k = 0, 0
    while k < n_ticks and trip == 0:
        _tampered_control(k, attack, xmeas, seen, memory)
        for i in range(12):
            held = k >= attack.start and not math.isnan(attack.override[i])
            received[i] = attack.override[i] if held else memory.command[i]
        trip = evaluate(y, received, work, rate, xmeas)
        _instruments(k, xmeas, memory, seed >= 0 and k > 0 and trip == 0)
        if every > 0 and k % every == 0:
            trace[k // every] = xmeas
        for i in range(41):
            peak[i] = max(peak[i], xmeas[i])
        for i in range(50):
            y[i] += rate[i] / 3600.0 if trip == 0 else 0.0
        for i in range(11):
            memory.command[i] = min(max(memory.command[i], 0.0), 100.0)
        k += 1
    return k, trip


@inlined
def _tampered_control(k, attack, xmeas, seen, memory):
    """Run the controllers on what the attack lets them see."""
    tampered = k >= attack.start
    for i in range(41):
        seen[i] = xmeas[i] * attack.scale[i] + attack.bias[i] if tampered else xmeas[i]
    for n in range(21):
        if tampered and not math.isnan(attack.setpoint[n]):
            memory.setpoint[n] = attack.setpoint[n]
    memory.mode[0] = _control(
        k + 1, seen, memory.command, memory.setpoint, memory.last_error, memory.mode[0]
    )


@inlined
def _instruments(k, xmeas, memory, noisy):
    """Let the analysers that are due fire, and add the noise."""
    if k > 0 and k % 360 == 0:
        _analyse(0, 14, xmeas, memory.shown, memory.sampled, noisy)
    if k > 0 and k % 900 == 0:
        _analyse(14, 19, xmeas, memory.shown, memory.sampled, noisy)
    xmeas[22:] = memory.shown
    if noisy:
        for i in range(22):
            xmeas[i] += NOISE[i] * np.random.standard_normal()


@compiled
def _analyse(first, end, now, shown, sampled, noisy):
    """Show what was sampled a period ago, and sample what is there now."""
    for i in range(first, end):
        shown[i] = sampled[i]
        if noisy:
            shown[i] += NOISE[22 + i] * np.random.standard_normal()
        sampled[i] = now[22 + i]


@inlined
def _control(turn, seen, command, setpoint, last_error, mode):
    """Run the loops that are due; returns the mode of the purge override."""
    if turn % 3 == 0:
        for row in range(N_FAST):
            if LOOPS[row, 0] == 6:
                mode = _purge(row, seen, command, setpoint, last_error, mode)
            else:
                _pi(row, seen, command, setpoint, last_error)
    if turn % 360 == 0:
        for row in range(N_FAST, N_SLOW):
            _pi(row, seen, command, setpoint, last_error)
    if turn % 900 == 0:
        for row in range(N_SLOW, len(LOOPS)):
            _pi(row, seen, command, setpoint, last_error)
    return mode


@compiled
def _pi(row, seen, command, setpoint, last_error):
    n, measured, output, slave = (
        int(LOOPS[row, 0]), int(LOOPS[row, 1]), int(LOOPS[row, 5]), int(LOOPS[row, 6])
    )  # fmt: skip
    error = (setpoint[n] - seen[measured - 1]) * 100.0 / LOOPS[row, 2]
    change = LOOPS[row, 3] * (error - last_error[n] + error * LOOPS[row, 4])
    last_error[n] = error
    if output > 0:
        command[output - 1] += change
    else:
        setpoint[slave] += change * LOOPS[row, 7] / 100.0


@compiled
def _purge(row, seen, command, setpoint, last_error, mode):
    pressure = seen[12]
    if pressure >= 2950.0 or (mode == 1 and pressure >= 2633.7):
        command[5] = 100.0
        return 1
    if mode != 1 and (pressure <= 2300.0 or (mode == 2 and pressure <= 2633.7)):
        command[5] = 0.0
        return 2
    if mode == 0:
        _pi(row, seen, command, setpoint, last_error)
        return 0
    command[5], setpoint[6], last_error[6] = 40.060, 0.33712, 0.0
    return 0
