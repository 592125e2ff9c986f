"""A STIX bundle of ATT&CK for ICS takes the place of the shipped techniques."""

from __future__ import annotations

import json
import time

import pytest

from architecture.other_tools import OBJECTS, bundle, mitigation, pattern
from architecture.plants import SOUND, faults
from otsim.architecture.imports.attack_stix import read_attack_stix
from otsim.config.architecture.attack_techniques import mitigations_of, technique_fault
from otsim.config.architecture.read_architecture import read_architecture


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(content) -> str:
    with open("ics.json", "wb") as file:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        file.write(raw)
    return "ics.json"


def test_reads_what_is_current():
    found = read_attack_stix(write(bundle(*OBJECTS)))
    assert found.version == "20.0"
    assert set(found.by_id) == {"T0866", "T1692", "T1692.001", "T0855"}
    assert found.by_id["T0866"].tactics == ("initial-access", "lateral-movement")
    assert found.by_id["T0866"].mitigations == ("M0930",)
    assert found.by_id["T1692.001"].name == "Unauthorized Message: Command Message"
    assert found.by_id["T0855"].superseded_by == "T1692.001"
    assert set(found.mitigations) == {"M0930"}
    assert [one.name for one in mitigations_of("T0866", found)] == ["Network Segmentation"]


def test_takes_the_place_of_the_shipped_ones():
    techniques = read_attack_stix(write(bundle(*OBJECTS, mitigation("M0931", "Prevention"))))
    assert read_architecture(SOUND, techniques=techniques)
    few = read_attack_stix(write(bundle(pattern("T0867", "Transfer", "lateral-movement"))))
    found = faults(read_architecture, SOUND, techniques=few)
    assert "ATT&CK for ICS of ics.json has no technique 'T0866' (did you mean T0867?)" in found[0]


def test_older_bundles_name_their_tactics_otherwise():
    old = pattern("T0817", "Drive-by", "initial-access-ics")
    del old["x_mitre_domains"]
    assert read_attack_stix(write(bundle(old))).by_id["T0817"].tactics == ("initial-access",)
    assert technique_fault("T0817", read_attack_stix("ics.json")) is None


FAULTY = [
    (b"", "ics.json:1:1: not valid JSON (Expecting value); fetch or export it again"),
    (b"{", "ics.json:1:2: not valid JSON (Expecting property name enclosed in double quotes); "
     "fetch or export it again"),
    (b"[" * 100_000, "ics.json:1: nested deeper than 64 levels; is it the right file?"),
    (b'{"a":' * 100_000, "ics.json:1: nested deeper than 64 levels; is it the right file?"),
    (b"NaN", "ics.json: not valid JSON (NaN is not a finite number)"),
    (b'"\xff"', "ics.json:1: byte 0xff is not UTF-8; save the file as UTF-8"),
    ([], "ics.json: need a STIX bundle, with type: bundle at the top"),
    ({"type": "bundle"}, "ics.json: objects: need a list of STIX objects"),
    ({"type": "bundle", "objects": [3]}, "ics.json: objects[0]: need a STIX object with an id"),
    (bundle(), "ics.json: holds no techniques of ATT&CK for ICS; give ics-attack.json of MITRE"),
    (bundle(pattern("X1", "x", "impact")), "ics.json: attack-pattern--X1: no ATT&CK id among its "
     "external_references; fetch the bundle again"),
    (bundle(pattern("T0800", "", "impact")), "ics.json: attack-pattern--T0800: name: need a line "
     "of text"),
    (bundle(pattern("T0800", 3, "impact")), "ics.json: attack-pattern--T0800: name: need "
     "a line of text"),
    (bundle(pattern("T0800", "x", kill_chain_phases=[3])), "ics.json: attack-pattern--T0800: "
     "kill_chain_phases: need a list of mappings"),
    (bundle(pattern("T0800", "x", kill_chain_phases=[{"kill_chain_name": "mitre-ics-attack"}])),
     "ics.json: attack-pattern--T0800: phase_name: need text"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "fault"), FAULTY)
def test_faults(content, fault):
    start = time.process_time()
    assert faults(read_attack_stix, write(content)) == [fault]
    assert time.process_time() - start < 1.0


def test_huge_numbers_are_refused():
    assert "not valid JSON" in faults(read_attack_stix, write(b"[" + b"9" * 5_000 + b"]"))[0]


def test_brackets_in_text_are_no_depth():
    deep = pattern("T0800", "x", "impact", description='[{"' * 100)
    assert read_attack_stix(write(bundle(deep))).by_id
