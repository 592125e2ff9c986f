"""One twin from the nominal state under actions at given times: no campaign, no response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from otsim.config.action_file import TimedAction
from otsim.config.study_plant import Rupture
from otsim.plant import ActionPoint
from otsim.plant.tables import Integration
from otsim.simulate.kernel import Kernel, first_states, kernel_of
from otsim.simulate.plans import NEVER, TICKS_PER_HOUR, ticks_of
from otsim.simulate.recording import Recording, record

if TYPE_CHECKING:
    from otsim_kernels.control_loop import Plan

__all__ = ["Script", "live_script"]


@dataclass(frozen=True, kw_only=True)
class Script:
    """What happens to one twin, and how it is computed; times are plant time, from tick 0.

    Attributes:
        plant: its name.
        actions: what is done to it, and its own disturbances; one that starts at inf never acts.
        hours: how long it lives.
        every_s: seconds between recorded rows.
        noise: whether measurements are noisy.
        integration: `converged`, or `reference` for the public program's steps.
        precision: `float32` or `float64`.
        seed: of the noise and of disturbances that are random.
    """

    plant: str
    actions: tuple[TimedAction, ...] = ()
    hours: float
    every_s: int = 180
    noise: bool = True
    integration: Integration = "converged"
    precision: str = "float64"
    seed: int = 1


def live_script(script: Script) -> Recording:
    """Live through a script and record it.

    The trips work unless an action bypasses them; the reactor ruptures at the mean of the
    pressure that studies assume by default; nobody responds.

    Returns:
        The recording, a row every `every_s` seconds, and the row of the tick that ended the twin.
    """
    kernel = kernel_of(
        script.plant,
        tuple(_point(action) for action in script.actions),
        integration=script.integration,
        noise=script.noise,
        precision=script.precision,
    )
    end = round(script.hours * TICKS_PER_HOUR)
    [recording] = record(
        kernel,
        first_states(kernel, 1),
        _plan(script, kernel),
        n_twins=1,
        ticks=range(0, end, script.every_s),
        end=end,
    )
    return recording


def _point(action: TimedAction) -> ActionPoint:
    return ActionPoint(
        kind=action.kind,
        target=action.target,
        views=action.views,
        record_s=60.0 * (action.record_min or 0.0),
    )


def _plan(script: Script, kernel: Kernel) -> Plan:
    from otsim_kernels.control_loop import Plan
    from otsim_kernels.draws import stream_key
    from otsim_kernels.signal_tampering import Schedule

    never = np.full(1, NEVER, np.int32)
    return Plan(
        schedule=Schedule(
            start=tuple(_tick(action.start_h) for action in script.actions),
            stop=tuple(_tick(action.end_h) for action in script.actions),
            value=tuple(np.full(1, action.value or 0.0, kernel.dtype) for action in script.actions),
        ),
        key=stream_key(script.seed, np.zeros(1, np.uint32)),
        safety_works=np.ones(1, bool),
        rupture=np.full(1, Rupture().reactor.mean, kernel.dtype),
        shutdown=never,
        reaction=never,
        reload=never,
        onset=np.zeros(1, np.int32),
    )


def _tick(hour: float) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return ticks_of(np.array([hour])).astype(np.int32)
