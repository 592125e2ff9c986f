"""Rules files: laid over the shipped ones, alone, and every fault with its place."""

from __future__ import annotations

import pytest

from architecture.plants import ROOT, SOUND, faults
from otsim.architecture.graph.build import attack_graph
from otsim.architecture.graph.read_rules import read_rules, shipped_rules
from otsim.architecture.graph.relations import RELATIONS
from otsim.config.architecture.attack_techniques import shipped_techniques
from otsim.config.architecture.read_architecture import read_architecture
from otsim.errors import ModelError


def rules_file(tmp_path, text):
    file = tmp_path / "rules.yaml"
    file.write_text(text, "utf-8")
    return file


def test_shipped_rules_cite_what_they_use():
    given = shipped_rules()
    for rule in (*given.rules.values(), given.exploits):
        assert rule.source == "assumption (otsim)" or rule.source in given.sources
    techniques = shipped_techniques().by_id
    assert all(techniques[rule.technique].superseded_by is None for rule in given.rules.values())


def test_the_page_about_it_names_every_relation_with_its_fields():
    page = (ROOT / "docs" / "attack-graph.md").read_text("utf-8")
    lines = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for name, relation in RELATIONS.items():
        assert relation.about in lines[name]
        assert all(f"`{field}`" in lines[name] for field in (*relation.keys, *relation.fields))


def test_laid_over_the_shipped_rules(tmp_path):
    text = """
extends: shipped
sets: {desktop_protocols: [rdp]}
exploits: {sigma: 0.5}
rules:
  phish: {chance: 0.5}
  phish_password: null
  walk_in:
    title: walk up to {asset}
    technique: T0822
    over: asset
    when: {zone: office, asset_type: computers}
    entry: true
    gains: "{asset}.user"
    chance: {novice: 0.1, beginner: 0.1, intermediate: 0.2, expert: 0.2}
"""
    rules = read_rules(rules_file(tmp_path, text))
    assert set(rules.rules) == {*shipped_rules().rules, "walk_in"} - {"phish_password"}
    assert rules.sets["desktop_protocols"] == ("rdp",)
    plant = read_architecture(SOUND)
    graph = attack_graph(plant, rules=rules)
    assert "walk_in/pc" in graph.steps
    assert "walk_in/station" not in graph.steps
    assert graph.nodes["phish/staff/pc"].probability == pytest.approx(0.5 * (1 - 0.95**3))
    assert graph.steps["exploit/unguarded"].exploit.sigma == 0.5


def test_rules_of_ones_own(tmp_path):
    text = """
version: 1
states: {net: [], user: [], admin: [], logic: []}
exploits:
  usable_frac: {novice: 0.1, beginner: 0.2, intermediate: 0.5, expert: 1}
  exploit_d: {novice: 40, beginner: 30, intermediate: 20, expert: 10}
  n_exploits: {novice: 1, beginner: 1, intermediate: 1, expert: 1}
  n_vulnerabilities_in_all: 100
  days_between: 100
  cvss_base: 5
  cvss_exploitability: 2
  exposed_d: 30
  need_ready: []
  sigma: 1
rules:
  come: {title: come, technique: T0822, over: asset, when: {asset_type: plc}, entry: true,
         gains: "{asset}.logic"}
"""
    graph = attack_graph(read_architecture(SOUND), rules=read_rules(rules_file(tmp_path, text)))
    assert set(graph.nodes) == {"come/controller", "controller.logic"}
    assert graph.needs == {}  # the goal takes a point as well


RULE = """extends: shipped
rules:
  it:
    title: take {asset}
    technique: T0866
    over: service
    needs: ["reach.{service}"]
    gains: "{asset}.user"
"""
WRONG = [
    ("over: service", "over: servic",
     "6:5: rules.it.over: no relation 'servic' (did you mean service"),
    ("T0866", "T9999", "5:5: rules.it.technique: ATT&CK for ICS 19 has no technique 'T9999'"),
    ("reach.{service}", "reach.{servce}",
     "7:13: rules.it.needs[0]: 'service' has no field 'servce'"),
    ("reach.{service}", "reech.{service}", "there is no kind of state 'reech' (did you mean reach"),
    ("reach.{service}", "reach", "'reach' is no state"),
    ("reach.{service}", "reach.{service", "a bracket without its other half"),
    ("{asset}.user", "{asset}.usr",
     "8:5: rules.it.gains: an asset has no state 'usr' (did you mean"),
    ("{asset}.user", "zone.{zone}", "zone states follow from others"),
    ("needs", "when: {protocl: rdp}\n    needs", "'service' has no field 'protocl'"),
    ("needs", "entry: true\n    needs", "a step from outside needs nothing"),
    ("needs", "time_h: 1\n    time_d: 2\n    needs", "time_h says how long it takes; keep one"),
    ("needs", "exploit: true\n    needs", "'service' has no flaw; range over flaw"),
    ("needs", "waits: protocol\n    needs", "'protocol' is no number; known: phished"),
    ("needs", "chance_from: phished\n    needs", "'service' has no field 'phished'"),
    ("needs", "when: {asset_type: [computers, plcs]}\n    needs",
     "rules.it.when.asset_type: never is 'plcs' (did you mean plc?)"),
    ("needs", "when: {authentication: true}\n    needs", "never is 'True'"),
    ("take {asset}", "take {asset:>9999}", "has more than a name in brackets; write {field}"),
    ("take {asset}", "take {asset.__class__}", "has no field 'asset.__class__'"),
    ("needs", "chance: 2\n    needs", "is 2, but must be at most 1"),
    ("needs", "chance: {novice: 1, beginner: 0.5, intermediate: 1, expert: 1}\n    needs",
     "rules.it.chance.beginner: is below that of novice; more skill must not hinder"),
    ("needs", "tim_h: 1\n    needs", "rules.it.tim_h: unknown key (did you mean time_h?)"),
    ("rules:", "states: {user: [amin]}\nrules:", "there is no state 'amin' (did you mean admin?)"),
    ("rules:", "exploits: {exploit_d: {expert: 99}}\nrules:",
     "exploits.exploit_d.expert: is above that of intermediate"),
    ("rules:", "exploits: {usable_frac: {expert: 2}}\nrules:", "is a share; it must be at most 1"),
    ("rules:", "exploits: {need_ready: [expert]}\nrules:", "names a skill but not the lower ones"),
    ("rules:", "rules:\n  phsh: null", "3:3: rules.phsh: the shipped rules have none to remove"),
    ("shipped", "other.yaml", "1:10: extends: rules extend nothing but `shipped`"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_faults(tmp_path, old, new, message):
    assert RULE.count(old) >= 1
    file = rules_file(tmp_path, RULE.replace(old, new, 1))
    found = faults(read_rules, file)
    assert len(found) == 1
    assert found[0].startswith(f"{file}:")
    assert message in found[0]


def test_the_sound_one_is_sound(tmp_path):
    assert "it" in read_rules(rules_file(tmp_path, RULE)).rules


def test_an_asset_that_is_called_like_a_state():
    plant = read_architecture(SOUND)
    assets = {**plant.assets, "zone": plant.assets["pc"]}
    with pytest.raises(ModelError, match=r"assets\.zone: .* rename the asset"):
        attack_graph(plant.model_copy(update={"assets": assets}))
