"""A network run on its own, solve by solve, with what an EPANET toolkit user may do on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from otsim.config.epanet import WaterNetwork
from otsim.plant.water_network import Compiled, compile_network
from otsim_kernels.plants.water_network import controls, links, solves
from otsim_kernels.plants.water_network.controls import Readings
from otsim_kernels.plants.water_network.demands import demand_of
from otsim_kernels.plants.water_network.network import CLOSED, OPEN, Network
from otsim_kernels.plants.water_network.taps import Attack, no_schedule
from otsim_kernels.plants.water_network.twin_state import Twin, first_twin

Change = Callable[[Twin], Twin]


@dataclass
class Run:
    """Every solve of a run; rows are solves, in the file's units.

    Attributes:
        time_s, step_s, trials, warning: of each solve.
        head: by node; flow: by link, 0 where closed; status: codes by link; setting: of pumps and
            valves, 0 where fixed.
        level, inflow: by tank.
        taken: what all junctions take together, of ours only.
    """

    time_s: np.ndarray
    step_s: np.ndarray
    trials: np.ndarray
    warning: np.ndarray
    head: dict[str, np.ndarray]
    flow: dict[str, np.ndarray]
    status: dict[str, np.ndarray]
    setting: dict[str, np.ndarray]
    level: dict[str, np.ndarray]
    inflow: dict[str, np.ndarray]
    taken: np.ndarray = field(default_factory=lambda: np.zeros(0))


def run_network(
    given: WaterNetwork,
    *,
    changes: Mapping[int, Sequence[Callable[[Compiled], Change]]] | None = None,
    touched: Sequence[str] = (),
    dtype: Any = np.float64,
) -> Run:
    """Run a network from its start to its duration.

    Args:
        given: as read.
        changes: what is done before the solve at a time, seconds.
        touched: pipes that changes open or close.
        dtype: of the solver.
    """
    compiled = compile_network(given, touched)
    with jax.enable_x64(np.dtype(dtype) == np.float64):
        return _Runner(compiled, dtype).run(changes or {})


class _Runner:
    def __init__(self, compiled: Compiled, dtype: Any) -> None:
        self.compiled, self.network, self.dtype = compiled, compiled.network, dtype
        self.solve = jax.jit(partial(_solve, self.network))
        self.step = jax.jit(partial(_step, self.network))

    def run(self, changes: Mapping[int, Sequence[Callable[[Compiled], Change]]]) -> Run:
        state, rows = first_twin(self.network, 1, self.dtype), []
        while True:
            now = int(state.time[0])
            for change in changes.get(now, ()):
                state = change(self.compiled)(state)
            state = self.solve(state)
            after = self.step(state)
            rows.append(jax.device_get((state, after)))
            state = after
            if now >= self.network.clock.duration:
                return self._gathered(rows)

    def _gathered(self, rows: Sequence[tuple[Twin, Twin]]) -> Run:
        network, units, named = self.network, self.compiled.units, self.compiled
        states = [before for before, _ in rows]
        time = np.array([int(state.time[0]) for state in states])
        heads = np.array([state.hydraulics.head[:, 0] for state in states], np.float64)
        codes = np.array([self._statuses(state) for state in states])
        flows = np.array([state.hydraulics.flow[:, 0] for state in states], np.float64)
        flows = np.where(codes > CLOSED, flows, 0.0) * units.flow
        inflow = np.array([after.inflow[:, 0] for _, after in rows], np.float64) * units.flow
        node, link = named.node, named.link
        tanks = [name for name in node if node[name] in network.tank_node]
        level = heads - network.elevation
        return Run(
            time_s=time,
            step_s=np.array([int(after.time[0]) for _, after in rows]) - time,
            trials=np.array([int(state.trials[0]) - 1 for state in states]),
            warning=np.array([int(state.warning[0]) for state in states]),
            head={name: heads[:, row] * units.length for name, row in node.items()},
            flow={name: flows[:, row] for name, row in link.items()},
            status={name: codes[:, row] for name, row in link.items()},
            setting={
                name: np.array([self._setting(state, row) for state in states])
                for name, row in link.items()
                if row >= network.n_pipes
            },
            level={name: level[:, node[name]] * units.length for name in tanks},
            inflow={name: inflow[:, i] for i, name in enumerate(tanks)},
            taken=np.array([self._taken(state) for state in states]) * units.flow,
        )

    def _taken(self, state: Twin) -> float:
        network, held = self.network, state.hydraulics
        demand = np.array(demand_of(network, state.time, _ones(network, state)), np.float64)[:, 0]
        demand[network.wants] = held.delivered[:, 0]
        return float(demand.sum() + held.emitted.sum())

    def _statuses(self, state: Twin) -> list[int]:
        plain = np.where(self.network.plain_closed, CLOSED, OPEN).tolist()
        return [*plain, *(int(row[0]) for row in state.hydraulics.links.status)]

    def _setting(self, state: Twin, row: int) -> float:
        network, held = self.network, state.hydraulics.links
        if row >= network.first_valve and held.fixed[row - network.first_valve][0]:
            return 0.0
        value = float(held.setting[row - network.n_pipes][0])
        return value * self.compiled.setting_unit(row)


def _solve(network: Network, state: Twin) -> Twin:
    never, fresh = jnp.zeros(1, bool), jnp.ones(1, bool)
    demand = demand_of(network, state.time, _ones(network, state))
    seen = Readings(volume=state.volume, inflow=state.inflow)

    def goes_on(carry: tuple[Twin, Any]) -> Any:
        return ~jnp.all(carry[1])

    def one(carry: tuple[Twin, Any]) -> tuple[Twin, Any]:
        return solves.tried(network, carry[0], demand, never)

    begun = solves.begun(network, state, demand, seen, _nobody(state), fresh)
    solved: tuple[Twin, Any] = jax.lax.while_loop(goes_on, one, (begun, never))
    return solved[0]


def _step(network: Network, state: Twin) -> Twin:
    demand = demand_of(network, state.time, _ones(network, state))
    return solves.stepped(network, state, demand, jnp.ones(1, bool), _nobody(state))


def _nobody(state: Twin) -> Attack:
    return Attack(taps=(), schedule=no_schedule(1, state.volume.dtype))


def _ones(network: Network, state: Twin) -> Any:
    return jnp.ones((len(network.patterns), 1), state.hydraulics.head.dtype)


def with_control(number: int, **changed: float | bool) -> Callable[[Compiled], Change]:
    """Change a control (counted from 0): its `level` in the file's unit, `setting`, `enabled`."""

    def of(compiled: Compiled) -> Change:
        wanted: dict[str, Any] = dict(changed)
        if "level" in wanted:
            wanted["value"] = compiled.control_value(number, wanted.pop("level"))

        def change(state: Twin) -> Twin:
            held = state.controls
            for name, value in wanted.items():
                held = controls.with_change(held, number, **{name: (value, jnp.ones(1, bool))})
            return replace(state, controls=held)

        return change

    return of


def with_link(
    name: str, *, status: str | None = None, setting: float | None = None, if_open: bool = False
) -> Callable[[Compiled], Change]:
    """Order a link to a status or a setting."""

    def of(compiled: Compiled) -> Change:
        network, row = compiled.network, compiled.link[name]

        def change(state: Twin) -> Twin:
            before = state.hydraulics.links
            which = jnp.ones(1, bool)
            if if_open:
                which = links.status_of(network, before, row) > CLOSED
            if status is not None:
                code = OPEN if status == "OPEN" else CLOSED
                after = links.ordered_status(network, before, row, code, which)
            else:
                value = jnp.full(1, setting, state.hydraulics.head.dtype)
                after = links.ordered_setting(network, before, row, value, which)
            return replace(state, hydraulics=replace(state.hydraulics, links=after))

        return change

    return of
