"""What an architecture file may hold, and what is refused with which words."""

from __future__ import annotations

import shutil
import time

import pytest

from architecture.plants import ROOT, SHIPPED, SOUND, TE_POINTS, faults, points_beside
from otsim.config.architecture.plant_points import points_named
from otsim.config.architecture.read_architecture import MAX_BYTES, read_architecture
from otsim.config.read_study import read_study
from otsim.config.yaml_lines import parse_yaml, read_yaml


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that the test runs in, with `sound.yaml` in it."""
    shutil.copy(SOUND, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str):
    with open("plant.yaml", "w", encoding="utf-8") as file:
        file.write(text)
    return read_architecture("plant.yaml", points=TE_POINTS)


def over(text: str):
    """Read a file laid over the sound one."""
    return read("extends: sound.yaml\n" + text)


@pytest.mark.parametrize("path", [SOUND, *SHIPPED], ids=lambda path: path.stem)
def test_reads_sound_files(path):
    given = read_architecture(path, points=points_beside(path))
    assert given.assets


def test_shipped_plants_are_full_networks():
    assert {path.stem for path in SHIPPED} >= {"te_plant", "te_plant_segmented"}
    plant = read_architecture(ROOT / "configs/architectures/te_plant.yaml", points=TE_POINTS)
    assert len(plant.assets) >= 40
    assert {0 < (zone.purdue_level or 0) < 5 for zone in plant.zones.values()} == {True, False}
    touched = {
        point
        for asset in plant.assets.values()
        for name in (*asset.points.write, *asset.points.logic)
        for point in points_named(name, TE_POINTS)
    }
    assert {point for point in TE_POINTS if not point.startswith("TRIP")} - touched == set()


def test_goals_of_the_shipped_plant_are_those_of_the_shipped_study():
    study = read_study(ROOT / "configs/studies/te_campaign.yaml")
    plant = read_architecture(ROOT / "configs/architectures/te_plant.yaml", points=TE_POINTS)
    assert set(plant.goals) == set(study.attack.goals)


def test_weaknesses_are_planted_and_mended():
    names = ("te_plant", "te_plant_segmented")
    grown, mended = (
        read_architecture(ROOT / f"configs/architectures/{name}.yaml", points=TE_POINTS)
        for name in names
    )
    assert any(not service.needed for service in grown.services.values())
    assert all(service.needed for service in mended.services.values())
    assert any(not conduit.protocols for conduit in grown.conduits.values())
    assert all(conduit.protocols for conduit in mended.conduits.values())
    assert grown.services["safety_engineering"].open_to == ("operations",)
    assert mended.services["safety_engineering"].open_to == ("safety_engineering",)
    assert len(grown.credentials["local_administrator"].valid_on) > 3
    assert "local_administrator" not in mended.credentials
    assert "jump_host" in mended.assets
    assert mended.services["jump_desktop"].authentication == "mfa"
    assert not any(flaw.kev for flaw in mended.vulnerabilities.values())


def test_defaults(folder):
    given = over("")
    assert given.services["portal"].needed
    assert given.services["portal"].authentication == "password"
    assert given.conduits["in"].direction == "one_way"
    assert given.zones["internet"].security_level == 0
    assert given.controls["firewall"].in_place
    assert given.vulnerabilities["flaw"].gains == "admin"


def test_empty_zones_are_allowed(folder):
    assert "spare" in over("zones: {spare: {}}").zones


def test_points_are_checked_only_if_the_plant_is_known(folder):
    text = "extends: sound.yaml\nassets: {pc: {points: {read: [NONE]}}}\n"
    assert faults(read, text)
    assert read_architecture("plant.yaml").assets["pc"].points.read == ("NONE",)


def test_extending_merges_replaces_and_removes(folder):
    given = over(
        "services:\n  modbus: null\n  desktop: {authentication: password}\n"
        "controls:\n  monitoring: {scope: {services: []}}\n"
    )
    assert set(given.services) == {"portal", "desktop"}
    assert given.services["desktop"].authentication == "password"
    assert given.services["desktop"].port == 3389


# what is laid over the sound file | the first fault
OVERLAYS = {
    "conduits: {in: {to_zone: moon}}": "plant.yaml:2:17: conduits.in.to_zone: there is no zone "
    "'moon' (add the zone)",
    "conduits: {in: {to_zone: plan}}": "plant.yaml:2:17: conduits.in.to_zone: there is no zone "
    "'plan' (did you mean plant?)",
    "conduits: {x: {from_zone: cell, to_zone: cell}}": "plant.yaml:2:33: conduits.x.to_zone: leads "
    "back to its own zone, inside which all is connected; remove it",
    "conduits: {x: {from_zone: plant, to_zone: cell, direction: both}}": "plant.yaml:2:12: "
    "conduits.x: is the same as conduit 'inside'; keep one",
    "conduits: {in: {direction: back}}": "plant.yaml:2:17: conduits.in.direction: unknown value "
    "'back' (known: one_way, both)",
    "conduits: {in: {protocols: [HTTPS]}}": "plant.yaml:2:29: conduits.in.protocols[0]: need a "
    "short name in small letters such as modbus, opc_ua or https",
    "conduits: {in: {protocols: [https, https]}}": "plant.yaml:2:36: conduits.in.protocols[1]: "
    "'https' is named twice; name each once",
    "conduits: {in: {controls: [fire]}}": "plant.yaml:2:28: conduits.in.controls[0]: there is no "
    "control 'fire' (did you mean firewall?)",
    "zones: {plant: {parent: cell}}": "plant.yaml:2:17: zones.plant.parent: cycle plant -> cell -> "
    "plant; a zone cannot be part of itself",
    "zones: {plant: {parent: plant}}": "plant.yaml:2:17: zones.plant.parent: cycle plant -> plant; "
    "a zone cannot be part of itself",
    "zones: {plant: {security_level: 5}}": "plant.yaml:2:17: zones.plant.security_level: is 5, but "
    "must be at most 4",
    "zones: {plant: {security_level: -1}}": "plant.yaml:2:17: zones.plant.security_level: is -1, "
    "but must be at least 0",
    "zones: {plant: {security_level: two}}": "plant.yaml:2:17: zones.plant.security_level: need a "
    "whole number, not text 'two'",
    "zones: {'a b': {}}": "plant.yaml:2:9: zones.\"a b\": a name needs a letter, then at most 63 "
    "letters, digits, - or _; rename it",
    "assets: {pc: {zone: ofice}}": "plant.yaml:2:15: assets.pc.zone: there is no zone 'ofice' (did "
    "you mean office?)",
    "assets: {pc: {type: computer}}": "plant.yaml:2:15: assets.pc.type: unknown value 'computer' "
    "(did you mean router?)",
    "assets: {pc: {zon: office}}": "plant.yaml:2:15: assets.pc.zon: unknown key (did you mean "
    "zone?)",
    "assets: {x: {zone: plant}}": "plant.yaml:2:10: assets.x.type: needed, but missing; add it "
    "(Kind of asset, after ATT&CK for ICS: workstation, engineering_workstation, hmi, "
    "control_server, application_server, data_historian, data_gateway, jump_host, vpn_server, plc, "
    "rtu, ied, dcs_controller, safety_controller, field_io, router, switch, firewall)",
    "assets: {controller: {points: {write: [XMV99]}}}": "plant.yaml:2:40: "
    "assets.controller.points.write[0]: the plant has no point 'XMV99' (did you mean XMV9?)",
    "assets: {controller: {points: {logic: [PUMP*]}}}": "plant.yaml:2:40: "
    "assets.controller.points.logic[0]: the plant has no point 'PUMP*' (`otsim plants` lists them)",
    "assets: {controller: {points: {write: [XMV1, XMV1]}}}": "plant.yaml:2:46: "
    "assets.controller.points.write[1]: 'XMV1' is named twice; name each once",
    "services: {modbus: {asset: plc}}": "plant.yaml:2:21: services.modbus.asset: there is no asset "
    "'plc' (did you mean pc?)",
    "services: {modbus: {port: 70000}}": "plant.yaml:2:21: services.modbus.port: is 70000, but "
    "must be at most 65535",
    "services: {modbus: {authentication: pasword}}": "plant.yaml:2:21: "
    "services.modbus.authentication: unknown value 'pasword' (did you mean password?)",
    "services: {modbus: {needed: maybe}}": "plant.yaml:2:21: services.modbus.needed: need true or "
    "false, not text 'maybe'",
    "services: {modbus: {open_to: [office]}}": "plant.yaml:2:31: services.modbus.open_to[0]: no "
    "conduit leads from 'office' to 'cell'; add one, or remove the zone",
    "services: {modbus: {open_to: [cell]}}": "plant.yaml:2:31: services.modbus.open_to[0]: 'cell' "
    "is its asset's own zone, from which it is open anyway; remove it",
    "services: {desktop: {protocol: vnc}}": "sound.yaml:21:87: services.desktop.open_to[0]: no "
    "conduit from 'office' to 'plant' passes vnc; add it to its protocols, or remove the zone",
    "services: {x: {asset: controller, protocol: modbus, port: 502}}": "plant.yaml:2:53: "
    "services.x.port: 'controller' has modbus on this port already (service 'modbus'); keep one",
    "services: {none: null}": "plant.yaml:2:12: services.none: the extended file has none to "
    "remove (remove this line)",
    "services: {modus: null}": "plant.yaml:2:12: services.modus: the extended file has none to "
    "remove (did you mean modbus?)",
    "vulnerabilities: {flaw: {cve: CVE-21-1}}": "plant.yaml:2:26: vulnerabilities.flaw.cve: need a "
    "CVE id such as CVE-2021-44228",
    "vulnerabilities: {flaw: {cvss: CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H}}": "plant.yaml:2:"
    "26: vulnerabilities.flaw.cvss: AV is 'X', but must be one of N, A, L, P",
    "vulnerabilities: {flaw: {cvss: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H}}": "plant.yaml:2:26: "
    "vulnerabilities.flaw.cvss: lacks A; add as in CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "vulnerabilities: {flaw: {cvss: high}}": "plant.yaml:2:26: vulnerabilities.flaw.cvss: need a "
    "CVSS 3.1 vector such as CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "vulnerabilities: {flaw: {epss: 1.5}}": "plant.yaml:2:26: vulnerabilities.flaw.epss: is 1.5, "
    "but must be at most 1",
    "vulnerabilities: {flaw: {service: modbus}}": "plant.yaml:2:26: vulnerabilities.flaw.service: "
    "runs on 'controller', not on 'pc'; change one",
    "vulnerabilities: {unguarded: {kev: true}}": "plant.yaml:2:31: vulnerabilities.unguarded.kev: "
    "that catalogue holds CVE ids alone; add cve, or remove kev",
    "vulnerabilities: {x: {cve: CVE-2021-44228, asset: pc, service: portal}}": "plant.yaml:2:23: "
    "vulnerabilities.x.cve: 'flaw' says the same of 'pc'; keep one",
    "vulnerabilities: {flaw: {gains: root}}": "plant.yaml:2:26: vulnerabilities.flaw.gains: "
    "unknown value 'root' (known: net, user, admin, logic)",
    "credentials: {engineer: {valid_on: []}}": "plant.yaml:2:26: credentials.engineer.valid_on: "
    "has 0 entries, but needs at least 1; add one",
    "credentials: {engineer: {stored_on: [pc, pc]}}": "plant.yaml:2:42: "
    "credentials.engineer.stored_on[1]: 'pc' is named twice; name each once",
    "people: {staff: {workstations: [p]}}": "plant.yaml:2:33: people.staff.workstations[0]: there "
    "is no asset 'p' (did you mean pc?)",
    "people: {staff: {credentials: [key]}}": "plant.yaml:2:32: people.staff.credentials[0]: there "
    "is no credential 'key' (add the credential)",
    "media: {stick: {uses_per_year: -1}}": "plant.yaml:2:17: media.stick.uses_per_year: is -1, but "
    "must be at least 0",
    "vendor_access: {supplier: {service: vpn}}": "plant.yaml:2:28: vendor_access.supplier.service: "
    "there is no service 'vpn' (add the service)",
    "controls: {x: {type: prevent, effectiveness: 0.5}}": "plant.yaml:2:12: controls.x.scope: acts "
    "on nothing; fill its scope, or name it in the controls of a conduit",
    "controls: {monitoring: {scope: {techniques: [T0866, T9999]}}}": "plant.yaml:2:53: "
    "controls.monitoring.scope.techniques[1]: ATT&CK for ICS 19 has no technique 'T9999' (see "
    "https://attack.mitre.org/matrices/ics, or import a newer STIX bundle)",
    "controls: {monitoring: {scope: {techniques: [T866]}}}": "plant.yaml:2:46: "
    "controls.monitoring.scope.techniques[0]: ATT&CK for ICS 19 has no technique 'T866' (did you "
    "mean T0866?)",
    "controls: {monitoring: {scope: {techniques: [Valid Accounts]}}}": "plant.yaml:2:46: "
    "controls.monitoring.scope.techniques[0]: ATT&CK for ICS 19 has no technique 'Valid Accounts' "
    "(did you mean T0859?)",
    "controls: {monitoring: {scope: {conduits: [up]}}}": "plant.yaml:2:44: "
    "controls.monitoring.scope.conduits[0]: there is no conduit 'up' (add the conduit)",
    "controls: {monitoring: {mitigation: M931}}": "plant.yaml:2:25: "
    "controls.monitoring.mitigation: ATT&CK for ICS 19 has no mitigation 'M931' (did you mean "
    "M0931?)",
    "controls: {monitoring: {effectiveness: 1.5}}": "plant.yaml:2:25: "
    "controls.monitoring.effectiveness: reaches from 1.5 to 1.5, but must stay within 0 and 1; "
    "write a number, uniform, triangular, pert or discrete",
    "controls: {monitoring: {effectiveness: {exponential: {mean: 0.1}}}}": "plant.yaml:2:25: "
    "controls.monitoring.effectiveness: reaches from 0 to inf, but must stay within 0 and 1; write "
    "a number, uniform, triangular, pert or discrete",
    "controls: {firewall: {delay_h: 3}}": "plant.yaml:2:23: controls.firewall.delay_h: delay_h is "
    "for detect and respond; remove it",
    "controls: {monitoring: {cost_per_year: -1}}": "plant.yaml:2:25: "
    "controls.monitoring.cost_per_year: is -1, but must be at least 0",
    "goals: {take_over: {assets: {robot: user}}}": "plant.yaml:2:30: goals.take_over.assets.robot: "
    "there is no asset 'robot' (add the asset)",
    "goals: {x: {title: nothing}}": "plant.yaml:2:9: goals.x: takes nothing; name assets or points",
    "goals: {take_over: {points: {write: [XMV77]}}}": "plant.yaml:2:38: "
    "goals.take_over.points.write[0]: the plant has no point 'XMV77' (did you mean XMV7?)",
    "version: 2": "plant.yaml:2:1: version: unknown value 2 (known: 1)",
    "zonnes: {}": "plant.yaml:2:1: zonnes: unknown key (did you mean zones?)",
    "zones: []": "plant.yaml:2:1: zones: need a mapping (lines of key: value), not a list",
    "zones: {plant: {}, plant: {}}": "plant.yaml:2:20: plant: key given twice (first in line 2); "
    "keep one",
}  # fmt: skip


@pytest.mark.parametrize("text", OVERLAYS)
def test_first_fault_of_an_overlay(text, folder):
    start = time.process_time()
    found = faults(over, text)
    assert time.process_time() - start < 1.0
    assert found[0] == OVERLAYS[text]


# a file that extends nothing | the first fault
WHOLE = {
    "": "plant.yaml:1:1: empty file; `otsim init` writes a study",
    "[]": "plant.yaml:1:1: need a mapping (lines of key: value) at the top of the file",
    "version: 1\ntitle: x\n": "plant.yaml:1:1: zones: needed, but missing; add it (Zones by name)",
    "version: 1\ntitle: x\nzones: {}\nassets: {}\n": "plant.yaml:3:1: zones: has 0 entries, but "
    "needs at least 1; add one",
    "a: &a [x]\nb: [*a, *a]\n": "plant.yaml:1:4: anchor &a; remove it",
    "title: !!python/object/apply:os.system [x]\n": "plant.yaml:1:8: tag "
    "tag:yaml.org,2002:python/object/apply:os.system; remove it, plain values only",
    "extends: plant.yaml\n": "plant.yaml:1:10: extends: plant.yaml extends this file in turn; "
    "break the cycle",
    "extends: nowhere.yaml\n": "plant.yaml:1:10: extends: there is no file nowhere.yaml; give its "
    "name relative to the file that names it",
    "extends: [sound.yaml]\n": "plant.yaml:1:10: extends: need the name of a file",
    'extends: "a\\0b"\n': "plant.yaml:1:10: escape of a character that is not allowed; remove it",
}


@pytest.mark.parametrize("text", WHOLE)
def test_first_fault_of_a_file(text, folder):
    assert faults(read, text)[0] == WHOLE[text]


def test_extending_in_a_ring_of_three(folder):
    (folder / "a.yaml").write_text("extends: b.yaml\n")
    (folder / "b.yaml").write_text("extends: plant.yaml\n")
    message = "b.yaml:1:10: extends: plant.yaml extends this file in turn; break the cycle"
    assert faults(read, "extends: a.yaml\n") == [message]


def test_long_chains_of_files_are_refused(folder):
    for i in range(40):
        (folder / f"f{i}.yaml").write_text(f"extends: f{i + 1}.yaml\n")
    shutil.copy("sound.yaml", "f40.yaml")
    assert "more than 16 files" in faults(read, "extends: f0.yaml\n")[0]


def test_all_faults_in_the_order_of_the_file(folder):
    found = faults(
        over,
        "zones: {plant: {parent: x}}\nassets: {pc: {zone: y}}\n"
        "controls: {monitoring: {mitigation: M1}}\n",
    )
    assert [line.split(": ")[0] for line in found] == [
        "plant.yaml:2:17", "plant.yaml:3:15", "plant.yaml:4:25",
    ]  # fmt: skip


def test_too_large(folder):
    with open("plant.yaml", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert faults(read_architecture, "plant.yaml") == [
        "plant.yaml: larger than 8000 kB; split it up"
    ]


def test_yaml_may_be_larger_than_a_study_only_where_it_is_asked_for():
    raw = b"x: " + b"a" * 1_100_000
    assert faults(parse_yaml, raw, "f") == ["f: larger than 1000 kB; split it up"]
    assert len(parse_yaml(raw, "f", max_bytes=2_000_000).value["x"].value) == 1_100_000
    assert faults(parse_yaml, b"x: abc", "f", max_bytes=3) == ["f: larger than 0 kB; split it up"]


def test_read_yaml_heeds_its_limit(folder):
    assert read_yaml("sound.yaml").value
    assert "larger than" in faults(read_yaml, "sound.yaml", max_bytes=10)[0]


def test_many_unknown_names_are_refused_in_seconds(folder):
    lines = "".join(f"  s{i}: {{asset: none{i}, protocol: x}}\n" for i in range(15_000))
    start = time.process_time()
    assert len(faults(over, "services:\n" + lines)) == 15_000
    assert time.process_time() - start < 6.0


def test_many_unknown_techniques_are_refused_in_seconds(folder):
    ids = ", ".join(f"T{i:05d}" for i in range(20_000))
    start = time.process_time()
    text = f"controls: {{monitoring: {{scope: {{techniques: [{ids}]}}}}}}\n"
    assert len(faults(over, text)) == 20_000
    assert time.process_time() - start < 6.0


@pytest.mark.parametrize(
    "text",
    [
        "assets: {pc: {points: {read: [" + "XMEAS1, " * 60_000 + "]}}}",
        "assets: {pc: {points: {read: [" + "'X*', " * 60_000 + "]}}}",
        "controls: {monitoring: {scope: {assets: [" + "pc, " * 60_000 + "]}}}",
        "zones:\n" + "".join(f"  z{i}: {{parent: z{i + 1}}}\n" for i in range(15_000)),
        "conduits:\n"
        + "".join(f"  c{i}: {{from_zone: office, to_zone: cell}}\n" for i in range(10_000))
        + "services:\n"
        + "".join(
            f"  s{i}: {{asset: controller, protocol: q{i}, open_to: [plant]}}\n"
            for i in range(10_000)
        ),
    ],
    ids=["same points", "stars", "same assets", "chain of zones", "same conduits"],
)
def test_long_lists_are_refused_in_seconds(text, folder):
    start = time.process_time()
    assert faults(over, text)
    assert time.process_time() - start < 6.0
