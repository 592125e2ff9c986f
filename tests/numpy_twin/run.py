"""One twin over time: controllers, attacks, plant, analysers, trip, in steps of one second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from numpy_twin import process
from numpy_twin.attacks import Attack
from numpy_twin.components import Array
from numpy_twin.controllers import FIRST_COMMANDS, Controllers
from numpy_twin.disturbances import Channels, accept

STEP_H = 1.0 / 3600.0
GAS_ANALYSERS, PRODUCT_ANALYSER = slice(22, 36), slice(36, 41)
NOISE = np.array([
    0.0012, 18.0, 22.0, 0.05, 0.2, 0.21, 0.3, 0.5, 0.01, 0.0017, 0.01, 1.0, 0.3, 0.125, 1.0, 0.3,
    0.115, 0.01, 1.15, 0.2, 0.01, 0.01,
    0.25, 0.1, 0.25, 0.1, 0.25, 0.025, 0.25, 0.1, 0.25, 0.1, 0.25, 0.025, 0.05, 0.05,
    0.01, 0.01, 0.01, 0.5, 0.5,
])  # fmt: skip


@dataclass
class Twin:
    """A plant with its controllers, changed in place by `tick`.

    Attributes:
        attacks: what is done to it.
        idv_start_h: when each disturbance starts, by number.
        noise: whether the measurements are noisy.
        closed_loop: whether the controllers act; else the first commands stand.
        seed: of noise and disturbances.
        k: number of the next evaluation.
        y: the 50 states.
        xmeas: the measurements of the last evaluation, XMEAS(1..41).
        received: the commands that the plant received at it.
        tripped: bits of `process.trip_mask`; 0 while the plant runs.
    """

    attacks: Sequence[Attack] = ()
    idv_start_h: dict[int, float] = field(default_factory=dict)
    noise: bool = False
    closed_loop: bool = True
    seed: int = 1
    controllers: Controllers = field(default_factory=Controllers)
    k: int = 0
    y: Array = field(default_factory=process.FIRST_STATE.copy)
    received: Array = field(default_factory=FIRST_COMMANDS.copy)
    accepted: Array = field(default_factory=FIRST_COMMANDS.copy)
    tripped: int = 0

    def __post_init__(self) -> None:
        streams = process.streams_at(self.y)
        now = process.compositions(streams)
        self.xmeas: Array = np.concatenate([process.measurements(self.y, streams), now])
        self.sampled = now  # what the analysers have taken in, but not yet shown
        self.rng = np.random.default_rng(self.seed)
        self.channels = Channels(self.rng)

    def tick(self) -> None:
        """Live through one second: controllers on old measurements, then plant, then Euler."""
        k, idv = self.k, self._disturbances()
        self._control(k)
        w = self.channels.at(k * STEP_H, idv)
        streams = process.streams_at(self.y, w, idv)
        self.tripped = process.trip_mask(streams)
        self._measure(k, streams)
        self.accepted = accept(self.accepted, self.received, idv, first=k == 0)
        self.row_y = self.y
        self.row_command = self.controllers.command.copy()
        if not self.tripped:
            rate = process.derivatives(self.y, streams, self.accepted, w, idv)
            self.y = self.y + STEP_H * rate
        np.clip(self.controllers.command[:11], 0.0, 100.0, out=self.controllers.command[:11])
        self.k += 1

    def _disturbances(self) -> Array:
        idv = np.zeros(20)
        for number, start_h in self.idv_start_h.items():
            idv[number - 1] = self.k >= round(start_h * 3600)
        return idv

    def _control(self, k: int) -> None:
        seen = self.xmeas.copy()
        for attack in self.attacks:
            attack.on_sensor(k, seen)
            attack.on_setpoint(k, self.controllers)
        self.seen = seen
        if self.closed_loop:
            self.controllers.step(k, seen)
        received = self.controllers.command.copy()
        for attack in self.attacks:
            attack.on_command(k, received, self.received)
        self.received = received

    def _measure(self, k: int, streams: process.Streams) -> None:
        xmeas = self.xmeas.copy()
        xmeas[:22] = process.measurements(self.y, streams)
        noisy = self.noise and not self.tripped and k > 0
        noise = self.rng.standard_normal(41) * NOISE if noisy else np.zeros(41)
        xmeas[:22] += noise[:22]
        now = process.compositions(streams)
        for analyser, period_s in ((GAS_ANALYSERS, 360), (PRODUCT_ANALYSER, 900)):
            if k > 0 and k % period_s == 0:
                stored = slice(analyser.start - 22, analyser.stop - 22)
                xmeas[analyser] = self.sampled[stored] + noise[analyser]
                self.sampled = self.sampled.copy()
                self.sampled[stored] = now[stored]
        self.xmeas = xmeas


def record(twin: Twin, n_ticks: int, *, every: int = 1) -> dict[str, Array]:
    """Run a twin until it trips or `n_ticks` evaluations are done, and keep its rows.

    Returns:
        Columns k, xmeas_1.., xmv_1.. (as received), y_1.. (before the step), sp_1.., ctl_1..
        (before the clip) and cost_usd_per_h, every `every` evaluations and at the trip.
    """
    rows = []
    for _ in range(n_ticks):
        twin.tick()
        if (twin.k - 1) % every == 0 or twin.tripped:
            rows.append(_row(twin))
        if twin.tripped:
            break
    names = ["k"]
    for prefix, count in (("xmeas", 41), ("xmv", 12), ("y", 50), ("sp", 20), ("ctl", 12)):
        names += [f"{prefix}_{i + 1}" for i in range(count)]
    names.append("cost_usd_per_h")
    return dict(zip(names, np.array(rows).T, strict=True))


def _row(twin: Twin) -> Array:
    cost = process.operating_cost_usd_h(twin.xmeas, float(twin.received[7]))
    return np.concatenate(
        [[twin.k - 1], twin.xmeas, twin.received, twin.row_y, twin.controllers.setpoint[1:],
         twin.row_command, [cost]]
    )  # fmt: skip
