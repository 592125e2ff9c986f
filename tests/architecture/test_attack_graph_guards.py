"""Which controls act on which steps: places, techniques, conduits, zones within zones."""

from __future__ import annotations

import pytest

from architecture.test_attack_graph_rules import EVERY, graph_of
from otsim.config.yaml_lines import plain, read_yaml

TYPES = {"prevent": "prevented_by", "detect": "noticed_by", "respond": "answered_by"}


def guarded(scope, kind="prevent", conduits=(), **more):
    """The leaves on which a control of this scope acts."""
    data = plain(read_yaml(EVERY))
    data["controls"] = {"it": {"type": kind, "scope": scope, "effectiveness": 0.5, **more}}
    for name in conduits:
        data["conduits"][name]["controls"] = ["it"]
    graph = graph_of(data)
    found = set()
    for leaf, step in graph.steps.items():
        acting = {field: getattr(step, field) for field in TYPES.values()}
        if acting.pop(TYPES[kind]) == ("it",):
            found.add(leaf)
        assert set(acting.values()) == {()}
    return found, graph


@pytest.mark.parametrize("kind", TYPES)
def test_technique_alone_acts_everywhere(kind):
    found, graph = guarded({"techniques": ["T0865"]}, kind)
    assert found == {"phish/clerks/pc", "phish_password/clerks/staff"}
    assert {graph.steps[leaf].technique for leaf in found} == {"T0865"}


def test_technique_with_its_sub_techniques_and_by_its_old_id():
    with_parts, _ = guarded({"techniques": ["T0843"]})
    assert "load_infected_project/download/plant" in with_parts  # T0843.001
    assert "download_program/download" in with_parts
    part, _ = guarded({"techniques": ["T0843.001"]})
    assert "load_infected_project/download/plant" in part
    assert "download_program/download" not in part
    old, _ = guarded({"techniques": ["T0856"]})  # now T1692.002
    assert old == {"report_falsely/sensor/XMEAS1"}


def test_places_alone_act_on_every_technique_there():
    found, graph = guarded({"assets": ["sensor"]})
    assert found == {
        leaf for leaf, step in graph.steps.items()
        if step.items.get("asset") == "sensor" and step.rule != "pass"
    }  # fmt: skip
    assert {"stand_between/sensor", "log_in/programmer/page"} <= found
    service, _ = guarded({"services": ["page"]})
    assert "log_in/programmer/page" in service
    assert "stand_between/sensor" not in service


def test_places_with_techniques_act_on_those_there():
    found, _ = guarded({"zones": ["office"], "techniques": ["T0859", "T0865"]})
    assert "phish/clerks/pc" in found
    assert "log_in/staff/portal" in found
    assert "log_in/staff/desktop" not in found
    assert "find_credential/staff/pc" not in found


def test_a_zone_stands_for_the_zones_within_it():
    plant, graph = guarded({"zones": ["plant"]})
    cell, _ = guarded({"zones": ["cell"]})
    assert "stand_between/sensor" in cell
    assert "open_desktop/sharing" not in cell
    assert cell < plant
    zones = {graph.steps[leaf].items["zone"] for leaf in plant}
    assert zones == {"plant", "cell"}


def test_a_conduit_is_guarded_where_it_is_passed():
    by_scope, _ = guarded({"conduits": ["inside"]})
    assert by_scope == {
        "pass/inside/modbus", "pass/inside/download", "pass/inside/page", "pass/inside/safe",
        "pass/inside/locked",
    }  # fmt: skip
    by_name, _ = guarded({}, conduits=["inside"])
    assert by_name == by_scope
    outside, _ = guarded({"conduits": ["web"]})
    assert {"exploit_from_outside/remote/portal/web", "find_open_service/tags/web"} <= outside
    assert "exploit/remote" not in outside
    assert guarded({"conduits": ["inside"], "techniques": ["T0843"]})[0] == set()
    assert guarded({"conduits": ["inside"], "techniques": ["T0886"]})[0] == by_scope


def test_measures_that_are_not_there_yet_are_named_too():
    found, _ = guarded({"techniques": ["T0865"]}, in_place=False)
    assert found
