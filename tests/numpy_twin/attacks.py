"""Attacks between plant and controller, by the kinds of the reference cases."""

from __future__ import annotations

from dataclasses import dataclass, field

from numpy_twin.components import Array
from numpy_twin.controllers import Controllers


@dataclass
class Attack:
    """One attack on XMEAS(`index`), XMV(`index`) or set-point SP(`index`).

    Attributes:
        kind: sensor_const, sensor_bias, sensor_scale, sensor_ramp (per hour), sensor_freeze,
            actuator_const, actuator_freeze or setpoint_set.
        index: 1-based number of the point.
        value: size, in the unit of the point.
        start_h: hours of plant time.
        end_h: likewise; None for no end.
    """

    kind: str
    index: int
    value: float
    start_h: float
    end_h: float | None = None
    _kept: float = field(default=0.0, init=False)

    @property
    def first(self) -> int:
        """First evaluation of the attack."""
        return round(self.start_h * 3600)

    @property
    def end(self) -> float:
        """First evaluation after it."""
        return float("inf") if self.end_h is None else round(self.end_h * 3600)

    def active(self, k: int) -> bool:
        """Whether it acts at evaluation `k`."""
        return self.first <= k < self.end

    def on_sensor(self, k: int, seen: Array) -> None:
        """Change what the controllers of step `k` see; `seen` is their copy."""
        if not (self.kind.startswith("sensor") and self.active(k)):
            return
        i, value = self.index - 1, self.value
        if self.kind == "sensor_freeze":
            if k == self.first:
                self._kept = float(seen[i])
            seen[i] = self._kept
        elif self.kind == "sensor_const":
            seen[i] = value
        elif self.kind == "sensor_bias":
            seen[i] += value
        elif self.kind == "sensor_scale":
            seen[i] *= value
        elif self.kind == "sensor_ramp":
            seen[i] += value * (k - self.first) / 3600.0
        else:
            raise ValueError(f"unknown kind {self.kind!r}")

    def on_setpoint(self, k: int, controllers: Controllers) -> None:
        """Overwrite the set-point before the controllers of step `k` run."""
        if self.kind != "setpoint_set":
            return
        if k == self.first:
            self._kept = float(controllers.setpoint[self.index])
        if self.active(k):
            controllers.setpoint[self.index] = self.value
        elif k == self.end:
            controllers.setpoint[self.index] = self._kept

    def on_command(self, k: int, received: Array, last_received: Array) -> None:
        """Change what the plant receives at evaluation `k`."""
        if not (self.kind.startswith("actuator") and self.active(k)):
            return
        i = self.index - 1
        if self.kind == "actuator_const":
            received[i] = self.value
        elif self.kind == "actuator_freeze":
            if k == self.first:
                self._kept = float(last_received[i])
            received[i] = self._kept
        else:
            raise ValueError(f"unknown kind {self.kind!r}")
