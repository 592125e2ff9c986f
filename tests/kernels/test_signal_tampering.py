"""What each kind of tap does to each kind of point, on a plant of two states."""

from __future__ import annotations

import pytest

from kernels.tank import (
    AGE,
    ALARM,
    DRIFTING_LOOP,
    GAIN,
    HIGH,
    LEAK,
    LEVEL,
    LEVEL_LOOP,
    PERIOD_S,
    SETPOINT,
    STEPS,
    VALVE,
    Act,
    Loop,
    always,
)
from otsim_kernels.signal_tampering import ALL_TRIPS, NEVER

START, STOP, N = 4, 8, 12
# A controller of tick k reads what was shown at the end of tick k - 1: the age k - 1 (0 at first).
SHOWN_AGE = [0.0, *map(float, range(N - 1))]
STEPS_SENT = [float(k + 1) for k in range(N)]  # a command that counts the ticks


def inside(k: int) -> bool:
    return START <= k < STOP


def on_age(kind: str, value: float = 0.0, **more: object) -> Act:
    return Act(
        kind=kind, group="measurement", index=AGE, start=START, stop=STOP, value=value, **more
    )


def on_steps(kind: str, value: float = 0.0, **more: object) -> Act:
    return Act(kind=kind, group="command", index=STEPS, start=START, stop=STOP, value=value, **more)


