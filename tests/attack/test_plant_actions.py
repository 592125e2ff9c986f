"""What a campaign does to the plant: onset, end and size of each action."""

import math
from typing import Any

import numpy as np

from attack.small_study import exponential, small_study
from otsim.attack import Campaigns, compile_attack, sample_campaigns
from otsim.draws import Streams

N_TWINS = 40_000
ERRORS = 4.5

NODES = {
    "r": {"gate": "OR", "children": ["a", "b"]},
    "a": {"probability": 0.5, "entry": True},
    "b": {},
}
ACTIONS: dict[str, list[dict[str, Any]]] = {
    "one": [
        {
            "kind": "override",
            "target": "XMV10",
            "value": {"uniform": {"low": 0.0, "high": 15.0}},
            "delay_min": exponential(30.0),
            "duration_min": 90.0,
        },
        {"kind": "hold", "target": "XMEAS9"},
    ],
    "two": [{"kind": "setpoint", "target": "SP1", "value": 120.4, "delay_min": 6.0}],
}


def campaigns() -> Campaigns:
    study = small_study(NODES, needs={"one": ["a"], "two": ["b"]}, actions=ACTIONS)
    return sample_campaigns(compile_attack(study), 0, N_TWINS, draws=Streams(seed=5))


def test_actions_of_campaigns_that_do_not_act_never_start() -> None:
    drawn = campaigns()
    takes = drawn.goal == np.array([[0, 0, 1]]).T
    taken = takes & drawn.acts
    np.testing.assert_array_equal(np.isfinite(drawn.actions.start_h), taken)
    assert np.isinf(drawn.actions.stop_h[~taken]).all()
    assert (drawn.actions.value[~taken] == 0.0).all()
    assert taken.any(axis=1).all()
    assert (drawn.acts == ((drawn.goal == 1) | np.isfinite(drawn.goal_h))).all()


def test_sizes_and_times_follow_their_distributions() -> None:
    drawn = campaigns()
    taken = np.isfinite(drawn.actions.start_h[0])
    start_h, value = drawn.actions.start_h[0, taken], drawn.actions.value[0, taken]
    errors = ERRORS / math.sqrt(taken.sum())
    assert abs(start_h.mean() - 0.5) < 0.5 * errors
    assert abs(value.mean() - 7.5) < 15.0 / math.sqrt(12.0) * errors
    assert abs(np.corrcoef(start_h, value)[0, 1]) < errors
    np.testing.assert_allclose(drawn.actions.stop_h[0, taken] - start_h, 1.5, rtol=1e-12)


def test_fixed_numbers_come_through_exactly() -> None:
    drawn = campaigns().actions
    held = np.isfinite(drawn.start_h[1])
    assert set(drawn.start_h[1, held]) == {0.0}
    assert np.isinf(drawn.stop_h[1]).all()
    assert set(drawn.value[1]) == {0.0}
    moved = np.isfinite(drawn.start_h[2])
    assert set(drawn.value[2, moved]) == {120.4}
    np.testing.assert_allclose(drawn.start_h[2, moved], 0.1, rtol=1e-15)
