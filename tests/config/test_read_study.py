"""Reading a study: extending files, trees in files, overrides, and changing one value."""

from __future__ import annotations

import io
import shutil

import pytest

from config.studies import SOUND, STARTER, faults
from otsim.config import read_study, study_json, value_of, with_value
from otsim.errors import ConfigError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the sound study and its tree, and we stand in it."""
    for name in ("sound.yaml", "tree.yaml"):
        shutil.copy(SOUND.with_name(name), tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, name: str, text: str) -> str:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return name


def test_starter_is_sound():
    study = read_study(STARTER)
    assert study.attack.tree.entry_names == ("phishing", "remote_access")
    assert study.loss.restart_h.mean > 18.0


# ---- extends


def test_mappings_merge_and_lists_are_replaced(folder):
    child = write(folder, "child.yaml", (
        "extends: sound.yaml\ntitle: Child\nplant: {horizon_h: 12}\n"
        "attack:\n  goals:\n    overheat: {actions: [{kind: hold, target: XMEAS9}]}\n"
    ))  # fmt: skip
    study, base = read_study(child), read_study("sound.yaml")
    assert study.title == "Child"
    assert (study.plant.model, study.plant.horizon_h) == (base.plant.model, 12.0)
    (action,) = study.attack.goals["overheat"].actions
    assert (action.kind, action.value) == ("hold", None)
    assert study.loss == base.loss


def test_chain_of_files_in_other_folders(folder):
    write(folder, "a/middle.yaml", "extends: ../sound.yaml\nplant: {horizon_h: 12}\n")
    top = write(folder, "a/b.yaml", "extends: middle.yaml\nsimulation: {seed: 9}\n")
    study = read_study(top)
    assert (study.plant.horizon_h, study.simulation.seed) == (12.0, 9)
    assert len(study.attack.tree.nodes) == 3


def test_another_distribution_replaces_the_one_below(folder):
    child = write(folder, "c.yaml", "extends: sound.yaml\nloss: {restart_h: {fixed: 5}}\n")
    assert read_study(child).loss.restart_h.mean == 5.0


def test_one_parameter_of_a_distribution_is_changed(folder):
    child = write(
        folder, "c.yaml", "extends: sound.yaml\nloss: {restart_h: {lognormal: {median: 20}}}\n"
    )
    assert read_study(child).loss.restart_h.lognormal.median == 20.0
    assert read_study(child).loss.restart_h.lognormal.p95 == 72.0


def test_tree_of_the_base_is_extended_but_a_named_file_replaces_it(folder):
    more = write(folder, "more.yaml", (
        "extends: sound.yaml\nattack:\n  tree:\n    nodes:\n"
        "      top: {gate: OR, children: [way_in, act, new]}\n      new: {time_h: 1}\n"
    ))  # fmt: skip
    assert set(read_study(more).attack.tree.nodes) == {"top", "way_in", "act", "new"}
    write(folder, "other/tree.yaml", "nodes: {top: {entry: true}}\n")
    other = write(folder, "o.yaml", "extends: sound.yaml\nattack: {tree: other/tree.yaml}\n")
    assert set(read_study(other).attack.tree.nodes) == {"top"}


def test_faults_name_the_file_they_stand_in(folder):
    write(folder, "base.yaml", SOUND.read_text().replace("price_year: 2026", "price_year: 1066"))
    child = write(folder, "c.yaml", "extends: base.yaml\nplant: {horizon_h: 0}\n")
    in_child, in_base = faults(read_study, child)
    assert in_child.startswith("c.yaml:2:9: plant.horizon_h: is 0")
    assert in_base.startswith("base.yaml:18:3: loss.price_year: is 1066")


def test_cycle_of_two_files(folder):
    write(folder, "a.yaml", "extends: b.yaml\n")
    write(folder, "b.yaml", "extends: a.yaml\n")
    (line,) = faults(read_study, "a.yaml")
    assert line.startswith("b.yaml:1:10: extends: a.yaml extends this file in turn")


def test_fault_in_a_tree_file(folder):
    write(folder, "tree.yaml", "nodes:\n  top: {gate: SAND, children: [way_in]}\n  way_in: {}\n")
    (line,) = faults(read_study, "sound.yaml")
    assert line.startswith("tree.yaml:1:1: nodes: no leaf is a way in; mark at least one")


def test_study_from_standard_input(folder, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(SOUND.read_bytes()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert read_study("-") == read_study("sound.yaml")


# ---- overrides


@pytest.mark.parametrize(
    ("text", "get", "want"),
    [
        ("simulation.twins=64", lambda s: s.simulation.twins, 64),
        ("title=two words", lambda s: s.title, "two words"),
        ("loss.restart_h=7", lambda s: s.loss.restart_h.mean, 7.0),
        ("loss.restart_h={uniform: {low: 2, high: 4}}", lambda s: s.loss.restart_h.mean, 3.0),
        ("loss.restart_h.fixed=6", lambda s: s.loss.restart_h.mean, 6.0),
        ("loss.restart_h.lognormal.median=9", lambda s: s.loss.restart_h.lognormal.median, 9.0),
        ("plant.disturbances.idv=[8]", lambda s: s.plant.disturbances.idv, (8,)),
        (
            "attack.goals.overheat.actions[0].value=15",
            lambda s: s.attack.goals["overheat"].actions[0].value.root,
            15.0,
        ),
        (
            "attack.goals.overheat.actions.0.target=XMV3",
            lambda s: s.attack.goals["overheat"].actions[0].target,
            "XMV3",
        ),
        ('attack.tree.nodes."act".time_h=11', lambda s: s.attack.tree.nodes["act"].time_h.root, 11),
        ("attack.tree=tree2.yaml", lambda s: list(s.attack.tree.nodes), ["top"]),
        ("defence.response=", lambda s: s.defence.response, None),
    ],
)
def test_override(folder, text, get, want):
    write(folder, "tree2.yaml", "nodes: {top: {entry: true}}\n")
    assert get(read_study("sound.yaml", [text])) == want


def test_the_last_override_wins(folder):
    study = read_study("sound.yaml", ["simulation.seed=2", "simulation.seed=3"])
    assert study.simulation.seed == 3


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("simulation.twin=64", "-s simulation.twin: unknown key (did you mean twins?)"),
        ("plnt.horizon_h=1", "-s plnt.horizon_h: plnt: unknown key (did you mean plant?)"),
        ("simulation.twins=0", "-s simulation.twins: is 0, but must be at least 1"),
        ("simulation.twins", "-s simulation.twins: no value; write key.path=value"),
        ("=3", "-s : not a key path"),
        ("a..b=3", "-s a..b: not a key path"),
        ("title=[", "-s title: not valid YAML"),
        ("plant.horizon_h=.nan", "-s plant.horizon_h: .nan is not a finite number"),
        ("attack.goals.overheat.actions[7].value=1",
         "-s attack.goals.overheat.actions[7].value: attack.goals.overheat.actions is a list of 1"),
        ("attack.goals.overheat.actions[0].target=XMEAS7X",
         "-s attack.goals.overheat.actions[0].target: the plant has no 'XMEAS7X'"),
        ("plant[0]=1", "-s plant[0]: plant is not a list; remove [0]"),
        ("extends=sound.yaml", "-s extends: unknown key"),
    ],
)  # fmt: skip
def test_faulty_override(folder, text, want):
    (line,) = faults(read_study, "sound.yaml", [text])
    assert line.startswith(want)


# ---- one value changed


def test_with_value_equals_an_override(folder):
    key = "loss.restart_h.lognormal.median"
    changed = with_value(read_study("sound.yaml"), key, 20)
    assert changed == read_study("sound.yaml", [f"{key}=20"])
    assert study_json(changed) == study_json(read_study("sound.yaml", [f"{key}=20"]))


def test_value_of_finds_what_with_value_changes(folder):
    key = "loss.restart_h.lognormal.median"
    study = read_study("sound.yaml")
    assert value_of(study, key) == 18.0
    assert value_of(with_value(study, key, 20.0), key) == 20.0
    with pytest.raises(ConfigError, match=r"did you mean median\?"):
        value_of(study, "loss.restart_h.lognormal.medain")


def test_with_value_leaves_the_study_alone(folder):
    study = read_study("sound.yaml")
    before = study_json(study)
    with_value(study, "loss.margin_per_hour", 1.0)
    assert study_json(study) == before


def test_other_shares_give_way(folder):
    study = read_study("sound.yaml", ["attackers.profiles.third={share: 0, skill: novice}"])
    shares = with_value(study, "attackers.profiles.crew.share", 0.5).attackers.profiles
    assert [profile.share for profile in shares.values()] == [0.5, 0.5, 0.0]


@pytest.mark.parametrize(
    ("key", "value", "want"),
    [
        ("loss.margin_per_hur", 1.0, "did you mean margin_per_hour?"),
        ("loss.margin_per_hour", -1.0, "must be at least 0"),
        ("attackers.profiles.crew.share", 1.5, "must be at most 1"),
        ("attackers.profiles.crw.share", 0.5, "-s attackers.profiles.crw"),
        ("loss.restart_h.lognormal.median", 100.0, "must be below p95"),
    ],
)
def test_with_value_refuses(folder, key, value, want):
    with pytest.raises(ConfigError, match=want):
        with_value(read_study("sound.yaml"), key, value)


def test_share_of_the_only_profile_cannot_change(folder):
    study = read_study("sound.yaml", ["attackers.profiles={one: {share: 1, skill: novice}}"])
    with pytest.raises(ConfigError, match=r"add up to 0\.5"):
        with_value(study, "attackers.profiles.one.share", 0.5)
