"""What ends a twin, in which order, and what stands still afterwards, on a plant of two states."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kernels.tank import (
    FIRST_LEVEL,
    HIGH,
    LEVEL,
    LEVEL_LOOP,
    STEPS,
    VALVE,
    Act,
    Loop,
)
from otsim_kernels.control_loop import DESTROYED, DIVERGED, RUNNING, SHUT_DOWN, TRIPPED
from otsim_kernels.signal_tampering import ALL_TRIPS, NEVER

# The tank fills by 1 m a tick from 5 m: at tick k the level is 5 + k; 9 m trips, 8 m alarms.
FILLING = Act(kind="override", group="command", index=VALVE, value=10.0)
BYPASS = Act(kind="set", group="trip", index=ALL_TRIPS)
TRIP_TICK, ALARM_TICK, HOT_TICK = 5, 5, 16


def test_untouched_the_tank_stands_still() -> None:
    assert Loop().run(10).level == [FIRST_LEVEL] * 11


def test_controllers_read_what_was_shown_at_the_tick_before() -> None:
    loop = Loop(
        Act(kind="override", group="command", index=VALVE, stop=1, value=10.0),
        Act(kind="bias", group="measurement", index=LEVEL, start=NEVER),
    ).run(4)
    # tick 0 raises the level to 6 m, which is measured at tick 1 and read at tick 2
    assert loop.level[1] == 6.0
    assert [loop.seen(LEVEL)[k] for k in (0, 1, 2)] == [5.0, 5.0, 6.0]


def test_a_trip_ends_the_twin_at_the_tick_that_is_beyond() -> None:
    ending = Loop(FILLING).run(10).ending
    assert ending["status"] == TRIPPED
    assert (ending["end"], ending["trips"], ending["extrapolated"]) == (TRIP_TICK, 1, NEVER)


def test_a_safety_system_that_fails_on_demand_leaves_the_twin_extrapolated() -> None:
    ending = Loop(FILLING, safety_works=False).run(8).ending
    assert (ending["status"], ending["extrapolated"]) == (RUNNING, TRIP_TICK)


def test_nothing_moves_after_the_end() -> None:
    loop = Loop(FILLING).run(TRIP_TICK + 1)
    ended = loop.states[-1]
    assert int(ended.ending.status[0]) == TRIPPED
    for later in loop.run(5).states[-5:]:
        for before, after in zip(
            jax.tree.leaves(replace(ended, tick=0)), jax.tree.leaves(replace(later, tick=0)),
            strict=True,
        ):  # fmt: skip
            np.testing.assert_array_equal(before, after)
    assert int(loop.state.tick) == TRIP_TICK + 6


def test_at_the_tick_that_ends_it_a_twin_is_measured_and_counted_but_moves_no_more() -> None:
    loop = Loop(FILLING).run(TRIP_TICK + 1)
    assert loop.level[-1] == loop.level[-2] == 10.0
    assert float(loop.state.plant.instruments[LEVEL][0]) == 10.0
    assert float(loop.state.tally[0]) == 10.0


def test_damage_counts_from_the_onset() -> None:
    down = Act(kind="override", group="command", index=VALVE, stop=2, value=-10.0)
    up = Act(kind="override", group="command", index=VALVE, start=2, stop=3, value=0.0)
    assert float(Loop(down, up, onset=0).run(3).state.tally[0]) == 5.0
    assert float(Loop(down, up, onset=2).run(3).state.tally[0]) == 3.0


AT_ONCE: dict[str, Any] = {"shutdown": TRIP_TICK}
# all at tick 5, where the level is 10 m
RULES = {
    "shut down": ({**AT_ONCE}, (BYPASS,), SHUT_DOWN),
    "trip over shut down": ({**AT_ONCE}, (), TRIPPED),
    "destroyed over trip": ({**AT_ONCE, "rupture": 9.5}, (), DESTROYED),
    "destroyed over shut down": ({**AT_ONCE, "rupture": 9.5}, (BYPASS,), DESTROYED),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_worst_of_several_ends_is_the_one(rule: str) -> None:
    plan, acts, want = RULES[rule]
    ending = Loop(FILLING, *acts, **plan).run(8).ending
    assert (ending["status"], ending["end"]) == (want, TRIP_TICK)


def test_numbers_that_are_not_finite_diverge_whatever_else_holds() -> None:
    nan = Act(kind="override", group="command", index=VALVE, start=3, value=float("nan"))
    loop = Loop(nan, shutdown=4).run(6)
    assert (loop.ending["status"], loop.ending["end"]) == (DIVERGED, 4)
    # the last thing shown and counted is what still meant something
    assert float(loop.state.plant.instruments[LEVEL][0]) == FIRST_LEVEL
    assert float(loop.state.tally[0]) == FIRST_LEVEL


def test_what_means_nothing_is_neither_shown_nor_counted() -> None:
    loop = Loop(FILLING, BYPASS).run(HOT_TICK + 2)
    assert loop.ending["status"] == DESTROYED
    assert loop.ending["destructions"] == 2
    assert loop.ending["end"] == HOT_TICK
    assert float(loop.state.tally[0]) == float(loop.state.plant.instruments[LEVEL][0]) == 20.0


@pytest.mark.parametrize("reaction", [0, 1, 3])
def test_operators_shut_down_so_long_after_the_first_alarm_that_they_see(reaction: int) -> None:
    ending = Loop(FILLING, BYPASS, reaction=reaction).run(12).ending
    assert ending["alarm"] == ALARM_TICK
    assert (ending["status"], ending["end"]) == (SHUT_DOWN, ALARM_TICK + reaction)


def test_operators_who_do_not_act_do_not() -> None:
    ending = Loop(FILLING, BYPASS).run(12).ending
    assert (ending["status"], ending["alarm"]) == (RUNNING, ALARM_TICK)


def test_operators_who_are_lied_to_see_no_alarm() -> None:
    lie = Act(kind="override", group="measurement", index=LEVEL, value=5.0, views=("operator",))
    ending = Loop(FILLING, BYPASS, lie, reaction=1).run(12).ending
    assert (ending["status"], ending["alarm"]) == (RUNNING, NEVER)


def test_the_defenders_shut_down_at_their_tick() -> None:
    ending = Loop(shutdown=7).run(9).ending
    assert (ending["status"], ending["end"]) == (SHUT_DOWN, 7)


def test_a_reload_brings_the_controllers_back_as_they_were_switched_on() -> None:
    tampered = Act(kind="set", group="setpoint", index=LEVEL_LOOP, start=1, stop=4, value=7.0)
    counted = Loop(reload=5).run(8)
    assert [float(s.memory.commands[STEPS][0]) for s in counted.states] == [
        0, 1, 2, 3, 4, 5, 1, 2, 3,
    ]  # fmt: skip
    # a set-point that was left changed is put right by the reload
    stuck = replace(tampered, stop=NEVER)
    loop = Loop(replace(stuck, stop=5), reload=5).run(8)
    assert loop.setpoints(LEVEL_LOOP)[4:6] == [7.0, 5.0]


def test_the_clock_stands_with_the_process_and_the_tick_goes_on() -> None:
    loop = Loop(FILLING).run(10)
    assert int(loop.state.clock[0]) == TRIP_TICK + 1
    assert int(loop.state.tick) == 10


def test_bits_of_several_trips_at_once() -> None:
    low = Act(kind="override", group="measurement", index=LEVEL, value=0.5, views=("safety",))
    assert Loop(low).run(1).ending["trips"] == 2
    assert HIGH > 0.5


def test_a_twin_alone_has_fields_without_an_axis() -> None:
    from kernels.tank import TANK
    from otsim_kernels.control_loop import first_twin

    twin = first_twin(TANK, (), jnp.zeros((), np.float32))
    assert all(leaf.shape == () for leaf in jax.tree.leaves(twin))
