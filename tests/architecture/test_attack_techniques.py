"""The shipped ATT&CK table hangs together, names its owner, and knows what shipped trees name."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from architecture.plants import ROOT
from otsim.config.architecture.attack_techniques import (
    TACTICS,
    mitigation_fault,
    mitigations_of,
    shipped_techniques,
    successor_of,
    technique_fault,
)
from otsim.config.yaml_lines import plain, read_yaml

SHIPPED = shipped_techniques()


def test_size_of_the_shipped_table():
    current = [one for one in SHIPPED.by_id.values() if one.superseded_by is None]
    techniques = [one for one in current if "." not in one.id]
    assert (len(techniques), len(current), len(SHIPPED.mitigations)) == (79, 97, 52)


def test_every_row_hangs_together():
    for one in SHIPPED.by_id.values():
        assert re.fullmatch(r"T\d{4}(\.\d{3})?", one.id)
        assert one.tactics
        assert set(one.tactics) <= set(TACTICS)
        assert set(one.mitigations) <= set(SHIPPED.mitigations)
        assert list(one.mitigations) == sorted(one.mitigations)
        if "." in one.id:
            parent = SHIPPED.by_id[one.id.partition(".")[0]]
            assert one.name.startswith(f"{parent.name}: ")
            assert one.tactics == parent.tactics
        if one.superseded_by is not None:
            assert successor_of(one, SHIPPED).superseded_by is None
    names = [one.name for one in SHIPPED.by_id.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("technique", "name", "tactics"),
    [
        ("T0866", "Exploitation of Remote Services", ("initial-access", "lateral-movement")),
        ("T0843", "Program Download", ("lateral-movement",)),
        ("T0836", "Modify Parameter", ("impair-process-control",)),
        ("T0880", "Loss of Safety", ("impact",)),
        ("T0858", "Change Operating Mode", ("execution", "evasion")),
        (
            "T1692.001",
            "Unauthorized Message: Command Message",
            ("evasion", "impair-process-control"),
        ),
    ],
)
def test_some_rows(technique, name, tactics):
    assert SHIPPED.by_id[technique].name == name
    assert SHIPPED.by_id[technique].tactics == tactics


def test_superseded_ids_keep_a_meaning():
    old = SHIPPED.by_id["T0855"]
    assert old.name == "Unauthorized Command Message"
    assert successor_of(old, SHIPPED).id == "T1692.001"
    assert mitigations_of("T0855", SHIPPED) == mitigations_of("T1692.001", SHIPPED)
    assert [one.id for one in mitigations_of("T0836", SHIPPED)] == [
        "M0800", "M0804", "M0818", "M0947",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["te_remote", "te_insider"])
def test_techniques_of_shipped_trees_exist(name):
    tree = plain(read_yaml(ROOT / f"configs/attack_trees/{name}.yaml"))
    named = {node["technique"] for node in tree["nodes"].values() if "technique" in node}
    assert named
    assert [technique_fault(one, SHIPPED) for one in named] == [None] * len(named)


def test_faults_have_a_hint():
    assert technique_fault("T0866", SHIPPED) is None
    assert "(did you mean T0866?)" in str(technique_fault("t0866", SHIPPED))
    assert "(did you mean T0843.001?)" in str(technique_fault("T0843.01", SHIPPED))
    assert "(did you mean T0865?)" in str(technique_fault("spearphishing attachment", SHIPPED))
    assert "attack.mitre.org" in str(technique_fault("nonsense", SHIPPED, hint=False))
    assert mitigation_fault("M0930", SHIPPED) is None
    assert "(did you mean M0930?)" in str(mitigation_fault("M930", SHIPPED))


@pytest.mark.parametrize("name", ["attack_ics.csv", "attack_ics_mitigations.csv"])
def test_tables_name_their_owner(name):
    text = files("otsim.config.architecture").joinpath(name).read_text("utf-8")
    head = " ".join(line[1:].strip() for line in text.splitlines() if line.startswith("#"))
    assert (
        "The MITRE Corporation. This work is reproduced and distributed with the permission" in head
    )
    assert "non-exclusive, royalty-free license" in head
