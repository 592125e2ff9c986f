"""What a plant offers to the control loop: a table of pure functions of one twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jax

from otsim_kernels.draws import Array
from otsim_kernels.signals import DamageColumn

Values = tuple[Array, ...]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A limit on a measurement: a trip of the safety system, or an alarm of the operators.

    Attributes:
        cause: in words, for reports.
        measurement: index among the plant's measurements.
        side: which side of `value` is beyond the limit.
        value: in the measurement's unit.
    """

    cause: str
    measurement: int
    side: Literal["high", "low"]
    value: float


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class PlantState:
    """The state of one plant, grouped by who may touch it; leaves are f32[] unless they say so.

    Attributes:
        physical: named, with units; what a filter may correct.
        residues: compensation sums of `physical`, rebuilt as zeros after a correction.
        guesses: where the solvers of the next evaluation start.
        walks: randomly moving surroundings.
        accepted: the commands as the actuators took them last.
        instruments: what transmitters and analysers show and hold.
    """

    physical: Any
    residues: Any
    guesses: Any
    walks: Any
    accepted: Values
    instruments: Any


@dataclass(frozen=True, kw_only=True)
class PlantTable:
    """A plant under one choice of integration and noise. Make each once:
    a loop is compiled for every table that is not equal to one before.

    Attributes:
        name: as studies write it.
        period_s: length of a tick, the controller's period.
        rare_ticks: `report` does costly work only when a clock is a multiple of this.
        trips: the safety functions, in the order of the status bits.
        alarms: the limits that operators watch.
        destructions: causes in the order of the bits of `destroyed`.
        damage_columns: what `tally_columns` returns.
        first: (like, disturbances that may act) -> first state and controller memory.
        evaluate: (state, received, flags, key, clock) -> everything algebraic at this instant.
        measure: (instant) -> true measurements.
        report: (instruments, true, key, clock, rare) -> what the instruments show.
        shown: (instruments) -> measurements as shown.
        control: (memory, seen, gains, clock) -> memory.
        commands: (memory) -> commands.
        setpoints: (memory) -> set-points by loop number; `with_setpoints` puts them back.
        advance: (state, instant) -> state after the tick; instruments stay.
        first_tally, damage: the physical damage, one tick after the other.
        destroyed: (instant, rupture limit) -> bit mask, u32[].
        finite: (instant) -> whether the numbers are finite, bool[].
        meaningful: (instant) -> whether they are finite and within what the model can say at all.
    """

    name: str
    period_s: float
    rare_ticks: int
    trips: tuple[Limit, ...]
    alarms: tuple[Limit, ...]
    destructions: tuple[str, ...]
    damage_columns: tuple[DamageColumn, ...]
    first: Callable[[Array, frozenset[int]], tuple[PlantState, Any]]
    evaluate: Callable[..., Any]
    measure: Callable[[Any], Values]
    report: Callable[..., Any]
    shown: Callable[[Any], Values]
    control: Callable[..., Any]
    commands: Callable[[Any], Values]
    setpoints: Callable[[Any], Mapping[int, Array]]
    with_setpoints: Callable[[Any, dict[int, Array]], Any]
    advance: Callable[[PlantState, Any], PlantState]
    first_tally: Callable[[Array], Any]
    damage: Callable[[Any, Values, Any], Any]
    tally_columns: Callable[[Any], dict[str, Array]]
    destroyed: Callable[[Any, Array], Array]
    finite: Callable[[Any], Array]
    meaningful: Callable[[Any], Array]
