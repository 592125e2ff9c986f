"""Each shipped rule makes the step that it should, and none when what it needs is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from otsim.architecture.graph.build import attack_graph
from otsim.architecture.graph.read_rules import shipped_rules
from otsim.config.architecture.read_architecture import checked_architecture
from otsim.config.yaml_lines import plain, read_yaml

EVERY = Path(__file__).parent / "every_rule.yaml"
GONE = object()

# leaf, the state that it gains, where to change the architecture so that it goes, to what
CASES = [
    ("exploit_from_outside/remote/portal/web", "gateway.admin",
     "vulnerabilities.remote.cvss", "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"),
    ("guess_password_from_outside/portal/web", "gateway.user", "services.portal.open_to", []),
    ("default_password_from_outside/maker/portal/web", "gateway.engineer",
     "credentials.maker.well_known", False),
    ("find_open_service/tags/web", "reach.tags", "services.tags.authentication", "mfa"),
    ("log_in_from_outside/staff/portal/web", "gateway.user",
     "credentials.staff.valid_on", ["station"]),
    ("log_in_from_outside_past_second_factor/staff/second/web", "gateway.user",
     "services.second.authentication", "password"),
    ("phish/clerks/pc", "pc.user", "people.clerks.phishing_rate", 0.0),
    ("phish_password/clerks/staff", "credential.staff", "people.clerks.credentials", []),
    ("infected_outside/stick", "medium.stick", "media.stick.kind", "laptop"),
    ("infected_laptop/notebook", "medium.notebook", "media.notebook.infection_rate", 0.0),
    ("hold_supplier/open", "vendor.open", "vendor_access.open.compromise_rate", 0.0),
    ("use_supplier_access/open/station", "station.user", "vendor_access.open.always_on", False),
    ("ride_supplier_session/asked/screen", "screen.user",
     "vendor_access.asked.sessions_per_year", 0.0),
    ("take_supplier_credential/open/staff", "credential.staff",
     "vendor_access.open.credentials", []),
    ("infect_medium/stick/pc", "medium.stick", "media.stick.used_on", ["controller"]),
    ("run_from_medium/stick/pc", "pc.user", "assets.pc.type", "router"),
    ("program_from_medium/stick/controller", "controller.logic", "assets.controller.type", "hmi"),
    ("pass/down/desktop", "reach.desktop", "services.desktop.open_to", []),
    ("exploit/remote", "gateway.admin",
     "vulnerabilities.remote.cvss", "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
    ("exploit_logged_in/inner", "station.admin",
     "vulnerabilities.inner.cvss", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
    ("escalate/local", "station.admin",
     "vulnerabilities.local.cvss", "CVSS:3.1/AV:A/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"),
    ("plant_file/file", "station.user",
     "vulnerabilities.file.cvss", "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
    ("log_in/staff/desktop", "station.user", "credentials.staff.valid_on", ["gateway"]),
    ("log_in_past_second_factor/staff/guarded", "station.user",
     "services.guarded.authentication", "none"),
    ("default_password/maker/page", "sensor.engineer", "services.page.authentication", "mfa"),
    ("guess_password/desktop", "station.user", "services.desktop.protocol", "syslog"),
    ("open_desktop/sharing", "screen.user", "services.sharing.authentication", "password"),
    ("open_files/files", "pc.user", "services.files.protocol", "vnc"),
    ("open_service/list", "screen.user", "services.list.protocol", "modbus"),
    ("dump_credential/programmer/station", "credential.programmer",
     "credentials.programmer.stored_on", []),
    ("find_credential/staff/pc", "credential.staff", "credentials.staff.well_known", True),
    ("watch_typing/clerks/staff/pc", "credential.staff", "people.clerks.credentials", []),
    ("learn_process", "knowledge.process", None, None),
    ("speak_control_protocol/modbus", "controller.commands",
     "services.modbus.authentication", "password"),
    ("stand_between/sensor", "sensor.commands", "assets.sensor.type", "switch"),
    ("change_mode/safe", "sis.programmable", "assets.sis.type", "plc"),
    ("download_program/download", "controller.logic",
     "services.download.authentication", "password"),
    ("download_safety_program/safe", "sis.logic", "services.safe.protocol", "http"),
    ("load_program/station", "station.logic", "credentials.programmer.level", "user"),
    ("load_safety_program/sis", "sis.logic", "credentials.programmer.valid_on", ["station"]),
    ("set_parameters/sensor", "sensor.logic", "assets.sensor.type", "ied"),
    ("infect_project/station", "projects.plant", "assets.station.type", "hmi"),
    ("load_infected_project/download/plant", "controller.logic",
     "services.download.open_to", []),
    ("change_tasking/sis", "sis.logic", "assets.sis.type", "hmi"),
    ("write_program/controller", "controller.logic", "vulnerabilities.memory.gains", "user"),
    ("modify_program/switch", "switch.logic", "vulnerabilities.rooted.gains", "user"),
    ("modify_firmware/switch", "switch.logic", "vulnerabilities.rooted.gains", "user"),
    ("modify_module_firmware/sensor", "sensor.logic", "assets.sensor.type", "rtu"),
    ("read_value/screen/XMEAS1", "read.XMEAS1", "assets.screen.points.read", []),
    ("give_command/screen/XMV1", "write.XMV1", "assets.screen.points.write", ["SP1"]),
    ("brute_force_io/screen/XMV1", "write.XMV1", "assets.screen.points.write", ["SP1"]),
    ("change_setpoint/screen/SP1", "write.SP1", "assets.screen.points.write", ["XMV1"]),
    ("report_falsely/sensor/XMEAS1", "write.XMEAS1", "assets.sensor.points.write", ["XMV1"]),
    ("suppress_alarms/screen/ALARMS", "write.ALARMS", "assets.screen.points.write", ["XMV1"]),
    ("flood_link/switch/LINK_FEEDS", "write.LINK_FEEDS", "assets.switch.points.write", ["XMV1"]),
    ("block_messages/switch/LINK_FEEDS", "write.LINK_FEEDS", "vulnerabilities.rooted", GONE),
    ("write_value/screen/LOOP1", "write.LOOP1", "assets.screen.points.write", ["XMV1"]),
    ("bypass_trip/sis/SIS", "logic.SIS", "assets.sis.points.logic", ["LOOP1"]),
    ("change_alarm_limits/controller/ALARMS", "logic.ALARMS",
     "assets.controller.points.logic", ["LOOP1"]),
    ("change_control/controller/LOOP1", "logic.LOOP1", "assets.controller.points.logic", ["SIS"]),
]  # fmt: skip


def graph_of(data):
    return attack_graph(checked_architecture(data, "every rule"))


def changed(path, value):
    data = plain(read_yaml(EVERY))
    *above, last = path.split(".")
    holder = data
    for key in above:
        holder = holder[key]
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value
    return data


@pytest.fixture(scope="module")
def every():
    return graph_of(plain(read_yaml(EVERY)))


def test_every_rule_has_a_case():
    assert {leaf.partition("/")[0] for leaf, *_ in CASES} == set(shipped_rules().rules)


@pytest.mark.parametrize(("leaf", "state", "path", "value"), CASES, ids=[c[0] for c in CASES])
def test_rule_makes_its_step_and_no_other(every, leaf, state, path, value):
    rule = shipped_rules().rules[leaf.partition("/")[0]]
    step, node = every.steps[leaf], every.nodes[leaf]
    assert step.technique == node.technique == rule.technique
    assert (step.exploit is not None) == rule.exploit
    assert node.entry == rule.entry
    gained = every.nodes[state].children
    assert leaf in gained or f"{leaf}:done" in gained
    if path is not None:
        assert leaf not in graph_of(changed(path, value)).nodes


def test_a_step_is_its_needs_and_then_its_leaf(every):
    leaf = "download_safety_program/safe"
    done, ready = every.nodes[f"{leaf}:done"], every.nodes[f"{leaf}:ready"]
    assert (done.gate, done.children) == ("SAND", [f"{leaf}:ready", leaf])
    assert ready.gate == "AND"
    assert ready.children == ["reach.safe", "sis.programmable", "knowledge.process"]
    alone = every.nodes["pass/down/desktop:done"]
    assert alone.children == ["zone.office", "pass/down/desktop"]


def test_only_conduits_that_pass_a_service_lead_to_it():
    data = plain(read_yaml(EVERY))
    data["conduits"]["narrow"] = {"from_zone": "office", "to_zone": "plant", "protocols": ["https"]}
    data["conduits"]["back"] = {"from_zone": "plant", "to_zone": "office"}
    passes = {leaf for leaf in graph_of(data).steps if leaf.startswith("pass/")}
    assert {"pass/narrow/guarded", "pass/down/guarded", "pass/down/desktop"} <= passes
    assert "pass/narrow/desktop" not in passes
    assert not {leaf for leaf in passes if leaf.startswith("pass/back/")}


def test_a_log_in_from_outside_is_no_passage(every):
    assert every.nodes["reach.portal"].children == ["zone.office"]
    assert every.nodes["visible.switch"].children == ["zone.cell"]  # it has no services


def test_people_are_spread_over_their_workstations():
    data = plain(read_yaml(EVERY))
    data["people"]["clerks"] |= {"headcount": 6, "workstations": ["pc", "screen"]}
    nodes = graph_of(data).nodes
    each = [nodes[f"phish/clerks/{name}"].probability for name in ("pc", "screen")]
    assert each == pytest.approx([1 - 0.9**3] * 2)
    assert nodes["phish_password/clerks/staff"].probability == pytest.approx(1 - 0.9**6)


def test_what_a_step_uses(every):
    step = every.steps["log_in_from_outside/staff/portal/web"]
    assert step.items == {
        "asset": "gateway", "service": "portal", "credential": "staff", "conduit": "web",
        "zone": "office",
    }  # fmt: skip
    assert step.title == "log in at portal with staff from outside"
    assert every.steps["exploit/memory"].items["vulnerability"] == "memory"


def test_chances_and_times(every):
    stick = every.nodes["infected_outside/stick"]
    assert stick.probability == pytest.approx(1 - 0.99**10)
    assert every.nodes["phish/clerks/pc"].probability == pytest.approx(1 - 0.9**3)
    use = every.nodes["run_from_medium/stick/pc"]
    assert use.time_d.mean == pytest.approx(36.5)
    ride = every.nodes["ride_supplier_session/asked/screen"]
    assert ride.time_d.mean == pytest.approx(365 / 12)
    assert every.nodes["exploit/remote"].time_d is None
