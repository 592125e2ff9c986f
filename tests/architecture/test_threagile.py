"""Models of Threagile become architectures; junk and bombs are refused with their line."""

from __future__ import annotations

import pytest

from architecture.other_tools import MODEL
from architecture.plants import faults
from otsim.architecture.imports.threagile import read_threagile
from otsim.config.architecture.read_architecture import read_architecture
from otsim.config.architecture.write_architecture import dump_architecture


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(text: str):
    with open("model.yaml", "w", encoding="utf-8") as file:
        file.write(text)
    return read_threagile("model.yaml")


def test_model():
    given = read(MODEL)
    assert given.title == "Water works"
    assert given.zones["cell"].parent == "plant"
    assert given.zones["internet"].untrusted
    assert {name: asset.zone for name, asset in given.assets.items()} == {
        "hmi-1": "plant", "plc_1": "cell", "n_3": "internet", "report": "outside",
    }  # fmt: skip
    assert {name: asset.type for name, asset in given.assets.items()} == {
        "hmi-1": "hmi", "plc_1": "plc", "n_3": "workstation", "report": "application_server",
    }  # fmt: skip
    assert given.assets["hmi-1"].criticality == "high"
    services = {(one.asset, one.protocol): one for one in given.services.values()}
    assert set(services) == {("plc_1", "modbus"), ("hmi-1", "https")}
    assert services["hmi-1", "https"].authentication == "password"  # the weaker of the two links
    assert services["hmi-1", "https"].open_to == ("internet",)
    assert services["hmi-1", "https"].port == 443
    assert {(one.from_zone, one.to_zone) for one in given.conduits.values()} == {
        ("plant", "cell"), ("internet", "plant"),
    }  # fmt: skip


def test_model_as_a_file_of_ours():
    given = read(MODEL)
    with open("ours.yaml", "w", encoding="utf-8") as file:
        file.write(dump_architecture(given))
    assert read_architecture("ours.yaml") == given


def test_names_that_collide_or_are_none():
    text = "technical_assets:\n  A:\n    id: 'a b'\n  B:\n    id: a_b\n  C:\n    id: '°'\n"
    assert list(read(text).assets) == ["a_b", "a_b_2", "n__"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("title: x\n", "model.yaml:1:1: technical_assets: needed, but missing; give a model of "
         "Threagile"),
        ("technical_assets: [a]\n", "model.yaml:1:19: technical_assets: need a mapping (lines of "
         "name: ...)"),
        ("technical_assets:\n  A: 3\n", "model.yaml:2:3: A: need a mapping (lines of key: value)"),
        (MODEL.replace("id: report", "id: hmi-1"), "model.yaml:37:3: Reporting: the id 'hmi-1' is "
         "given twice; keep one"),
        (MODEL.replace("target: plc 1", "target: plc"), "model.yaml:12:9: technical_assets."
         "Operator HMI.communication_links.Reads the pump: there is no technical asset of id "
         "'plc' (did you mean plc 1?)"),
        (MODEL.replace("        target: plc 1\n", ""), "model.yaml:11:7: technical_assets."
         "Operator HMI.communication_links.Reads the pump: a link needs target, the id of a "
         "technical asset"),
        (MODEL.replace("[hmi-1]", "[hmi-2]"), "model.yaml:47:31: trust_boundaries.Plant."
         "technical_assets_inside: there is no technical asset of id 'hmi-2' (did you mean "
         "hmi-1?)"),
        (MODEL.replace("[hmi-1]", "[plc 1]"), "model.yaml:47:31: trust_boundaries.Plant."
         "technical_assets_inside: 'plc 1' is inside two boundaries; keep one"),
        (MODEL.replace("[hmi-1]", "hmi-1"), "model.yaml:47:30: trust_boundaries.Plant."
         "technical_assets_inside: need a list (lines of - id)"),
        (MODEL.replace("[hmi-1]", "[[hmi-1]]"), "model.yaml:47:31: trust_boundaries.Plant."
         "technical_assets_inside: need an id"),
        (MODEL.replace("[cell]", "[plant]"), "model.yaml: zones.plant.parent: cycle plant -> "
         "plant; a zone cannot be part of itself"),
        ("a: &a [x]\nb: [*a]\n", "model.yaml:1:4: anchor &a; remove it"),
        ("a: !!python/name:os.system\n", "model.yaml:1:4: tag tag:yaml.org,2002:python/name:"
         "os.system; remove it, plain values only"),
        ("a: " + "[" * 80 + "]" * 80 + "\n", "model.yaml:1:67: nested deeper than 64 levels; "
         "flatten it"),
    ],
)  # fmt: skip
def test_faults(text, fault):
    assert faults(read, text)[0] == fault
