"""Plant actions in plant time: the field's names and ours, and every fault with its place."""

from __future__ import annotations

import json
import math

import pytest

from config.studies import faults
from otsim.config import TimedAction, read_actions
from otsim.errors import ModelError

PLANT = "tennessee_eastman"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> str:
        (tmp_path / "actions.yaml").write_text(text, "utf-8")
        return "actions.yaml"

    return write


def test_all_fields(write):
    file = write(
        "- {kind: override, target: XMEAS9, view: operator, value: 118, start_h: 8, end_h: 9}\n"
        "- {kind: replay, target: XMEAS9, views: [controller], start_h: 1, record_min: 5}\n"
        "- {kind: disturbance, target: IDV4, start_h: 0, end_h: null}\n"
    )
    override, replay, disturbance = read_actions(file, PLANT)
    assert override == TimedAction(
        kind="override", target="XMEAS9", views=("operator",), value=118.0, start_h=8.0, end_h=9.0
    )
    assert (replay.record_min, replay.views, replay.end_h) == (5.0, ("controller",), math.inf)
    assert (disturbance.kind, disturbance.target, disturbance.value) == (
        "disturbance",
        "IDV4",
        None,
    )


@pytest.mark.parametrize(
    ("name", "target", "kind", "value"),
    [
        ("sensor_const", "XMEAS9", "override", 118.0),
        ("sensor_bias", "XMEAS8", "bias", 20.0),
        ("sensor_scale", "XMEAS17", "scale", 0.9),
        ("sensor_ramp", "XMEAS8", "ramp", -4.0),
        ("sensor_freeze", "XMEAS7", "hold", None),
        ("actuator_const", "XMV10", "override", 0.0),
        ("actuator_freeze", "XMV10", "hold", None),
        ("setpoint_set", "SP18", "setpoint", 140.0),
    ],
)
def test_names_of_the_field(write, name, target, kind, value):
    entry = {"kind": name, "target": target, "value": value or 0.0, "start_h": 8.0, "end_h": None}
    (action,) = read_actions(write(json.dumps([entry], indent=2)), PLANT)
    assert (action.kind, action.target, action.value) == (kind, target, value)
    assert action.views == ("controller", "operator")
    assert action.end_h == math.inf


def test_no_actions_is_the_undisturbed_plant(write):
    assert read_actions(write("[]\n"), PLANT) == ()


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("kind: hold", "actions.yaml:1:1: need a list"),
        ("- {kind: sensor_cnst, target: XMEAS9, start_h: 1}",
         "actions.yaml:1:4: [0].kind: unknown value 'sensor_cnst' (did you mean sensor_const?)"),
        ("- {kind: hold, target: XMEAS9}", "actions.yaml:1:3: [0].start_h: needed, but missing"),
        ("- {kind: hold, target: XMEAS9, start: 1, start_h: 1}",
         "actions.yaml:1:32: [0].start: unknown key (did you mean start_h?)"),
        ("- {kind: hold, target: XMEAS9, start_h: -1}", "actions.yaml:1:32: [0].start_h: is -1"),
        ("- {kind: hold, target: XMEAS9, start_h: 2, end_h: 2}",
         "actions.yaml:1:44: [0].end_h: ends at 2, not after start_h (2)"),
        ("- {kind: hold, target: XMEAS99, start_h: 2}",
         "actions.yaml:1:16: [0].target: the plant has no 'XMEAS99' (did you mean XMEAS9?)"),
        ("- {kind: bias, target: XMEAS9, start_h: 2}",
         "actions.yaml:1:3: [0].value: bias needs a value"),
        ("- {kind: actuator_const, target: XMEAS9, value: 1, start_h: 2}",
         "actions.yaml:1:26: [0].target: actuator_const needs a command, but XMEAS9"),
        ("- {kind: hold, target: XMEAS9, view: operator, views: [operator], start_h: 2}",
         "actions.yaml:1:48: [0].views: view and views are both given"),
        ("- {kind: hold, target: XMEAS1, view: safety, start_h: 2}",
         "actions.yaml:1:32: [0].view: the safety system does not read XMEAS1"),
        ("- {kind: disturbance, target: IDV21, start_h: 2}",
         "actions.yaml:1:23: [0].target: the plant has no disturbance 'IDV21'"),
        ("- {kind: disturbance, target: IDV4, value: 1, start_h: 2}",
         "actions.yaml:1:37: [0].value: a disturbance takes no value"),
    ],
)  # fmt: skip
def test_fault(write, text, want):
    found = faults(read_actions, write(text + "\n"), PLANT)
    assert found[0].startswith(want), found


def test_unknown_plant(write):
    with pytest.raises(ModelError, match="did you mean tennessee_eastman"):
        read_actions(write("[]\n"), "tennesee_eastman")
