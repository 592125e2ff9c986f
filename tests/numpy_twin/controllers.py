"""The decentralised control scheme of Russell, Chiang and Braatz: 19 velocity-form PI loops."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from numpy_twin.components import Array

NO_INTEGRAL = float("inf")
FIRST_COMMANDS = np.array([63.053, 53.980, 24.644, 61.302, 22.210, 40.064, 38.100, 46.534, 47.446,
                           41.106, 18.114, 50.0])  # fmt: skip


@dataclass(frozen=True)
class Loop:
    """One loop; it moves command XMV(`output`), or the set-point of loop `slave`.

    `span` is that of the measurement XMEAS(`measured`); `slave_span` turns per cent of output into
    the slave's unit.
    """

    number: int
    measured: int
    span: float
    setpoint: float
    gain: float
    reset_s: float
    interval_s: float
    output: int = 0
    slave: int = 0
    slave_span: float = 0.0


# in the order of execution; loop 6 (purge) also has an override, see `_purge`
FAST = (
    Loop(1, 2, 5811.0, 3664.0, 1.0, NO_INTEGRAL, 3.0, output=1),
    Loop(2, 3, 8354.0, 4509.3, 1.0, NO_INTEGRAL, 3.0, output=2),
    Loop(3, 1, 1.017, 0.25052, 1.0, NO_INTEGRAL, 3.0, output=3),
    Loop(4, 4, 15.25, 9.3477, 1.0, NO_INTEGRAL, 3.0, output=4),
    Loop(5, 5, 53.0, 26.902, -0.083, 1.0, 3.0, output=5),
    Loop(6, 10, 1.0, 0.33712, 1.22, NO_INTEGRAL, 3.0, output=6),
    Loop(7, 12, 70.0, 50.0, -2.06, NO_INTEGRAL, 3.0, output=7),
    Loop(8, 15, 70.0, 50.0, -1.62, NO_INTEGRAL, 3.0, output=8),
    Loop(9, 19, 460.0, 230.31, 0.41, NO_INTEGRAL, 3.0, output=9),
    Loop(10, 21, 150.0, 94.599, -1.56, 1452.0, 3.0, output=10),
    Loop(11, 17, 46.0, 22.949, 1.09, 2600.0, 3.0, output=11),
    Loop(16, 18, 130.0, 65.731, 0.169, 236.0, 3.0, slave=9, slave_span=460.0),
    Loop(17, 8, 50.0, 75.0, 1.11, 3168.0, 3.0, slave=4, slave_span=15.25),
    Loop(18, 9, 150.0, 120.40, 28.3, 982.0, 3.0, slave=10, slave_span=150.0),
)
SLOW = (
    Loop(13, 23, 100.0, 32.188, 18.0, 3168.0, 360.0, slave=3, slave_span=1.017),
    Loop(14, 26, 100.0, 6.8820, 8.3, 3168.0, 360.0, slave=1, slave_span=5811.0),
    Loop(15, 27, 100.0, 18.776, 2.37, 5069.0, 360.0, slave=2, slave_span=8354.0),
    Loop(19, 30, 26.0, 13.823, -83.2 / 15.0, 6336.0, 360.0, slave=6, slave_span=1.0),
)
SLOWEST = (Loop(20, 38, 1.6, 0.83570, -16.3 / 5.0, 12408.0, 900.0, slave=16, slave_span=130.0),)

PURGE_NORMAL_KPA, PURGE_HIGH_KPA, PURGE_LOW_KPA = 2633.7, 2950.0, 2300.0


def _first_setpoints() -> Array:
    setpoints = np.zeros(21)
    for loop in FAST + SLOW + SLOWEST:
        setpoints[loop.number] = loop.setpoint
    return setpoints


@dataclass
class Controllers:
    """The controllers' memory, changed in place by `step`.

    Attributes:
        command: output registers XMV(1..12), %, f64[12].
        setpoint: by loop number, f64[21]; entry 0 and 12 are unused.
        last_error: span-normalised errors by loop number, f64[21].
        purge_mode: 0 normal, 1 opened by high pressure, 2 shut by low pressure.
    """

    command: Array = field(default_factory=FIRST_COMMANDS.copy)
    setpoint: Array = field(default_factory=_first_setpoints)
    last_error: Array = field(default_factory=lambda: np.zeros(21))
    purge_mode: int = 0

    def step(self, k: int, seen: Array) -> None:
        """Run the controllers of step `k` on the measurements they see, XMEAS(1..41)."""
        turn = k + 1
        if turn % 3 == 0:
            for loop in FAST:
                if loop.number == 6:
                    self._purge(loop, seen)
                else:
                    self._pi(loop, seen)
        if turn % 360 == 0:
            for loop in SLOW:
                self._pi(loop, seen)
        if turn % 900 == 0:
            for loop in SLOWEST:
                self._pi(loop, seen)

    def _pi(self, loop: Loop, seen: Array) -> None:
        n = loop.number
        error = (self.setpoint[n] - seen[loop.measured - 1]) * 100.0 / loop.span
        change = error - self.last_error[n] + error * loop.interval_s / loop.reset_s
        self.last_error[n] = error
        if loop.output:
            self.command[loop.output - 1] += loop.gain * change
        else:
            self.setpoint[loop.slave] += loop.gain * change * loop.slave_span / 100.0

    def _purge(self, loop: Loop, seen: Array) -> None:
        """Loop 6: separator pressure far from normal takes the purge valve over."""
        pressure = seen[12]
        if pressure >= PURGE_HIGH_KPA or (self.purge_mode == 1 and pressure >= PURGE_NORMAL_KPA):
            self._hold_purge(100.0, mode=1)
        elif self.purge_mode == 1:
            self._release_purge()
        elif pressure <= PURGE_LOW_KPA or (self.purge_mode == 2 and pressure <= PURGE_NORMAL_KPA):
            self._hold_purge(0.0, mode=2)
        elif self.purge_mode == 2:
            self._release_purge()
        else:
            self._pi(loop, seen)

    def _hold_purge(self, command: float, *, mode: int) -> None:
        self.command[5] = command
        self.purge_mode = mode

    def _release_purge(self) -> None:
        self.command[5] = 40.060
        self.setpoint[6] = 0.33712
        self.last_error[6] = 0.0
        self.purge_mode = 0