CHANGES = {
    "override": (2.5, lambda x, k: 2.5),
    "bias": (-3.0, lambda x, k: x - 3.0),
    "scale": (0.5, lambda x, k: 0.5 * x),
    "ramp": (1800.0, lambda x, k: x + 1800.0 * (k - START) * PERIOD_S / 3600.0),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_changes_of_a_measurement(kind: str) -> None:
    value, change = CHANGES[kind]
    seen = always(on_age(kind, value), N).seen(AGE)
    assert seen == [change(x, k) if inside(k) else x for k, x in enumerate(SHOWN_AGE)]


@pytest.mark.parametrize("kind", CHANGES)
def test_changes_of_a_command(kind: str) -> None:
    value, change = CHANGES[kind]
    loop = always(on_steps(kind, value), N)
    assert loop.received(STEPS) == [
        change(x, k) if inside(k) else x for k, x in enumerate(STEPS_SENT)
    ]
    # the controller's own register goes on
    assert [float(s.memory.commands[STEPS][0]) for s in loop.states[1:]] == STEPS_SENT


def test_a_held_measurement_is_the_one_shown_before_the_hold() -> None:
    seen = always(on_age("hold"), N).seen(AGE)
    assert seen == [SHOWN_AGE[START] if inside(k) else x for k, x in enumerate(SHOWN_AGE)]


def test_a_held_command_is_the_one_received_before_the_hold() -> None:
    received = always(on_steps("hold"), N).received(STEPS)
    assert received == [STEPS_SENT[START - 1] if inside(k) else x for k, x in enumerate(STEPS_SENT)]


def test_a_hold_from_the_first_tick_keeps_the_first_values() -> None:
    measured = Act(kind="hold", group="measurement", index=AGE, start=0, stop=3)
    sent = Act(kind="hold", group="command", index=STEPS, start=0, stop=3)
    loop = Loop(measured, sent).run(5)
    assert loop.seen(AGE) == [0.0, 0.0, 0.0, 2.0, 3.0]
    assert loop.received(STEPS) == [0.0, 0.0, 0.0, 4.0, 5.0]  # 0 was sent before the first tick


@pytest.mark.parametrize("stop", [7, 10, 30])
def test_a_replay_repeats_its_recording_round_and_round(stop: int) -> None:
    start, length, n = 5, 3, 16
    act = Act(kind="replay", group="measurement", index=AGE, start=start, stop=stop,
              record_ticks=length)  # fmt: skip
    seen = always(act, n).seen(AGE)
    shown = [0.0, *map(float, range(n - 1))]
    recording = shown[start - length : start]
    want = [recording[(k - start) % length] if start <= k < stop else shown[k] for k in range(n)]
    assert seen == want


def test_a_replay_of_a_command() -> None:
    received = always(on_steps("replay", record_ticks=2), N).received(STEPS)
    tape = STEPS_SENT[START - 2 : START]
    assert received == [tape[(k - START) % 2] if inside(k) else x for k, x in enumerate(STEPS_SENT)]


def test_a_replay_that_starts_before_its_recording_is_full_repeats_the_first_values() -> None:
    act = Act(kind="replay", group="measurement", index=AGE, start=1, record_ticks=3)
    assert always(act, 6).seen(AGE) == [0.0] * 6


def test_a_rate_limit_lets_a_signal_follow_slowly() -> None:
    per_minute = 15.0
    step = per_minute * PERIOD_S / 60.0  # of a command that rises by 1 each tick
    received = always(on_steps("rate_limit", per_minute), N).received(STEPS)
    last = STEPS_SENT[START - 1]
    assert received[:START] == STEPS_SENT[:START]
    assert received[START:STOP] == [last + step * (k + 1) for k in range(STOP - START)]
    assert received[STOP:] == STEPS_SENT[STOP:]


def test_a_rate_limit_wider_than_the_signal_changes_nothing() -> None:
    assert always(on_age("rate_limit", 1e6), N).seen(AGE) == SHOWN_AGE


def test_taps_on_one_point_act_in_list_order() -> None:
    first, second = on_age("override", 10.0), on_age("scale", 3.0)
    assert Loop(first, second).run(N).seen(AGE)[START] == 30.0
    assert Loop(second, first).run(N).seen(AGE)[START] == 10.0


def test_a_later_override_outlasts_an_earlier_one() -> None:
    long = Act(kind="override", group="measurement", index=AGE, start=2, value=-1.0)
    short = Act(kind="override", group="measurement", index=AGE, start=4, stop=6, value=-2.0)
    assert Loop(long, short).run(8).seen(AGE) == [0.0, 0.0, -1.0, -1.0, -2.0, -2.0, -1.0, -1.0]


def test_a_tap_that_never_starts_changes_nothing() -> None:
    idle = [
        Act(kind=kind, group=group, index=index, start=NEVER, value=99.0, record_ticks=3)
        for kind in (*CHANGES, "hold", "replay", "rate_limit")
        for group, index in (("measurement", LEVEL), ("command", VALVE))
    ]
    idle += [Act(kind="set", group="setpoint", index=LEVEL_LOOP, start=NEVER, value=9.0)]
    idle += [Act(kind="set", group="loop", index=LEVEL_LOOP, start=NEVER, value=9.0)]
    idle += [Act(kind="set", group="disturbance", index=1, start=NEVER)]
    assert Loop(*idle).run(N).level == Loop().run(N).level


def test_a_setpoint_is_overwritten_and_the_saved_one_put_back() -> None:
    act = Act(kind="set", group="setpoint", index=DRIFTING_LOOP, start=START, stop=STOP, value=50.0)
    found = always(act, N).setpoints(DRIFTING_LOOP)
    # the drift adds 1 after the overwriting; what stood there before the attack comes back
    before = [float(k + 1) for k in range(START)]
    assert found == [*before, *[51.0] * (STOP - START), *(START + 1.0 + k for k in range(N - STOP))]


def test_a_setpoint_moves_the_process() -> None:
    act = Act(kind="set", group="setpoint", index=LEVEL_LOOP, start=2, value=SETPOINT + 1.0)
    loop = always(act, 4)
    assert loop.received(VALVE)[2] == pytest.approx(GAIN * 1.0)
    assert loop.level[3] == pytest.approx(SETPOINT + 0.1 * GAIN)


@pytest.mark.parametrize("gain", [0.0, -1.0, 2.5])
def test_a_gain_multiplies_the_loop_while_it_acts(gain: float) -> None:
    low = Act(kind="bias", group="measurement", index=LEVEL, value=-1.0)
    tampered = Act(kind="set", group="loop", index=LEVEL_LOOP, start=0, stop=1, value=gain)
    assert Loop(low, tampered).run(1).received(VALVE)[0] == pytest.approx(gain * GAIN)
    assert Loop(low, tampered).run(1).run(1).received(VALVE)[1] != 0.0


def test_a_disturbance_acts_only_from_its_start_to_its_stop() -> None:
    leak = Act(kind="set", group="disturbance", index=1, start=2, stop=4)
    shut = Act(kind="override", group="command", index=VALVE, value=0.0)
    level = Loop(leak, shut).run(6).level
    assert level == [5.0, 5.0, 5.0, 5.0 - LEAK, 5.0 - 2 * LEAK, 5.0 - 2 * LEAK, 5.0 - 2 * LEAK]


OVERFLOW = Act(kind="override", group="command", index=VALVE, value=10.0)  # 1 m a tick from 5 m
TICK_ALARM, TICK_TRIP = 4, 5  # shown above 8 m at tick 4 (9 m, shown a tick late); above 9 m


def test_a_view_is_only_what_its_tap_names() -> None:
    for view in ("controller", "operator", "safety"):
        lie = Act(kind="override", group="measurement", index=LEVEL, value=5.0, views=(view,))
        loop = Loop(lie, OVERFLOW).run(12)
        fooled = {name: view == name for name in ("controller", "operator", "safety")}
        assert (loop.seen(LEVEL)[3] == 5.0) == fooled["controller"]
        assert (loop.ending["alarm"] == NEVER) == fooled["operator"]
        assert (loop.ending["trips"] == 0) == fooled["safety"]


def test_a_lie_to_the_safety_system_can_also_trip_a_healthy_plant() -> None:
    lie = Act(kind="bias", group="measurement", index=LEVEL, start=3, value=4.5, views=("safety",))
    ending = always(lie, 6).ending
    assert (ending["trips"], ending["end"]) == (1, 3)


def test_alarm_suppression_silences_operators_until_it_stops() -> None:
    quiet = Act(kind="set", group="alarm", index=0, stop=6)
    bypass = Act(kind="set", group="trip", index=ALL_TRIPS)
    assert Loop(OVERFLOW).run(6).ending["alarm"] == TICK_ALARM + 1
    assert Loop(OVERFLOW, bypass, quiet).run(10).ending["alarm"] == 6


def test_a_bypass_of_all_trips_or_of_one() -> None:
    all_ = Act(kind="set", group="trip", index=ALL_TRIPS)
    high, low = (Act(kind="set", group="trip", index=i) for i in (0, 1))
    assert Loop(OVERFLOW).run(12).ending["end"] == TICK_TRIP
    assert Loop(OVERFLOW, low).run(12).ending["end"] == TICK_TRIP
    for bypass in (all_, high):
        ending = Loop(OVERFLOW, bypass).run(12).ending
        assert (ending["status"], ending["trips"], ending["extrapolated"]) == (0, 0, TICK_TRIP)


def test_a_bypass_that_ends_lets_the_trip_act_again() -> None:
    bypass = Act(kind="set", group="trip", index=ALL_TRIPS, stop=7)
    assert Loop(OVERFLOW, bypass).run(12).ending["end"] == 7


def test_limits_are_exceeded_not_reached() -> None:
    act = Act(kind="override", group="measurement", index=LEVEL, value=HIGH, views=("safety",))
    assert always(act, 3).ending["status"] == 0
    act = Act(kind="override", group="measurement", index=LEVEL, value=ALARM, views=("operator",))
    assert always(act, 3).ending["alarm"] == NEVER
