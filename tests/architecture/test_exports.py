"""Layers for the ATT&CK Navigator and flows for Attack Flow say what they were given."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from otsim.architecture.exports.attack_flow import FlowStep, attack_flow
from otsim.architecture.exports.navigator_layer import TechniqueScore, navigator_layer
from otsim.errors import ModelError

SCORES = [
    TechniqueScore(technique_id="T0866", score=0.25, comment="via the VPN"),
    TechniqueScore(technique_id="T0855", score=0.5),
]
STEPS = [
    FlowStep(id="a", name="phish", technique_id="T0865", leads_to=("gate",), score=0.125),
    FlowStep(id="b", name="guess", comment="a weak password", leads_to=("gate",)),
    FlowStep(id="gate", name="both", kind="AND", leads_to=("c",)),
    FlowStep(id="c", name="load", technique_id="T0843"),
]
TIME = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_layer():
    layer = json.loads(navigator_layer(SCORES, title="Risk", description="what matters"))
    assert layer["domain"] == "ics-attack"
    assert layer["versions"]["attack"] == "19"
    assert layer["name"] == "Risk"
    assert layer["techniques"] == [
        {"techniqueID": "T0866", "score": 0.25, "enabled": True, "comment": "via the VPN"},
        {"techniqueID": "T0855", "score": 0.5, "enabled": True},
    ]
    assert layer["gradient"]["maxValue"] == 0.5


def test_layer_of_nothing():
    layer = json.loads(navigator_layer([], title="Empty"))
    assert layer["techniques"] == []
    assert layer["gradient"]["maxValue"] == 1.0


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([TechniqueScore(technique_id="T9999", score=1)], "has no technique 'T9999'"),
        ([SCORES[0], SCORES[0]], "T0866 is scored twice"),
        ([TechniqueScore(technique_id="T0866", score=math.nan)], "is nan, not a number"),
    ],
)
def test_layers_refuse(scores, message):
    with pytest.raises(ModelError, match=message):
        navigator_layer(scores, title="x")


def test_flow():
    bundle = json.loads(attack_flow(STEPS, title="Flow", created=TIME, description="how"))
    by_type: dict[str, list] = {}
    for one in bundle["objects"]:
        by_type.setdefault(one["type"], []).append(one)
        assert re.fullmatch(r"[a-z-]+--[0-9a-f-]{36}", one["id"])
        assert one["id"].startswith(one["type"] + "--")
        assert one["spec_version"] == "2.1"
    (flow,) = by_type["attack-flow"]
    (gate,) = by_type["attack-operator"]
    actions = {one["name"]: one for one in by_type["attack-action"]}
    assert flow["description"] == "how"
    assert flow["created"] == "2026-11-25T12:00:00.000Z"
    assert flow["start_refs"] == [actions["phish"]["id"], actions["guess"]["id"]]
    assert actions["phish"]["effect_refs"] == [gate["id"]]
    assert actions["phish"]["technique_id"] == "T0865"
    assert actions["phish"]["x_otsim_score"] == 0.125
    assert actions["guess"]["description"] == "a weak password"
    assert "technique_id" not in actions["guess"]
    assert gate["operator"] == "AND"
    assert gate["effect_refs"] == [actions["load"]["id"]]
    extension = by_type["extension-definition"][0]["id"]
    assert all(extension in one["extensions"] for one in (flow, gate, *actions.values()))
    ids = {one["id"] for one in bundle["objects"]}
    assert {one["created_by_ref"] for one in bundle["objects"]} <= ids


def test_equal_flows_give_equal_text():
    here = TIME.astimezone(timezone(timedelta(hours=2)))
    text = attack_flow(STEPS, title="Flow", created=TIME)
    assert attack_flow(list(STEPS), title="Flow", created=here) == text
    assert attack_flow(STEPS, title="Other", created=TIME) != text


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], "at least one step"),
        ([STEPS[3], STEPS[3]], "two steps are called 'c'"),
        ([STEPS[0]], "leads to 'gate', which is not there"),
        ([FlowStep(id="a", name="x", score=math.inf)], "is inf, not a number"),
    ],
)
def test_flows_refuse(steps, message):
    with pytest.raises(ModelError, match=message):
        attack_flow(steps, title="x", created=TIME)
